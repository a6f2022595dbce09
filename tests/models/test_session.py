import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import InstallError, ModelCorruptError, ModelMissingError, SettingsError, ShapeError
from footlights.models.session import open_session


def test_a_missing_model_names_the_command(cache: Path) -> None:
    with pytest.raises(ModelMissingError, match="footlights models pull pose_detection"):
        open_session("pose_detection")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"mine\.onnx"):
        open_session(tmp_path / "mine.onnx")


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_rubbish_is_no_model(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(b"not a model at all" * 10)
    with pytest.raises(ModelCorruptError, match="mine") as caught:
        open_session(path)
    assert "\n" not in str(caught.value)


def test_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.tflite or \.onnx"):
        open_session(tmp_path / "mine.pt")


def test_an_execution_provider_that_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"")
    with pytest.raises(InstallError, match="pip install"):
        open_session(tmp_path / "mine.onnx", providers=["NoSuchExecutionProvider"])


def test_inputs_are_checked(models: Callable[..., None]) -> None:
    models("face_landmark")
    session = open_session("face_landmark")
    with pytest.raises(ShapeError, match=r"\(1, 192, 192, 3\)"):
        session.run(np.zeros((1, 64, 64, 3), np.float32))
    with pytest.raises(ShapeError, match="no input 'picture'"):
        session.run({"picture": np.zeros((1, 192, 192, 3), np.float32)})


def test_who_opens_the_same_shares_it(models: Callable[..., None]) -> None:
    models("face_landmark")
    first = open_session("face_landmark")
    assert open_session("face_landmark") is first
    assert open_session("face_landmark", threads=2) is not first


@pytest.mark.parametrize("name", ["face_landmark", "yolox-nano"])
def test_many_threads_get_their_own_answers(models: Callable[..., None], name: str) -> None:
    models(name)
    session = open_session(name)
    ((_, shape),) = session.inputs.items()
    pictures = np.random.default_rng(2).random((6, *shape), np.float32)
    alone = [session.run(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(session.run, [*pictures, *pictures]))
    for index, answer in enumerate(together):
        for output, values in answer.items():
            np.testing.assert_array_equal(values, alone[index % 6][output])


def test_the_runtime_says_nothing_of_its_own(models: Callable[..., None]) -> None:
    models("face_detection_short_range")
    code = (
        "import os, threading; from footlights.models.session import open_session\n"
        "open_session('face_detection_short_range'); os.write(2, b'heard')"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr == "heard"
