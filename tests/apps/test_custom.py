"""The app that runs a classifier of one's own: begin, end, trigger, what is shown."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.apps.custom import Custom
from footlights.core.cue import Badge, Bar
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene, Track
from footlights.media.picture import ArrayPicture
from tests.recognition.tiny_classifiers import means

FPS = 10
RED, GREEN, GREY = (250, 10, 10), (10, 250, 10), (90, 90, 90)
Make = Callable[..., Custom]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """An app with a model that tells red, green and `nothing` (blue) apart; grey is none of them."""

    def made(crop: str = "none", **settings: object) -> Custom:
        path = means(tmp_path / "colours.onnx", scale=6.0)
        (tmp_path / "labels.txt").write_text("red\ngreen\nnothing\n")
        (tmp_path / "card.toml").write_text(
            f'[input]\nlow = 0\nhigh = 1\ncolour = "rgb"\n[recogniser]\ncrop = "{crop}"\nthresholds = [0.6, 0.6, 0.6]\n'
        )
        return Custom(Custom.Settings(model=str(path), **settings))  # type: ignore[arg-type]

    return made


def scene(index: int, colour: tuple[int, int, int]) -> Scene:
    picture = np.full((60, 120, 3), colour, np.uint8)
    return Scene(Frame(ArrayPicture(picture), index / FPS, "test", index))


def played(app: Custom, colours: Sequence[tuple[int, int, int]]) -> list[tuple[str, float]]:
    events = [out for i, colour in enumerate(colours) for out in app.step(scene(i, colour)) if isinstance(out, Event)]
    return [(event.kind, event.time) for event in [*events, *app.end()]]


def test_a_class_begins_when_it_has_lasted_and_ends_when_it_is_over(make: Make) -> None:
    app = make(hold=0.5, smoothing=0.0)
    assert played(app, [GREY] * 10 + [RED] * 10 + [GREY] * 10) == [
        ("class.begin", 1.5), ("trigger", 1.5), ("class.end", 2.0)
    ]  # fmt: skip


def test_what_lasts_to_the_end_ends_there(make: Make) -> None:
    events = played(make(smoothing=0.0, hold=0.0), [GREEN] * 5)
    assert events == [("class.begin", 0.0), ("trigger", 0.0), ("class.end", 0.4)]


def test_a_single_look_sets_nothing_off(make: Make) -> None:
    assert played(make(), [GREY] * 10 + [RED] + [GREY] * 10) == []


def test_smoothing_rides_over_a_miss(make: Make) -> None:
    colours = [RED] * 10 + [GREY] + [RED] * 10
    assert [kind for kind, _ in played(make(smoothing=0.5), colours)] == ["class.begin", "trigger", "class.end"]
    assert [kind for kind, _ in played(make(smoothing=0.0), colours)].count("class.begin") == 2


def test_what_is_named_nothing_sets_nothing_off_unless_asked(make: Make) -> None:
    blue = [(10, 10, 250)] * 10
    assert "trigger" not in [kind for kind, _ in played(make(), blue)]
    assert "trigger" in [kind for kind, _ in played(make(when=("nothing",)), blue)]


def test_a_threshold_of_ones_own(make: Make) -> None:
    assert played(make(threshold=0.999), [RED] * 10) == []


def test_every_person_on_its_own(make: Make) -> None:
    app = make("person", smoothing=0.0, hold=0.0)
    assert app.wants == {"people"}
    shown = scene(0, GREY)
    picture = np.full((400, 400, 3), GREY, np.uint8)
    picture[:, :200], picture[:, 200:] = GREEN, RED
    shown.frame.put(ArrayPicture(picture))
    boxes = {4: [80, 150, 120, 250], 9: [280, 150, 320, 250]}
    shown.tracks = [Track(id_, "person", np.array(box, np.float32), 0.9, 0.0, 0.0) for id_, box in boxes.items()]
    outputs = list(app.step(shown))
    began = {out.track: out.data["class"] for out in outputs if isinstance(out, Event) and out.kind == "class.begin"}
    assert began == {4: "green", 9: "red"}
    assert {(cue.track, cue.text) for cue in outputs if isinstance(cue, Badge)} == {(4, "green"), (9, "red")}
    gone = scene(1, GREY)
    gone.tracks = []
    assert [out.kind for out in app.step(gone) if isinstance(out, Event)] == ["class.end", "class.end"]


def test_bars_show_the_classes(make: Make) -> None:
    bars = [cue for cue in make().step(scene(0, RED)) if isinstance(cue, Bar)]
    assert bars[0].text == "red"
    assert sum(bar.value for bar in bars) == pytest.approx(1, abs=1e-3)


def test_wrong_settings_are_answered(make: Make) -> None:
    with pytest.raises(SettingsError, match="run custom MODEL"):
        Custom()
    with pytest.raises(SettingsError, match="did you mean"):
        make(when=("rad",))
