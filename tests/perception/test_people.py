from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.geometry import region_corners
from footlights.perception.people import PeopleDetector, tiles
from tests.perception.conftest import scene_of


@given(st.integers(64, 4000), st.integers(64, 4000))
def test_tiles_cover_the_picture(width: int, height: int) -> None:
    corners = np.array([region_corners(tile) for tile in tiles(width, height)])
    xs, ys = corners[..., 0], corners[..., 1]
    assert xs.min() <= 0.5
    assert ys.min() <= 0.5
    assert xs.max() >= width - 0.5
    assert ys.max() >= height - 0.5
    assert len(corners) <= 4


def test_an_empty_picture_holds_nobody(models: Callable[..., None]) -> None:
    models("pose_detection")
    scene = scene_of(np.full((480, 640, 3), 128, np.uint8))
    PeopleDetector().run([scene])
    assert scene.detections is not None
    assert len(scene.detections) == 0


@pytest.mark.parametrize("far", ["yolox-nano", None])
def test_a_person_is_found_once(models: Callable[..., None], data: Path, far: str | None) -> None:
    models("pose_detection", *([far] if far else []))
    picture = cv2.imread(str(data / "photos" / "squat.bmp"))[..., ::-1]
    scene = scene_of(np.ascontiguousarray(picture))
    PeopleDetector(far=far).run([scene])
    found = scene.detections
    assert found is not None
    assert found.labels == ("person",)
    assert found.anchors is not None
    hip = found.anchors[0, 0]
    assert (found.boxes[0, :2] < hip).all()
    assert (hip < found.boxes[0, 2:]).all()


def test_several_people_are_found_best_first(models: Callable[..., None], data: Path) -> None:
    models("pose_detection", "yolox-nano")
    picture = cv2.imread(str(data / "photos" / "face.jpg"))[..., ::-1]
    scene = scene_of(np.ascontiguousarray(picture))
    PeopleDetector().run([scene])
    assert scene.detections is not None
    assert len(scene.detections) >= 3
    assert (np.diff(scene.detections.scores) <= 0).all()
