"""Music made to order, so that a dancer has songs to learn from: drums, bass, chords and a tune, all of it known.

Nobody would buy a record of it. What matters: tempo, bars, sections that come again, quiet and loud parts and left and
right that differ, all drawn from one seed, with the truth about them beside the sound.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.song import Section, Song

RATE = 22050
_PLANS = ("ABABCB", "AABA", "ABCABC", "ABAC", "AABBAB")
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10))
_CHORDS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 4), (0, 2, 3, 4))


@dataclass(frozen=True, eq=False)
class MadeTrack:
    """A song and its sound."""

    song: Song
    sound: NDArray[np.float32]  # (2, N)
    rate: int


@dataclass(frozen=True)
class _Part:
    """How one section sounds."""

    kicks: tuple[float, ...]  # beats of the bar
    snares: tuple[float, ...]
    hats: int  # to a beat; 0: none
    bass: bool
    chords: tuple[int, ...]  # degrees, a bar each
    tune: tuple[int, ...]  # degrees, half a beat each; -1: a rest
    loud: float  # 0..1


def made_track(seed: int, seconds: float = 90.0) -> MadeTrack:
    """A song about so long, the same for the same seed."""
    rng = np.random.default_rng((seed, 811))
    meter = 3 if rng.random() < 0.12 else 4
    tempo = float(rng.uniform(86, 166))
    form = _PLANS[int(rng.integers(len(_PLANS)))]
    bars = max(2, round(seconds * tempo / 60 / meter / len(form) / 2) * 2)
    beats: Reals = np.arange(bars * meter * len(form), dtype=np.float64) * (60 / tempo)
    parts = {label: _part(rng, meter) for label in sorted(set(form))}
    scale, root = _SCALES[int(rng.integers(len(_SCALES)))], float(rng.uniform(41, 53))
    sound = np.zeros((2, int((beats[-1] + 60 / tempo + 0.4) * RATE)), np.float32)
    accents = np.zeros((len(beats), 4))
    for index, label in enumerate(form):
        first = index * bars * meter
        _play(sound, accents, beats[first : first + bars * meter], first, parts[label], meter, scale, root, rng)
    sound *= 0.8 / max(float(np.abs(sound).max()), 1e-6)
    per = bars * meter
    energy = np.repeat([parts[label].loud for label in form], per)
    sections = tuple(Section(n * per, (n + 1) * per, label, parts[label].loud) for n, label in enumerate(form))
    song = Song(
        title=f"made to order {seed}", path=None, seconds=sound.shape[1] / RATE, beats=beats,
        downbeats=np.arange(0, len(beats), meter), meter=meter, tempo=tempo, sections=sections,
        accents=accents / max(accents.max(), 1e-6), energy=energy,
    )  # fmt: skip
    return MadeTrack(song, sound, RATE)


def _part(rng: np.random.Generator, meter: int) -> _Part:
    loud = float(rng.uniform(0.25, 1.0))
    kicks = (0.0,) if meter == 3 else ((0.0, 1.0, 2.0, 3.0), (0.0, 2.0), (0.0, 2.5), (0.0, 1.5, 2.0))[rng.integers(4)]
    snares = (1.0, 2.0) if meter == 3 else (1.0, 3.0)
    tune = rng.integers(-2, 8, 8)
    return _Part(
        kicks=tuple(kicks), snares=snares if loud > 0.35 else (), hats=int(rng.integers(0, 3)) if loud > 0.3 else 0,
        bass=bool(loud > 0.4), chords=_CHORDS[int(rng.integers(len(_CHORDS)))],
        tune=tuple(int(max(step, -1)) for step in tune), loud=loud,
    )  # fmt: skip


def _play(
    sound: NDArray[np.float32], accents: Reals, beats: Reals, first: int, part: _Part, meter: int,
    scale: tuple[int, ...], root: float, rng: np.random.Generator,
) -> None:  # fmt: skip
    """One section: every hit at its time; accents say how strong each quarter of a beat is."""
    period = float(beats[1] - beats[0])
    for number, time in enumerate(beats):
        place, chord = number % meter, part.chords[number // meter % len(part.chords)]
        hits = [(beat - place, _KICK, 0.9, 0.5) for beat in part.kicks if place <= beat < place + 1]
        hits += [(0.0, _SNARE, 0.6, 0.5) for beat in part.snares if beat == place]
        hits += [(step / part.hats, _HAT, 0.22, 0.7) for step in range(part.hats)]
        if part.bass:
            hits.append((0.0, _tone(_pitch(scale, root, chord), period, 4), 0.45, 0.5))
        for half in (0, 1):
            degree = part.tune[(2 * number + half) % len(part.tune)]
            if degree >= 0:
                hits.append((half / 2, _tone(_pitch(scale, root + 24, chord + degree), period / 2, 2), 0.2, 0.3))
        if place == 0:
            chords = sum(_tone(_pitch(scale, root + 12, chord + step), period * meter, 1) for step in (0, 2, 4))
            hits.append((0.0, np.asarray(chords), 0.12, 0.6))
        for offset, wave, volume, right in hits:
            strength = volume * (0.35 + 0.65 * part.loud) * float(rng.uniform(0.9, 1.1))
            _add(sound, time + offset * period, wave * strength, right)
            accents[first + number, min(int(offset * 4 + 1e-6), 3)] += strength


def _add(sound: NDArray[np.float32], time: float, wave: Reals, right: float) -> None:
    begin = round(time * RATE)
    wave = wave[: max(0, sound.shape[1] - begin)]
    sound[0, begin : begin + len(wave)] += wave * (1 - right)
    sound[1, begin : begin + len(wave)] += wave * right


def _pitch(scale: tuple[int, ...], root: float, degree: int) -> float:
    """Hz of a step of the scale above a root, which counts in half tones as MIDI does."""
    return float(440 * 2 ** ((root + scale[degree % len(scale)] + 12 * (degree // len(scale)) - 69) / 12))


def _tone(hertz: float, seconds: float, overtones: int) -> Reals:
    time = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, overtones + 1))
    return np.asarray(wave * np.minimum(time / 0.008, 1) * np.exp(-2.5 * time / seconds))


def _drum(seconds: float, fall: float, tone: float, noise: float) -> Reals:
    time = np.arange(int(seconds * RATE)) / RATE
    rattle = np.random.default_rng(7).uniform(-1, 1, len(time))
    body = np.sin(2 * np.pi * tone * (time + 0.01 * np.exp(-time / 0.02)))
    return np.asarray(((1 - noise) * body + noise * rattle) * np.exp(-time / fall))


_KICK, _SNARE, _HAT = _drum(0.25, 0.09, 52, 0.03), _drum(0.16, 0.05, 190, 0.7), _drum(0.06, 0.015, 6000, 0.95)
