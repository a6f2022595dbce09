"""Every head with golden arrays, and how it is recognised."""

import math

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.perception.heads.found import Found, suppression
from footlights.perception.heads.lists import decode_detr, decode_list, decode_ssd_raw
from footlights.perception.heads.recognise import KINDS, class_names, recognise_head
from footlights.perception.heads.yolo import (
    CUSTOM_VISION_ANCHORS,
    decode_end_to_end,
    decode_yolov2,
    decode_yolov5,
    decode_yolov8,
    in_pixels,
)


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_yolov5_golden() -> None:
    rows = np.array(
        [
            [50, 40, 20, 10, 0.9, 0.1, 0.8],
            [50, 40, 20, 10, 0.2, 0.9, 0.9],  # no objectness
            [20, 20, 8, 8, 0.5, 0.9, 0.0],
            [20, 20, 8, 8, 0.5, 0.3, 0.3],  # something of no kind
        ],
        np.float32,
    )
    found = decode_yolov5(rows, 640, 640, 0.3)
    np.testing.assert_allclose(found.boxes, [[40, 35, 60, 45], [16, 16, 24, 24]])
    np.testing.assert_allclose(found.scores, [0.72, 0.45], rtol=1e-6)
    assert found.kinds.tolist() == [1, 0]


def test_yolov8_golden() -> None:
    columns = np.array([[50, 40, 20, 10, 0.1, 0.8, 7], [20, 20, 8, 8, 0.9, 0.2, 7], [20, 20, 8, 8, 0.2, 0.2, 7]]).T
    found = decode_yolov8(columns.astype(np.float32), 2, 640, 640, 0.3)  # the last row is no class
    np.testing.assert_allclose(found.boxes, [[16, 16, 24, 24], [40, 35, 60, 45]])
    np.testing.assert_allclose(found.scores, [0.9, 0.8], rtol=1e-6)
    assert found.kinds.tolist() == [0, 1]


def test_shares_become_pixels() -> None:
    np.testing.assert_allclose(in_pixels(np.array([[0.5, 0.5, 1, 1]], np.float32), 64, 32), [[32, 16, 64, 32]])
    np.testing.assert_allclose(in_pixels(np.array([[0.5, 0.5, 1, 30]], np.float32), 64, 32), [[0.5, 0.5, 1, 30]])
    assert in_pixels(np.zeros((0, 4), np.float32), 64, 32).shape == (0, 4)


@pytest.mark.parametrize("raw", [True, False])
def test_yolov2_golden(raw: bool) -> None:
    """Row 1, column 2 of 2 x 4 cells of 32 pixels, the second anchor, two classes."""
    values = np.zeros((2, 4, 5, 7), np.float32)
    values[..., 4] = -20
    values[1, 2, 1] = [logit(0.25), logit(0.75), math.log(2), 0, logit(0.9), 0, math.log(3)]
    if not raw:
        values[1, 2, 1, :2] = [0.25, 0.75]
    found = decode_yolov2(values.reshape(2, 4, 35), CUSTOM_VISION_ANCHORS, 128, 64, 0.3)
    x, y, width, height = 2.25 * 32, 1.75 * 32, 2 * 1.87 * 32, 2.06 * 32
    expected = [[x - width / 2, y - height / 2, x + width / 2, y + height / 2]]
    np.testing.assert_allclose(found.boxes, expected, rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.9 * 0.75], rtol=1e-5)
    assert found.kinds.tolist() == [1]


def test_end_to_end_golden() -> None:
    rows = np.array([[1, 2, 30, 40, 0.4, 3], [5, 5, 9, 9, 0.8, 0], [0, 0, 0, 0, 0, 0]], np.float32)
    found = decode_end_to_end(rows, 640, 640, 0.3)
    np.testing.assert_allclose(found.boxes, [[5, 5, 9, 9], [1, 2, 30, 40]])
    assert found.kinds.tolist() == [0, 3]


def test_list_golden() -> None:
    boxes = np.array([[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]], np.float32)
    scores, classes = np.array([0.9, 0.0], np.float32), np.array([2, 0], np.float32)
    found = decode_list(boxes, scores, classes, (200, 100), 0.3, down_first=True)
    np.testing.assert_allclose(found.boxes, [[40, 10, 120, 50]], rtol=1e-5)
    assert found.kinds.tolist() == [2]
    found = decode_list(boxes, scores, classes, (200, 100), 0.3)
    np.testing.assert_allclose(found.boxes, [[20, 20, 100, 60]], rtol=1e-5)


def test_raw_ssd_golden() -> None:
    anchors = np.array([[0.5, 0.5, 0.2, 0.4], [0.2, 0.2, 0.1, 0.1]], np.float32)
    offsets = np.array([[1, -1, 5 * math.log(2), 0], [0, 0, 0, 0]], np.float32)
    logits = np.array([[0, math.log(8), 0], [5, 0, 0]], np.float32)  # the second is background
    found = decode_ssd_raw(offsets, logits, anchors, (100, 200), 0.3)
    np.testing.assert_allclose(found.boxes, [[52 - 20, 92 - 40, 52 + 20, 92 + 40]], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.8], rtol=1e-5)
    assert found.kinds.tolist() == [0]
    ready = np.array([[0.1, 0.1, 0.3, 0.2], [0, 0, 0.1, 0.1]], np.float32)
    found = decode_ssd_raw(ready, np.array([[0.2, 0.1, 0.7], [0.9, 0.1, 0]], np.float32), None, (100, 200), 0.3)
    np.testing.assert_allclose(found.boxes, [[10, 20, 30, 40]], rtol=1e-5)
    assert found.kinds.tolist() == [1]


def test_detr_golden() -> None:
    boxes = np.array([[0.5, 0.5, 0.2, 0.4], [0.1, 0.1, 0.1, 0.1]], np.float32)
    logits = np.array([[logit(0.7), -4, -4], [-4, -4, logit(0.6)]], np.float32)
    found = decode_detr(boxes, logits, (100, 200), 0.3)
    np.testing.assert_allclose(found.boxes, [[40, 60, 60, 140], [5, 10, 15, 30]], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.7, 0.6], rtol=1e-5)
    assert found.kinds.tolist() == [0, 2]
    only = decode_detr(boxes, np.array([[math.log(4), 0, 0], [0, 0, 9]], np.float32), (100, 200), 0.3, no_object=True)
    np.testing.assert_allclose(only.scores, [4 / 6], rtol=1e-5)
    ready = decode_detr(boxes, np.array([[0.7, 0, 0], [0, 0.1, 0.6]], np.float32), (100, 200), 0.3)
    np.testing.assert_allclose(ready.scores, [0.7, 0.6], rtol=1e-5)


def test_suppression_compares_the_best_only() -> None:
    count = 1200
    boxes = np.stack([np.arange(count) * 20.0, np.zeros(count), np.arange(count) * 20.0 + 10, np.full(count, 10.0)], 1)
    scores = np.linspace(0.9, 0.1, count, dtype=np.float32)
    found = Found(boxes.astype(np.float32), scores, np.zeros((count, 0, 2), np.float32), np.zeros(count, np.intp))
    assert len(suppression(found)) == 1000


PICTURE = {"images": (1, 3, 640, 640)}
WITH_SIZE = {**PICTURE, "orig_target_sizes": (1, 2)}


@pytest.mark.parametrize(
    ("inputs", "outputs", "names", "kind", "classes"),
    [
        (PICTURE, {"output": (1, 8400, 85)}, 0, "yolox", 80),
        (PICTURE, {"output0": (1, 25200, 85)}, 80, "yolov5", 80),
        (PICTURE, {"output": (1, 25200, 7), "a": (1, 3, 80, 80, 7), "b": (1, 3, 40, 40, 7)}, 0, "yolov5", 2),
        (PICTURE, {"output0": (1, 84, 8400)}, 80, "yolov8", 80),
        (PICTURE, {"output0": (1, 84, 8400)}, 0, "yolov8", 80),
        (PICTURE, {"output0": (1, 8400, 84)}, 80, "yolov8", 80),
        (PICTURE, {"output0": (1, 116, 8400), "output1": (1, 32, 160, 160)}, 0, "yolov8", 80),
        (PICTURE, {"output0": (1, 56, 8400)}, 1, "yolov8", 1),  # one class and 17 points
        (PICTURE, {"model_outputs0": (1, 35, 20, 20)}, 2, "yolov2", 2),
        (PICTURE, {"model_outputs0": (1, 20, 20, 35)}, 2, "yolov2", 2),
        (PICTURE, {"output0": (1, 300, 6)}, 80, "end-to-end", 80),
        (PICTURE, {"detected_boxes": (1, 64, 4), "detected_scores": (1, 64), "detected_classes": (1, 64)}, 2, "ssd", 2),
        (
            PICTURE,
            {
                "TFLite_Detection_PostProcess": (1, 10, 4),
                "TFLite_Detection_PostProcess:1": (1, 10),
                "TFLite_Detection_PostProcess:2": (1, 10),
                "TFLite_Detection_PostProcess:3": (1,),
            },
            90,
            "ssd",
            90,
        ),
        (PICTURE, {"boxes": (7, 4), "labels": (7,), "scores": (7,)}, 0, "ssd", 0),
        (PICTURE, {"scores": (1, 4420, 2), "boxes": (1, 4420, 4)}, 0, "ssd-raw", 1),
        (WITH_SIZE, {"labels": (1, 300), "boxes": (1, 300, 4), "scores": (1, 300)}, 80, "detr", 80),
        (PICTURE, {"dets": (1, 300, 4), "labels": (1, 300, 91)}, 0, "detr", 91),
        (PICTURE, {"logits": (1, 300, 80), "pred_boxes": (1, 300, 4)}, 0, "detr", 80),
        (PICTURE, {"pred_logits": (1, 100, 92), "pred_boxes": (1, 100, 4)}, 0, "detr", 91),
        (PICTURE, {"output0": (1, 300, 84)}, 80, "detr", 80),
    ],
)
def test_heads_are_recognised(inputs: dict, outputs: dict, names: int, kind: str, classes: int) -> None:
    head = recognise_head(inputs, outputs, (640, 640), names=names)
    assert (head.kind, head.classes) == (kind, classes)


def test_what_is_first_and_what_is_turned() -> None:
    def head(**outputs: tuple[int, ...]):
        return recognise_head(PICTURE, outputs, (640, 640), names=2)

    frozen = head(detection_boxes=(1, 9, 4), detection_scores=(1, 9), detection_classes=(1, 9), num_detections=(1,))
    assert (frozen.kind, frozen.first) == ("ssd", 1)
    assert head(boxes=(9, 4), scores=(9,), labels=(9,)).first == 1
    assert head(out=(1, 8400, 6)).turned
    assert head(out=(1, 35, 20, 20)).turned
    assert not head(out=(1, 20, 20, 35)).turned


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [({"embedding": (1, 1024)}, ""), ({"out": (1, 9, 9)}, ""), ({"out": (1, 84, 8400)}, "yolov2"), ({}, "")],
)
def test_an_unclear_head_says_what_was_seen_and_what_to_set(outputs: dict, kind: str) -> None:
    with pytest.raises(SettingsError, match=r"images \(1, 3, 640, 640\)") as caught:
        recognise_head(PICTURE, outputs, (640, 640), kind=kind, what="cans.onnx")
    message = str(caught.value)
    assert message.count("\n") == 0
    assert "cans.onnx" in message
    assert "set head to" in message
    assert all(f"{name} {shape}" in message for name, shape in outputs.items())


def test_a_head_that_is_set_is_taken() -> None:
    assert recognise_head(PICTURE, {"out": (1, 8400, 85)}, (640, 640), kind="yolov5").kind == "yolov5"
    with pytest.raises(SettingsError, match="there is no head 'yolo'"):
        recognise_head(PICTURE, {"out": (1, 8400, 85)}, (640, 640), kind="yolo")
    assert set(KINDS) == {"yolox", "yolov5", "yolov8", "yolov2", "end-to-end", "ssd", "ssd-raw", "detr"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("{0: 'up', 1: 'down'}", ("up", "down")),
        ("{1: 'down', 0: 'up'}", ("up", "down")),
        ("['up', 'down']", ("up", "down")),
        ('["up", "down"]', ("up", "down")),
        ("{0: 'up', 7: 'down'}", ()),
        ("up", ()),
        ("'up'", ()),
        ("__import__('os')", ()),
    ],
)
def test_names_in_the_metadata(names: str, expected: tuple[str, ...]) -> None:
    assert class_names({"names": names}) == expected
    assert class_names({}) == ()
