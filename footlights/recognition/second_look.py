"""Looks again, with a larger model, where hands before the chest leave in doubt whether the arms are crossed.

The landmark model that follows people on every frame mixes up left and right where dark sleeves cross before a dark
coat: it sees two hands at the chest and gives each to the nearer arm. The heavy model, looking at a square that is a
little larger and centred on the trunk, does not (figures: docs/gestures.md). It costs five times as much, so it is
asked only about arms in doubt, and not too often.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from footlights.core.errors import ModelMissingError
from footlights.core.frame import Frame
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Pose, Region, Scene, Track
from footlights.core.skeleton import BODY_INDEX
from footlights.perception.pose import PoseModel
from footlights.recognition.body import TRUNK_TO_SHOULDERS, measure_body
from footlights.recognition.features import hands_height, wrists_crossed

ARMS = slice(BODY_INDEX["left_elbow"], BODY_INDEX["right_thumb"] + 1)
SHOULDERS = [BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]]
HIPS = [BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]]
SIDE = 5.0  # side of the square that is looked at, in units of the trunk
CROSSED = -0.1  # in units: from here on the second look is believed; x_arms leaves at the same value
INTERVAL = 0.12  # seconds between two looks at the same person
# Seconds of media time for each look at anybody: a crowd takes turns; pictures that are far apart look at everybody.
SHARE = 0.04


@dataclass(slots=True)
class _Look:
    """What the last look at a person said."""

    time: float = -math.inf  # seconds
    arms: Floats | None = None  # (10, 2) pixels from the middle of the shoulders; None: not crossed
    visibility: Floats | None = None  # (10,)


class SecondLook:
    """Needs poses, corrects the arms of those whose arms are crossed. Does nothing without the heavy model."""

    needs: ClassVar[frozenset[str]] = frozenset({"pose"})
    gives: ClassVar[frozenset[str]] = frozenset({"arms"})

    def __init__(self, model: str = "pose_landmark_heavy", threads: int = 1) -> None:
        self._model = _open_if_present(model, threads)
        self._looks: PerTrack[_Look] = PerTrack(_Look)
        self._time = -math.inf  # seconds, of the frame before

    def run(self, scene: Scene) -> None:
        """Replace elbows, wrists and hands in the poses of people whose arms a second look finds crossed."""
        if self._model is None:
            return
        now, doubtful = scene.frame.time, {track.id: track for track in scene.tracks if in_doubt(track.pose)}
        self._looks.keep(doubtful)
        due = [track for track in doubtful if now - self._looks[track].time >= INTERVAL]
        due.sort(key=lambda track: (self._looks[track].time, track))
        turns = max(1.0, (now - self._time) / SHARE)
        for place, track in enumerate(due):
            if place < turns:
                self._look(scene.frame, doubtful[track])
        self._time = now
        for track, look in self._looks:
            _correct(doubtful[track], look)

    def _look(self, frame: Frame, track: Track) -> None:
        assert self._model is not None and track.pose is not None
        reading = self._model.read(frame, _around_trunk(track.pose))
        again = replace(track.pose, xy=reading.xyz[:33, :2], visibility=reading.visibility)
        look = self._looks[track.id]
        look.time, look.arms = frame.time, None
        if wrists_crossed(measure_body(again)) > CROSSED:
            look.arms = again.xy[ARMS] - _between_shoulders(again)
            look.visibility = again.visibility[ARMS]


def in_doubt(pose: Pose | None) -> bool:
    """True where the hands are so near each other before the chest that they may be crossed and are not seen to be."""
    if pose is None:
        return False
    body = measure_body(pose)
    return -0.65 < wrists_crossed(body) < 0.0 and -0.6 < hands_height(body) < 0.5


def _open_if_present(model: str, threads: int) -> PoseModel | None:
    try:
        return PoseModel(model, threads)
    except ModelMissingError:
        return None


def _correct(track: Track, look: _Look) -> None:
    if track.pose is None or look.arms is None or look.visibility is None:
        return
    xy, visibility = track.pose.xy.copy(), track.pose.visibility.copy()
    xy[ARMS] = look.arms + _between_shoulders(track.pose)
    visibility[ARMS] = look.visibility
    track.pose = replace(track.pose, xy=xy, visibility=visibility)


def _around_trunk(pose: Pose) -> Region:
    """A square around the middle of the trunk, turned with it."""
    top, bottom = _between_shoulders(pose), pose.xy[HIPS].mean(axis=0)
    width = float(np.linalg.norm(pose.xy[SHOULDERS[0]] - pose.xy[SHOULDERS[1]]))
    unit = max(float(np.linalg.norm(top - bottom)), TRUNK_TO_SHOULDERS * width)
    middle = (top + bottom) / 2
    angle = math.atan2(float(top[0] - bottom[0]), float(bottom[1] - top[1]))
    return Region(float(middle[0]), float(middle[1]), SIDE * unit, angle)


def _between_shoulders(pose: Pose) -> Floats:
    return np.asarray(pose.xy[SHOULDERS].mean(axis=0), np.float32)
