"""FER2013, and the votes of FER+: from the published CSV files to a data set of faces.

Goodfellow et al., "Challenges in Representation Learning" (2013): `fer2013.csv`, columns emotion, pixels, Usage.
Barsoum et al., "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label Distribution" (2016):
`fer2013new.csv`, one line for each of those, with the votes of ten annotators.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SinkError, SourceError
from footlights.core.frame import Frame
from footlights.media.picture import ArrayPicture
from footlights.perception.detect import BoxModel
from footlights.perception.face_detectors import HaarCascade

Array = NDArray[Any]
Finds = Callable[[Array], bool]  # whether a (48, 48) grey picture shows a face
Progress = Callable[[int], None]  # told the number of pictures looked at so far

SIDE = 48  # pixels
EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
VOTES = (*EMOTIONS, "unknown", "NF")  # the columns of FER+; NF: no face
FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # by the number in the file
SPLITS = {"Training": "train", "PublicTest": "valid", "PrivateTest": "test"}

_ENLARGED = 144  # pixels: face detectors want faces larger than these pictures are
_MARGIN = 48  # pixels of plain grey around it: they want to see what is beside a face, too


@dataclass(frozen=True, eq=False)
class Faces:
    """Pictures with what is known about them, in the order of the file."""

    names: Array  # (N,) text: fer0000012, the number is that of the line
    pictures: Array  # (N, 48, 48) uint8, grey
    splits: Array  # (N,) text: train, valid, test
    labels: Array  # (N,) int: place in EMOTIONS; -1: the annotators did not agree, or saw no emotion
    votes: Array | None  # (N, 10) uint8, columns as VOTES

    def __len__(self) -> int:
        return len(self.names)

    def where(self, mask: Array) -> "Faces":
        """Only those rows."""
        votes = None if self.votes is None else self.votes[mask]
        return Faces(self.names[mask], self.pictures[mask], self.splits[mask], self.labels[mask], votes)


def read(path: Path, votes: Path | None = None, progress: Progress = lambda count: None) -> Faces:
    """Everything in `fer2013.csv`; with `fer2013new.csv`, labels are the majority of the votes.

    Raises SourceError with the line's number where a file cannot be read or is not what it should be.
    """
    rows = list(_pictures(path, progress))
    if not rows:
        raise SourceError(f"{path} holds no picture")
    emotions, pictures, splits = (np.array(column) for column in zip(*rows, strict=True))
    names = np.array([f"fer{number:07d}" for number in range(len(rows))])
    table = None if votes is None else _votes(votes, splits.tolist())
    labels = np.array([EMOTIONS.index(name) for name in FER2013])[emotions] if table is None else majority(table)
    return Faces(names, pictures, splits, labels, table)


def majority(votes: Array) -> Array:
    """(N,) the emotion with more than half of the (N, 10) votes, single ones left out; -1 where there is none.

    As in the reader that the authors of FER+ published (github.com/microsoft/FERPlus, src/ferplus.py, "majority").
    """
    kept = np.where(votes > 1, votes, 0)
    best = kept.argmax(axis=1)
    return np.where((kept.max(axis=1) > 0.5 * kept.sum(axis=1)) & (best < len(EMOTIONS)), best, -1)


def face_filter(name: str) -> Finds:
    """How faces are looked for: `haar`, `blazeface`, or `none`, which keeps every picture.

    Raises ModelMissingError where BlazeFace's model is not on this machine.
    """
    if name == "none":
        return lambda picture: True
    if name == "haar":
        cascade = HaarCascade("alt2", smallest=_ENLARGED // 2)
        return lambda picture: len(cascade.find(_as_frame(picture))) > 0
    model = BoxModel("face_detection_short_range", 0.5)
    return lambda picture: len(model.find(_as_frame(picture))) > 0


def with_faces(faces: Faces, finds: Finds, progress: Progress = lambda count: None) -> Array:
    """(N,) bool: which pictures show a face."""
    found = np.zeros(len(faces), bool)
    for index, picture in enumerate(faces.pictures):
        found[index] = finds(picture)
        progress(index + 1)
    return found


def duplicates(faces: Faces) -> list[Array]:
    """Groups of rows with one and the same picture in several splits, each group in the order of the file."""
    groups: dict[bytes, list[int]] = {}
    for index, picture in enumerate(faces.pictures):
        groups.setdefault(picture.tobytes(), []).append(index)
    return [np.array(group) for group in groups.values() if len(set(faces.splits[group].tolist())) > 1]


def also_in_train(faces: Faces, groups: list[Array]) -> Array:
    """(N,) bool: pictures of valid and test that also stand in train. Leave them out when scoring."""
    out = np.zeros(len(faces), bool)
    for group in groups:
        splits = faces.splits[group]
        out[group[splits != "train"]] = "train" in splits
    return out


def write_npz(faces: Faces, repeated: Array, path: Path) -> None:
    """One file: names, pictures, splits, labels, emotions (the names of the labels), also_in_train, and votes."""
    arrays: dict[str, Any] = {
        "names": faces.names, "pictures": faces.pictures, "splits": faces.splits, "labels": faces.labels,
        "emotions": np.array(EMOTIONS), "also_in_train": repeated,
    }  # fmt: skip
    if faces.votes is not None:
        arrays |= {"votes": faces.votes, "vote_columns": np.array(VOTES)}
    try:
        np.savez_compressed(path, **arrays)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror or error}") from error


def write_folders(faces: Faces, repeated: Array, folder: Path) -> None:
    """`train/happiness/fer0000012.png` and so on. Left out: pictures without a label, those of valid and test that also
    stand in train.
    """
    try:
        for index in np.flatnonzero((faces.labels >= 0) & ~repeated):
            place = folder / str(faces.splits[index]) / EMOTIONS[faces.labels[index]]
            place.mkdir(parents=True, exist_ok=True)
            _, content = cv2.imencode(".png", faces.pictures[index])
            (place / f"{faces.names[index]}.png").write_bytes(content.tobytes())
    except OSError as error:
        raise SinkError(f"{folder} cannot be written to: {error.strerror or error}") from error


def _pictures(path: Path, progress: Progress) -> Iterator[tuple[int, Array, str]]:
    for number, row in enumerate(_rows(path, ("emotion", "pixels", "Usage")), 1):
        emotion, split = row["emotion"], SPLITS.get(row["Usage"])
        if not emotion.isdecimal() or int(emotion) >= len(FER2013):
            raise SourceError(f"{path}, line {number + 1}: the emotion must be 0 to 6, got {emotion!r}")
        if split is None:
            raise SourceError(f"{path}, line {number + 1}: Usage must be one of {', '.join(SPLITS)}")
        yield int(emotion), _pixels(row["pixels"], f"{path}, line {number + 1}"), split
        progress(number)


def _pixels(text: str, place: str) -> Array:
    try:
        values = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        raise SourceError(f"{place}: the pixels must be whole numbers") from None
    if len(values) != SIDE * SIDE or values.min() < 0 or values.max() > 255:
        raise SourceError(f"{place}: there must be {SIDE * SIDE} pixels from 0 to 255, got {len(values)} values")
    return values.astype(np.uint8).reshape(SIDE, SIDE)


def _votes(path: Path, splits: list[str]) -> Array:
    rows = list(_rows(path, ("Usage", *VOTES)))
    if [SPLITS.get(row["Usage"]) for row in rows] != splits:
        raise SourceError(f"{path} does not belong to the pictures: {len(rows)} lines for {len(splits)} pictures")
    try:
        return np.array([[int(row[name]) for name in VOTES] for row in rows], np.uint8)
    except (ValueError, OverflowError) as error:
        raise SourceError(f"{path}: votes must be whole numbers: {error}") from None


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    csv.field_size_limit(min(sys.maxsize, 1 << 20))
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines, restval="", skipinitialspace=True)
            missing = [name for name in columns if name not in (table.fieldnames or ())]
            if missing:
                raise SourceError(f"{path} has no column {missing[0]!r}; it must have {', '.join(columns)}")
            yield from table
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} is not the CSV file it should be: {error}") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error


def _as_frame(picture: Array) -> Frame:
    large = cv2.resize(picture, (_ENLARGED, _ENLARGED), interpolation=cv2.INTER_CUBIC)
    grey = np.pad(np.asarray(large, np.uint8), _MARGIN, constant_values=int(picture.mean()))
    return Frame(ArrayPicture(np.repeat(grey[:, :, None], 3, axis=2)), 0.0, "fer2013", 0)
