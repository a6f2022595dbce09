"""Events on disk: one CloudEvents 1.0 JSON object on each line (https://github.com/cloudevents/spec, v1.0.2)."""

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import numpy as np

from footlights.core.errors import SinkError
from footlights.core.event import Event, Value
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.faults import place_fault

log = logging.getLogger(__name__)

DECIMALS = 6  # of every float in a journal: the same file gives the same bytes


def cloud_event(event: Event, number: int, frame: Frame | None = None) -> dict[str, Value]:
    """The event as a CloudEvent in structured JSON form.

    `number` counts the events of the stream from 1: source and id together are unique. Only the event of a live frame
    carries the wall-clock time, so a file gives the same on every run. `data` holds the media time in seconds, the
    track where there is one, and what the event itself holds.
    """
    attributes: dict[str, Value] = {
        "specversion": "1.0",
        "id": str(number),
        "source": f"/footlights/{quote(event.stream)}",
        "type": f"dev.footlights.{event.kind}",
        "datacontenttype": "application/json",
    }
    if frame is not None and frame.arrived is not None:
        attributes["time"] = _wall_time(frame.arrived)
    data: dict[str, Value] = {"time": _plain(event.time)}
    if event.track is not None:
        data["track"] = event.track
    for key, value in event.data.items():
        data.setdefault(key, _plain(value))
    attributes["data"] = data
    return attributes


class Journal:
    """A sink that appends every event to a file, and flushes it, one JSON object on each line.

    A journal that exists is continued: numbers go on, and a last line that a power cut left unfinished is taken out.
    Raises SinkError where the file cannot be written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._numbers: Counter[str] = Counter()  # events so far, by the source attribute of CloudEvents
        try:
            self._recall()
            self._file: IO[str] = self.path.open("a", encoding="utf-8", newline="\n")
        except OSError as fault:
            raise SinkError(f"the journal {self.path} cannot be written: {place_fault(fault)}") from None

    def write(self, scene: Scene) -> None:
        """Append the events of one scene. Raises SinkError where the disk is full or gone."""
        try:
            for event in scene.events:
                self._append(event, scene.frame)
        except OSError as fault:
            raise SinkError(f"the journal {self.path} ends here: {place_fault(fault)}") from None

    def close(self) -> None:
        """Close the file. Raises SinkError where what waits cannot be written."""
        try:
            self._file.close()
        except OSError as fault:
            raise SinkError(f"the journal {self.path} ends here: {place_fault(fault)}") from None

    def _append(self, event: Event, frame: Frame) -> None:
        source = f"/footlights/{quote(event.stream)}"
        self._numbers[source] += 1
        line = cloud_event(event, self._numbers[source], frame)
        self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
        self._file.flush()

    def _recall(self) -> None:
        """Count what an existing journal holds, and mend its end."""
        if not self.path.is_file():  # a pipe or a terminal has no past
            return
        whole = 0  # bytes of complete lines
        with self.path.open("r+b") as file:
            for line in file:
                entry = _parsed(line)
                if entry is None and not line.endswith(b"\n"):
                    file.truncate(whole)
                    log.warning("the journal %s ended within a line: that line is taken out", self.path)
                    return
                whole += len(line)
                if entry is not None:
                    self._numbers[str(entry.get("source"))] += 1
                if not line.endswith(b"\n"):
                    file.write(b"\n")


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _plain(value: Any) -> Value:
    """The value with its floats rounded, without what JSON does not know: NumPy's numbers, NaN and infinity."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value)


def _wall_time(arrived: float) -> str:
    """RFC 3339 UTC time of a reading of the monotonic clock."""
    moment = time.time() - (time.monotonic() - arrived)
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
