"""What the learned model hears."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.recognition.dance.music import MELS, RATE, SIZE, music_tokens, read_sound
from footlights.recognition.dance.song import steady
from footlights.recognition.dance.tokens import grid

SONG = steady(120, 8.0)
TIME = np.arange(8 * RATE) / RATE


def tone(hertz: float, sign: float = 1.0) -> np.ndarray:
    wave = 0.4 * np.sin(2 * np.pi * hertz * TIME)
    return np.stack([wave, sign * wave]).astype(np.float32)


def test_middle_and_side_are_heard_apart() -> None:
    middle, side = music_tokens(tone(440), RATE, grid(SONG)), music_tokens(tone(440, -1), RATE, grid(SONG))
    assert middle.shape == (4 * len(grid(SONG)), SIZE)
    assert middle[8, :MELS].max() > 1 and middle[8, MELS : 2 * MELS].max() < 0.01
    assert side[8, MELS : 2 * MELS].max() > 1 and side[8, :MELS].max() < 0.01


def test_a_tone_has_its_pitch_class() -> None:
    place = 2 * MELS + 6
    assert music_tokens(tone(440), RATE, grid(SONG))[10, place : place + 12].argmax() == 0
    assert music_tokens(tone(440 * 2 ** (3 / 12)), RATE, grid(SONG))[10, place : place + 12].argmax() == 3


def test_clicks_are_heard_when_they_come() -> None:
    sound = np.zeros((2, len(TIME)), np.float32)
    for beat in range(16):
        sound[:, int(beat * 0.5 * RATE) : int(beat * 0.5 * RATE) + 200] = 0.8
    onsets = music_tokens(sound, RATE, grid(SONG))[:, 2 * MELS : 2 * MELS + 6].reshape(-1, 8, 3).sum(-1)
    on, off = onsets[2:14], onsets[2:14, 4:]
    assert (on.argmax(1) <= 1).all() and on.max() > 5 * max(off.max(), 1e-3)


def test_another_rate_is_heard_alike() -> None:
    one = music_tokens(tone(440), RATE, grid(SONG))
    high = np.repeat(tone(440), 2, axis=1)
    np.testing.assert_allclose(music_tokens(high, 2 * RATE, grid(SONG))[6:24, :128], one[6:24, :128], atol=0.3)


def test_without_sound_there_is_the_beat() -> None:
    tokens = music_tokens(None, 0, grid(SONG))
    assert (tokens[:, :-17] == 0).all() and (tokens[:, -17:-1].sum(1) == 1).all()
    assert tokens[:16, -17:-1].argmax(1).tolist() == list(range(16)) and tokens[0, -1] == pytest.approx(0.3)
    assert (music_tokens(np.zeros((2, 1000), np.float32), RATE, grid(SONG))[40:, :128] == 0).all()


def test_files_are_read_no_further_than_wished(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray((tone(440).T * 30000).astype(np.int16).reshape(1, -1), "s16", "stereo")
        frame.rate, frame.time_base = RATE, Fraction(1, RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert read_sound(path).shape == (2, len(TIME))
    assert read_sound(path, longest=2.0).shape == (2, 2 * RATE)
    with pytest.raises(SourceError):
        read_sound(tmp_path / "none.wav")
