"""A painted face that can change its expression while it is watched.

What never changes (skin, shading, hairline) is painted once. An expression repaints only the eyes, the brows and the
mouth, in small rectangles, and is kept; expressions are rounded to steps that nobody sees.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.textures import Colour, finished, noise, plain

SIZE = 512  # pixels: the face is painted at this size and reduced
_KEPT = 48  # expressions
_STEP = 0.1  # of smile, open, brow, eye, frown
Points = Sequence[tuple[float, float]]  # -1..1: right and down in the picture


@dataclass(frozen=True)
class Expression:
    """What a face does. Every part is independent of the others."""

    smile: float = 0.2  # -1 sad .. 1
    open: float = 0.0  # 0..1: the mouth
    brow: float = 0.0  # -1 low .. 1 raised
    eye: float = 1.0  # 0 closed .. 1 .. 1.4 wide
    frown: float = 0.0  # 0..1: the inner ends of the brows

    @classmethod
    def rounded(cls, numbers: Reals) -> "Expression":
        """From the five numbers of a posture, rounded so that few different expressions need to be painted."""
        low, high = (-1.0, 0.0, -1.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.4, 1.0)
        return cls(*(round(float(v), 1) for v in np.round(np.clip(numbers, low, high) / _STEP) * _STEP))


class Patch:
    """A rectangle of the face that is painted on. Places are in -1..1 of the whole face."""

    def __init__(self, face: Float, left: float, top: float, right: float, bottom: float) -> None:
        edges = [round((v * 0.5 + 0.5) * SIZE) for v in (left, top, right, bottom)]
        self.x, self.y = edges[0], edges[1]
        self.slices = slice(edges[1], edges[3]), slice(edges[0], edges[2])
        self.picture: Float = face[self.slices].copy()

    def pixels(self, points: Points) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        """Points to pixels of the rectangle, in eighths."""
        places = (np.asarray(points) * 0.5 + 0.5) * SIZE - [self.x, self.y]
        return np.round(places * 8).astype(np.int32)

    def shape(self, points: Points) -> Float:
        """How far each pixel lies inside a polygon, 0..1."""
        mask: Float = np.zeros(self.picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self.pixels(points)], (255,), cv2.LINE_AA, 3)
        return np.asarray(mask * np.float32(1 / 255), np.float32)

    def blend(self, mask: Float, colour: Reals, strength: float = 1.0) -> None:
        """Lay a colour over the picture where the mask says."""
        self.picture += (np.asarray(colour, np.float32) - self.picture) * (mask * np.float32(strength))[..., None]

    def fill(self, points: Points, colour: Reals, soft: float = 0.0, strength: float = 1.0) -> None:
        """A polygon with soft edges (`soft`: blur, pixels)."""
        mask = self.shape(points)
        self.blend(cv2.GaussianBlur(mask, (0, 0), soft) if soft else mask, colour, strength)

    def oval(self, x: float, y: float, wide: float, high: float) -> Float:
        """How far each pixel lies inside an ellipse, 0..1."""
        turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        return self.shape(list(zip(x + wide * np.cos(turn), y + high * np.sin(turn), strict=True)))

    def shade(self, x: float, y: float, wide: float, high: float, depth: float) -> None:
        """Darken softly around a place."""
        rows = ((np.arange(self.slices[0].start, self.slices[0].stop) / SIZE - 0.5) * 2 - y) / high
        columns = ((np.arange(self.slices[1].start, self.slices[1].stop) / SIZE - 0.5) * 2 - x) / wide
        bump = np.exp(-(rows**2))[:, None] * np.exp(-(columns**2))[None]
        self.picture *= (1 - depth * bump)[..., None].astype(np.float32)


class Face:
    """One person's face. `texture` gives it with an expression; `slopes` are the relief of nose, eyes and mouth."""

    def __init__(
        self,
        skin: Colour,
        hair: Colour,
        iris: Colour,
        *,
        size: int,
        bald: bool = False,
        beard: float = 0.0,
        make_up: float = 0.0,
    ) -> None:
        self.size = min(size, SIZE)
        self._skin, self._hair, self._iris = (np.array(c, np.float64) for c in (skin, hair, iris))
        self._make_up = make_up
        self._base = _painted_base(skin, hair, bald, beard)
        self._kept: OrderedDict[Expression, Image] = OrderedDict()
        self.slopes = _relief(self.size)

    def texture(self, expression: Expression) -> Image:
        """(size, size, 3) the face as seen from straight ahead."""
        known = self._kept.get(expression)
        if known is None:
            known = self._kept[expression] = self._paint(expression)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(expression)
        return known

    def _paint(self, expression: Expression) -> Image:
        face = self._base.copy()
        for side in (-1, 1):
            patch = Patch(face, side * 0.40 - 0.36, -0.36, side * 0.40 + 0.36, 0.20)
            self._eye(patch, side, expression)
            self._brow(patch, side, expression)
            face[patch.slices] = patch.picture
        patch = Patch(face, -0.52, 0.46, 0.52, 1.0)
        self._mouth(patch, expression)
        face[patch.slices] = patch.picture
        fine = finished(face)
        if self.size == SIZE:
            return fine
        return np.asarray(cv2.resize(fine, (self.size, self.size), interpolation=cv2.INTER_AREA), np.uint8)

    def _eye(self, patch: Patch, side: int, expression: Expression) -> None:
        x, y, half = side * 0.40, 0.02, 0.20
        openness = max(0.04, expression.eye)
        above, below = 0.080 * openness, 0.052 * openness
        turn = np.linspace(0, np.pi, 16)
        upper = [(x - half * np.cos(t), y - above * np.sin(t) ** 0.9) for t in turn]
        lower = [(x + half * np.cos(t), y + below * np.sin(t)) for t in turn]
        eye = patch.shape(upper + lower)
        patch.blend(eye, np.array([226, 220, 212]))
        for radius, colour in ((0.092, self._iris * 0.45), (0.080, self._iris), (0.042, np.array([14, 13, 13]))):
            patch.blend(patch.oval(x, y - 0.008, radius, radius * 0.72) * eye, colour)
        if openness > 0.4:
            patch.blend(patch.oval(x - 0.03, y - 0.034, 0.018, 0.016) * eye, np.array([250, 250, 250]))
        lid = [(a, b + 0.020) for a, b in upper]
        patch.fill(
            [(a, b - 0.016 - 0.010 * self._make_up) for a, b in upper] + lid[::-1], self._hair * 0.25 + 14, 1.0, 0.9
        )
        fold = min(1.0, 0.5 + openness / 2)
        crease = upper[2:-2]
        patch.fill(
            [(a, b - 0.075 * fold) for a, b in crease] + [(a, b - 0.062 * fold) for a, b in crease][::-1],
            self._skin * 0.6,
            1.2,
            0.7,
        )
        if self._make_up:
            lids = [(a, b - 0.07 * fold) for a, b in upper] + [(a, b - 0.01) for a, b in upper][::-1]
            patch.fill(lids, self._skin * 0.55 + np.array([30, 10, 26]), 2.0, 0.45 * self._make_up)
        patch.fill(
            [(a, b + 0.004) for a, b in lower] + [(a, b - 0.008) for a, b in lower][::-1], self._skin * 0.5, 0.9, 0.7
        )

    def _brow(self, patch: Patch, side: int, expression: Expression) -> None:
        height = -0.165 - 0.055 * expression.brow
        inner = 0.07 * expression.frown - 0.03 * max(0.0, expression.brow) - 0.05 * max(0.0, -expression.smile)
        q = np.linspace(0, 1, 9)
        across = side * (0.18 + 0.46 * q)
        line = height - 0.045 * np.sin(np.pi * (q * 0.8 + 0.15)) + inner * (1 - q) ** 1.5 + 0.026 * (1 - q) ** 2
        thick = 0.040 * (1 - 0.65 * q) * (1 - 0.3 * self._make_up)
        edge = list(zip(across, line - thick, strict=True)) + list(zip(across, line + thick * 0.8, strict=True))[::-1]
        patch.fill(edge, self._hair * 0.75, 1.6, 0.85)
        patch.shade(0.0, -0.12, 0.06, 0.10, 0.12 * expression.frown)

    def _mouth(self, patch: Patch, expression: Expression) -> None:
        smile, gap = expression.smile, expression.open
        half, y = 0.27 + 0.06 * smile, 0.635
        q = np.linspace(-1, 1, 21)
        x = half * q
        line = y - 0.080 * smile * np.abs(q) ** 1.7 + 0.02 * smile
        drop = 0.17 * gap * (1 - q * q) ** 0.7
        dip = 1 - 0.22 * np.exp(-((q / 0.12) ** 2))
        top = line - 0.052 * (1 - q * q) ** 0.6 * dip
        bottom = line + drop + 0.068 * (1 - q * q) ** 0.65
        lip = self._skin * 0.62 + np.array([62, 22, 26]) * (0.75 + 0.5 * self._make_up)
        patch.fill(_band(x, top, x * 0.97, bottom), lip, 1.2, 0.88)
        patch.fill(_band(x, line, x * 0.97, bottom), lip * 1.09, 1.2, 0.5)
        if gap > 0.03:
            patch.fill(_band(x, line, x, line + drop), np.array([58, 24, 28]), 0.8)
            teeth = slice(3, -3)
            patch.fill(
                _band(x[teeth], line[teeth], x[teeth], (line + np.minimum(drop, 0.05))[teeth]),
                np.array([236, 231, 225]),
                0.6,
            )
            if gap > 0.5:
                patch.fill(
                    _band(x * 0.6, line + drop * 0.62, x * 0.6, line + drop * 0.95), np.array([170, 86, 96]), 1.2, 0.8
                )
        else:
            patch.fill(_band(x, line - 0.009, x, line + 0.009), lip * 0.42, 0.9, 0.95)
        for side in (-1, 1):
            patch.shade(side * half, float(line[0]), 0.03, 0.025, 0.4)
            patch.shade(side * (0.34 + 0.04 * smile), 0.52, 0.05, 0.13, 0.14 * max(0.0, smile))


def _band(x: Reals, upper: Reals, other_x: Reals, lower: Reals) -> list[tuple[float, float]]:
    return list(zip(x, upper, strict=True)) + list(zip(other_x, lower, strict=True))[::-1]


def _grid(size: int) -> tuple[Float, Float]:
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    return (columns / size - 0.5) * 2, (rows / size - 0.5) * 2


def _painted_base(skin: Colour, hair: Colour, bald: bool, beard: float) -> Float:
    """(SIZE, SIZE, 3) the face without eyes, brows and mouth."""
    x, y = _grid(SIZE)
    face = plain(skin, SIZE)

    def bump(at_x: float, at_y: float, wide: float, high: float) -> Float:
        return np.asarray(np.exp(-(((x - at_x) / wide) ** 2) - ((y - at_y) / high) ** 2), np.float32)

    def darker(mask: Float, depth: float, colour: tuple[float, float, float] = (1, 1, 1)) -> None:
        face[:] *= 1 - (depth * mask)[..., None] * np.array(colour, np.float32)

    for side in (-1, 1):
        darker(bump(side * 0.42, 0.30, 0.24, 0.20), 0.11, (-0.3, 0.8, 0.8))  # cheeks
        darker(bump(side * 0.39, -0.03, 0.24, 0.115), 0.22, (0.85, 1.0, 1.1))  # sockets
        darker(bump(side * 0.17, -0.03, 0.07, 0.12), 0.15)
        darker(bump(side * 0.16, 0.30, 0.055, 0.14), 0.15)  # sides of the nose
        darker(bump(side * 0.40, 0.125, 0.17, 0.03), 0.08)
        darker(bump(side * 0.27, 0.52, 0.06, 0.14), 0.09)
        darker(bump(side * 0.80, 0.45, 0.22, 0.5), 0.10)
        darker(bump(side * 0.85, -0.1, 0.2, 0.4), 0.06)
        darker(bump(side * 0.075, 0.462, 0.045, 0.020), 0.62)  # nostrils
        darker(bump(side * 0.125, 0.425, 0.03, 0.055), 0.22)
        face[:] *= 1 + 0.06 * bump(side * 0.50, 0.22, 0.13, 0.09)[..., None]
    darker(bump(0, 0.47, 0.15, 0.035), 0.26)
    darker(bump(0, 0.80, 0.20, 0.035), 0.16)
    darker(bump(0, 1.02, 0.6, 0.08), 0.22)
    for lit, strength in (
        (bump(0, 0.2, 0.05, 0.28), 0.08),
        (bump(0, 0.36, 0.07, 0.06), 0.12),
        (bump(0, -0.35, 0.4, 0.15), 0.07),
        (bump(0, 0.87, 0.14, 0.06), 0.07),
    ):
        face *= 1 + strength * lit[..., None]
    face *= (1 + 0.02 * noise(SIZE, SIZE, 3, 3, 64))[..., None]
    if beard:
        jaw = 1 / (1 + np.exp(-(y - 0.50 + 0.55 * np.clip(np.abs(x) - 0.42, 0, 1) * -1.6) / 0.05))
        jaw = np.maximum(jaw, bump(0, 0.545, 0.30, 0.045)) * (1 - 0.8 * bump(0, 0.645, 0.22, 0.06))
        grain = 0.8 + 0.2 * noise(SIZE, SIZE, 3, 17, 64)
        _lay(face, np.array(hair, np.float32) * 0.9 + 8, jaw * grain * beard)
    if not bald:
        _hairline(face, hair, x, y)
    return face


def _lay(face: Float, colour: Float, mask: Float) -> None:
    face += (colour - face) * mask[..., None].astype(np.float32)


def _hairline(face: Float, hair: Colour, x: Float, y: Float) -> None:
    """Hair that frames the face, with a soft irregular edge."""
    temples = 3.6 * np.clip(np.abs(x) - 0.74, 0, 1)
    edge = -0.52 - 0.09 * np.cos(np.pi * x * 0.9) + 0.02 * noise(SIZE, SIZE, 3, 5, 16) + temples
    above = 1 / (1 + np.exp(np.clip((y - edge) / 0.012, -30, 30)))
    sideburn = 1 / (1 + np.exp(np.clip(-(np.abs(x) - 0.90) / 0.01, -30, 30))) * (y < 0.22)
    face *= (1 - 0.2 * np.exp(-(((y - edge - 0.05) / 0.05) ** 2)) * (1 - above))[..., None].astype(np.float32)
    strands = cv2.resize(noise(48, SIZE, 4, 8, 24), (SIZE, SIZE))
    _lay(face, np.array(hair, np.float32) * (1.1 + 0.45 * strands[..., None]) + 4, np.maximum(above, sideburn))


def _relief(size: int) -> tuple[Float, Float]:
    """(size, size) slopes of the face's relief, to the right and down."""
    x, y = _grid(SIZE)

    def bump(at_x: float, at_y: float, wide: float, high: float) -> Float:
        return np.asarray(np.exp(-(((x - at_x) / wide) ** 2) - ((y - at_y) / high) ** 2), np.float32)

    height = -0.80 * bump(0, 0.37, 0.11, 0.10) - 0.40 * bump(0, 0.12, 0.07, 0.30)
    height += -0.25 * bump(0, 0.64, 0.26, 0.08) - 0.22 * bump(0, 0.88, 0.2, 0.1)
    for side in (-1, 1):
        height += 0.35 * bump(side * 0.40, 0.0, 0.2, 0.09) - 0.18 * bump(side * 0.5, 0.24, 0.16, 0.12)
        height -= 0.14 * bump(side * 0.38, -0.17, 0.24, 0.05)
    small = cv2.resize(height, (size, size), interpolation=cv2.INTER_AREA)
    right, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    return np.asarray(right * (size / 16), np.float32), np.asarray(down * (size / 16), np.float32)
