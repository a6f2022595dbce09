"""The app that sets off a show."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from footlights.apps.interact import Interact
from footlights.core.cue import Badge, Bar, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.wire.settings import validate
from tests.recognition.figures import CROSSED, DOWN, Motion, both, held, scenes, waving


def often(*begin: float, lasting: float = 1.0) -> Motion:
    """The arms crossed at each of these times."""

    def arms(t: float) -> tuple:
        return next((held(CROSSED, b, b + lasting)(t) for b in begin if b - 0.5 <= t < b + lasting + 0.5), both(DOWN))

    return arms


def run(app: Interact, film: Iterable[Scene]) -> list[Event]:
    """Its events; cues go into the scenes."""
    events: list[Event] = []
    for scene in film:
        for output in app.step(scene):
            (events if isinstance(output, Event) else scene.cues).append(output)  # type: ignore[arg-type]
    return events + list(app.end())


def triggers(events: list[Event]) -> list[float]:
    return [event.time for event in events if event.kind == "trigger"]


def test_crossed_arms_set_it_off_and_it_goes_on() -> None:
    events = run(Interact(Interact.Settings(cooldown=2.0)), scenes(often(1.0, 4.0), seconds=6))
    assert [event.kind for event in events] == ["gesture.begin", "trigger", "gesture.end"] * 2
    trigger = events[1]
    assert trigger.time == pytest.approx(1.1, abs=0.2)
    assert (trigger.stream, trigger.track, trigger.data["by"], trigger.data["people"]) == ("test", 1, "x_arms", 1)


def test_once_for_each_cooldown() -> None:
    motion = often(1.0, 3.0, 5.0, 7.0, 12.0)
    events = run(Interact(Interact.Settings(cooldown=5.0)), scenes(motion, seconds=14))
    assert triggers(events) == pytest.approx([1.1, 7.1, 12.1], abs=0.2)
    assert sum(event.kind == "gesture.begin" for event in events) == 5


def test_holding_on_does_not_set_it_off_again() -> None:
    events = run(Interact(Interact.Settings(cooldown=1.0)), scenes(often(1.0, lasting=6.0), seconds=8))
    assert len(triggers(events)) == 1


def test_only_the_wanted_gesture_sets_it_off_and_all_are_told() -> None:
    events = run(Interact(Interact.Settings(when=("wave",))), scenes({1: often(1.0), 2: waving()}))
    assert {event.data["gesture"] for event in events if event.kind == "gesture.begin"} == {"x_arms", "wave"}
    assert [event.data["by"] for event in events if event.kind == "trigger"] == ["wave"]


def test_several_people_must_do_it_at_once() -> None:
    settings = Interact.Settings(people=2)
    together = run(Interact(settings), scenes({1: often(1.0, lasting=2), 2: often(2.0, lasting=2), 3: waving()}))
    assert triggers(together) == pytest.approx([2.1], abs=0.2)
    assert triggers(run(Interact(settings), scenes({1: often(1.0), 2: often(3.0)}))) == []


def test_hold_is_asked_for_in_seconds_and_shown_as_a_bar() -> None:
    film = list(scenes(often(1.0, lasting=2.0)))
    events = run(Interact(Interact.Settings(hold=1.0)), film)
    assert triggers(events) == pytest.approx([1.95], abs=0.2)
    bars = [cue.value for scene in film for cue in scene.cues if isinstance(cue, Bar)]
    assert bars == sorted(bars)
    assert len(bars) > 20
    assert triggers(run(Interact(Interact.Settings(hold=3.0)), scenes(often(1.0, lasting=2.0)))) == []


def test_badges_and_counts() -> None:
    film = list(scenes({4: often(1.0)}, seconds=3))
    run(Interact(), film)
    during = film[45].cues
    assert Badge(4, "Crossed arms", "good") in during
    assert Text("Crossed arms: 1") in during
    assert Text("again in 10 s", "top right") in during
    assert Text("Crossed arms: 0") in film[0].cues
    assert not any(isinstance(cue, Badge) for cue in film[0].cues + film[-1].cues)


def test_a_gesture_that_lasts_to_the_end_ends_there() -> None:
    events = run(Interact(), scenes(often(1.0, lasting=9.0), seconds=3))
    assert [event.kind for event in events] == ["gesture.begin", "trigger", "gesture.end"]


def test_a_single_picture_sets_it_off() -> None:
    events = run(Interact(), scenes(lambda t: both(CROSSED), seconds=1, fps=1))
    assert [event.kind for event in events] == ["gesture.begin", "trigger", "gesture.end"]


def test_two_people_on_one_picture_do_it_at_once() -> None:
    film = scenes({1: lambda t: both(CROSSED), 2: lambda t: both(CROSSED)}, seconds=1, fps=1)
    assert triggers(run(Interact(Interact.Settings(people=2)), film)) == [0.0]


def test_own_gestures(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[hug]\ntitle = "Hug"\nwhen = [{feature = "wrists_apart", enter = 0.5, leave = 0.6}]', "utf-8")
    settings = Interact.Settings(when=("hug",), library=(str(own),))
    assert len(triggers(run(Interact(settings), scenes(often(1.0))))) == 1


def test_mistakes_in_the_settings_name_the_near_miss() -> None:
    with pytest.raises(SettingsError, match="did you mean 'x_arms'"):
        Interact(Interact.Settings(when=("x_arm",)))
    with pytest.raises(SettingsError, match="names no gesture"):
        Interact(Interact.Settings(when=()))


def test_settings_come_from_text() -> None:
    settings = validate(Interact.Settings, {"when": "wave,clap", "cooldown": "3", "people": "2", "hold": "0.5"})
    assert settings == Interact.Settings(when=("wave", "clap"), cooldown=3.0, people=2, hold=0.5)
    assert validate(Interact.Settings, {}) == Interact.Settings()
    with pytest.raises(SettingsError, match="people"):
        validate(Interact.Settings, {"people": "0"})
