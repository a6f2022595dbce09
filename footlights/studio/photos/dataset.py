"""Photos in class folders: reading, splitting by recording, and finding what stands on both sides of a split."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from footlights.core.errors import SettingsError, SourceError
from footlights.media.images import SUFFIXES, load
from footlights.studio.leaks import between, picture_mark
from footlights.studio.manifest import Item, Split
from footlights.studio.project import Project
from footlights.studio.sharing import divided, number_free

LEAST = 4  # pictures that a class must have to be learned from
SHARE = 0.2  # of the pictures that is kept for valid, where the data has no folder of that name


@dataclass(frozen=True, eq=False)
class Photo:
    """One picture of a class."""

    path: Path
    kind: int  # position in the set's labels
    recording: str  # pictures of one recording lie on one side of a split
    digest: str  # sha256 of the file
    mark: bytes  # what it shows, in 256 spots: nearly the same for nearly the same picture
    title: str = ""  # what it is called in reports

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.title or f"{self.path.parent.name}/{self.path.name}"


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
    return Photo(path, kind, number_free(path.stem), hashlib.sha256(path.read_bytes()).hexdigest(), mark)


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
    chosen, warnings = divided(_items(whole, "train"), seed, SHARE)
    parts = [[photo for photo in whole.photos if (str(photo.path) in chosen) == wanted] for wanted in (False, True)]
    train, valid = replace(whole, photos=parts[0]), PhotoSet(parts[1], whole.labels)
    return train, valid, warnings + leaks(train, valid)


def of_items(project: Project, side: Split) -> PhotoSet:
    """The pictures of a project on one side of its split; classes without any picture are left out."""
    items = project.examples()
    labels = tuple(label for label in project.labels if any(item.label == label for item in items))
    photos = [
        Photo(project.folder / item.path, labels.index(item.label), item.recording, item.sha256, b"", item.path)
        for item in items
        if item.split == side
    ]
    return PhotoSet(photos, labels)


def check(train: PhotoSet) -> None:
    """Raises SettingsError where a class has too few pictures to be learned from."""
    for label, count in zip(train.labels, train.counts(), strict=True):
        if count < LEAST:
            raise SettingsError(f"the class '{label}' has {count} pictures; it needs at least {LEAST}, better 50")


def leaks(train: PhotoSet, valid: PhotoSet) -> list[str]:
    """A line for each kind of thing that stands on both sides: then valid says nothing about new pictures."""
    marks = {photo.digest: photo.mark for photo in (*train.photos, *valid.photos)}
    return between(_items(train, "train"), _items(valid, "valid"), marks, "picture")


def _items(found: PhotoSet, side: Split) -> list[Item]:
    """The pictures as rows of a manifest."""
    return [
        Item(str(photo.path), photo.digest, found.labels[photo.kind], side, photo.recording, "")
        for photo in found.photos
    ]
