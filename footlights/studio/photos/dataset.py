"""Photos in class folders: reading, splitting by recording, and finding what stands on both sides of a split."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import SettingsError, SourceError
from footlights.core.frame import Image
from footlights.media.images import SUFFIXES, load

LEAST = 4  # pictures that a class must have to be learned from
SHARE = 0.2  # of the pictures that is kept for valid, where the data has no folder of that name
TRIES = 200  # splits that are drawn, of which the best is taken
ALIKE = 8  # grey levels by which no spot of nearly the same picture differs more
_NUMBER = re.compile(r"(?:[\s_.-]*(?:frame|img)?[\s_.-]*)(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Photo:
    """One picture of a class."""

    path: Path
    kind: int  # position in the set's labels
    recording: str  # pictures of one recording lie on one side of a split
    digest: str  # sha256 of the file
    mark: bytes  # what it shows, in 256 spots: nearly the same for nearly the same picture


@dataclass(frozen=True, eq=False)
class PhotoSet:
    """Pictures, and what their classes are called."""

    photos: Sequence[Photo]
    labels: tuple[str, ...]
    skipped: tuple[str, ...] = ()  # a line for every file that could not be used

    def counts(self) -> list[int]:
        """Pictures of each class."""
        count = Counter(photo.kind for photo in self.photos)
        return [count[kind] for kind in range(len(self.labels))]

    def digest(self) -> str:
        """sha256 of what the set says: every picture's content with its class, in any order, under any name."""
        rows = sorted(f"{photo.digest} {self.labels[photo.kind]}\n" for photo in self.photos)
        return hashlib.sha256("".join(rows).encode()).hexdigest()


def read_photos(folder: Path) -> PhotoSet:
    """The set in a folder that has a folder for each class, named as the class is.

    Raises:
        SourceError: no such folder. SettingsError: fewer than two classes with pictures.
    """
    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder} with a folder of pictures for each class")
    skipped = []
    classes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    photos: list[Photo] = []
    labels: list[str] = []
    for place in classes:
        inside = [path for path in sorted(place.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        before = len(photos)
        for path in inside:
            try:
                photos.append(_photo(path, len(labels)))
            except SourceError as error:
                skipped.append(str(error))
        if len(photos) > before:
            labels.append(place.name)
    if len(labels) < 2:
        what = f"only '{labels[0]}'" if labels else "none"
        raise SettingsError(
            f"{folder} needs a folder of pictures for each of two classes or more, such as x and not_x; found: {what}"
        )
    return PhotoSet(photos, tuple(labels), tuple(skipped))


def _photo(path: Path, kind: int) -> Photo:
    """Raises SourceError where it is none."""
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(f"{path} is not a picture")
    mark = picture_mark(load(path))
    return Photo(path, kind, _recording(path), hashlib.sha256(path.read_bytes()).hexdigest(), mark)


def _recording(path: Path) -> str:
    """The file's name without the number at its end: what was taken in one go is named so."""
    return _NUMBER.sub("", path.stem)


def picture_mark(image: Image) -> bytes:
    """16 x 16 spots of grey: what is left of a picture when size, compression and name are forgotten."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).tobytes()


def apart(marks: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """(N,) grey levels by which the spot that differs most differs, light aside, of (N, 256) marks and one."""
    difference = marks.astype(np.int16) - mark
    return np.asarray(np.abs(difference - np.median(difference, axis=1, keepdims=True)).max(axis=1))


def split(data: Path, seed: int) -> tuple[PhotoSet, PhotoSet, list[str]]:
    """The sets for training and for valid, of `data/train` and `data/valid` or of the one in `data`; and warnings.

    One set is split by recording: pictures whose names differ only by the number at their end stay together. A class
    that comes from one recording alone is cut in two in the order of the numbers, never by turns.

    Raises SourceError, SettingsError as `read_photos`; SettingsError where a class has too few pictures.
    """
    if (data / "train").is_dir() and (data / "valid").is_dir():
        train, valid = read_photos(data / "train"), read_photos(data / "valid")
        if train.labels != valid.labels:
            raise SettingsError(
                f"{data / 'train'} has the classes {', '.join(train.labels)}, and {data / 'valid'} "
                f"{', '.join(valid.labels)}; both need the same"
            )
        check(train)
        return train, valid, leaks(train, valid)
    whole = read_photos(data)
    check(whole)
    warnings: list[str] = []
    whole = _cut(whole, warnings)
    chosen = _choose(whole, np.random.default_rng(seed))
    parts = [[photo for photo in whole.photos if (photo.recording in chosen) == wanted] for wanted in (False, True)]
    train, valid = replace(whole, photos=parts[0]), PhotoSet(parts[1], whole.labels)
    return train, valid, warnings + leaks(train, valid)


def check(train: PhotoSet) -> None:
    """Raises SettingsError where a class has too few pictures to be learned from."""
    for label, count in zip(train.labels, train.counts(), strict=True):
        if count < LEAST:
            raise SettingsError(f"the class '{label}' has {count} pictures; it needs at least {LEAST}, better 50")


def _cut(whole: PhotoSet, warnings: list[str]) -> PhotoSet:
    """Classes of one recording are made two: its beginning, and its last fifth."""
    photos = list(whole.photos)
    for kind, label in enumerate(whole.labels):
        mine = [index for index, photo in enumerate(photos) if photo.kind == kind]
        if len({photos[index].recording for index in mine}) > 1:
            continue
        mine.sort(key=lambda index: _number(photos[index].path))
        last = mine[-max(1, round(SHARE * len(mine))) :]
        for index in mine:
            part = "end" if index in last else "beginning"
            photos[index] = replace(photos[index], recording=f"{label}/{photos[index].recording}/{part}")
        warnings.append(
            f"all pictures of '{label}' seem to come from one recording: its last {len(last)} are kept for valid, and "
            "the figures will look better than they are; take some at another time or place, under another name"
        )
    return replace(whole, photos=photos)


def _number(path: Path) -> tuple[int, str]:
    found = _NUMBER.search(path.stem)
    return (int(found[1]) if found else 0, path.name)


def _choose(whole: PhotoSet, rng: np.random.Generator) -> set[str]:
    """The recordings for valid: of some draws, the one that leaves each class nearest to its share."""
    table: dict[str, np.ndarray] = {}
    for photo in whole.photos:
        table.setdefault(photo.recording, np.zeros(len(whole.labels), int))[photo.kind] += 1
    names, counts = sorted(table), np.array([table[name] for name in sorted(table)])
    total = counts.sum(axis=0)
    best, least = None, np.inf
    for _ in range(TRIES):
        order = rng.permutation(len(names))
        sums = counts[order].cumsum(axis=0)
        off = np.abs(sums / total - SHARE).max(axis=1) + 10 * ((sums == 0) | (sums == total)).any(axis=1)
        if off.min() < least:
            best, least = {names[i] for i in order[: off.argmin() + 1]}, float(off.min())
    assert best is not None
    if least > 10:
        raise SettingsError(
            "the recordings cannot be split so that every class is on both sides; make folders train and valid by hand"
        )
    return best


def leaks(train: PhotoSet, valid: PhotoSet) -> list[str]:
    """A line for each kind of thing that stands on both sides: then valid says nothing about new pictures."""
    lines = []
    known = {photo.digest: photo for photo in train.photos}
    same = [(known[photo.digest], photo) for photo in valid.photos if photo.digest in known]
    if same:
        lines.append(_line(same, "the same file"))
    twins = {id(photo) for _, photo in same}
    alike = [pair for pair in _near(train.photos, valid.photos) if id(pair[1]) not in twins]
    if alike:
        lines.append(_line(alike, "nearly the same picture"))
    for kind, label in enumerate(train.labels):
        both = {photo.recording for photo in train.photos if photo.kind == kind} & {
            photo.recording for photo in valid.photos if photo.kind == kind
        }
        if both - {""}:
            lines.append(f"the recording '{sorted(both - {''})[0]}' of '{label}' is in train and in valid")
    return lines


def _line(pairs: Sequence[tuple[Photo, Photo]], what: str) -> str:
    first, second = pairs[0]
    return f"{what} is in train and in valid, {len(pairs)} times, such as {first.path.name} and {second.path.name}"


def _near(train: Sequence[Photo], valid: Sequence[Photo]) -> Iterator[tuple[Photo, Photo]]:
    marks = np.frombuffer(b"".join(photo.mark for photo in train), np.uint8).reshape(-1, 256)
    for photo in valid:
        far = apart(marks, np.frombuffer(photo.mark, np.uint8))
        if far.min() <= ALIKE:
            yield train[int(far.argmin())], photo
