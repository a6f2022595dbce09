"""The agent: makes a device what the hub wants it to be, and says what it is, with or without a connection."""

import json
import logging
import platform
import queue
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from footlights import __version__
from footlights.agent import commands
from footlights.agent.commands import DONE, FAILED, NOT_VALID
from footlights.agent.counts import Counts
from footlights.agent.identity import Identity
from footlights.agent.link import Link, Wanted
from footlights.agent.model_pull import Job, ModelPull, lacking
from footlights.agent.outbox import Outbox
from footlights.agent.sight import Sight
from footlights.core.errors import FootlightsError, SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.watch import StreamReport
from footlights.models.from_hub import forget_unwanted, references
from footlights.wire import fleet, merge_patch

log = logging.getLogger(__name__)

TELEMETRY_EVERY = 10.0  # seconds
MOST_COMMANDS = 32  # that wait
MOST_EVENTS = 10_000  # that are not on the disk yet


class Stage(commands.Stage, Protocol):
    """What runs on this device."""

    def apply(self, document: Mapping[str, Any]) -> None:
        """Become what the document says, without restarting what did not change. Raises FootlightsError: it stays as
        it was.
        """

    def report(self) -> list[StreamReport]:
        """How every stream is doing."""


class Agent:
    """Connects a stage with a hub. `stop` is set where the device is to end, or to start again."""

    def __init__(self, identity: Identity, *, private: bool = False, place: tuple[float, float] | None = None) -> None:
        hub = identity.hub()
        self._sight = Sight(hub.url, hub.device, identity.web_context(), private=private)
        self._place = {"place": {"latitude": place[0], "longitude": place[1]}} if place else {}
        self._folder = identity.folder
        self._outbox = Outbox(identity.folder / "outbox.sqlite")
        self._tasks: queue.Queue[Callable[[Stage], None]] = queue.Queue(MOST_COMMANDS)
        self._documents: deque[Callable[[Stage], None]] = deque(maxlen=4)  # only the newest one matters
        self._events: queue.Queue[Event | None] = queue.Queue(MOST_EVENTS)
        self._writer = threading.Thread(target=self._write_events, name="event writer", daemon=True)
        self.stop = threading.Event()
        self._models = ModelPull(identity)
        self._commands = commands.Commands(self._put, self._models, self._sight, self.stop.set)
        self._link = Link(identity, self._outbox, Wanted(self._on_desired, self._on_command))
        self._reported: dict[str, Any] = {}
        self._counts = Counts()
        self._version = 0
        self._wanted: fleet.Desired | None = None  # the newest

    def run(self, stage: Stage) -> None:
        """Work until `stop` is set."""
        self._sight.show(stage)
        self._writer.start()
        self._models.start()
        self._resume(stage)
        self._link.start()
        self._say_reported({**about_this_device(), **self._place, "private": self._sight.private})
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
            self._models.close()
            self._sight.close()
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
            try:
                body = json.loads(json.dumps(asdict(event), allow_nan=False))
            except (ValueError, TypeError) as error:
                log.warning("an event (%s) cannot be said: %s", event.kind, error)
                continue
            number = self._link.put("event", body)
            if number and (picture := self._sight.of_event(event, number)) is not None:
                self._link.put("picture", picture)

    def _next_task(self) -> Callable[[Stage], None] | None:
        if self._documents:
            return self._documents.popleft()
        try:
            return self._tasks.get(timeout=0.2)
        except queue.Empty:
            return None

    def _on_desired(self, desired: fleet.Desired) -> None:
        self._documents.append(lambda stage: self._become(stage, desired))

    def _on_command(self, command: fleet.Command) -> None:
        self._later(lambda stage: self._commands.obey(stage, command))

    def _put(self, kind: fleet.Kind, body: dict[str, object]) -> None:
        self._link.put(kind, body)

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
        """Take a desired document, as soon as every model that it names is here."""
        if desired.version == self._version:
            return
        self._wanted = desired
        models = lacking(references(desired.document))
        if not models:
            self._take(stage, desired, None)
            return

        def come(error: FootlightsError | None) -> None:
            self._documents.append(lambda stage: self._take(stage, desired, error))
            if isinstance(error, SinkError) and self._wanted is desired:  # said, and tried on
                self._models.get(job)

        job = Job(models, come, lambda: self._wanted is desired)
        try:
            self._models.get(job)
        except SettingsError as error:
            self._take(stage, desired, error)

    def _take(self, stage: Stage, desired: fleet.Desired, error: FootlightsError | None) -> None:
        """Become what a document says, and say of each of its properties what became of it."""
        if desired is not self._wanted:  # there is a newer one
            return
        code, text = DONE, ""
        try:
            if error is not None:
                raise error
            stage.apply(desired.document)
        except SettingsError as fault:
            code, text = NOT_VALID, str(fault)
        except FootlightsError as fault:
            code, text = FAILED, str(fault)
        self._version = desired.version
        self._counts.classes = _classes(desired.document)
        models = {"models": models_of(desired.document)} if code == DONE else {}
        if code == DONE:
            self._sight.obey(desired.document)
            self._say_reported({**self._reported, "private": self._sight.private})
            forget_unwanted(references(desired.document))
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
                "reported": {"desiredVersion": desired.version, **models},
            },
        )

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


def models_of(document: Mapping[str, Any]) -> list[str]:
    """The models that a document runs: those of a hub, and the one that its settings name."""
    settings = document.get("settings")
    named = settings.get("model") if isinstance(settings, Mapping) else None
    return sorted({*map(str, references(document)), *([named] if isinstance(named, str) else [])})


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
