"""The browser, which in these tests only writes down what it is asked to open, and the page."""

import re
import sys
import threading
import webbrowser
from pathlib import Path

import pytest

from footlights.core.cue import Show
from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions.open import Open
from footlights.engine.actions.play import Play
from tests.engine.actions.conftest import WritingBrowser


def test_open_hands_the_address_to_the_browser_unchanged(browser: WritingBrowser, event: Event) -> None:
    action = Open.from_text("https://www.youtube.com/watch?v=abc&t=3#x")
    action.fire(event)
    action.fire(event)
    assert browser.opened() == ["https://www.youtube.com/watch?v=abc&t=3#x"] * 2


def test_a_browser_that_does_not_open_is_a_failure(browser: WritingBrowser, event: Event) -> None:
    browser.works = False
    with pytest.raises(SinkError, match="the browser 'writing' did not open the address"):
        Open.from_text("https://example.com").fire(event)


def test_no_browser_at_all_is_a_failure_that_says_what_to_do(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    with pytest.raises(SinkError, match="no browser found: install one, set BROWSER"):
        Open.from_text("https://example.com").fire(event)


def test_two_actions_may_look_for_the_browser_at_the_same_time(
    event: Event, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    browser = WritingBrowser(tmp_path / "opened")
    second = threading.Thread(target=Open.from_text("https://example.com/second").fire, args=(event,))

    def register() -> None:
        webbrowser._tryorder = []  # type: ignore[attr-defined] # as the real one does
        second.start()
        second.join(timeout=0.2)  # it must wait, and does not find that there is no browser
        webbrowser.register("writing", None, browser)

    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setattr(webbrowser, "register_standard_browsers", register)
    Open.from_text("https://example.com/first").fire(event)
    second.join()
    assert sorted(browser.opened()) == ["https://example.com/first", "https://example.com/second"]


def test_a_browser_named_by_a_command_line_is_not_waited_for(
    event: Event, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """BROWSER="chromium --kiosk %s" would hold the action until somebody closes the window."""
    closed, opened = tmp_path / "closed", tmp_path / "opened"
    code = f"import pathlib,sys,time; pathlib.Path({str(opened)!r}).write_text(sys.argv[1])\n"
    code += f"while not pathlib.Path({str(closed)!r}).exists(): time.sleep(0.02)"
    script = tmp_path / "kiosk.py"
    script.write_text(code)
    waiting = webbrowser.GenericBrowser([sys.executable, str(script), "%s"])
    started = []

    class Started(webbrowser.BackgroundBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            import subprocess

            started.append(subprocess.Popen([self.name, *(arg.replace("%s", url) for arg in self.args)]))
            return True

    monkeypatch.setattr(webbrowser, "get", lambda: waiting)
    monkeypatch.setattr(webbrowser, "BackgroundBrowser", Started)
    Open.from_text("https://example.com").fire(event)
    assert started[0].poll() is None  # `fire` is back, and the window is still open
    closed.touch()
    started[0].wait()
    assert opened.read_text() == "https://example.com"


def test_play_shows_on_the_page_where_there_is_one(browser: WritingBrowser, event: Event, tmp_path: Path) -> None:
    video = tmp_path / "my show.mp4"
    video.touch()
    shown: list[Show] = []
    action = Play.from_text(str(video))
    action.show = shown.append
    action.fire(event)
    assert shown == [Show(video.as_uri())]
    assert action.path == video
    assert browser.opened() == []


def test_play_uses_the_systems_player_without_a_page(browser: WritingBrowser, event: Event, tmp_path: Path) -> None:
    video = tmp_path / "show.mp4"
    video.touch()
    Play.from_text(str(video)).fire(event)
    Play.from_text(video.as_uri()).fire(event)
    Play.from_text("https://example.com/show.mp4?x=1").fire(event)
    assert browser.opened() == [video.as_uri(), video.as_uri(), "https://example.com/show.mp4?x=1"]


def test_a_file_that_is_not_there_names_the_one_that_is(tmp_path: Path) -> None:
    (tmp_path / "show.mp4").touch()
    with pytest.raises(SettingsError, match=re.escape(f"did you mean '{tmp_path / 'show.mp4'}'?")):
        Play.from_text(str(tmp_path / "shwo.mp4"))
    with pytest.raises(SettingsError, match=r"for example show\.mp4 or https://example.com/show.mp4"):
        Play.from_text(str(tmp_path))


def test_the_log_names_the_file_without_its_folder(tmp_path: Path) -> None:
    (tmp_path / "show.mp4").touch()
    assert Play.from_text(str(tmp_path / "show.mp4")).describe() == "play show.mp4"
    assert Play.from_text("https://example.com/a.mp4?t=1").describe() == "play https://example.com/a.mp4?…"
    assert Open.from_text("https://example.com/a").describe() == "open https://example.com/a"
