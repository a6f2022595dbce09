"""The wall: the newest pictures of many streams, side by side in one, in YUV from the decoder to the encoder."""

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import numpy as np
from av.video.reformatter import VideoReformatter

from footlights.core.app import Sink
from footlights.core.cue import Text
from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.canvas import Canvas
from footlights.media.page.control import State, StreamStats
from footlights.media.picture import AvPicture, Matrix, from_planes
from footlights.media.plane_painter import Notes, PlanePainter
from footlights.media.sprites import Colour

log = logging.getLogger(__name__)

WALL = "wall"  # name of the stream that the wall is
STALE = 3.0  # seconds without a picture after which a live stream's tile says so
MOST_TILES = 64
SMALLEST = 32  # pixels, side of a tile
_BACK: Colour = (22, 24, 28)
_EDGE = 2  # pixels on each side of a tile


@dataclass(slots=True, eq=False)
class _Tile:
    """One stream on the wall."""

    name: str
    scene: Scene | None = None
    state: State = "connecting"
    message: str = ""
    since: float = 0.0  # clock: when the state began
    seen: float = 0.0  # clock: when the newest picture came
    fresh: bool = True  # what is drawn is not what is known
    stale: bool = False  # drawn as a stream without pictures
    scaler: VideoReformatter = field(default_factory=VideoReformatter)


class Wall:
    """Takes the scenes of any number of streams and gives the picture of all of them.

    `write` only keeps the newest scene, whoever calls it; `picture` draws the tiles that changed since it was called
    last, in the thread that asks. So a wall that nobody looks at costs nothing, and a stream of 60 pictures a second
    costs no more than the wall shows of it.

    Args:
        rows, columns: of tiles; from the number of streams where they are not given.
        width, height: of the whole picture in pixels, even.
        pictures: files of the overlays that an app calls by name.
        clock: seconds since 1970; tests have their own.

    Raises:
        SettingsError: a size that no wall can have.
    """

    def __init__(
        self,
        rows: int | None = None,
        columns: int | None = None,
        *,
        width: int = 1280,
        height: int = 720,
        pictures: Mapping[str, Path] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        for side in (width, height):
            if side % 2 or not 64 <= side <= 4096:
                raise SettingsError(f"a wall's sides are even numbers from 64 to 4096, not {width}x{height}")
        for number, name, most in ((rows, "rows", height // SMALLEST), (columns, "columns", width // SMALLEST)):
            if number is not None and not 1 <= number <= most:
                raise SettingsError(f"a wall of {width}x{height} has 1 to {most} {name}, not {number}")
        self.width, self.height = width, height
        self.matrix: Matrix | None = None  # that of the first picture; the other streams are converted
        self._rows, self._columns = rows, columns
        self._clock = clock
        self._painter = PlanePainter(pictures)
        self._lock = threading.Lock()  # of the tiles
        self._drawing = threading.Lock()  # of the planes
        self._tiles: dict[str, _Tile] = {}
        self._planes = np.zeros((height * 3 // 2, width), np.uint8)
        self._reported: set[str] = set()  # streams of the last report
        self._missed: set[str] = set()  # streams that were on the wall and not in the last report
        self._layout: tuple[tuple[str, ...], tuple[int, int]] | None = None  # as it is drawn

    def add(self, name: str) -> None:
        """Reserve a tile for a stream that gives no picture yet. Does nothing where there is one."""
        with self._lock:
            self._tile(name)

    def remove(self, name: str) -> None:
        """Forget a stream; the others move up. Does nothing where there is none of this name."""
        with self._lock:
            self._tiles.pop(name, None)

    def write(self, scene: Scene) -> None:
        """Take the newest scene of a stream. Any thread."""
        with self._lock:
            tile = self._tile(scene.frame.stream)
            tile.scene, tile.seen, tile.fresh = scene, self._clock(), True
            if scene.closing:
                self._change(tile, "ended", "")
            elif tile.state != "running":
                self._change(tile, "running", "")

    def state(self, name: str, state: State, message: str = "") -> None:
        """How a stream is doing: all but "running" dims its picture and says since when."""
        with self._lock:
            self._change(self._tile(name), state, message)

    def report(self, stats: Mapping[str, StreamStats]) -> None:
        """How all streams are doing. One that was in the last report, or is missing for the second time, is gone."""
        missed = set(self.names()) - stats.keys()
        gone = missed & (self._reported | self._missed)
        for name in gone:
            self.remove(name)
        self._reported, self._missed = set(stats), missed - gone
        for name, each in stats.items():
            self.state(name, each.state, each.message)

    def close(self) -> None:
        """As a sink: nothing is left to finish."""

    def names(self) -> list[str]:
        """The streams in the order of their tiles."""
        with self._lock:
            return list(self._tiles)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns for the streams there are."""
        with self._lock:
            return self._grid(len(self._tiles))

    def picture(self) -> AvPicture:
        """The wall as it is now, width x height."""
        with self._drawing:
            with self._lock:
                grid = self._grid(len(self._tiles))
                shown = self._shown(grid)
                layout = (tuple(tile.name for tile in shown), grid)
                if self.matrix is None:
                    self.matrix = _first_matrix(shown)
                work = [
                    (cell, tile, tile.scene, self._line(tile))
                    for cell, tile in enumerate(shown)
                    if self._due(tile) or layout != self._layout
                ]
                hidden = len(self._tiles) - len(shown)
            canvas = Canvas.of(self._planes, self.matrix or "bt709")
            if layout != self._layout:
                canvas.fill(_BACK)
                self._layout = layout
            for cell, tile, scene, line in work:
                more = hidden if cell == len(shown) - 1 else 0
                part = self._part(canvas, grid, cell)
                self._draw(part, tile, scene, line, more)
                if grid != (1, 1):
                    part.edge(_BACK, _EDGE)
            return from_planes(self._planes.copy(), canvas.matrix)

    def _tile(self, name: str) -> _Tile:
        if name not in self._tiles:
            if len(self._tiles) == self._room():
                log.warning("the wall has room for %d streams; more are not shown", self._room())
            self._tiles[name] = _Tile(name, since=self._clock())
        return self._tiles[name]

    def _change(self, tile: _Tile, state: State, message: str) -> None:
        if (tile.state, tile.message) == (state, message):
            return
        if tile.state != state and ("running" in (tile.state, state) or state in ("ended", "failed")):
            tile.since = self._clock()  # "connecting" and "retrying" take turns while nothing comes
        tile.state, tile.message, tile.fresh = state, message, True

    def _room(self) -> int:
        rows, columns = self._rows or self.height // SMALLEST, self._columns or self.width // SMALLEST
        return min(MOST_TILES, rows * columns)

    def _grid(self, streams: int) -> tuple[int, int]:
        streams = max(1, min(streams, self._room()))
        if self._rows:
            return self._rows, self._columns or math.ceil(streams / self._rows)
        fewest = math.ceil(streams / (self.height // SMALLEST))
        columns = self._columns or max(fewest, min(math.ceil(math.sqrt(streams)), self.width // SMALLEST))
        return math.ceil(streams / columns), columns

    def _shown(self, grid: tuple[int, int]) -> Sequence[_Tile]:
        return list(self._tiles.values())[: grid[0] * grid[1]]

    def _stalled(self, tile: _Tile) -> bool:
        """A live stream that claims to run and gives no pictures."""
        live = tile.scene is not None and tile.scene.frame.arrived is not None
        return live and tile.state == "running" and self._clock() - tile.seen > STALE

    def _due(self, tile: _Tile) -> bool:
        stale = self._stalled(tile)
        due, tile.fresh, tile.stale = tile.fresh or stale != tile.stale, False, stale
        return due

    def _line(self, tile: _Tile) -> str:
        """What the tile says about a stream that gives no pictures now; nothing where it does."""
        if tile.stale or self._stalled(tile):
            return f"no picture since {_hour(tile.seen)}"
        if tile.state == "running":
            return ""
        if tile.scene is None and tile.state == "connecting":
            return "connecting"
        line = f"ended at {_hour(tile.since)}" if tile.state == "ended" else f"offline since {_hour(tile.since)}"
        return f"{line}: {tile.message}" if tile.message else line

    def _part(self, canvas: Canvas, grid: tuple[int, int], cell: int) -> Canvas:
        """The canvas of one cell, in even pixels; the cells share what is left over."""
        row, column = divmod(cell, grid[1])
        left, right = (round(self.width * edge / grid[1] / 2) * 2 for edge in (column, column + 1))
        top, bottom = (round(self.height * edge / grid[0] / 2) * 2 for edge in (row, row + 1))
        return canvas.part(left, top, right - left, bottom - top)

    def _draw(self, cell: Canvas, tile: _Tile, scene: Scene | None, line: str, more: int) -> None:
        notes = Notes(cell)
        if scene is not None:
            notes = fitted(cell, scene, self._painter, tile.scaler, dim=bool(line))
        else:
            cell.fill(_BACK)
        name = Notes(cell)
        name.text(Text(tile.name, "top"))  # the corners are the app's
        if line:
            name.text(Text(line, "top", "alarm" if tile.state in ("failed", "retrying") or tile.stale else "plain"))
        counts = Counter(track.label for track in scene.tracks) if scene is not None and not line else Counter[str]()
        if counts:
            notes.text(
                Text("   ".join(f"{number} × {label}" for label, number in sorted(counts.items())), "bottom left")
            )
        if more:
            name.text(Text(f"{more} more", "bottom right", "warning"))


def fitted(cell: Canvas, scene: Scene, painter: PlanePainter, scaler: VideoReformatter, *, dim: bool = False) -> Notes:
    """Put a scene's picture into a cell, as large as its shape allows, and draw on it what is known about it."""
    frame = scene.frame
    scale = min(cell.width / frame.width, cell.height / frame.height)
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    width, height = min(width, cell.width), min(height, cell.height)
    left, top = ((outer - inner) // 4 * 2 for outer, inner in ((cell.width, width), (cell.height, height)))
    if (width, height) != (cell.width, cell.height):
        cell.fill(_BACK)
    inner = cell.part(left, top, width, height)
    inner.show(frame.picture, scaler)
    if dim:
        inner.dim()
        return Notes(inner)
    return painter.paint(scene, inner)


class WallFeed:
    """A sink that hands the wall of all streams as one stream to other sinks: a recording of the wall.

    The wall's stream has a picture for each 1 / `fps` seconds that pass on the streams' own time: media time of files,
    the time of arrival of live streams.
    """

    def __init__(self, wall: Wall, sinks: Sequence[Sink], fps: float = 25.0) -> None:
        self.wall = wall
        self._sinks = sinks
        self._step = 1 / fps  # seconds
        self._began: float | None = None
        self._next = 0.0  # seconds since then
        self._index = count()

    def write(self, scene: Scene) -> None:
        """Take one scene of any stream. Raises SinkError where a sink does."""
        frame = scene.frame
        now = frame.time if frame.arrived is None else frame.arrived
        if self._began is None:
            self._began = now
        self.wall.write(scene)
        passed = now - self._began
        if passed < self._next - 1e-6:
            return
        self._next = max(self._next + self._step, passed - self._step)
        moment = Frame(self.wall.picture(), passed, WALL, next(self._index), frame.arrived)
        for sink in self._sinks:
            sink.write(Scene(moment))

    def close(self) -> None:
        """Close the sinks."""
        for sink in self._sinks:
            sink.close()


def _first_matrix(tiles: Sequence[_Tile]) -> Matrix | None:
    pictures = [tile.scene.frame.picture for tile in tiles if tile.scene is not None]
    if not pictures:
        return None
    return pictures[0].matrix if isinstance(pictures[0], AvPicture) else "bt601"


def _hour(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S")
