"""What the page may ask of a running performance about its settings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from footlights.apps.inspect import Inspect
from footlights.cli.build import Performance, Wish
from footlights.cli.desk import Desk
from footlights.core.app import App
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.media.page.control import Settable
from footlights.wire.document import SourceEntry, parse
from tests.perception.tiny_models import answers, save_model

LINE = "rehearsal:line?width=160&height=90&fps=10"


@dataclass(frozen=True)
class Inner:
    """A setting inside a setting."""

    label: str = "can"


class Deep(App):
    """Needs people only where it is set so."""

    @dataclass(frozen=True)
    class Settings:
        """Of every kind."""

        deep: bool = False
        privacy: bool = False
        out: Path | None = None
        inner: Inner = field(default_factory=Inner)

    @property
    def wants(self) -> frozenset[str]:
        return frozenset({"pose"}) if self.settings.deep else frozenset()

    def step(self, scene: Scene) -> Iterator[Event]:
        yield from ()


def desk(app: type[App], settings: Any, config: Path | None = None) -> Desk:
    wish = Wish("mine", app, settings, (SourceEntry(url=f"{LINE}&seconds=1"),), page=None, config=config)
    return Desk(Performance(wish))


@pytest.fixture
def seeing(tmp_path: Path) -> Desk:
    """With a model that knows what is up and what is down."""
    model = save_model(tmp_path / "model.onnx", answers("yolov8"), metadata={"names": "{0: 'up', 1: 'down'}"})
    return desk(Inspect, Inspect.Settings(model=str(model)))


def test_what_is_fixed_says_so_and_stays() -> None:
    made = desk(Deep, Deep.Settings())
    assert isinstance(made, Settable)
    fixed = {setting.name: setting.fixed for setting in made.settings()}
    assert fixed["deep"] == fixed["inner.label"] == ""
    assert "settled when footlights starts" in fixed["privacy"]
    refused: list[tuple[dict[str, object], str]] = [
        ({"privacy": True}, "'privacy' is settled"),
        ({"out": "/etc/passwd"}, "'out' names a file of this machine"),
        ({"deep": True}, "also needs PoseStage, a detector of people"),
        ({"inner.label": "bottle", "nothing": 1}, "unknown setting 'nothing'"),
    ]
    for values, said in refused:
        with pytest.raises(SettingsError, match=said):
            made.change(values)
    assert made.values() == {"deep": False, "privacy": False, "out": None, "inner.label": "can"}
    made.change({"inner.label": "bottle", "out": None, "privacy": False})
    assert made.values()["inner.label"] == "bottle"


def test_words_that_the_model_does_not_know_are_refused(seeing: Desk) -> None:
    suggested = {setting.name: setting.suggestions for setting in seeing.settings()}
    assert suggested["label"] == suggested["blur"] == ("up", "down")
    assert "yolox-nano" in suggested["model"]
    for values, said in [
        ({"alert": ["dwon"]}, "alert 'dwon': the model knows no 'dwon'; did you mean 'down'"),
        ({"label": ["can"]}, "label: the model knows no 'can'"),
        ({"blur": ["person"]}, "blur: the model knows no 'person'"),
    ]:
        with pytest.raises(SettingsError, match=said):
            seeing.change(values)
    seeing.change({"alert": ["down for 1 s"], "label": ["down"], "place": ["a: 0,0 1,1"]})
    assert seeing.values()["alert"] == ["down for 1 s"]


def test_a_score_counts_from_the_next_frame_on(seeing: Desk) -> None:
    """The model is sure by 0.75."""
    performance = seeing._performance
    seeing.change({"score": 0.8, "interval": 0, "gate": False})
    performance.run()
    (report,) = performance.report()
    assert (report.looks, report.people) == (10, 0)


def test_settings_are_saved_only_where_there_is_a_file(tmp_path: Path) -> None:
    without = desk(Deep, Deep.Settings(deep=False))
    assert without.file() == ""
    with pytest.raises(SettingsError, match="without --config"):
        without.save()
    path = tmp_path / "hall.yaml"
    path.write_text("app: mine\n")
    made = desk(Deep, Deep.Settings(), path)
    made.change({"inner.label": "bottle"})
    made.save()
    assert made.file() == "hall.yaml"
    for text in (path.read_text(), made.document()):
        assert parse(text).settings == {"inner": {"label": "bottle"}}
        assert parse(text).app == "mine"
