"""Rooms to rehearse in: a back wall, a floor and a light, seen by the camera. Drawn once."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.shade import Light
from footlights.media.rehearsal.textures import Colour, finished, noise, plain

_WALL_BEHIND = 1.7  # metres behind the middle of the stage
_WIDE, _HIGH = 10.0, 4.0  # metres of wall that are painted
_PIXELS = 110  # of the wall's and the floor's picture for a metre


@dataclass(frozen=True, eq=False)
class Room:
    """What lies behind and under the people."""

    name: str
    wall: Float  # (H, W, 3) of _HIGH x _WIDE metres, the floor's line at the bottom
    floor: Float  # (H, W, 3) of _WIDE x _WIDE metres, the wall's line at the top
    light: Light
    shadow: float  # depth of the shadows on the floor, 0..1


class _Wall:
    """A picture in metres: x from the middle, y up from the floor."""

    def __init__(self, colour: Colour, seed: int, rough: float = 0.04) -> None:
        high, wide = int(_HIGH * _PIXELS), int(_WIDE * _PIXELS)
        self.picture = plain(colour, high, wide) * (1 + rough * noise(high, wide, 5, seed, 3))[..., None]

    def pixels(self, x: float, y: float) -> tuple[int, int]:
        return int((x + _WIDE / 2) * _PIXELS), int((_HIGH - y) * _PIXELS)

    def box(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        cv2.rectangle(self.picture, self.pixels(x, y + high), self.pixels(x + wide, y), colour, -1, cv2.LINE_AA)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        cv2.circle(self.picture, self.pixels(x, y), int(radius * _PIXELS), colour, -1, cv2.LINE_AA)

    def shadow(self, x: float, y: float, wide: float, high: float, depth: float = 0.25) -> None:
        """A soft shadow below and beside something on the wall."""
        mask: Float = np.zeros(self.picture.shape[:2], np.float32)
        cv2.rectangle(mask, self.pixels(x + 0.03, y + high - 0.03), self.pixels(x + wide + 0.05, y - 0.05), (1.0,), -1)
        self.picture *= 1 - depth * cv2.GaussianBlur(mask, (0, 0), 6)[..., None]

    def frame(self, x: float, y: float, wide: float, high: float, colours: tuple[Colour, Colour, Colour]) -> None:
        """A framed picture of a hill: frame, sky, land."""
        self.shadow(x, y, wide, high)
        self.box(x, y, wide, high, colours[0])
        self.box(x + 0.04, y + 0.04, wide - 0.08, high - 0.08, colours[1])
        left, top = self.pixels(x + 0.04, y + high - 0.04)
        right, bottom = self.pixels(x + wide - 0.04, y + 0.04)
        inside = self.picture[top:bottom, left:right]
        rows, columns = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]]
        hill = 0.55 + 0.12 * np.sin(columns / inside.shape[1] * 5.0 + 1)
        inside[rows / inside.shape[0] > hill] = colours[2]

    def glow(self, x: float, y: float, radius: float, colour: tuple[float, float, float]) -> None:
        """Light falling on the wall."""
        rows, columns = np.mgrid[0 : self.picture.shape[0], 0 : self.picture.shape[1]].astype(np.float32)
        at_x, at_y = self.pixels(x, y)
        spot = np.exp(-(((columns - at_x) / (radius * _PIXELS)) ** 2) - ((rows - at_y) / (radius * _PIXELS)) ** 2)
        self.picture *= 1 + spot[..., None] * np.array(colour, np.float32)


def _floor(colour: Colour, seed: int, boards: float = 0.0, rough: float = 0.05) -> Float:
    """A floor; `boards`: their width in metres, 0 for none."""
    size = int(_WIDE * _PIXELS)
    picture = plain(colour, size) * (1 + rough * noise(size, size, 6, seed, 6))[..., None]
    if boards:
        across = np.arange(size) / (boards * _PIXELS)
        shade = ((np.floor(across) * 7919) % 13 / 13 - 0.5) * 0.16
        joint = 0.72 * ((across % 1) < 0.035) + 1.0 * ((across % 1) >= 0.035)
        grain = cv2.resize(noise(24, size, 4, seed + 3, 24), (size, size)) * 0.05
        picture *= ((1 + shade) * joint)[None, :, None] * (1 + grain)[..., None]
    return np.asarray(picture, np.float32)


def _living_room(seed: int) -> Room:
    wall = _Wall((206, 198, 184), seed)
    wall.glow(-1.5, 2.6, 2.6, (0.16, 0.14, 0.10))
    wall.frame(-2.15, 1.35, 0.80, 0.62, ((92, 74, 58), (158, 190, 206), (112, 140, 104)))
    wall.frame(1.25, 1.62, 0.42, 0.52, ((60, 60, 64), (224, 190, 150), (186, 106, 82)))
    wall.shadow(1.15, 0.0, 1.05, 0.82)
    wall.box(1.15, 0.06, 1.05, 0.76, (148, 112, 82))
    for drawer in range(3):
        wall.box(1.18, 0.10 + 0.24 * drawer, 0.99, 0.21, (162, 124, 92))
        wall.box(1.60, 0.19 + 0.24 * drawer, 0.15, 0.02, (90, 70, 54))
    wall.box(1.28, 0.82, 0.10, 0.26, (96, 128, 150))
    wall.box(1.40, 0.82, 0.07, 0.31, (202, 168, 92))
    wall.box(1.49, 0.82, 0.08, 0.23, (164, 84, 74))
    wall.box(1.86, 0.82, 0.18, 0.14, (214, 208, 200))
    for leaf in range(7):
        wall.disc(1.83 + 0.04 * leaf, 1.08 + 0.07 * ((leaf * 5) % 3), 0.07, (74 + 6 * leaf, 118 + 5 * leaf, 82))
    wall.box(-_WIDE / 2, 0.0, _WIDE, 0.09, (232, 228, 220))
    return Room("living", wall.picture, _floor((164, 124, 90), seed, boards=0.16), Light(), 0.50)


def _studio(seed: int) -> Room:
    colours: tuple[Colour, ...] = ((178, 188, 196), (196, 186, 176), (166, 182, 178))
    colour = colours[seed % len(colours)]
    wall = _Wall(colour, seed, rough=0.015)
    wall.glow(0.0, 1.6, 2.4, (0.24, 0.24, 0.24))
    rows = np.linspace(1.0, 0.80, wall.picture.shape[0], dtype=np.float32)[:, None, None]
    floor = _floor(colour, seed, rough=0.012) * np.float32(0.80)
    light = Light((-0.34, -0.50, -0.80), 0.44, 0.66, (1.03, 1.0, 0.97), (-0.015, 0.0, 0.025))
    return Room("studio", wall.picture * rows, floor, light, 0.42)


def _gym(seed: int) -> Room:
    wall = _Wall((196, 204, 206), seed, rough=0.02)
    wall.box(-_WIDE / 2, 0.0, _WIDE, 1.05, (72, 96, 110))
    wall.box(-_WIDE / 2, 1.05, _WIDE, 0.05, (236, 178, 66))
    for x in (-2.6, 1.2):  # wall bars
        for post in (0.0, 0.66, 1.32):
            wall.box(x + post, 0.1, 0.07, 2.4, (164, 122, 80))
        for bar in range(11):
            wall.box(x, 0.28 + 0.20 * bar, 1.39, 0.045, (196, 152, 104))
    wall.box(-_WIDE / 2, 0.0, _WIDE, 0.08, (46, 56, 64))
    floor = _floor((150, 164, 150), seed, rough=0.02)
    return Room(
        "gym", wall.picture, floor, Light((0.1, -0.72, -0.68), 0.50, 0.56, (1.0, 1.0, 1.0), (0.0, 0.0, 0.02)), 0.40
    )


def _stage(seed: int) -> Room:
    wall = _Wall((96, 42, 58), seed, rough=0.03)
    columns = np.arange(wall.picture.shape[1]) / _PIXELS
    folds = 0.72 + 0.22 * np.sin(columns * 14 + 1.5 * np.sin(columns * 2.3)) + 0.06 * np.sin(columns * 41)
    wall.picture *= folds[None, :, None].astype(np.float32)
    wall.glow(-1.0, 1.9, 1.3, (0.75, 0.40, 0.55))
    wall.glow(1.1, 1.9, 1.3, (0.45, 0.45, 0.85))
    floor = _floor((112, 84, 66), seed, boards=0.12) * np.float32(0.85)
    light = Light((-0.30, -0.55, -0.78), 0.46, 0.68, (1.05, 1.0, 0.96), (-0.01, -0.01, 0.05))
    return Room("stage", wall.picture, floor, light, 0.55)


def _brick(seed: int) -> Room:
    wall = _Wall((206, 184, 166), seed, rough=0.05)
    rng = np.random.default_rng(seed)
    for row in range(int(_HIGH / 0.075)):
        for column in range(-1, int(_WIDE / 0.24) + 1):
            tone = float(rng.uniform(0.88, 1.08))
            colour = (int(172 * tone), int(112 * tone), int(92 * tone))
            wall.box(-_WIDE / 2 + column * 0.24 + 0.12 * (row % 2) + 0.007, row * 0.075 + 0.007, 0.226, 0.061, colour)
    wall.picture *= (1 + 0.06 * noise(wall.picture.shape[0], wall.picture.shape[1], 5, seed + 5, 3))[..., None]
    wall.glow(0.4, 2.3, 2.2, (0.22, 0.18, 0.12))
    wall.picture *= np.float32(0.86)
    floor = _floor((132, 130, 126), seed, rough=0.06)
    return Room("brick", wall.picture, floor, Light((0.26, -0.52, -0.81), 0.45, 0.64), 0.48)


ROOMS: dict[str, Callable[[int], Room]] = {
    "living": _living_room, "studio": _studio, "gym": _gym, "stage": _stage, "brick": _brick,
}  # fmt: skip


def seen(room: Room, camera: Camera, seed: int) -> Image:
    """(H, W, 3) the empty room as the camera sees it, a little out of focus."""
    rays = camera.floor_rays()
    x0, y0, z0 = camera.position
    to_wall = (-_WALL_BEHIND - z0) / rays[..., 2]
    at_x, at_y = x0 + rays[..., 0] * to_wall, y0 + rays[..., 1] * to_wall
    columns, rows = (at_x + _WIDE / 2) * _PIXELS, (_HIGH - at_y) * _PIXELS
    wall = _mapped(room.wall, columns, rows)
    with np.errstate(divide="ignore"):
        to_floor = np.where(rays[..., 1] < -1e-6, -y0 / np.minimum(rays[..., 1], -1e-6), 1e6)
    columns = (x0 + rays[..., 0] * to_floor + _WIDE / 2) * _PIXELS
    floor = _mapped(room.floor, columns, (z0 + rays[..., 2] * to_floor + _WALL_BEHIND) * _PIXELS)
    floor *= _corner(z0 + rays[..., 2] * to_floor)[..., None]
    picture = np.where((to_floor < to_wall)[..., None], floor, wall)
    picture = cv2.GaussianBlur(picture, (0, 0), max(0.8, camera.width / 640 * 1.1))
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : camera.height * 1j, -1 : 1 : camera.width * 1j]
    picture *= (1.03 - 0.10 * (x * x + y * y))[..., None]
    return finished((picture + rng.normal(0, 1.6, (camera.height, camera.width, 1))).astype(np.float32))


def _mapped(texture: Float, columns: Reals, rows: Reals) -> Float:
    limit = 30_000.0
    across, down = np.clip(columns, -limit, limit).astype(np.float32), np.clip(rows, -limit, limit).astype(np.float32)
    return np.asarray(cv2.remap(texture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _corner(z: Reals) -> Float:
    """The floor is darker where it meets the wall."""
    return (1 - 0.28 * np.exp(-((np.maximum(z + _WALL_BEHIND, 0) / 0.35) ** 2))).astype(np.float32)
