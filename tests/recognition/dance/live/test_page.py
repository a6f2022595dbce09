"""The page: what it answers, and what a real browser makes of it."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.recognition.dance.live.server import LivePage
from footlights.recognition.dance.show.troupe import Troupe, casting, troupe
from tests.recognition.dance.performed import a_dance, a_song
from tests.recognition.dance.show.test_movie import write_wav

CHROMIUM = Path(os.environ.get("FOOTLIGHTS_CHROMIUM", "/usr/bin/chromium"))
FLAGS = (
    "--no-sandbox", "--disable-background-networking", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)  # fmt: skip
SECONDS = 30.0


@pytest.fixture
def song(tmp_path: Path) -> Path:
    rate = 22_050
    write_wav(tmp_path / "song.wav", 0.2 * np.sin(np.arange(round(SECONDS * rate)) * 0.06)[None], rate)
    return tmp_path / "song.wav"


@pytest.fixture
def page(song: Path) -> Iterator[LivePage]:
    def make(seed: int) -> Troupe:
        if seed == 8:
            raise SettingsError("there is no eighth dance")
        motions = ("jumping_jack", "squat+wave")[seed % 2]
        dance = a_dance(SECONDS, motions, song=a_song(SECONDS, path=song))
        return troupe(replace(dance, song=replace(dance.song, title="A <b>song</b>")), 1, cast=casting((), 1, seed))

    made = LivePage(make, make(6), 6, port=0)
    yield made
    made.close()


def test_facts_bodies_and_music(page: LivePage, song: Path) -> None:
    with httpx.Client(base_url=page.url) as client:
        facts = client.get("/facts").json()
        assert (facts["seed"], facts["meter"], facts["music"]) == (6, 4, True)
        assert facts["beats"][:3] == [0.0, 0.5, 1.0]
        assert [part["label"] for part in facts["sections"]] == ["A", "B", "A"]
        assert facts["sections"][1]["begin"] == facts["sections"][0]["end"]
        assert facts["phrases"][0]["name"] == "first"
        assert client.get("/dance.glb").content[:4] == b"glTF"
        part = client.get("/music", headers={"range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, song.read_bytes()[100:200])
        home = client.get("/")
        assert "default-src 'none'" in home.headers["content-security-policy"]
        for name in re.findall(r'"/static/([\w.]+)"', home.text):
            assert client.get(f"/static/{name}").status_code == 200, name
        assert client.get("/static/nothing.js").status_code == 404


def test_another_dance_is_another_seed_and_a_fault_is_one_line(page: LivePage) -> None:
    with httpx.Client(base_url=page.url, timeout=30) as client:
        before = client.get("/dance.glb").content
        assert client.post("/another").json()["seed"] == 7
        assert client.get("/dance.glb").content != before
        fault = client.post("/another")
        assert (fault.status_code, fault.json()) == (500, {"error": "there is no eighth dance"})
        assert client.get("/facts").json()["seed"] == 7
        assert client.post("/another", headers={"origin": "https://elsewhere.test"}).status_code == 403


def test_music_that_browsers_do_not_play_is_converted(song: Path) -> None:
    odd = song.with_suffix(".aif")
    odd.write_bytes(song.read_bytes())  # what it is called decides; FFmpeg looks inside
    made = LivePage(
        lambda seed: troupe(a_dance(1.0), 1), troupe(a_dance(SECONDS, song=a_song(SECONDS, path=odd)), 1), port=0
    )
    try:
        answer = httpx.get(f"{made.url}music")
        assert answer.headers["content-type"] == "audio/mp4"
        assert answer.content[4:8] == b"ftyp"
    finally:
        made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it in FOOTLIGHTS_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 480, "height": 360})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
    yield opened
    context.close()
    assert problems == []


def _until(tab: Any, condition: str) -> None:
    """Wait for what is true in the page; its policy forbids the browser to wait by itself."""
    for _ in range(400):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    pytest.fail(f"never true: {condition}")


def _picture(tab: Any) -> np.ndarray:
    """The canvas without what lies over it."""
    import cv2

    content = tab.locator("canvas").screenshot()
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(picture[60:280]).astype(int)


def test_in_a_browser_it_dances_with_the_music(page: LivePage, tab: Any) -> None:
    tab.goto(page.url)
    begin = tab.get_by_role("button", name="Dance", exact=True)
    begin.wait_for()
    assert tab.locator("h1").inner_text() == "A <b>song</b>"
    _until(tab, "document.documentElement.dataset.time !== undefined")
    still = _picture(tab)
    assert still.std() > 8  # not blank
    begin.click()
    _until(tab, "document.getElementById('music').currentTime > 1.2")
    time, heard = tab.evaluate(
        "[Number(document.documentElement.dataset.time), document.getElementById('music').currentTime]"
    )
    assert abs(time - heard) < 0.5  # the last frame that a slow machine drew
    tab.get_by_role("button", name="Pause").click()
    first = _picture(tab)
    tab.evaluate("document.getElementById('music').currentTime = 2.8")
    _until(tab, "document.documentElement.dataset.time === '2.800'")
    assert np.abs(_picture(tab) - first).max() > 60  # it moved
    assert "dance 6" in tab.locator("#about").inner_text()


def test_in_a_browser_the_mouse_turns_it_and_a_button_changes_it(page: LivePage, tab: Any) -> None:
    tab.goto(page.url)
    _until(tab, "document.documentElement.dataset.time !== undefined")
    tab.evaluate("document.getElementById('begin').hidden = true")
    before = _picture(tab)
    tab.mouse.move(240, 150)
    tab.mouse.down()
    tab.mouse.move(400, 150, steps=4)
    tab.mouse.up()
    tab.wait_for_timeout(300)
    turned = _picture(tab)
    assert (np.abs(turned - before).max(-1) > 40).mean() > 0.01
    tab.get_by_role("button", name="Another dance").click()
    _until(tab, "document.getElementById('about').textContent.includes('dance 7')")
    tab.wait_for_timeout(300)
    assert (np.abs(_picture(tab) - turned).max(-1) > 40).mean() > 0.002  # somebody else
    tab.get_by_role("button", name="Another dance").click()
    tab.get_by_text("there is no eighth dance").wait_for()
