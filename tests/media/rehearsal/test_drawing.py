"""What is drawn: whole people, in the right order of depth, in every room and look."""

import cv2
import numpy as np
import pytest

from footlights.core.skeleton import BODY_INDEX
from footlights.media.rehearsal.face import Expression, Face
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.posture import FACE
from footlights.media.rehearsal.raster import FAR, Box, Raster, Section, profile
from footlights.media.rehearsal.room import ROOMS
from footlights.media.rehearsal.shade import joined
from tests.media.rehearsal.pictures import Still, frames_of

SMALL = "width=320&height=240"
GREY = np.full((8, 16, 3), 128, np.uint8)


@pytest.mark.parametrize("look", range(len(looks())))
@pytest.mark.parametrize("yaw", [0, 60, 180])
def test_nobody_has_cracks(look: int, yaw: int) -> None:
    for table in ({}, {"arms": {"reach": [0.7, 0.6, 0.2]}, "legs": {"floor": [0.3, 0, 0]}, "place": [0, -0.25, 0]}):
        still = Still(f"idle?camera=full&look={look}&yaw={yaw}&{SMALL}", **table)
        still.draw()
        parts, _, sizes, _ = cv2.connectedComponentsWithStats((still.stage.depth < FAR).astype(np.uint8))
        assert parts == 2 or sizes[1:, cv2.CC_STAT_AREA].max() > 0.995 * sizes[1:, cv2.CC_STAT_AREA].sum()


@pytest.mark.parametrize("room", ROOMS)
def test_people_stand_out_from_every_room(room: str) -> None:
    still = Still(f"idle?camera=full&look=3&room={room}&{SMALL}")
    picture, _ = still.draw()
    assert picture.shape == (240, 320, 3)
    person = still.stage.depth < FAR
    assert 20 < picture[~person].mean() < 235
    assert picture[person].std() > 20


def test_the_nearer_of_two_tubes_is_seen() -> None:
    raster = Raster(100, 100, 100.0)
    red, blue = (np.zeros((8, 8, 3), np.uint8) + np.array(c, np.uint8) for c in ((200, 0, 0), (0, 0, 200)))
    thick = profile((0, 0.2), (1, 0.2))
    for first, second in (((red, 3.0), (blue, 2.0)), ((blue, 2.0), (red, 3.0))):
        raster.begin()
        raster.next_figure()
        for colour, away in (first, second):
            raster.tube(np.array([-0.3, 0.0, away]), np.array([0.3, 0.0, away]), thick, colour)
        assert raster.colour[50, 50].tolist() == [0, 0, 200]
        assert raster.depth[50, 50] == pytest.approx(1.8, abs=0.01)


def test_a_tube_is_as_wide_and_as_near_as_its_section_says() -> None:
    side, front = np.array([1.0, 0, 0]), np.array([0, 0, -1.0])
    for turn, width, depth in ((0, 0.2, 0.1), (90, 0.1, 0.2)):
        angle = np.radians(turn)
        spin = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        raster = Raster(200, 200, 200.0)
        raster.next_figure()
        raster.tube(
            np.array([0, -0.5, 4.0]),
            np.array([0, 0.5, 4.0]),
            profile((0, 0.2), (1, 0.2)),
            GREY,
            section=Section(spin @ side, spin @ front, 0.5),
        )
        row = np.nonzero(raster.depth[100] < FAR)[0]
        assert np.ptp(row) == pytest.approx(2 * width * 50, abs=2)
        assert raster.depth[100, 100] == pytest.approx(4.0 - depth, abs=0.01)


def test_a_cut_tube_ends_flat() -> None:
    lengths = []
    for cut in ((False, False), (False, True), (True, True)):
        raster = Raster(200, 200, 200.0)
        raster.next_figure()
        raster.tube(np.array([0, -0.4, 4.0]), np.array([0, 0.4, 4.0]), profile((0, 0.2), (1, 0.2)), GREY, cut=cut)
        lengths.append(int((raster.depth[:, 100] < FAR).sum()))
    assert lengths[0] == pytest.approx(60, abs=2)
    assert lengths[1] == pytest.approx(50, abs=2)
    assert lengths[2] == pytest.approx(40, abs=2)


def test_begin_wipes_what_was_drawn() -> None:
    raster = Raster(100, 100, 100.0)
    raster.next_figure()
    raster.tube(np.array([0.0, 0, 2.0]), np.array([0.3, 0.2, 2.0]), profile((0, 0.1), (1, 0.1)), GREY)
    assert (raster.depth < FAR).any()
    raster.begin()
    assert (raster.depth == FAR).all()
    assert not raster.colour.any()


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    raster = Raster(100, 100, 100.0)
    raster.next_figure()
    raster.tube(np.array([0.0, 0, -1.0]), np.array([0.3, 0.2, 2.0]), profile((0, 0.1), (1, 0.1)), GREY)
    raster.ellipsoid(np.array([0.0, 0, 0.01]), np.eye(3), np.full(3, 0.1), (GREY, GREY))
    assert (raster.depth == FAR).all()


def test_boxes_that_meet_are_joined() -> None:
    apart = joined([Box(0, 0, 10, 10), Box(30, 0, 40, 10), Box(8, 5, 32, 8), Box(60, 60, 70, 70)])
    assert sorted((box.left, box.right) for box in apart) == [(0, 40), (60, 70)]


@pytest.mark.parametrize("part", FACE)
def test_every_part_of_an_expression_changes_the_face_and_nothing_else(part: str) -> None:
    face = Face(looks()[0].skin, looks()[0].hair, looks()[0].iris, size=256)
    plain, changed = face.texture(Expression()), face.texture(Expression(**{part: 0.5}))
    rows, _ = np.nonzero(np.abs(plain.astype(int) - changed).max(axis=2) > 8)
    assert len(rows) > 40
    upper = part in ("brow", "eye", "frown")
    assert (rows.max() < 155) if upper else (rows.max() > 160)


def test_expressions_are_kept_but_not_without_end() -> None:
    face = Face(looks()[1].skin, looks()[1].hair, looks()[1].iris, size=64)
    first = face.texture(Expression())
    assert face.texture(Expression()) is first
    for smile in range(-10, 11):
        for gap in range(4):
            face.texture(Expression(smile=smile / 10, open=gap / 10))
    assert len(face._kept) < 60


def test_expressions_are_rounded_to_what_can_be_seen() -> None:
    assert Expression.rounded(np.array([0.31, 0.0, 0.0, 1.02, 7.0])) == Expression(smile=0.3, eye=1.0, frown=1.0)


def test_somebody_blinks() -> None:
    frames = frames_of(f"idle?camera=head&look=3&fps=15&seed=2&{SMALL}", 75)
    still = Still(f"idle?camera=head&look=3&seed=2&{SMALL}")
    _, truth = still.draw()
    x, y = truth.xy[BODY_INDEX["left_eye"]].astype(int)
    dark = [frame.rgb()[y - 20 : y + 20, x - 40 : x + 40].astype(int).min(axis=2).max() for frame in frames]
    assert min(dark) < max(dark) - 25
