"""The 21 landmarks of every person's hands, followed from frame to frame."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from footlights.core.frame import Frame
from footlights.core.geometry import transform
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Hand, Pose, Region, Scene, Side, Track
from footlights.core.skeleton import BODY_INDEX
from footlights.models.cards import card
from footlights.models.session import Session, open_session
from footlights.perception.crops import crop
from footlights.perception.detect import BoxModel
from footlights.perception.regions import hand_region, palm_region, turned, wrist_region

SIDES: tuple[Side, Side] = ("left", "right")
DEPTH = 0.4  # the model's z is this much larger than its x and y; from MediaPipe's graph
SMALL = 16.0  # pixels: a region below this holds no hand that could be read
IN_SIGHT = 0.3  # visibility of a wrist from which its hand is looked for
LOST = 0.3  # seconds for which a hand that was lost is looked for on every frame
RETRY = 0.1  # seconds between looks at a wrist where no hand was found for longer
SEARCH = 0.3  # seconds between runs of the palm detector for a wrist where no hand was found
FAR = 0.6  # distance of a hand from its pose's wrist, in sizes of its region, from which it is somebody else's
DOUBLE = 0.12  # median distance, in sizes of the region, below which left and right are one hand


@dataclass(slots=True)
class _Search:
    """When a hand was last found, and how it was last looked for; seconds of media time."""

    found: float = -math.inf
    looked: float = -math.inf  # where the wrist is
    palms: float = -math.inf  # by the palm detector


@dataclass(slots=True)
class _Past:
    searches: dict[Side, _Search] = field(default_factory=lambda: {side: _Search() for side in SIDES})


class HandStage:
    """Needs poses, gives the hands of each person; left and right are the person's own, as the pose says.

    A hand is looked for where it was a frame ago, else where the pose's wrist and knuckles say, else, now and then, by
    the palm detector around the wrist. With several `threads`, as many hands are read at once, one thread each; a hand
    that is the only one to be read has all of them.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"pose"})
    gives: ClassVar[frozenset[str]] = frozenset({"hands"})

    def __init__(self, threshold: float = 0.5, threads: int = 1) -> None:
        self.threshold = threshold
        self._input = card("hand_landmark_full").input
        self._session = open_session("hand_landmark_full")
        self._alone = open_session("hand_landmark_full", threads)
        self._palms = BoxModel("palm_detection_full", 0.5)
        self._past: PerTrack[_Past] = PerTrack(_Past)
        self._map = ThreadPoolExecutor(threads, "hands").map if threads > 1 else map

    def run(self, scene: Scene) -> None:
        """Fill `hands` of every person who has a pose."""
        people = [track for track in scene.tracks if track.pose is not None]
        self._past.keep(track.id for track in people)
        wanted = [
            _Wrist(scene.frame, track, side, self._past[track.id].searches[side]) for track in people for side in SIDES
        ]
        busy = [wrist for wrist in wanted if wrist.before is not None or wrist.is_due()]
        session, work = (self._alone, map) if len(busy) == 1 else (self._session, self._map)
        hands = list(work(lambda wrist: self._find(session, wrist), busy))
        for track in people:
            mine = zip(busy, hands, strict=True)
            found = {wrist.side: hand for wrist, hand in mine if wrist.track is track and hand is not None}
            track.hands = _without_double(found, track)

    def _find(self, session: Session, wrist: "_Wrist") -> Hand | None:
        """The hand at one wrist. Different ones may be looked for at the same time."""
        hand = self._read(session, wrist, hand_region(wrist.before.xy)) if wrist.before is not None else None
        if hand is None and wrist.is_due():
            hand = self._look(session, wrist)
        if hand is not None:
            wrist.search.found = wrist.frame.time
        return hand

    def _look(self, session: Session, wrist: "_Wrist") -> Hand | None:
        now, search = wrist.frame.time, wrist.search
        search.looked = now
        hand = self._read(session, wrist, wrist.region)
        if hand is None and now - search.palms >= SEARCH:
            search.palms = now
            hand = self._look_for_palm(session, wrist)
        return self._read(session, wrist, hand_region(hand.xy)) if hand is not None else None

    def _look_for_palm(self, session: Session, wrist: "_Wrist") -> Hand | None:
        elbow, end = (wrist.pose.xy[BODY_INDEX[f"{wrist.side}_{name}"]] for name in ("elbow", "wrist"))
        size = max(2 * wrist.region.size, 2.5 * math.dist(elbow, end))
        palms = self._palms.find(wrist.frame, Region(wrist.region.x, wrist.region.y, size, 0.0))
        for box, points in zip(palms.boxes, palms.points, strict=True):
            hand = self._read(session, wrist, palm_region(box, points))
            if hand is not None:
                return hand
        return None

    def _read(self, session: Session, wrist: "_Wrist", region: Region) -> Hand | None:
        """The hand in a region; None where there is none, or one that is not at this person's wrist."""
        values, matrix = crop(wrist.frame, region, self._input)
        outputs = session.run(values)
        score = float(outputs["Identity_1"][0, 0])
        points: Floats = outputs["Identity"].reshape(21, 3)
        xy = transform(points[:, :2], matrix)
        if score < self.threshold or _from_wrist(xy, wrist.pose, wrist.side) > FAR * region.size:
            return None
        z = points[:, 2] * np.float32(region.size / self._input.width / DEPTH)
        return Hand(xy, z, turned(outputs["Identity_3"].reshape(21, 3), region.angle), score, wrist.side, region)


@dataclass(frozen=True, slots=True)
class _Wrist:
    """One wrist on one frame, and how its hand was looked for so far."""

    frame: Frame
    track: Track
    side: Side
    search: _Search

    @property
    def pose(self) -> Pose:
        assert self.track.pose is not None
        return self.track.pose

    @property
    def before(self) -> Hand | None:
        """The hand a frame ago."""
        return self.track.before.hands.get(self.side) if self.track.before is not None else None

    @property
    def region(self) -> Region:
        """Where the pose says that the hand is."""
        return wrist_region(self.pose, self.side)

    def is_due(self) -> bool:
        """True where the wrist is in sight and it is time to look at it."""
        in_sight = self.pose.visibility[BODY_INDEX[f"{self.side}_wrist"]] >= IN_SIGHT and self.region.size >= SMALL
        pause = RETRY if self.frame.time - self.search.found > LOST else 0.0
        return bool(in_sight) and self.frame.time - self.search.looked >= pause


def _from_wrist(xy: Floats, pose: Pose, side: Side) -> float:
    return math.dist(xy[0], pose.xy[BODY_INDEX[f"{side}_wrist"]])


def _without_double(found: dict[Side, Hand], track: Track) -> dict[Side, Hand]:
    """Where left and right have become one hand, it is the one whose wrist is nearer."""
    pose = track.pose
    if pose is not None and len(found) == 2:
        left, right = found["left"], found["right"]
        apart = float(np.median(np.linalg.norm(left.xy - right.xy, axis=1)))
        if apart < DOUBLE * max(left.region.size, right.region.size):
            nearer = min(SIDES, key=lambda side: _from_wrist(found[side].xy, pose, side))
            return {nearer: found[nearer]}
    return found
