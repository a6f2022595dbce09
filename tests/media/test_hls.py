import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import islice

import av
import httpx
import pytest

from footlights.media import encoder as encoding
from footlights.media import hls
from footlights.media.hls import Hls
from footlights.media.page.server import Page
from tests.media.moving import Ticking, counting, read


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ticking]:
    """Numbers, 50 a second, with a keyframe every fifth of a second."""
    monkeypatch.setattr(encoding, "KEYFRAME_EVERY", 0.2)
    made = Ticking(counting(), fps=50, name="numbers")
    yield made
    made.close()


@pytest.fixture
def page(encoder: Ticking) -> Iterator[Page]:
    made = Page(port=0, token="pass")
    made.live.hls = Hls({"floor 1/numbers": encoder, "numbers": encoder}.get)
    yield made
    made.live.hls.close()
    made.close()


def address(page: Page, name: str, file: str = "index.m3u8") -> str:
    return f"http://127.0.0.1:{page.port}/hls/{name}/{file}?token=pass"


@pytest.mark.parametrize("name", ["numbers", "floor%201/numbers"])
def test_a_player_sees_every_picture_in_order(page: Page, name: str) -> None:
    with av.open(address(page, name), timeout=(10, 10)) as opened:
        seen = [read(frame.to_ndarray(format="rgb24")) for frame in islice(opened.decode(video=0), 40)]
    assert seen == list(range(seen[0], seen[0] + 40))


def test_ffmpeg_finds_no_fault_over_many_segments(page: Page, needs: Callable[[str], str]) -> None:
    command = [needs("ffmpeg"), "-v", "warning", "-i", address(page, "numbers"), "-t", "1.5", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert not done.stderr


def test_the_playlist_is_what_the_standard_asks_for(page: Page) -> None:
    answer = httpx.get(address(page, "numbers"))
    assert answer.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    lines = answer.text.splitlines()
    assert lines[:2] == ["#EXTM3U", "#EXT-X-VERSION:3"]
    lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+),", answer.text)]
    assert lengths
    assert max(lengths) <= int(re.search(r"TARGETDURATION:(\d+)", answer.text)[1])  # type: ignore[index]
    names = [line for line in lines if not line.startswith("#")]
    assert all(name.endswith(".ts?token=pass") for name in names)
    segment = httpx.get(address(page, "numbers", names[0].partition("?")[0]))
    assert segment.headers["content-type"].startswith("video/mp2t")
    assert segment.content[0] == 0x47


@pytest.mark.parametrize(
    ("name", "file"), [("nothing", "index.m3u8"), ("numbers", "0.ts"), ("numbers", "x.ts"), ("numbers", "index.html")]
)
def test_what_is_not_there_is_404(page: Page, name: str, file: str) -> None:
    assert httpx.get(address(page, name, file)).status_code == 404


def test_without_the_token_there_is_nothing(page: Page, encoder: Ticking) -> None:
    assert httpx.get(address(page, "numbers").partition("?")[0]).status_code == 403
    assert not encoder.watched


def test_a_page_without_live_video_says_so() -> None:
    page = Page(port=0)
    assert httpx.get(f"http://127.0.0.1:{page.port}/hls/wall/index.m3u8").status_code == 404
    page.close()


def test_nothing_is_encoded_when_nobody_asks_any_more(encoder: Ticking, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Hls({"numbers": encoder}.get)
    assert not encoder.watched
    assert live.answer("numbers", "index.m3u8") is not None
    assert encoder.watched
    monkeypatch.setattr(hls, "UNUSED", 0.0)
    live._running["numbers"]._thread.join()
    assert not encoder.watched
    monkeypatch.setattr(hls, "UNUSED", 20.0)
    assert live.answer("numbers", "index.m3u8") is not None
    live.close()
    assert live.answer("numbers", "index.m3u8") is None


def test_only_the_last_segments_are_kept(encoder: Ticking) -> None:
    live = Hls({"numbers": encoder}.get)
    live.answer("numbers", "index.m3u8")
    running = live._running["numbers"]
    with running._changed:
        assert running._changed.wait_for(lambda: running._number >= hls.KEPT + 3, 30)
    assert len(running._segments) == hls.KEPT
    assert live.answer("numbers", "0.ts") is None
    live.forget("numbers")
    assert not encoder.watched
