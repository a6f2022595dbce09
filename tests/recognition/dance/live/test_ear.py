"""The microphone of a page, and the dance to what it hears."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from footlights.recognition.dance.live.ear import Ear, Piece, packed
from footlights.recognition.dance.live.server import LivePage
from footlights.recognition.dance.show.troupe import casting, troupe
from tests.recognition.dance.live.test_page import CHROMIUM, FLAGS, _picture, _until
from tests.recognition.dance.performed import a_dance

IDLE = a_dance(1.0, "idle")
LIVELY = a_dance(4.0, "jumping_jack", fps=30.0)


class Parrot:
    """Says at once what is danced in the next four seconds, each second anew."""

    def __init__(self, rate: float) -> None:
        self.rate, self.heard, self.loudest = rate, 0, 0.0
        self.told = -1.0

    def hear(self, samples: NDArray[np.float32]) -> list[Piece]:
        self.heard += len(samples)
        self.loudest = max(self.loudest, float(np.abs(samples).max(initial=0)))
        now = self.heard / self.rate
        if now - self.told < 1.0:
            return []
        self.told = now
        return [Piece(now, LIVELY, [now - 0.5, now, now + 0.5], 2, 120.0, 4, "jumping_jack")]


@pytest.fixture
def heard_by() -> list[Parrot]:
    return []


@pytest.fixture
def page(heard_by: list[Parrot]) -> Iterator[LivePage]:
    def partner(rate: float) -> Parrot:
        heard_by.append(Parrot(rate))
        return heard_by[-1]

    idle = troupe(IDLE, 1, cast=casting(("Mei",)))
    made = LivePage(lambda seed: idle, idle, port=0, more=(Ear(partner).route,), ear=True)
    yield made
    made.close()


def _microphone(page: LivePage) -> ClientConnection:
    return connect(page.url.replace("http", "ws") + "ear")


def test_sound_goes_in_and_a_dance_comes_out(page: LivePage, heard_by: list[Parrot]) -> None:
    with _microphone(page) as socket:
        socket.send(json.dumps({"rate": 16_000}))
        socket.send((np.ones(16_000) * 8192).astype("<i2").tobytes())
        told = json.loads(socket.recv(timeout=20))
        begin, fps, count, joints = struct.unpack_from("<dfII", socket.recv(timeout=20))
    assert heard_by[0].loudest == pytest.approx(0.25)
    assert (begin, fps, count, joints) == (1.0, 30.0, 120, 20)
    assert (told["tempo"], told["first"], told["beats"]) == (120.0, 2, [0.5, 1.0, 1.5])


def test_a_piece_holds_unit_turns_and_the_root() -> None:
    content = packed(Piece(2.5, LIVELY))
    numbers = np.frombuffer(content, "<f4", offset=20).reshape(120, -1)
    np.testing.assert_allclose(numbers[:, :3], LIVELY.joints.pelvis, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(numbers[:, 3:].reshape(120, 20, 4), axis=-1), 1.0, atol=1e-5)


@pytest.mark.parametrize("first", ["", "[]", '{"rate": 3}', '{"rate": "fast"}', '{"speed": 48000}'])
def test_what_is_no_microphone_is_sent_away(page: LivePage, first: str) -> None:
    with _microphone(page) as socket:
        socket.send(first)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)


@pytest.fixture
def tab() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it in FOOTLIGHTS_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    fakes = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *fakes])
        opened = browser.new_page(viewport={"width": 480, "height": 360})
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        yield opened
        browser.close()
    assert problems == []


def test_in_a_browser_it_dances_to_the_microphone(page: LivePage, heard_by: list[Parrot], tab: Any) -> None:
    tab.goto(page.url)
    tab.get_by_role("button", name="Listen").click()
    _until(tab, "Number(document.documentElement.dataset.time) > 1.5")
    first = _picture(tab)
    _until(tab, "Number(document.documentElement.dataset.time) > 1.9")
    assert (np.abs(_picture(tab) - first).max(-1) > 40).mean() > 0.003  # it moves
    assert "jumping jack · 120 beats a minute" in tab.locator("#about").inner_text()
    assert heard_by[0].loudest > 0.05  # Chromium's microphone beeps
    behind = heard_by[0].heard / heard_by[0].rate - float(tab.evaluate("document.documentElement.dataset.time"))
    assert abs(behind) < 1.0
