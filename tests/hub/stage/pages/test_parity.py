"""The pages judge landmarks as footlights itself does: the same sequences give the same events in both."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Pose, Region, Scene, Track
from footlights.hub.stage import browser
from footlights.media.rehearsal.cast import performers, rehearsal
from footlights.media.rehearsal.skeleton import landmarks
from footlights.recognition.definitions import library, read_definitions
from footlights.recognition.features import BODY_FEATURES, HALF_FEATURES, OF_HANDS
from footlights.recognition.gestures import GestureRecogniser
from tests.hub.stage.pages.node import run_module
from tests.recognition.figures import PICTURE

MOTIONS = ("x_arms", "arms_up", "wave", "clap", "idle", "heart", "high_knees")
OWN = """
[one_knee]
title = "A knee up, the other hand open wide"
hold = 0.1
cooldown = 0.6
when = [
    {feature = "one.knee_height", enter = -0.5, leave = -0.7},
    {feature = "other.wrist_out", measure = "highest", window = 0.4, enter = 0.3, leave = 0.2, optional = true},
    {feature = "any.elbow_angle", enter = 20, leave = 10},
    {feature = "lean", measure = "mean", window = 0.5, enter = 40, leave = 60},
]

[busy]
title = "Hands going to and fro, looking about"
when = [
    {feature = "both.hand_to_mouth", measure = "rate", size = 0.1, window = 2.0, enter = 0.4, leave = 0.1},
    {feature = "head_turn", enter = -2, leave = -3},
    {feature = "head_pitch", measure = "speed", window = 1.0, enter = 9, leave = 12},
    {feature = "any.wrist_to_other_shoulder", measure = "lowest", window = 1.0, enter = 2, leave = 3},
]
"""


def a_sequence(motion: str, seed: int) -> list[tuple[float, Pose | None]]:
    """Somebody in front of a camera: turned, shaken, with joints and whole frames missing, and a pause."""
    rng = np.random.default_rng([seed, 5])
    person = performers(rehearsal(f"{motion}?seed={seed}&yaw={rng.integers(-20, 20)}"))[0]
    rate = float(rng.choice([8, 15, 30]))
    times = np.cumsum(rng.uniform(0.7, 1.3, round(9 * rate))) / rate
    times[len(times) // 2 :] += rng.choice([0.0, 0.5, 3.0])
    joints, _ = person.joints(times)
    xy = landmarks(joints, person.body)[:, :, :2] * [150, -150] + [320, 400]
    xy += rng.normal(0, 0.8, xy.shape)
    hidden = rng.random((len(times), 33)) < rng.choice([0.0, 0.02])
    legs = np.arange(33) >= (23 if seed % 3 == 0 else 99)  # below the picture
    visibility = np.where(hidden | legs, 0.1, 0.9)
    gone = rng.random(len(times)) < 0.01
    return [
        (
            round(float(time), 4),
            None if gone[index] else a_pose(xy[index], visibility[index], float(rng.normal(0, 0.05))),
        )
        for index, time in enumerate(times)
    ]


def a_pose(xy: Any, visibility: Any, angle: float) -> Pose:
    zero = np.zeros((33, 3), np.float32)
    return Pose(
        xy=xy.astype(np.float32), z=zero[:, 0], visibility=visibility.astype(np.float32), world=zero, score=1.0,
        region=Region(0.0, 0.0, 1.0, angle),
    )  # fmt: skip


def in_python(recogniser: GestureRecogniser, sequence: list[tuple[float, Pose | None]]) -> list[dict[str, Any]]:
    events: list[Event] = []
    for index, (time, pose) in enumerate(sequence):
        track = Track(1, "person", np.zeros(4, np.float32), 1.0, 0.0, time, pose=pose)
        scene = Scene(Frame(PICTURE, time, "a", index), tracks=[track])
        events += recogniser.update(scene)
    events += recogniser.finish("a", sequence[-1][0])
    kept = ("gesture", "onset", "confidence", "side")
    return [
        {"kind": event.kind, "time": event.time, **{key: event.data[key] for key in kept if key in event.data}}
        for event in events
    ]


@pytest.fixture
def judge(tmp_path: Path) -> Any:
    def run(definitions: list[dict[str, Any]], sequences: list[Any]) -> Any:
        given = {"definitions": definitions, "sequences": sequences}
        return run_module(tmp_path, Path(__file__).with_name("judge.mjs"), ("body.js", "gestures.js"), given)

    return run


def as_data(sequence: list[tuple[float, Pose | None]]) -> list[dict[str, Any]]:
    return [
        {
            "time": time,
            "pose": pose
            and {"xy": pose.xy.tolist(), "visibility": pose.visibility.tolist(), "angle": float(pose.region.angle)},
        }
        for time, pose in sequence
    ]


def test_the_same_sequences_give_the_same_events(judge: Any, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    own = read_definitions(tmp_path / "own.toml")
    known = {**{name: one for name, one in library().items() if browser.in_browser(one)}, **own}
    sequences = [a_sequence(motion, seed) for motion in MOTIONS for seed in range(3)]
    told = judge([browser.described(one) for one in known.values()], [as_data(one) for one in sequences])
    python = [in_python(GestureRecogniser(known, own=[tmp_path / "own.toml"]), one) for one in sequences]
    assert told["events"] == python
    seen = {event["gesture"] for events in python for event in events}
    assert seen == set(known), "the sequences must show every one of them, or nothing was compared"


def test_a_picture_that_stands_alone_counts_at_once(judge: Any) -> None:
    judges = GestureRecogniser(["x_arms"])
    crossed = next(
        (time, pose) for time, pose in a_sequence("x_arms", 1) if pose and judges.judge(pose)["x_arms"] > 0.6
    )
    sequence = [crossed, (crossed[0] + 5.0, None)]
    told = judge([browser.described(library()["x_arms"])], [as_data(sequence)])["events"][0]
    assert told == in_python(GestureRecogniser(["x_arms"]), sequence)
    assert [event["kind"] for event in told] == ["gesture.begin", "gesture.end"]


def test_every_feature_of_a_body_is_there(judge: Any) -> None:
    features = judge([], [])["features"]
    assert set(features) == {*BODY_FEATURES, *HALF_FEATURES} - OF_HANDS


def test_what_takes_hands_or_a_net_is_left_to_devices() -> None:
    rules = {one["name"] for one in browser.gesture_list(library()) if one["rules"]}
    assert rules == {"x_arms", "arms_up", "wave", "clap"}
    assert {"thumb_up", "nod", "heart"} <= {one["name"] for one in browser.gesture_list(library())} - rules
