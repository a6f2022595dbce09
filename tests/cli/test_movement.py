"""`footlights train movement` and `footlights evaluate movement`."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from footlights.cli import evaluate, train
from footlights.core.errors import InstallError, SettingsError
from tests.cli.command import footlights

TINY = ("--steps", "2", "--batch", "2", "--pool", "3", "--fresh", "1", "--channels", "8", "--scored", "1")


def test_a_net_is_trained_and_then_scored(tmp_path: Path) -> None:
    for name in ("torch", "onnx", "onnxscript"):
        pytest.importorskip(name, reason="needs the extra: pip install 'footlights[train]'")
    out = tmp_path / "net"
    done = footlights("train", "movement", "gestures", out, *TINY)
    assert done.code == 0, done.err
    assert "step 2 of 2: loss" in done.err and "00:00:00 left" in done.err
    assert "false events a minute" in done.out and f"see {out}" in done.out
    again = CliRunner().invoke(train.command, ["movement", "gestures", str(out), *TINY], catch_exceptions=False)
    assert "step" not in again.stderr
    with pytest.raises(SettingsError, match="was made with steps 2, not 3"):
        CliRunner().invoke(
            train.command, ["movement", "gestures", str(out), *TINY, "--steps", "3"], catch_exceptions=False
        )
    arguments = ["movement", str(out / "gestures.toml"), "--sequences", "1"]
    assert "wave" in CliRunner().invoke(evaluate.command, arguments, catch_exceptions=False).output


def test_without_the_extra_the_line_to_type_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InstallError, match=r"torch is not installed; type: pip install 'footlights\[train\]'"):
        CliRunner().invoke(train.command, ["movement", "gestures", str(tmp_path)], catch_exceptions=False)


def test_a_net_that_is_not_known_is_answered_with_those_that_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(train.command, ["movement", "dances", str(tmp_path)])
    assert done.exit_code == 2 and "'gestures', 'exercises'" in done.output
