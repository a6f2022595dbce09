"""Frames that a detector was unsure of: what it should learn from next."""

import logging
import math
import re
from pathlib import Path

from footlights.core.errors import SinkError
from footlights.core.scene import Scene
from footlights.media.faults import place_fault
from footlights.media.snapshot import jpeg

log = logging.getLogger(__name__)

LOW, HIGH = 0.15, 0.55  # scores between which a detection may be one or not
APART = 10.0  # seconds of media time between two frames of one stream that are kept
MOST = 200  # frames in the folder, all streams together: then it waits until somebody takes them away
QUALITY = 92  # of JPEG, 0..100
INSIDE = "unsure"  # the folder within a project of the studio
PROJECT = "project.toml"  # what such a project has


def unsure_folder(place: Path) -> Path:
    """Where frames are kept: in a project of the studio in a folder of their own, which `studio add` empties."""
    return place / INSIDE if (place / PROJECT).is_file() else place


class UnsureFrames:
    """A sink for one stream: keeps the plain picture of a frame now and then, where a score lies between LOW and HIGH.

    Raises SinkError: the folder cannot be made.
    """

    def __init__(self, place: Path, apart: float = APART, most: int = MOST) -> None:
        self.kept = 0
        self._folder, self._apart, self._most = unsure_folder(place), apart, most
        self._last = -math.inf
        self._told = False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise SinkError(f"frames cannot be kept in {self._folder}: {place_fault(fault)}") from None

    def write(self, scene: Scene) -> None:
        """Keep the frame if it is worth it."""
        found, time = scene.detections, scene.frame.time
        if found is None or scene.closing or 0 <= time - self._last < self._apart:
            return
        if not ((found.scores >= LOW) & (found.scores < HIGH)).any():
            return
        if sum(1 for _ in self._folder.glob("*.jpg")) >= self._most:
            self._tell("%s holds %d frames: take them away, and more are kept", self._folder, self._most)
            return
        stream = re.sub(r"[^A-Za-z0-9]+", "-", scene.frame.stream).strip("-") or "stream"
        path = self._folder / f"{stream}_{round(1000 * time):09}.jpg"
        try:
            path.write_bytes(jpeg(scene.frame.rgb(), QUALITY))
        except (OSError, SinkError) as fault:
            self._tell("a frame cannot be kept in %s: %s", self._folder, fault)
            return
        self._last, self._told = time, False
        self.kept += 1

    def close(self) -> None:
        """Nothing is open."""

    def _tell(self, text: str, *values: object) -> None:
        """Once, until it works again."""
        if not self._told:
            log.warning(text, *values)
        self._told = True
