"""Clips in class folders, and what the engine sees in each."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import local

import numpy as np

from footlights.core.errors import SettingsError, SourceError
from footlights.core.scene import Floats
from footlights.recognition.clip_classes import BACKGROUND
from footlights.studio.clips.seeing import Eye, PeopleEye, PictureEye, seen

SUFFIXES = frozenset({".mp4", ".mov", ".webm", ".mkv", ".avi", ".ogv", ".m4v", ".gif"})
FEW = 2  # clips of a class, under which it is said that they are too few
SHORTEST = 0.5  # seconds of a clip
SLOWEST = 12.0  # frames a second under which movements are hardly seen

Watch = Callable[[int, int], None]  # told the clips done, and how many there are


@dataclass(frozen=True, eq=False)
class Clip:
    """One clip of a class."""

    path: Path
    label: str
    digest: str  # sha256 of the file
    name: str = ""  # what it is called in reports


@dataclass(frozen=True, eq=False)
class SeenClip:
    """A clip, and what the engine sees in it."""

    clip: Clip
    found: dict[str, np.ndarray]

    @property
    def seconds(self) -> float:
        """Its length."""
        times: Floats = self.found["times"]
        return float(times[-1] - times[0])


def read_clips(folder: Path) -> list[Clip]:
    """The clips in a folder that has a folder for each class, named as the class is. Raises SourceError."""
    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder} with a folder of clips for each class")
    clips = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for path in sorted(place.iterdir()):
            if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                clips.append(Clip(path, place.name, digest, f"{folder.name}/{place.name}/{path.name}"))
    return clips


def labels_of(train: Sequence[Clip], order: Sequence[str] = ()) -> tuple[str, ...]:
    """The classes, in this order where one is given, else of the alphabet; what is not one of them comes last."""
    there = {clip.label for clip in train}
    known = [label for label in order if label in there] or sorted(there)
    return (*(label for label in known if label != BACKGROUND), BACKGROUND)


def check(train: Sequence[Clip], valid: Sequence[Clip]) -> None:
    """Raises SettingsError, in one line, where nothing can be learned or judged."""
    counts = Counter(clip.label for clip in train)
    classes = [label for label in counts if label != BACKGROUND]
    if not classes:
        raise SettingsError("there are no clips to learn from; put some into videos_train/LABEL")
    if len(counts) < 2:
        raise SettingsError(
            f"there are clips of '{classes[0]}' only; a second class is needed, or clips of '{BACKGROUND}'"
        )
    strange = sorted({clip.label for clip in valid} - counts.keys())
    if strange:
        raise SettingsError(f"valid has clips of '{strange[0]}', and train has none")
    if not valid:
        raise SettingsError("there are no clips to judge with; put some into videos_valid/LABEL")


def scarce(train: Sequence[Clip]) -> list[str]:
    """A line for each class of which there are hardly any clips."""
    counts = Counter(clip.label for clip in train)
    return [f"'{label}' has one clip to learn from; two to five are better" for label in counts if counts[label] < FEW]


def look(
    clips: Sequence[Clip], view: str, cache: Path, watch: Watch, say: Callable[[str], None], threads: int = 2
) -> list[SeenClip]:
    """What the engine sees in every clip; those in which there is nothing to see are left out, with a line."""
    own = local()

    def one(clip: Clip) -> SeenClip | str:
        if not hasattr(own, "eye"):
            own.eye = PeopleEye() if view == "people" else PictureEye()
        eye: Eye = own.eye
        try:
            found = seen(eye, clip.path, clip.digest, cache)
        except SourceError as error:
            return f"left out: {error}"
        return SeenClip(clip, found) if found else f"left out: nobody is seen in {clip.name}"

    kept: list[SeenClip] = []
    with ThreadPoolExecutor(threads) as pool:
        for done, result in enumerate(pool.map(one, clips), start=1):
            if isinstance(result, str):
                say(result)
            else:
                say_all(_doubts(result), say)
                kept.append(result)
            watch(done, len(clips))
    return kept


def say_all(lines: Iterator[str], say: Callable[[str], None]) -> None:
    """Say every line."""
    for line in lines:
        say(line)


def _doubts(one: SeenClip) -> Iterator[str]:
    """What may be wrong with a clip that can be used."""
    if "times" not in one.found:
        return
    count, seconds = len(one.found["times"]), one.seconds
    if seconds < SHORTEST:
        yield f"{one.clip.name} lasts {seconds:.1f} s only: hardly anything can be learned from it"
    elif (count - 1) / seconds < SLOWEST:
        yield f"{one.clip.name} has {(count - 1) / seconds:.0f} frames a second; 16 or more are needed"
    if one.found["seen"].any(axis=1).mean() < 0.5:
        yield f"nobody is seen in most of {one.clip.name}"
