"""The six face detectors behind one interface."""

import itertools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections
from footlights.media.images import load
from footlights.media.open import open_source
from footlights.perception.face_detectors import NAMES, FaceDetectors, face_roll
from tests.perception.conftest import scene_of

HAAR = tuple(name for name in NAMES if name.startswith("haar"))
ON_DRAWN_FACES = tuple(name for name in NAMES if name != "haar-alt-tree")  # which is too strict for them


@pytest.fixture(scope="module", autouse=True)
def _models(models: Callable[..., None]) -> None:
    models("yunet", "face_detection_full_range_sparse")


@pytest.fixture(scope="module")
def face() -> tuple[np.ndarray, np.ndarray]:
    """A drawn face near the camera, and its (4,) box."""
    source = open_source("rehearsal:idle?seconds=0.1&fps=10&camera=head&seed=1")
    picture = next(iter(source.frames())).rgb()
    return picture, source.truth(0).people[0].face_box  # type: ignore[attr-defined]


def found(name: str, picture: np.ndarray) -> Detections:
    scene = scene_of(picture)
    FaceDetectors(name).run([scene])
    assert scene.detections is not None
    return scene.detections


@pytest.mark.parametrize("name", ON_DRAWN_FACES)
def test_a_face_is_found_where_it_is(name: str, face: tuple[np.ndarray, np.ndarray]) -> None:
    picture, box = face
    faces = found(name, picture)
    assert faces.labels == ("face",)
    assert box_iou(faces.boxes, box[None])[0, 0] > 0.6
    assert 0.5 <= faces.scores[0] <= 1


def test_all_detectors_draw_the_same_square(face: tuple[np.ndarray, np.ndarray]) -> None:
    boxes = {name: found(name, face[0]).boxes[:1] for name in ON_DRAWN_FACES}
    for one, other in itertools.combinations(boxes, 2):
        assert box_iou(boxes[one], boxes[other])[0, 0] > 0.6, f"{one} and {other}"
        width, height = (boxes[one][0, 2:] - boxes[one][0, :2]).tolist()
        assert width == pytest.approx(height)


@pytest.mark.parametrize("name", NAMES)
def test_faces_on_a_photo(name: str, data: Path) -> None:
    boxes = np.array([[242, 54, 359, 171], [434, 121, 494, 181]], np.float32)  # two of the four faces
    overlap = box_iou(boxes, found(name, load(data / "photos" / "face.jpg")).boxes)
    assert (overlap.max(axis=1) > 0.7).all()


@pytest.mark.parametrize("name", ["blazeface", "yunet"])
@pytest.mark.parametrize("degrees", [-25, 0, 25])
def test_eyes_and_mouth_tell_how_a_face_is_turned(
    name: str, degrees: float, face: tuple[np.ndarray, np.ndarray]
) -> None:
    picture, _ = face
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    upright, turned = found(name, picture), found(name, cv2.warpAffine(picture, turn, (width, height)))
    assert upright.anchors is not None and turned.anchors is not None
    difference = math.degrees(float(face_roll(turned.anchors)[0] - face_roll(upright.anchors)[0]))
    assert difference == pytest.approx(degrees, abs=8)


def test_haar_cascades_do_not_know_how_a_face_is_turned(face: tuple[np.ndarray, np.ndarray]) -> None:
    assert all(found(name, face[0]).anchors is None for name in HAAR)


def test_small_faces_are_drawn_no_larger_than_they_are() -> None:
    source = open_source("rehearsal:idle?seconds=0.1&fps=10&camera=upper&distance=4")
    picture = next(iter(source.frames())).rgb()
    box = source.truth(0).people[0].face_box  # type: ignore[attr-defined]
    assert box[2] - box[0] < 26
    assert box_iou(found("blazeface", picture).boxes, box[None])[0, 0] > 0.6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (5, 700), (700, 5), (3648, 5472)])
def test_pictures_of_odd_sizes_hold_no_face(name: str, shape: tuple[int, int]) -> None:
    assert len(found(name, np.full((*shape, 3), 90, np.uint8))) == 0


def test_a_large_photo_gives_the_boxes_of_a_small_one(face: tuple[np.ndarray, np.ndarray]) -> None:
    large = cv2.resize(face[0], None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    for name in ("haar-alt2", "blazeface", "yunet"):
        assert box_iou(found(name, large).boxes / 8, face[1][None])[0, 0] > 0.6


def test_the_detector_can_be_changed_while_running(face: tuple[np.ndarray, np.ndarray]) -> None:
    detectors = FaceDetectors("haar-alt2")
    for name, eyes in (("haar-alt2", False), ("yunet", True), ("haar-default", False), ("blazeface", True)):
        detectors.choose(name)
        scene = scene_of(face[0])
        detectors.run([scene])
        assert detectors.chosen == name
        assert scene.detections is not None
        assert (scene.detections.anchors is not None) == eyes


def test_an_unknown_detector_is_refused_and_the_old_one_stays() -> None:
    detectors = FaceDetectors("haar-alt")
    with pytest.raises(SettingsError, match="no face detector 'retina'; there are: haar-default, haar-alt,"):
        detectors.choose("retina")
    assert detectors.chosen == "haar-alt"


@pytest.mark.parametrize("name", ["haar-alt2", "yunet"])
def test_several_threads_get_what_one_gets(name: str, face: tuple[np.ndarray, np.ndarray]) -> None:
    detectors = FaceDetectors(name)
    pictures = [np.roll(face[0], shift, axis=1) for shift in (0, 40, 80, 120)]

    def run(picture: np.ndarray) -> list[list[float]]:
        scene = scene_of(picture)
        detectors.run([scene])
        assert scene.detections is not None
        return scene.detections.boxes.tolist()

    alone = [run(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(run, pictures * 2)) == alone * 2
