"""Any detection model: real ONNX files, from the picture to boxes in its pixels."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import InstallError, ModelCorruptError, SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene
from footlights.media.picture import ArrayPicture
from footlights.perception.letterbox import Preparation
from footlights.perception.objects import ObjectDetector
from tests.perception.conftest import scene_of
from tests.perception.tiny_models import SCORE, SIDE, answers, save_model, save_sized

WIDE = np.zeros((160, 320, 3), np.uint8)  # five times as wide as the input
CORNER, MIDDLE, STRETCHED = (80, 80, 240, 160), (80, 0, 240, 80), (80, 40, 240, 80)
KINDS = {
    "yolox": CORNER,
    "yolov5": MIDDLE,
    "yolov8": MIDDLE,
    "end-to-end": MIDDLE,
    "yolov2": STRETCHED,
    "ssd": STRETCHED,
    "ssd-raw": STRETCHED,
    "detr": STRETCHED,
}


def look(detector: ObjectDetector, picture: np.ndarray = WIDE) -> Detections:
    return detector.find(Frame(ArrayPicture(picture), 0.0, "test", 0))


@pytest.mark.parametrize(("kind", "box"), KINDS.items())
def test_every_head_from_picture_to_pixels(tmp_path: Path, kind: str, box: tuple[int, ...]) -> None:
    save_model(tmp_path / "cans.onnx", answers(kind))
    (tmp_path / "labels.txt").write_text("up\ndown\n")
    detector = ObjectDetector(str(tmp_path / "cans.onnx"))
    found = look(detector)
    assert (detector.head.kind, detector.labels, detector.name) == (kind, ("up", "down"), "cans.onnx")
    np.testing.assert_allclose(found.boxes, [box], atol=0.02)
    np.testing.assert_allclose(found.scores, [SCORE], atol=1e-4)
    assert found.labels == ("down",)


def test_a_model_that_wants_the_size_of_the_picture(tmp_path: Path) -> None:
    found = look(ObjectDetector(save_sized(tmp_path / "detr.onnx"), labels=("up", "down")))
    np.testing.assert_allclose(found.boxes, [STRETCHED], atol=0.01)
    assert found.labels == ("down",)


@pytest.mark.parametrize("kind", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("shape", [(1, 3, SIDE, SIDE), (1, SIDE, SIDE, 3), ("n", 3, "h", "w")])
def test_inputs_of_other_types_and_layouts(tmp_path: Path, kind: str, shape: tuple[int | str, ...]) -> None:
    metadata = {"names": "{0: 'up', 1: 'down'}", "imgsz": f"[{SIDE}, {SIDE}]"}
    detector = ObjectDetector(
        save_model(tmp_path / "m.onnx", answers("yolov8"), metadata=metadata, shape=shape, kind=kind)
    )
    assert detector.labels == ("up", "down")
    np.testing.assert_allclose(look(detector).boxes, [MIDDLE], atol=0.02)


@pytest.mark.parametrize(
    ("metadata", "colour", "level"),
    [
        ({}, 0, 0.8),  # end-to-end: RGB, 0..1
        ({"Image.BitmapPixelFormat": "Bgr8"}, 2, 0.8),
        ({"Image.BitmapPixelFormat": "Rgb8", "Image.NominalPixelRange": "NominalRange_0_255"}, 0, 204),
    ],
)
def test_colours_and_range_are_as_the_model_says(tmp_path: Path, metadata: dict, colour: int, level: float) -> None:
    """The score is the mean of one colour of what goes in; the picture is red."""
    outputs = {"output0": np.array([[[*(8, 8, 24, 24), 0, 0]] + [[0] * 6] * 9], np.float32)}
    red = np.zeros((SIDE, SIDE, 3), np.uint8)
    red[..., 0] = 204
    path = save_model(tmp_path / "m.onnx", outputs, metadata=metadata, brightness=colour)
    np.testing.assert_allclose(look(ObjectDetector(path), red).scores, [level], rtol=1e-4)


def test_card_toml_overrules(tmp_path: Path) -> None:
    outputs = {"output0": np.array([[[*(8, 8, 24, 24), 0, 1]] + [[0] * 6] * 9], np.float32)}
    path = save_model(tmp_path / "m.onnx", outputs, brightness=2)
    (tmp_path / "card.toml").write_text(
        'labels = ["up"]\nhead = "end-to-end"\nfirst = 1\n[input]\ncolour = "bgr"\nlow = -1\nhigh = 1\nfit = "corner"\n'
    )
    red = np.full((SIDE, SIDE, 3), (255, 0, 0), np.uint8)
    found = look(ObjectDetector(path), red)
    np.testing.assert_allclose(found.scores, [1.0], rtol=1e-5)
    assert found.labels == ("up",)


@pytest.mark.parametrize(
    ("card", "problem"),
    [
        ("headd = 'yolox'", "unknown key 'headd'"),
        ("head = 'yolo'", "no head 'yolo'"),
        ("labels = 'up'", "must be a list"),
        ("[input]\ncolor = 'bgr'", "unknown key 'color'"),
        ("[input]\ncolour = 'grey'", "one of: rgb, bgr"),
        ("[input]\npad = 'x'", "must be a number"),
        ("head = ", "is not TOML"),
        ("labels = ['a', 'b', 'c', 'd']", "knows 2 classes, and there are labels for 4"),
    ],
)
def test_notes_that_are_wrong(tmp_path: Path, card: str, problem: str) -> None:
    path = save_model(tmp_path / "m.onnx", answers("yolox"))
    (tmp_path / "card.toml").write_text(card)
    with pytest.raises(SettingsError, match=problem) as caught:
        ObjectDetector(path)
    assert "\n" not in str(caught.value)


def test_without_labels_classes_have_numbers(tmp_path: Path) -> None:
    assert look(ObjectDetector(save_model(tmp_path / "m.onnx", answers("yolox")))).labels == ("class 1",)
    assert look(ObjectDetector(save_model(tmp_path / "l.onnx", answers("ssd")))).labels == ("class 1",)


def test_doubles_are_left_out(tmp_path: Path) -> None:
    outputs = answers("yolov8")
    outputs["output0"][0, :, 10] = outputs["output0"][0, :, 9] + [1, 0, 0, 0, 0, -0.1]
    path = save_model(tmp_path / "m.onnx", outputs)
    assert len(look(ObjectDetector(path))) == 1
    assert len(look(ObjectDetector(path, overlap=0.99))) == 2


def test_min_score(tmp_path: Path) -> None:
    path = save_model(tmp_path / "m.onnx", answers("yolox"))
    assert len(look(ObjectDetector(path, min_score=0.8))) == 0
    with pytest.raises(SettingsError, match="between 0 and 1"):
        ObjectDetector(path, min_score=0.0)


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ((1, 1, SIDE, SIDE), "takes no colour picture"),
        ((1, 3, SIDE), "takes no colour picture"),
        ((4, 3, SIDE, SIDE), "4 pictures a call"),
    ],
)
def test_an_input_that_is_no_picture(tmp_path: Path, shape: tuple[int, ...], problem: str) -> None:
    path = save_model(tmp_path / "m.onnx", answers("yolox"), shape=shape)
    with pytest.raises(SettingsError, match=problem) as caught:
        ObjectDetector(path)
    assert "m.onnx" in str(caught.value)


def test_an_unknown_provider_and_rubbish(tmp_path: Path) -> None:
    path = save_model(tmp_path / "m.onnx", answers("yolox"))
    with pytest.raises(InstallError, match="NoSuchProvider"):
        ObjectDetector(path, providers=["NoSuchProvider"])
    (tmp_path / "rubbish.onnx").write_bytes(b"rubbish" * 100)
    with pytest.raises(ModelCorruptError, match=r"rubbish\.onnx"):
        ObjectDetector(tmp_path / "rubbish.onnx")


def test_many_pictures_at_once_give_the_same(models: Callable[..., None], data: Path) -> None:
    models("yolox-nano")
    detector = ObjectDetector("yolox-nano")
    assert detector.labels[0] == "person"
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 255, (90 + 7 * index, 160, 3), np.uint8) for index in range(5)]
    alone = [look(detector, picture) for picture in pictures]
    scenes = [scene_of(picture) for picture in pictures]
    detector.run(scenes)
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda picture: look(detector, picture), pictures))
    for one, scene, other in zip(alone, scenes, together, strict=True):
        assert scene.detections is not None
        for answer in (scene.detections, other):
            np.testing.assert_array_equal(answer.boxes, one.boxes)
            assert answer.labels == one.labels


@pytest.mark.parametrize("name", ["face_landmark", "pose_detection"])
def test_a_card_of_another_kind_of_model(models: Callable[..., None], name: str) -> None:
    models(name)
    with pytest.raises(SettingsError, match=f"{name} is no model that finds things of several kinds"):
        ObjectDetector(name)


def test_no_picture_is_no_work(tmp_path: Path) -> None:
    ObjectDetector(save_model(tmp_path / "m.onnx", answers("yolox"))).run([])


def test_a_batch_is_read_picture_by_picture(tmp_path: Path) -> None:
    """As on an accelerator: several pictures of different shapes in one call."""
    outputs = {name: np.concatenate([values, np.roll(values, 1, axis=2)]) for name, values in answers("yolov8").items()}
    path = save_model(tmp_path / "m.onnx", outputs, shape=("n", 3, SIDE, SIDE))
    detector = ObjectDetector(path)
    tall = scene_of(np.zeros((320, 160, 3), np.uint8))
    first, second = detector._find_all([scene_of(WIDE), tall])
    np.testing.assert_allclose(first.boxes, [MIDDLE], atol=0.02)
    np.testing.assert_allclose(second.boxes, [(0, 80, 160, 160)], atol=0.02)


@pytest.mark.parametrize("fit", ["centre", "corner", "stretch"])
@pytest.mark.parametrize("size", [(320, 160), (90, 400), (64, 64), (33, 47)])
def test_letterbox_and_back(fit: str, size: tuple[int, int]) -> None:
    """A white block comes back from the input to where it stands in the picture."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = width // 4, height // 4, 3 * width // 4, 3 * height // 4
    picture[top:bottom, left:right] = 255
    values, matrix = Preparation("x", 128, 96, fit=fit).batch(Frame(ArrayPicture(picture), 0.0, "t", 0))
    assert values.shape == (1, 3, 96, 128)
    rows, columns = np.nonzero(values[0, 0] > 0.5)
    corners = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]])
    back = corners @ matrix[:, :2].T + matrix[:, 2]
    step = 1.01 * max(width / 128, height / 96, width / 96, height / 64, 1.0)
    np.testing.assert_allclose(back, [[left, top], [right, bottom]], atol=step)


def test_scene_is_filled(tmp_path: Path) -> None:
    scene: Scene = scene_of(WIDE)
    ObjectDetector(save_model(tmp_path / "m.onnx", answers("yolox"))).run([scene])
    assert scene.detections is not None
    assert len(scene.detections) == 1
