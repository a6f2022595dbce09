"""The 33 landmarks of every person, followed from frame to frame."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from footlights.core.frame import Frame
from footlights.core.geometry import bounding_box, transform
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Pose, Region, Scene, Track
from footlights.models.cards import card
from footlights.models.session import open_session
from footlights.perception.crops import crop
from footlights.perception.heads import refine_by_heat_map, sigmoid
from footlights.perception.one_euro import OneEuro
from footlights.perception.regions import body_region, box_region, turned

HIP, REACH = 33, 34  # the landmarks that serve to find the next region: hip centre, and what gives size and direction
AGAIN = 0.3  # seconds for which a lost person is looked for in the same place
MARGIN = 0.1  # above the eyes there is more of a head, to the size of the body
DOUBLE = 0.1  # median distance of their landmarks, in sizes of the region, below which two poses are of one person


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the model said about one region: 33 landmarks and 6 of which two serve to find the next region."""

    xyz: Floats  # (39, 3) pixels of the picture
    visibility: Floats  # (33,) 0..1
    world: Floats  # (33, 3) metres
    score: float
    region: Region


@dataclass(slots=True)
class _Past:
    """What is kept of one person between frames."""

    body: OneEuro = field(default_factory=lambda: OneEuro(0.05, 80.0))
    guide: OneEuro = field(default_factory=lambda: OneEuro(0.01, 10.0))
    world: OneEuro = field(default_factory=lambda: OneEuro(0.1, 40.0))
    region: Region | None = None  # where to look next


class PoseModel:
    """A landmark model of bodies: reads one turned square of a picture. May be used by several threads."""

    def __init__(self, name: str, threads: int = 1) -> None:
        self._input = card(name).input
        self._session = open_session(name, threads)

    def read(self, frame: Frame, region: Region) -> Reading:
        """The landmarks in a region, whether a body is there or not: `score` says so."""
        values, matrix = crop(frame, region, self._input)
        outputs = self._session.run(values)
        rows: Floats = outputs["Identity"].reshape(39, 5)
        side = self._input.width
        xy = refine_by_heat_map(rows[:, :2] / np.float32(side), outputs["Identity_3"][0]) * side
        z = rows[:, 2:3] * (region.size / side)
        flat = outputs["Identity_4"].reshape(39, 3)[:33]
        return Reading(
            xyz=np.concatenate([transform(xy, matrix), z], axis=1).astype(np.float32),
            visibility=np.minimum(sigmoid(rows[:33, 3]), sigmoid(rows[:33, 4])),
            world=turned(flat, region.angle),
            score=float(outputs["Identity_1"][0, 0]),
            region=region,
        )


class PoseStage:
    """Needs people, gives their poses.

    The model looks where the landmarks of the frame before say; on the first frame, and where they lead nowhere, where
    the detector says, and then once more where the landmarks found there say: both must find a body. `smooth` is the
    One-Euro filter, with the constants of MediaPipe.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"people"})
    gives: ClassVar[frozenset[str]] = frozenset({"pose"})

    def __init__(
        self, model: str = "pose_landmark_full", threshold: float = 0.5, smooth: bool = True, threads: int = 1
    ) -> None:
        self.threshold = threshold
        self.smooth = smooth
        self._model = PoseModel(model, threads)
        self._past: PerTrack[_Past] = PerTrack(_Past)

    def run(self, scene: Scene) -> None:
        """Fill `pose` of every person in whom landmarks are found, and put `box` and `seen` where they are."""
        people = [track for track in scene.tracks if track.label == "person"]
        self._past.keep(track.id for track in people if scene.frame.time - track.seen <= AGAIN)
        readings = {track.id: self._find(scene.frame, track) for track in people}
        for track, reading in _without_doubles(people, readings):
            self._write(scene.frame, track, reading)

    def _find(self, frame: Frame, track: Track) -> Reading | None:
        """Where the person was a frame ago; else, where a detector has just seen them."""
        region = self._past[track.id].region
        reading = self._model.read(frame, region) if region is not None else None
        if reading is not None and reading.score >= self.threshold:
            return reading
        return self._first(frame, track) if track.seen == frame.time else None

    def _first(self, frame: Frame, track: Track) -> Reading | None:
        regions = [] if track.anchors is None else [body_region(track.anchors[0], track.anchors[1])]
        for region in [*regions, box_region(track.box, frame.height)]:
            reading = self._model.read(frame, region)
            if reading.score >= self.threshold:
                reading = self._model.read(frame, body_region(reading.xyz[HIP, :2], reading.xyz[REACH, :2]))
            if reading.score >= self.threshold:
                return reading
        return None

    def _write(self, frame: Frame, track: Track, reading: Reading) -> None:
        past, size, xyz, world = self._past[track.id], reading.region.size, reading.xyz, reading.world
        if self.smooth:
            guide, body = past.guide(frame.time, xyz[33:], size), past.body(frame.time, xyz[:33], size)
            xyz, world = np.concatenate([body, guide]), past.world(frame.time, world, 1.0)
        past.region = body_region(xyz[HIP, :2], xyz[REACH, :2])
        inside = ((xyz[:33, :2] >= 0) & (xyz[:33, :2] < [frame.width, frame.height])).all(axis=1)
        track.pose = Pose(
            xy=xyz[:33, :2], z=xyz[:33, 2], visibility=reading.visibility * inside, world=world, score=reading.score,
            region=reading.region,
        )  # fmt: skip
        track.box = body_box(track.pose, frame.width, frame.height)
        track.score, track.seen = reading.score, frame.time


def body_box(pose: Pose, width: int, height: int) -> Floats:
    """(4,) the part of a body that is in a picture of this size, hair, fingers and soles included."""
    box = bounding_box(pose.xy)
    margin = np.float32(MARGIN * max(box[2] - box[0], box[3] - box[1]))
    box += np.array([-margin / 2, -margin, margin / 2, margin / 2], np.float32)
    return np.clip(box, 0, [width, height] * 2).astype(np.float32)


def _without_doubles(people: list[Track], readings: dict[int, Reading | None]) -> list[tuple[Track, Reading]]:
    """Leave out whose landmarks have jumped onto somebody else: of two that coincide, the one that moved further."""
    found = [(track, reading) for track in people if (reading := readings[track.id]) is not None]
    found.sort(key=lambda pair: (_moved(*pair), pair[0].id))
    kept: list[tuple[Track, Reading]] = []
    for track, reading in found:
        if all(_distance(reading.xyz, other.xyz) > DOUBLE * other.region.size for _, other in kept):
            kept.append((track, reading))
    return kept


def _moved(track: Track, reading: Reading) -> float:
    """How far the landmarks are from those of the frame before, in sizes of the region; infinite for a new person."""
    if track.before is None or track.before.pose is None:
        return math.inf
    return _distance(track.before.pose.xy, reading.xyz) / reading.region.size


def _distance(a: Floats, b: Floats) -> float:
    """Median distance of the 33 landmarks, pixels."""
    return float(np.median(np.linalg.norm(a[:33, :2] - b[:33, :2], axis=1)))
