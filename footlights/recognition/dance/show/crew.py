"""Draws frames in several processes, in order, with little memory: each keeps a few frames ahead, no more."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from footlights.core.errors import SinkError
from footlights.media.picture import AvPicture, Matrix, Planes, joined
from footlights.recognition.dance.show.drawing import Artist, Moment
from footlights.recognition.dance.show.troupe import Dancer

AHEAD = 3  # frames that each process has drawn before they are asked for
MOST = 8  # processes
MATRIX: Matrix = "bt709"  # of the colours


@dataclass(frozen=True, eq=False)
class Scenery:
    """What an artist needs to begin."""

    dancers: tuple[Dancer, ...]
    width: int  # pixels, even
    height: int
    seed: int

    def artist(self) -> Artist:
        """One who draws it."""
        return Artist(self.dancers, self.width, self.height, self.seed)

    @property
    def shape(self) -> tuple[int, int]:
        """Of the planes of a frame, 4:2:0 in one piece."""
        return self.height * 3 // 2, self.width


class Crew:
    """A context manager. `workers` None: as many as there are processors; 1: this process draws."""

    def __init__(self, scenery: Scenery, workers: int | None = None) -> None:
        self._scenery = scenery
        self._count = min(MOST, workers or os.cpu_count() or 1)
        self._workers: list[_Worker] = []

    def __enter__(self) -> "Crew":
        if self._count > 1:
            self._workers = [_Worker(self._scenery) for _ in range(self._count)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.close()
        self._workers = []

    def planes(self, moments: Iterator[Moment]) -> Iterator[Planes]:
        """The planes of each moment's picture, 4:2:0 BT.709, in order. Each is good until the next one is asked for.

        Raises SinkError where a process ends before its time.
        """
        if not self._workers:
            artist, scaler = self._scenery.artist(), VideoReformatter()
            for moment in moments:
                yield _planes(artist, moment, scaler)
            return
        asked = given = 0
        for moment in moments:
            self._workers[asked % self._count].ask(moment)
            asked += 1
            if asked - given == AHEAD * self._count:
                yield self._workers[given % self._count].take()
                given += 1
        while given < asked:
            yield self._workers[given % self._count].take()
            given += 1


class _Worker:
    """One process that draws, and the memory in which it leaves its frames."""

    def __init__(self, scenery: Scenery) -> None:
        self._shape = scenery.shape
        self._size = scenery.shape[0] * scenery.shape[1]
        self._memory = SharedMemory(create=True, size=self._size * AHEAD)
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other, self._memory.name, scenery), daemon=True)
        self._process.start()
        other.close()
        self._asked = 0

    def ask(self, moment: Moment) -> None:
        try:
            self._pipe.send((self._asked % AHEAD, moment))
        except OSError:
            raise SinkError(_LOST) from None
        self._asked += 1

    def take(self) -> Planes:
        try:
            slot = self._pipe.recv()
        except (EOFError, OSError):
            raise SinkError(_LOST) from None
        return _slot(self._memory, slot, self._shape).copy()

    def close(self) -> None:
        self._pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        self._memory.close()
        self._memory.unlink()


_LOST = "a process that draws the film has ended (killed, or out of memory); try again, with --height 480 perhaps"


def _work(pipe: Connection, name: str, scenery: Scenery) -> None:
    """The life of a process: draw what is asked for until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it in good order
    cv2.setNumThreads(1)
    memory = SharedMemory(name=name)
    artist, scaler = scenery.artist(), VideoReformatter()
    try:
        while True:
            slot, moment = pipe.recv()
            _slot(memory, slot, scenery.shape)[:] = _planes(artist, moment, scaler)
            pipe.send(slot)
    except (EOFError, OSError):
        return
    finally:
        memory.close()


def _slot(memory: SharedMemory, slot: int, shape: tuple[int, int]) -> Planes:
    size = shape[0] * shape[1]
    assert memory.buf is not None
    return np.frombuffer(memory.buf, np.uint8, size, slot * size).reshape(shape)


def _planes(artist: Artist, moment: Moment, scaler: VideoReformatter) -> Planes:
    picture = AvPicture(av.VideoFrame.from_ndarray(artist.draw(moment), format="rgb24"))
    return joined(picture.planes(artist.width, artist.height, MATRIX, scaler))
