"""The FER+ data set: FER2013's 48x48 grey faces, each with the votes of ten annotators.

The rules follow Barsoum et al., "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution" (ICMI 2016, arXiv:1608.01041) and the reader that its authors published (github.com/microsoft/FERPlus,
src/ferplus.py, MIT).
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SIDE = 48  # pixels
EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
ABROAD = ("unknown", "NF")  # the two votes that are no emotion: cannot tell, no face
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class Faces:
    """Pictures and their votes, one row a face."""

    names: Array  # (N,) str
    pictures: Array  # (N, 48, 48) uint8, grey
    votes: Array  # (N, 10) uint8, columns: EMOTIONS, then ABROAD

    def __len__(self) -> int:
        return len(self.names)

    def keep(self, mask: Array) -> "Faces":
        return Faces(self.names[mask], self.pictures[mask], self.votes[mask])


def data_folder() -> Path:
    """`$FOOTLIGHTS_DATA/emotion`. Ends the program with a line that says what to do where it is not set."""
    base = os.environ.get("FOOTLIGHTS_DATA")
    if not base:
        raise SystemExit("set FOOTLIGHTS_DATA to the folder that holds emotion/ferplus_labels.npz, or pass --data")
    return Path(base) / "emotion"


def load(folder: Path, split: str) -> Faces:
    """The faces of one split. Valid and test come without the pictures that also stand in train.

    The folder holds `ferplus_labels.npz` (votes (N, 10), split (N,), names (N,)), the pictures in the same order as
    mosaics `ferplus_48_0.png`, `_1`, ..., and `dup_of_train.tsv` (name, split).
    """
    labels = np.load(folder / "ferplus_labels.npz")
    columns = tuple(labels["vote_columns"].tolist())
    if columns != EMOTIONS + ABROAD:
        raise SystemExit(f"{folder}: the votes must have the columns {EMOTIONS + ABROAD}, got {columns}")
    sheets = sorted(folder.glob("ferplus_48_*.png"))
    tiles = np.concatenate([cut(cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)) for sheet in sheets])
    count = len(labels["names"])
    if len(tiles) < count:
        raise SystemExit(f"{folder}: {count} faces have votes, but the mosaics hold {len(tiles)}")
    faces = Faces(labels["names"], tiles[:count], labels["votes"])
    mine = labels["split"] == SPLITS.index(split)
    if split != "train":
        mine &= ~np.isin(labels["names"], duplicates(folder))
    return faces.keep(mine)


def cut(sheet: Array) -> Array:
    """A mosaic, (rows * 48, columns * 48) -> its tiles, (rows * columns, 48, 48), row by row."""
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    return sheet.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def duplicates(folder: Path) -> list[str]:
    """Names of the pictures of valid and test that also stand in train."""
    with (folder / "dup_of_train.tsv").open(encoding="utf-8", newline="") as lines:
        return [row[0] for row in csv.reader(lines, delimiter="\t") if row]


def without_outliers(votes: Array) -> Array:
    """Votes that only one annotator gave count as none, as in the published reader."""
    return np.where(votes > 1, votes, 0)


def distributions(votes: Array) -> tuple[Array, Array]:
    """What to learn: (N, 8) float32, each row sums to 1, and (N,) bool, which rows to learn from.

    Outliers are dropped; a picture is used where emotions have more than half of the votes that are left.
    """
    kept = without_outliers(votes)
    emotions = kept[:, : len(EMOTIONS)].astype(np.float32)
    total = emotions.sum(axis=1)
    usable = total > 0.5 * kept.sum(axis=1)
    return emotions / np.maximum(total, 1)[:, None], usable


def majority(votes: Array) -> Array:
    """The label by which the published accuracies are counted: (N,) int, an index of EMOTIONS or -1.

    As in the published reader's mode "majority", in which valid and test are scored: after dropping outliers, one
    emotion must have more than half of all votes. Otherwise, or where "unknown" or "no face" has that half: -1, the
    picture is left out.
    """
    kept = without_outliers(votes)
    best = kept.argmax(axis=1)
    clear = kept.max(axis=1) > 0.5 * kept.sum(axis=1)
    return np.where(clear & (best < len(EMOTIONS)), best, -1)


def plurality(votes: Array) -> Array:
    """A harder label: the emotion with the most votes, however few they are; (N,) int, -1 where that is no emotion.

    The first of several equals wins, as in papers that score FER+ on all pictures.
    """
    best = votes.argmax(axis=1)
    return np.where(best < len(EMOTIONS), best, -1)


def as_rgb(pictures: Array) -> Array:
    """(N, 48, 48) uint8, grey -> (N, 48, 48, 3) float32 in 0..1."""
    return np.repeat(pictures[..., None].astype(np.float32) / 255, 3, axis=3)
