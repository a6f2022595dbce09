"""The street as a source of frames."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

import numpy as np

from footlights.core.frame import Frame, Image
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.street.car import SHADE, Car, draw
from footlights.media.rehearsal.street.scenery import scenery
from footlights.media.rehearsal.street.traffic import Lane, Passer, Placed, StreetSettings, Traffic, read_street
from footlights.media.rehearsal.street.walker import Walker

_GRAIN = 2.0  # grey levels of the camera's noise
_SOLID = 0.9  # opacity from which a pixel belongs to a body and not to its shadow


@dataclass(frozen=True, eq=False)
class StreetTruth:
    """What is really in a frame."""

    index: int
    time: float  # seconds
    things: tuple[Placed, ...]  # those of which at least a part is in the picture, the furthest first


class StreetSource:
    """A street. The same address gives the same pictures, to the byte. `truth(i)` tells what is in frame i."""

    live = False

    def __init__(self, settings: StreetSettings, name: str) -> None:
        self.name = name
        self.settings = settings
        self.duration = settings.seconds
        self.traffic = Traffic(settings)
        self._told = Traffic(settings)  # for `truth`, which may be asked for any moment while pictures are drawn
        self._closed = Event()
        self._scenery = scenery(settings.width, settings.height, settings.seed)
        self._cars: dict[tuple[Car, Lane], Float] = {}
        self._walkers: dict[tuple[int, Lane], Walker] = {}

    def __len__(self) -> int:
        """How many frames there are. Raises TypeError for a street without end."""
        if self.settings.seconds is None:
            raise TypeError("this street has no end: give it `seconds`")
        return max(1, round(self.settings.seconds * self.settings.fps))

    def frames(self) -> Iterator[Frame]:
        """Every frame from the first on."""
        index = 0
        while not self._closed.is_set() and (self.settings.seconds is None or index < len(self)):
            yield Frame(ArrayPicture(self.draw(index)), index / self.settings.fps, self.name, index)
            index += 1

    def close(self) -> None:
        """Make `frames()` end."""
        self._closed.set()

    def draw(self, index: int) -> Image:
        """(H, W, 3) the picture of one moment."""
        time = index / self.settings.fps
        canvas = self._scenery.copy()
        for passer in self.traffic.at(time):
            picture, left, top = self._picture(passer, time)
            _lay(canvas, picture, left, top)
        rng = np.random.default_rng([self.settings.seed, 23, index])
        grain = rng.integers(-128, 128, (*canvas.shape[:2], 1), np.int8).astype(np.float32) * np.float32(_GRAIN / 74)
        return np.asarray(np.clip(canvas + grain, 0, 255), np.uint8)

    def truth(self, index: int) -> StreetTruth:
        """What is in frame `index`. What stands before it is counted as hiding it, box by box."""
        time, size = index / self.settings.fps, (self.settings.height, self.settings.width)
        things: list[Placed] = []
        hidden = np.zeros(size, bool)
        for passer in reversed(self._told.at(time)):
            picture, left, top = self._picture(passer, time)
            rows, columns = (np.flatnonzero((picture[..., 3] > _SOLID).any(axis=axis)) for axis in (1, 0))
            box = np.array([left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1], np.float32)
            x0, y0, x1, y1 = np.clip(np.round(box), 0, [size[1], size[0]] * 2).astype(int).tolist()
            free = int((~hidden[y0:y1, x0:x1]).sum())
            if x1 > x0 and y1 > y0:
                area = float((box[2] - box[0]) * (box[3] - box[1]))
                things.append(Placed(passer, box, min(1.0, free / area)))
                hidden[y0:y1, x0:x1] = True
        return StreetTruth(index, time, tuple(reversed(things)))

    def _picture(self, passer: Passer, time: float) -> tuple[Float, float, float]:
        """The picture of somebody with alpha, and where its upper left corner lies, in pixels."""
        lane, height = passer.lane, self.settings.height
        scale = lane.scale * height
        x = passer.x(time, self.settings.width / scale) * scale
        if passer.car is not None:
            picture = self._car(passer.car, lane)
            return picture, x - picture.shape[1] / 2, lane.level * height - (picture.shape[0] - SHADE * scale)
        walker = self._walker(passer.look, lane)
        gone = abs(passer.speed) * (time - passer.enters)
        picture = walker.picture(gone / walker.stride % 1.0)
        return picture, x - picture.shape[1] / 2, lane.level * height - (picture.shape[0] - walker.feet)

    def _car(self, which: Car, lane: Lane) -> Float:
        if (which, lane) not in self._cars:
            self._cars[which, lane] = draw(which, lane.scale * self.settings.height, to_the_right=lane.to_the_right)
        return self._cars[which, lane]

    def _walker(self, look: int, lane: Lane) -> Walker:
        if (look, lane) not in self._walkers:
            scale = lane.scale * self.settings.height
            self._walkers[look, lane] = Walker(look, scale, to_the_right=lane.to_the_right)
        return self._walkers[look, lane]


def open_street(query: str, name: str) -> StreetSource:
    """A source from "seed=3&cars=20". Raises SettingsError where a setting is not known or out of range."""
    return StreetSource(read_street(query), name)


def _lay(canvas: Float, picture: Float, left: float, top: float) -> None:
    """Lay a picture with alpha at a place, to a fraction of a pixel across."""
    whole, row = int(np.floor(left)), round(top)
    part = left - whole
    moved = np.pad(picture, ((0, 0), (0, 1), (0, 0))) * np.float32(1 - part)
    moved[:, 1:] += picture * np.float32(part)
    x0, y0 = max(0, whole), max(0, row)
    x1, y1 = min(canvas.shape[1], whole + moved.shape[1]), min(canvas.shape[0], row + moved.shape[0])
    if x0 < x1 and y0 < y1:
        shown = moved[y0 - row : y1 - row, x0 - whole : x1 - whole]
        canvas[y0:y1, x0:x1] = canvas[y0:y1, x0:x1] * (1 - shown[..., 3:]) + shown[..., :3]
