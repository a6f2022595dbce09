"""Data sets of drawn faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.studio.data.fer2013 import VOTES
from footlights.studio.emotion.drawn import draw_faces

DUPLICATE = "fer0000030.png"


@pytest.fixture
def mosaics(tmp_path: Path) -> Path:
    """A data set of 40 faces: a bright bar for each emotion, at its own height; 24 train, 8 valid, 8 test."""
    folder = tmp_path / "mosaics"
    folder.mkdir()
    kinds = np.arange(40) % 8
    pictures = np.random.default_rng(0).integers(0, 60, (40, 48, 48)).astype(np.uint8)
    for picture, kind in zip(pictures, kinds, strict=True):
        picture[6 * kind : 6 * kind + 6] += 180
    sheet = pictures.reshape(8, 5, 48, 48).swapaxes(1, 2).reshape(8 * 48, 5 * 48)
    cv2.imwrite(str(folder / "ferplus_48_0.png"), sheet[:192])
    cv2.imwrite(str(folder / "ferplus_48_1.png"), sheet[192:])
    np.savez(
        folder / "ferplus_labels.npz",
        votes=np.eye(10, dtype=np.uint8)[kinds] * 10,
        split=np.repeat([0, 1, 2], [24, 8, 8]),
        names=np.array([f"fer{index:07}.png" for index in range(40)]),
        vote_columns=np.array(VOTES),
    )
    (folder / "dup_of_train.tsv").write_text(f"{DUPLICATE}\tvalid\n")
    return folder


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """The folder of a data set of 80 drawn emojis, as `footlights data fer2013` writes it."""
    folder = tmp_path / "drawn"
    folder.mkdir()
    draw_faces(folder / "fer2013.npz", each=10)
    return folder
