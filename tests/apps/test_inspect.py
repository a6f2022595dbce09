"""The app that watches: what comes, moves and leaves, counts that settle, anomalies, what is shown."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from footlights.apps.inspect import Inspect
from footlights.core.cue import Badge, Outline, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene, Track
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.line.source import open_line
from footlights.studio.normal import Settings as Normal
from footlights.studio.normal import learn

FPS = 10
RNG = np.random.default_rng(2)
NOISE = ArrayPicture(np.asarray(RNG.integers(0, 255, (120, 160, 3)), np.uint8))


def scene(index: int, things: Iterable[tuple[int, str, float]]) -> Scene:
    """Things by identity, class, and how far across the picture they are."""
    made = Scene(Frame(NOISE, index / FPS, "line", index), Detections.none())
    for track, label, x in things:
        box = np.array([x * 160 - 8, 40, x * 160 + 8, 80], np.float32)
        made.tracks.append(Track(track, label, box, 0.8, 0.0, index / FPS))
    return made


def watched(scenes: Sequence[Scene], **settings: object) -> list[Event]:
    app = Inspect(Inspect.Settings(**settings))  # type: ignore[arg-type]
    events = [output for one in scenes for output in app.step(one) if isinstance(output, Event)]
    return events + list(app.end())


def kinds(events: Iterable[Event], but: str = "count") -> list[tuple[str, int | None]]:
    return [(event.kind, event.track) for event in events if not event.kind.startswith(but)]


def test_a_thing_comes_moves_and_leaves() -> None:
    events = watched([scene(i, [(7, "can", 0.1 + i / 200)] if i < 100 else []) for i in range(110)])
    assert kinds(events) == [
        ("detection.new", 7), ("detection.update", 7), ("detection.end", 7)
    ]  # fmt: skip
    box = [0.05, 0.3333, 0.15, 0.6667]
    assert events[0].data == {"label": "can", "score": 0.8, "box": box, "snapshot": "/snapshots/line/0.jpg"}
    moved = next(event for event in events if event.kind == "detection.update")
    assert moved.data["before"] == box
    assert moved.data["box"] != box


def test_what_stands_still_is_told_once() -> None:
    assert kinds(watched([scene(i, [(7, "can", 0.5)]) for i in range(200)]))[:-1] == [("detection.new", 7)]


def test_counts_are_told_when_they_have_settled() -> None:
    def things(i: int) -> list[tuple[int, str, float]]:
        flicker = [(3, "can", 0.9)] if 40 <= i < 43 else []
        return [(1, "can", 0.2), *([(2, "can", 0.5)] if 20 <= i < 60 else []), *flicker]

    counts = [event for event in watched([scene(i, things(i)) for i in range(90)]) if event.kind == "count"]
    assert [event.data["counts"] for event in counts] == [{"can": 1}, {"can": 2}, {"can": 1}]
    assert counts[-1].data["total"] == {"can": 3}, "the total knows everything that was ever there"


def test_the_end_sums_up() -> None:
    events = watched([scene(i, [(1, "up", 0.2), (2, "down", 0.6)]) for i in range(10)], alert=("down",))
    last = events[-1]
    assert (last.kind, last.data) == ("count.summary", {"total": {"up": 1, "down": 1}})
    assert ("anomaly.cleared", 2) in kinds(events)
    assert kinds(events).count(("detection.end", 1)) == 1


def test_other_settings_go_on_with_what_is_followed_counted_and_raised() -> None:
    tray, belt = "tray: 0,0 1,0 1,1 0,1", "belt: 0,0 1,1 0,1"
    first = Inspect(Inspect.Settings(place=(tray, belt), alert=("down in tray", "down in belt", "camera covered")))
    told = [output for i in range(20) for output in first.step(scene(i, [(2, "down", 0.4)]))]
    assert ("anomaly.raised", 2) in kinds(output for output in told if isinstance(output, Event))
    other = Inspect(Inspect.Settings(place=(tray, "belt: 0,0 1,1 0,0.95"), alert=("down in belt", "down in tray")))
    over = list(other.succeed(first))
    assert [(event.kind, event.data["alert"]) for event in over] == [("anomaly.cleared", "down in belt")]
    after = [output for i in range(20, 30) for output in other.step(scene(i, [(2, "down", 0.4)]))]
    events = [output for output in after if isinstance(output, Event)]
    assert [(event.kind, event.data["alert"]) for event in events] == [("anomaly.raised", "down in belt")]
    assert [event.data for event in other.end() if event.kind == "count.summary"] == [{"total": {"down": 1}}]


def test_only_the_classes_that_are_wanted() -> None:
    events = watched([scene(i, [(1, "up", 0.2), (2, "down", 0.6)]) for i in range(10)], label=("up",))
    assert {event.track for event in events if event.kind.startswith("detection")} == {1}


def test_what_is_raised_is_shown() -> None:
    app = Inspect(Inspect.Settings(alert=("down in tray",), place=("tray: 0,0 1,0 1,1 0,1", "gate: 0.5,0 0.5,1")))
    for i in range(3):
        cues = list(app.step(scene(i, [(2, "down", 0.6)])))
    assert Badge(2, "down in tray", "alarm") in cues
    assert Text("down in tray", "top right", "alarm") in cues
    outlines = {cue.text: (len(cue.points), cue.tone) for cue in cues if isinstance(cue, Outline)}
    assert outlines == {"tray": (4, "alarm"), "gate": (2, "plain")}


def test_what_is_to_be_blurred_leaves_the_device_blurred() -> None:
    app = Inspect(Inspect.Settings(blur=("person",)))
    one = scene(0, [(1, "person", 0.5), (2, "can", 0.2)])
    list(app.step(one))
    after = one.frame.rgb()
    assert np.array_equal(after[40:80, 25:40], NOISE.array[40:80, 25:40])
    assert np.abs(np.diff(after[40:80, 74:86].astype(int), axis=1)).mean() < 10


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"alert": ("down in tray",)}, "no place 'tray'"),
        ({"place": ("tray",)}, "is no place"),
        ({"curtain": ("street: 0,0 1,1",)}, "'street' is a line"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_the_first_frame(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Inspect(Inspect.Settings(**settings))  # type: ignore[arg-type]


def test_what_is_not_normal_is_told_and_shown(models: Callable[..., None], tmp_path: Path) -> None:
    models("image-features")
    learn(["rehearsal:line?seed=5&fallen=0&fps=2&seconds=30"], Normal(seconds=30, spots=600)).bank.write(
        tmp_path / "normal.zip"
    )
    app = Inspect(Inspect.Settings(normal=str(tmp_path / "normal.zip")))
    line = open_line("seed=5&fallen=0.3&fps=4&seconds=40", "line")
    outputs = [
        (out, [can.label for can in line.truth(frame.index).cans])
        for frame in line.frames()
        for out in app.step(Scene(frame, Detections.none()))
    ]
    raised = [(out, labels) for out, labels in outputs if isinstance(out, Event) and out.kind == "anomaly.raised"]
    assert raised
    assert all(out.data["alert"] == "scene unusual" and "down" in labels for out, labels in raised)
    assert any(isinstance(out, Outline) and out.text == "unusual" for out, _ in outputs)
    other = list(app.step(Scene(next(open_line("seed=9", "line").frames()), Detections.none())))
    assert any(isinstance(out, Text) and out.text.startswith("another scene than normal.zip") for out in other)


def test_an_alert_of_unusual_scenes_needs_to_know_what_is_normal() -> None:
    with pytest.raises(SettingsError, match="--normal FILE"):
        Inspect(Inspect.Settings(alert=("scene unusual",)))
