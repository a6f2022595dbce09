import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.media.canvas import Canvas, cut_out, ink, plate
from footlights.media.picture import Matrix, from_planes
from footlights.media.sprites import Colour, Sprite

RED: Colour = (210, 30, 40)
GREY: Colour = (90, 90, 90)


def canvas(width: int = 64, height: int = 48, colour: Colour = GREY, matrix: Matrix = "bt601") -> Canvas:
    made = Canvas.of(np.zeros((height * 3 // 2, width), np.uint8), matrix)
    made.fill(colour)
    return made


def rgb(drawn: Canvas) -> np.ndarray:
    planes = np.concatenate([plane.ravel() for plane in (drawn.y, drawn.u, drawn.v)])
    return from_planes(planes.reshape(-1, drawn.width), drawn.matrix).rgb(drawn.width, drawn.height)


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("colour", [RED, GREY, (0, 0, 0), (255, 255, 255), (20, 200, 90), (10, 60, 230)])
def test_a_colour_stays_itself(colour: Colour, matrix: Matrix) -> None:
    shown = rgb(canvas(colour=colour, matrix=matrix)).astype(int)
    assert np.abs(shown - colour).max() <= 4


def test_the_ink_is_that_of_the_standard() -> None:
    assert ink((255, 0, 0), "bt601") == (81, 90, 240)
    assert ink((255, 0, 0), "bt709") == (63, 102, 240)
    assert ink((255, 255, 255), "bt709") == (235, 128, 128)


def test_a_box_has_its_colour_and_leaves_the_inside_free() -> None:
    drawn = canvas()
    drawn.box(np.array([10, 8, 40, 30], np.float32), RED, 2)
    shown = rgb(drawn).astype(int)
    assert np.abs(shown[8, 20] - RED).max() < 12
    assert np.abs(shown[18, 40] - RED).max() < 12
    assert np.abs(shown[18, 24] - GREY).max() < 4


def test_a_part_is_drawn_on_the_whole() -> None:
    drawn = canvas()
    drawn.part(32, 24, 32, 24).fill(RED)
    shown = rgb(drawn).astype(int)
    assert np.abs(shown[30:, 36:] - RED).max() <= 4
    assert np.abs(shown[:20, :] - GREY).max() <= 4
    assert np.abs(shown[:, :28] - GREY).max() <= 4


def test_lines_join_their_points() -> None:
    drawn = canvas()
    points = np.array([[4, 40], [60, 40], [60, 4]], np.float32)
    drawn.lines(points, np.array([[0, 1]]), RED, 2)
    shown = rgb(drawn).astype(int)
    assert shown[40, 30, 0] > 180
    assert shown[20, 60, 0] < 100
    drawn.lines(points, np.zeros((0, 2), int), RED, 2)
    assert (rgb(drawn) == shown).all()


def test_a_plate_holds_its_text_in_its_colours() -> None:
    stamp = plate("HALLO", 16, (255, 255, 255), RED, "bt601")
    assert stamp.width % 2 == stamp.height % 2 == 0
    drawn = canvas(stamp.width, stamp.height)
    drawn.stamp(stamp, 0, 0)
    shown = rgb(drawn).astype(int)
    assert np.abs(shown[0] - RED).max() < 12
    assert (shown.min(axis=2) > 200).sum() > 40
    assert plate("HALLO", 16, (255, 255, 255), RED, "bt601") is stamp


def test_what_is_cut_out_is_laid_over_the_picture() -> None:
    cover = np.zeros((17, 17, 1), np.uint8)
    cv2.circle(cover, (8, 8), 6, 255, -1)
    sprite = Sprite((np.array(RED, np.uint8) * (cover > 0)).astype(np.uint8), cover)
    drawn = canvas()
    drawn.stamp(cut_out(sprite, "bt601"), 20, 10)
    shown = rgb(drawn).astype(int)
    assert np.abs(shown[18, 28] - RED).max() < 12
    assert np.abs(shown[10, 20] - GREY).max() <= 4
    assert np.abs(shown[40:] - GREY).max() <= 4
    assert cut_out(sprite, "bt601").width == 18


def test_half_a_cover_is_half_of_both() -> None:
    sprite = Sprite(np.full((8, 8, 3), 100, np.uint8), np.full((8, 8, 1), 128, np.uint8))
    drawn = canvas(colour=(100, 100, 100))
    drawn.stamp(cut_out(sprite, "bt601"), 0, 0)
    assert np.abs(rgb(drawn)[2, 2].astype(int) - 150).max() <= 3


def test_a_bar_is_filled_up_to_its_share() -> None:
    drawn = canvas()
    drawn.bar(4, 10, 40, 8, 0.5, RED, (0, 0, 0))
    shown = rgb(drawn).astype(int)
    assert np.abs(shown[14, 8:22] - RED).max() < 12
    assert shown[14, 26:42].max() < 12


def test_what_is_past_is_dark_and_pale() -> None:
    drawn = canvas(colour=RED)
    drawn.dim()
    shown = rgb(drawn).astype(int)[10, 10]
    assert shown.max() < 110
    assert shown.max() - shown.min() < (max(RED) - min(RED)) / 2


@settings(max_examples=40, deadline=None)
@given(st.integers(-200, 200), st.integers(-200, 200), st.integers(1, 99), st.booleans())
def test_stamps_and_bars_outside_are_left_out(left: int, top: int, side: int, opaque: bool) -> None:
    drawn = canvas(32, 20)
    sprite = Sprite(np.full((side, side, 3), 250, np.uint8), np.full((side, side, 1), 255, np.uint8))
    drawn.stamp(plate("x" * (side // 9), 12, RED, RED, "bt601") if opaque else cut_out(sprite, "bt601"), left, top)
    drawn.bar(left, top, side, side // 3, 0.7, RED, RED)
    if left >= 32 or top >= 20:
        assert (drawn.y == canvas(32, 20).y).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=4, max_size=4))
def test_any_box_and_any_line_can_be_drawn(edges: list[float]) -> None:
    drawn = canvas(32, 20)
    drawn.box(np.array(edges, np.float32), RED, 2)
    drawn.lines(np.array(edges, np.float32).reshape(2, 2), np.array([[0, 1]]), RED, 1)
    assert set(np.unique(drawn.u)) <= {ink(RED, "bt601")[1], ink(GREY, "bt601")[1]}
