"""The shipped nets answer after every frame, for as many people as there are."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.models.cards import card
from footlights.recognition.movement.reader import MovementReader
from footlights.studio.movement.library import library
from tests.recognition.movement.puppet import seen

WAVE = "wave?seed=2&camera=upper"


@pytest.fixture(params=["gestures", "exercises"])
def reader(request: pytest.FixtureRequest) -> MovementReader:
    return MovementReader(request.param)


def test_each_label_has_a_probability_and_a_threshold(reader: MovementReader) -> None:
    state = reader.new()
    for time, pose, hands in seen(WAVE, seconds=1):
        answer = reader.step(state, time, pose, hands)
    assert answer.shape == (len(reader.labels),) == reader.thresholds.shape
    assert ((answer >= 0) & (answer <= 1)).all()
    assert ((reader.thresholds > 0) & (reader.thresholds < 1)).all()


def test_the_files_are_small() -> None:
    assert all(card(name).size <= 2_000_000 for name in ("gestures", "exercises"))


def test_the_labels_are_those_of_the_library() -> None:
    for net in ("gestures", "exercises"):
        assert set(MovementReader(net).labels) == set(library(net).labels)


def test_people_do_not_disturb_one_another(reader: MovementReader) -> None:
    alone, first, second = reader.new(), reader.new(), reader.new()
    other = seen("squat?seed=3", seconds=1)
    for (time, pose, hands), (_, strange, more) in zip(seen(WAVE, seconds=1), other, strict=True):
        one = reader.step(alone, time, pose, hands)
        reader.step(second, time, strange, more)
        np.testing.assert_array_equal(one, reader.step(first, time, pose, hands))


def test_between_steps_the_answer_stays(reader: MovementReader) -> None:
    state, answers = reader.new(), []
    for time, pose, hands in seen(WAVE, fps=60, seconds=1):
        answers.append(reader.step(state, time, pose, hands))
    changes = [not np.array_equal(a, b) for a, b in itertools.pairwise(answers)]
    assert 17 <= sum(changes) <= 21


def test_who_was_away_for_long_begins_anew(reader: MovementReader) -> None:
    frames = seen(WAVE, seconds=2)
    fresh, used = reader.new(), reader.new()
    for time, pose, hands in frames:
        reader.step(used, time, pose, hands)
    for time, pose, hands in frames[:10]:
        np.testing.assert_array_equal(reader.step(fresh, time, pose, hands), reader.step(used, time + 60, pose, hands))


def test_without_a_pose_the_answer_fades(reader: MovementReader) -> None:
    state = reader.new()
    for time, pose, hands in seen(WAVE, seconds=2):
        reader.step(state, time, pose, hands)
    for index in range(40):
        answer = reader.step(state, 2 + index / 20, None, {})
    shown = [label for label, value in zip(reader.labels, answer >= reader.thresholds, strict=True) if value]
    assert not [label for label in shown if not label.startswith("posture:")]


def test_a_card_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no movement net"):
        MovementReader("emotion")
    with pytest.raises(SettingsError, match="did you mean gestures"):
        MovementReader("gesture")
