"""What an interrupted training goes on from, and the average of the weights that it keeps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from footlights.core.errors import SettingsError, SourceError


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


def state(labels: Sequence[str], settings: Any, history: list[Any], **parts: Any) -> dict[str, Any]:
    """All that `restore` needs to go on; `parts` are nets and optimisers by name."""
    kept = {name: part.state_dict() for name, part in parts.items()}
    return {"labels": list(labels), "settings": vars(settings), "history": history, **kept}


def restore(state: dict[str, Any], labels: Sequence[str], settings: Any, **parts: Any) -> list[Any]:
    """Put the parts back as they were in a state; the history of it.

    Raises:
        SettingsError: settings or labels are not those that it was made with.
    """
    if state["settings"] != vars(settings) or state["labels"] != list(labels):
        raise SettingsError("the checkpoint was made with other settings or labels; use another folder")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    history: list[Any] = state["history"]
    return history


@torch.no_grad()
def blend(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the average, its normalisation's statistics too, towards the net."""
    for mine, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mine.is_floating_point():
            mine.lerp_(new, 1 - keep)
