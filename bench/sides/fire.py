"""A fleet under fire: hub, worker, broker, database and agents as processes, killed at random moments, and what must
hold in the end.

Everything is started as its user starts it, and again whenever it ends, as systemd would.
"""

import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bench.sides.postgres import Postgres
from footlights.agent.enrol import Invitation, enrol
from footlights.agent.identity import Identity

VICTIMS = ("hub", "worker", "broker", "agent", "backend", "postmaster")
PATIENCE = 60.0  # seconds for everything to settle
EDIT_EVERY = 0.5  # seconds between two changes of what devices are to be


def eventually(holds: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What `holds` says as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (said := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} has not come to pass in {seconds:.0f} s")
        time.sleep(0.05)
    return said


class Fleet:
    """The processes. `kill` ends one as a power cut would; it is started again by itself."""

    def __init__(self, folder: Path, agents: int, rate: float, seed: int) -> None:
        self.folder, self._rate, self._draw = folder, rate, random.Random(seed)
        self.postgres = Postgres(sync=True)
        self.postgres.start()
        self._port, self._broker_port = _free_port(), _free_port()
        self._command: dict[str, list[str]] = {}
        self._process: dict[str, subprocess.Popen[bytes]] = {}
        self.kills: list[str] = []
        self.deaths: dict[str, list[str]] = {}  # last words of processes that nobody killed
        self._edits = 0
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._hooks = _Hooks()
        self.devices = [f"d{number}" for number in range(agents)]
        self._start_hub()
        for device in self.devices:
            self._enrol(device)
            where = [str(folder / device), str(rate)]
            self._start(f"agent {device}", [sys.executable, "-m", "bench.sides.talking_agent", *where])
        self._keeper.start()
        for device in self.devices:
            eventually(lambda device=device: self._up(device) and self.said(device) > 20, f"{device} talks")

    def edit(self) -> None:
        """Change what a device is to be. A hub that is away is asked another time."""
        device, app = self._draw.choice(self.devices), self._draw.choice(("gestures", "interact", "emoji"))
        self._edits += 1
        with suppress(httpx.HTTPError):
            self._ask("PATCH", f"/api/devices/{device}/twin", {"patch": {"app": app}, "why": f"edit {self._edits}"})

    def kill(self, victim: str) -> None:
        """-9."""
        self.kills.append(victim)
        if victim == "broker":
            number = int((self.folder / "hub/broker/mosquitto.pid").read_text())
        elif victim == "backend":
            number = self._backend()
        elif victim == "postmaster":
            number = self.postgres.server.pid
        elif victim == "agent":
            number = self._process[f"agent {self._draw.choice(self.devices)}"].pid
        else:
            number = self._process[victim].pid
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            self.kills[-1] += " (was dead)"

    def settle(self) -> None:
        """Nothing happens any more; wait until every outbox is empty and every device is what it is to be."""
        for device in self.devices:
            eventually(lambda device=device: self._up(device), f"{device} is up")
            self._process[f"agent {device}"].send_signal(signal.SIGUSR1)
        eventually(lambda: not any(map(self.waiting, self.devices)), "every outbox is empty")
        try:
            eventually(lambda: not self.disagreement(), "twins agree")
        except TimeoutError:
            raise AssertionError(self.disagreement()) from None
        eventually(lambda: set(self._hooks.told) >= set(self._column("SELECT id FROM firings")), "webhooks are sent")
        both = "outboxes LEFT JOIN rolled USING (device, session)"
        behind = f"SELECT count(*) FROM {both} WHERE stored > coalesce(sequence, 0)"
        eventually(lambda: self._column(behind) == [0], "measurements are added up")

    def check(self) -> dict[str, int]:
        """Raises AssertionError where something was lost, or is there twice. What there is, in numbers."""
        rows = self._rows("SELECT device, sequence, kind, body FROM messages ORDER BY device, session, sequence")
        firings = self._rows("SELECT device, sequence FROM firings ORDER BY device, sequence")
        crossings = []
        for device in self.devices:
            mine = [row for row in rows if row[0] == device]
            assert [row[1] for row in mine] == list(range(1, self.said(device) + 1)), f"{device}: numbers"
            assert not [row for row in mine if row[2] == "refused"], f"{device}: refused"
            last = 0
            for _, sequence, kind, body in mine:
                if kind == "telemetry" and body.get("stream") == "line-1":
                    now = body["values"]["people"]
                    crossings += [(device, sequence)] if now > 1 >= last else []
                    last = now
        assert [tuple(row) for row in firings] == crossings, "a rule fires once for each crossing"
        summed = self._column("SELECT sum(count) FROM rollups WHERE name = 'people' AND seconds = 60")[0]
        counted = sum(row[2] == "telemetry" and row[3].get("stream") == "line-1" for row in rows)
        assert summed == counted, f"{counted} measurements were added up as {summed}"
        told = self._hooks.told
        return {
            "messages": len(rows), "firings": len(firings), "webhooks": len(told), "edits": self._edits,
            "webhooks that came again": len(told) - len(set(told)), "kills": len(self.kills),
        }  # fmt: skip

    def said(self, device: str) -> int:
        """How many messages a device has put into its outbox, ever."""
        return int(self._outbox(device, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'messages'"))

    def waiting(self, device: str) -> int:
        """How many of them the hub has not confirmed."""
        return int(self._outbox(device, "SELECT count(*) FROM messages"))

    def close(self) -> None:
        """End everything in good order."""
        self._closing.set()
        if self._keeper.ident is not None:
            self._keeper.join()
        for process in reversed(self._process.values()):
            process.terminate()
        for process in self._process.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self._end_broker()
        self.postgres.close()
        self._hooks.close()

    def _up(self, device: str) -> bool:
        """Whether the agent that runs now has come far enough to be told to be quiet."""
        ready = self.folder / device / "ready"
        return ready.exists() and ready.read_text() == str(self._process[f"agent {device}"].pid)

    def _end_broker(self) -> None:
        """The hub that would have ended it may have been killed last."""
        with suppress(OSError):
            number = int((self.folder / "hub/broker/mosquitto.pid").read_text())
            if str(self.folder).encode() in Path(f"/proc/{number}/cmdline").read_bytes():
                os.kill(number, signal.SIGTERM)

    def _start_hub(self) -> None:
        footlights = [sys.executable, "-m", "footlights", "hub", "--data", str(self.folder / "hub")]
        database = ["--database", self.postgres.address]
        ports = ["--port", str(self._port), "--broker-port", str(self._broker_port)]
        self._start("hub", [*footlights, *ports, *database])
        token = eventually(lambda: re.search(r"fl_\S+", (self.folder / "hub.log").read_text()), "the first token")
        self._headers = {"authorization": f"Bearer {token[0]}"}
        eventually(self._groups, "the hub answers")
        when = {"name": "people", "operator": ">", "value": 1, "stream": "line-1"}
        then = {"cooldown": 0.0, "webhook": [self._hooks.address]}
        self._ask("POST", "/api/rules", {"title": "somebody is there", "definition": {"when": when, "then": then}})
        subprocess.run([*footlights, "worker", "w1", *database], check=True, stdout=subprocess.DEVNULL)
        broker = ["--broker", f"mqtts://localhost:{self._broker_port}"]
        self._start("worker", [*footlights, "ingest", "--as", "w1", *broker, *database])

    def _enrol(self, device: str) -> None:
        found = eventually(self._groups, "the hub answers")
        url, key = f"http://127.0.0.1:{self._port}", found["groups"][0]["key"]
        enrol(Invitation(url, found["scope"], device, key), Identity(self.folder / device))

    def _groups(self) -> Any:
        try:
            return self._ask("GET", "/api/groups")
        except httpx.HTTPError:
            return None

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self._port}{path}"
        answer = httpx.request(method, url, json=body, headers=self._headers, timeout=5.0, trust_env=False)
        return answer.raise_for_status().json()

    def disagreement(self) -> str:
        """Which device is not what the hub wants, or of which the hub does not know it; empty where there is none."""
        rows = self._rows("SELECT device, version, desired, reported, acknowledged FROM twins WHERE version > 0")
        for device, version, desired, reported, acknowledged in rows:
            file = self.folder / device / "desired.json"
            mine = json.loads(file.read_text()) if file.exists() else None
            known = {name: said["version"] for name, said in acknowledged.items() if name in desired}
            if mine != {"version": version, "document": desired}:
                return f"{device} is to be {desired} (version {version}) and is {mine}"
            if reported.get("desiredVersion") != version or known != dict.fromkeys(desired, version):
                return f"{device} is version {version}, and the hub knows {reported}, {acknowledged}"
        return ""

    def _start(self, name: str, command: list[str]) -> None:
        self._command[name] = command
        with self._log(name).open("ab") as words:
            self._process[name] = subprocess.Popen(command, stdout=words, stderr=words)

    def _keep(self) -> None:
        """Start again what has ended."""
        while not self._closing.wait(0.1):
            if self.postgres.server.poll() is not None:
                self.postgres.start()
            for name, process in list(self._process.items()):
                if process.poll() is not None and not self._closing.is_set():
                    if process.returncode != -signal.SIGKILL:
                        self.deaths.setdefault(name, []).append(self._last_words(name))
                    self._start(name, self._command[name])

    def _last_words(self, name: str) -> str:
        lines = self._log(name).read_text().strip().splitlines()
        return lines[-1] if lines else "nothing"

    def _log(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.log"

    def _backend(self) -> int:
        """A process of the database that serves the hub or its worker."""
        try:
            found = self._column("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        except OperationalError:
            found = []
        return int(self._draw.choice(found)) if found else 2**22 + 1

    def _outbox(self, device: str, question: str) -> Any:
        with closing(sqlite3.connect(self.folder / device / "outbox.sqlite", timeout=10)) as file:
            return file.execute(question).fetchone()[0]

    def _column(self, question: str) -> list[Any]:
        return [row[0] for row in self._rows(question)]

    def _rows(self, question: str) -> list[Any]:
        engine = create_engine(self.postgres.address.replace("://", "+psycopg://"))
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(question)))
        finally:
            engine.dispose()


class _Hooks:
    """Somebody who is told by webhooks, and notes which firing each is about."""

    def __init__(self) -> None:
        told: list[int] = []

        class Listener(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                told.append(json.loads(body)["data"]["firing"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is said."""

        self.told = told
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def edited(fleet: Fleet) -> Iterator[None]:
    """Meanwhile somebody changes what devices are to be."""
    over = threading.Event()

    def edit() -> None:
        while not over.wait(EDIT_EVERY):
            fleet.edit()

    thread = threading.Thread(target=edit, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
