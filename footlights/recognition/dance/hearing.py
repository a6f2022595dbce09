"""What is in a piece of music: its beats, bars, parts, accents and energy."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footlights.media.sound_file import SoundFile, resampled
from footlights.recognition.dance.bars import bars, beat_means, ticks
from footlights.recognition.dance.pulse import CLEAR, pulse
from footlights.recognition.dance.sections import sections
from footlights.recognition.dance.song import Song, steady
from footlights.recognition.dance.spectrum import RATE, TONE_HOP, Spectrum, spectrum

Progress = Callable[[float], None]  # called with the share that is done, 0..1
Stereo = NDArray[np.float32]
LONGEST = 1800.0  # seconds that are listened to: a dance of hours would fill the memory
CALM = 96.0  # beats a minute where there are none to be heard
_QUIET = 1e-4  # the loudest mean amplitude of silence
_RANGE = 18.0  # decibels from the loudest parts of a song down to its energy 0


def hear(path: str | Path, progress: Progress | None = None) -> Song:
    """What is in a file: music of any format, or a video with sound.

    Raises SourceError where it cannot be read or holds no sound. Without a beat (silence, noise) the song has an even
    one at a calm tempo, and says so in its notice.
    """
    with SoundFile(path) as file:
        whole = spectrum(_followed(file.read(RATE), file.seconds, progress))
        return understood(whole, file.title, str(path), cut=whole.seconds >= LONGEST and (file.seconds or 0) > LONGEST)


def hear_sound(samples: Stereo, rate: int, title: str = "sound") -> Song:
    """What is in (2, N), (1, N) or (N,) samples, -1..1."""
    both = np.atleast_2d(np.asarray(samples, np.float32))
    return understood(spectrum(resampled(np.stack([both[0], both[-1]]), rate, RATE)), title, None)


def understood(whole: Spectrum, title: str, path: str | None, *, cut: bool = False) -> Song:
    """The song in a spectrum."""
    notice = f"only the first {LONGEST / 60:.0f} minutes are heard" if cut else ""
    if whole.loudness.max() < _QUIET:
        return steady(
            CALM, max(whole.seconds, 1.0), title=title, path=path, notice="silence: dances to a beat of its own"
        )
    found = pulse(whole)
    if len(found.beats) < 4 or found.clarity < CLEAR:
        return steady(
            CALM,
            max(whole.seconds, 1.0),
            title=title,
            path=path,
            notice="no beat to be heard: dances to one of its own",
        )
    beats = found.beats
    meter, downbeats = bars(whole, beats)
    energy = _energy(whole, beats)
    return Song(
        title=title, path=path, seconds=whole.seconds, beats=beats, downbeats=downbeats, meter=meter,
        tempo=_tempo(beats), sections=sections(whole, beats, downbeats, energy), accents=ticks(whole, beats),
        energy=energy, notice=notice,
    )  # fmt: skip


def _followed(stream: Iterable[Stereo], seconds: float | None, progress: Progress | None) -> Iterator[Stereo]:
    """The stream, no longer than `LONGEST`, telling how far it is."""
    heard = 0
    for whole in stream:
        piece = whole[:, : max(0, round(LONGEST * RATE) - heard)]
        heard += piece.shape[1]
        if progress is not None and seconds:
            progress(min(1.0, heard / RATE / min(seconds, LONGEST)))
        yield piece
        if heard >= LONGEST * RATE:
            break


def _tempo(beats: NDArray[np.float64]) -> float:
    """Beats a minute: the median over stretches of eight beats."""
    span = min(8, len(beats) - 1)
    return float(60 * span / np.median(beats[span:] - beats[:-span]))


def _energy(whole: Spectrum, beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """(B,) 0..1: loudness in decibels below the loud parts, and its rank in the song."""
    loud = beat_means(whole.loudness[:, None].astype(np.float64), beats, RATE / TONE_HOP)[:, 0]
    decibels = 20 * np.log10(np.maximum(loud, 1e-5))
    smooth = np.convolve(np.pad(decibels, 2, mode="edge"), np.ones(5) / 5, "valid")
    level = np.clip(1 + (smooth - np.quantile(smooth, 0.9)) / _RANGE, 0, 1)
    rank = np.argsort(np.argsort(smooth)) / max(1, len(smooth) - 1)
    return np.asarray(0.7 * level + 0.3 * rank)
