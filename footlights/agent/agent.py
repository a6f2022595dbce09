"""The agent: makes a device what the hub wants it to be, and says what it is, with or without a connection."""

import base64
import json
import logging
import platform
import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from footlights import __version__
from footlights.agent.counts import Counts
from footlights.agent.identity import Identity
from footlights.agent.link import Link, Wanted
from footlights.agent.outbox import Outbox
from footlights.core.errors import FootlightsError, SettingsError
from footlights.core.event import Event
from footlights.engine.watch import StreamReport
from footlights.wire import fleet, merge_patch, well_known

log = logging.getLogger(__name__)

TELEMETRY_EVERY = 10.0  # seconds
MOST_COMMANDS = 32  # that wait
MOST_EVENTS = 10_000  # that are not on the disk yet
LARGEST_PICTURE = 180 * 1024  # bytes
DONE, NOT_VALID, UNKNOWN, FAILED = 200, 400, 404, 500


class Stage(Protocol):
    """What runs on this device."""

    def apply(self, document: Mapping[str, Any]) -> None:
        """Become what the document says, without restarting what did not change. Raises FootlightsError: it stays as
        it was.
        """

    def report(self) -> list[StreamReport]:
        """How every stream is doing."""

    def restart(self) -> None:
        """End everything that runs and start it again. Raises FootlightsError."""

    def picture(self, stream: str) -> bytes:
        """What a stream shows now, as JPEG. Raises FootlightsError: there is no such stream, or no picture yet."""


class Agent:
    """Connects a stage with a hub. `stop` is set where the device is to end, or to start again."""

    def __init__(self, identity: Identity) -> None:
        self._folder = identity.folder
        self._outbox = Outbox(identity.folder / "outbox.sqlite")
        self._tasks: queue.Queue[Callable[[Stage], None]] = queue.Queue(MOST_COMMANDS)
        self._events: queue.Queue[Event | None] = queue.Queue(MOST_EVENTS)
        self._writer = threading.Thread(target=self._write_events, name="event writer", daemon=True)
        self._link = Link(identity, self._outbox, Wanted(self._on_desired, self._on_command))
        self._reported: dict[str, Any] = {}
        self._counts = Counts()
        self._version = 0
        self.stop = threading.Event()

    def run(self, stage: Stage) -> None:
        """Work until `stop` is set."""
        self._writer.start()
        self._resume(stage)
        self._link.start()
        self._say_reported(about_this_device())
        last = 0.0
        try:
            while not self.stop.is_set():
                if (task := self._next_task()) is not None:
                    task(stage)
                if time.monotonic() - last >= TELEMETRY_EVERY:
                    last = time.monotonic()
                    self._say_telemetry(stage)
        finally:
            self._events.put(None)
            self._writer.join()
            self._link.close()
            self._outbox.close()

    def tell(self, event: Event) -> None:
        """Something happened: the hub hears of it, sooner or later. Called by the engine's thread, which waits only
        where the disk is thousands of events behind.
        """
        self._events.put(event)

    def _write_events(self) -> None:
        while (event := self._events.get()) is not None:
            self._counts.hear(event)
            self._link.put("event", json.loads(json.dumps(asdict(event), allow_nan=False)))

    def _next_task(self) -> Callable[[Stage], None] | None:
        try:
            return self._tasks.get(timeout=0.2)
        except queue.Empty:
            return None

    def _on_desired(self, desired: fleet.Desired) -> None:
        self._later(lambda stage: self._become(stage, desired))

    def _on_command(self, command: fleet.Command) -> None:
        self._later(lambda stage: self._obey(stage, command))

    def _later(self, task: Callable[[Stage], None]) -> None:
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            log.warning("more commands come than can be done; one was left out")

    def _resume(self, stage: Stage) -> None:
        """Be what the hub wanted last: it may be out of reach now."""
        kept = self._folder / "desired.json"
        try:
            desired = fleet.read_desired(kept.read_bytes())
        except (OSError, fleet.MessageError):
            return
        self._become(stage, desired)

    def _become(self, stage: Stage, desired: fleet.Desired) -> None:
        """Take a desired document, and say of each of its properties what became of it."""
        if desired.version == self._version:
            return
        code, text = DONE, ""
        try:
            stage.apply(desired.document)
        except SettingsError as error:
            code, text = NOT_VALID, str(error)
        except FootlightsError as error:
            code, text = FAILED, str(error)
        self._version = desired.version
        self._counts.classes = _classes(desired.document)
        if code == DONE:
            beside = self._folder / "desired.json.new"
            beside.write_bytes(fleet.encode(desired))
            beside.replace(self._folder / "desired.json")
        else:
            log.warning("version %d of what the hub wants is not taken: %s", desired.version, text)
        self._link.put(
            "reported",
            {
                "acknowledged": {
                    name: asdict(fleet.Acknowledged(value, code, desired.version, text[:1000]))
                    for name, value in desired.document.items()
                },
                "reported": {"desiredVersion": desired.version},
            },
        )

    def _obey(self, stage: Stage, command: fleet.Command) -> None:
        """Do one command and say what became of it; one that comes too late is not done."""
        if time.time() > command.expires:
            return self._answer(command, 408, "too late")
        try:
            code, answer = self._do(stage, command)
        except SettingsError as error:
            code, answer = NOT_VALID, str(error)
        except FootlightsError as error:
            code, answer = FAILED, str(error)
        return self._answer(command, code, answer)

    def _do(self, stage: Stage, command: fleet.Command) -> tuple[int, object]:
        if command.name == "ping":
            return DONE, {"version": __version__}
        name = well_known.COMMANDS.get(command.name, command.name)
        if name == "restart-pipeline":
            stage.restart()
            return DONE, None
        if name == "restart-agent":
            self.stop.set()
            return DONE, None
        if name == "snapshot":
            stream = str(command.arguments.get("stream", ""))
            jpeg = stage.picture(stream)
            if len(jpeg) > LARGEST_PICTURE:
                raise FootlightsError(f"the picture has {len(jpeg)} bytes; at most {LARGEST_PICTURE} are sent")
            self._link.put("picture", {"about": stream, "jpeg": base64.b64encode(jpeg).decode()})
            return DONE, {"bytes": len(jpeg)}
        return UNKNOWN, f"this version ({__version__}) knows no command '{command.name}'"

    def _answer(self, command: fleet.Command, code: int, answer: object) -> None:
        self._link.put("answer", {"id": command.id, "code": code, "answer": answer})

    def _say_reported(self, properties: Mapping[str, Any]) -> None:
        """Say what has changed about this device."""
        if change := merge_patch.difference(self._reported, properties):
            self._reported = dict(properties)
            self._link.put("reported", {"reported": change})

    def _say_telemetry(self, stage: Stage) -> None:
        free, reports = shutil.disk_usage(self._folder).free, stage.report()
        own = {"freeStorage": free, "forgotten": self._outbox.forgotten, **self._counts.telemetry(reports)}
        self._link.put("telemetry", {"values": own})
        for report in reports:
            values: dict[str, Any] = {
                "state": report.state, "fps": round(report.fps, 2), "frames": report.frames,
                "dropped": report.dropped, "people": report.people, "raised": report.raised,
            }  # fmt: skip
            self._link.put("telemetry", {"stream": report.stream[: fleet.LONGEST_NAME], "values": values})


def _classes(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes that a document asks for, the primary one first."""
    settings = document.get("settings")
    labels = settings.get("label", ()) if isinstance(settings, Mapping) else ()
    return tuple(map(str, labels)) if isinstance(labels, list | tuple) else ()


def about_this_device() -> dict[str, Any]:
    """What a device says of itself once."""
    return {
        "manufacturer": "footlights",
        "model": platform.machine(),
        "swVersion": __version__,
        "osName": platform.system(),
        "processorArchitecture": platform.machine(),
        "totalStorage": shutil.disk_usage(Path.home()).total // 1024,  # kibibytes, as the well-known template has it
        "totalMemory": _total_memory() // 1024,
    }


def _total_memory() -> int:
    """Bytes; 0 where the system does not say."""
    try:
        import os

        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
