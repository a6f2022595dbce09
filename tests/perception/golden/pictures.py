"""Which pictures and clips of the data folder the golden landmarks belong to. Needs OpenCV and NumPy only."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

STILLS = (
    *(f"photos/{name}" for name in ("face.jpg", "grace_hopper.bmp", "squat.bmp")),
    *(f"gesture/emre_frames/body/{name}" for name in ("closer", "follow", "land", "take_off", "up")),
    *(f"gesture/emre_frames/hand/{name}" for name in ("palm", "photo", "up", "video")),
)  # of a folder, the first three pictures
CLIPS = tuple(f"gesture/intel_asl/{name}.mkv" for name in ("again", "bird", "book", "milk"))
CLIP_FPS = 30.0
CLIP_STILLS = (0, 20, 40)  # frames of every clip which are also taken one by one


def still_paths(data: Path) -> list[Path]:
    """Every still picture, in a fixed order."""
    found: list[Path] = []
    for name in STILLS:
        place = data / name
        found += sorted(place.iterdir())[:3] if place.is_dir() else [place]
    return found


def read_still(path: Path) -> np.ndarray:
    """(H, W, 3) RGB."""
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return np.ascontiguousarray(picture[..., ::-1])


def read_clip(path: Path) -> Iterator[np.ndarray]:
    """(H, W, 3) RGB of every frame."""
    clip = cv2.VideoCapture(str(path))
    while True:
        good, picture = clip.read()
        if not good:
            return
        yield np.ascontiguousarray(picture[..., ::-1])
