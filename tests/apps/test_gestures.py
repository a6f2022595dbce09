"""The app that tells every gesture."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from footlights.apps.gestures import Gestures
from footlights.apps.interact import Interact
from footlights.core.cue import Badge, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.recognition.definitions import library
from footlights.wire.settings import validate
from tests.recognition.figures import CROSSED, DOWN, both, held, scenes, waving
from tests.recognition.test_states import absent, puppet

RULES = ("x_arms", "wave", "clap", "no_person", "doing_nothing", "doing_other_things")


def run(app: Gestures, film: Iterable[Scene]) -> list[Event]:
    """Its events; cues go into the scenes."""
    events: list[Event] = []
    for scene in film:
        for output in app.step(scene):
            (events if isinstance(output, Event) else scene.cues).append(output)  # type: ignore[arg-type]
    return events + list(app.end())


def test_every_person_has_own_events_badges_and_a_place_in_the_list() -> None:
    film = list(scenes({1: held(CROSSED), 2: waving()}))
    events = run(Gestures(Gestures.Settings(only=("x_arms", "wave"))), film)
    assert {(event.track, event.data["gesture"]) for event in events} == {(1, "x_arms"), (2, "wave")}
    during, after = film[75].cues, film[-1].cues
    assert Badge(1, "Crossed arms", "good") in during
    assert Badge(2, "Waving", "good") in during
    assert [cue for cue in after if isinstance(cue, Text)] == [Text("Waving: 1"), Text("Crossed arms: 1")]
    assert Text("Crossed arms: 1", tone="good") in during


def test_the_list_counts_and_keeps_the_newest_first() -> None:
    def arms(t: float) -> tuple:
        return held(CROSSED, 1.0, 2.0)(t) if t < 3.5 else held(CROSSED, 5.0, 6.0)(t)

    film = list(scenes(arms, seconds=8))
    run(Gestures(Gestures.Settings(only=("x_arms",))), film)
    assert [cue for cue in film[-1].cues if isinstance(cue, Text)] == [Text("Crossed arms: 2")]


def test_states_are_shown_quietly_and_not_counted() -> None:
    film = list(absent(scenes(lambda t: both(DOWN), seconds=6), 3.0, 6.0))
    events = run(Gestures(Gestures.Settings(only=RULES)), film)
    assert [event.data["gesture"] for event in events if event.kind == "gesture.begin"] == [
        "doing_nothing",
        "no_person",
    ]
    assert Badge(1, "Doing nothing", "plain") in film[80].cues
    assert film[-1].cues == [Text("No person visible", "top")]


def test_what_lasts_to_the_end_ends_there() -> None:
    events = run(Gestures(Gestures.Settings(only=("x_arms",))), scenes(held(CROSSED, 1.0, 9.0), seconds=3))
    assert [event.kind for event in events] == ["gesture.begin", "gesture.end"]


def test_hands_are_looked_for_only_where_a_gesture_is_read_from_them() -> None:
    assert Gestures(Gestures.Settings(only=("wave",))).wants == {"pose"}
    assert Gestures(Gestures.Settings(only=("victory",))).wants == {"pose", "hands"}
    assert Gestures().wants == {"pose", "arms", "hands"}
    assert Interact().wants == {"pose", "arms"}
    assert Interact(Interact.Settings(when=("thumb_up",))).wants == {"pose", "arms", "hands"}


@pytest.mark.parametrize("name", ["thumb_up", "victory", "swipe_left", "no_person"])
def test_any_gesture_can_set_off_a_show(name: str) -> None:
    film = puppet(f"{name}?seed=11&camera=upper&pace=1") if name != "no_person" else absent(puppet("idle"), 0.5, 4.0)
    app = Interact(Interact.Settings(when=(name,)))
    events = [output for scene in film for output in app.step(scene) if isinstance(output, Event)]
    assert [event.data["by"] for event in events if event.kind == "trigger"] == [name]


def test_experimental_gestures_are_asked_for(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[lean]\nexperimental = true\ntitle = "Leaning"\nwhen = [{feature = "wrists_apart", enter = 0.5, leave = 0.7}]',
        "utf-8",
    )
    film = list(scenes(held(CROSSED)))
    told = [
        {event.data["gesture"] for event in run(Gestures(settings), film)}
        for settings in (
            Gestures.Settings(library=(str(own),)),
            Gestures.Settings(library=(str(own),), experimental=True),
            Gestures.Settings(library=(str(own),), only=("lean",)),
        )
    ]
    assert ["lean" in names for names in told] == [False, True, True]
    assert told[2] == {"lean"}


def test_mistakes_name_the_near_miss() -> None:
    with pytest.raises(SettingsError, match="did you mean 'thumb_up'"):
        Gestures(Gestures.Settings(only=("thumbs_up",)))


def test_settings_come_from_text() -> None:
    settings = validate(Gestures.Settings, {"only": "wave,clap", "experimental": "true"})
    assert settings == Gestures.Settings(only=("wave", "clap"), experimental=True)


def test_all_that_is_good_is_looked_for() -> None:
    good = {name for name, one in library().items() if not one.experimental}
    assert Gestures()._gestures.definitions.keys() == good
