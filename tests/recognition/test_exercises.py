"""Exercises begin, are counted and end; what is probable is said by a stand-in for the net."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Floats, Hand, Pose, Scene, Side
from footlights.recognition.exercises import ExerciseRecogniser
from tests.recognition.figures import DOWN, Arms, T, between, both, jumping_jacks, scenes

LABELS = ("jumping_jack", "plank", "no_person", "posture:standing", "posture:prone")
Chances = Callable[[float], dict[str, float]]


class Told:
    """Says how probable each label is at each moment, as it was told to."""

    labels = LABELS

    def __init__(self, chances: Chances) -> None:
        self._chances = chances

    def new(self) -> None:
        return None

    def step(self, state: None, time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> Floats:
        found = self._chances(time)
        return np.array([found.get(label, 0.0) for label in LABELS], np.float32)


def watch(film: Iterable[Scene], recogniser: ExerciseRecogniser) -> list[Event]:
    events, time = [], 0.0
    for scene in film:
        time = scene.frame.time
        events += recogniser.update(scene)
    return [*events, *recogniser.finish("test", time)]


def kinds(events: Iterable[Event], kind: str) -> list[Event]:
    return [event for event in events if event.kind == kind]


def between_times(begin: float, end: float, label: str = "jumping_jack") -> Chances:
    return lambda t: {label: 0.9} if begin <= t <= end else {}


def test_an_exercise_with_its_repetitions() -> None:
    recogniser = ExerciseRecogniser(Told(between_times(1.5, 8.0)))
    events = watch(scenes(jumping_jacks(1.0), 8.0), recogniser)
    (begin,), (end,) = kinds(events, "exercise.begin"), kinds(events, "exercise.end")
    assert begin.data["exercise"] == "jumping_jack" and 1.8 <= begin.time <= 2.25
    assert float(str(begin.data["onset"])) < 0.5  # the repetitions made before it was known are credited to it
    reps = kinds(events, "repetition")
    assert [event.data["count"] for event in reps] == list(range(1, len(reps) + 1))
    assert len(reps) in (7, 8) and end.data["count"] == len(reps)
    assert reps[-1].data["period"] == pytest.approx(1.0, abs=0.05)
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_one_repetition_that_agrees_with_the_library_is_enough() -> None:
    """Half a second of probability: no exercise by itself, but one whole jumping jack is seen in it."""

    def once(time: float) -> Arms:
        return jumping_jacks(1.0)(min(max(time - 1.0, 0.0), 1.0))

    events = watch(scenes(once, 4.0), ExerciseRecogniser(Told(between_times(1.6, 2.2))))
    assert [event.data["count"] for event in kinds(events, "repetition")] == [1]
    assert len(kinds(events, "exercise.begin")) == 1


def test_a_moment_is_no_exercise_and_a_lapse_does_not_end_one() -> None:
    assert watch(scenes(lambda t: both(DOWN), 4.0), ExerciseRecogniser(Told(between_times(1.0, 1.5)))) == []

    def lapse(time: float) -> dict[str, float]:
        return {"jumping_jack": 0.1 if 3.0 < time < 4.0 else 0.9}

    events = watch(scenes(jumping_jacks(1.0), 7.0), ExerciseRecogniser(Told(lapse)))
    assert len(kinds(events, "exercise.begin")) == 1


def test_it_ends_a_while_after_it_was_last_probable() -> None:
    events = watch(scenes(lambda t: both(DOWN), 8.0), ExerciseRecogniser(Told(between_times(1.0, 4.0))))
    (end,) = kinds(events, "exercise.end")
    assert end.time == pytest.approx(4.0, abs=0.05)
    assert end.data["seconds"] == pytest.approx(3.0, abs=0.1)


def test_one_that_is_held_takes_longer_to_begin_and_counts_nothing() -> None:
    recogniser = ExerciseRecogniser(Told(between_times(1.0, 6.0, "plank")))
    events = watch(scenes(jumping_jacks(1.0), 6.0), recogniser)
    (begin,) = kinds(events, "exercise.begin")
    assert begin.time == pytest.approx(2.5, abs=0.05)
    assert kinds(events, "repetition") == []
    assert kinds(events, "exercise.end")[0].data["seconds"] == pytest.approx(5.0, abs=0.1)


def test_how_long_it_is_held_is_told_every_ten_seconds() -> None:
    recogniser = ExerciseRecogniser(Told(between_times(1.0, 26.0, "plank")))
    holds = kinds(watch(scenes(lambda t: both(DOWN), 27.0), recogniser), "exercise.hold")
    assert [event.data["seconds"] for event in holds] == [10, 20]
    assert [event.time for event in holds] == pytest.approx([11.0, 21.0], abs=0.05)


def test_a_movement_that_nobody_knows_is_counted_too() -> None:
    events = watch(scenes(jumping_jacks(1.0), 12.0), ExerciseRecogniser(Told(lambda t: {})))
    (begin,) = kinds(events, "exercise.begin")
    assert begin.data["exercise"] == "doing_other_things"
    assert len(kinds(events, "repetition")) in (11, 12)


def test_nothing_and_other_things() -> None:
    recogniser = ExerciseRecogniser(Told(lambda t: {"posture:standing": 0.8}))
    seen = []
    for scene in scenes(lambda t: both(DOWN if t < 3 else between(DOWN, T, (t - 3) % 1.7)), 5.0):
        assert list(recogniser.update(scene)) == []
        seen.append(recogniser.person(1).doing)
    assert seen[60] == "doing_nothing" and seen[-1] == "doing_other_things"
    assert recogniser.person(1).posture == "standing"


def test_two_people_are_counted_apart_and_one_who_leaves_is_forgotten() -> None:
    recogniser = ExerciseRecogniser(Told(between_times(0.0, 20.0)))
    film = list(scenes({1: jumping_jacks(1.0), 2: jumping_jacks(0.5)}, 9.0))
    for scene in film[200:]:
        scene.tracks = scene.tracks[:1]
    events = watch(film, recogniser)
    assert len(kinds((e for e in events if e.track == 2), "repetition")) == 3
    assert len(kinds((e for e in events if e.track == 1), "repetition")) in (8, 9)
    assert next(e.time for e in kinds(events, "exercise.end")) == pytest.approx(200 / 30, abs=0.01)


OWN = """
[arm_raise]
title = "Arm raise"
exercise = {met = 3.5, counts = 1, seconds = 1.0}
when = [{feature = "both.arm_raise", measure = "span", window = 3.0, enter = 60, leave = 30}]

[t_hold]
exercise = {met = 2.0, counts = 0}
when = [{feature = "both.arm_raise", enter = 75, leave = 60}, {feature = "both.elbow_angle", enter = 150, leave = 130}]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    return path


def test_exercises_of_ones_own(own: Path) -> None:
    recogniser = ExerciseRecogniser(Told(lambda t: {}), own=[own])
    events = watch(scenes(jumping_jacks(1.0), 8.0), recogniser)
    assert [event.data["title"] for event in kinds(events, "exercise.begin")] == ["Arm raise"]
    assert len(kinds(events, "repetition")) in (7, 8)
    held = watch(scenes(lambda t: both(T if t > 1 else DOWN), 5.0), ExerciseRecogniser(Told(lambda t: {}), own=[own]))
    assert [event.data["exercise"] for event in kinds(held, "exercise.begin")] == ["t_hold"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[a]\nwhen = []", "exercise 'a': needs a line such as exercise ="),
        ("[a]\nexercise = {met = 99}", "met must be a number from 0.9 to 25"),
        ("[a]\nexercise = {counts = 1}", "lacks met"),
        ("[a]\nexercise = {met = 3, count = 1}", "there is no key 'count' in exercise; did you mean 'counts'"),
        ("[a]\nexercise = {met = 3}\nwhen = [{feature = 'knee'}]", "exercise 'a', condition 1: lacks enter and leave"),
        ("[a", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        ExerciseRecogniser(Told(lambda t: {}), own=[path])
