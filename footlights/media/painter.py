"""Draws what is known about a frame on its picture: skeletons, hands, faces, boxes, and the cues of the apps."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.cue import Badge, Bar, Corner, Figure, Outline, Overlay, Strip, Text, Tone
from footlights.core.frame import Image
from footlights.core.scene import Floats, Scene, Track
from footlights.core.skeleton import BODY_LINES, HAND_LINES
from footlights.media.figures import figure_sprite, strip_sprite
from footlights.media.sprites import Colour, Shelf, Sprite, label, lay, turned

SEEN = 0.5  # visibility from which a landmark is drawn
TRACK_COLOURS: tuple[Colour, ...] = (
    (64, 200, 255), (255, 176, 46), (126, 222, 92), (255, 110, 150), (178, 140, 255), (60, 224, 190), (255, 224, 74),
    (240, 140, 90),
)  # fmt: skip
TONES: dict[Tone, Colour] = {
    "plain": (28, 30, 36),
    "good": (18, 120, 60),
    "warning": (176, 104, 0),
    "alarm": (190, 24, 36),
}
BAR_TONES: dict[Tone, Colour] = {
    "plain": (235, 238, 245),
    "good": (88, 214, 130),
    "warning": (255, 186, 60),
    "alarm": (255, 84, 92),
}

_SHIFT = 4  # cv2 takes coordinates in 1/16 pixels: landmarks move smoothly
_WHITE: Colour = (255, 255, 255)
_SHADE: Colour = (16, 18, 22)
_PLATE = 190  # opacity of what lies under text, 0..255
_BODY_LINES = np.array(BODY_LINES)
_HAND_LINES = np.array(HAND_LINES)


class Painter:
    """Paints scenes. The same scene gives the same pixels. May be used by several threads.

    `pictures` names the files of the overlays that an app calls by name; any other overlay is a path. A file that
    cannot be read is left out, with one warning.
    """

    def __init__(self, pictures: Mapping[str, Path] | None = None) -> None:
        self._shelf = Shelf(pictures)

    def paint(self, scene: Scene) -> Image:
        """(H, W, 3) RGB of the full size with everything drawn on it; the frame's own picture stays as it is."""
        canvas = scene.frame.rgb().copy()
        brush = Brush(canvas)
        for track in scene.tracks:
            _paint_track(brush, track)
        for cue in scene.cues:
            if isinstance(cue, Overlay):
                self._paint_overlay(canvas, cue)
            elif isinstance(cue, Outline):
                _paint_outline(brush, cue)
        _paint_notes(brush, scene)
        return canvas

    def _paint_overlay(self, canvas: Image, overlay: Overlay) -> None:
        if overlay.size < 1 or not np.isfinite([overlay.x, overlay.y, overlay.size]).all():
            return
        size = min(overlay.size, 2.0 * max(canvas.shape))
        sprite = self._shelf.sprite(overlay.name, size)
        if sprite is None:
            return
        sprite = turned(sprite, size, overlay.angle, overlay.alpha)
        lay(canvas, sprite, round(overlay.x - sprite.width / 2), round(overlay.y - sprite.height / 2))


class Brush:
    """Strokes and plates on one canvas, in units that grow with the picture."""

    def __init__(self, canvas: Image) -> None:
        self.canvas = canvas
        self.height, self.width = canvas.shape[:2]
        self.unit = min(int(self.height), int(self.width)) / 480  # 1 at 640x480
        self.letters = max(9, round(15 * self.unit))  # pixels
        self._below: dict[Corner, int] = {}  # pixels already taken in each corner

    def thick(self, size: float) -> int:
        """A stroke's thickness in pixels."""
        return max(1, round(size * self.unit))

    def lines(self, points: Floats, pairs: NDArray[np.int_], colour: Colour, size: float) -> None:
        """Lines between pairs of points, on a dark edge that shows them on any background."""
        fixed = self._fixed(points)
        strokes = [fixed[pair] for pair in pairs]
        wide = self.thick(size) + self.thick(1.6)
        cv2.polylines(self.canvas, strokes, False, _SHADE, wide, cv2.LINE_AA, _SHIFT)
        cv2.polylines(self.canvas, strokes, False, colour, self.thick(size), cv2.LINE_AA, _SHIFT)

    def dots(self, points: Floats, colour: Colour, size: float) -> None:
        """Filled circles."""
        radius = round(max(1.0, size * self.unit) * (1 << _SHIFT))
        for x, y in self._fixed(points).tolist():
            cv2.circle(self.canvas, (x, y), radius, colour, -1, cv2.LINE_AA, _SHIFT)

    def corners(self, box: Floats, colour: Colour, size: float) -> None:
        """The four corners of a box: it shows where something is and leaves the view free."""
        left, top, right, bottom = (float(value) for value in box)
        reach = 0.18 * min(right - left, bottom - top)
        if not reach > 0:
            return
        strokes = []
        for x, inward in ((left, reach), (right, -reach)):
            for y, down in ((top, reach), (bottom, -reach)):
                strokes.append(self._fixed(np.array([[x + inward, y], [x, y], [x, y + down]], np.float32)))
        wide = self.thick(size) + self.thick(1.6)
        cv2.polylines(self.canvas, strokes, False, _SHADE, wide, cv2.LINE_AA, _SHIFT)
        cv2.polylines(self.canvas, strokes, False, colour, self.thick(size), cv2.LINE_AA, _SHIFT)

    def plate(self, text: str, tone: Tone) -> Sprite:
        """A line of text on a plate of the tone's colour."""
        return label(_one_line(text), self.letters, _WHITE, TONES[tone], _PLATE)

    def lay_inside(self, sprite: Sprite, left: float, top: float) -> None:
        """Lay a sprite at the place that is nearest to the wanted one and inside the picture."""
        x = int(min(max(left, 0), max(0, self.width - sprite.width)))
        y = int(min(max(top, 0), max(0, self.height - sprite.height)))
        lay(self.canvas, sprite, x, y)

    def place(self, corner: Corner, width: int, height: int) -> tuple[int, int]:
        """Left and top of the next thing in a corner; things in one corner stand below each other."""
        margin = round(8 * self.unit)
        taken = self._below.get(corner, margin)
        self._below[corner] = taken + height + round(4 * self.unit)
        top = taken if corner.startswith("top") else self.height - taken - height
        if corner.endswith("left"):
            return margin, top
        if corner.endswith("right"):
            return self.width - margin - width, top
        return (self.width - width) // 2, top

    def reserve_bottom(self, height: int) -> None:
        """What lies along the lower edge takes the place of the lower corners."""
        for corner in ("bottom left", "bottom", "bottom right"):
            self._below[corner] = height + round(8 * self.unit)

    def bar(self, left: int, top: int, width: int, value: float, tone: Tone) -> int:
        """A bar with round ends, `width` pixels wide; its height in pixels."""
        height = self.thick(8)
        y = top + height // 2
        span = max(1, width - height)
        start = left + height // 2
        full = float(np.clip(np.nan_to_num(value), 0, 1))
        ends = self._fixed(np.array([[start, y], [start + span, y], [start + span * full, y]], np.float32))
        cv2.line(self.canvas, ends[0].tolist(), ends[1].tolist(), _SHADE, height, cv2.LINE_AA, _SHIFT)
        if full > 0:
            inner = max(1, height - self.thick(3))
            cv2.line(self.canvas, ends[0].tolist(), ends[2].tolist(), BAR_TONES[tone], inner, cv2.LINE_AA, _SHIFT)
        return height

    def _fixed(self, points: Floats) -> NDArray[np.int32]:
        """Pixels in the fixed point of cv2, kept near the picture so that they cannot overflow."""
        far = 4.0 * max(self.width, self.height)
        return np.round(np.clip(np.nan_to_num(points), -far, far) * (1 << _SHIFT)).astype(np.int32)


class Pile:
    """The badges and bars of one track: above its box while there is room, then down from its top."""

    def __init__(self, brush: Brush, box: Floats) -> None:
        left, top, right, _ = (float(value) for value in np.nan_to_num(box))
        self._brush = brush
        self._middle = (left + right) / 2
        self._above = top  # pixels: upper end of the pile
        self._below = max(top, 0.0)  # pixels: where the next goes that finds no room above

    def place(self, width: int, height: int) -> tuple[int, int]:
        """Left and top of the next thing."""
        gap = self._brush.thick(4)
        left = int(min(max(self._middle - width / 2, 0), max(0, self._brush.width - width)))
        if self._above - gap - height >= 0:
            self._above -= gap + height
            return left, int(self._above)
        top = self._below + gap
        self._below = top + height
        return left, int(top)

    def add(self, sprite: Sprite) -> None:
        """Lay the next badge."""
        lay(self._brush.canvas, sprite, *self.place(sprite.width, sprite.height))


def _paint_track(brush: Brush, track: Track) -> None:
    colour = TRACK_COLOURS[track.id % len(TRACK_COLOURS)]
    boxed = bool(np.isfinite(track.box).all()) and track.label != "face"  # what an app shows there is the frame
    if boxed:
        brush.corners(track.box, colour, 2)
    if track.face is not None and np.isfinite(track.face.box).all():
        brush.corners(track.face.box, _WHITE, 1)
        brush.dots(_finite(track.face.points), _WHITE, 1.5)
        if track.face.mesh is not None:
            brush.dots(_finite(track.face.mesh[:, :2]), colour, 0.5)
    if track.pose is not None:
        _paint_landmarks(brush, track.pose.xy, track.pose.visibility >= SEEN, _BODY_LINES, colour, 3)
    for hand in track.hands.values():
        _paint_landmarks(brush, hand.xy, np.ones(len(hand.xy), bool), _HAND_LINES, colour, 1.5)
    if boxed:
        name = label(_one_line(f"{track.label} {track.id}"), round(brush.letters * 0.8), _SHADE, colour, _PLATE)
        brush.lay_inside(name, float(track.box[0]), float(track.box[3]) - name.height)


def _paint_outline(brush: Brush, outline: Outline) -> None:
    points = np.array(outline.points, np.float32).reshape(-1, 2) * [brush.width, brush.height]
    if len(points) < 2 or not np.isfinite(points).all():
        return
    ends = np.arange(len(points))
    pairs = np.stack([ends, np.roll(ends, -1)], axis=1)[: 1 if len(points) == 2 else None]
    brush.lines(np.asarray(points, np.float32), pairs, BAR_TONES[outline.tone], 2)
    if outline.text:
        plate = label(_one_line(outline.text), round(brush.letters * 0.8), _WHITE, TONES[outline.tone], _PLATE)
        brush.lay_inside(plate, *(float(value) for value in points[0]))


def _paint_landmarks(
    brush: Brush, xy: Floats, seen: NDArray[np.bool_], lines: NDArray[np.int_], colour: Colour, size: float
) -> None:
    seen = seen & np.isfinite(xy).all(axis=1)
    brush.lines(xy, lines[seen[lines].all(axis=1)], colour, size)
    brush.dots(xy[seen], _WHITE, size * 0.7)


def _paint_notes(brush: Brush, scene: Scene) -> None:
    piles = {track.id: Pile(brush, track.box) for track in scene.tracks}
    for cue in scene.cues:
        if isinstance(cue, Strip):
            sprite = strip_sprite(cue, brush.width, round(66 * brush.unit))
            lay(brush.canvas, sprite, 0, brush.height - sprite.height)
            brush.reserve_bottom(sprite.height)
    for cue in scene.cues:
        if isinstance(cue, Figure):
            sprite = figure_sprite(cue.value, cue.text, round(64 * cue.size * brush.unit), BAR_TONES[cue.tone])
            lay(brush.canvas, sprite, *brush.place(cue.corner, sprite.width, sprite.height))
    for cue in scene.cues:
        if isinstance(cue, Text):
            sprite = brush.plate(cue.text, cue.tone)
            lay(brush.canvas, sprite, *brush.place(cue.corner, sprite.width, sprite.height))
        elif isinstance(cue, Badge) and cue.track in piles:
            piles[cue.track].add(brush.plate(cue.text, cue.tone))
        elif isinstance(cue, Bar) and cue.track is None:
            _paint_bar(brush, cue, None)
        elif isinstance(cue, Bar) and cue.track in piles:
            _paint_bar(brush, cue, piles[cue.track])


def _paint_bar(brush: Brush, bar: Bar, pile: Pile | None) -> None:
    sprite = brush.plate(bar.text, "plain")
    width, height = max(sprite.width, round(90 * brush.unit)), sprite.height + brush.thick(8)
    left, top = brush.place(bar.corner, width, height) if pile is None else pile.place(width, height)
    lay(brush.canvas, sprite, left, top)
    brush.bar(left, top + sprite.height, width, bar.value, bar.tone)


def _finite(points: Floats) -> Floats:
    return points[np.isfinite(points).all(axis=1)]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:80] or " "
