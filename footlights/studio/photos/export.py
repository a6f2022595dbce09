"""Makes the file that is used: a zip with the head in ONNX, its labels, and a card that names the backbone."""

import hashlib
import json
import statistics
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from footlights.core.errors import ModelCorruptError
from footlights.models.cards import card
from footlights.perception.image_features import BACKBONE, SIDE
from footlights.recognition.photo_classes import PhotoClassifier
from footlights.studio import onnx_file
from footlights.studio.photos.dataset import Photo
from footlights.studio.photos.features import SHAPE
from footlights.studio.photos.looks import Eye
from footlights.studio.photos.net import Exported

PARITY = 1e-3  # largest difference of a probability between the file, as it runs, and the net
LOOKED_AT = 12  # pictures on which it is measured


def export(
    net: Exported, labels: Sequence[str], thresholds: Sequence[float], eye: Eye, photos: Sequence[Photo], data: str,
    path: Path,
) -> dict[str, Any]:  # fmt: skip
    """Write the zip of a trained head; gives its size and hash, how far its answers are from the net's on real
    pictures, and its time for one look.

    Raises ModelCorruptError where the file answers otherwise than the net.
    """
    model = path.with_suffix(".onnx")
    _write(net, model)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(model, "model.onnx")
        archive.writestr("labels.txt", "".join(f"{label}\n" for label in labels))
        archive.writestr("card.toml", _card(labels, thresholds, eye.crop, data))
    model.unlink()
    difference, milliseconds = _compared(net, PhotoClassifier.open(path), eye, photos)
    if not difference <= PARITY:
        path.unlink()
        raise ModelCorruptError(f"the file of {path.name} differs from the net by {difference}: it was not kept")
    content = path.read_bytes()
    return {
        "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "largest_difference": difference,
        "ms_a_look": milliseconds, "temperature": round(net.temperature, 4), "thresholds": list(thresholds),
        "data": data,
    }  # fmt: skip


def _card(labels: Sequence[str], thresholds: Sequence[float], crop: str, data: str) -> str:
    backbone = card(BACKBONE)
    return (
        f'head = "classes"\nlabels = {json.dumps(list(labels), ensure_ascii=False)}\n\n'
        f"[input]  # of the backbone: RGB, 8 bit\nwidth = {SIDE}\nheight = {SIDE}\nlow = 0\nhigh = 255\n\n"
        f'[recogniser]\ncrop = "{crop}"\nthresholds = {list(thresholds)}\n'
        f'backbone = "{BACKBONE}"\nbackbone_sha256 = "{backbone.sha256}"\nbackbone_output = "{backbone.keep[1]}"\n'
        f'data = "{data}"\n'
    )


def _write(net: Exported, path: Path) -> None:
    """Input `levels` (N, 14, 14, 512) uint8, output `probabilities` (N, classes)."""
    example = (torch.zeros(2, *SHAPE, dtype=torch.uint8),)
    onnx_file.write(onnx_file.exported(net, example, ["levels"], ["probabilities"], "pictures"), path)


@torch.no_grad()
def _compared(net: Exported, runs: PhotoClassifier, eye: Eye, photos: Sequence[Photo]) -> tuple[float, float]:
    """The largest difference of a probability, and the median time of a look in ms, over real pictures."""
    worst, times = 0.0, []
    for photo in photos[:LOOKED_AT]:
        look = eye.look(photo)
        if look is None:
            continue
        levels = eye.backbone.maps(eye.backbone.look(look.frame, look.region)).coarse
        ours = net(torch.from_numpy(levels[None])).numpy()
        began = time.perf_counter()
        theirs = runs.read(look.frame, [look.region])
        times.append(1e3 * (time.perf_counter() - began))
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst, round(statistics.median(times), 1)
