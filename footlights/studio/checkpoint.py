"""What an interrupted training goes on from, and the average of the weights that it keeps."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from footlights.core.errors import SourceError


def save(path: Path, content: Any) -> None:
    """Save so that no interruption leaves half a file."""
    partial = path.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(path)


def read(path: Path) -> Any:
    """What `save` saved. Raises SourceError where it cannot be read."""
    try:
        return torch.load(path, weights_only=True)
    except Exception as error:  # each kind of damage raises its own, and all of them mean the same here
        raise SourceError(f"{path} cannot be read; delete it or choose another folder") from error


@torch.no_grad()
def blend(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the average, its normalisation's statistics too, towards the net."""
    for mine, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(new, 1 - keep)
