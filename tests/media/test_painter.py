import itertools
import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from footlights.core.cue import Badge, Bar, Cue, Overlay, Show, Text
from footlights.core.frame import Frame
from footlights.core.scene import Face, Hand, Pose, Region, Scene, Track
from footlights.core.skeleton import BODY_INDEX
from footlights.media.painter import TRACK_COLOURS, Painter
from footlights.media.picture import ArrayPicture
from tests.media.conftest import grey

WIDTH, HEIGHT = 320, 240


def a_scene(*cues: Cue, tracks: list[Track] | None = None, level: int = 128) -> Scene:
    return Scene(Frame(ArrayPicture(grey(level, WIDTH, HEIGHT)), 0.0, "stage", 0), tracks=tracks or [], cues=list(cues))


def changed(scene: Scene, painter: Painter | None = None) -> np.ndarray:
    """(H, W) where the painter has drawn."""
    painted = (painter or Painter()).paint(scene)
    return np.abs(painted.astype(int) - scene.frame.rgb()).max(axis=2) > 8


def near(painted: np.ndarray, colour: tuple[int, int, int], tolerance: int = 40) -> np.ndarray:
    return (np.abs(painted.astype(int) - colour).max(axis=2) < tolerance).nonzero()[0]


def a_pose(visible: dict[str, tuple[float, float]]) -> Pose:
    xy, visibility = np.zeros((33, 2), np.float32), np.zeros(33, np.float32)
    for name, place in visible.items():
        xy[BODY_INDEX[name]] = place
        visibility[BODY_INDEX[name]] = 0.9
    return Pose(xy, np.zeros(33, np.float32), visibility, np.zeros((33, 3), np.float32), 0.9, Region(0, 0, 1, 0))


def a_track(track: int = 1, box: tuple[float, ...] = (100, 80, 220, 230)) -> Track:
    return Track(track, "person", np.array(box, np.float32), 0.9, 0.0, 0.0)


def test_nothing_to_draw_leaves_the_picture() -> None:
    scene = a_scene(Show("https://example.org/show.mp4"))
    painted = Painter().paint(scene)
    assert np.array_equal(painted, scene.frame.rgb())
    painted[:] = 0
    assert int(scene.frame.rgb().min()) == 128


def test_only_visible_landmarks_are_drawn() -> None:
    track = a_track()
    track.pose = a_pose({"left_shoulder": (40, 40), "left_elbow": (80, 40)})
    without = changed(a_scene(tracks=[a_track()]))
    drawn = changed(a_scene(tracks=[track])) & ~without
    assert drawn[40, 45:75].all()
    rows, columns = drawn.nonzero()
    assert 30 <= columns.min() <= columns.max() <= 90
    assert 30 <= rows.min() <= rows.max() <= 50


def test_hands_and_faces_are_drawn() -> None:
    track = a_track()
    fingers = np.stack([np.linspace(20, 60, 21), np.linspace(150, 200, 21)], axis=1).astype(np.float32)
    flat = (np.zeros(21, np.float32), np.zeros((21, 3), np.float32))
    track.hands = {"left": Hand(fingers, *flat, 0.9, "left", Region(0, 0, 1, 0))}
    track.face = Face(np.array([250, 20, 300, 70], np.float32), np.full((6, 2), 275, np.float32), 0.9, 0.0)
    drawn = changed(a_scene(tracks=[track])) & ~changed(a_scene(tracks=[a_track()]))
    assert drawn[145:205, 15:65].sum() > 50
    assert drawn[15:75, 245:305].sum() > 20


def test_two_people_have_two_colours() -> None:
    painted = Painter().paint(a_scene(tracks=[a_track(1), a_track(2, (10, 80, 90, 230))]))
    assert len(near(painted, TRACK_COLOURS[1]))
    assert len(near(painted, TRACK_COLOURS[2]))
    assert not len(near(painted, TRACK_COLOURS[4]))


def test_badges_of_a_track_stand_above_it_and_apart() -> None:
    one = changed(a_scene(Badge(1, "X"), tracks=[a_track()])) & ~changed(a_scene(tracks=[a_track()]))
    two = changed(a_scene(Badge(1, "X"), Badge(1, "12"), tracks=[a_track()])) & ~changed(a_scene(tracks=[a_track()]))
    assert one.nonzero()[0].max() < 82
    assert two.nonzero()[0].min() < one.nonzero()[0].min() - 8
    assert two[one].all()


def test_a_badge_of_somebody_who_left_is_not_drawn() -> None:
    assert not changed(a_scene(Badge(9, "X"), Bar("effort", 0.5, track=9))).any()


def test_badges_of_somebody_at_the_upper_edge_stay_inside() -> None:
    near_us = a_track(box=(0, -20, WIDTH, HEIGHT))
    badges = [Badge(1, "one"), Badge(1, "two"), Badge(1, "three")]
    drawn = [changed(a_scene(*badges[:count], tracks=[near_us])) for count in range(4)]
    rows = [(late & ~early).nonzero()[0] for early, late in itertools.pairwise(drawn)]
    assert [len(row) > 50 for row in rows] == [True] * 3
    assert rows[0].max() < rows[1].min()
    assert rows[1].max() < rows[2].min()


@pytest.mark.parametrize(
    ("corner", "rows", "columns"),
    [
        ("top left", slice(0, 40), slice(0, 120)),
        ("top", slice(0, 40), slice(100, 220)),
        ("top right", slice(0, 40), slice(200, 320)),
        ("bottom left", slice(200, 240), slice(0, 120)),
        ("bottom", slice(200, 240), slice(100, 220)),
        ("bottom right", slice(200, 240), slice(200, 320)),
    ],
)
def test_texts_stand_in_their_corners(corner: str, rows: slice, columns: slice) -> None:
    drawn = changed(a_scene(Text("hello", corner)))
    assert drawn[rows, columns].sum() == drawn.sum() > 100


@pytest.mark.parametrize("corner", ["top left", "bottom right"])
def test_texts_in_one_corner_do_not_cover_each_other(corner: str) -> None:
    one = changed(a_scene(Text("one", corner, "alarm")))
    two = changed(a_scene(Text("one", corner, "alarm"), Text("two", corner, "good"))) & ~one
    first, second = one.nonzero()[0], two.nonzero()[0]
    assert len(second) > 50
    assert second.min() > first.max() if corner == "top left" else first.min() > second.max()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_text_is_readable_on_any_background(level: int) -> None:
    painted = Painter().paint(a_scene(Text("HHHHHH"), level=level)).astype(int)
    plate = painted[8:24, 10:40].max(axis=2)
    assert plate.max() - plate.min() > 100


def test_a_bar_is_as_long_as_its_value() -> None:
    def filled(value: float) -> int:
        painted = Painter().paint(a_scene(Bar("effort", value, tone="alarm")))
        return len(near(painted, (255, 84, 92)))

    assert filled(0.0) == filled(float("nan")) < filled(0.3) < filled(0.9) <= filled(1.0) == filled(7.0)


def smile(folder: Path) -> Path:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[:, :20] = (255, 0, 0, 255)
    Pillow.fromarray(rgba).save(folder / "smile.png")
    return folder / "smile.png"


def test_an_overlay_lies_where_it_should(tmp_path: Path) -> None:
    path = smile(tmp_path)
    overlay = Overlay(str(path), 100, 120, 60)
    painted = Painter().paint(a_scene(overlay))
    assert painted[120, 80].tolist() == [255, 0, 0]
    assert painted[120, 120].tolist() == [128, 128, 128]
    quarter = Painter().paint(a_scene(replace(overlay, angle=math.pi / 2)))
    assert quarter[100, 100].tolist() == [255, 0, 0]
    assert quarter[140, 100].tolist() == [128, 128, 128]
    faint = Painter().paint(a_scene(replace(overlay, alpha=0.5)))
    assert faint[120, 80].tolist() == pytest.approx([192, 64, 64], abs=2)
    named = Painter({"smile": path}).paint(a_scene(replace(overlay, name="smile")))
    assert np.array_equal(named, painted)


def test_an_overlay_that_is_missing_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    painter = Painter()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert not changed(a_scene(Overlay("none.png", 50, 50, 20)), painter).any()
    assert len(caplog.messages) == 1
    assert "none.png" in caplog.messages[0]


ANY = st.floats(width=32)
PLACES = st.floats(-2000, 2000, width=32)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.lists(ANY, min_size=4, max_size=4),
    st.lists(st.tuples(ANY, ANY), min_size=33, max_size=33),
    st.text(max_size=200),
    ANY,
)
def test_the_oddest_scene_is_painted_twice_alike(
    width: int, height: int, box: list[float], points: list[tuple[float, float]], text: str, value: float
) -> None:
    track = a_track(3, tuple(box))
    track.pose = replace(a_pose({}), xy=np.array(points, np.float32), visibility=np.ones(33, np.float32))
    scene = Scene(Frame(ArrayPicture(grey(60, width, height)), 0.0, "stage", 0), tracks=[track])
    scene.cues = [Badge(3, text), Text(text, "bottom"), Bar(text, value, track=3), Bar(text, value)]
    first, second = Painter().paint(scene), Painter().paint(scene)
    assert first.shape == (height, width, 3)
    assert np.array_equal(first, second)


@settings(max_examples=40, deadline=None)
@given(x=PLACES, y=PLACES, size=st.floats(-10, 500), angle=st.floats(-10, 10), alpha=st.floats(-1, 2))
def test_an_overlay_may_lie_anywhere(
    x: float, y: float, size: float, angle: float, alpha: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = smile(tmp_path_factory.mktemp("overlay"))
    assert Painter().paint(a_scene(Overlay(str(path), x, y, size, angle, alpha))).shape == (HEIGHT, WIDTH, 3)


def test_letters_that_the_own_font_lacks_are_drawn_as_letters() -> None:
    assert not np.array_equal(Painter().paint(a_scene(Text("ä"))), Painter().paint(a_scene(Text("ö"))))
