"""The notebooks run from the first cell to the last, on a small drawn data set."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def execute(path: Path) -> dict[str, Any]:
    """Run the code cells in order, as Jupyter would; gives the names that they leave behind."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            assert not cell["outputs"], f"{path.name}, cell {number}: clear the outputs"
            exec(compile("".join(cell["source"]), f"{path.name}, cell {number}", "exec"), names)
    return names


def width(path: Path) -> int:
    with Image.open(path) as picture:
        return picture.width


@pytest.fixture(autouse=True)
def _drawn_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "onnx", "onnxscript", "matplotlib"):
        pytest.importorskip(name, reason="needs the extra: pip install 'footlights[train]'")
    monkeypatch.delenv("EMOTION_DATA", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_the_data_set_is_explored() -> None:
    names = execute(NOTEBOOKS / "emotion_dataset.ipynb")
    assert names["counts"] == {"train": [12] * 8, "valid": [4] * 8, "test": [4] * 8}
    assert names["samples"].shape == (8 * 48, 12 * 48)
    assert width(names["out"] / "balance.png") > 500


def test_a_model_is_trained_step_by_step() -> None:
    names = execute(NOTEBOOKS / "emotion_training.ipynb")
    assert [line["epoch"] for line in names["run"].history] == [1, 2, 3]
    assert names["scores"]["majority"]["faces"] == 24
    assert (names["out"] / "emotion.onnx").stat().st_size < 5_000_000
    for plot in ("history", "confusion", "calibration"):
        assert width(names["out"] / f"{plot}.png") > 500
