"""Figures of merit."""

import json

import numpy as np
import pytest

from footlights.studio.emotion import measures, scores


def test_the_fitted_temperature_is_the_one_that_made_the_labels() -> None:
    random = np.random.default_rng(3)
    logits = random.normal(0, 2, (20_000, 8))
    chances = measures.softmax(logits / 1.7)
    labels = (chances.cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    fitted = measures.fit_temperature(logits, labels)
    assert fitted == pytest.approx(1.7, rel=0.05)
    before, after = (measures.calibration_error(measures.softmax(logits / t), labels) for t in (1, fitted))
    assert after < 0.02 < before


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    sure = np.tile([0.9, 0.1], (10, 1))
    assert measures.calibration_error(sure, np.repeat([0, 1], [6, 4])) == pytest.approx(0.3)
    assert measures.calibration_error(sure, np.repeat([0, 1], [9, 1])) == pytest.approx(0)


def test_confusion_counts_labels_down_and_answers_across() -> None:
    table = measures.confusion(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]), np.array([0, 1, 1]))
    assert table.tolist() == [[1, 0], [1, 1]]


def test_a_share_is_said_only_where_there_are_enough_faces() -> None:
    labels = np.repeat([1, 7], [60, 9])
    text = scores.as_text("majority", scores.describe(np.eye(8)[labels], labels))
    assert "happiness      60  100.0%" in text
    assert "contempt        9     (9)" in text


def test_a_score_can_be_read_again() -> None:
    labels = np.array([0, 1, 5, -1])
    score = scores.describe(np.eye(8)[labels] * 0.9 + 0.0125, labels)
    assert json.loads(json.dumps(score)) == score
    assert score["accuracy"] == 1 and score["faces"] == 3
