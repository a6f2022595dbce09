"""Faces with the votes of ten annotators, from every form that a data set comes in, and what is made of the votes.

The rules follow Barsoum et al., "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution" (ICMI 2016, arXiv:1608.01041) and the reader that its authors published (github.com/microsoft/FERPlus,
src/ferplus.py, MIT).
"""

import csv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SourceError
from footlights.studio.data.fer2013 import EMOTIONS, SIDE, VOTES, majority

Array = NDArray[Any]

SPLITS = ("train", "valid", "test")
VOTERS = 10  # a label without votes counts as so many votes for it


@dataclass(frozen=True, eq=False)
class Faces:
    """Pictures and their votes, one row a face."""

    names: Array  # (N,) str
    pictures: Array  # (N, 48, 48) uint8, grey
    votes: Array  # (N, 10) uint8, columns: VOTES

    def __len__(self) -> int:
        return len(self.names)

    def where(self, mask: Array) -> "Faces":
        """Only those rows."""
        return Faces(self.names[mask], self.pictures[mask], self.votes[mask])


def load(path: Path, split: str) -> Faces:
    """The faces of one split. Valid and test come without the pictures that also stand in train.

    `path` is what `footlights data fer2013` writes, a file (`fer2013.npz`), the folder that holds it, or class folders
    (`train/happiness/name.png`); or a folder of mosaics: `ferplus_labels.npz` (votes (N, 10), split (N,), names (N,),
    vote_columns), the pictures in the same order in `ferplus_48_0.png`, `_1`, ..., and `dup_of_train.tsv`.

    Raises SourceError where it is none of these, or damaged.
    """
    try:
        if (path / "ferplus_labels.npz").is_file():
            return _from_mosaics(path, split)
        if path.is_file():
            return _from_file(path, split)
        if (path / "fer2013.npz").is_file():
            return _from_file(path / "fer2013.npz", split)
        if (path / "train").is_dir() or (path / split).is_dir():
            return _from_folders(path, split)
    except KeyError as error:
        raise SourceError(f"{path} is no data set of faces: {error.args[0]}") from error
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path} cannot be read as a data set of faces: {error}") from error
    raise SourceError(f"{path} holds no data set: it must be what `footlights data fer2013` writes")


def check_learnable(faces: Faces, split: str, least: int = 1) -> None:
    """Raises SourceError where there is too little to learn from: too few faces, or one and the same emotion."""
    clear = majority(faces.votes)
    clear = clear[clear >= 0]
    kinds = np.unique(clear)
    if len(clear) < least:
        raise SourceError(f"{split} holds {len(clear)} faces with a clear emotion, there must be at least {least}")
    if len(kinds) == 1:
        raise SourceError(f"all faces of {split} show {EMOTIONS[kinds[0]]}; there must be at least two emotions")


def _from_file(path: Path, split: str) -> Faces:
    table = _arrays(path)
    if tuple(table["emotions"].tolist()) != EMOTIONS:
        raise SourceError(f"{path}: the emotions must be {EMOTIONS}, got {tuple(table['emotions'].tolist())}")
    votes = _in_order(path, table) if "votes" in table else _as_votes(table["labels"])
    mine = table["splits"] == split
    if split != "train":
        mine &= ~table["also_in_train"]
    return Faces(table["names"], table["pictures"], votes).where(mine)


def _arrays(path: Path) -> dict[str, Array]:
    with path.open("rb") as content, np.load(content) as file:
        return {name: file[name] for name in file.files}


def _from_mosaics(folder: Path, split: str) -> Faces:
    table = _arrays(folder / "ferplus_labels.npz")
    votes = _in_order(folder, table)
    sheets = sorted(folder.glob("ferplus_48_*.png"))
    tiles = np.concatenate([cut(_grey(sheet)) for sheet in sheets]) if sheets else np.empty((0, SIDE, SIDE), np.uint8)
    count = len(table["names"])
    if len(tiles) < count:
        raise SourceError(f"{folder}: {count} faces have votes, but the mosaics hold {len(tiles)}")
    mine = table["split"] == SPLITS.index(split)
    if split != "train":
        mine &= ~np.isin(table["names"], _duplicates(folder))
    return Faces(table["names"], tiles[:count], votes).where(mine)


def _from_folders(folder: Path, split: str) -> Faces:
    kinds = sorted(place.name for place in (folder / split).glob("*/"))
    unknown = [kind for kind in kinds if kind not in EMOTIONS]
    if unknown:
        raise SourceError(f"{folder / split / unknown[0]} is no emotion; the folders must be {', '.join(EMOTIONS)}")
    files = [path for kind in kinds for path in sorted((folder / split / kind).glob("*.*"))]
    pictures = np.empty((len(files), SIDE, SIDE), np.uint8)
    for place, path in enumerate(files):
        grey = _grey(path)
        pictures[place] = (
            grey if grey.shape == (SIDE, SIDE) else cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        )
    labels = np.array([EMOTIONS.index(path.parent.name) for path in files], int)
    return Faces(np.array([path.stem for path in files], str), pictures, _as_votes(labels))


def _grey(path: Path) -> Array:
    """(H, W) uint8."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise SourceError(f"{path} is not a picture that can be read; take it away or put it right")
    return grey


def cut(sheet: Array) -> Array:
    """A mosaic, (rows * 48, columns * 48) -> its tiles, (rows * columns, 48, 48), row by row."""
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    return sheet.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def _in_order(path: Path, table: dict[str, Array]) -> Array:
    columns = tuple(table["vote_columns"].tolist())
    if columns != VOTES:
        raise SourceError(f"{path}: the votes must have the columns {VOTES}, got {columns}")
    return table["votes"]


def _as_votes(labels: Array) -> Array:
    """(N,) places in EMOTIONS, -1 for none -> (N, 10) votes, all of them for the label."""
    return np.where(labels[:, None] == np.arange(len(VOTES)), VOTERS, 0).astype(np.uint8)


def _duplicates(folder: Path) -> list[str]:
    """Names of the pictures of valid and test that also stand in train."""
    with (folder / "dup_of_train.tsv").open(encoding="utf-8", newline="") as lines:
        return [row[0] for row in csv.reader(lines, delimiter="\t") if row]


def distributions(votes: Array) -> tuple[Array, Array]:
    """What to learn: (N, 8) float32, each row sums to 1, and (N,) bool, which rows to learn from.

    Votes that only one annotator gave count as none; a picture is used where emotions have more than half of the rest.
    """
    kept = np.where(votes > 1, votes, 0)
    emotions = kept[:, : len(EMOTIONS)].astype(np.float32)
    total = emotions.sum(axis=1)
    usable = total > 0.5 * kept.sum(axis=1)
    return emotions / np.maximum(total, 1)[:, None], usable


def plurality(votes: Array) -> Array:
    """A harder label: the emotion with the most votes, however few they are; (N,) int, -1 where that is no emotion.

    The first of several equals wins, as in papers that score FER+ on all pictures.
    """
    best = votes.argmax(axis=1)
    return np.where((best < len(EMOTIONS)) & votes.any(axis=1), best, -1)


def as_rgb(pictures: Array) -> Array:
    """(N, 48, 48) uint8, grey -> (N, 48, 48, 3) float32 in 0..1."""
    return np.repeat(pictures[..., None].astype(np.float32) / 255, 3, axis=3)
