import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.media.page import browser
from footlights.media.page.browser import BrowserCamera, BrowserCameras, jpeg_problem
from tests.media.page.stand_ins import jpeg


class Taker:
    """Reads a source on a thread, as the engine does."""

    def __init__(self, camera: BrowserCamera) -> None:
        self.frames: list[Frame] = []
        self.camera = camera
        self.came = threading.Semaphore(0)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        for frame in self.camera.frames():
            self.frames.append(frame)
            self.came.release()

    def close(self) -> None:
        self.camera.close()
        self.thread.join()


@pytest.fixture
def taker(cameras: BrowserCameras) -> Iterator[Taker]:
    made = Taker(BrowserCamera("phone", cameras=cameras))
    yield made
    made.close()


class Heard:
    """What a sender was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.told = threading.Semaphore(0)

    def __call__(self, text: str) -> None:
        self.texts.append(text)
        self.told.release()

    def wait(self) -> str:
        assert self.told.acquire(timeout=20)
        return self.texts[-1]


def test_pictures_become_frames_with_growing_media_time(cameras: BrowserCameras, taker: Taker) -> None:
    sender, heard = cameras.begin("phone", "k", Heard()), Heard()
    for grey in (40, 200):
        cameras.put(sender, jpeg(grey=grey), heard)
        assert heard.wait() == ""
        assert taker.came.acquire(timeout=20)
    first, second = taker.frames
    assert [first.index, second.index] == [0, 1]
    assert 0 <= first.time < second.time
    assert second.arrived is not None and second.stream == "phone"
    assert (second.width, second.height) == (64, 48)
    assert abs(int(first.rgb().mean()) - 40) < 3 and abs(int(second.rgb().mean()) - 200) < 3
    assert taker.camera.live and taker.camera.duration is None


def test_colours_arrive_as_rgb(cameras: BrowserCameras, taker: Taker) -> None:
    blue_green_red = np.zeros((32, 32, 3), np.uint8)
    blue_green_red[..., 2] = 220
    _, data = cv2.imencode(".jpg", blue_green_red)
    cameras.put(cameras.begin("phone", "k", Heard()), data.tobytes(), Heard())
    assert taker.came.acquire(timeout=20)
    assert np.abs(taker.frames[0].rgb().reshape(-1, 3).mean(axis=0) - [220, 0, 0]).max() < 4


def test_a_source_may_be_retried_and_its_time_goes_on(cameras: BrowserCameras) -> None:
    camera = BrowserCamera("phone", cameras=cameras)
    sender = cameras.begin("phone", "k", Heard())
    cameras.put(sender, jpeg(), Heard())
    first = next(camera.frames())
    cameras.put(sender, jpeg(), Heard())
    second = next(camera.frames())
    camera.close()
    assert (first.index, second.index) == (0, 1)
    assert second.time > first.time


def test_a_picture_that_was_not_taken_is_replaced_by_the_newer_one(cameras: BrowserCameras) -> None:
    sender, old, new = cameras.begin("phone", "k", Heard()), Heard(), Heard()
    cameras.put(sender, jpeg(grey=10), old)
    cameras.put(sender, jpeg(grey=250), new)
    assert old.wait() == "" and new.texts == []
    taker = Taker(BrowserCamera("phone", cameras=cameras))
    assert new.wait() == ""
    taker.close()
    assert [int(frame.rgb().mean()) > 200 for frame in taker.frames] == [True]


def test_one_browser_sends_under_a_name_and_may_take_its_own_place_again(cameras: BrowserCameras) -> None:
    gone = Heard()
    first = cameras.begin("phone", "mine", gone)
    with pytest.raises(SettingsError, match="somebody else"):
        cameras.begin("phone", "other", Heard())
    again = cameras.begin("phone", "mine", Heard())
    assert "another tab" in gone.wait()
    late = Heard()
    cameras.put(first, jpeg(), late)
    assert late.wait() != ""
    cameras.end(first)  # the old tab leaves; the new one stays
    assert cameras.sends("phone")
    cameras.end(again)
    assert not cameras.sends("phone")
    cameras.begin("phone", "other", Heard())


def test_removing_the_source_tells_the_browser_and_ends_the_frames(cameras: BrowserCameras) -> None:
    taker, gone = Taker(BrowserCamera("phone", cameras=cameras)), Heard()
    cameras.begin("phone", "k", gone)
    taker.close()
    taker.camera.close()
    assert gone.wait() == "this camera was removed"
    assert cameras.stream("phone") is None


def test_a_newer_source_of_the_same_name_ends_the_older_one(cameras: BrowserCameras) -> None:
    older = Taker(BrowserCamera("phone", cameras=cameras))
    newer = BrowserCamera("phone", stream="left", cameras=cameras)
    older.thread.join(timeout=20)
    assert not older.thread.is_alive()
    older.close()
    assert cameras.stream("phone") == "left"
    newer.close()


def test_no_more_browsers_than_there_is_room_for(cameras: BrowserCameras) -> None:
    for number in range(browser.MOST_CAMERAS):
        cameras.begin(f"phone-{number}", "k", Heard())
    with pytest.raises(SettingsError, match="the most"):
        cameras.begin("one-more", "k", Heard())


@pytest.mark.parametrize("name", ["", "A", "../x", "a b", "ü", "x" * 33, "-x", "a/b"])
def test_names_are_checked(cameras: BrowserCameras, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot name"):
        cameras.begin(name, "k", Heard())
    with pytest.raises(SettingsError, match="cannot name"):
        BrowserCamera(name, cameras=cameras)


def bomb() -> bytes:
    """A JPEG that says it has 60000 x 60000 pixels."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = (60000).to_bytes(2) * 2
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a whole JPEG"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 90, "not a whole JPEG"),
        (jpeg()[:-20], "not a whole JPEG"),
        (jpeg(8, 8), "16 to 1920"),
        (jpeg(2000, 16), "16 to 1920"),
        (bomb(), "60000x60000"),
        (b"\xff\xd8\xff" + b"0" * 50 + b"\xff\xd9", "does not say its size"),
        (b"\xff\xd8\xff" + b"0" * 2_000_000 + b"\xff\xd9", "bytes"),
    ],
    ids=["empty", "png", "truncated", "small", "wide", "bomb", "noise", "big"],
)
def test_what_is_no_fit_picture_is_refused_unopened(cameras: BrowserCameras, data: bytes, reason: str) -> None:
    heard = Heard()
    cameras.put(cameras.begin("phone", "k", Heard()), data, heard)
    assert reason in heard.wait()


def test_a_jpeg_that_does_not_decode_is_left_out_and_the_next_one_comes(cameras: BrowserCameras, taker: Taker) -> None:
    sender, heard = cameras.begin("phone", "k", Heard()), Heard()
    start = jpeg().index(b"\xff\xc0")
    broken = b"\xff\xd8" + jpeg()[start : start + 19] + b"\xff\xd9"  # a frame header and nothing else
    assert jpeg_problem(broken) == ""
    cameras.put(sender, broken, heard)
    assert heard.wait() == "this JPEG does not decode"
    cameras.put(sender, jpeg(), heard)
    assert heard.wait() == ""


@given(st.binary(max_size=400))
def test_any_bytes_are_looked_at_without_harm(data: bytes) -> None:
    assert isinstance(jpeg_problem(b"\xff\xd8\xff" + data + b"\xff\xd9"), str)
