"""Large figures and timelines on the picture, and the picture of a workout."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from footlights.core.cue import Figure, Strip, Text
from footlights.core.errors import SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.figures import SPAN_COLOURS, figure_sprite, span_colour
from footlights.media.painter import Painter
from footlights.media.picture import ArrayPicture
from footlights.media.workout_picture import draw_workout, save_workout

GREY = np.full((240, 320, 3), 120, np.uint8)


def painted(*cues: Any) -> np.ndarray:
    scene = Scene(Frame(ArrayPicture(GREY), 0.0, "test", 0))
    scene.cues = list(cues)
    return Painter().paint(scene).astype(int)


def changed(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what was drawn."""
    rows, columns = np.nonzero(np.abs(picture - 120).max(axis=2) > 8)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_a_figure_stands_in_its_corner_and_grows_with_its_size() -> None:
    left, top, right, bottom = changed(painted(Figure("12", "Squats")))
    assert left < 10 and top < 10 and 40 < right < 160 and 40 < bottom < 110
    smaller = changed(painted(Figure("12", "Squats", "top right", size=0.5)))
    assert smaller[2] > 310 and smaller[2] - smaller[0] < right - left


def test_figures_and_texts_of_one_corner_stand_below_each_other() -> None:
    alone = changed(painted(Figure("12", "Squats")))
    both = changed(painted(Figure("12", "Squats"), Text("8 Jumping jacks")))
    assert both[3] > alone[3] + 10


def test_a_figure_has_its_accent_at_the_left() -> None:
    sprite = figure_sprite("7", "Squats", 64, (88, 214, 130))
    assert tuple(sprite.colour[sprite.height // 2, 1]) == (88, 214, 130)
    assert sprite.cover[sprite.height // 2, 1, 0] == 255


def test_a_timeline_lies_along_the_lower_edge_with_its_spans_in_place() -> None:
    strip = Strip(0.0, 10.0, ((2.0, 4.0, "Squat"), (6.0, 8.0, "Plank")), ((0.0, 0.1), (10.0, 0.9)), "0:10")
    picture = painted(strip)
    _, top, _, bottom = changed(picture)
    assert bottom == 239 and 195 < top < 215
    row = picture[233]
    places = {text: np.flatnonzero((np.abs(row - span_colour(text)) < 12).all(axis=1)) for text in ("Squat", "Plank")}
    assert 0.15 * 320 < places["Squat"].min() < places["Squat"].max() < 0.42 * 320
    assert places["Plank"].min() > places["Squat"].max()


def test_what_stands_in_the_lower_corners_stands_above_the_timeline() -> None:
    strip = painted(Strip(0.0, 10.0))
    both = painted(Strip(0.0, 10.0), Text("hello", "bottom left"))
    assert (strip[210:] == both[210:]).all() and (strip[:210] != both[:210]).any()


def test_no_text_or_one_that_is_far_too_long() -> None:
    assert changed(painted(Figure("", ""), Strip(0.0, 0.0, text="x" * 500)))[2] <= 319


WORKOUT = {
    "begin": 0.0, "end": 60.0, "seconds": 60.0, "kcal": 7.5, "kcal_above_rest": 6.4, "mean_met": 6.1,
    "mean_corrected_met": 7.2,
    "person": {"weight": 65.0, "height": 170.0, "age": 30.0, "gender": "female"},
    "exercises": [
        {"exercise": "squat", "title": "Squat", "sets": 2, "reps": 20, "seconds": 40.0, "kcal": 5.0},
        {"exercise": "plank", "title": "Plank", "sets": 1, "reps": 0, "seconds": 15.0, "kcal": 1.5},
    ],
    "bouts": [{"exercise": "squat", "title": "Squat", "begin": 0.0, "end": 30.0, "reps": 20, "kcal": 5.0}],
    "curve": [[float(t), 1.3 + t / 10, t / 8] for t in range(61)],
}  # fmt: skip


def test_the_picture_of_a_workout_has_a_bar_for_each_bout() -> None:
    picture = draw_workout(WORKOUT)
    assert picture.shape[1] == 1200
    first = (picture == np.array(SPAN_COLOURS[0], np.uint8)).all(axis=2)
    widest = first.sum(axis=1).max()
    assert widest > 0.95 * 1088  # the exercise that cost most, in the table
    assert any(0.47 * 1088 < count < 0.53 * 1088 for count in first.sum(axis=1))  # half of the time, on the timeline


def test_a_workout_without_anything() -> None:
    empty = {**WORKOUT, "exercises": [], "bouts": [], "curve": [], "seconds": 0.0, "end": 0.0}
    assert draw_workout(empty).std() > 5


def test_it_is_saved_as_png_or_the_place_is_named(tmp_path: Path) -> None:
    save_workout(WORKOUT, tmp_path / "workout.png")
    with Image.open(tmp_path / "workout.png") as opened:
        assert opened.format == "PNG"
    with pytest.raises(SinkError, match=r"name it workout\.png"):
        save_workout(WORKOUT, tmp_path / "workout.jpg")
    with pytest.raises(SinkError, match="cannot be written"):
        save_workout(WORKOUT, tmp_path / "nowhere" / "workout.png")
