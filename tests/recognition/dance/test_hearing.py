"""Beats, bars and sections against sound whose truth is known."""

from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.recognition.dance.hearing import hear, hear_sound
from footlights.recognition.dance.song import Song
from footlights.recognition.dance.spectrum import mel_filters
from tests.recognition.dance.clicks import RATE, clicks, f_measure, write_wav
from tests.recognition.dance.songs import BAR, made_song

TEMPI = (60, 75, 90, 110, 130, 150, 175, 200)


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize(("drift", "swing"), [(0.0, 0.0), (0.1, 0.667), (-0.1, 0.0), (0.0, 0.6)])
def test_beats_bars_and_meter_of_click_tracks(meter: int, drift: float, swing: float) -> None:
    for tempo in TEMPI:
        track = clicks(tempo, meter, 16.0, swing=swing, drift=drift)
        song = hear_sound(track.samples, track.rate)
        assert f_measure(song.beats, track.beats) >= 0.97, tempo
        assert song.meter == meter, tempo
        assert f_measure(song.beats[song.downbeats], track.beats[track.downbeats]) >= 0.97, tempo


def test_beats_lie_on_the_clicks_to_a_hundredth_of_a_second() -> None:
    track = clicks(128, seconds=30.0)
    song = hear_sound(track.samples, track.rate)
    off = song.beats - track.beats[np.abs(song.beats[:, None] - track.beats).argmin(1)]
    assert np.abs(off).mean() < 0.006
    assert abs(off.mean()) < 0.004


def test_the_metronome_within_a_hundredth(data: Path) -> None:
    song = hear(data / "dance/music/metronome.ogg")
    assert song.tempo == pytest.approx(120.0, rel=0.01)
    assert np.diff(song.beats) == pytest.approx(np.full(len(song.beats) - 1, 0.5), abs=0.03)
    assert song.notice == ""


def test_parts_that_sound_alike_share_a_label_and_the_loud_one_has_more_energy() -> None:
    made = made_song("ABAB", bars=8)
    song = hear_sound(made.samples, made.rate)
    assert f_measure(song.beats, made.beats) >= 0.97
    labels = np.empty(len(song.beats), object)
    for section in song.sections:
        labels[section.begin : section.end] = section.label
    middle = [labels[(2 * part + 1) * 4 * BAR] for part in range(4)]  # half way through each of the parts
    assert middle[0] == middle[2] != middle[1] == middle[3]
    quiet, loud = (np.mean([s.energy for s in song.sections if s.label == name]) for name in middle[:2])
    assert loud > quiet + 0.2


def test_sections_cover_the_beats_without_gaps() -> None:
    made = made_song("ABC", bars=6)
    song = hear_sound(made.samples, made.rate)
    assert song.sections[0].begin == 0
    assert song.sections[-1].end == len(song.beats)
    assert all(one.end == other.begin for one, other in zip(song.sections, song.sections[1:], strict=False))
    assert song.accents.shape == (len(song.beats), 4)
    assert song.energy.min() >= 0
    assert song.energy.max() <= 1


@pytest.mark.parametrize(
    ("sound", "words"),
    [(np.zeros((2, 8 * RATE), np.float32), "silence"),
     (np.random.default_rng(0).normal(0, 0.1, (2, 20 * RATE)).astype(np.float32), "no beat"),
     (clicks(120, seconds=1.0).samples, "no beat"),
     (np.zeros((1, 0), np.float32), "silence"),
     (np.full((1, 5 * RATE), np.nan, np.float32), "silence")],
    ids=["silence", "noise", "one second", "nothing", "not a number"],
)  # fmt: skip
def test_without_a_beat_the_song_has_a_calm_one_and_says_so(sound: np.ndarray, words: str) -> None:
    song = hear_sound(sound, RATE)
    assert words in song.notice
    assert len(song.beats) >= 2
    assert song.tempo < 100
    assert song.sections[-1].end == len(song.beats)


def test_any_rate_and_mono_give_the_same_beats() -> None:
    track = clicks(125, seconds=20.0, rate=44100)
    whole = hear_sound(track.samples, 44100)
    small = clicks(125, seconds=20.0, rate=8000)
    mono = hear_sound(small.samples[:1], 8000)
    assert whole.beats == pytest.approx(track.beats, abs=0.02)
    assert mono.beats == pytest.approx(track.beats, abs=0.03)


def test_a_file_is_heard_with_progress_and_comes_back_from_json(tmp_path: Path) -> None:
    track = clicks(100, seconds=12.0)
    path = tmp_path / "clicks.wav"
    write_wav(path, track.samples, track.rate)
    shares: list[float] = []
    song = hear(path, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=0.02)
    assert song.title == "clicks"
    again = Song.from_json(song.json())
    assert again.beats == pytest.approx(song.beats, abs=1e-4)
    assert again.sections[0].label == song.sections[0].label
    assert (again.meter, again.path) == (song.meter, str(path))


def test_what_cannot_be_heard_is_one_clear_line(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(np.random.default_rng(0).bytes(20_000))
    empty = tmp_path / "empty.ogg"
    empty.write_bytes(b"")
    for path in (damaged, empty, tmp_path / "missing.wav", tmp_path):
        with pytest.raises(SourceError) as raised:
            hear(path)
        assert path.name in str(raised.value)
        assert "\n" not in str(raised.value)


def test_mel_bands_are_those_of_librosa() -> None:
    """Golden values of `librosa.filters.mel(sr=22050, n_fft=1024, n_mels=64, fmin=30)`, version 0.11.0."""
    filters = mel_filters(1024)
    golden = {0: (4, 0.0176127, 0.0462580), 10: (27, 0.0171400, 0.0457853), 30: (86, 0.0092084, 0.0460250)}
    for band, (peak, height, area) in golden.items():
        assert int(filters[band].argmax()) == peak
        assert filters[band].max() == pytest.approx(height, abs=1e-6)
        assert filters[band].sum() == pytest.approx(area, abs=1e-6)
