"""What flows through the engine: a Scene is all that is known about one frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from footlights.core.cue import Cue
from footlights.core.errors import ShapeError
from footlights.core.event import Event
from footlights.core.frame import Frame

Floats = NDArray[np.float32]
Side = Literal["left", "right"]


def _check(name: str, array: NDArray[np.generic], *shape: int | None) -> None:
    good = array.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, array.shape, strict=True))
    if not good:
        raise ShapeError(f"{name} must have the shape {shape} (None: any length), got {array.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What a detector found on one frame, best first. `anchors` orient a region (pose: hip centre, then a point that
    gives size and direction), where the detector knows it.
    """

    boxes: Floats  # (N, 4) pixels: left, top, right, bottom
    scores: Floats  # (N,) 0..1
    labels: tuple[str, ...]  # N names
    anchors: Floats | None = None  # (N, K, 2) pixels

    def __post_init__(self) -> None:
        _check("Detections.boxes", self.boxes, None, 4)
        _check("Detections.scores", self.scores, len(self.boxes))
        if len(self.labels) != len(self.boxes):
            raise ShapeError(f"Detections.labels must hold {len(self.boxes)} names, got {len(self.labels)}")
        if self.anchors is not None:
            _check("Detections.anchors", self.anchors, len(self.boxes), None, 2)

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def none(cls) -> "Detections":
        """No detection: the detector looked and found nothing."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


@dataclass(frozen=True, slots=True)
class Region:
    """A square turned in the picture, that a landmark model looks at."""

    x: float  # pixels, centre
    y: float  # pixels, centre
    size: float  # pixels, side
    angle: float  # radians, clockwise; 0: the square's up is the picture's up


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """The 33 landmarks of one body, in the order of `skeleton.BODY`."""

    xy: Floats  # (33, 2) pixels
    z: Floats  # (33,) pixels, relative to the hip centre, smaller is nearer to the camera
    visibility: Floats  # (33,) 0..1: in the picture and not hidden
    world: Floats  # (33, 3) metres, origin at the hip centre, x right, y down, z away from the camera
    score: float  # 0..1: a body is there
    region: Region  # where the model looked

    def __post_init__(self) -> None:
        _check("Pose.xy", self.xy, 33, 2)
        _check("Pose.z", self.z, 33)
        _check("Pose.visibility", self.visibility, 33)
        _check("Pose.world", self.world, 33, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """The 21 landmarks of one hand, in the order of `skeleton.HAND`."""

    xy: Floats  # (21, 2) pixels
    z: Floats  # (21,) pixels, relative to the wrist
    world: Floats  # (21, 3) metres, origin at the centre of the hand
    score: float  # 0..1: a hand is there
    side: Side  # the person's own left or right
    region: Region

    def __post_init__(self) -> None:
        _check("Hand.xy", self.xy, 21, 2)
        _check("Hand.z", self.z, 21)
        _check("Hand.world", self.world, 21, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face: a box, six points (`skeleton.FACE`), and the mesh where it was asked for."""

    box: Floats  # (4,) pixels: left, top, right, bottom
    points: Floats  # (6, 2) pixels
    score: float  # 0..1
    roll: float  # radians, clockwise in the picture
    mesh: Floats | None = None  # (468, 3) pixels

    def __post_init__(self) -> None:
        _check("Face.box", self.box, 4)
        _check("Face.points", self.points, 6, 2)
        if self.mesh is not None:
            _check("Face.mesh", self.mesh, 468, 3)


@dataclass(slots=True, eq=False)
class Track:
    """One thing followed over time. A new Track is made for every frame; `before` is the same thing one frame earlier,
    and holds no further past.
    """

    id: int
    label: str
    box: Floats  # (4,) pixels: left, top, right, bottom
    score: float  # 0..1
    since: float  # media time of the first sight, seconds
    seen: float  # media time of the last sight by a detector or a landmark model, seconds
    anchors: Floats | None = None  # (K, 2) pixels: the detector's, on the frame on which it ran
    before: "Track | None" = None
    pose: Pose | None = None
    hands: dict[Side, Hand] = field(default_factory=dict)
    face: Face | None = None


@dataclass(slots=True, eq=False)
class Scene:
    """All that is known about one frame. Filled downwards, once, by one thread; afterwards nobody writes to it."""

    frame: Frame
    detections: Detections | None = None  # None: the detector did not run on this frame
    tracks: list[Track] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    closing: bool = False  # the stream has ended: its last frame once more, with the events that only the end can tell

    def stamp(self) -> Mapping[str, float | int | str]:
        """Where this is: stream, frame index and media time, for messages."""
        return {"stream": self.frame.stream, "index": self.frame.index, "time": round(self.frame.time, 3)}
