"""The production line as a source of frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event

import cv2
import numpy as np

from footlights.core.frame import Frame, Image
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.arrays import Float
from footlights.media.rehearsal.line.belt import Belt, Can, LineSettings, Placed, read_line
from footlights.media.rehearsal.line.can import draw
from footlights.media.rehearsal.textures import noise

_TILTS = 24  # pictures of a can on its way down
_SHUTTER = 0.008  # seconds: what moves meanwhile is blurred
_POST = (0.62, 0.045)  # where a post stands before the belt, and its width, in shares of the picture's width
_FLICKER = 0.05  # by which the light of the hall swings
_GRAIN = 2.0  # grey levels of the camera's noise


@dataclass(frozen=True, eq=False)
class LineTruth:
    """What is really in a frame."""

    index: int
    time: float  # seconds
    cans: tuple[Placed, ...]  # those of which at least a part is in the picture
    visible: tuple[float, ...]  # of each, 0..1: the share of its box that is in the picture and not behind the post


class LineSource:
    """Cans on a belt. The same address gives the same pictures, to the byte. `truth(i)` tells what is in frame i."""

    live = False

    def __init__(self, settings: LineSettings, name: str) -> None:
        self.name = name
        self.settings = settings
        self.duration = settings.seconds
        self.belt = Belt(settings)
        self._told = Belt(settings)  # for `truth`, which may be asked for any moment while pictures are drawn
        self._pictures: dict[tuple[int, int], Float] = {}
        self._closed = Event()
        self._wall, self._post = _hall(settings), _post(settings)

    def __len__(self) -> int:
        """How many frames there are. Raises TypeError for a line without end."""
        if self.settings.seconds is None:
            raise TypeError("this line has no end: give it `seconds`")
        return max(1, round(self.settings.seconds * self.settings.fps))

    def frames(self) -> Iterator[Frame]:
        """Every frame from the first on."""
        index = 0
        while not self._closed.is_set() and (self.settings.seconds is None or index < len(self)):
            picture = ArrayPicture(self.draw(index))
            yield Frame(picture, index / self.settings.fps, self.name, index)
            index += 1

    def close(self) -> None:
        """Make `frames()` end."""
        self._closed.set()

    def truth(self, index: int) -> LineTruth:
        """What is in frame `index`."""
        time, width = index / self.settings.fps, self.settings.width
        cans = [can for can in self._told.at(time) if can.box[2] > 0 and can.box[0] < width]
        return LineTruth(index, time, tuple(cans), tuple(self._visible(can) for can in cans))

    def _visible(self, placed: Placed) -> float:
        left, _, right, _ = placed.box.tolist()
        post = int(_POST[0] * self.settings.width)
        inside = min(right, self.settings.width) - max(left, 0.0)
        behind = max(0.0, min(right, post + self._post.shape[1]) - max(left, post))
        return float(max(0.0, inside - behind) / (right - left))

    def draw(self, index: int) -> Image:
        """(H, W, 3) the picture of one moment."""
        time = index / self.settings.fps
        cans = self.belt.at(time)
        canvas = self._scene(time)
        for placed in cans:
            _shade(canvas, placed, self.belt.scale)
        for placed in cans:
            _lay(canvas, self._picture(placed), placed.middle)
        self._forget([placed.can for placed in cans])
        left = int(_POST[0] * self.settings.width)
        canvas[:, left : left + self._post.shape[1]] = self._post
        rng = np.random.default_rng([self.settings.seed, 11, index])
        light = 1 + _FLICKER * np.sin(time * 1.9) + 0.4 * _FLICKER * rng.normal()
        grain = rng.integers(-128, 128, (*canvas.shape[:2], 1), np.int8).astype(np.float32) * np.float32(_GRAIN / 74)
        return np.asarray(np.clip(canvas * np.float32(light) + grain, 0, 255), np.uint8)

    def _scene(self, time: float) -> Float:
        """The hall and the belt, which moves on."""
        canvas: Float = self._wall.copy()
        top, low, seam = _belt_rows(self.settings)
        shift = time * self.settings.speed * self.belt.scale
        for x in np.arange(shift % seam - seam, self.settings.width, seam):
            canvas[top:low, max(0, int(x)) : max(0, int(x + 0.12 * seam))] *= np.float32(0.82)
        return canvas

    def _picture(self, placed: Placed) -> Float:
        """The can as it looks now, blurred along its way."""
        step = round(placed.tilt / (np.pi / 2) * _TILTS)
        key = (placed.can.id, step)
        if key not in self._pictures:
            tilt = step / _TILTS * np.pi / 2
            sharp = draw(placed.can.look, tilt, placed.can.heading, self.belt.scale)
            blur = max(1, round(self.settings.speed * _SHUTTER * self.belt.scale))
            self._pictures[key] = np.asarray(cv2.blur(sharp, (blur, 1)))
        return self._pictures[key]

    def _forget(self, here: Sequence[Can]) -> None:
        ids = {can.id for can in here}
        for key in [key for key in self._pictures if key[0] not in ids]:
            del self._pictures[key]


def open_line(query: str, name: str) -> LineSource:
    """A source from "seed=3&fallen=0.2". Raises SettingsError where a setting is not known or out of range."""
    return LineSource(read_line(query), name)


def _belt_rows(settings: LineSettings) -> tuple[int, int, float]:
    """The belt's upper and lower edge in pixels, and the distance of its seams."""
    return round(settings.height * 0.60), round(settings.height * 0.82), settings.width * 0.11


def _hall(settings: LineSettings) -> Float:
    """(H, W, 3) what never moves: a wall with pipes, the belt's bed, a rail before it."""
    rng = np.random.default_rng([settings.seed, 5])
    height, width = settings.height, settings.width
    top, low, _ = _belt_rows(settings)
    wall: Float = np.full((height, width, 3), rng.uniform(90, 150, 3), np.float32)
    wall *= (1 + 0.05 * noise(height, width, 5, settings.seed, 3))[..., None]
    for _ in range(6):  # machines in the background, out of focus
        x, y = rng.uniform(0, width), rng.uniform(0, top)
        size = rng.uniform(0.05, 0.22, 2) * [width, height]
        colour = rng.uniform(40, 210, 3).tolist()
        cv2.rectangle(wall, (int(x), int(y)), (int(x + size[0]), int(min(top, y + size[1]))), colour, -1)
    wall = np.asarray(cv2.GaussianBlur(wall, (0, 0), max(1.0, width / 120)), np.float32)
    wall[top:low] = rng.uniform(50, 95) * (1 + 0.06 * noise(low - top, width, 3, settings.seed + 1, 2))[..., None]
    wall[low : low + max(2, height // 40)] = rng.uniform(140, 190)
    wall[low + max(2, height // 40) :] *= np.float32(0.6)
    fade = np.linspace(1.1, 0.85, width, dtype=np.float32)
    return np.asarray(np.clip(wall * fade[None, :, None], 0, 255), np.float32)


def _post(settings: LineSettings) -> Float:
    """(H, P, 3) a round metal post that hides whatever passes behind it."""
    across = np.linspace(-1, 1, max(3, round(_POST[1] * settings.width)), dtype=np.float32)
    shine = 70 + 120 * np.sqrt(np.maximum(0, 1 - (across + 0.25) ** 2))
    return np.broadcast_to(shine[None, :, None], (settings.height, len(across), 3)).astype(np.float32)


def _shade(canvas: Float, placed: Placed, scale: float) -> None:
    """A soft shadow on the belt, to the lower right of the can."""
    left, _, right, bottom = placed.box.tolist()
    middle = (int((left + right) / 2 + 0.012 * scale), int(bottom - 0.012 * scale))
    size = (max(1, int((right - left) * 0.55)), max(1, int(0.014 * scale)))
    x0, x1 = max(0, middle[0] - 2 * size[0]), min(canvas.shape[1], middle[0] + 2 * size[0])
    y0, y1 = max(0, middle[1] - 3 * size[1]), min(canvas.shape[0], middle[1] + 3 * size[1])
    if x0 < x1 and y0 < y1:
        mask: Float = np.zeros((y1 - y0, x1 - x0), np.float32)
        cv2.ellipse(mask, (middle[0] - x0, middle[1] - y0), size, 0, 0, 360, (0.45,), -1, cv2.LINE_AA)
        canvas[y0:y1, x0:x1] *= 1 - cv2.GaussianBlur(mask, (0, 0), max(1.0, 0.006 * scale))[..., None]


def _lay(canvas: Float, picture: Float, middle: np.ndarray) -> None:
    """Lay a picture with alpha so that its middle lies at (2,) pixels, to a fraction of one."""
    side = picture.shape[0]
    corner = middle - side / 2
    whole = np.floor(corner).astype(int)
    shift = np.array([[1, 0, corner[0] - whole[0]], [0, 1, corner[1] - whole[1]]], np.float32)
    moved = cv2.warpAffine(picture, shift, (side + 1, side + 1), flags=cv2.INTER_LINEAR)
    x0, y0 = max(0, int(whole[0])), max(0, int(whole[1]))
    x1, y1 = min(canvas.shape[1], int(whole[0]) + side + 1), min(canvas.shape[0], int(whole[1]) + side + 1)
    if x0 < x1 and y0 < y1:
        part = moved[y0 - whole[1] : y1 - whole[1], x0 - whole[0] : x1 - whole[0]]
        canvas[y0:y1, x0:x1] = canvas[y0:y1, x0:x1] * (1 - part[..., 3:]) + part[..., :3]
