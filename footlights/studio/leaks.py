"""What stands on both sides of a split: the same file, nearly the same picture, the same recording."""

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from footlights.core.errors import SourceError
from footlights.core.frame import Image
from footlights.media.container import Container, Shot
from footlights.media.images import load
from footlights.studio.manifest import Item, replace_text

if TYPE_CHECKING:
    from footlights.studio.project import Project

SPOTS = 16  # a mark has so many spots of grey to a side
ALIKE = 8  # grey levels by which no spot of nearly the same picture differs more


def picture_mark(image: Image) -> bytes:
    """16 x 16 spots of grey: what is left of a picture when size, compression and name are forgotten."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SPOTS, SPOTS), interpolation=cv2.INTER_AREA).tobytes()


def clip_mark(path: Path) -> bytes:
    """The marks of the first picture, of the last, or the hundredth, and of the one in the middle."""
    with Container(str(path), path.name) as container:
        shots = (shot.picture for shot in container.read() if isinstance(shot, Shot))
        marks = [picture_mark(picture.rgb(4 * SPOTS, 4 * SPOTS)) for picture in itertools.islice(shots, 100)]
    return b"".join((marks[0], marks[len(marks) // 2], marks[-1]))


def apart(marks: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """(N,) grey levels by which the spot that differs most differs, light aside, of (N, D) marks and one."""
    difference = marks.astype(np.int16) - mark
    return np.asarray(np.abs(difference - np.median(difference, axis=1, keepdims=True)).max(axis=1))


def leaks(project: "Project") -> list[str]:
    """A line for each kind of thing that is in train and in valid."""
    train, valid = ([item for item in project.examples() if item.split == side] for side in ("train", "valid"))
    return between(train, valid, _marks(project, [*train, *valid]), project.medium)


def between(train: Sequence[Item], valid: Sequence[Item], marks: Mapping[str, bytes], medium: str) -> list[str]:
    """A line for each kind of thing that is on both sides. `marks`: by sha256; what has none is not compared."""
    known = {item.sha256: item for item in train}
    same = [(known[item.sha256], item) for item in valid if item.sha256 in known]
    lines = [_line(same, "the same file")] if same else []
    told = {item.path for _, item in same}
    alike = [pair for pair in _near(train, valid, marks) if pair[1].path not in told]
    if alike:
        lines.append(_line(alike, f"nearly the same {medium}"))
    both = {(item.recording, item.label) for item in train} & {(item.recording, item.label) for item in valid}
    for recording, label in sorted(pair for pair in both if pair[0]):
        of = f" of '{label}'" if label else ""
        lines.append(f"the recording '{recording}'{of} is in train and in valid")
    return lines


def _line(pairs: Sequence[tuple[Item, Item]], what: str) -> str:
    first, second = pairs[0]
    return f"{what} is in train and in valid, {len(pairs)} times, such as {first.path} and {second.path}"


def _marks(project: "Project", items: Sequence[Item]) -> dict[str, bytes]:
    """By sha256; made once and kept."""
    path = project.folder / "cache" / "marks.csv"
    try:
        with path.open(encoding="ascii", newline="") as file:
            kept = {row[0]: bytes.fromhex(row[1]) for row in csv.reader(file)}
    except (OSError, ValueError, IndexError):
        kept = {}
    marks = {}
    for item in items:
        if item.sha256 in kept:
            marks[item.sha256] = kept[item.sha256]
            continue
        try:
            file_ = project.folder / item.path
            marks[item.sha256] = clip_mark(file_) if project.kind == "clips" else picture_mark(load(file_))
        except SourceError:  # it is told of where it is read to be learned from
            continue
    if marks.keys() - kept.keys():
        replace_text(path, "".join(f"{digest},{mark.hex()}\n" for digest, mark in marks.items()))
    return marks


def _near(train: Sequence[Item], valid: Sequence[Item], marks: Mapping[str, bytes]) -> Iterator[tuple[Item, Item]]:
    first = [item for item in train if item.sha256 in marks]
    if not first:
        return
    table = np.stack([np.frombuffer(marks[item.sha256], np.uint8) for item in first])
    for item in valid:
        if item.sha256 in marks:
            far = apart(table, np.frombuffer(marks[item.sha256], np.uint8))
            if far.min() <= ALIKE:
                yield first[int(far.argmin())], item
