"""Contact sheets of phrases and of dances."""

import numpy as np

from footlights.recognition.dance.contact_sheet import TILE, contact_sheet, rounds
from footlights.recognition.dance.phrase import phrase
from tests.recognition.dance.performed import a_dance

WIDTH, HEIGHT = TILE


def drawn(tile: np.ndarray) -> float:
    """The share of a tile that is neither wall, floor nor writing."""
    grey = np.ptp(tile[20:-20].astype(int), axis=-1) > 24
    return float(grey.mean())


def test_a_phrase_is_shown_at_every_half_beat_and_moves() -> None:
    sheet = contact_sheet(phrase("running_man"), 5)
    assert sheet.shape == (2 * HEIGHT, 5 * WIDTH, 3)
    tiles = [
        sheet[row : row + HEIGHT, left : left + WIDTH] for row in (0, HEIGHT) for left in range(0, 5 * WIDTH, WIDTH)
    ]
    assert all(drawn(tile) > 0.03 for tile in tiles[:9])
    assert drawn(tiles[9]) == 0, "four beats have nine half beats"
    knee_up, landed = (tile[HEIGHT // 2 :].astype(int) for tile in tiles[1:3])
    assert np.abs(knee_up - landed).mean() > 2
    assert tiles[2][HEIGHT // 2, 2].min() > tiles[1][HEIGHT // 2, 2].max(), "light on the beat, dark between"


def test_it_can_be_seen_from_the_side() -> None:
    front, side = (contact_sheet(phrase("easy_bounce"), 9, yaw=yaw) for yaw in (0.0, 90.0))
    assert front.shape == side.shape
    assert np.abs(front.astype(int) - side.astype(int)).mean() > 2


def test_a_dance_is_shown_whole() -> None:
    dance = a_dance(seconds=4.0)
    sheet = contact_sheet(dance, 8)
    assert sheet.shape == (-(-2 * len(dance.song.beats) // 8) * HEIGHT, 8 * WIDTH, 3)


def test_the_rounds_of_a_phrase_follow_one_another() -> None:
    one = phrase("two_step_clap")
    dance = rounds(one, 120.0, 3)
    assert [span.name for span in dance.phrases] == [one.name] * 3
    ends = np.round(np.array([1, 2]) * one.beats * 0.5 * dance.fps).astype(int)
    here, there = (dance.joints.wrists[end] - dance.joints.pelvis[end] for end in ends)
    assert np.abs(here - there).max() < 0.03
