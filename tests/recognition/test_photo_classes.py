"""Classifiers of other makers: what they see, how their answers are read, what is said when they are none."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Region
from footlights.media.picture import ArrayPicture
from footlights.recognition.photo_classes import PhotoClassifier
from tests.recognition.tiny_classifiers import custom_vision, means

RED, GREEN, BLUE = (230, 20, 20), (20, 230, 20), (20, 20, 230)


def frame(colour: tuple[int, int, int], width: int = 200, height: int = 100) -> Frame:
    return Frame(ArrayPicture(np.full((height, width, 3), colour, np.uint8)), 0.0, "test", 0)


def test_a_plain_classifier_sees_rgb_and_gives_probabilities(tmp_path: Path) -> None:
    path = means(tmp_path / "colours.onnx", scale=20.0)
    (tmp_path / "card.toml").write_text('[input]\ncolour = "rgb"\nlow = 0\nhigh = 1\n')
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    classifier = PhotoClassifier.open(path)
    assert (classifier.labels, classifier.crop, classifier.thresholds) == (("red", "green", "blue"), "none", (0.5,) * 3)
    for place, colour in enumerate((RED, GREEN, BLUE)):
        row = classifier.read(frame(colour))[0]
        assert row.argmax() == place
        assert row.sum() == pytest.approx(1)


def test_custom_vision_sees_bgr_from_0_to_255_and_the_middle(tmp_path: Path) -> None:
    labels = ["blue", "green", "red"]  # the model's planes
    custom_vision(tmp_path / "model.onnx", labels)
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "model.onnx", "model.onnx")
        archive.writestr("labels.txt", "red\r\nblue\r\ngreen\r\n")
    classifier = PhotoClassifier.open(path)
    assert classifier.labels == ("red", "blue", "green")
    picture = np.full((100, 300, 3), RED, np.uint8)
    picture[:, 100:200] = BLUE
    row = classifier.read(Frame(ArrayPicture(picture), 0.0, "test", 0))[0]
    np.testing.assert_allclose(row, [0, 1, 0], atol=1e-3)


def test_a_region_is_all_that_is_seen(tmp_path: Path) -> None:
    path = means(tmp_path / "colours.onnx", scale=20.0)
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    (tmp_path / "card.toml").write_text('[input]\nlow = 0\nhigh = 1\ncolour = "rgb"\n')
    picture = np.full((100, 200, 3), RED, np.uint8)
    picture[:, 100:] = GREEN
    rows = PhotoClassifier.open(path).read(
        Frame(ArrayPicture(picture), 0.0, "test", 0), [Region(50, 50, 60, 0.0), Region(150, 50, 60, 0.0)]
    )
    assert rows.argmax(axis=1).tolist() == [0, 1]


def test_labels_must_be_as_many_as_the_answers(tmp_path: Path) -> None:
    path = means(tmp_path / "colours.onnx")
    with pytest.raises(SettingsError, match="3 numbers and has 0 labels"):
        PhotoClassifier.open(path)
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    with pytest.raises(SettingsError, match="3 numbers and has 2 labels"):
        PhotoClassifier.open(path)


def test_labels_of_another_model(tmp_path: Path) -> None:
    path = custom_vision(tmp_path / "model.onnx", ["a", "b", "c"])
    (tmp_path / "labels.txt").write_text("a\nb\nd\n")
    with pytest.raises(SettingsError, match="knows a, b, c"):
        PhotoClassifier.open(path)


def test_a_detector_is_no_classifier() -> None:
    with pytest.raises(SettingsError, match="no classifier"):
        PhotoClassifier.open("yolox-nano")


def test_a_head_on_another_backbone_is_refused(tmp_path: Path) -> None:
    means(tmp_path / "colours.onnx")
    (tmp_path / "card.toml").write_text('[recogniser]\nbackbone = "image-features"\nbackbone_sha256 = "00"\n')
    with pytest.raises(SettingsError, match="train it again"):
        PhotoClassifier.open(tmp_path / "colours.onnx")
