"""What the lights do at every moment: colours of the section, pulses on the beat, where the beams point.

Everything is a function of media time and the song, so that any frame can be drawn by anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.song import Song

LAMPS = np.array([[x, 3.55, -2.4] for x in (-3.9, -2.4, -0.9, 0.9, 2.4, 3.9)])  # (6, 3) metres, stage coordinates
TUBES = np.array([-6.6, -5.2, -3.8, 3.8, 5.2, 6.6])  # metres from the middle: upright tubes of light at both sides
PATTERNS = ("bars", "rings", "waves", "chevrons")
_FADE = 0.45  # seconds from one section's colours to the next one's
_DECAY = 0.20  # seconds in which a pulse falls to a third
_OPENING, _ENDING = 1.2, 1.6  # seconds from the dark and back
_AIM = 2.4  # metres to each side that beams reach on the floor

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """Colours of a section, RGB 0..1."""

    left: Colour  # the lamp behind the dancer, at the left of the picture
    right: Colour
    wall: Colour  # the screen's dark parts
    bright: Colour  # and its bright ones
    key: Colour = (1.0, 0.97, 0.93)  # the spot from the front


PALETTES: Mapping[str, tuple[Palette, ...]] = {
    "club": (
        Palette((0.10, 0.55, 1.0), (1.0, 0.12, 0.62), (0.10, 0.06, 0.42), (0.20, 0.72, 1.0)),
        Palette((1.0, 0.16, 0.45), (1.0, 0.55, 0.12), (0.42, 0.05, 0.16), (1.0, 0.38, 0.30)),
        Palette((0.18, 1.0, 0.72), (0.35, 0.30, 1.0), (0.02, 0.24, 0.30), (0.25, 1.0, 0.75)),
        Palette((0.75, 0.25, 1.0), (0.15, 0.75, 1.0), (0.26, 0.05, 0.40), (0.82, 0.40, 1.0)),
    ),
    "theatre": (
        Palette((1.0, 0.72, 0.38), (0.95, 0.30, 0.18), (0.32, 0.05, 0.06), (1.0, 0.62, 0.28)),
        Palette((0.55, 0.66, 1.0), (1.0, 0.80, 0.52), (0.06, 0.10, 0.30), (0.62, 0.74, 1.0)),
        Palette((1.0, 0.50, 0.62), (1.0, 0.84, 0.55), (0.34, 0.07, 0.17), (1.0, 0.68, 0.62)),
    ),
    "ice": (
        Palette((0.55, 0.85, 1.0), (0.25, 0.45, 1.0), (0.03, 0.12, 0.28), (0.70, 0.92, 1.0)),
        Palette((0.40, 0.62, 1.0), (0.70, 0.95, 1.0), (0.05, 0.08, 0.30), (0.52, 0.72, 1.0)),
        Palette((0.45, 1.0, 0.92), (0.40, 0.55, 1.0), (0.02, 0.19, 0.25), (0.55, 1.0, 0.94)),
    ),
    "sunset": (
        Palette((1.0, 0.45, 0.12), (0.85, 0.15, 0.55), (0.35, 0.08, 0.12), (1.0, 0.58, 0.22)),
        Palette((1.0, 0.30, 0.30), (1.0, 0.66, 0.18), (0.30, 0.04, 0.20), (1.0, 0.46, 0.36)),
        Palette((0.62, 0.24, 0.95), (1.0, 0.42, 0.30), (0.18, 0.05, 0.34), (0.92, 0.42, 0.66)),
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Lighting:
    """One moment."""

    time: float  # seconds
    palette: Palette
    pattern: str  # of `PATTERNS`: what the screen shows
    beats: float  # place on the beat grid
    bars: float  # place in bars
    pulse: float  # 0..1: just after a beat, by its accent
    energy: float  # 0..1
    level: float  # 0..1: dark at the beginning and at the end
    aims: Reals  # (6, 3) where the beams end, metres
    beams: Reals  # (6,) 0..1 how bright each is


class LightPlan:
    """The lights of one show. `colours` is a name of `PALETTES`."""

    def __init__(self, song: Song, seconds: float, seed: int = 0, colours: str = "club") -> None:
        self._song, self._seconds = song, seconds
        rng = np.random.default_rng([seed, 71])
        family = PALETTES[colours]
        self._order: list[Palette] = [family[i] for i in rng.permutation(len(family))]
        self._patterns = [PATTERNS[i] for i in rng.permutation(len(PATTERNS))]
        self._labels = sorted({section.label for section in song.sections})
        self._begins = [float(song.time(np.array(float(section.begin)))) for section in song.sections]
        first = float(song.downbeats[0]) if len(song.downbeats) else 0.0
        self._first_bar = first

    def at(self, time: float) -> Lighting:
        """The lights at a media time, seconds."""
        song = self._song
        beats = float(song.beat(np.array(time)))
        index = int(np.clip(np.floor(beats), 0, len(song.beats) - 1))
        energy = self._energy(beats, index)
        bars = (beats - self._first_bar) / song.meter
        section, share = self._section(time)
        here = self._look(section)
        palette = here if share >= 1 else _mixed(self._look(section - 1), here, share)
        level = min(1.0, max(0.0, (time + 0.3) / _OPENING), max(0.12, (self._seconds - time) / _ENDING))
        aims, beams = _beams(beats, song.meter, energy, section)
        return Lighting(
            time=time, palette=palette, pattern=self._patterns[self._rank(section) % len(PATTERNS)], beats=beats,
            bars=bars, pulse=self._pulse(time, index), energy=energy, level=float(level), aims=aims,
            beams=beams,
        )  # fmt: skip

    def _energy(self, beats: float, index: int) -> float:
        """The loudness of the beats around, and of the section."""
        energy = self._song.energy
        near = energy[max(0, index - 2) : index + 3]
        section = next((s for s in self._song.sections if s.begin <= beats < s.end), None)
        whole = section.energy if section is not None else float(near.mean())
        return float(np.clip(0.5 * near.mean() + 0.5 * whole, 0, 1))

    def _pulse(self, time: float, index: int) -> float:
        song = self._song
        since = time - float(song.beats[index])
        if since < 0:
            return 0.0
        downbeat = index in song.downbeats[np.searchsorted(song.downbeats, [index])[0] :][:1]
        strength = 0.45 + 0.55 * float(song.accents[index, 0])
        return float(np.exp(-since / _DECAY) * strength * (1.0 if downbeat else 0.75))

    def _section(self, time: float) -> tuple[int, float]:
        """The section's index, and how far its colours have come, 0..1."""
        index = max(0, int(np.searchsorted(self._begins, time, side="right")) - 1)
        share = 1.0 if index == 0 else float(np.clip((time - self._begins[index]) / _FADE, 0, 1))
        return index, share

    def _rank(self, section: int) -> int:
        return self._labels.index(self._song.sections[section].label) if self._song.sections else 0

    def _look(self, section: int) -> Palette:
        return self._order[self._rank(section) % len(self._order)]


def _mixed(before: Palette, after: Palette, share: float) -> Palette:
    def between(a: Colour, b: Colour) -> Colour:
        mixed = np.array(a) * (1 - share) + np.array(b) * share
        return (float(mixed[0]), float(mixed[1]), float(mixed[2]))

    return Palette(
        between(before.left, after.left), between(before.right, after.right), between(before.wall, after.wall),
        between(before.bright, after.bright), between(before.key, after.key),
    )  # fmt: skip


def _beams(beats: float, meter: int, energy: float, section: int) -> tuple[Reals, Reals]:
    """Where the six beams end on the floor, and how bright they are: they sweep over two bars, and rest when calm."""
    turn = beats / (2 * meter) * 2 * np.pi
    rank = np.arange(len(LAMPS))
    side = np.where(rank < 3, -1.0, 1.0)
    spread = (rank % 3 - 1.0) * 0.6
    crossing = np.sin(turn + spread * (1 + section % 2)) * (0.35 + 0.65 * energy)
    aims = np.zeros((len(LAMPS), 3))
    aims[:, 0] = np.clip(LAMPS[:, 0] * 0.45 + side * crossing * 1.5, -_AIM, _AIM)
    aims[:, 2] = 0.2 + 1.1 * np.cos(turn * 0.5 + rank) * (0.3 + 0.7 * energy)
    lit = 0.35 + 0.65 * np.clip(np.cos((beats % meter - rank % meter) * np.pi / 2), 0, 1)
    return aims, lit * (0.25 + 0.75 * energy)
