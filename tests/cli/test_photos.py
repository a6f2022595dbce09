"""`footlights train photos`, `train normal` and `run custom`, as they are typed."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.command import footlights

pytest.importorskip("torch", reason="the extra `train` is not installed")


def squares(folder: Path) -> None:
    """Bright and dark pictures, from two days each."""
    rng = np.random.default_rng(3)
    for label, grey in (("bright", 190), ("dark", 60)):
        (folder / label).mkdir(parents=True)
        for day in range(2):
            for number in range(5):
                picture = np.asarray(np.clip(rng.normal(grey, 30, (48, 64, 3)), 0, 255), np.uint8)
                cv2.imwrite(str(folder / label / f"{label}{day}_{number}.png"), picture)


def test_from_photos_to_events(models: Callable[..., None], tmp_path: Path) -> None:
    models("image-features")
    squares(tmp_path / "data")
    out = tmp_path / "out"
    settings = ("--epochs", "8", "--variants", "0", "--batch", "4")
    done = footlights("train", "photos", tmp_path / "data", "--out", out, *settings)
    assert done.code == 0, done.err
    assert "accuracy 100.0%" in done.out
    picture = tmp_path / "data" / "dark" / "dark0_1.png"
    model = ("--model", out / "model.zip", "--threshold", "0.5", "--hold", "0")
    done = footlights("run", "custom", picture, *model, "--json", "--no-page", "-q")
    assert done.code == 0, done.err
    assert "class.begin" in done.out and '"dark"' in done.out


def test_normal_is_learned_from_a_source(models: Callable[..., None], tmp_path: Path) -> None:
    models("image-features")
    path = tmp_path / "normal.zip"
    line = "rehearsal:line?fallen=0&fps=2"
    done = footlights("train", "normal", line, "--seconds", "8", "--out", path, "--spots", "200")
    assert done.code == 0, done.err
    assert "200 spots of 12 pictures" in done.out
    assert path.is_file()
