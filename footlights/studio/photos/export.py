"""Makes the file that is used: the head in ONNX, its labels, and a card that names the backbone, also as one zip."""

import json
import statistics
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from footlights.core.errors import ModelCorruptError
from footlights.models.cards import card
from footlights.perception.image_features import BACKBONE, SIDE
from footlights.recognition.photo_classes import PhotoClassifier
from footlights.studio import onnx_file
from footlights.studio.photos.dataset import Photo
from footlights.studio.photos.looks import Eye
from footlights.studio.photos.net import Exported

PARITY = 1e-3  # largest difference of a probability between the file, as it runs, and the net
LOOKED_AT = 12  # pictures on which it is measured


def export(
    net: Exported, labels: Sequence[str], thresholds: Sequence[float], eye: Eye, photos: Sequence[Photo], data: str,
    folder: Path,
) -> tuple[float, float]:  # fmt: skip
    """Write model.onnx, labels.txt, card.toml and model.zip, which holds the three; gives how far the file's answers
    are from the net's on real pictures, and the median time of a look, ms.

    Raises ModelCorruptError, and keeps nothing, where the file answers otherwise than the net.
    """
    _write(net, eye, folder / "model.onnx")
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    (folder / "card.toml").write_text(_card(labels, thresholds, eye.crop, data), encoding="utf-8")
    difference, ms = _compared(net, PhotoClassifier.open(folder), eye, photos)
    if not difference <= PARITY:
        (folder / "model.onnx").unlink()
        raise ModelCorruptError(
            f"the ONNX file differs from the net by {difference:.1e}, above {PARITY}: it was not kept"
        )
    with (folder / "card.toml").open("a", encoding="utf-8") as file:
        file.write(f"parity = {difference:.2e}\n")
    with zipfile.ZipFile(folder / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("model.onnx", "labels.txt", "card.toml"):
            archive.write(folder / name, name)
    return difference, ms


def _card(labels: Sequence[str], thresholds: Sequence[float], crop: str, data: str) -> str:
    note = f'[recogniser]\ncrop = "{crop}"\nthresholds = {list(thresholds)}\n'
    if crop == "body":
        return f'head = "classes"\nlabels = {json.dumps(list(labels), ensure_ascii=False)}\n\n{note}data = "{data}"\n'
    backbone = card(BACKBONE)
    return (
        f'head = "classes"\nlabels = {json.dumps(list(labels), ensure_ascii=False)}\n\n'
        f"[input]  # of the backbone: RGB, 8 bit\nwidth = {SIDE}\nheight = {SIDE}\nlow = 0\nhigh = 255\n\n"
        f'{note}backbone = "{BACKBONE}"\nbackbone_sha256 = "{backbone.sha256}"\n'
        f'backbone_output = "{backbone.keep[1]}"\n'
        f'data = "{data}"\n'
    )


def _write(net: Exported, eye: Eye, path: Path) -> None:
    """Input `levels` (N, 14, 14, 512) uint8, or `body` (N, 198) float; output `probabilities` (N, classes)."""
    example = (torch.from_numpy(np.zeros((2, *eye.shape), eye.type)),)
    name = "body" if eye.crop == "body" else "levels"
    onnx_file.write(onnx_file.exported(net, example, [name], ["probabilities"], "pictures"), path)


@torch.no_grad()
def _compared(net: Exported, runs: PhotoClassifier, eye: Eye, photos: Sequence[Photo]) -> tuple[float, float]:
    """The largest difference of a probability, and the median time of a look in ms, over real pictures."""
    worst, times = 0.0, []
    for photo in photos[:LOOKED_AT]:
        look = eye.look(photo)
        if look is None:
            continue
        ours = net(torch.from_numpy(eye.as_seen(look)[None])).numpy()
        began = time.perf_counter()
        theirs = runs.read(look.frame, [look.region]) if look.pose is None else runs.read_bodies([look.pose])
        times.append(1e3 * (time.perf_counter() - began))
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst, round(statistics.median(times), 1)
