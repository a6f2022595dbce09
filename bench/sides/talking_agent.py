"""An agent whose stage makes up what happens: `python -m bench.sides.talking_agent FOLDER RATE`.

SIGUSR1: nothing happens any more, and what waits is said. SIGTERM ends it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from footlights.agent import agent as agents
from footlights.agent import link
from footlights.agent.identity import Identity
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.watch import StreamReport

SAY_AGAIN = (2.0, 5.0)  # seconds: so that nobody waits long for the end
TELEMETRY_EVERY = 0.1  # seconds
FULL = 4  # of so many reports, as many again say that there is nobody


class Made:
    """A stage that takes every document, and whose number of people goes up and down."""

    def __init__(self) -> None:
        self.reports = 0

    def apply(self, document: Mapping[str, Any]) -> None:
        """Everything is fine."""

    def report(self) -> list[StreamReport]:
        self.reports += 1
        people = 2 * (self.reports // FULL % 2)
        return [StreamReport("line-1", "running", "", self.reports, 0, 25.0, None, None, people, {}, 1.0, None)]

    def restart(self) -> None:
        """Nothing runs."""

    def picture(self, stream: str) -> bytes:
        return b"\xff\xd8 picture"

    def record(self, stream: str, seconds: float, megabytes: int) -> str:
        raise SettingsError("nothing is recorded")

    def stop_recording(self, stream: str) -> Mapping[str, Any]:
        raise SettingsError("nothing is recorded")


def main(folder: Path, rate: float) -> None:
    link.SAY_AGAIN, agents.TELEMETRY_EVERY = SAY_AGAIN, TELEMETRY_EVERY
    agent, quiet = agents.Agent(Identity(folder)), threading.Event()

    def hush(*_: object) -> None:
        quiet.set()
        agents.TELEMETRY_EVERY = 1e9

    signal.signal(signal.SIGUSR1, hush)
    signal.signal(signal.SIGTERM, lambda *_: agent.stop.set())

    def happen() -> None:
        number = 0
        while not quiet.wait(1 / rate):
            number += 1
            agent.tell(Event("gesture.begin", "line-1", time.time(), 1, {"n": number}))

    threading.Thread(target=happen, daemon=True).start()
    (folder / "ready").write_text(str(os.getpid()))
    agent.run(Made())


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
