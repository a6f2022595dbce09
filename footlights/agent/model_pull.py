"""Models from the hub: fetched by hash over HTTPS, from where the last try ended, believed only by their hash."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from footlights.agent.identity import Identity
from footlights.core.errors import (
    FootlightsError,
    ModelCorruptError,
    ModelError,
    ModelMissingError,
    SettingsError,
    SinkError,
)
from footlights.models.bundle import LARGEST
from footlights.models.from_hub import HubModel, find_kept, keep_part, part_of
from footlights.wire import signed_request

log = logging.getLogger(__name__)

TIMEOUT = 30.0  # seconds without an answer
PAUSES = (1.0, 60.0)  # seconds between two tries, the first and the longest
GIVE_UP = 900.0  # seconds after which a model that cannot be had is not asked for any more
MOST_WAITING = 32  # jobs
MAY_PASS = (401, 429, 502, 503, 504)  # answers that may be others later: the clock is set right, the hub is back
Done = Callable[[FootlightsError | None], None]


@dataclass(frozen=True)
class Job:
    """Models that somebody waits for."""

    models: tuple[HubModel, ...]
    done: Done
    wanted: Callable[[], bool] = field(default=lambda: True)  # whether somebody still does


class ModelPull:
    """A thread that gets models, one after the other, so that the device goes on meanwhile."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._jobs: queue.Queue[Job | None] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model pull", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what was got of a model is kept, and the rest of it comes next time."""
        self._closing.set()
        if self._thread.ident is not None:
            try:
                self._jobs.put_nowait(None)
            except queue.Full:
                log.debug("jobs are left out")
            self._thread.join()

    def get(self, job: Job) -> None:
        """Get models; `done` is called from the thread, with what went wrong. Raises SettingsError: too many wait."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise SettingsError("too many models are on their way already") from None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closing.is_set():
            error: FootlightsError | None = None
            try:
                for model in job.models:
                    self._get_patiently(model, job.wanted)
            except FootlightsError as fault:
                error = fault
            if not self._closing.is_set():
                try:
                    job.done(error)
                except FootlightsError as fault:
                    log.warning("%s", fault)

    def _get_patiently(self, model: HubModel, wanted: Callable[[], bool]) -> None:
        """Try again where the hub is away. Raises FootlightsError: it is away for too long, or has no such model."""
        until, pause = time.monotonic() + GIVE_UP, PAUSES[0]
        while True:
            try:
                return self._get(model)
            except SinkError as error:
                if time.monotonic() > until or self._closing.wait(pause) or not wanted():
                    raise
                log.info("%s; it is tried again", error)
                pause = min(2 * pause, PAUSES[1])

    def _get(self, model: HubModel) -> None:
        """Raises SinkError: the hub or the network failed; ModelError, SettingsError: trying again is of no use."""
        if not lacking([model]):
            return
        hub = self._identity.hub()
        part, path = part_of(model, hub.device), f"/api/device/models/{model.digest}"
        there = part.stat().st_size if part.exists() else 0
        try:
            key, certificate = ((self._identity.folder / f"device.{kind}").read_bytes() for kind in ("key", "crt"))
            header = signed_request.sign(key, certificate, "GET", path, time.time())
            headers = {"authorization": header, "accept-encoding": "identity", "range": f"bytes={there}-"}
            with (
                httpx.Client(base_url=hub.url, timeout=TIMEOUT, verify=self._identity.web_context() or True) as client,
                client.stream("GET", path, headers=headers) as answer,
            ):
                if answer.status_code != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:  # else all of it is there
                    _check(answer, model)
                    self._write(answer, part, there if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0)
        except httpx.HTTPError as error:
            raise SinkError(f"{model} does not come: {type(error).__name__}") from None
        except OSError as error:
            raise ModelMissingError(f"{model} cannot be had: {error.strerror}") from None
        keep_part(model, hub.device)
        log.info("%s is here", model)

    def _write(self, answer: httpx.Response, part: Path, there: int) -> None:
        with part.open("r+b" if there else "wb") as file:
            size = file.seek(there)
            for piece in answer.iter_bytes():
                if self._closing.is_set():
                    raise SinkError(f"{part.name} is on its way")
                size += len(piece)
                if size > LARGEST:
                    raise ModelCorruptError(f"{part.name} is longer than the {LARGEST >> 20} MB that a model may have")
                file.write(piece)


def lacking(models: Iterable[HubModel]) -> tuple[HubModel, ...]:
    """Those that are not on this device."""

    def there(model: HubModel) -> bool:
        try:
            return find_kept(model).is_file()
        except ModelError:
            return False

    return tuple(model for model in sorted(models, key=str) if not there(model))


def _check(answer: httpx.Response, model: HubModel) -> None:
    """Raises SinkError for what may be better later, ModelMissingError for what will not."""
    if answer.is_success:
        return
    answer.read()
    try:
        content: Any = answer.json()
    except ValueError:
        content = None
    said = str(content.get("error", ""))[:200] if isinstance(content, dict) else ""
    kind = SinkError if answer.status_code in MAY_PASS else ModelMissingError
    raise kind(f"the hub does not give {model}: {answer.status_code} {said}".rstrip())
