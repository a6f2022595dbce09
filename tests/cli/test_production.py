"""What an agent keeps running, with the real models on the rehearsal."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footlights.cli.production import Production
from footlights.core.errors import FootlightsError, SettingsError
from footlights.core.event import Event
from tests.hub.conftest import eventually

WAVE = {
    "app": "interact",
    "sources": [{"url": "rehearsal:wave", "name": "one"}],
    "settings": {"when": ["wave"]},
    "outputs": {"page": "none"},
}


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def production(models: Callable[..., None], tmp_path: Path, events: list[Event]) -> Iterator[Production]:
    models("pose_detection", "pose_landmark_full", "palm_detection_full", "hand_landmark_full")
    made = Production(tmp_path, events.append)
    yield made
    made.close()


def streams(production: Production) -> set[str]:
    return {report.stream for report in production.report() if report.state == "running"}


def test_settings_and_sources_change_without_a_restart(production: Production, events: list[Event]) -> None:
    production.apply(WAVE)
    first = production._performance
    eventually(lambda: streams(production) == {"one"})
    eventually(lambda: any(event.kind == "trigger" for event in events))
    production.apply(WAVE | {"settings": {"when": ["clap"]}})
    assert production._performance is first and first is not None and first.settings.when == ("clap",)
    two = {"url": "rehearsal:clap", "name": "two"}
    production.apply(WAVE | {"sources": [*WAVE["sources"], two]})
    eventually(lambda: streams(production) == {"one", "two"})
    assert production._performance is first and first.settings.when == ("wave",)
    production.apply(WAVE | {"sources": [two]})
    eventually(lambda: streams(production) == {"two"})
    production.apply(WAVE | {"sources": [{"url": "rehearsal:squat", "name": "two"}]})
    eventually(lambda: streams(production) == {"two"})
    assert first.addresses == {"two": "rehearsal:squat"}
    assert production._performance is first


def test_another_app_starts_anew_and_a_picture_can_be_had(production: Production) -> None:
    production.apply(WAVE)
    first = production._performance
    jpeg = eventually(lambda: _picture(production, "one"))
    assert isinstance(jpeg, bytes) and jpeg.startswith(b"\xff\xd8")
    with pytest.raises(SettingsError, match="no picture of 'nine'"):
        production.picture("nine")
    production.apply(WAVE | {"app": "gestures", "settings": {}})
    assert production._performance is not first
    eventually(lambda: streams(production) == {"one"})


def _picture(production: Production, stream: str) -> bytes | None:
    try:
        return production.picture(stream)
    except SettingsError:
        return None


@pytest.mark.parametrize(
    "wrong",
    [
        {"app": "./mine.py"}, {"app": "interakt"}, {"settings": {"wenn": ["wave"]}}, {"nothing": 1},
        {"settings": {"when": ["no such gesture"]}}, {"sources": [{"url": "rehearsal:no_such_motion"}]},
    ],
)  # fmt: skip
def test_what_cannot_be_leaves_everything_as_it_was(production: Production, wrong: dict) -> None:
    production.apply(WAVE)
    eventually(lambda: streams(production) == {"one"})
    with pytest.raises(FootlightsError):
        production.apply(WAVE | wrong)
    eventually(lambda: streams(production) == {"one"})


def test_nothing_is_wanted(production: Production) -> None:
    production.apply({})
    assert production.report() == []
    production.apply(WAVE)
    eventually(lambda: streams(production) == {"one"})
    production.apply({})
    assert production.report() == []


def test_a_stream_is_filmed_while_it_runs(production: Production, tmp_path: Path) -> None:
    production.apply(WAVE)
    eventually(lambda: _picture(production, "one"))
    name = production.record("", 30.0, 64)
    path = tmp_path / "recordings" / name
    eventually(lambda: path.stat().st_size > 20_000)
    film = production.stop_recording("one")
    assert film["file"] == name and film["ended"] == "asked" and film["bytes"] == path.stat().st_size
    with pytest.raises(SettingsError, match="no picture of 'nine'"):
        production.record("nine", 30.0, 64)
