"""The recogniser on films of a stick figure: what is done is found and nothing else, at any rate, size and place."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.recognition.gestures import GestureRecogniser
from tests.recognition.figures import (
    CROSSED,
    CROSSED_LOW,
    DOWN,
    FOLDED,
    FRONT,
    ON_HEAD,
    UP,
    WEBCAM,
    Motion,
    T,
    View,
    begins,
    between,
    both,
    clapping,
    figure,
    held,
    jumping_jacks,
    mirrored,
    scenes,
    waving,
)
from tests.recognition.figures import watch as watch_all

DONE: dict[str, Motion] = {"x_arms": held(CROSSED), "arms_up": held(UP), "wave": waving(), "clap": clapping()}
OTHER: dict[str, Motion] = {
    "idle": lambda t: both(DOWN),
    "arms crossed low": held(CROSSED_LOW),
    "arms folded": held(FOLDED),
    "hands on the head": held(ON_HEAD),
    "arms stretched sideways": held(T),
    "jumping jacks": jumping_jacks(),
    "fast jumping jacks": jumping_jacks(1.4),
    "one arm raised": lambda t: (held(UP)(t)[0], DOWN),
    "hand scratches the head": waving(size=0.05),
    "hands swing at the hips": clapping(height=-1.1),
}
RULES = ("x_arms", "arms_up", "wave", "clap")


def watch(film: Iterable[Scene], recogniser: GestureRecogniser | None = None) -> list[Event]:
    """All events of a film, of the gestures that arms alone show by rules."""
    return watch_all(film, recogniser or GestureRecogniser(RULES))


VIEWS = {
    "front": FRONT,
    "webcam": WEBCAM,
    "turned left": View(yaw=40),
    "turned right": View(yaw=-40),
    "far and noisy": View(unit=35, noise=0.5),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("name", DONE)
def test_every_gesture_is_found_when_it_begins(name: str, view: View) -> None:
    events = watch(scenes(DONE[name], view=view))
    assert [gesture for gesture, _ in begins(events)] == [name]
    begin, end = events
    assert begin.data["onset"] == pytest.approx(1.0, abs=0.3)
    assert 0.5 <= float(begin.data["confidence"]) <= 1.0  # type: ignore[arg-type]
    assert end.kind == "gesture.end"
    assert end.data["gesture"] == name
    assert 1.7 <= float(end.data["duration"]) <= 3.2  # type: ignore[arg-type]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("name", OTHER)
def test_nothing_is_invented(name: str, view: View) -> None:
    assert begins(watch(scenes(OTHER[name], view=view))) == []


@pytest.mark.parametrize("name", ["x_arms", "arms_up"])
def test_what_is_held_is_told_within_a_third_of_a_second(name: str) -> None:
    assert watch(scenes(DONE[name]))[0].time <= 1.3


@given(fps=st.floats(10, 60), name=st.sampled_from(sorted(DONE)))
@settings(max_examples=25, deadline=None)
def test_the_frame_rate_does_not_matter(fps: float, name: str) -> None:
    found = begins(watch(scenes(DONE[name], fps=fps)))
    assert [gesture for gesture, _ in found] == [name]
    assert found[0][1] == pytest.approx(1.0, abs=0.3)


@given(x=st.floats(0, 640), y=st.floats(0, 480), unit=st.floats(30, 400), name=st.sampled_from(sorted(DONE)))
@settings(max_examples=20, deadline=None)
def test_place_and_size_do_not_matter(x: float, y: float, unit: float, name: str) -> None:
    there = begins(watch(scenes(DONE[name], view=View(x=x, y=y, unit=unit))))
    assert there == begins(watch(scenes(DONE[name])))


@pytest.mark.parametrize("name", DONE)
def test_the_mirrored_film_gives_the_mirrored_events(name: str) -> None:
    here, there = watch(scenes(DONE[name])), watch(_mirrored(scenes(DONE[name])))
    assert begins(there) == begins(here)
    if name == "wave":
        assert [event.data["side"] for event in here + there] == ["left", "left", "right", "right"]


def test_everybody_has_an_own_state() -> None:
    events = watch(scenes({1: held(CROSSED), 2: waving(), 3: lambda t: both(DOWN)}))
    assert {(event.track, event.data["gesture"]) for event in events} == {(1, "x_arms"), (2, "wave")}


def test_the_same_film_gives_the_same_events() -> None:
    films = [watch(scenes(waving(), view=View(noise=1.0), seed=3)) for _ in range(2)]
    assert films[0] == films[1]


def test_a_short_gap_does_not_end_a_gesture_and_a_long_one_does() -> None:
    def film(hidden: float) -> Iterator[Scene]:
        for scene in scenes(held(CROSSED, 1.0, 4.0)):
            if 2.0 <= scene.frame.time < 2.0 + hidden:
                scene.tracks[0].pose = None
            yield scene

    assert len(begins(watch(film(0.15)))) == 1
    assert len(begins(watch(film(0.6)))) == 2


def test_a_lost_track_ends_its_gesture_where_it_was_last_seen() -> None:
    def film() -> Iterator[Scene]:
        for scene in scenes(held(CROSSED, 1.0, 9.0)):
            yield scene if scene.frame.time < 2.0 else replace(scene, tracks=[])

    recogniser = GestureRecogniser(RULES)
    begin, end = watch(film(), recogniser)
    assert (end.kind, end.time) == ("gesture.end", 2.0)
    assert end.data["duration"] == pytest.approx(1.967 - float(begin.data["onset"]), abs=0.01)  # type: ignore[arg-type]


def test_after_a_pause_of_the_stream_the_past_does_not_count() -> None:
    def film() -> Iterator[Scene]:
        for scene in scenes(held(CROSSED, 1.0, 9.0), seconds=4):
            late = scene.frame.time >= 2.0
            yield replace(scene, frame=replace(scene.frame, time=scene.frame.time + 10)) if late else scene

    events = watch(film())
    assert [event.kind for event in events] == ["gesture.begin", "gesture.end"] * 2
    assert events[1].time == 12.0
    assert events[2].time == pytest.approx(12.167, abs=0.04)


def test_hold_and_cooldown(tmp_path: Path) -> None:
    film = list(scenes(held(CROSSED, 1.0, 2.0))) + [
        replace(scene, frame=replace(scene.frame, time=scene.frame.time + 5)) for scene in scenes(held(CROSSED))
    ]
    assert len(begins(watch(film))) == 2
    assert len(begins(watch(film, GestureRecogniser(RULES, hold=1.5)))) == 1
    own = tmp_path / "own.toml"
    own.write_text(
        '[x_arms]\ncooldown = 30\nwhen = [{feature = "wrists_crossed", enter = 0, leave = -0.1}]', encoding="utf-8"
    )
    assert len(begins(watch(film, GestureRecogniser(["x_arms"], own=[own])))) == 1


def test_hysteresis_keeps_a_trembling_gesture_together() -> None:
    half = between(CROSSED, ((0.3, -0.45, 0.35), (0.1, 0.02, 0.6)), 0.6)  # about where it begins to count

    def tremble(t: float) -> tuple:
        return both(between(half, CROSSED, 0.25 * (int(t * 15) % 2))) if t > 1 else both(DOWN)

    assert len(begins(watch(scenes(tremble)))) == 1


def test_a_gesture_that_lasts_ends_with_the_stream() -> None:
    begin, end = watch(scenes(held(CROSSED, 1.0, 99.0), seconds=3))
    assert (begin.kind, end.kind, end.time) == ("gesture.begin", "gesture.end", pytest.approx(2.967))


def test_judging_one_picture() -> None:
    recogniser = GestureRecogniser(RULES)
    scores = {
        name: recogniser.judge(figure(both(arm))) for name, arm in (("x", CROSSED), ("up", UP), ("low", CROSSED_LOW))
    }
    assert scores["x"]["x_arms"] >= 0.5 > scores["x"]["arms_up"]
    assert scores["up"]["arms_up"] >= 0.5 > scores["up"]["x_arms"]
    assert max(scores["low"].values()) < 0.5
    assert scores["up"]["wave"] == scores["up"]["clap"] == 0.0


def test_pictures_of_a_folder_stand_alone() -> None:
    arms = [CROSSED, DOWN, CROSSED, UP, CROSSED_LOW, CROSSED]
    film = scenes(lambda t: both(arms[round(t)]), seconds=6, fps=1)
    events = watch(film)
    assert [event.kind for event in events] == ["gesture.begin", "gesture.end"] * 4
    assert [(name, event.time) for (name, _), event in zip(begins(events), events[::2], strict=True)] == [
        ("x_arms", 0.0), ("x_arms", 2.0), ("arms_up", 3.0), ("x_arms", 5.0),
    ]  # fmt: skip
    assert all(event.data["duration"] == 0.0 for event in events[1::2])


def test_one_frame_of_a_film_is_no_picture_that_stands_alone() -> None:
    assert begins(watch(scenes(lambda t: both(CROSSED if t == 1.0 else DOWN), seconds=3))) == []


def test_progress_grows_with_the_hold_time() -> None:
    recogniser = GestureRecogniser(["x_arms"], hold=1.0)
    seen = []
    for scene in scenes(held(CROSSED, 1.0, 9.0), seconds=3):
        list(recogniser.update(scene))
        seen.append(recogniser.progress(1)["x_arms"].holding(1.0))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    assert any(0.4 < share < 0.6 for share in seen)


def test_an_unknown_gesture_is_told_with_the_near_miss() -> None:
    with pytest.raises(SettingsError, match="did you mean 'wave'"):
        GestureRecogniser(["waev"])


def _mirrored(film: Iterator[Scene]) -> Iterator[Scene]:
    for scene in film:
        track = scene.tracks[0]
        assert track.pose is not None
        track.pose = mirrored(track.pose)
        yield scene
