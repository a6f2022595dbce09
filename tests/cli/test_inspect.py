"""Cameras are watched, from the command that a user types."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from footlights.apps.inspect import Inspect
from footlights.cli.build import Performance, Wish
from footlights.cli.wish import CAMERA, make_wish
from footlights.core.errors import ModelError, SettingsError
from footlights.core.event import Event
from tests.cli.command import footlights

LINE = "rehearsal:line?seed=3&width=416&height=234&fps=10"


@pytest.fixture(autouse=True)
def needed(models: Callable[..., None]) -> None:
    models("yolox-nano")


def test_several_sources_are_watched_and_what_is_raised_is_told(tmp_path: Path) -> None:
    done = footlights(
        "run", "inspect", f"{LINE}&seconds=4", f"{LINE}&seconds=4", "--no-page", "--json", "--journal",
        tmp_path / "journal.jsonl", "--place", "gate: 0.5,0 0.5,1", "--alert", "camera covered", "--alert",
        "nothing moves for 1 s", "--curtain", "all: 0,0 1,0 1,1 0,1",
    )  # fmt: skip
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    raised = {(event["stream"], event["alert"]) for event in events if event["kind"] == "anomaly.raised"}
    assert raised == {(stream, "nothing moves for 1 s") for stream in ("line", "line-2")}, (
        "behind the curtain all is still"
    )
    assert not [event for event in events if event["kind"].startswith("detection")]


def wished(sources: list[str], settings: dict[str, object] | None = None) -> Wish:
    return make_wish(
        "inspect", Inspect, settings=settings or {}, actions={}, sources=sources, more=[], config=None, page=None,
        no_page=True, host=None, tls=None, record=None, save_pictures=None, journal=None, seconds=None, loop=False,
        realtime=False, on=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--alert", "down in hall", "there is no place 'hall'"),
        ("--place", "hall", "is no place"),
        ("--alert", "persn > 2", "did you mean 'person'"),
        ("--blur", "facce", "knows no 'facce'"),
        ("--model", "yolox-nana", "did you mean yolox-nano"),
        ("--interval", "-1", "interval"),
        ("--provider", "coreml", "has no CoreMLExecutionProvider here"),
        ("--model-for", "yolox-nano", "such as 'yard: yolox-nano'"),
        ("--decode", "gpu", "nothing decodes on 'gpu'"),
    ],
)
def test_what_cannot_be_is_one_line(option: str, value: str, said: str) -> None:
    done = footlights("run", "inspect", LINE, "--no-page", option, value)
    assert done.code in (2, 5, 6)
    assert said in done.complaint


def test_without_a_word_the_rehearsal_shows_fallen_cans_and_the_street(tmp_path: Path) -> None:
    if CAMERA.exists():
        pytest.skip("there is a camera here")
    done = footlights("run", "inspect", "--no-page", "--seconds", "4", "--as-fast-as-possible", "--json")
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    seen = {(event["stream"], event["label"]) for event in events if event["kind"] == "detection.new"}
    assert {("line", "up"), ("line", "down"), ("street", "person")} <= seen
    assert {event["stream"] for event in events if event["kind"] == "anomaly.raised"} == {"line"}


def test_a_setting_of_ones_own_is_never_mixed_with_those_of_the_rehearsal() -> None:
    settings = wished(sources=[], settings={"alert": ["person > 2"]}).settings
    assert (settings.model, settings.model_for, settings.alert) == ("yolox-nano", (), ("person > 2",))
    if not CAMERA.exists():
        assert wished(sources=[]).settings.model == "cans"
    assert wished(sources=[LINE]).settings.model == "yolox-nano"


def test_settings_change_while_it_runs_and_wrong_ones_change_nothing() -> None:
    told: list[Event] = []
    performance: Performance

    def watch(event: Event) -> None:
        told.append(event)
        if event.kind == "anomaly.raised" and "2 s" in str(event.data["alert"]):
            with pytest.raises(SettingsError):
                performance.change({"alert": ["nothing mooves in hall"]})
            with pytest.raises((SettingsError, ModelError)):
                performance.change({"model": "/no/such/model.onnx"})
            performance.change({"curtain": [], "alert": ["camera moved"], "interval": 0})

    wish = wished(
        sources=[f"{LINE}&seconds=8"],
        settings={"curtain": ["all: 0,0 1,0 1,1 0,1"], "alert": ["nothing moves for 2 s"]},
    )
    performance = Performance(wish, watch)
    performance.run()
    kinds = [event.kind for event in told]
    assert kinds[:2] == ["anomaly.raised", "anomaly.cleared"], "the app that goes says that it is over"
    assert performance.settings.alert == ("camera moved",)
    assert performance.settings.interval == 0
    (report,) = performance.report()
    assert report.frames == 80, "the source went on"
