"""A small data set of drawn faces, to try everything out without data: the emojis of this package, turned and noisy."""

from pathlib import Path

import cv2
import numpy as np

from footlights.media import emojis
from footlights.media.emojis.raster import rasterise
from footlights.studio.data.fer2013 import EMOTIONS, SIDE, Faces, write_npz
from footlights.studio.emotion.faces import SPLITS, Array

SHARES = (0.6, 0.2, 0.2)  # of the splits
TURN, SIZE, SHIFT, NOISE = 12.0, 0.12, 3.0, 8.0  # largest: degrees, share, pixels; deviation of the noise


def draw_faces(path: Path, each: int = 20, seed: int = 0) -> None:
    """Write `each` faces of every emotion into a file as `footlights data fer2013` does."""
    random = np.random.default_rng(seed)
    labels = np.tile(np.arange(len(EMOTIONS)), each)
    pictures = np.stack([_draw(EMOTIONS[label], random) for label in labels])
    limits = (np.cumsum(SHARES[:-1]) * each).round().astype(int)
    splits = np.array(SPLITS)[np.searchsorted(limits, np.arange(len(labels)) // len(EMOTIONS), side="right")]
    names = np.array([f"drawn{number:05d}" for number in range(len(labels))])
    write_npz(Faces(names, pictures, splits, labels, None), np.zeros(len(labels), bool), path)


def _draw(emotion: str, random: np.random.Generator) -> Array:
    """(48, 48) uint8, grey."""
    drawn = rasterise(Path(emojis.__file__).parent / f"{emotion}.svg", SIDE).astype(np.float32)
    opacity = drawn[:, :, 3] / 255
    grey = cv2.cvtColor(drawn[:, :, :3], cv2.COLOR_RGB2GRAY) * opacity + random.uniform(30, 220) * (1 - opacity)
    middle = (SIDE - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), random.uniform(-TURN, TURN), 1 + random.uniform(-SIZE, SIZE))
    turn = turn + np.array([[0, 0, random.uniform(-SHIFT, SHIFT)], [0, 0, random.uniform(-SHIFT, SHIFT)]])
    moved = cv2.warpAffine(grey, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return (moved + random.normal(0, NOISE, moved.shape)).clip(0, 255).astype(np.uint8)
