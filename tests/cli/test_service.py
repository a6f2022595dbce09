"""Units of systemd, read by systemd itself where it is there, and installed with a systemctl that only takes notes."""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from footlights.cli import service
from footlights.cli.main import cli
from footlights.cli.service import Service
from footlights.core.errors import FootlightsError, InstallError, SettingsError


def unit(folder: Path, account: str | None = None) -> Service:
    arguments = ("agent", "run", "--data", str(folder), "--place", '50%"$HOME\\')
    return Service("footlights-agent", "footlights agent", arguments, folder, account)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What systemctl was told, a line each."""
    told = tmp_path / "told"
    program = tmp_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(service, "SYSTEM", tmp_path / "system")
    return told


@pytest.mark.parametrize("account", [None, getpass.getuser()])
def test_systemd_understands_every_line(tmp_path: Path, account: str | None) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    folder = tmp_path / "a folder"
    folder.mkdir()
    file = tmp_path / "footlights-agent.service"
    file.write_text(unit(folder, account).text())
    done = subprocess.run([analyze, "verify", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_stands_for_something_in_a_unit_is_taken_as_it_is(tmp_path: Path) -> None:
    (line,) = [line for line in unit(tmp_path).text().splitlines() if line.startswith("ExecStart=")]
    assert line.endswith(r'--place "50%%\"$$HOME\\"')


def test_a_service_comes_and_goes_with_the_agent(notes: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli, ["agent", "service"], catch_exceptions=False).output
    assert "ProtectSystem" not in shown and "NoNewPrivileges=yes" in shown and not notes.exists()
    installed = CliRunner().invoke(cli, ["agent", "service", "--install"], catch_exceptions=False)
    path = tmp_path / "config/systemd/user/footlights-agent.service"
    assert installed.exit_code == 0 and path.read_text() == shown
    assert CliRunner().invoke(cli, ["agent", "remove", "--yes"], catch_exceptions=False).exit_code == 0
    assert not path.exists()
    assert notes.read_text().splitlines() == [
        "--user daemon-reload", "--user enable --now footlights-agent.service",
        "--user disable --now footlights-agent.service", "--user daemon-reload",
    ]  # fmt: skip


def test_a_service_of_the_system_writes_to_its_folder_only(notes: Path, tmp_path: Path) -> None:
    made = unit(tmp_path / "data", getpass.getuser())
    made.install()
    lines = (tmp_path / "system/footlights-agent.service").read_text().splitlines()
    assert "ProtectSystem=strict" in lines and f"User={getpass.getuser()}" in lines and (tmp_path / "data").is_dir()
    assert any(line.startswith(f"ReadWritePaths=-{tmp_path / 'data'} ") for line in lines)
    assert notes.read_text().splitlines() == ["daemon-reload", "enable --now footlights-agent.service"]
    assert service.remove("footlights-agent") == [tmp_path / "system/footlights-agent.service"]


def test_the_hub_takes_its_options_along(notes: Path, tmp_path: Path) -> None:
    command = ["hub", "--data", str(tmp_path), "service", "--", "--host", "0.0.0.0", "--name", "hub.example.com"]
    shown = CliRunner().invoke(cli, command, catch_exceptions=False).output
    assert f"hub --data {tmp_path} --host 0.0.0.0 --name hub.example.com\n" in shown


def test_what_cannot_be_is_said(notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="no account 'nobody-of-this-name'"):
        unit(tmp_path, "nobody-of-this-name").text()
    (tmp_path / "bin/systemctl").write_text("#!/bin/sh\necho Failed to connect to bus >&2; exit 1\n")
    with pytest.raises(SettingsError, match="Failed to connect to bus"):
        unit(tmp_path).install()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallError, match="no systemd"):
        unit(tmp_path).install()
    assert issubclass(InstallError, FootlightsError)
