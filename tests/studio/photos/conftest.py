"""Drawn photos: a cross or a ring on a background of noise, in recordings that each have their own colours."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

Draw = Callable[[Path, str, int, int], None]


@pytest.fixture
def draw() -> Draw:
    """Puts pictures of a class into a folder: draw(folder, label, recording, count)."""

    def drawn(folder: Path, label: str, recording: int, count: int) -> None:
        (folder / label).mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([recording, len(label)])
        back, front = rng.integers(0, 110, 3), rng.integers(150, 255, 3).tolist()
        for number in range(count):
            picture = np.asarray(np.clip(rng.normal(back, 12, (120, 160, 3)), 0, 255), np.uint8)
            x, y, size = int(rng.integers(45, 115)), int(rng.integers(40, 80)), int(rng.integers(24, 38))
            if label == "cross":
                cv2.line(picture, (x - size, y - size), (x + size, y + size), front, 9)
                cv2.line(picture, (x - size, y + size), (x + size, y - size), front, 9)
            else:
                cv2.circle(picture, (x, y), size, front, 9)
            cv2.imwrite(str(folder / label / f"day{recording}_{number:03}.png"), picture)

    return drawn


@pytest.fixture
def shapes(tmp_path: Path, draw: Draw) -> Path:
    """A folder with 30 crosses and 30 rings from five recordings."""
    folder = tmp_path / "shapes"
    for recording in range(5):
        for label in ("cross", "not_cross"):
            draw(folder, label, recording, 6)
    return folder
