"""What is told where there is no gesture, what a movement net says, and what hands show."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene, Track
from footlights.recognition import gestures
from footlights.recognition.gestures import GestureRecogniser
from tests.recognition.figures import (
    CROSSED,
    DOWN,
    PICTURE,
    begins,
    both,
    clapping,
    held,
    jumping_jacks,
    scenes,
    watch,
    waving,
)
from tests.recognition.movement.puppet import seen

STATES = ("no_person", "doing_nothing", "doing_other_things")


def absent(film: Iterable[Scene], begin: float, end: float) -> Iterator[Scene]:
    """Nobody there for a while."""
    for scene in film:
        if begin <= scene.frame.time < end:
            scene.tracks.clear()
        yield scene


def spans(events: Iterable[Event], name: str) -> list[tuple[str, float]]:
    return [(event.kind.split(".")[1], event.time) for event in events if event.data["gesture"] == name]


def test_nobody_in_sight_is_told_for_no_track_and_ends_when_somebody_comes() -> None:
    events = watch(absent(scenes(lambda t: both(DOWN), seconds=8), 2.0, 5.0), GestureRecogniser(["no_person"]))
    assert [(event.kind, event.track) for event in events] == [("gesture.begin", None), ("gesture.end", None)]
    begin, end = events
    assert begin.data["onset"] == pytest.approx(2.0, abs=0.05)
    assert end.time == pytest.approx(5.0, abs=0.3)


def test_a_person_without_landmarks_is_nobody() -> None:
    film = list(scenes(lambda t: both(DOWN), seconds=3))
    for scene in film:
        scene.tracks[0].pose = None
    assert [name for name, _ in begins(watch(film, GestureRecogniser(STATES)))] == ["no_person"]


def test_an_empty_picture_of_a_folder_shows_nobody() -> None:
    film = absent(scenes(lambda t: both(DOWN), seconds=3, fps=1), 1.0, 2.0)
    events = watch(film, GestureRecogniser(["no_person"]))
    assert [(event.kind, event.time) for event in events] == [("gesture.begin", 1.0), ("gesture.end", 1.0)]


def test_standing_still_is_nothing_and_moving_is_something_else() -> None:
    jacks = jumping_jacks()
    film = scenes(lambda t: both(DOWN) if t < 4 else jacks(t), seconds=9)
    events = watch(film, GestureRecogniser(STATES))
    assert [name for name, _ in begins(events)] == ["doing_nothing", "doing_other_things"]
    assert spans(events, "doing_nothing")[1][1] == pytest.approx(4.5, abs=0.7)


def test_whoever_makes_a_gesture_does_not_do_other_things() -> None:
    events = watch(scenes(clapping(begin=1.0, end=8.0), seconds=8), GestureRecogniser(["clap", *STATES]))
    clap = spans(events, "clap")[0][1]
    other = spans(events, "doing_other_things")
    assert all(kind == "end" for kind, time in other if time > clap + 0.1)
    assert not any(time > clap for kind, time in spans(events, "doing_nothing") if kind == "begin")


def test_states_are_told_only_where_they_are_asked_for() -> None:
    assert not set(STATES) & GestureRecogniser(None).definitions.keys()


class Net:
    """A movement net that is sure of dabbing from second 1 to second 2, and hardly of a nod."""

    labels = ("nod", "dab")
    thresholds = np.array([0.8, 0.6], np.float32)

    def new(self) -> list[float]:
        return []

    def step(self, state: list[float], time: float, pose: object, hands: Mapping[str, object]) -> np.ndarray:
        state.append(time)
        return np.array([0.2, 0.9 if 1.0 <= time < 2.0 else 0.1], np.float32)


def test_what_the_net_says_becomes_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gestures, "MovementReader", Net)
    events = watch(scenes(lambda t: both(DOWN), seconds=4), GestureRecogniser(["dab", "nod"]))
    assert [(event.kind, event.data["gesture"]) for event in events] == [
        ("gesture.begin", "dab"),
        ("gesture.end", "dab"),
    ]
    assert events[0].data["onset"] == pytest.approx(1.0, abs=0.05)
    assert 2.0 <= events[1].time <= 2.5
    assert events[1].data["duration"] == pytest.approx(1.0, abs=0.1)


def test_a_rule_may_keep_the_net_quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gestures, "MovementReader", Net)
    own = tmp_path / "own.toml"
    own.write_text('[dab]\nlearned = true\nwhen = [{feature = "wrists_crossed", enter = 0, leave = -0.1}]', "utf-8")
    assert begins(watch(scenes(lambda t: both(DOWN), seconds=3), GestureRecogniser(["dab"], own=[own]))) == []
    assert len(begins(watch(scenes(held(CROSSED, 0.5, 3.0), seconds=3), GestureRecogniser(["dab"], own=[own])))) == 1


def test_net_or_rule_may_be_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gestures, "MovementReader", Net)
    own = tmp_path / "own.toml"
    rule = '{feature = "wrists_crossed", enter = 0, leave = -0.1}'
    own.write_text(f"[dab]\nlearned = true\neither = true\nwhen = [{rule}]", "utf-8")
    film = list(scenes(held(CROSSED, 3.0, 4.0), seconds=5))
    events = watch(film, GestureRecogniser(["dab", "nod"], own=[own]))
    assert [onset for _, onset in begins(events)] == pytest.approx([1.0, 3.0], abs=0.2)
    alone = GestureRecogniser(["dab"], own=[own])  # which is judged by arms alone: no net, no hands
    assert alone.needs == {"pose", "arms"}
    assert [onset for _, onset in begins(watch(film, alone))] == pytest.approx([3.0], abs=0.2)


def test_a_picture_that_stands_alone_shows_no_movement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gestures, "MovementReader", Net)
    assert begins(watch(scenes(lambda t: both(DOWN), seconds=3, fps=1), GestureRecogniser(["dab"]))) == []


def test_a_label_that_the_net_does_not_know_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gestures, "MovementReader", Net)
    with pytest.raises(SettingsError, match=r"drinking.*it knows nod, dab"):
        GestureRecogniser(["drinking"])


def test_no_net_runs_where_no_gesture_asks_for_one() -> None:
    assert not GestureRecogniser(["wave", "x_arms"])._nets
    assert GestureRecogniser(["thumb_up"]).needs == {"pose", "hands"}
    assert GestureRecogniser(["wave"]).needs == {"pose"}


def puppet(address: str, seconds: float = 4.0) -> Iterator[Scene]:
    """Somebody of the rehearsal, as perfect models would see it."""
    for index, (time, pose, hands) in enumerate(seen(address, seconds=seconds)):
        box = np.concatenate([pose.xy.min(0), pose.xy.max(0)])
        track = Track(1, "person", box, 1.0, 0.0, time, pose=pose, hands=hands)
        yield Scene(Frame(PICTURE, time, "test", index), tracks=[track])


SHOWN = (
    "thumb_up", "thumb_down", "victory", "ok", "fist", "open_palm", "middle_finger", "finger_to_mouth", "point_left",
    "point_right",
)  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_hand_shows_is_told_and_nothing_else(name: str) -> None:
    film = puppet(f"{name}?seed=11&camera=full&pace=1&mirror=no")
    assert {found for found, _ in begins(watch(film, GestureRecogniser(SHOWN)))} == {name}


def test_a_hand_that_hangs_shows_nothing() -> None:
    assert begins(watch(puppet("idle?seed=3&camera=full"), GestureRecogniser(SHOWN))) == []


def test_without_hands_nothing_is_shown() -> None:
    film = list(puppet("thumb_up?seed=11&camera=full"))
    for scene in film:
        scene.tracks[0].hands = {}
    assert begins(watch(film, GestureRecogniser(SHOWN))) == []


def test_arms_are_read_without_hands() -> None:
    events = watch(scenes(waving()), GestureRecogniser(["wave", "thumb_up"]))
    assert [name for name, _ in begins(events)] == ["wave"]
