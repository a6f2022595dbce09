import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.scene import Detections, Scene
from footlights.perception.track import BoxTracker
from tests.perception.conftest import scene_of

BLACK = np.zeros((480, 640, 3), np.uint8)


def found(*boxes: tuple[float, float, float, float], labels: tuple[str, ...] | None = None) -> Detections:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    anchors = np.repeat(array[:, None, :2], 2, axis=1)
    return Detections(
        array, np.linspace(0.9, 0.8, len(boxes), dtype=np.float32), labels or ("person",) * len(boxes), anchors
    )


def step(tracker: BoxTracker, time: float, detections: Detections | None) -> Scene:
    scene = scene_of(BLACK, time)
    scene.detections = detections
    tracker.update(scene)
    return scene


def box(x: float, y: float = 200, width: float = 60, height: float = 160) -> tuple[float, float, float, float]:
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def test_one_frame_is_enough_to_begin() -> None:
    scene = step(BoxTracker(), 5.0, found(box(100), box(400)))
    assert [track.id for track in scene.tracks] == [1, 2]
    assert [track.since for track in scene.tracks] == [5.0, 5.0]
    assert scene.tracks[0].anchors is not None
    assert scene.tracks[0].before is None


def test_each_track_remembers_one_frame_and_no_more() -> None:
    tracker = BoxTracker()
    first = step(tracker, 0.0, found(box(100)))
    second = step(tracker, 0.1, None)
    third = step(tracker, 0.2, None)
    assert third.tracks[0].before is second.tracks[0]
    assert second.tracks[0].before is None
    assert third.tracks[0] is not second.tracks[0]
    assert first.tracks[0].anchors is not None
    assert third.tracks[0].anchors is None


def test_speed_carries_a_box_between_detections() -> None:
    tracker = BoxTracker()
    for index in range(10):
        step(tracker, index * 0.2, found(box(100 + 20 * index)))  # 100 pixels a second
    scene = step(tracker, 1.9, None)
    middle = (scene.tracks[0].box[0] + scene.tracks[0].box[2]) / 2
    assert middle == pytest.approx(290, abs=2)
    assert scene.tracks[0].seen == pytest.approx(1.8)


def test_where_a_landmark_stage_found_it_counts() -> None:
    tracker = BoxTracker()
    step(tracker, 0.0, found(box(100)))
    for index in range(1, 30):  # without any detection, far from where the detector saw it
        scene = step(tracker, index / 10, None)
        scene.tracks[0].box, scene.tracks[0].seen = np.array(box(100 + 10 * index), np.float32), index / 10
    scene = step(tracker, 3.0, found(box(400)))
    assert [track.id for track in scene.tracks] == [1]


@pytest.mark.parametrize(("away", "same"), [(0.5, True), (1.8, True), (2.5, False)])
def test_an_identity_survives_for_the_time_it_is_given(away: float, same: bool) -> None:
    tracker = BoxTracker(patience=2.0)
    step(tracker, 0.0, found(box(300), box(100)))
    for time in np.arange(0.1, away, 0.1):
        step(tracker, float(time), found(box(100)))
    scene = step(tracker, away, found(box(100), box(330)))
    assert (1 in {track.id for track in scene.tracks}) == same
    assert len(scene.tracks) == 2


def test_out_of_sight_does_not_mean_anywhere() -> None:
    tracker = BoxTracker()
    step(tracker, 0.0, found(box(100)))
    step(tracker, 0.5, found())
    scene = step(tracker, 1.0, found(box(500)))
    assert [track.id for track in scene.tracks] == [1, 2]
    assert scene.tracks[0].seen == 0.0


def test_other_labels_are_other_things() -> None:
    tracker = BoxTracker()
    step(tracker, 0.0, found(box(100), labels=("person",)))
    scene = step(tracker, 0.1, found(box(100), labels=("dog",)))
    assert [(track.id, track.label) for track in scene.tracks] == [(1, "person"), (2, "dog")]


def test_nobody_is_found_twice() -> None:
    tracker = BoxTracker()
    step(tracker, 0.0, found(box(100)))
    scene = step(tracker, 0.1, found(box(100), box(104, width=66)))
    assert len(scene.tracks) == 1


def test_a_new_track_on_an_older_one_goes_when_only_the_older_is_seen() -> None:
    tracker = BoxTracker()
    step(tracker, 0.0, found(box(100)))
    scene = step(tracker, 0.1, found(box(100), box(120, width=100)))
    assert len(scene.tracks) == 2
    scene.tracks[0].seen = 0.15
    scene.tracks[1].box = scene.tracks[0].box
    assert [track.id for track in step(tracker, 0.2, None).tracks] == [1]


def test_two_who_pass_each_other_keep_their_names() -> None:
    tracker = BoxTracker()
    for index in range(41):
        time, left, right = index / 10, 100 + 10 * index, 500 - 10 * index
        scene = step(tracker, time, found(box(left, 180, height=140), box(right, 260, height=180)))
    ends = {track.id: float(track.box[1]) for track in scene.tracks}
    assert ends == {1: 110, 2: 170}


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=25), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_identities_are_unique_and_grow(frames: list[tuple[int, bool]], seed: int) -> None:
    random, tracker, last = np.random.default_rng(seed), BoxTracker(), 0
    for index, (count, ran) in enumerate(frames):
        boxes = [box(*random.uniform(50, 450, 2)) for _ in range(count)]
        scene = step(tracker, index * 0.2, found(*boxes) if ran else None)
        names = [track.id for track in scene.tracks]
        assert names == sorted(set(names))
        assert not ran or not count or scene.tracks
        assert all(track.id > last or track.before is not None for track in scene.tracks)
        assert all(track.since <= track.seen <= scene.frame.time for track in scene.tracks)
        last = max([last, *names])


def test_many_at_once_cost_no_names() -> None:
    tracker, random = BoxTracker(), np.random.default_rng(3)
    places = [(60 * column + 30.0, 90 * row + 45.0) for row in range(5) for column in range(10)]
    for index in range(20):
        boxes = [box(x + random.normal(0, 3), y + random.normal(0, 3), 40, 70) for x, y in places]
        scene = step(tracker, index / 10, found(*random.permutation(boxes).tolist()))
    assert len(scene.tracks) == 50
    assert max(track.id for track in scene.tracks) == 50
