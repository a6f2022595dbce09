"""Pictures that travel with messages."""

import threading

import cv2
import numpy as np
import pytest

from footlights.core.cue import Text
from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.painter import Painter
from footlights.media.picture import ArrayPicture
from footlights.media.snapshot import (
    MOST_BYTES,
    PastPictures,
    Snapshots,
    jpeg,
    small_size,
    snapshot_address,
    travelling,
)

EVENT = Event("anomaly.raised", "line", 1.0, 3, {"alert": "down"})


def scene(width: int, height: int, *events: Event, noise: bool = False) -> Scene:
    chance = np.random.default_rng(3)
    array = chance.integers(0, 256, (height, width, 3), np.uint8) if noise else np.zeros((height, width, 3), np.uint8)
    return Scene(Frame(ArrayPicture(array), 1.0, "line", 0), events=list(events), cues=[Text("down", tone="alarm")])


def decoded(content: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


@pytest.mark.parametrize(
    ("size", "small"),
    [((1920, 1080), (640, 360)), ((1080, 1920), (360, 640)), ((320, 240), (320, 240)), ((641, 11), (640, 10))],
)
def test_the_small_size_is_even_and_keeps_the_shape(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert small_size(*size) == small


def test_what_is_known_is_painted_on_it() -> None:
    image = decoded(travelling(scene(1280, 720), Painter()))
    assert image.shape == (360, 640, 3)
    assert image[:, :200, 2].max() > 150, "the alert in red, at the left"


def test_even_noise_stays_below_what_everybody_passes_on() -> None:
    assert 10_000 < len(travelling(scene(1280, 720, noise=True), Painter())) <= MOST_BYTES


def test_a_size_that_jpeg_does_not_know_is_one_line() -> None:
    with pytest.raises(SinkError, match="a picture of 70000x1 cannot be written as JPEG"):
        jpeg(np.zeros((1, 70000, 3), np.uint8))


def test_one_who_asks_before_the_picture_is_made_waits_for_it() -> None:
    snapshots, got = Snapshots(), []
    snapshots.expect(EVENT)
    asking = threading.Thread(target=lambda: got.append(snapshots.of(EVENT, 60)))
    asking.start()
    snapshots.write(scene(64, 48, EVENT))
    asking.join()
    assert got[0] is not None
    assert decoded(got[0]).shape == (48, 64, 3)
    assert snapshots.of(EVENT) == got[0]


def test_only_what_is_expected_is_made() -> None:
    snapshots = Snapshots()
    assert not snapshots.wants(scene(64, 48, EVENT))
    snapshots.write(scene(64, 48, EVENT))
    assert snapshots.of(EVENT) is None
    snapshots.expect(EVENT)
    assert snapshots.wants(scene(64, 48, EVENT))
    assert not snapshots.wants(scene(64, 48, Event("anomaly.raised", "line", 1.0, 3, {"alert": "down"}))), "its equal"


def test_old_pictures_are_forgotten() -> None:
    snapshots = Snapshots(keep=2)
    events = [Event("anomaly.raised", "line", float(at)) for at in range(3)]
    for event in events:
        snapshots.expect(event)
        snapshots.write(scene(64, 48, event))
    assert [snapshots.of(event) is not None for event in events] == [False, True, True]


def test_nobody_waits_for_a_picture_that_will_not_come() -> None:
    snapshots = Snapshots()
    snapshots.expect(EVENT)
    snapshots.close()
    assert snapshots.of(EVENT, 3600) is None


def test_pictures_can_be_looked_at_by_their_addresses_until_there_are_newer_ones() -> None:
    past = PastPictures(keep=2)
    events = [
        Event("detection.new", "line 1", time, 3, {"snapshot": snapshot_address("line 1", time)})
        for time in (1.0, 2.0, 3.25)
    ]
    assert not past.wants(scene(64, 48, EVENT))
    for event in events:
        assert past.wants(scene(64, 48, event))
        past.write(scene(64, 48, EVENT, event))
    assert past.at("/snapshots/line%201/1000.jpg") is None
    assert decoded(past.at("/snapshots/line%201/3250.jpg") or b"").shape == (48, 64, 3)
