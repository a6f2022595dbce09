"""`footlights stage`, and a device that answers."""

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from footlights.cli.main import main
from footlights.core.errors import SettingsError
from footlights.engine.audience import Audience
from footlights.wire.show import load

EXAMPLE = Path(__file__).parents[2] / "examples/evening.yaml"


@contextmanager
def staged(show: Path, *options: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """A stage as its user starts it, and the addresses that it prints."""
    command = [sys.executable, "-m", "footlights", "stage", str(show), "--port", "0", "--no-runtime", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment}
    ) as process:
        assert process.stdout is not None
        found: dict[str, str] = {}
        try:
            for line in process.stdout:
                if address := re.match(r"(audience|artist|producer)\s+(\S+)", line):
                    found[address[1]] = address[2]
                if line.startswith("Ctrl+C"):
                    break
            yield process, found
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=30)[0]
        assert "Traceback" not in rest, rest


def test_the_example_runs_with_nothing_else() -> None:
    with (
        staged(EXAMPLE, "--start") as (_, found),
        httpx.Client(timeout=20, follow_redirects=True, trust_env=False) as browser,
    ):
        assert browser.get(found["audience"] + "about").json()["title"] == load(EXAMPLE).title
        assert browser.get(found["audience"]).status_code == 200
        assert browser.get(found["artist"]).status_code == 200
        assert browser.get(found["producer"]).status_code == 200
        assert httpx.get(found["artist"].partition("?")[0], trust_env=False).status_code == 403


def test_beyond_this_machine_it_speaks_tls(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the extra hub is not installed")
    show = tmp_path / "x.yaml"
    show.write_text("title: x")
    with staged(show, "--host", "0.0.0.0", XDG_DATA_HOME=str(tmp_path)) as (_, found):
        assert found["audience"].startswith("https://")
        context = ssl.create_default_context(cafile=tmp_path / "footlights/stage/authority.crt")
        port = found["audience"].split(":")[2].split("/")[0]
        answer = httpx.get(f"https://localhost:{port}/healthz", verify=context, timeout=20, trust_env=False)
        assert answer.status_code == 200


WRONG = [
    ("title: x\nlenght: 3", "show.yaml:2: unknown setting 'lenght': did you mean 'length'?"),
    (
        "title: x\ncues: [{id: a, from: 1, to: 2, expect: x_amrs}]",
        "the cue 'a' expects 'x_amrs': did you mean 'x_arms'?",
    ),
    ("title: x\nsong: gone.ogg", "there is no file 'gone.ogg' beside the show"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_a_show_that_is_not_valid_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    show = tmp_path / "show.yaml"
    show.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["stage", str(show), "--no-runtime"])
    assert ended.value.code == 2 and why in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["host", "https://host/", "https://host/stage/", "ftp://host/stage/x", "https://host/other/x"]
)
def test_a_device_is_told_what_the_address_of_a_show_looks_like(text: str) -> None:
    with pytest.raises(SettingsError, match="such as https://host/stage/show/"):
        Audience.from_text(text)
