"""Draws what is known about a frame on the planes of its picture: what `painter` does, without a way through RGB."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footlights.core.cue import Badge, Bar, Figure, Outline, Overlay, Strip, Text
from footlights.core.scene import Floats, Scene, Track
from footlights.core.skeleton import BODY_LINES, HAND_LINES
from footlights.media.canvas import Canvas, Stamp, cut_out, plate
from footlights.media.figures import figure_sprite, strip_sprite
from footlights.media.painter import BAR_TONES, SEEN, TONES, TRACK_COLOURS, Brush, Pile
from footlights.media.sprites import Colour, Shelf, turned

_WHITE: Colour = (255, 255, 255)
_SHADE: Colour = (16, 18, 22)
_SMALLEST = 11  # pixels: letters that are smaller cannot be read on a wall
_BODY_LINES = np.array(BODY_LINES)
_HAND_LINES = np.array(HAND_LINES)


class PlanePainter:
    """Paints scenes on a canvas of any size: boxes, skeletons, hands, overlays and the cues of the apps.

    `pictures` names the files of the overlays that an app calls by name; any other overlay is a path. A file that
    cannot be read is left out, with one warning. Used by one thread at a time.
    """

    def __init__(self, pictures: Mapping[str, Path] | None = None) -> None:
        self._shelf = Shelf(pictures)

    def paint(self, scene: Scene, canvas: Canvas) -> "Notes":
        """Draw on a canvas that holds the frame's picture, scaled; the notes in its corners, for more of them."""
        scale = canvas.width / scene.frame.width
        notes = Notes(canvas)
        _paint_tracks(notes, scene.tracks, scale)
        for cue in scene.cues:
            if isinstance(cue, Overlay):
                self._paint_overlay(canvas, cue, scale)
            elif isinstance(cue, Outline):
                _paint_outline(notes, cue)
        _paint_large(notes, scene)
        _paint_cues(notes, scene, scale)
        return notes

    def _paint_overlay(self, canvas: Canvas, overlay: Overlay, scale: float) -> None:
        if not np.isfinite([overlay.x, overlay.y, overlay.size]).all() or overlay.size * scale < 1:
            return
        size = min(overlay.size * scale, 2.0 * max(canvas.width, canvas.height))
        sprite = self._shelf.sprite(overlay.name, size)
        if sprite is not None:
            stamp = cut_out(turned(sprite, size, overlay.angle, overlay.alpha), canvas.matrix)
            left, top = overlay.x * scale - stamp.width / 2, overlay.y * scale - stamp.height / 2
            canvas.stamp(stamp, round(left / 2) * 2, round(top / 2) * 2)


class Notes:
    """Text on a canvas: where the next line goes, and how large it is."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.brush = Brush(canvas.y)  # only for its units and places
        self.letters = max(_SMALLEST, self.brush.letters)  # pixels

    def text(self, cue: Text) -> None:
        """A line in a corner."""
        stamp = self.plate(cue.text, TONES[cue.tone])
        self.canvas.stamp(stamp, *self.brush.place(cue.corner, stamp.width, stamp.height))

    def plate(self, text: str, paper: Colour, letters: Colour = _WHITE) -> Stamp:
        """A line of text in this canvas's size."""
        return plate(" ".join(text.split())[:80] or " ", self.letters, letters, paper, self.canvas.matrix)

    def bar(self, cue: Bar, pile: Pile | None) -> None:
        """A labelled bar in a corner or on a pile."""
        stamp = self.plate(cue.text, TONES["plain"])
        thick = max(4, self.brush.thick(8))
        width, height = max(stamp.width, round(90 * self.brush.unit)), stamp.height + thick
        left, top = self.brush.place(cue.corner, width, height) if pile is None else pile.place(width, height)
        self.canvas.stamp(stamp, left, top)
        value = float(np.nan_to_num(cue.value))
        self.canvas.bar(left, top + stamp.height, width, thick, value, BAR_TONES[cue.tone], _SHADE)


def _paint_tracks(notes: Notes, tracks: Sequence[Track], scale: float) -> None:
    """Boxes with names, skeletons, hands. What an app shows of a face is its frame."""
    if not tracks:
        return
    boxes = np.stack([track.box for track in tracks]) * np.float32(scale)
    good = np.isfinite(boxes).all(axis=1).tolist()
    thick = max(1, notes.brush.thick(2.5))
    for track, box, known in zip(tracks, boxes.tolist(), good, strict=True):
        colour = TRACK_COLOURS[track.id % len(TRACK_COLOURS)]
        boxed = known and track.label != "face"
        if boxed:
            notes.canvas.box(box, colour, thick)
        if track.face is not None or track.pose is not None or track.hands:
            _paint_body(notes.canvas, track, scale, colour, thick)
        if boxed:
            _name(notes, f"{track.label} {track.id}", box, colour)


def _name(notes: Notes, text: str, box: Sequence[float], colour: Colour) -> None:
    """Above a box, or inside where there is no room above."""
    canvas, stamp = notes.canvas, notes.plate(text, colour, _SHADE)
    left = min(max(box[0], 0), max(0, canvas.width - stamp.width))
    above = box[1] - stamp.height
    top = above if above >= 0 else min(max(box[1], 0), max(0, canvas.height - stamp.height))
    canvas.stamp(stamp, int(left), int(top))


def _paint_body(canvas: Canvas, track: Track, scale: float, colour: Colour, thick: int) -> None:
    if track.face is not None and np.isfinite(track.face.box).all():
        canvas.box((track.face.box * np.float32(scale)).tolist(), _WHITE, 1)
    if track.pose is not None:
        xy, seen = track.pose.xy * np.float32(scale), track.pose.visibility >= SEEN
        _paint_landmarks(canvas, xy, seen, _BODY_LINES, colour, thick)
    for hand in track.hands.values():
        xy = hand.xy * np.float32(scale)
        _paint_landmarks(canvas, xy, np.ones(len(xy), bool), _HAND_LINES, colour, 1)


def _paint_landmarks(
    canvas: Canvas, points: Floats, seen: NDArray[np.bool_], lines: NDArray[np.int_], colour: Colour, thick: int
) -> None:
    seen = seen & np.isfinite(points).all(axis=1)
    canvas.lines(np.nan_to_num(points), lines[seen[lines].all(axis=1)], colour, thick)


def _paint_outline(notes: Notes, outline: Outline) -> None:
    canvas = notes.canvas
    points = np.array(outline.points, np.float32).reshape(-1, 2) * np.array([canvas.width, canvas.height], np.float32)
    if len(points) < 2 or not np.isfinite(points).all():
        return
    ends = np.arange(len(points))
    pairs = np.stack([ends, np.roll(ends, -1)], axis=1)[: 1 if len(points) == 2 else None]
    canvas.lines(points, pairs, BAR_TONES[outline.tone], max(1, notes.brush.thick(2)))
    if outline.text:
        stamp = notes.plate(outline.text, TONES[outline.tone])
        left, top = (float(value) for value in points[0])
        left = min(max(left, 0), max(0, canvas.width - stamp.width))
        canvas.stamp(stamp, int(left), int(min(max(top, 0), max(0, canvas.height - stamp.height))))


def _paint_large(notes: Notes, scene: Scene) -> None:
    """Timelines and large figures, which take their places before the small notes."""
    brush, canvas = notes.brush, notes.canvas
    for cue in scene.cues:
        if isinstance(cue, Strip):
            sprite = strip_sprite(cue, brush.width, max(12, round(66 * brush.unit)))
            canvas.stamp(cut_out(sprite, canvas.matrix), 0, brush.height - sprite.height)
            brush.reserve_bottom(sprite.height)
    for cue in scene.cues:
        if isinstance(cue, Figure):
            sprite = figure_sprite(cue.value, cue.text, round(64 * cue.size * brush.unit), BAR_TONES[cue.tone])
            place = brush.place(cue.corner, sprite.width, sprite.height)
            canvas.stamp(cut_out(sprite, canvas.matrix), *place)


def _paint_cues(notes: Notes, scene: Scene, scale: float) -> None:
    boxes = {track.id: track.box * np.float32(scale) for track in scene.tracks} if scene.cues else {}
    piles: dict[int, Pile] = {}
    for cue in scene.cues:
        if isinstance(cue, Badge | Bar) and cue.track in boxes and cue.track not in piles:
            piles[cue.track] = Pile(notes.brush, boxes[cue.track])
        if isinstance(cue, Text):
            notes.text(cue)
        elif isinstance(cue, Badge) and cue.track in piles:
            stamp = notes.plate(cue.text, TONES[cue.tone])
            notes.canvas.stamp(stamp, *piles[cue.track].place(stamp.width, stamp.height))
        elif isinstance(cue, Bar) and (cue.track is None or cue.track in piles):
            notes.bar(cue, None if cue.track is None else piles[cue.track])
