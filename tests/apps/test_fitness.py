"""The apps `fitness` and `calories`: what they say and show of a workout."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from footlights.apps.calories import Calories
from footlights.apps.fitness import Fitness
from footlights.core.cue import Badge, Cue, Figure, Strip, Text
from footlights.core.event import Event
from footlights.core.scene import Floats, Hand, Pose, Scene, Side
from tests.recognition.figures import DOWN, both, jumping_jacks, scenes

WOMAN = {"weight": 65.0, "height": 170.0, "age": 30.0, "gender": "female"}


class Jacks:
    """Stands in for the net: jumping jacks from one second on."""

    labels = ("jumping_jack",)

    def __init__(self, begin: float = 1.0, end: float = 1e9) -> None:
        self._begin, self._end = begin, end

    def new(self) -> None:
        return None

    def step(self, state: None, time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> Floats:
        return np.array([float(pose is not None and self._begin <= time <= self._end)], np.float32)


def fitness(app: type[Fitness] = Fitness, reader: Jacks | None = None, **settings: object) -> Fitness:
    return app(app.Settings(**{**WOMAN, **settings}), reader or Jacks())  # type: ignore[arg-type]


def play(app: Fitness, film: Iterable[Scene]) -> tuple[list[Event], list[list[Cue]]]:
    """All events, the end's included, and the cues of every frame."""
    events, cues = [], []
    for scene in film:
        said = list(app.step(scene))
        events += [output for output in said if isinstance(output, Event)]
        cues.append([output for output in said if not isinstance(output, Event)])
    return [*events, *app.end()], cues


def figures(cues: list[Cue]) -> dict[str, str]:
    """Values by their words."""
    return {cue.text: cue.value for cue in cues if isinstance(cue, Figure)}


def kinds(events: Iterable[Event], kind: str) -> list[Event]:
    return [event for event in events if event.kind == kind]


def test_a_workout_from_its_begin_to_its_summary() -> None:
    events, cues = play(fitness(), scenes(jumping_jacks(1.0), 13.0))
    assert [event.kind for event in events][:1] == ["workout.begin"]
    assert events[-1].kind == "workout.summary" and len(kinds(events, "workout.summary")) == 1
    summary = events[-1].data
    (row,) = summary["exercises"]  # type: ignore[misc, union-attr]
    assert (row["title"], row["sets"]) == ("Jumping jack", 1) and row["reps"] in (12, 13)  # type: ignore[index, call-overload]
    assert json.loads(json.dumps(summary))["person"]["resting_kcal_a_day"] == 1401.5
    shown = figures(cues[-1])
    assert shown["Jumping jack"] == str(row["reps"])  # type: ignore[index, call-overload]
    assert float(shown["kcal"]) == pytest.approx(float(str(summary["kcal"])), abs=0.06)
    (strip,) = [cue for cue in cues[-1] if isinstance(cue, Strip)]
    assert [text for *_, text in strip.spans] == ["Jumping jack"] and strip.text == "0:12"


def test_every_ten_repetitions_are_said_aloud() -> None:
    events, _ = play(fitness(), scenes(jumping_jacks(2.0), 13.0))
    assert [event.data["say"] for event in kinds(events, "repetition") if "say" in event.data] == ["10", "20"]


def test_a_countdown_is_shown_and_said_and_nothing_counts_before_its_end() -> None:
    app = fitness(countdown=3.0)
    events, cues = play(app, scenes(jumping_jacks(1.0), 8.0))
    assert [event.data["say"] for event in kinds(events, "countdown")] == ["3", "2", "1"]
    assert figures(cues[0]) == {"Get ready": "3"} and figures(cues[75]) == {"Get ready": "1"}
    (begin,) = kinds(events, "workout.begin")
    assert (begin.time, begin.data["say"]) == (3.0, "Go!")
    assert len(kinds(events, "repetition")) in (4, 5)
    assert events[-1].data["seconds"] == pytest.approx(5.0, abs=0.1)


def test_a_camera_gives_time_to_step_back() -> None:
    film = [Scene(replace(scene.frame, arrived=1.0), tracks=scene.tracks) for scene in scenes(jumping_jacks(1.0), 6.0)]
    events, _ = play(fitness(), film)
    assert kinds(events, "workout.begin")[0].time == 5.0


def test_a_person_who_is_found_again_goes_on_where_they_were() -> None:
    film = list(scenes(jumping_jacks(1.0), 12.0))
    for scene in film[180:195]:
        scene.tracks = []
    for scene in film[195:]:
        scene.tracks = [replace(track, id=7) for track in scene.tracks]
    events, cues = play(fitness(), film)
    (summary,) = kinds(events, "workout.summary")
    (row,) = summary.data["exercises"]  # type: ignore[misc, union-attr]
    assert row["sets"] == 2 and row["reps"] in (10, 11)  # type: ignore[index, call-overload]
    assert any(isinstance(cue, Text) and cue.text == "Nobody in sight" for cue in cues[185])


def test_two_people_have_a_workout_each() -> None:
    events, cues = play(fitness(), scenes({1: jumping_jacks(1.0), 2: jumping_jacks(0.5)}, 9.0))
    summaries = [event.data for event in kinds(events, "workout.summary")]
    assert [summary["number"] for summary in summaries] == [1, 2]
    assert any(isinstance(cue, Badge) and cue.text.endswith("Jumping jack") for cue in cues[-1])


def test_the_calories_of_a_film_do_not_depend_on_the_frame_rate() -> None:
    burnt = []
    for fps in (12.0, 30.0, 60.0):
        events, _ = play(fitness(reader=Jacks(1.0, 8.0)), scenes(lambda t: jumping_jacks(1.0)(min(t, 8.0)), 14.0, fps))
        burnt.append(float(str(events[-1].data["kcal"])))
    assert max(burnt) / min(burnt) < 1.05


def test_standing_costs_little_and_jumping_much() -> None:
    standing = play(fitness(reader=Jacks(99.0)), scenes(lambda t: both(DOWN), 10.0))[0][-1].data
    assert standing["mean_met"] == 1.3 and standing["exercises"] == []
    jumping = play(fitness(), scenes(jumping_jacks(1.0), 10.0))[0][-1].data
    assert float(str(jumping["kcal"])) > 3 * float(str(standing["kcal"]))


def test_calories_alone() -> None:
    _, cues = play(fitness(Calories), scenes(jumping_jacks(1.0), 6.0))
    shown = figures(cues[-1])
    assert set(shown) == {"kcal", "MET now", "corrected MET"}
    assert float(shown["corrected MET"]) == pytest.approx(float(shown["MET now"]) * 3.5 / 2.9946, abs=0.1)


def test_nothing_was_seen() -> None:
    app = fitness()
    assert list(app.end()) == []
