import threading
import time
from collections.abc import Callable

import av
import cv2
import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.media.encoder import MOST_WAITING, Encoder, Unit
from footlights.media.h264 import IDR, PPS, SPS, nal_type, split_nals
from footlights.media.picture import ArrayPicture, AvPicture, from_planes, planes_of
from tests.media.moving import Ticking, counting, numbered, read


def decoded(units: list[Unit]) -> list[AvPicture]:
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))]
    return [AvPicture(frame) for frame in [*frames, *decoder.decode(None)]]


def scenery(width: int = 320, height: int = 180) -> AvPicture:
    """Something with soft and hard edges in colour."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:] = np.linspace(20, 230, width, dtype=np.uint8)[None, :, None]
    cv2.circle(image, (width // 3, height // 2), height // 4, (220, 40, 30), -1, cv2.LINE_AA)
    cv2.rectangle(image, (width // 2, height // 4), (width - 20, height - 30), (30, 90, 220), -1)
    planes = planes_of(ArrayPicture(image), width, height, "bt709")
    return from_planes(np.concatenate([plane.ravel() for plane in planes]).reshape(-1, width), "bt709")


def peak_ratio(first: AvPicture, second: AvPicture) -> float:
    """Peak signal-to-noise ratio of the luma, dB."""
    one, two = (picture.planes(picture.width, picture.height)[0].astype(float) for picture in (first, second))
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((one - two) ** 2))))


def test_what_is_decoded_is_what_was_encoded() -> None:
    encoder = Encoder(lambda: None)
    pictures = [scenery() for _ in range(10)]
    units = [unit for index, picture in enumerate(pictures) for unit in encoder.encode(picture, index / 25)]
    seen = decoded(units)
    assert len(seen) == 10
    assert min(peak_ratio(*pair) for pair in zip(pictures, seen, strict=True)) > 35
    assert {picture.matrix for picture in seen} == {"bt709"}
    assert np.abs(seen[5].rgb(320, 180).astype(int) - pictures[5].rgb(320, 180)).mean() < 4


def test_no_picture_is_held_back() -> None:
    encoder = Encoder(lambda: None)
    assert [len(encoder.encode(numbered(index), index / 25)) for index in range(5)] == [1] * 5


def test_keyframes_come_by_the_clock_and_on_request_but_not_in_a_row() -> None:
    encoder = Encoder(lambda: None)
    keys = []
    for index in range(125):
        if index in (30, 31, 32, 33):
            encoder.want_keyframe()
        (unit,) = encoder.encode(numbered(index), index / 25)
        keys += [index] if unit.key else []
        kinds = {nal_type(nal) for nal in split_nals(unit.data)}
        assert ({SPS, PPS, IDR} <= kinds) == unit.key
    assert keys[:2] == [0, 30]
    assert keys[2] - keys[1] in range(7, 10)  # what was asked for just after it comes a moment later
    assert keys[3] - keys[2] == 50


def test_another_size_begins_a_new_sequence() -> None:
    encoder = Encoder(lambda: None)
    units = [*encoder.encode(numbered(1), 0.0), *encoder.encode(numbered(2, width=384), 0.04)]
    assert [unit.key for unit in units] == [True, True]
    assert [picture.width for picture in decoded(units)] == [192, 384]


def test_the_bit_rate_is_a_roof() -> None:
    chance = np.random.default_rng(1)
    encoder = Encoder(lambda: None, bitrate=500_000)
    pictures = (from_planes(chance.integers(16, 235, (180 * 3 // 2, 320), np.uint8), "bt601") for _ in range(100))
    sizes = [sum(len(u.data) for u in encoder.encode(picture, i / 25)) for i, picture in enumerate(pictures)]
    assert sum(sizes[25:]) * 8 / 3 < 1.2 * 500_000


def test_everybody_who_looks_gets_the_same_units_from_a_keyframe_on() -> None:
    encoder = Ticking(counting(), fps=100)
    first = encoder.join()
    early = [first.take(5) for _ in range(10)]
    second = encoder.join()
    assert early[0] is not None
    assert early[0].key
    later = second.take(5)
    assert later is not None
    assert later.key
    while (unit := first.take(5)) is not later:
        assert unit is not None
    assert first.take(5) is second.take(5)
    encoder.close()


def test_time_stamps_grow() -> None:
    encoder = Encoder(lambda: None)
    units = [unit for time in (0.0, 0.0, 0.04, 0.03, 0.08) for unit in encoder.encode(numbered(1), time)]
    assert [unit.pts for unit in units] == [0, 1, 3600, 3601, 7200]


def test_nobody_looks_and_nothing_is_made() -> None:
    looked = threading.Event()

    def look() -> AvPicture:
        looked.set()
        return numbered(1)

    encoder = Encoder(look)
    encoder.changed()
    assert not looked.wait(0.1)
    viewer = encoder.join()
    assert viewer.take(5) is not None
    viewer.close()
    _until(lambda: not any(thread.name.startswith("encoder") for thread in threading.enumerate()))
    assert not encoder.watched
    again = encoder.join()
    unit = again.take(5)
    assert unit is not None
    assert unit.key
    encoder.close()


def test_a_picture_that_stays_is_sent_again_at_first_often_and_then_seldom() -> None:
    encoder = Encoder(lambda: numbered(1), fps=50)
    viewer = encoder.join()
    stamps = []
    while len(stamps) < 2 or stamps[-1] - stamps[-2] < 30_000:
        unit = viewer.take(5)
        assert unit is not None
        stamps.append(unit.pts)
    assert len(stamps) > 30
    encoder.close()


def test_a_viewer_who_takes_nothing_keeps_a_bounded_number_and_goes_on_at_a_keyframe() -> None:
    encoder = Ticking(counting(width=96, height=32), fps=120)
    slow = encoder.join()
    _until(lambda: slow.dropped > 0)
    assert len(slow._units) <= MOST_WAITING
    unit = slow.take(5)
    assert unit is not None
    assert unit.key
    assert encoder.stats().dropped > 0
    encoder.close()


def test_the_newest_picture_wins() -> None:
    newest = [0]
    encoder = Encoder(lambda: numbered(newest[0]), fps=10)
    viewer = encoder.join()
    encoder._eager_until = 0.0
    units = [viewer.take(5)]
    for newest[0] in range(1, 200):
        encoder.changed()
    units.append(viewer.take(5))
    assert [read(picture.rgb(192, 96)) for picture in decoded([unit for unit in units if unit])] == [0, 199]
    assert encoder.stats().encoded == 2
    encoder.close()


def test_a_picture_that_cannot_be_made_does_not_end_the_video(caplog: pytest.LogCaptureFixture) -> None:
    numbers = counting()
    faults = iter([ValueError("a bug"), ValueError("a bug")])

    def look() -> AvPicture:
        for fault in faults:
            raise fault
        return numbers()

    encoder = Ticking(look, fps=50, name="lobby")
    viewer = encoder.join()
    assert viewer.take(5) is not None
    assert caplog.text.count("live video lobby: ValueError: a bug") == 1
    encoder.close()


def test_the_end_wakes_whoever_waits() -> None:
    woken = threading.Event()
    encoder = Encoder(lambda: None)
    viewer = encoder.join(woken.set)
    encoder.close()
    assert woken.is_set()
    assert viewer.take(5) is None
    assert viewer.closed
    assert encoder.join().closed


@pytest.mark.parametrize("settings", [{"fps": 0.5}, {"fps": 500}, {"bitrate": 100}])
def test_rates_that_cannot_be_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        Encoder(lambda: None, **settings)  # type: ignore[arg-type]


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
