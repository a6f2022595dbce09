"""Draws rounded solids into a picture's depth, normals and colours.

Solids are tubes (two ends and a radius along the way), ellipsoids and whatever else can say, for each pixel of a
rectangle, how far away it is. Each is drawn as if the lines of sight through it were parallel, which at the distance
of a person costs less than a pixel. All points and directions are in camera coordinates: metres, x right, y down, z
away.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float, Mask, Reals

FAR = 99.0  # metres: nothing there
Texture = Image | tuple[Image, Image]
NEAREST = 0.15  # metres: what is nearer is not drawn
_STEPS = 256
_ALONG = np.linspace(0, 1, _STEPS, dtype=np.float32)


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def joined(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.left, other.left), min(self.top, other.top), max(self.right, other.right),
            max(self.bottom, other.bottom),
        )  # fmt: skip

    def meets(self, other: "Box") -> bool:
        """Whether the two share a pixel."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, eq=False)
class Section:
    """The cross-section of a tube that is not round, and its texture's place: one half for the front, one for the
    back.
    """

    side: Reals  # (3,) unit vector along the wide axis
    front: Reals  # (3,) unit vector along the other axis
    ratio: float  # the other axis / the wide one


def profile(*points: tuple[float, float]) -> Float:
    """(256,) radii along a tube from (place 0..1, metres) pairs, with soft bends."""
    places, radii = np.array(points, np.float64).T
    sharp = np.interp(np.linspace(0, 1, _STEPS), places, radii)
    padded = np.pad(sharp, 12, mode="reflect", reflect_type="odd")
    return np.convolve(padded, np.ones(25) / 25, "valid").astype(np.float32)


class Raster:
    """The buffers of one picture. Draw one figure at a time between `begin` and reading the buffers."""

    def __init__(self, width: int, height: int, focal: float) -> None:
        self.width, self.height, self.focal = width, height, focal
        self.depth: Float = np.full((height, width), FAR, np.float32)  # metres
        self.normal: Float = np.zeros((height, width, 2), np.float32)  # x and y of the unit normal
        self.colour: Image = np.zeros((height, width, 3), np.uint8)
        self.drawn: list[Box] = []  # one for each figure

    def begin(self) -> None:
        """Wipe what was drawn."""
        for box in self.drawn:
            rows, columns = box.slices
            self.depth[rows, columns] = FAR
            self.normal[rows, columns] = 0
            self.colour[rows, columns] = 0
        self.drawn = []

    def next_figure(self) -> None:
        """What follows belongs to another figure."""
        self.drawn.append(Box(self.width, self.height, 0, 0))

    def point(self, at: Reals) -> tuple[float, float, float]:
        """Pixel x, y and the distance in metres."""
        x, y, z = float(at[0]), float(at[1]), float(at[2])
        scale = self.focal / max(z, 1e-3)
        return self.width / 2 + x * scale, self.height / 2 + y * scale, z

    def box(self, left: float, top: float, right: float, bottom: float) -> Box | None:
        """The pixels of a rectangle that lie in the picture, noted as drawn; None where there are none."""
        inside = Box(
            max(0, int(left)), max(0, int(top)), min(self.width, int(right) + 2), min(self.height, int(bottom) + 2)
        )
        if inside.right <= inside.left or inside.bottom <= inside.top:
            return None
        self.drawn[-1] = self.drawn[-1].joined(inside)
        return inside

    def grid(self, box: Box, x: float, y: float) -> tuple[Float, Float]:
        """(1, W) and (H, 1) pixels from a point."""
        columns = np.arange(box.left, box.right, dtype=np.float32) - np.float32(x)
        rows = np.arange(box.top, box.bottom, dtype=np.float32) - np.float32(y)
        return columns[None], rows[:, None]

    def put(self, box: Box, mask: Mask, depth: Float, normal_x: Float, normal_y: Float, colour: Image) -> None:
        """Write what is nearer than what is there."""
        rows, columns = box.slices
        there = self.depth[rows, columns]
        seen = (mask & (depth < there)).view(np.uint8)
        cv2.copyTo(depth, seen, there)
        cv2.copyTo(cv2.merge((normal_x, normal_y)), seen, self.normal[rows, columns])
        cv2.copyTo(colour, seen, self.colour[rows, columns])

    def tube(
        self, start: Reals, end: Reals, radii: Float, texture: Texture, *, section: Section | None = None,
        facing: Reals | None = None, cut: tuple[bool, bool] = (False, False),
    ) -> None:  # fmt: skip
        """A tube with round ends, or flat ones where `cut` says so.

        `texture` runs along the tube with its rows. With `facing` it is a pair: what is seen from that direction, and
        what is seen from the other.
        """
        if min(start[2], end[2]) < NEAREST:
            return
        line = _Line.between(self.point(start), self.point(end), self.focal)
        wide, flat, skew = (1.0, 1.0, 0.0) if section is None else line.ellipse(section)
        near, far = float(start[2]), float(end[2])
        radius = radii * (np.float32(self.focal * wide) / (np.float32(near) + np.float32(far - near) * _ALONG))
        most = float(radius.max()) * max(1.0, flat + abs(skew)) + 1
        (x0, y0), (x1, y1) = line.start, line.end
        box = self.box(min(x0, x1) - most, min(y0, y1) - most, max(x0, x1) + most, max(y0, y1) + most)
        if box is None:
            return
        x, y = self.grid(box, x0, y0)
        along = x * np.float32(line.x) + y * np.float32(line.y)
        across = y * np.float32(line.x) - x * np.float32(line.y)
        size = _looked_up(radius, along, line.seen)
        bulge = np.sqrt(np.maximum(size * size - across * across, 0))
        if section is not None:  # each slice along the line of sight is a stadium, flatter than round and shifted
            bulge *= np.float32(flat)
            along = along - across * np.float32(skew * line.tilt)
        free = (along - bulge * np.float32(line.tilt)) * np.float32(1 / line.lie)
        place = np.minimum(np.maximum(free, 0), np.float32(line.length))
        past = along - place * np.float32(line.lie)
        rest = bulge * bulge - past * past
        mask = rest > 0
        if cut[0]:
            mask &= free >= 0
        if cut[1]:
            mask &= free <= np.float32(line.length)
        height = np.sqrt(np.maximum(rest, 0))
        depth = place * np.float32(line.tilt / line.scale) - height * np.float32(1 / line.scale) + np.float32(near)
        if section is None:
            inverse, side = 1 / size, across
            colour = line.round_colour(texture, facing, across * inverse, place)
        else:
            out = past * np.float32(line.tilt) + height * np.float32(line.lie)
            side = across * np.float32(flat * flat) - out * np.float32(skew)
            inverse = 1 / np.sqrt(side * side + past * past + height * height + np.float32(1e-6))
            depth -= across * np.float32(skew * line.lie / line.scale)
            outer = np.float32(wide) / size
            colour = line.section_colour(
                texture, section, across * outer, (out + across * np.float32(skew)) * outer, place
            )
        normal_x = (past * np.float32(line.x) - side * np.float32(line.y)) * inverse
        normal_y = (past * np.float32(line.y) + side * np.float32(line.x)) * inverse
        self.put(box, mask, depth, normal_x, normal_y, colour)

    def ellipsoid(
        self, centre: Reals, axes: Reals, half: Reals, textures: tuple[Image, Image],
        beyond: tuple[Reals, float] | None = None,
    ) -> None:  # fmt: skip
        """An ellipsoid with half axes in metres along the columns of `axes`. `textures`: as seen from the side to
        which its third axis points, and from the other. `beyond`: a plane in half axes, normal and offset; only what
        lies beyond is drawn.
        """
        x, y, z = self.point(centre)
        if z < NEAREST:
            return
        scale = self.focal / z
        most = float(half.max()) * scale + 1
        box = self.box(x - most, y - most, x + most, y + most)
        if box is None:
            return
        local = seen_axes(centre, axes) / (half * scale)  # columns: pixels to half axes
        to_x, to_y = self.grid(box, x, y)
        fixed = [np.float32(local[0, i]) * to_x + np.float32(local[1, i]) * to_y for i in range(3)]
        sight = local[2].astype(np.float32)
        a = np.float32(sight @ sight)
        b = fixed[0] * sight[0] + fixed[1] * sight[1] + fixed[2] * sight[2]
        root = b * b - a * (fixed[0] ** 2 + fixed[1] ** 2 + fixed[2] ** 2 - 1)
        mask = root > 0
        into = (b + np.sqrt(np.maximum(root, 0))) * np.float32(-1 / a)
        u, v, w = (fixed[i] + into * sight[i] for i in range(3))
        if beyond is not None:
            normal = beyond[0].astype(np.float32)
            mask &= u * normal[0] + v * normal[1] + w * normal[2] > np.float32(beyond[1])
        texture = textures[0] if local[2, 2] < 0 else textures[1]
        half_size = np.float32((texture.shape[0] - 1) / 2)
        colour = sampled(texture, (u + 1) * half_size, (1 - v) * half_size)
        gradient = [
            np.float32(local[i, 0]) * u + np.float32(local[i, 1]) * v + np.float32(local[i, 2]) * w for i in range(3)
        ]
        inverse = 1 / np.sqrt(gradient[0] ** 2 + gradient[1] ** 2 + gradient[2] ** 2 + np.float32(1e-9))
        depth = into * np.float32(1 / scale) + np.float32(z)
        self.put(box, mask, depth, gradient[0] * inverse, gradient[1] * inverse, colour)


def _looked_up(radius: Float, along: Float, length: float) -> Float:
    """The radius at places 0..length of a tube; the ends' own beyond them."""
    scaled = cv2.addWeighted(along, (_STEPS - 1) / length, along, 0.0, 0.0, dtype=cv2.CV_8U)  # saturates
    return np.asarray(cv2.LUT(scaled, radius))


def seen_axes(centre: Reals, axes: Reals) -> Reals:
    """(3, 3) axes as seen along the line of sight to `centre` instead of straight ahead."""
    sight = centre / np.linalg.norm(centre)
    turn = cv2.Rodrigues(np.cross([0.0, 0.0, 1.0], sight))[0]
    return np.asarray(turn.T @ axes)


def sampled(texture: Image, columns: Float, rows: Float) -> Image:
    """Colours at places of a texture, between its pixels."""
    return np.asarray(cv2.remap(texture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class _Line:
    """The axis of a tube as it is seen, lengths in pixels at its own distance."""

    start: tuple[float, float]
    end: tuple[float, float]
    x: float  # direction in the picture
    y: float
    seen: float  # length in the picture
    length: float  # length in space
    lie: float  # share of the length that is seen
    tilt: float  # share of the length that leads away
    scale: float  # pixels per metre

    @classmethod
    def between(cls, first: tuple[float, float, float], last: tuple[float, float, float], focal: float) -> "_Line":
        scale = focal / ((first[2] + last[2]) / 2)
        dx, dy, away = last[0] - first[0], last[1] - first[1], (last[2] - first[2]) * scale
        seen = max(math.hypot(dx, dy), 0.02)
        length = math.hypot(seen, away)
        lie = max(seen / length, 0.08)
        return cls(first[:2], last[:2], dx / seen, dy / seen, seen, length, lie, away / length, scale)

    @property
    def across(self) -> Reals:
        """(3,) unit vector across the line, in the picture."""
        return np.array([-self.y, self.x, 0.0])

    @property
    def towards(self) -> Reals:
        """(3,) unit vector square to the line, towards the camera."""
        return np.array([self.x * self.tilt, self.y * self.tilt, -self.lie])

    def ellipse(self, section: Section) -> tuple[float, float, float]:
        """How wide a section of half width 1 is seen, its depth against its width, and its skew."""
        axes = np.stack([section.side, section.front * section.ratio])
        across, towards = axes @ self.across, axes @ self.towards
        width2, mixed, depth2 = max(float(across @ across), 1e-4), float(across @ towards), float(towards @ towards)
        return math.sqrt(width2), math.sqrt(max(width2 * depth2 - mixed * mixed, 1e-6)) / width2, mixed / width2

    def round_colour(self, texture: Texture, facing: Reals | None, across: Float, place: Float) -> Image:
        """Colours of a round tube. `across` -1..1, `place` 0..length."""
        shift = 0.0
        if isinstance(texture, tuple):
            turned = 0.0 if facing is None else float(facing @ self.across)
            away = facing is not None and float(facing[2]) > 0
            texture, shift = (texture[1], turned) if away else (texture[0], -turned)
        rows, columns = texture.shape[:2]
        return sampled(
            texture, (across + np.float32(1 + shift)) * np.float32((columns - 1) / 2),
            place * np.float32((rows - 1) / self.length),
        )  # fmt: skip

    def section_colour(self, texture: Texture, section: Section, across: Float, towards: Float, place: Float) -> Image:
        """Colours of a tube with a section: its front in the left half of the texture, its back in the right one."""
        if isinstance(texture, tuple):
            raise TypeError("a tube with a section takes one texture")
        ways = np.stack([section.side, section.front]) @ np.stack([self.across, self.towards]).T
        side = across * np.float32(ways[0, 0]) + towards * np.float32(ways[0, 1])
        front = across * np.float32(ways[1, 0]) + towards * np.float32(ways[1, 1])
        rows, columns = texture.shape[:2]
        half = columns // 2
        place_x = (np.minimum(np.maximum(side, -1), 1) + 1) * np.float32((half - 1) / 2)
        place_x += (front < 0) * np.float32(half)
        return sampled(texture, place_x, place * np.float32((rows - 1) / self.length))
