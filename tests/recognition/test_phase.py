"""The phase of an exercise is read from one pose, from any side and of any build."""

import numpy as np
import pytest

from footlights.core.scene import Pose, Region
from footlights.core.skeleton import BODY_INDEX
from footlights.media.rehearsal.body import build
from footlights.media.rehearsal.motion import Key, curve, motion
from footlights.media.rehearsal.skeleton import landmarks, rotation, solve
from footlights.recognition.phase import TURNED, phase


def posed(name: str, share: float, yaw: float, height: float, hidden: tuple[str, ...] = ()) -> Pose:
    """Somebody at a share of the way through a motion's cycle, as a camera far away sees it."""
    known = motion(name)
    keys = [Key(0.0, known.enter[-1].row), *known.cycle]
    body, seconds = build(height), sum(key.seconds for key in keys)
    row = curve(keys).at(np.array([share * seconds]))
    points = landmarks(solve(row, body), body)[0] @ rotation(np.array(yaw), np.array(0.0), np.array(0.0)).T
    visible = np.ones(33, np.float32)
    visible[[BODY_INDEX[joint] for joint in hidden]] = 0
    none = np.zeros(33, np.float32)
    xy = (points[:, :2] * [150, -150] + [320, 400]).astype(np.float32)
    return Pose(xy, none, visible, np.zeros((33, 3), np.float32), 1.0, Region(320, 240, 400, 0.0))


@pytest.mark.parametrize(("name", "yaws"), [("squat", (0, 40, 90)), ("push_up", (70, 110)), ("jumping_jack", (0, 30))])
@pytest.mark.parametrize("height", [1.5, 1.95])
def test_begin_and_turn(name: str, yaws: tuple[float, ...], height: float) -> None:
    for yaw in yaws:
        begin, turn = (phase(posed(name, share, yaw, height), name) for share in (0.02, 0.5))
        assert begin is not None and turn is not None
        assert begin < TURNED < turn


def test_it_grows_on_the_way_down() -> None:
    told = [phase(posed("squat", share, 30, 1.7), "squat") for share in (0.02, 0.15, 0.25, 0.5)]
    assert told == sorted(told, key=lambda value: value or 0.0)


def test_what_is_not_seen_does_not_count() -> None:
    arms = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("elbow", "wrist"))
    turn = phase(posed("squat", 0.5, 20, 1.7, arms), "squat")
    assert turn is not None and turn > TURNED
    legs = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle", "foot_index"))
    assert phase(posed("squat", 0.5, 20, 1.7, (*legs, *arms)), "squat") is None


@pytest.mark.parametrize("name", ["plank", "doing_other_things", "t_hold"])
def test_what_has_no_cycle_has_no_phase(name: str) -> None:
    assert phase(posed("squat", 0.5, 0, 1.7), name) is None
