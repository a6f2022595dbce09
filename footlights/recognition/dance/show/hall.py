"""The hall: a glossy floor, a screen behind, tubes and beams of light in haze, as the camera sees them.

All of it is soft, so it is drawn at half the picture's size and less. Colours are RGB, 0..255.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.camera import Camera
from footlights.recognition.dance.show.lights import LAMPS, TUBES, Lighting

WALL = -3.5  # metres: the screen's place
_SIDE = 8.4  # metres that the screen reaches to each side
_HIGH, _HIGHER = 4.6, 8.6  # metres: how high it reaches, and in upright pictures
_CELLS = 20  # of the screen's picture for a metre
_FLOOR = 16.0  # metres of floor that are lit
_SPOTS = 16  # pixels of the floor's picture for a metre
_TUBE = (0.05, 3.3)  # metres: bottom and top of a tube


@dataclass(frozen=True, eq=False)
class Shade:
    """A soft dark place on the floor."""

    x: float  # metres
    z: float
    radius: float  # metres
    depth: float  # 0..1


class Hall:
    """Draws the hall for pictures of one size. Not for several threads at once."""

    def __init__(self, width: int, height: int, seed: int = 0) -> None:
        self.width, self.height = max(2, width // 2), max(2, height // 2)
        rng = np.random.default_rng([seed, 74])
        self._top = _HIGH if width > height * 0.9 else _HIGHER
        self._screen_size = int(2 * _SIDE * _CELLS), int(self._top * _CELLS)
        self._seams = _seams(*self._screen_size)
        self._vignette = _vignette(self.width, self.height)
        self._boards = _floor_grain(rng)
        self._haze = _haze(rng, self.width, self.height)
        quarter = max(2, self.height // 2), max(2, self.width // 2)
        self._dither = rng.uniform(-0.5, 0.5, (*quarter, 1)).astype(np.float32)
        self._heights = rng.uniform(0.25, 1.0, (8, 64))  # of the screen's bars, a row for each bar of the song

    def draw(self, camera: Camera, lighting: Lighting, shades: list[Shade]) -> tuple[Image, Image]:
        """(H/2, W/2, 3) the empty hall, and (H/4, W/4, 3) the light in the haze, which also lies before the dancers."""
        small = _resized(camera, self.width, self.height)
        picture = np.zeros((self.height, self.width, 3), np.uint8)
        screen = self._screen(lighting)
        self._floor(picture, small, screen, lighting, shades)
        _warped(screen, _plane(small, self._corners()), picture)
        glow = self._glow(small, lighting)
        light = cv2.resize(glow, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        cv2.add(picture, light, dst=picture)
        return np.asarray(cv2.multiply(picture, self._vignette, scale=1 / 255), np.uint8), glow

    def _corners(self) -> Reals:
        """(4, 3) the screen's place, clockwise from the left upper corner."""
        top = self._top
        return np.array([[-_SIDE, top, WALL], [_SIDE, top, WALL], [_SIDE, 0.0, WALL], [-_SIDE, 0.0, WALL]])

    def _screen(self, lighting: Lighting) -> Image:
        """What the screen shows."""
        wide, high = self._screen_size
        x = np.linspace(-1.5, 1.5, wide, dtype=np.float32)[None]
        y = np.linspace(self._top / _HIGH, 0, high, dtype=np.float32)[:, None]
        strength = _pattern(lighting, x, y, self._heights)
        base = 0.30 + 0.25 * lighting.energy + 0.15 * lighting.pulse
        dark, bright = np.array(lighting.palette.wall, np.float32), np.array(lighting.palette.bright, np.float32)
        fade = (0.16 + 0.84 * np.exp(-np.square(x * np.float32(0.95)))) * np.maximum(0.45 + 0.55 * (1 - y), 0.12)
        level = np.float32(255 * lighting.level)
        picture = dark * (fade * np.float32(base))[..., None] + bright * (strength * fade)[..., None] * np.float32(
            0.30 + 0.45 * lighting.energy
        )
        return np.asarray(np.clip(picture * level * self._seams, 0, 255), np.uint8)

    def _floor(self, picture: Image, camera: Camera, screen: Image, lighting: Lighting, shades: list[Shade]) -> None:
        """Pools of light, shadows, and the screen mirrored in it."""
        size = int(_FLOOR * _SPOTS)
        light = np.empty((size, size, 3), np.float32)
        place = np.linspace(-_FLOOR / 2, _FLOOR / 2, size, dtype=np.float32)
        edge = np.clip((place - WALL) / 1.4, 0, 1)  # dark where it meets the screen
        middle = np.exp(-((place / 3.4) ** 2))[None] * (edge * np.exp(-(((place - 0.6) / 3.4) ** 2)))[:, None]
        key = np.array(lighting.palette.key, np.float32) * np.float32(0.20 + 0.05 * lighting.pulse)
        tint = np.array(lighting.palette.bright, np.float32) * np.float32(0.07 + 0.10 * lighting.energy)
        light[:] = middle[..., None] * (key + tint)
        for index in range(len(LAMPS)):
            colour = np.array(lighting.palette.left if index < len(LAMPS) / 2 else lighting.palette.right, np.float32)
            aim, beam = lighting.aims[index], float(lighting.beams[index])
            _stamp(light, aim[0], aim[2], 0.62, colour * np.float32(0.55 * beam * (0.6 + 0.4 * lighting.pulse)))
        for shade in shades:
            _stamp(light, shade.x, shade.z, shade.radius, None, shade.depth)
        floor = np.asarray(np.clip(light * self._boards * np.float32(255 * lighting.level), 0, 255), np.uint8)
        half = _FLOOR / 2
        corners = np.array([[-half, 0, -half], [half, 0, -half], [half, 0, half], [-half, 0, half]])
        horizon = _horizon(camera)
        part = picture[horizon:]
        if part.size:
            _warped(floor, _plane(camera, corners, horizon), part)
            mirror = np.zeros_like(part)
            dull = np.asarray(cv2.blur(screen, (9, 25)), np.uint8)
            _warped(dull, _plane(camera, self._corners() * [1.0, -1.0, 1.0], horizon), mirror)
            cv2.addWeighted(part, 1.0, mirror, 0.34, 0.0, dst=part)

    def _glow(self, camera: Camera, lighting: Lighting) -> Image:
        """(H/4, W/4, 3) beams, tubes and lamps, as light that is added."""
        wide, high = max(2, self.width // 2), max(2, self.height // 2)
        small = _resized(camera, wide, high)
        light: Float = np.zeros((high, wide, 3), np.float32)
        for index, lamp in enumerate(LAMPS):
            colour = np.array(lighting.palette.left if index < len(LAMPS) / 2 else lighting.palette.right, np.float32)
            strength = float(lighting.beams[index]) * (0.62 + 0.38 * lighting.pulse)
            _beam(light, small, lamp, lighting.aims[index], colour * np.float32(strength * 200))
        self._tubes(light, small, lighting)
        light *= self._haze * np.float32(lighting.level)
        tiny = cv2.resize(light, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        flare = cv2.resize(cv2.GaussianBlur(tiny, (0, 0), high / 88), (wide, high), interpolation=cv2.INTER_LINEAR)
        light += flare * np.float32(0.55) + self._dither
        return np.asarray(np.clip(light, 0, 255), np.uint8)

    def _tubes(self, light: Float, camera: Camera, lighting: Lighting) -> None:
        """Upright tubes that answer the beat one after the other."""
        for index, x in enumerate(TUBES):
            colour = np.array(lighting.palette.left if x < 0 else lighting.palette.right, np.float32)
            turn = 1.0 if int(lighting.beats) % 2 == index % 2 else 0.30
            on = 0.30 + 0.70 * turn * (0.35 + 0.65 * lighting.pulse)
            _tube(light, camera, x, (np.float32(0.5) * colour + np.float32(0.5)) * np.float32(235 * on))


def _tube(light: Float, camera: Camera, x: float, colour: Float) -> None:
    """An upright tube of light at the side of the screen."""
    ends = camera.view(np.array([[x, _TUBE[0], -2.6], [x, _TUBE[1], -2.6]]))
    if ends[:, 2].min() < 0.5:
        return
    (x0, y0), (x1, y1) = camera.project(ends)
    thick = max(0.75, 0.035 * camera.focal / float(ends[:, 2].mean()))
    reach = 3 * thick
    left, right = max(0, int(min(x0, x1) - reach)), min(camera.width, int(max(x0, x1) + reach) + 2)
    top, bottom = max(0, int(min(y0, y1) - reach)), min(camera.height, int(max(y0, y1) + reach) + 2)
    if right <= left or bottom <= top or abs(y1 - y0) < 1:
        return
    columns = np.arange(left, right, dtype=np.float32)[None]
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    middle = np.float32(x0) + (rows - np.float32(y0)) * np.float32((x1 - x0) / (y1 - y0))
    inside = np.clip((rows - np.float32(min(y0, y1))) / 2, 0, 1) * np.clip((np.float32(max(y0, y1)) - rows) / 2, 0, 1)
    body = np.exp(-np.square((columns - middle) / np.float32(thick))) * inside
    light[top:bottom, left:right] += body[..., None] * colour


def _beam(light: Float, camera: Camera, lamp: Reals, aim: Reals, colour: Float) -> None:
    """A cone of light in the haze from a lamp to a place on the floor, and the lamp itself."""
    ends = camera.view(np.stack([lamp, aim]))
    if ends[:, 2].min() < 0.4:
        return
    start, end = camera.project(ends)
    scale = camera.focal / ends[:, 2]
    along = end - start
    length = float(np.hypot(*along))
    if length < 1:
        return
    along /= length
    thin, wide = 0.05 * scale[0], 0.46 * scale[1]
    reach = wide * 1.9
    low, high = np.minimum(start, end) - reach, np.maximum(start, end) + reach
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    right, bottom = min(camera.width, int(high[0]) + 1), min(camera.height, int(high[1]) + 1)
    if right > left and bottom > top:
        columns = np.arange(left, right, dtype=np.float32)[None] - np.float32(start[0])
        rows = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(start[1])
        u = (columns * np.float32(along[0]) + rows * np.float32(along[1])) * np.float32(1 / length)
        v = rows * np.float32(along[0]) - columns * np.float32(along[1])
        inside = np.clip(u, 0, 1)
        width = np.float32(thin) + inside * np.float32(wide - thin)
        body = cv2.exp(-np.square(v / width)) * (1 - inside) ** np.float32(0.7)
        body *= (0.35 + 0.65 * np.exp(-inside * np.float32(2.2))) * (u > 0)
        light[top:bottom, left:right] += body[..., None] * colour
    _glare(light, float(start[0]), float(start[1]), max(1.1, 0.075 * float(scale[0])), colour + np.float32(120))


def _glare(light: Float, x: float, y: float, radius: float, colour: Float) -> None:
    """A lamp that is looked into."""
    left, right = max(0, int(x - 3 * radius)), min(light.shape[1], int(x + 3 * radius) + 2)
    top, bottom = max(0, int(y - 3 * radius)), min(light.shape[0], int(y + 3 * radius) + 2)
    if right > left and bottom > top:
        columns = np.exp(-np.square((np.arange(left, right, dtype=np.float32) - np.float32(x)) / np.float32(radius)))
        rows = np.exp(-np.square((np.arange(top, bottom, dtype=np.float32) - np.float32(y)) / np.float32(radius)))
        light[top:bottom, left:right] += (rows[:, None] * columns[None])[..., None] * colour


def _pattern(lighting: Lighting, x: Float, y: Float, heights: Reals) -> Float:
    """(H, W) how bright the screen is, 0..1. `x` -1.5..1.5 across, `y` 0..1 from the floor up."""
    beats, pulse = np.float32(lighting.beats), np.float32(lighting.pulse)
    if lighting.pattern == "bars":
        row = heights[int(lighting.bars) % len(heights)]
        following = heights[(int(lighting.bars) + 1) % len(heights)]
        share = lighting.bars % 1
        tall = (row * (1 - share) + following * share)[:40].astype(np.float32)
        tall = tall * np.float32(0.25 + 0.45 * lighting.energy) * (0.55 + 0.60 * pulse)
        cells = (x + 1.5) * np.float32(13.3)
        height = tall[cells.astype(int)]
        edge = np.clip((height - y) * 12, 0, 1) * (np.abs(cells % 1 - 0.5) < 0.36)
        return np.asarray(edge * (0.45 + 0.55 * y / np.maximum(height, 0.05)), np.float32)
    if lighting.pattern == "rings":
        far = np.hypot(x * np.float32(1.25), (y - 0.36) * np.float32(1.0))
        phase = beats % 1
        wave = np.exp(-(((far - phase * 1.3) / 0.11) ** 2)) * (1 - phase * 0.7)
        inner = np.exp(-(((far - phase * 1.3 - 0.0) / 0.5) ** 2)) * 0.15
        return np.asarray(wave + inner + 0.35 * np.exp(-((far / 0.35) ** 2)) * (0.3 + pulse), np.float32)
    if lighting.pattern == "chevrons":
        place = (np.abs(x) * 1.3 + y - beats * np.float32(0.25)) * 3.2
        stripe = np.clip((np.abs((place % 1) - 0.5) - 0.27) * 14, 0, 1)
        return np.asarray(stripe * (0.45 + 0.55 * pulse), np.float32)
    swell = np.sin(x * 5 + beats * np.float32(0.6)) * 0.5 + np.sin(x * 11 - beats * np.float32(0.9)) * 0.25
    line = 0.36 + 0.22 * swell * np.float32(0.4 + 0.6 * lighting.energy)
    near = np.exp(-(((y - line) / (0.10 + 0.06 * pulse)) ** 2)) + 0.5 * np.exp(-(((y - line * 0.6) / 0.05) ** 2))
    return np.asarray(near * (0.6 + 0.4 * pulse), np.float32)


def _stamp(light: Float, x: float, z: float, radius: float, colour: Float | None, depth: float = 0.0) -> None:
    """A soft round of light on the floor's picture; without a colour a shadow of `depth`."""
    at_x, at_z = (x + _FLOOR / 2) * _SPOTS, (z + _FLOOR / 2) * _SPOTS
    size = radius * _SPOTS
    left, right = max(0, int(at_x - 2.4 * size)), min(light.shape[1], int(at_x + 2.4 * size) + 2)
    top, bottom = max(0, int(at_z - 2.4 * size)), min(light.shape[0], int(at_z + 2.4 * size) + 2)
    if right <= left or bottom <= top:
        return
    columns = np.exp(-(((np.arange(left, right) - at_x) / size) ** 2)).astype(np.float32)
    rows = np.exp(-(((np.arange(top, bottom) - at_z) / size) ** 2)).astype(np.float32)
    round_one = (rows[:, None] * columns[None])[..., None]
    if colour is None:
        light[top:bottom, left:right] *= 1 - np.float32(depth) * round_one
    else:
        light[top:bottom, left:right] += round_one * colour


def _resized(camera: Camera, width: int, height: int) -> Camera:
    """The same view at another number of pixels."""
    return Camera(width, height, camera.focal * height / camera.height, camera.position, camera.axes)


def _plane(camera: Camera, corners: Reals, top: int = 0) -> Reals:
    """(3, 3) from a rectangle's own (0..1, 0..1) to pixels; `top`: rows that are left out above."""
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    seen = np.stack([across, down, corners[0] - camera.position], -1)
    lens = np.array([[camera.focal, 0, camera.width / 2], [0, camera.focal, camera.height / 2 - top], [0, 0, 1]])
    return np.asarray(lens @ camera.axes @ seen)


def _warped(texture: Image, plane: Reals, onto: Image) -> None:
    """Draw a texture that fills a rectangle in space."""
    high, wide = texture.shape[:2]
    matrix = plane @ np.diag([1 / wide, 1 / high, 1.0])
    cv2.warpPerspective(
        texture, matrix, onto.shape[1::-1], dst=onto, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )


def _horizon(camera: Camera) -> int:
    """The first row in which every pixel looks well down at the floor."""
    down = camera.axes[1, 1], camera.axes[2, 1]  # how far a step down, and one forward, lead upwards
    slope = -0.02  # upwards for each metre forward
    row = (slope - down[1]) / down[0] * camera.focal + camera.height / 2
    return int(np.clip(np.ceil(row), 0, camera.height))


def _seams(wide: int, high: int) -> Float:
    """(H, W, 1) the joints between the screen's panels, and its soft edges."""
    columns = np.where(np.arange(wide) % _CELLS == 0, 0.72, 1.0) * np.clip(
        (wide / 2 - abs(np.arange(wide) - wide / 2)) / 8, 0, 1
    )
    rows = np.where(np.arange(high) % _CELLS == 0, 0.80, 1.0) * np.clip((high - np.arange(high)) / 6, 0, 1)
    return np.asarray(rows[:, None] * columns[None], np.float32)[..., None]


def _floor_grain(rng: np.random.Generator) -> Float:
    """(N, N, 1) how much light the floor gives back."""
    size = int(_FLOOR * _SPOTS)
    rough = cv2.GaussianBlur(rng.standard_normal((size, size)).astype(np.float32), (0, 0), 3.0)
    seams = np.where(np.arange(size) % (_SPOTS * 2) < 1, 0.70, 1.0).astype(np.float32)
    return np.asarray((1 + 0.35 * rough) * seams[None] * seams[:, None], np.float32)[..., None]


def _haze(rng: np.random.Generator, width: int, height: int) -> Float:
    """(H/2, W/2, 1) how thick the haze is."""
    cloud = cv2.resize(rng.uniform(0.72, 1.2, (5, 8)).astype(np.float32), (width // 2, height // 2))
    fine = cv2.resize(rng.uniform(0.9, 1.1, (14, 22)).astype(np.float32), (width // 2, height // 2))
    return np.asarray(cloud * fine, np.float32)[..., None]


def _vignette(width: int, height: int) -> Image:
    x, y = np.linspace(-1, 1, width)[None], np.linspace(-1, 1, height)[:, None]
    dark = np.clip(1.0 - 0.22 * (x * x + y * y) ** 1.2, 0, 1)
    return np.repeat((dark * 255).astype(np.uint8)[..., None], 3, axis=2)
