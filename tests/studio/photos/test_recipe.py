"""A whole small training, from drawn pictures to a file that the engine loads."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.core.errors import SettingsError, SourceError  # noqa: E402
from footlights.core.frame import Frame  # noqa: E402
from footlights.media.images import load  # noqa: E402
from footlights.media.picture import ArrayPicture  # noqa: E402
from footlights.models.cards import card  # noqa: E402
from footlights.recognition.photo_classes import PhotoClassifier  # noqa: E402
from footlights.studio import report as reports  # noqa: E402
from footlights.studio.photos.recipe import train  # noqa: E402
from footlights.studio.photos.scores import Judged, mistakes, thresholds  # noqa: E402
from footlights.studio.photos.training import Settings  # noqa: E402
from footlights.studio.watching import Watcher  # noqa: E402
from tests.studio.photos.conftest import Draw  # noqa: E402


def test_from_pictures_to_a_model_that_knows_new_ones(
    models: Callable[..., None], shapes: Path, tmp_path: Path, draw: Draw
) -> None:
    models("image-features")
    lines: list[dict[str, object]] = []
    report = train(shapes, tmp_path / "out", Settings(epochs=6, variants=1), Watcher(epoch=lines.append))
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4, 5, 6]
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert "cross:" in reports.told(told)
    assert told["parity"]["onnx"] == report.parity["onnx"] <= 1e-3
    assert told["valid"]["examples"] == 12
    draw(tmp_path / "new", "cross", 77, 10)
    draw(tmp_path / "new", "not_cross", 78, 10)
    classifier = PhotoClassifier.open(tmp_path / "out" / "model.zip")
    assert classifier.labels == ("cross", "not_cross")
    right = 0
    for path in sorted((tmp_path / "new").rglob("*.png")):
        row = classifier.read(Frame(ArrayPicture(load(path)), 0.0, "new", 0))[0]
        assert row.sum() == pytest.approx(1, abs=1e-4)
        right += classifier.labels[int(row.argmax())] == path.parent.name
    assert right >= 18, "of 20 pictures of recordings that it never saw"
    with zipfile.ZipFile(tmp_path / "out" / "model.zip") as archive:
        notes = archive.read("card.toml").decode()
    assert card("image-features").sha256 in notes
    assert report.data in notes


def test_an_interrupted_training_ends_as_one_that_was_not(
    models: Callable[..., None], shapes: Path, tmp_path: Path
) -> None:
    models("image-features")
    settings = Settings(epochs=3, variants=0)

    class StoppedError(Exception):
        pass

    def stop(line: dict[str, object]) -> None:
        if line["epoch"] == 2:
            raise StoppedError

    train(shapes, tmp_path / "whole", settings, Watcher())
    with pytest.raises(StoppedError):
        train(shapes, tmp_path / "parts", settings, Watcher(epoch=stop))
    looked: list[int] = []
    train(shapes, tmp_path / "parts", settings, Watcher(look=lambda done, count: looked.append(done)))
    assert not looked, "features are made once"
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["average"] for name in ("whole", "parts")
    )
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    with pytest.raises(SettingsError, match="other settings"):
        train(shapes, tmp_path / "parts", Settings(epochs=4, variants=0), Watcher())
    (tmp_path / "parts" / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(SourceError, match="cannot be read"):
        train(shapes, tmp_path / "parts", settings, Watcher())


def test_a_class_in_which_nobody_is_found_is_refused(models: Callable[..., None], shapes: Path, tmp_path: Path) -> None:
    models("image-features", "pose_detection")
    with pytest.raises(SettingsError, match=r"no person was found in any picture of 'cross'"):
        train(shapes, tmp_path / "out", Settings(epochs=1, variants=0, crop="person"), Watcher())


@pytest.fixture
def judged(shapes: Path) -> Judged:
    """Five pictures, two of them taken for the other class, and one in which nobody was found."""
    from footlights.studio.photos.dataset import read_photos

    photos = read_photos(shapes).photos
    some = [photos[0], photos[1], photos[2], photos[40], photos[41]]
    sure = np.array([0.9, 0.55, 0.3, 0.2, 0.8])
    return Judged(("cross", "not_cross"), some, np.stack([sure, 1 - sure], 1), [photos[42]])


def test_scores_count_what_had_no_answer(judged: Judged) -> None:
    missed = [photo.kind for photo in judged.missed]
    table = reports.confusion(judged.labels, judged.kinds, judged.answers, missed)
    assert table["counts"] == [[2, 1, 0], [1, 1, 1]] and table["columns"][-1] == reports.NOTHING
    assert judged.accuracy == 0.5
    classes = reports.classes(judged.labels, judged.kinds, judged.answers, missed)
    assert classes["cross"] == {
        "examples": 3, "answers": 3, "right": 2, "missed": 0, "recall": 0.6667, "precision": 0.6667,
    }  # fmt: skip
    assert classes["not_cross"]["recall"] == 0.3333


def test_thresholds_leave_out_wrong_answers(judged: Judged) -> None:
    assert thresholds(judged) == [0.85, 0.75]


def test_mistakes_are_kept_as_pictures_the_surest_first(judged: Judged, tmp_path: Path) -> None:
    worst = mistakes(judged, tmp_path)
    assert [(wrong.truth, wrong.answer, wrong.certainty) for wrong in worst] == [
        ("not_cross", "cross", 0.8), ("cross", "not_cross", 0.7),
    ]  # fmt: skip
    assert all(load(tmp_path / wrong.picture).shape == (120, 160, 3) for wrong in worst)
    assert mistakes(Judged(judged.labels, judged.photos[:1], judged.probabilities[:1]), tmp_path) == []
    assert not list((tmp_path / "worst").iterdir()), "older pictures must not stay"
