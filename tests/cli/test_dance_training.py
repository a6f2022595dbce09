"""`footlights data dance`, `train dance` and `evaluate dance` as commands."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from footlights.cli.data import command as data_command
from footlights.cli.train import command as train_command
from footlights.core.errors import SettingsError
from tests.cli.command import footlights


def test_data_of_the_planner_are_made_and_a_training_begins_on_them(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch: pip install 'footlights[train]'")
    runner, data, out = CliRunner(), str(tmp_path / "data"), tmp_path / "out"
    made = runner.invoke(data_command, ["dance", "--planned", "1.5", data], catch_exceptions=False)
    assert made.exit_code == 0 and "footlights train dance" in made.output
    small = ["--channels", "16", "--width", "32", "--heads", "2", "--layers", "1", "--out", str(out), "--threads", "1"]
    steps = ["--codec-steps", "2", "--composer-steps", "2"]
    done = runner.invoke(train_command, ["dance", data, *small, *steps], catch_exceptions=False)
    assert done.exit_code == 0 and "composer, step 2 of 2" in done.output and "beats met" in done.output
    assert {"dancer.onnx", "scores.json", "scores.txt", "checkpoint.pt"} == {path.name for path in out.iterdir()}
    with pytest.raises(SettingsError, match="codec_steps 2, not 3"):
        runner.invoke(train_command, ["dance", data, *small, "--codec-steps", "3"], catch_exceptions=False)


def test_what_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    assert "footlights data dance FOLDER OUT" in footlights("data", "dance").complaint
    assert "holds no video" in footlights("data", "dance", tmp_path, tmp_path / "out").complaint
    assert "corpus.json" in footlights("train", "dance", tmp_path).complaint
    assert "holds no music" in footlights("evaluate", "dance", "--music", tmp_path).complaint
