import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.perception.heads import (
    Found,
    decode_ssd,
    decode_yolox,
    refine_by_heat_map,
    sigmoid,
    ssd_anchors,
    suppression,
    weighted_suppression,
    yolox_grid,
)


@pytest.mark.parametrize(
    ("size", "strides", "per_layer", "count"),
    [
        (224, (8, 16, 32, 32, 32), 2, 2254),
        (192, (8, 16, 16, 16), 2, 2016),
        (128, (8, 16, 16, 16), 2, 896),
        (192, (4,), 1, 2304),
    ],
)
def test_anchors_are_as_many_as_the_models_answer(
    size: int, strides: tuple[int, ...], per_layer: int, count: int
) -> None:
    anchors = ssd_anchors(size, strides, per_layer)
    assert anchors.shape == (count, 2)
    first = strides[0] / size / 2
    np.testing.assert_allclose(anchors[0], [first, first])
    np.testing.assert_allclose(anchors[-1], 1 - strides[-1] / size / 2)


def test_layers_of_one_stride_share_their_cells() -> None:
    anchors = ssd_anchors(8, (4, 4), 1)
    np.testing.assert_allclose(anchors[:4], [[0.25, 0.25], [0.25, 0.25], [0.75, 0.25], [0.75, 0.25]])


def test_ssd_golden() -> None:
    anchors = np.array([[0.25, 0.5], [0.5, 0.5], [0.75, 0.5]], np.float32)
    logits = np.array([-3, 2, 1], np.float32)
    values = np.array([[0] * 6, [4, -2, 20, 10, 1, 2], [0, 0, 8, 8, -3, 0]], np.float32)
    found = decode_ssd(values, logits, anchors, 100, 0.5)
    np.testing.assert_allclose(found.boxes, [[44, 43, 64, 53], [71, 46, 79, 54]])
    np.testing.assert_allclose(found.points, [[[51, 52]], [[72, 50]]])
    np.testing.assert_allclose(found.scores, [1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-1))], rtol=1e-6)


def test_weighted_suppression_golden() -> None:
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [2, 0, 12, 10]], np.float32)
    points = np.array([[[5, 5]], [[55, 55]], [[8, 5]]], np.float32)
    found = weighted_suppression(Found(boxes, np.array([0.9, 0.8, 0.6], np.float32), points, np.zeros(3, np.intp)))
    np.testing.assert_allclose(found.boxes, [[0.8, 0, 10.8, 10], [50, 50, 60, 60]], rtol=1e-5)
    np.testing.assert_allclose(found.points, [[[6.2, 5]], [[55, 55]]], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.9, 0.8])


def test_yolox_golden() -> None:
    cells, strides = yolox_grid(32, 32, (8, 16, 32))
    assert len(cells) == 16 + 4 + 1
    output = np.zeros((21, 5 + 2), np.float32)
    output[5] = [0.5, 0.25, 0, math.log(2), 0.9, 0.1, 0.8]  # cell (1, 1) of stride 8
    output[20] = [0.5, 0.5, 0, 0, 0.6, 1.0, 0.0]
    output[0] = [0, 0, 0, 0, 0.9, 0.2, 0.2]  # something, but of no kind
    found = decode_yolox(output, cells, strides, 0.3)
    np.testing.assert_allclose(found.boxes, [[8, 2, 16, 18], [0, 0, 32, 32]], rtol=1e-5)
    np.testing.assert_allclose(found.scores, [0.72, 0.6], rtol=1e-5)
    assert found.kinds.tolist() == [1, 0]


def test_suppression_leaves_other_kinds_alone() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [1, 0, 11, 10]], np.float32)
    scores, none = np.array([0.9, 0.8, 0.7], np.float32), np.zeros((3, 0, 2), np.float32)
    found = suppression(Found(boxes, scores, none, np.array([0, 0, 1])))
    np.testing.assert_allclose(found.scores, [0.9, 0.7])


@given(st.integers(0, 12), st.integers(0, 7), st.floats(0.01, 0.99))
def test_suppression_never_invents(count: int, points: int, overlap: float) -> None:
    random = np.random.default_rng(count * 8 + points)
    corners = random.uniform(0, 50, (count, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    scores = np.sort(random.uniform(0.5, 1, count).astype(np.float32))[::-1]
    marks = random.uniform(0, 50, (count, points, 2)).astype(np.float32)
    found = Found(boxes, scores, marks, np.zeros(count, np.intp))
    for answer in (weighted_suppression(found, overlap), suppression(found, overlap)):
        assert min(count, 1) <= len(answer) <= count
        assert answer.points.shape == (len(answer), points, 2)
        assert set(answer.scores.tolist()) <= set(scores.tolist())
        assert answer.boxes.size == 0 or (answer.boxes.min() >= -1e-3 and answer.boxes.max() <= 50.001)


def test_a_point_goes_where_the_heat_is() -> None:
    heat = np.full((64, 64, 4), -20, np.float32)
    heat[30, 20, 0] = 10  # two columns right of and one row below where the point is
    heat[30, 40, 1] = 10  # out of reach
    heat[10, 10, 2] = -1  # too cold
    points = np.array([[18.5 / 64, 29.5 / 64], [0.3, 0.3], [10.2 / 64, 10.2 / 64], [1.4, 0.5]], np.float32)
    refined = refine_by_heat_map(points, heat)
    np.testing.assert_allclose(refined[0], [20 / 64, 30 / 64], atol=1e-4)
    np.testing.assert_allclose(refined[1:], points[1:])


def test_sigmoid_is_calm_far_out() -> None:
    np.testing.assert_allclose(sigmoid(np.array([-1000, 0, 1000], np.float32)), [0, 0.5, 1])
