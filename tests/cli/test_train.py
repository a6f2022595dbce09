"""`footlights train emotion` and `footlights evaluate emotion`."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from footlights.cli import evaluate, train
from footlights.core.errors import InstallError, SourceError
from footlights.studio.emotion.drawn import draw_faces
from tests.cli.command import footlights


@pytest.fixture
def data(tmp_path: Path) -> Path:
    draw_faces(tmp_path / "fer2013.npz", each=5)
    return tmp_path / "fer2013.npz"


def test_a_model_is_trained_and_then_scored(data: Path, tmp_path: Path) -> None:
    for name in ("torch", "onnx", "onnxscript", "matplotlib"):
        pytest.importorskip(name, reason="needs the extra: pip install 'footlights[train]'")
    out = tmp_path / "model"
    done = footlights("train", "emotion", data, "--out", out, "--epochs", "1", "--batch", "12")
    assert done.code == 0, done.err
    assert f"see {out}" in done.out
    assert "epoch 1: loss" in done.err and "torchvision" not in done.err
    done = footlights("evaluate", "emotion", out / "emotion.onnx", data, "--out", tmp_path / "score")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "score" / "score.json").read_text()) == json.loads((out / "score.json").read_text())


def test_the_shipped_model_can_be_scored_by_its_name(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra: pip install 'footlights[train]'")
    arguments = ["emotion", "emotion", str(data), "--out", str(tmp_path / "score"), "--split", "valid"]
    done = CliRunner().invoke(evaluate.command, arguments, catch_exceptions=False)
    assert "8 faces, accuracy" in done.output


def test_without_the_extra_the_line_to_type_is_said(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InstallError, match=r"torch is not installed; type: pip install 'footlights\[train\]'"):
        CliRunner().invoke(train.command, ["emotion", str(data), "--out", str(tmp_path)], catch_exceptions=False)


def test_a_set_of_one_emotion_or_of_none_is_refused(tmp_path: Path) -> None:
    for name in ("torch", "onnx", "onnxscript", "matplotlib"):
        pytest.importorskip(name, reason="needs the extra: pip install 'footlights[train]'")
    place = tmp_path / "train" / "fear"
    place.mkdir(parents=True)
    arguments = ["emotion", str(tmp_path), "--out", str(tmp_path / "out")]
    with pytest.raises(SourceError, match="train holds 0 faces with a clear emotion"):
        CliRunner().invoke(train.command, arguments, catch_exceptions=False)
    for number in range(8):
        cv2.imwrite(str(place / f"{number}.png"), np.full((48, 48), 9 * number, np.uint8))
    with pytest.raises(SourceError, match="all faces of train show fear; there must be at least two"):
        CliRunner().invoke(train.command, arguments, catch_exceptions=False)
