"""The second look: when it is taken, at whom, and what it changes."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from footlights.core.errors import ModelMissingError
from footlights.core.frame import Frame
from footlights.core.scene import Pose, Region, Scene, Track
from footlights.perception.pose import Reading
from footlights.recognition import second_look
from footlights.recognition.gestures import GestureRecogniser
from footlights.recognition.second_look import ARMS, SecondLook, in_doubt
from tests.recognition.figures import CROSSED, CROSSED_LOW, DOWN, PICTURE, UP, Arm, both, figure

MIXED_UP: Arm = ((0.30, -0.45, 0.35), (0.20, 0.02, 0.60))  # crossed arms, each hand taken for the other


class TellsTruth:
    """Stands for the large model: says that the arms are crossed as they are in the figure it was given."""

    def __init__(self, truth: Pose) -> None:
        self.truth = truth
        self.looks = 0

    def read(self, frame: Frame, region: Region) -> Reading:
        self.looks += 1
        xyz = np.zeros((39, 3), np.float32)
        xyz[:33, :2] = self.truth.xy
        return Reading(xyz, np.full(33, 0.99, np.float32), self.truth.world, 1.0, region)


def scene(time: float, *poses: Pose) -> Scene:
    tracks = [
        Track(track, "person", np.zeros(4, np.float32), 1.0, 0.0, time, pose=pose)
        for track, pose in enumerate(poses, 1)
    ]
    return Scene(Frame(PICTURE, time, "test", 0), tracks=tracks)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[TellsTruth]:
    told = TellsTruth(figure(both(CROSSED)))
    monkeypatch.setattr(second_look, "PoseModel", lambda *_: told)
    yield told


def test_only_hands_before_the_chest_are_in_doubt() -> None:
    assert in_doubt(figure(both(MIXED_UP)))
    for arm in (DOWN, UP, CROSSED_LOW, CROSSED):
        assert not in_doubt(figure(both(arm)))
    assert not in_doubt(None)


def test_arms_that_were_mixed_up_are_put_right(model: TellsTruth) -> None:
    recogniser, mixed = GestureRecogniser(["x_arms"]), figure(both(MIXED_UP))
    assert recogniser.judge(mixed)["x_arms"] < 0.5
    seen = scene(0.0, mixed)
    SecondLook().run(seen)
    pose = seen.tracks[0].pose
    assert pose is not None
    assert recogniser.judge(pose)["x_arms"] >= 0.5
    np.testing.assert_allclose(pose.xy[ARMS], model.truth.xy[ARMS], atol=0.5)
    np.testing.assert_array_equal(pose.xy[:13], mixed.xy[:13])
    np.testing.assert_array_equal(pose.xy[23:], mixed.xy[23:])


def test_arms_that_are_not_crossed_are_left_alone(model: TellsTruth) -> None:
    model.truth = figure(both(((0.45, -0.45, 0.35), (0.25, 0.0, 0.6))))
    mixed = figure(both(MIXED_UP))
    seen = scene(0.0, mixed)
    SecondLook().run(seen)
    assert model.looks == 1
    assert seen.tracks[0].pose is mixed


def test_between_two_looks_the_arms_move_with_the_body(model: TellsTruth) -> None:
    stage, mixed = SecondLook(), figure(both(MIXED_UP))
    stage.run(scene(0.0, mixed))
    moved = replace(mixed, xy=mixed.xy + np.float32([20, 10]))
    seen = scene(0.033, moved)
    stage.run(seen)
    assert model.looks == 1
    assert seen.tracks[0].pose is not None
    np.testing.assert_allclose(seen.tracks[0].pose.xy[ARMS], model.truth.xy[ARMS] + [20, 10], atol=0.5)


def test_a_person_is_looked_at_a_few_times_a_second(model: TellsTruth) -> None:
    stage = SecondLook()
    for index in range(31):
        stage.run(scene(index / 30, figure(both(MIXED_UP))))
    assert 7 <= model.looks <= 9


def test_a_crowd_takes_turns_and_everybody_has_one(model: TellsTruth) -> None:
    stage, crowd = SecondLook(), [figure(both(MIXED_UP))] * 6
    stage.run(scene(0.0, *crowd))
    model.looks, first = 0, model.looks
    assert first == 6, "nothing came before the first picture: it may stand alone"
    for index in range(1, 31):
        stage.run(scene(index / 30, *crowd))
    assert model.looks <= 31
    assert all(look.time > 0.5 for _, look in stage._looks)


def test_nobody_in_doubt_costs_nothing_and_leaves_nothing(model: TellsTruth) -> None:
    stage = SecondLook()
    stage.run(scene(0.0, figure(both(MIXED_UP))))
    stage.run(scene(0.1, figure(both(DOWN))))
    assert (model.looks, len(stage._looks)) == (1, 0)


def test_without_the_large_model_poses_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModelMissingError("not in the cache")

    monkeypatch.setattr(second_look, "PoseModel", missing)
    mixed = figure(both(MIXED_UP))
    seen = scene(0.0, mixed)
    SecondLook().run(seen)
    assert seen.tracks[0].pose is mixed
