"""The recipe of the shipped model: its commands are ones that footlights has."""

import re
import shlex
from pathlib import Path

import click
import pytest

from footlights.cli.main import cli

README = Path(__file__).parents[2] / "training" / "emotion" / "README.md"
COMMANDS = re.findall(r"^footlights (.+)$", README.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_is_understood(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("data/emotion", "out/a"):
        Path(place).mkdir(parents=True)
    Path("out/a/best.pt").touch()
    group, name, *arguments = shlex.split(line.replace("$FOOTLIGHTS_DATA", "data"), comments=True)
    context = click.Context(cli)
    found = cli.get_command(context, group)
    assert isinstance(found, click.Group)
    assert found.commands[name].make_context(name, arguments, parent=context).params["data"] == Path("data/emotion")


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 4
