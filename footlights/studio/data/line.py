"""Pictures with boxes of the rehearsal's production line, as a label tool would have written them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import SinkError
from footlights.core.scene import Floats
from footlights.media.rehearsal.line.belt import LineSettings
from footlights.media.rehearsal.line.source import LineSource

LABELS = ("up", "down")
SEEN = 0.35  # of a can that must be seen for it to get a box
FALLEN = 0.35  # share of fallen cans: as many as are needed to learn what they look like


def write_line(out: Path, train: int, valid: int, seed: int, watch: Callable[[int], None] = lambda done: None) -> None:
    """Write `train` and `valid` pictures and their labels in YOLO form into a folder; the two are of other lines.

    Raises SinkError where the folder cannot be written to.
    """
    try:
        for part, count, world in (("train", train, 0), ("valid", valid, 1)):
            for folder in ("images", "labels"):
                (out / part / folder).mkdir(parents=True, exist_ok=True)
            (out / part / "classes.txt").write_text("".join(f"{label}\n" for label in LABELS), encoding="utf-8")
            for index in range(count):
                _write(out / part, index, np.random.default_rng([seed, world, index]))
                watch(index + 1 + (train if world else 0))
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def _write(folder: Path, index: int, rng: np.random.Generator) -> None:
    source = LineSource(_drawn(rng), "line")
    moment = int(rng.integers(0, 3000))
    picture, truth = source.draw(moment), source.truth(moment)
    size = np.array([source.settings.width, source.settings.height] * 2)
    rows = [
        _row(LABELS.index(can.label), np.clip(can.box, 0, size) / size)
        for can, visible in zip(truth.cans, truth.visible, strict=True)
        if visible >= SEEN
    ]
    cv2.imwrite(str(folder / "images" / f"{index:05d}.jpg"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    (folder / "labels" / f"{index:05d}.txt").write_text("".join(rows), encoding="utf-8")


def _drawn(rng: np.random.Generator) -> LineSettings:
    """One of many lines."""
    line = LineSettings(seed=int(rng.integers(2**31)), fallen=FALLEN)
    return replace(line, speed=float(rng.uniform(0.15, 0.6)), spacing=float(rng.uniform(0.16, 0.4)))


def _row(kind: int, box: Floats) -> str:
    left, top, right, bottom = box.tolist()
    return f"{kind} {(left + right) / 2:.5f} {(top + bottom) / 2:.5f} {right - left:.5f} {bottom - top:.5f}\n"
