"""Runs `footlights` as a user would: as a process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The only line that it complained with."""
        lines = [line for line in self.err.splitlines() if line.startswith(("footlights: ", "error: ", "Error: "))]
        assert len(lines) == 1, self.err
        return lines[0]


def footlights(*arguments: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 120) -> Done:
    """Run a command to its end. No traceback is ever right."""
    done = subprocess.run(
        [sys.executable, "-m", "footlights", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


PLAIN = """
from footlights.core.app import App
class Plain(App):
    title = "the picture as it is"
    def step(self, scene):
        yield from ()
"""
