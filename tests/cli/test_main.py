import json
import subprocess
import sys
from pathlib import Path

import pytest

import footlights as package
from tests.cli.command import footlights

HEAVY = {"numpy", "cv2", "av", "onnxruntime", "ai_edge_litert", "pydantic", "starlette", "httpx", "rich", "PIL", "yaml"}


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['footlights', '--help']\nimport footlights.cli.main as m\ntry: m.main()\nexcept SystemExit: pass\nprint(*{n.split('.')[0] for n in sys.modules}, sep=',')"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not HEAVY & set(done.stdout.splitlines()[-1].split(","))
    assert "footlights run interact" in done.stdout


def test_version() -> None:
    assert package.__version__ in footlights("--version").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rn"], "did you mean 'run'?"),
        (["run", "interct"], "did you mean 'interact'?"),
        (["run", "interact", "--cooldwn", "3"], "'--cooldown'"),
        (["run", "./absent.py"], "there is no file absent.py"),
    ],
)
def test_a_misspelt_command_is_answered_with_what_was_meant(arguments: list[str], message: str) -> None:
    done = footlights(*arguments)
    assert done.code == 2
    assert message in done.complaint


def test_apps_are_listed_as_text_and_as_json() -> None:
    assert "interact" in footlights("apps").out
    rows = json.loads(footlights("apps", "--json").out)
    assert all(row["title"] for row in rows)
    assert "interact" in [row["name"] for row in rows]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell: str) -> None:
    assert "_FOOTLIGHTS_COMPLETE" in footlights("completion", shell).out


def test_completion_knows_the_apps() -> None:
    done = footlights(
        environment={"_FOOTLIGHTS_COMPLETE": "bash_complete", "COMP_WORDS": "footlights run int", "COMP_CWORD": "2"}
    )
    assert "interact" in done.out


def test_models_are_listed_and_verified(tmp_path: Path) -> None:
    rows = json.loads(footlights("models", "list", "--json").out)
    assert {"name", "state", "size", "licence", "path"} <= rows[0].keys()
    empty = footlights("models", "verify", environment={"FOOTLIGHTS_CACHE": str(tmp_path)})
    assert empty.code == 5
    assert "run: footlights models pull" in empty.complaint


def test_a_model_without_a_card_is_named() -> None:
    done = footlights("models", "pull", "yolox-nani")
    assert done.code == 2
    assert "yolox-nano" in done.complaint


def test_the_doctor_names_each_fault_and_its_remedy(tmp_path: Path) -> None:
    done = footlights("doctor", "--json", environment={"FOOTLIGHTS_CACHE": str(tmp_path)})
    findings = {row["subject"]: row for row in json.loads(done.out)}
    assert done.code == 1
    assert findings["models"]["state"] == "fault"
    assert findings["models"]["remedy"] == "footlights models pull"
    assert findings["LiteRT"]["state"] == "good"
    assert "→ footlights models pull" in footlights("doctor", environment={"FOOTLIGHTS_CACHE": str(tmp_path)}).out
