import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.geometry import box_iou
from footlights.core.scene import Detections, Scene
from footlights.perception.byte_track import ByteTracker
from tests.perception.conftest import scene_of

BLACK = np.zeros((480, 640, 3), np.uint8)
Box = tuple[float, float, float, float]


def found(*boxes: Box, score: float | list[float] = 0.9, labels: tuple[str, ...] | None = None) -> Detections:
    scores = np.broadcast_to(np.array(score, np.float32), len(boxes))
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), scores, labels or ("can",) * len(boxes))


def step(tracker: ByteTracker, time: float, detections: Detections | None) -> Scene:
    scene = scene_of(BLACK, time)
    scene.detections = detections
    tracker.update(scene)
    return scene


def box(x: float, y: float = 200, width: float = 60, height: float = 100) -> Box:
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def middle(scene: Scene) -> float:
    (track,) = scene.tracks
    return float(track.box[0] + track.box[2]) / 2


def moved(tracker: ByteTracker, speed: float, frames: int, every: float = 0.1) -> Scene:
    for index in range(frames):
        scene = step(tracker, index * every, found(box(100 + speed * every * index)))
    return scene


def test_a_thing_is_shown_when_it_is_seen_again() -> None:
    tracker = ByteTracker()
    assert not step(tracker, 1.0, found(box(100))).tracks
    (track,) = step(tracker, 1.1, found(box(102))).tracks
    assert (track.id, track.label, track.since, track.seen, track.before) == (1, "can", 1.0, 1.1, None)


def test_confirm_and_first_are_settings() -> None:
    tracker = ByteTracker(confirm=1, first=7)
    assert [track.id for track in step(tracker, 0.0, found(box(100), box(300))).tracks] == [7, 8]


def test_what_is_seen_once_is_no_thing() -> None:
    tracker = ByteTracker()
    step(tracker, 0.0, found(box(100)))
    step(tracker, 0.1, found())
    assert not step(tracker, 0.2, found(box(100))).tracks


@pytest.mark.parametrize("fps", [5, 25, 60])
def test_the_detector_may_run_now_and_then_at_any_rate(fps: int) -> None:
    """Detections every 0.2 s of something that moves at 150 pixels a second, whatever the camera's rate."""
    tracker = ByteTracker()
    for index in range(fps * 3):
        now = index / fps
        due = index % max(1, fps // 5) == 0
        scene = step(tracker, now, found(box(60 + 150 * now)) if due else None)
        if now > 1:
            assert middle(scene) == pytest.approx(60 + 150 * now, abs=3)
    assert [track.id for track in scene.tracks] == [1]


def test_a_detector_that_looks_once_a_second_is_enough() -> None:
    """Things that move most of their size between two looks are carried all the way."""
    tracker = ByteTracker()
    for index in range(40):
        now = index / 5
        scene = step(tracker, now, found(box(60 + 50 * now)) if index % 5 == 0 else None)
        if now > 3:
            assert middle(scene) == pytest.approx(60 + 50 * now, abs=4)
    assert [track.id for track in scene.tracks] == [1]


def test_a_speed_is_not_believed_for_ever() -> None:
    tracker = ByteTracker(patience=9)
    moved(tracker, 200, 10)
    near, far = middle(step(tracker, 1.2, None)), middle(step(tracker, 6.0, None))
    assert near == pytest.approx(340, abs=8)
    assert far < 280 + 200 * 0.5 + 10


def test_without_a_look_nothing_is_lost() -> None:
    tracker = ByteTracker(patience=1.0)
    moved(tracker, 0, 3)
    assert [track.id for track in step(tracker, 60.0, None).tracks] == [1]
    (track,) = step(tracker, 60.1, found(box(100))).tracks
    assert (track.id, track.seen) == (1, 60.1)


@pytest.mark.parametrize(("away", "same"), [(0.6, True), (0.9, True), (1.4, False)])
def test_an_identity_survives_for_its_patience(away: float, same: bool) -> None:
    tracker = ByteTracker(patience=1.0)
    moved(tracker, 0, 3)
    for time in np.arange(0.3, 0.3 + away, 0.1):
        scene = step(tracker, float(time), found())
        assert all(track.seen == pytest.approx(0.2) for track in scene.tracks)
    step(tracker, 0.3 + away, found(box(110)))
    assert [track.id == 1 for track in step(tracker, 0.4 + away, found(box(110))).tracks] == [same]


def test_what_left_the_picture_goes_at_once() -> None:
    tracker = ByteTracker()
    for index in range(20):
        x = 400 + 14.0 * index
        scene = step(tracker, index * 0.1, found(box(x)) if x < 630 else found())
    assert not scene.tracks


def test_weak_detections_keep_alive_and_begin_nothing() -> None:
    tracker = ByteTracker()
    moved(tracker, 0, 3)
    for index in range(3, 40):
        scene = step(tracker, index * 0.1, found(box(100), box(400), score=[0.2, 0.3]))
    assert [(track.id, track.seen) for track in scene.tracks] == [(1, pytest.approx(3.9))]
    assert scene.tracks[0].score == pytest.approx(0.2)


def test_other_labels_are_other_things_unless_mixed() -> None:
    for mixed, identities in ((False, {1, 2}), (True, {1})):
        tracker, seen = ByteTracker(mixed=mixed), set()
        for index in range(30):
            label = "truck" if index in (9, 10, 20) else "car"
            scene = step(tracker, index * 0.1, found(box(100), labels=(label,)))
            seen |= {track.id for track in scene.tracks}
        assert seen == identities
        assert scene.tracks[0].label == "car"


def test_a_mixed_thing_that_changes_for_good_changes_its_label() -> None:
    tracker = ByteTracker(mixed=True)
    for index in range(20):
        scene = step(tracker, index * 0.1, found(box(100), labels=("up" if index < 10 else "down",)))
    assert [(track.id, track.label) for track in scene.tracks] == [(1, "down")]


def test_two_who_cross_keep_their_names() -> None:
    tracker = ByteTracker()
    for index in range(60):
        left, right = 60 + 8 * index, 540 - 8 * index
        scene = step(tracker, index / 15, found(box(left, 180), box(right, 230)))
    assert {track.id: round(float(track.box[1])) for track in scene.tracks} == {1: 130, 2: 180}


def test_one_hidden_behind_another_is_found_again() -> None:
    tracker = ByteTracker()
    for index in range(50):
        walker, now = 100 + 8.0 * index, index / 15
        hidden = 250 < walker < 350
        boxes = [box(300, 220, 90, 160)] + ([] if hidden else [box(walker, 200)])
        scene = step(tracker, now, found(*boxes))
    assert sorted(track.id for track in scene.tracks) == [1, 2]


def test_each_track_remembers_one_frame_and_no_more() -> None:
    tracker = ByteTracker(confirm=1)
    scenes = [step(tracker, index / 10, found(box(100)) if index == 0 else None) for index in range(3)]
    assert scenes[2].tracks[0].before is scenes[1].tracks[0]
    assert scenes[1].tracks[0].before is None


def test_anchors_come_with_the_detection_they_belong_to() -> None:
    tracker = ByteTracker(confirm=1)
    boxes = np.array([box(100), box(400)], np.float32)
    anchors = np.array([[[1, 1]], [[2, 2]]], np.float32)
    detections = Detections(boxes, np.array([0.9, 0.8], np.float32), ("can", "can"), anchors)
    scene = step(tracker, 0.0, detections)
    assert [track.anchors.tolist() for track in scene.tracks if track.anchors is not None] == [[[1, 1]], [[2, 2]]]
    assert step(tracker, 0.1, None).tracks[0].anchors is None


def test_between_detections_boxes_stay_on_the_thing() -> None:
    random, tracker, overlaps = np.random.default_rng(5), ByteTracker(), []
    for index in range(300):
        now = index / 30
        true = np.array([box(320 + 150 * np.sin(now), 240 + 60 * np.cos(1.3 * now))], np.float32)
        scene = step(tracker, now, found(tuple(true[0] + random.normal(0, 2, 4))) if index % 5 == 0 else None)
        if now > 1 and index % 5:
            overlaps.append(float(box_iou(scene.tracks[0].box[None], true)[0, 0]))
    assert min(overlaps) > 0.7


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=25), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_identities_are_unique_and_boxes_are_boxes(frames: list[tuple[int, bool]], seed: int) -> None:
    random, tracker, gone = np.random.default_rng(seed), ByteTracker(), set[int]()
    before, now = set[int](), 0.0
    for count, ran in frames:
        now += random.uniform(0.05, 0.3)
        boxes = [box(*random.uniform(50, 450, 2)) for _ in range(count)]
        detections = found(*boxes, score=random.uniform(0.1, 1, count).tolist()) if ran else None
        scene = step(tracker, now, detections)
        names = [track.id for track in scene.tracks]
        assert names == sorted(set(names))
        assert not gone & set(names)
        gone |= before - set(names)
        before = set(names)
        for track in scene.tracks:
            assert np.isfinite(track.box).all()
            assert (track.box[2:] > track.box[:2]).all()
            assert track.since <= track.seen


def test_many_at_once_keep_their_names() -> None:
    tracker, random = ByteTracker(), np.random.default_rng(3)
    places = [(60 * column + 30.0, 90 * row + 45.0) for row in range(5) for column in range(10)]
    for index in range(20):
        boxes = [box(x + random.normal(0, 3), y + random.normal(0, 3), 40, 70) for x, y in places]
        scene = step(tracker, index / 10, found(*random.permutation(boxes).tolist()))
    assert [track.id for track in scene.tracks] == list(range(1, 51))
