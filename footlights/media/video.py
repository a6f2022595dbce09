"""Video files, and videos over HTTP that have an end: every frame, at the time that the file says."""

import logging
import threading
from collections.abc import Iterator

from footlights.core.frame import Frame
from footlights.media.container import Container, Shot
from footlights.media.decoding import Decoding
from footlights.media.sound import FileSound, Passes, Sound
from footlights.media.timeline import Timeline

log = logging.getLogger(__name__)

CUT_OFF = 1.0  # seconds that may be missing at the end before a file counts as cut off: containers round generously


class VideoFile:
    """A recorded video: a source whose every frame is processed. Media time 0 is the first picture.

    Raises SourceError at once where the place cannot be opened or holds no video.
    """

    live = False

    def __init__(
        self,
        place: str,
        name: str,
        label: str,
        *,
        loop: bool = False,
        timeout: tuple[float, float] | None = None,
        decoding: Decoding = Decoding(),  # noqa: B008  it never changes
    ) -> None:
        self.name = name
        self._place = place
        self._label = label
        self._loop = loop
        self._timeout = timeout
        self._decoding = decoding
        self._closed = threading.Event()
        self._passes = Passes()
        with self._open() as container:
            self._length = container.length
            self._sound_rate = container.sound_rate
            self.duration = None if loop else container.duration

    def frames(self) -> Iterator[Frame]:
        """Every frame; with `loop` again and again, and the times go on."""
        self._passes.origin = self._passes.period = None
        timeline = Timeline()
        index = 0
        while not self._closed.is_set():
            with self._open() as container:
                timeline.step = container.step
                timeline.end = None if self._loop else self._length
                for shot in container.read():
                    if self._closed.is_set():
                        return
                    if isinstance(shot, Shot):
                        yield self._frame(shot, timeline, index)
                        index += 1
            if not self._loop:
                self._check_length(timeline)
                return
            if self._passes.period is None and timeline.last is not None:
                self._passes.period = timeline.last + timeline.step
            timeline.restart()

    def listen(self) -> Sound | None:
        """The sound of this video, on the clock of its frames; None where it has none."""
        return FileSound(self._open, self._passes, self._loop, self._sound_rate) if self._sound_rate else None

    def close(self) -> None:
        self._closed.set()

    def _open(self) -> Container:
        return Container(self._place, self._label, timeout=self._timeout, decoding=self._decoding)

    def _frame(self, shot: Shot, timeline: Timeline, index: int) -> Frame:
        time = timeline.at(shot.stamp)
        if index == 0:
            self._passes.origin = shot.stamp or 0.0
        return Frame(shot.picture, time, self.name, index)

    def _check_length(self, timeline: Timeline) -> None:
        if self._length is not None and (timeline.last or 0.0) < self._length - CUT_OFF:
            log.warning(
                "%s ends after %.1f s of %.1f s: the file is cut off or damaged",
                self._label,
                timeline.last or 0.0,
                self._length,
            )
