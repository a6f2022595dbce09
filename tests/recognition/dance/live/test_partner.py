"""The improviser behind the page's microphone, on clicks as a microphone sends them."""

import numpy as np
import pytest

from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.live.ear import Piece
from footlights.recognition.dance.live.partner import FPS, LEAD, Improvising
from footlights.recognition.dance.planner import Wishes

RATE, SECONDS, TEMPO = 48_000, 20, 110.0


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    """What is danced to twenty seconds of clicks that come in pieces of 43 ms."""
    sound = np.zeros(SECONDS * RATE, np.float32)
    for beat in range(int(SECONDS * TEMPO / 60)):
        first = round(beat * 60 / TEMPO * RATE)
        click = np.sin(np.arange(1200) * 0.15) * np.exp(-np.arange(1200) / 300)
        sound[first : first + 1200] = ((0.9 if beat % 4 == 0 else 0.5) * click)[: len(sound) - first]
    partner = Improvising(RATE, Wishes(style="groove", seed=2), Body())
    return [piece for begin in range(0, len(sound), 2048) for piece in partner.hear(sound[begin : begin + 2048])]


def test_the_dance_goes_on_without_gaps_or_leaps(pieces: list[Piece]) -> None:
    ends = [piece.begin + len(piece.dance) / FPS for piece in pieces]
    np.testing.assert_allclose([piece.begin for piece in pieces[1:]], ends[:-1], atol=1e-6)
    assert ends[-1] > SECONDS - 0.3
    wrists = np.concatenate([piece.dance.joints.wrists for piece in pieces])
    assert np.linalg.norm(np.diff(wrists, axis=0), axis=-1).max() * FPS < 9


def test_it_dances_within_a_bar_of_knowing_the_beat(pieces: list[Piece]) -> None:
    known = next(piece.begin for piece in pieces if piece.tempo)
    danced = next(piece.begin for piece in pieces if piece.phrase)
    assert known < 5
    assert danced + LEAD - known < 4 * 60 / TEMPO
    assert pieces[-1].tempo == pytest.approx(TEMPO, rel=0.02)


def test_the_page_is_told_the_beats(pieces: list[Piece]) -> None:
    beats = np.array(pieces[-1].beats)
    off = (beats * TEMPO / 60 + 0.5) % 1 - 0.5
    assert np.abs(off).max() < 0.12  # of a beat
    assert beats[0] < pieces[-1].begin < beats[-1]


def test_it_is_shown_on_the_beat_although_it_is_shown_late(pieces: list[Piece]) -> None:
    joints = np.concatenate([np.concatenate([p.dance.joints.wrists, p.dance.joints.ankles], 1) for p in pieces])
    times = np.concatenate([p.begin + np.arange(len(p.dance)) / FPS for p in pieces]) + LEAD
    speed = np.linalg.norm(np.gradient(joints, axis=0), axis=-1).sum(-1)
    beats = np.arange(16, int((SECONDS - 1) * TEMPO / 60)) * 60 / TEMPO
    on, between = np.interp(beats, times, speed).mean(), np.interp(beats + 30 / TEMPO, times, speed).mean()
    assert on < 0.7 * between  # phrases come to rest on the beat
