"""What there was to see when something happened: pictures, a clip that begins before the moment, and the event."""

import json
import logging
import math
import re
import threading
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.core.frame import Frame, Image
from footlights.core.scene import Scene
from footlights.media.faults import place_fault
from footlights.media.journal import cloud_event
from footlights.media.painter import Painter
from footlights.media.picture import ArrayPicture
from footlights.media.recorder import Film
from footlights.media.snapshot import jpeg, small_size, smaller

log = logging.getLogger(__name__)

RAISED, CLEARED = "anomaly.raised", "anomaly.cleared"
BEFORE = 8.0  # seconds of a clip before the moment
AFTER = 5.0  # seconds after it, at least
LONGEST = 30.0  # seconds after the moment, at most, where an alert stays raised
RATE = 8.0  # pictures a second of a clip, at most
PAST_BYTES = 8_000_000  # of the compressed past of one stream
PAST_QUALITY = 80  # of JPEG, 0..100
MOST = 200  # pieces of evidence in the folder
MOST_BYTES = 2_000_000_000  # in the folder
FILES = ("event.json", "snapshot.jpg", "plain.jpg", "clip.mp4")
_TRIES = 1000  # names that are tried where a piece of evidence of this name exists
_Fault = OSError | av.FFmpegError | SinkError


class Past:
    """The last seconds of one stream as small JPEG pictures, bounded in seconds and in bytes."""

    def __init__(self, seconds: float, most_bytes: int = PAST_BYTES) -> None:
        self.bytes = 0
        self._seconds = seconds
        self._most = most_bytes
        self._pictures: deque[tuple[float, bytes]] = deque()

    def __len__(self) -> int:
        return len(self._pictures)

    def add(self, time: float, picture: bytes) -> None:
        """Take the newest picture, and forget those that are too old or too many."""
        if self._pictures and time < self._pictures[-1][0]:  # the stream began anew
            self.clear()
        self._pictures.append((time, picture))
        self.bytes += len(picture)
        while self._pictures[0][0] < time - self._seconds - 1e-6 or self.bytes > self._most:
            self.bytes -= len(self._pictures.popleft()[1])
            if not self._pictures:
                break

    def pictures(self) -> list[tuple[float, bytes]]:
        """Media time and JPEG of each, the oldest first."""
        return list(self._pictures)

    def clear(self) -> None:
        """Forget everything."""
        self._pictures.clear()
        self.bytes = 0


class Evidence:
    """A folder with the evidence of all streams: `STREAM/MEDIA_TIME-ALERT/` for each event of these kinds.

    Beyond `most` pieces or `most_bytes` the oldest are deleted, those of earlier runs included, and the log says so;
    files that were not written here are left alone. Without `raw` nothing is kept that shows a picture without what is
    painted over it. Where something cannot be written the log has one line, and the next event is tried again.

    Raises SinkError: the folder cannot be made or written to.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kinds: Collection[str] = (RAISED,),
        before: float = BEFORE,
        after: float = AFTER,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        raw: bool = True,
        painter: Painter | None = None,
    ) -> None:
        self.folder = folder
        self.before, self.after = before, after
        self.raw = raw
        self.painter = painter or Painter()
        self._kinds = frozenset(kinds)
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self._complained = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".footlights"
            probe.touch()
            probe.unlink()
        except OSError as fault:
            raise SinkError(f"evidence cannot be kept in {folder}: {place_fault(fault)}") from None
        self._pieces = {piece: _size(piece) for piece in _found(folder)}  # bytes of each, the oldest first

    def witness(self) -> "Witness":
        """A sink for one stream."""
        return Witness(self)

    def wants(self, event: Event) -> bool:
        """True for events that are kept evidence of: of one of the kinds, or of a kind below it."""
        return any(event.kind == kind or event.kind.startswith(f"{kind}.") for kind in self._kinds)

    def new_piece(self, event: Event) -> Path:
        """A new folder for this event, named after its media time. Raises OSError where it cannot be made."""
        alert = event.data.get("alert") or event.data.get("label") or event.kind
        name = f"{max(0.0, event.time):010.3f}-{_file_name(str(alert).lower())[:40]}"
        above = self.folder / _file_name(event.stream)
        above.mkdir(parents=True, exist_ok=True)
        for number in range(1, _TRIES):
            piece = above / (name if number == 1 else f"{name}-{number}")
            try:
                piece.mkdir()
            except FileExistsError:
                continue
            return piece
        raise FileExistsError(f"{above / name} exists {_TRIES} times")

    def keep(self, piece: Path) -> None:
        """A piece of evidence has been written, or has grown: delete the oldest where there are too many."""
        gone = []
        with self._lock:
            self._pieces[piece] = _size(piece)
            self._complained = False
            while len(self._pieces) > 1 and (
                len(self._pieces) > self._most or sum(self._pieces.values()) > self._most_bytes
            ):
                oldest = next(iter(self._pieces))
                del self._pieces[oldest]
                gone.append(oldest)
        for oldest in gone:
            delete(oldest)
            log.info("evidence %s is deleted: more would be above the bound", oldest.relative_to(self.folder))

    def complain(self, piece: Path | None, fault: _Fault) -> None:
        """Say once that something cannot be written, until something can be again."""
        with self._lock:
            first, self._complained = not self._complained, True
        if first:
            what = str(fault) if isinstance(fault, SinkError) else place_fault(fault)
            log.error("evidence in %s is not whole: %s. The rest goes on.", piece or self.folder, what.rstrip("."))


@dataclass(slots=True, eq=False)
class _Clip:
    """A clip that is being written."""

    film: Film
    piece: Path
    moment: float  # seconds, of the event that it was begun for
    until: float  # seconds, to which it goes at least

    def over(self, time: float, *, raised: bool) -> bool:
        """True where nothing more belongs to it."""
        return time >= self.moment + LONGEST or (time >= self.until and not raised) or time < self.moment

    def holds(self, event: Event, after: float) -> bool:
        """True where another event finds room in it, with all that comes after."""
        return self.moment <= event.time and event.time + after <= self.moment + LONGEST


class Witness:
    """A sink that remembers the last seconds of one stream, and writes evidence when something happens.

    One clip is written at a time: what happens meanwhile has its own folder and pictures, and names that clip.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.past = Past(evidence.before)
        self._evidence = evidence
        self._clip: _Clip | None = None
        self._raised: set[tuple[object, int | None]] = set()
        self._slot: int | None = None  # of the last picture that was remembered

    def write(self, scene: Scene) -> None:
        """Remember the picture where it is its turn; write what is to be written. What cannot be is said once."""
        time = scene.frame.time
        if self._clip is not None and self._clip.over(time, raised=bool(self._raised)):
            self._end_clip()
        if not scene.closing and self._due(time):
            self._remember(scene)
        for event in scene.events:
            key = (event.data.get("alert"), event.track)
            if event.kind == RAISED:
                self._raised.add(key)
            elif event.kind == CLEARED:
                self._raised.discard(key)
            if self._evidence.wants(event):
                self._write_down(event, scene)

    def close(self) -> None:
        """Finish the clip that is being written."""
        self._end_clip()
        self.past.clear()

    def _due(self, time: float) -> bool:
        """True once for each slot of a grid of media time, which is as fine as the rate of a clip."""
        slot = math.floor(time * RATE + 1e-6)
        new, self._slot = slot != self._slot, slot
        return new

    def _remember(self, scene: Scene) -> None:
        image = self._small(scene)
        self.past.add(scene.frame.time, jpeg(image, PAST_QUALITY))
        if self._clip is not None:
            try:
                self._clip.film.add(image, scene.frame.time)
            except (av.FFmpegError, OSError) as fault:
                self._evidence.complain(self._clip.piece, fault)
                self._end_clip()

    def _small(self, scene: Scene) -> Image:
        frame = scene.frame
        if self._evidence.raw:
            return frame.rgb(*small_size(frame.width, frame.height))
        return smaller(self._evidence.painter.paint(scene))

    def _write_down(self, event: Event, scene: Scene) -> None:
        evidence, piece = self._evidence, None
        try:
            piece = evidence.new_piece(event)
            files = {"snapshot": "snapshot.jpg"}
            (piece / files["snapshot"]).write_bytes(jpeg(evidence.painter.paint(scene)))
            if evidence.raw:
                files["plain"] = "plain.jpg"
                (piece / files["plain"]).write_bytes(jpeg(scene.frame.rgb()))
            if clip := self._clip_of(event, piece):
                files["clip"] = clip
            document = cloud_event(event, 1, scene.frame)
            data = document["data"]
            assert isinstance(data, dict)
            document |= {"id": piece.name, "data": {**data, **files}}
            (piece / "event.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
        except (OSError, av.FFmpegError, SinkError) as fault:
            evidence.complain(piece, fault)
            if piece is not None:
                self._give_up(piece)
            return
        evidence.keep(piece)
        log.info("evidence: %s", piece)

    def _clip_of(self, event: Event, piece: Path) -> str | None:
        """Where the clip of this event lies, seen from its folder. Begins one where none can hold it."""
        after = self._evidence.after
        if self._clip is not None and self._clip.holds(event, after):
            self._clip.until = max(self._clip.until, event.time + after)
            return f"../{self._clip.piece.name}/clip.mp4"
        self._end_clip()
        pictures = self.past.pictures()
        if not pictures:
            return None
        film: Film | None = None
        for time, content in pictures:
            image = _decoded(content)
            if film is None:
                film = Film(piece / "clip.mp4", Scene(Frame(ArrayPicture(image), time, event.stream, 0)), None)
                self._clip = _Clip(film, piece, event.time, event.time + after)
            film.add(image, time)
        return "clip.mp4"

    def _give_up(self, piece: Path) -> None:
        """Half a piece of evidence is none."""
        if self._clip is not None and self._clip.piece == piece:
            with suppress(av.FFmpegError, OSError):
                self._clip.film.finish()
            self._clip = None
        delete(piece)

    def _end_clip(self) -> None:
        clip, self._clip = self._clip, None
        if clip is None:
            return
        try:
            clip.film.finish()
        except (av.FFmpegError, OSError) as fault:
            self._evidence.complain(clip.piece, fault)
        else:
            if clip.piece.is_dir():
                self._evidence.keep(clip.piece)


def delete(piece: Path) -> None:
    """Remove a piece of evidence: the files that are written here, and the folder where nothing else is in it."""
    try:
        for name in FILES:
            (piece / name).unlink(missing_ok=True)
        piece.rmdir()
    except OSError as fault:
        log.warning("%s stays where it is: %s", piece, place_fault(fault))


def _found(folder: Path) -> list[Path]:
    """The evidence of earlier runs, the oldest first."""
    return [event.parent for event in sorted(folder.glob("*/*/event.json"), key=lambda path: path.stat().st_mtime)]


def _size(piece: Path) -> int:
    return sum(path.stat().st_size for name in FILES if (path := piece / name).exists())


def _file_name(text: str) -> str:
    """A text as one part of a path, on any system."""
    return re.sub(r"[^\w.]+", "-", text).strip("-.") or "unnamed"


def _decoded(content: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
