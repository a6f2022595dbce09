import threading
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

import av
import httpx
import numpy as np
import pytest

from footlights.core.errors import SettingsError, SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Scene, Track
from footlights.media.live import LiveVideo
from footlights.media.page.control import StreamStats
from footlights.media.page.server import Page
from footlights.media.wall import Wall
from tests.media.moving import numbered, read, scene

NAMES = ("left", "hall 2/north")


@pytest.fixture
def live() -> Iterator[LiveVideo]:
    """Two streams that show growing numbers, the second of them 2000 more."""
    made = LiveVideo(Wall(width=384, height=96), port=0, fps=50)
    begun, over = threading.Event(), threading.Event()

    def feed() -> None:
        index = 0
        while not over.wait(0.01):
            for offset, name in enumerate(NAMES):
                made.write(Scene(Frame(numbered(index + 2000 * offset), index / 50, name, index)))
            begun.set()
            index += 1

    thread = threading.Thread(target=feed)
    thread.start()
    begun.wait()
    yield made
    over.set()
    thread.join()
    made.close()


def pictures(url: str, count: int) -> list[np.ndarray]:
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as opened:
        return [frame.to_ndarray(format="rgb24") for frame in islice(opened.decode(video=0), count)]


def test_the_wall_shows_every_stream_and_moves(live: LiveVideo) -> None:
    shown = pictures(live.url(), 20)
    left, right = [read(picture[:, :192]) for picture in shown], [read(picture[:, 192:]) for picture in shown]
    assert left == sorted(left)
    assert left[-1] > left[0]
    assert all(abs(more - less - 2000) <= 2 for less, more in zip(left, right, strict=True))


@pytest.mark.parametrize(("name", "offset"), [(NAMES[0], 0), (NAMES[1], 2000)])
def test_each_stream_is_there_by_itself(live: LiveVideo, name: str, offset: int) -> None:
    assert live.url(name).endswith(quote(f"/{name}"))
    shown = [read(picture) for picture in pictures(live.url(name), 10)]
    assert shown == sorted(shown)
    assert offset <= shown[0] < shown[-1] < offset + 2000


def test_only_what_somebody_looks_at_is_encoded(live: LiveVideo) -> None:
    assert {each.name: each.encoded for each in live.stats()} == {"wall": 0, NAMES[0]: 0, NAMES[1]: 0}
    with av.open(live.url("left"), options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as opened:
        next(opened.decode(video=0))
        stats = {each.name: each for each in live.stats()}
    assert (stats["left"].viewers, stats["wall"].viewers) == (1, 0)
    assert stats["left"].encoded > 0
    assert (stats["wall"].encoded, stats[NAMES[1]].encoded) == (0, 0)


def test_a_stream_that_is_gone_is_offered_no_more(live: LiveVideo) -> None:
    live.add("late")
    assert live.wall.names() == [*NAMES, "late"]
    for names in ((*NAMES, "late"), NAMES):
        live.report({name: StreamStats(name) for name in names})
    assert live.wall.names() == list(NAMES)
    assert "late" not in {each.name for each in live.stats()}
    with pytest.raises(av.error.HTTPNotFoundError):
        pictures(live.url("late"), 1)


def test_the_page_serves_it_as_hls(live: LiveVideo) -> None:
    page = Page(port=0)
    page.live.hls = live.hls
    with av.open(f"http://127.0.0.1:{page.port}/hls/wall/index.m3u8", timeout=(10, 10)) as opened:
        assert next(opened.decode(video=0)).width == 384
    assert {each.name: each.viewers for each in live.stats()}["wall"] == 1
    live.hls.close()
    assert httpx.get(f"http://127.0.0.1:{page.port}/hls/wall/index.m3u8").status_code == 404
    page.close()


def test_what_is_known_is_drawn_on_a_streams_own_video() -> None:
    live = LiveVideo(port=0)
    track = Track(3, "can", np.array([400, 300, 800, 700], np.float32), 0.9, 0.0, 0.0)
    live.write(scene("line", 90, width=1600, height=900, tracks=[track]))
    (picture,) = pictures(live.url("line"), 1)
    live.close()
    assert picture.shape == (720, 1280, 3)
    assert np.ptp(picture[236:246, 480].astype(int), axis=0).max() > 60  # the upper edge: y 300 of 900
    assert np.ptp(picture[400:420, 480].astype(int), axis=0).max() < 20


def test_another_resolution_does_not_change_the_video() -> None:
    live = LiveVideo(port=0, fps=50)
    live.write(scene("cam", 200, width=320, height=180))
    with av.open(live.url("cam"), options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as opened:
        frames = opened.decode(video=0)
        assert (next(frames).width, next(frames).height) == (320, 180)
        live.write(scene("cam", 200, width=90, height=180))
        for frame in islice(frames, 100):
            image = frame.to_ndarray(format="rgb24")
            assert image.shape == (180, 320, 3)
            if image[90, 20].max() < 60:
                break
        else:
            pytest.fail("the narrow picture never came")
        assert image[90, 160].min() > 180
    live.close()


def test_a_stream_may_be_called_wall() -> None:
    live = LiveVideo(port=0)
    live.write(scene("wall", 200))
    assert pictures(live.url(), 1)[0].shape == (720, 1280, 3)
    live.remove("wall")
    assert pictures(live.url(), 1)[0].shape == (720, 1280, 3)
    live.close()


def test_after_the_end_nothing_is_taken() -> None:
    live = LiveVideo(port=0)
    live.close()
    live.close()
    with pytest.raises(SinkError, match="closed"):
        live.write(scene("a", 1))


def test_only_what_is_there_can_be_published(live: LiveVideo) -> None:
    with pytest.raises(SettingsError, match="no live video named 'x'"):
        live.publish("rtsp://127.0.0.1/live", "x")
    with pytest.raises(SettingsError, match="rtsp://HOST/PATH"):
        live.publish("http://127.0.0.1/live")
