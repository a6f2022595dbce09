"""`footlights studio` without a step: how it is typed, and what it says when it cannot begin."""

import importlib.util
from pathlib import Path

import pytest

from footlights.cli.main import main
from tests.cli.command import footlights


def test_its_help_names_the_options_and_the_steps() -> None:
    done = footlights("studio", "--help")
    assert done.code == 0
    for word in ("--host", "--no-browser", "new", "train", "export"):
        assert word in done.out
    assert "in-browser" not in done.out


def test_a_step_is_not_taken_for_a_project() -> None:
    assert "--kind" in footlights("studio", "new", "--help").out


@pytest.mark.parametrize("place", ["a file", "no/such/folder"])
def test_a_place_that_can_hold_no_project_is_refused_in_one_line(tmp_path: Path, place: str) -> None:
    pytest.importorskip("nicegui", reason="the extra `studio` is not installed")
    (tmp_path / "a file").write_text("")
    done = footlights("studio", tmp_path / place, "--no-browser")
    assert done.code == 2 and "cannot be a project" in done.complaint


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["studio"])
    assert ended.value.code == 6
    assert capsys.readouterr().err.splitlines() == [
        "footlights: nicegui is not installed; type: pip install 'footlights[studio]'"
    ]
