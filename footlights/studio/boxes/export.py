"""Makes the file that is used: a zip with the ONNX model, its labels and its card, as the engine loads it."""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from footlights.core.errors import ModelCorruptError
from footlights.models.session import open_session
from footlights.studio import onnx_file
from footlights.studio.boxes.augment import Shown, fitted
from footlights.studio.boxes.net import STRIDES, Detector, Exported
from footlights.studio.boxes.training import batch

PARITY = 1e-3  # largest difference between the file and the net, of any of its answers
LOOKED_AT = 8  # pictures on which it is measured


def export(net: Detector, labels: Sequence[str], size: int, pictures: Sequence[Shown], path: Path) -> dict[str, Any]:
    """Write the zip of a trained detector; gives its size, hash, and how far it is from the net on real pictures.

    Raises ModelCorruptError where the file answers otherwise than the net.
    """
    model = path.with_suffix(".onnx")
    _write(net, labels, size, model)
    difference = _difference(net, size, pictures, model)
    if not difference <= PARITY:
        raise ModelCorruptError(f"{model} differs from the net by {difference}: do not use it")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(model, "model.onnx")
        archive.writestr("labels.txt", "".join(f"{label}\n" for label in labels))
        archive.writestr("card.toml", _card(labels))
    content = model.read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "largest_difference": difference,
        "labels": list(labels), "input": [size, size],
    }  # fmt: skip


def _card(labels: Sequence[str]) -> str:
    names = ", ".join(json.dumps(label) for label in labels)
    form = 'colour = "bgr"\nfit = "corner"\npad = 114\nlow = 0\nhigh = 255\n'
    return f'head = "yolox"\nlabels = [{names}]\n\n[input]\n{form}'


def _write(net: Detector, labels: Sequence[str], size: int, path: Path) -> None:
    """Input `images` (1, 3, size, size) BGR 0..255; output `output` (1, cells, 5 + classes)."""
    example = (torch.zeros(1, 3, size, size),)
    model = onnx_file.exported(Exported(net), example, ["images"], ["output"])
    onnx_file.write(model, path, {"names": repr(dict(enumerate(labels)))})


@torch.no_grad()
def _difference(net: Detector, size: int, pictures: Sequence[Shown], path: Path) -> float:
    session, exported, worst = open_session(path), Exported(net).eval(), 0.0
    for one in pictures[:LOOKED_AT]:
        values = batch([fitted(one, size)])
        ours, theirs = exported(values).numpy(), session.run({"images": values.numpy()})["output"]
        assert ours.shape[1] == sum((size // stride) ** 2 for stride in STRIDES)
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst
