"""`footlights data`."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from footlights.cli.data import command
from footlights.core.errors import SourceError


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "fer2013.csv"
    pixels = " ".join(["7"] * 2304)
    path.write_text(f"emotion,pixels,Usage\n3,{pixels},Training\n3,{pixels},PrivateTest\n")
    return path


def test_fer2013_becomes_a_data_set(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    done = CliRunner().invoke(command, ["fer2013", str(raw), str(out), "--filter", "none"], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"2 of 2 pictures kept; see {out / 'report.html'}" in done.output
    assert np.load(out / "fer2013.npz")["pictures"].shape == (2, 48, 48)
    assert (out / "duplicates.tsv").read_text() == "fer0000001\ttest\n"
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_class_folders_leave_out_what_stands_in_train_too(raw: Path, tmp_path: Path) -> None:
    CliRunner().invoke(command, ["fer2013", str(raw), str(tmp_path), "--filter", "none", "--format", "folders"])
    assert [path.name for path in tmp_path.rglob("*.png")] == ["fer0000000.png"]


def test_the_filter_leaves_out_what_is_no_face(raw: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["fer2013", str(raw), str(tmp_path), "--filter", "haar"])
    assert "0 of 2 pictures kept" in done.output


def test_wrong_input_is_an_error_of_ours_or_of_usage(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n")
    with pytest.raises(SourceError, match="has no column 'emotion'"):
        CliRunner().invoke(command, ["fer2013", str(wrong), str(tmp_path), "--filter", "none"], catch_exceptions=False)
    done = CliRunner().invoke(command, ["fer2013", str(tmp_path / "nowhere.csv"), str(tmp_path)])
    assert done.exit_code == 2 and "does not exist" in done.output
