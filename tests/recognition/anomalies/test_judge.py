"""Alerts on made scenes: raised once, in time, and over when it is over."""

from collections.abc import Iterable

import numpy as np
import pytest

from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene, Track
from footlights.media.picture import ArrayPicture
from footlights.recognition.anomalies.alerts import alerts
from footlights.recognition.anomalies.judge import Judge
from footlights.recognition.anomalies.places import places

FPS = 10
PLACES = places(["left: 0,0 0.5,0 0.5,1 0,1", "gate: 0.5,0 0.5,1"])
RNG = np.random.default_rng(3)
ROOM = np.asarray(RNG.integers(40, 200, (18, 32, 3)).repeat(10, 0).repeat(10, 1), np.uint8)  # 320 x 180
Thing = tuple[int, str, float, float]  # identity, class, where its foot is in shares of the picture


def scene(index: int, things: Iterable[Thing] = (), picture: np.ndarray = ROOM, looked: bool = True) -> Scene:
    time = index / FPS
    boxes = [np.array([x * 320 - 10, y * 180 - 30, x * 320 + 10, y * 180], np.float32) for _, _, x, y in things]
    found = Scene(Frame(ArrayPicture(picture), time, "line", index), Detections.none() if looked else None)
    found.tracks = [
        Track(track, label, box, 0.9, 0.0, time) for (track, label, _, _), box in zip(things, boxes, strict=True)
    ]
    return found


def judged(texts: list[str], scenes: Iterable[Scene]) -> list[tuple[str, float, int | None]]:
    judge = Judge(alerts(texts, PLACES))
    events = [event for one in scenes for event in judge.update(one)]
    return [(event.kind.removeprefix("anomaly."), event.time, event.track) for event in events]


def test_each_thing_of_a_class_is_raised_once_and_cleared() -> None:
    scenes = [scene(i, [(1, "up", 0.2, 0.5), *([(2, "down", 0.5, 0.5)] if 10 <= i < 30 else [])]) for i in range(50)]
    raised, cleared = judged(["down"], scenes)
    assert raised == ("raised", 1.0, 2)
    assert cleared == ("cleared", 3.5, 2)


def test_what_flickers_is_raised_once() -> None:
    scenes = [scene(i, [(2, "down", 0.5, 0.5)] if i % 4 else []) for i in range(40)]
    for empty in scenes[::4]:  # the tracker keeps what was lost for a moment, as last seen one frame ago
        empty.tracks = [Track(2, "down", np.zeros(4, np.float32), 0.9, 0.0, empty.frame.time - 0.1)]
    assert [kind for kind, _, _ in judged(["down"], scenes)] == ["raised"]


def test_between_two_looks_nothing_counts_as_gone() -> None:
    scenes = [scene(i, [(2, "down", 0.5, 0.5)], looked=i % 10 == 0) for i in range(60)]
    for one in scenes:
        one.tracks[0].seen = one.frame.time // 1.0
    assert judged(["down"], scenes) == [("raised", 0.0, 2)]


@pytest.mark.parametrize(
    ("text", "x", "count"), [("up in left", 0.2, 1), ("up in left", 0.8, 0), ("up outside left", 0.8, 1)]
)
def test_zones(text: str, x: float, count: int) -> None:
    assert len(judged([text], [scene(i, [(1, "up", x, 0.5)]) for i in range(10)])) == count


def test_a_count_must_last() -> None:
    def people(i: int) -> list[Thing]:
        many = 3 if 10 <= i < 13 or 30 <= i < 60 else 1
        return [(n, "person", 0.1 + n / 10, 0.5) for n in range(many)]

    found = judged(["person > 2 for 1 s"], [scene(i, people(i)) for i in range(80)])
    assert found == [("raised", 4.0, None), ("cleared", 6.5, None)]


def test_an_expected_thing_is_missing() -> None:
    scenes = [scene(i, [] if 20 <= i < 50 else [(1, "can", 0.3, 0.5)]) for i in range(70)]
    assert [kind for kind, _, _ in judged(["can missing for 2 s"], scenes)] == ["raised", "cleared"]


@pytest.mark.parametrize(("text", "times"), [("car crosses gate", 2), ("car crosses gate inwards", 1)])
def test_a_line_is_crossed_there_and_back(text: str, times: int) -> None:
    way = [*np.linspace(0.2, 0.8, 20), *[0.8] * 30, *np.linspace(0.8, 0.2, 20)]
    found = judged([text], [scene(i, [(1, "car", float(x), 0.5)]) for i, x in enumerate(way)])
    assert sum(kind == "raised" for kind, _, _ in found) == times


def test_trembling_on_a_line_crosses_nothing() -> None:
    scenes = [scene(i, [(1, "car", 0.5 + 0.004 * (-1) ** i, 0.5)]) for i in range(60)]
    assert judged(["car crosses gate"], scenes) == []


def test_one_and_the_same_stays_too_long() -> None:
    def people(i: int) -> list[Thing]:
        return [(i // 30, "person", 0.2, 0.5), (100, "person", 0.3, 0.9)]

    found = judged(["person stays in left for 5 s"], [scene(i, people(i)) for i in range(90)])
    assert found == [("raised", 5.0, 100)]


def moving_box(i: int) -> np.ndarray:
    image = ROOM.copy()
    image[80:110, (20 + 3 * i) % 280 : (20 + 3 * i) % 280 + 30] = 255
    return image


def test_a_standstill_is_raised_and_is_over_when_it_moves_again() -> None:
    pictures = [moving_box(i if i < 30 else 30 if i < 80 else i) for i in range(110)]
    found = judged(["nothing moves for 3 s"], [scene(i, picture=one) for i, one in enumerate(pictures)])
    assert [kind for kind, _, _ in found] == ["raised", "cleared"]
    assert 6.0 <= found[0][1] <= 6.6
    assert 8.0 <= found[1][1] <= 9.2


def noisy(image: np.ndarray) -> np.ndarray:
    return np.clip(image + RNG.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def blurred(image: np.ndarray) -> np.ndarray:
    import cv2

    return np.asarray(cv2.GaussianBlur(image, (0, 0), 9), np.uint8)


FAULTY = {
    "covered": lambda i: noisy(np.full_like(ROOM, 20)),
    "blurred": lambda i: noisy(blurred(ROOM)),
    "moved": lambda i: noisy(np.roll(ROOM, 40, axis=1)),
    "frozen": lambda i: ROOM,
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_camera_that_is_not_all_right(fault: str) -> None:
    pictures = [FAULTY[fault](i) if 30 <= i < 70 else noisy(ROOM) for i in range(100)]
    texts = [f"camera {name}" for name in FAULTY]
    judge = Judge(alerts(texts, PLACES))
    events: list[Event] = [event for i, one in enumerate(pictures) for event in judge.update(scene(i, picture=one))]
    raised = [(event.kind, event.data["fault"]) for event in events]
    assert raised == [("anomaly.raised", fault), ("anomaly.cleared", fault)]


def test_light_that_changes_is_no_fault() -> None:
    pictures = [noisy(ROOM * (0.6 + 0.4 * np.cos(i / 20))) for i in range(100)]
    assert judged([f"camera {name}" for name in FAULTY], [scene(i, picture=p) for i, p in enumerate(pictures)]) == []


def test_what_is_raised_at_the_end_is_cleared_there() -> None:
    judge = Judge(alerts(["down"], PLACES))
    for i in range(5):
        list(judge.update(scene(i, [(2, "down", 0.5, 0.5)])))
    assert judge.raised == [("down", 2)]
    (cleared,) = judge.finish("line", 0.5)
    assert (cleared.kind, cleared.data["duration"]) == ("anomaly.cleared", 0.4)
    assert judge.raised == []


def test_an_unusual_scene_is_told_when_it_has_lasted() -> None:
    judge = Judge(alerts(["scene unusual for 1 s"], PLACES))
    events: list[Event] = []
    for index in range(60):
        judge.unusual = {"score": 1.4} if index == 5 or 20 <= index < 40 else None
        events += judge.update(scene(index))
    assert [(event.kind, event.time) for event in events] == [("anomaly.raised", 3.0), ("anomaly.cleared", 4.4)]
    assert events[0].data == {"alert": "scene unusual for 1 s", "score": 1.4}
