"""The file in the package, on the faces it has never seen; and models that are none."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

import footlights
from footlights.core.errors import ModelMissingError, SettingsError, SourceError
from footlights.models.cards import card
from footlights.studio.data.fer2013 import EMOTIONS, SIDE
from footlights.studio.emotion import scores
from footlights.studio.emotion.faces import load

WEIGHTS = Path(footlights.__file__).parent / "models" / "weights"


def test_the_shipped_model_is_as_good_and_as_sure_as_its_card_says() -> None:
    base = os.environ.get("FOOTLIGHTS_DATA")
    if base is None:
        pytest.skip("needs the FER+ faces: set FOOTLIGHTS_DATA to the folder that holds emotion/")
    score = scores.score("emotion", load(Path(base) / "emotion", "test"))["majority"]
    assert score["faces"] == 2869
    assert score["accuracy"] == pytest.approx(0.8567, abs=0.002)
    assert score["calibration_error"] < 0.02


def test_its_card_describes_it() -> None:
    described = card("emotion")
    content = (WEIGHTS / "emotion.onnx").read_bytes()
    assert described.sha256 == hashlib.sha256(content).hexdigest()
    assert described.size == len(content) < 5_000_000
    assert described.labels == EMOTIONS
    assert (described.input.width, described.input.height) == (SIDE, SIDE)


def test_a_face_of_one_grey_gets_probabilities_too() -> None:
    answers = scores.answer("emotion", np.array([np.full((48, 48), grey) for grey in (0, 128, 255)], np.uint8))
    assert np.isfinite(answers).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_faces_without_a_label_cannot_be_scored(drawn: Path) -> None:
    faces = load(drawn, "test")
    with pytest.raises(SourceError, match="none of the 0 faces has a clear emotion"):
        scores.score("emotion", faces.where(np.zeros(len(faces), bool)))


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra: pip install 'footlights[train]'")
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Identity", ["rgb"], ["out"])],
        "other",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["n", 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 8])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (tmp_path / "other.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(SettingsError, match="is no emotion model"):
        scores.open_emotion_model(tmp_path / "other.onnx")
    with pytest.raises(ModelMissingError):
        scores.open_emotion_model(tmp_path / "nowhere.onnx")
