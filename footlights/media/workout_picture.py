"""A workout on one picture: what was done, how often, when, and what it cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow

from footlights.core.errors import SinkError
from footlights.core.frame import Image
from footlights.media.figures import FAINT, INK, SPAN_COLOURS
from footlights.media.sprites import Colour, label, lay

WIDTH = 1200  # pixels
MARGIN = 56
ROW = 58  # of one exercise
_PAPER: Colour = (18, 20, 27)
_CARD: Colour = (29, 32, 42)
_LINE: Colour = (52, 57, 72)
_SHARP = 2  # curves are drawn this much larger and scaled down


def draw_workout(data: Mapping[str, Any]) -> Image:
    """(H, W, 3) RGB of the data of a "workout.summary"."""
    rows = list(data["exercises"])
    height = 250 + 300 + ROW * max(1, len(rows)) + 90
    colours = {row["exercise"]: SPAN_COLOURS[place % len(SPAN_COLOURS)] for place, row in enumerate(rows)}
    canvas = np.empty((height, WIDTH, 3), np.uint8)
    canvas[:] = _PAPER
    _heading(canvas, data)
    top = _figures(canvas, data, 120)
    top = _curve(canvas, data, colours, top + 36, 210)
    _table(canvas, rows, colours, top + 40)
    return canvas


def save_workout(data: Mapping[str, Any], path: Path) -> None:
    """Write it as PNG. Raises SinkError."""
    if path.suffix.lower() != ".png":
        raise SinkError(f"the picture of a workout is a PNG file, not {path.name!r}; name it {path.stem}.png")
    try:
        Pillow.fromarray(draw_workout(data)).save(path)
    except OSError as fault:
        raise SinkError(f"{path} cannot be written: {fault}") from None


def _heading(canvas: Image, data: Mapping[str, Any]) -> None:
    _write(canvas, "Workout", MARGIN, 40, 44, INK)
    person = data["person"]
    who = f"{person['weight']:g} kg, {person['height']:g} cm, {person['age']:g} years"
    who += f", {person['gender']}" if person["gender"] != "unsaid" else ""
    _write(canvas, who, WIDTH - MARGIN, 58, 20, FAINT, right=True)


def _figures(canvas: Image, data: Mapping[str, Any], top: int) -> int:
    """The large figures; where they end."""
    reps = sum(row["reps"] for row in data["exercises"])
    figures = (
        (f"{data['kcal']:.1f}", "kcal", SPAN_COLOURS[1]),
        (f"{reps}", "repetitions", SPAN_COLOURS[2]),
        (_clock(data["seconds"]), "minutes", SPAN_COLOURS[0]),
        (f"{data['mean_met']:.1f}", f"MET, corrected {data['mean_corrected_met']:.1f}", SPAN_COLOURS[4]),
    )
    gap, high = 20, 130
    wide = (WIDTH - 2 * MARGIN - gap * (len(figures) - 1)) // len(figures)
    for place, (value, text, colour) in enumerate(figures):
        left = MARGIN + place * (wide + gap)
        canvas[top : top + high, left : left + wide] = _CARD
        canvas[top : top + high, left : left + 5] = colour
        _write(canvas, value, left + 26, top + 18, 56, INK)
        _write(canvas, text, left + 26, top + 90, 20, FAINT)
    return top + high


def _curve(canvas: Image, data: Mapping[str, Any], colours: Mapping[str, Colour], top: int, high: int) -> int:
    """What was spent when, over what was done; where it ends."""
    left, right, bottom = MARGIN, WIDTH - MARGIN, top + high
    begin, end = float(data["begin"]), max(float(data["end"]), float(data["begin"]) + 1e-3)
    curve = [(float(time), float(met)) for time, met, _ in data["curve"]]
    most = max(4.0, *(met for _, met in curve)) * 1.1 if curve else 4.0

    def across(time: float) -> float:
        return left + (min(max(time, begin), end) - begin) / (end - begin) * (right - left)

    canvas[top:bottom, left:right] = _CARD
    step = 2 if most < 9 else 4
    for met in range(step, int(most) + 1, step):
        y = round(bottom - met / most * high)
        canvas[y, left:right] = _LINE
        _write(canvas, f"{met} MET", right - 8, y - 24, 15, FAINT, right=True)
    if len(curve) > 1:
        points = np.array([(across(time), bottom - met / most * high) for time, met in curve])
        _area(canvas, points, bottom)
    strip = (bottom + 8, bottom + 30)
    canvas[strip[0] : strip[1], left:right] = _CARD
    for bout in data["bouts"]:
        a, b = round(across(bout["begin"])), round(across(bout["end"]))
        canvas[strip[0] : strip[1], a : max(b, a + 2)] = colours[bout["exercise"]]
    _write(canvas, "0:00", left, strip[1] + 4, 15, FAINT)
    _write(canvas, _clock(end - begin), right, strip[1] + 4, 15, FAINT, right=True)
    return strip[1] + 24


def _area(canvas: Image, points: np.ndarray, bottom: int) -> None:
    """A line with its area below filled, smooth at its edges."""
    x0, x1, y0 = int(points[0, 0]), int(points[-1, 0]) + 1, int(points[:, 1].min()) - 3
    part = canvas[y0:bottom, x0:x1]
    large = np.asarray(
        cv2.resize(part, None, fx=_SHARP, fy=_SHARP, interpolation=cv2.INTER_NEAREST), np.uint8
    )  # fmt: skip
    line = np.round((points - (x0, y0)) * _SHARP).astype(np.int32)
    filled = np.concatenate([line, [[line[-1, 0], large.shape[0]], [line[0, 0], large.shape[0]]]]).astype(np.int32)
    under = large.copy()
    cv2.fillPoly(under, [filled], SPAN_COLOURS[1])
    large = np.asarray(cv2.addWeighted(under, 0.32, large, 0.68, 0), np.uint8)
    cv2.polylines(large, [line], False, SPAN_COLOURS[1], 3 * _SHARP, cv2.LINE_AA)
    part[:] = cv2.resize(large, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)


def _table(canvas: Image, rows: list[Mapping[str, Any]], colours: Mapping[str, Colour], top: int) -> None:
    """One line for each exercise, with a bar as long as its share of the calories."""
    if not rows:
        _write(canvas, "No exercise was recognised.", MARGIN, top, 24, FAINT)
    most = max((row["kcal"] for row in rows), default=0.0) or 1.0
    for place, row in enumerate(rows):
        y = top + place * ROW
        colour = colours[row["exercise"]]
        canvas[y + 8 : y + 28, MARGIN : MARGIN + 20] = colour
        _write(canvas, row["title"], MARGIN + 36, y, 24, INK)
        amount = f"{row['reps']} repetitions" if row["reps"] else f"held {_clock(row['seconds'])}"
        _write(canvas, amount, 560, y + 2, 22, INK)
        sets = f"{row['sets']} set{'s' if row['sets'] != 1 else ''}, {_clock(row['seconds'])}"
        _write(canvas, sets, 780, y + 2, 20, FAINT)
        _write(canvas, f"{row['kcal']:.1f} kcal", WIDTH - MARGIN, y + 2, 22, INK, right=True)
        wide = round((WIDTH - 2 * MARGIN) * row["kcal"] / most)
        canvas[y + 40 : y + 43, MARGIN : WIDTH - MARGIN] = _CARD
        canvas[y + 40 : y + 43, MARGIN : MARGIN + wide] = colour


def _write(canvas: Image, text: str, x: int, top: int, size: int, ink: Colour, *, right: bool = False) -> None:
    """A line of text from x on, or up to it."""
    sprite = label(text, size, ink, _PAPER, 0)
    pad = max(2, round(size * 0.45))
    lay(canvas, sprite, x - sprite.width + pad if right else x - pad, top - pad // 2)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
