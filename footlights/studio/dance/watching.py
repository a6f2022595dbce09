"""Who moves how in a video: the engine's pose stages on every frame, shot by shot, and the one who dances."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footlights.core.frame import Frame, Image
from footlights.core.scene import Floats, Scene
from footlights.media.open import open_source
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker

LOOK = 0.3  # seconds between two looks of the detector
MOST_FRAMES = 32.0  # a second: of faster videos, every second frame is looked at
CUT = 0.45  # how much two pictures' colours must differ where one shot ends: 0 alike .. 1 nothing in common
GAP = 0.6  # seconds for which somebody may be lost and still be the same
_SMALL = (64, 36)


@dataclass(eq=False)
class Person:
    """One person's way through a shot. T moments at which they were seen."""

    times: list[float] = field(default_factory=list)  # seconds
    xy: list[Floats] = field(default_factory=list)  # (33, 2) pixels
    world: list[Floats] = field(default_factory=list)  # (33, 3) metres from the hips
    visibility: list[Floats] = field(default_factory=list)  # (33,)

    def height(self) -> float:
        """Median height of the landmarks, pixels."""
        return float(np.median([np.ptp(xy[:, 1]) for xy in self.xy]))


@dataclass(eq=False)
class Shot:
    """A stretch of a video without a cut."""

    begin: float  # seconds
    end: float
    width: int  # pixels
    height: int
    people: dict[int, Person] = field(default_factory=dict)  # by the tracker's number
    picture: Image | None = None  # from its middle third, if anybody was in it, about 320 wide
    pictured: float = 0.0  # seconds


def watch(path: Path, threads: int = 1) -> list[Shot]:
    """The shots of a video, with everybody in them. Raises SourceError where it is none."""
    detector, stage = PeopleDetector(threads=threads), PoseStage(threads=threads)
    shots: list[Shot] = []
    tracker, looked, before = BoxTracker(), -np.inf, None
    for frame in _frames(path):
        colours = histogram(frame.rgb(*_SMALL))
        if before is None or difference(before, colours) > CUT:
            first = max((key for shot in shots for key in shot.people), default=0) + 1
            tracker, looked = BoxTracker(patience=GAP, first=first), -np.inf
            shots.append(Shot(frame.time, frame.time, frame.width, frame.height))
        before = colours
        scene = Scene(frame)
        if frame.time - looked >= LOOK:
            looked = frame.time
            detector.run([scene])
        tracker.update(scene)
        stage.run(scene)
        _note(shots[-1], scene)
    return shots


def _frames(path: Path) -> Iterator[Frame]:
    """Frames of a video, not more than about 30 a second."""
    source = open_source(str(path))
    last = -np.inf
    try:
        for frame in source.frames():
            if frame.time - last >= 1 / MOST_FRAMES:
                last = frame.time
                yield frame
    finally:
        source.close()


def _note(shot: Shot, scene: Scene) -> None:
    frame = scene.frame
    shot.end = frame.time
    for track in scene.tracks:
        if track.pose is None:
            continue
        person = shot.people.setdefault(track.id, Person())
        person.times.append(frame.time)
        person.xy.append(track.pose.xy)
        person.world.append(track.pose.world)
        person.visibility.append(track.pose.visibility)
    if shot.people and (shot.picture is None or frame.time - shot.begin < 2 * (shot.pictured - shot.begin) + 1.0):
        shot.picture = frame.rgb(320, max(2, round(320 * frame.height / frame.width / 2) * 2)).copy()
        shot.pictured = frame.time


def histogram(picture: Image) -> NDArray[np.float64]:
    """(64,) shares of coarse colours in a small picture."""
    coarse = (picture // 64).astype(int) @ [16, 4, 1]
    return np.bincount(coarse.ravel(), minlength=64) / coarse.size


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """0 for the same colours, 1 where no colour is in both."""
    return float(np.abs(one - other).sum() / 2)


def main_dancer(shot: Shot) -> Person | None:
    """The one who dances: tall in the picture, near its middle, moving, and seen for long; None: nobody is in it.

    People whom the tracker lost and found again under another number, near in time and place, are put together first.
    """
    people = [person for _, person in sorted(shot.people.items())]
    joined: list[Person] = []
    for person in sorted(people, key=lambda one: one.times[0]):
        earlier = [one for one in joined if _goes_on(one, person)]
        if earlier:
            for name in ("times", "xy", "world", "visibility"):
                getattr(earlier[0], name).extend(getattr(person, name))
        else:
            joined.append(person)
    return max(joined, key=lambda one: _weight(one, shot), default=None)


def _goes_on(one: Person, other: Person) -> bool:
    """Whether the second began where and when the first was lost."""
    gap = other.times[0] - one.times[-1]
    away = np.linalg.norm(one.xy[-1][23:25].mean(0) - other.xy[0][23:25].mean(0))
    return bool(0 < gap <= GAP and away < 0.4 * max(one.height(), 1.0) and 0.6 < other.height() / one.height() < 1.7)


def _weight(person: Person, shot: Shot) -> float:
    """Seconds in the picture, times height, less off the middle and less for who hardly moves."""
    xy = np.stack(person.xy)
    tall = person.height() / shot.height
    off = abs(float(np.median(xy[:, 23:25, 0])) / shot.width - 0.5)
    moves = float(np.abs(np.diff(xy[:, 11:], axis=0)).mean()) / max(person.height(), 1.0) if len(xy) > 1 else 0.0
    return len(xy) * tall * (1 - off) * (0.3 + min(1.0, 60 * moves))
