"""How exact and how quick the artist's number is, and what a member costs.

    python bench/stage.py                          5 000 members, 12 cues
    python bench/stage.py --members 1000 2500 5000 the growth law

Starts `footlights stage` as its user does, connects the members from this process, lets every one of them answer within
two seconds of each cue, some of them wrongly, twice or not at all, and looks at the artist's wall.
"""

import argparse
import asyncio
import json
import os
import random
import re
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.sides.audience import Member
from footlights.hub.authority import Authority

WITHIN = 2.0  # seconds in which everybody answers
PATIENCE = 4.0  # seconds for the wall's last number
EVERY = 7.0  # seconds between two cues
FIRST = 3.0  # seconds before the first
HONEST, TWICE, WRONG = 0.93, 0.03, 0.02  # shares of members; the rest says nothing


@dataclass
class Result:
    """What one run showed."""

    members: int
    connecting: float  # seconds until the last one was welcome
    kilobytes_each: float  # resident memory of the server, with everybody there, less that before, by members
    exact: bool
    numbers: list[tuple[int, int]]  # of the wall, and of members whose answer was confirmed, for each cue
    too_late: int = 0  # answers that this machine was too slow to deliver within the tolerance
    final_ms: list[float] = field(default_factory=list)  # from the last answer to the wall's final number
    p95_ms: float = 0.0
    server_cpu: float = 0.0  # seconds a second of the busiest cue
    confirm_p95_ms: float = 0.0


class Wall:
    """The newest number of each cue, and when it was first seen."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, float]] = {}
        self.present = 0
        self.playing: dict[str, Any] = {}

    def heard(self, message: dict[str, Any]) -> None:
        if message["type"] == "playing":
            self.playing = message
        elif message["type"] == "wall":
            self.present, self.playing = message["present"], message["playing"]
            if message["answered"] > self.seen.get(message["cue"], (0, 0.0))[0]:
                self.seen[message["cue"]] = (message["answered"], time.monotonic())


class Crowd:
    """Everybody."""

    def __init__(self, members: int) -> None:
        self.welcome = 0
        self.lost = 0
        self.sent: dict[int, float] = {}  # when a member answered
        self.confirmed: list[float] = []  # seconds from answering to being confirmed
        self.counted: Counter[str] = Counter()  # members who were confirmed, by cue
        self.members: list[Member] = []
        self._wanted = members

    async def connect(self, port: int, path: str, context: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        for begin in range(0, self._wanted, 100):
            numbers = range(begin, min(begin + 100, self._wanted))
            factories = [partial(self._member, path, number) for number in numbers]
            coming = (loop.create_connection(make, "127.0.0.1", port, ssl=context) for make in factories)
            made = await asyncio.gather(*coming)
            self.members += [member for _, member in made]
            while self.welcome < len(self.members) and not self.lost:
                await asyncio.sleep(0.005)

    def _member(self, path: str, number: int) -> Member:
        def heard(message: dict[str, Any]) -> None:
            if message["type"] == "welcome":
                self.welcome += 1
            elif message["type"] == "confirmed":
                self.counted[message["cue"]] += 1
                self.confirmed.append(time.monotonic() - self.sent.pop(number))

        def lost() -> None:
            self.lost += 1

        hello = {"type": "hello", "name": f"Member {number}", "section": ("left", "right")[number % 2]}
        return Member(path, hello, heard, lost)

    async def answer(self, cue: str, begins: float, begin_at: float) -> tuple[int, float]:
        """Everybody answers a cue that begins at this moment; how many validly, and when the last of them did."""
        moments = sorted((begins + random.uniform(0.05, WITHIN), number) for number in range(len(self.members)))
        valid, last = 0, 0.0
        for moment, number in moments:
            while (now := time.monotonic()) < moment:
                await asyncio.sleep(min(0.005, moment - now))
            fate = random.random()
            at = begin_at + now - begins
            if fate < HONEST + TWICE:
                self.sent[number] = now
                self.members[number].say(type="answer", cue=cue, gesture="x_arms", at=at)
                valid, last = valid + 1, now
            if HONEST <= fate < HONEST + TWICE:
                self.members[number].say(type="answer", cue=cue, gesture="x_arms", at=at)
            elif HONEST + TWICE <= fate < HONEST + TWICE + WRONG:
                self.members[number].say(type="answer", cue=cue, gesture="wave", at=at)
        return valid, last


async def run(members: int, cues: int, *, tls: bool) -> Result:
    """One server and one audience."""
    with tempfile.TemporaryDirectory() as folder:
        show = Path(folder) / "bench.yaml"
        lines = [
            f"  - {{id: c{n}, from: {FIRST + n * EVERY}, to: {FIRST + n * EVERY + 3}, expect: x_arms}}"
            for n in range(cues)
        ]
        show.write_text(
            f"title: Bench\nsections: [left, right]\nmoderation: {{per_address: {members + 10}}}\ncues:\n"
            + "\n".join(lines)
        )
        command = [sys.executable, "-m", "footlights", "stage", str(show), "--port", "0", "--no-runtime"]
        if tls:
            command += ["--tls", *map(str, certificate(Path(folder)))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
            try:
                return await measured(server, members, cues, trusting() if tls else None)
            finally:
                server.terminate()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate and its key for this machine."""
    key, made = Authority(folder / "authority").server(("localhost", "127.0.0.1"), datetime.now(UTC))
    (folder / "server.key").write_text(key)
    (folder / "server.crt").write_text(made.pem)
    return folder / "server.crt", folder / "server.key"


def trusting() -> ssl.SSLContext:
    """Members that take any certificate: what is measured is the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def measured(server: "subprocess.Popen[str]", members: int, cues: int, context: ssl.SSLContext | None) -> Result:
    port, key = await asyncio.to_thread(address, server)
    loop = asyncio.get_running_loop()
    crowd, wall = Crowd(members), Wall()
    _, artist = await loop.create_connection(
        lambda: Member(f"/stage/bench/wall?key={key}", {"type": "ping", "t0": 0.0}, wall.heard),
        "127.0.0.1",
        port,
        ssl=context,
    )
    await asyncio.sleep(1.0)
    before, begun = resident(server.pid), time.monotonic()
    await crowd.connect(port, "/stage/bench/member", context)
    connecting = time.monotonic() - begun
    await asyncio.sleep(1.5)
    assert wall.present == members, f"{wall.present} of {members} are there"
    idle = (resident(server.pid) - before) / members
    artist.say(type="control", do="start")
    while wall.playing.get("state") != "playing":
        await asyncio.sleep(0.01)
    started = wall.playing["t"]  # the server's clock is this machine's: nobody here has to ask for the time
    numbers, final, busiest, late = [], [], 0.0, 0
    for n in range(cues):
        cpu = processor_time(server.pid)
        valid, last = await crowd.answer(f"c{n}", started + FIRST + n * EVERY, FIRST + n * EVERY)
        await settled(wall, crowd, f"c{n}", valid)
        busiest = max(busiest, (processor_time(server.pid) - cpu) / WITHIN)
        shown, at = wall.seen.get(f"c{n}", (0, 0.0))
        numbers.append((shown, crowd.counted[f"c{n}"]))
        late += valid - crowd.counted[f"c{n}"]
        final.append((at - last) * 1000)
    each = max(idle, (resident(server.pid) - before) / members)
    assert not crowd.lost, f"{crowd.lost} members were cut off"
    confirmed = float(np.percentile(crowd.confirmed, 95)) * 1000
    return Result(
        members, round(connecting, 2), round(each, 1), all(a == b for a, b in numbers), numbers, late,
        [round(ms, 1) for ms in final], round(float(np.percentile(final, 95)), 1), round(busiest, 2),
        round(confirmed, 1),
    )  # fmt: skip


async def settled(wall: Wall, crowd: Crowd, cue: str, valid: int) -> None:
    """Wait until everybody has heard and the wall says so, and then for a number that must not come."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not wall.seen.get(cue, (0, 0.0))[0] == crowd.counted[cue] == valid:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


def address(server: "subprocess.Popen[str]") -> tuple[int, str]:
    """The port and the artist's key that the server prints."""
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"artist\s+https?://localhost:(\d+)/\S+key=(\S+)", line):
            return int(found[1]), found[2]
    raise SystemExit("the stage did not start")


def resident(process: int) -> float:
    """Kilobytes (1 000 bytes) of memory that a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1000


def processor_time(process: int) -> float:
    """Seconds that a process has used."""
    parts = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def new_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The quicker loop, where it is installed: the members must not be what is measured."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", type=int, nargs="+", default=[5000])
    parser.add_argument("--cues", type=int, default=12)
    parser.add_argument("--tls", action="store_true", help="as beyond this machine")
    given = parser.parse_args()
    low, high = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(low, min(max(given.members) + 200, high)), high))
    for members in given.members:
        with asyncio.Runner(loop_factory=new_loop()) as runner:
            print(json.dumps(asdict(runner.run(run(members, given.cues, tls=given.tls)))), flush=True)


if __name__ == "__main__":
    main()
