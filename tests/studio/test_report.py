"""What is said of a trained model, in numbers that add up."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from footlights.core.scene import Detections
from footlights.studio import report as reports
from footlights.studio.boxes.augment import Shown
from footlights.studio.boxes.mistakes import matched, mistakes
from footlights.studio.boxes.scores import Truth, average_precision
from footlights.studio.report import NOTHING, Mistake, Report

LABELS = ("up", "down")


def made() -> Report:
    kinds, answers = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    certainty = np.array([0.95, 0.61, 0.92, 0.33, 0.68])
    return Report(
        kind="photos", labels=LABELS, settings={"epochs": 2}, data="0" * 64,
        valid={"examples": 6, "accuracy": 0.5, "missed": 1}, classes=reports.classes(LABELS, kinds, answers, [0]),
        confusion=reports.confusion(LABELS, kinds, answers, [0]),
        calibration=reports.calibration(certainty, kinds == answers), speed=reports.speed(3.25, "a look"),
        parity={"onnx": 2e-7},
        training={"seconds": 9.0, "epochs": [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.2}]},
        mistakes=(Mistake("photos/up/b.jpg", "up", "down", 0.61, "worst/01.jpg"),),
    )  # fmt: skip


def test_it_is_written_as_json_with_its_curves(tmp_path: Path) -> None:
    report = made()
    report.write(tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["classes"]["up"] == {
        "examples": 3, "answers": 2, "right": 1, "missed": 1, "recall": 0.3333, "precision": 0.5,
    }  # fmt: skip
    assert told["confusion"]["counts"] == [[1, 1, 1], [1, 2, 0]]
    rows = list(csv.DictReader((tmp_path / "curves.csv").read_text().splitlines()))
    assert [row["loss"] for row in rows] == ["0.5", "0.2"]
    text = reports.told(told)
    for part in ("accuracy 50.0% of 6", "up: 33.3% of 3 found, 50.0% of 2", "3.25 ms a look", "2.0e-07", "(61%)"):
        assert part in text


def test_calibration_counts_every_answer_once() -> None:
    rng = np.random.default_rng(1)
    certainty = rng.uniform(0, 1, 4000)
    honest = reports.calibration(certainty, rng.random(4000) < certainty)
    assert sum(row["count"] for row in honest["bins"]) == 4000 and honest["error"] < 0.03
    assert reports.calibration(certainty, np.zeros(4000, bool))["error"] == pytest.approx(certainty.mean(), abs=1e-3)


def found(*rows: tuple[float, float, str]) -> Detections:
    """Boxes of 10 pixels at so many pixels from the left, their scores and labels."""
    boxes = np.array([[x, 5, x + 10, 15] for x, _, _ in rows], np.float32).reshape(-1, 4)
    return Detections(boxes, np.array([score for _, score, _ in rows], np.float32), tuple(label for *_, label in rows))


def test_boxes_are_paired_whatever_their_class_and_what_is_left_is_nothing(tmp_path: Path) -> None:
    boxes = np.array([[10, 5, 20, 15], [40, 5, 50, 15], [70, 5, 80, 15]], np.float32)
    truths = [Truth(boxes, ("up", "up", "down")), Truth(np.zeros((0, 4), np.float32), ())]
    answers = [found((11, 0.9, "up"), (41, 0.8, "down")), found((30, 0.7, "up"), (60, 0.06, "down"))]
    judged = matched(LABELS, truths, answers)
    assert judged.score == 0.85, "what finds most and cries least"
    assert judged.confusion() == {
        "rows": ["up", "down", NOTHING], "columns": ["up", "down", NOTHING], "counts": [[1, 0, 1], [0, 0, 1], [0] * 3],
    }  # fmt: skip
    table = judged.classes(average_precision(truths, answers))
    assert table["up"]["examples"] == 2 and table["down"]["missed"] == 1
    assert len(judged.certainty) == 4 and judged.right.tolist() == [True, False, False, False]
    pictures = [Shown(np.zeros((60, 100, 3), np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, int))] * 2
    worst = mistakes(judged, ["a.jpg", "b.jpg"], pictures, 100, tmp_path)
    assert worst and all((tmp_path / wrong.picture).is_file() and wrong.box is not None for wrong in worst)
    assert worst[-1].answer == NOTHING
