"""Does the dance meet the beat? Two definitions that share a name and give different figures, each with its control.

* Bailando (Li et al., CVPR 2022), `met`: of every beat of the *music*, how near a kinematic beat is: exp(-d²/18), d in
  frames at 60 a second. Kinematic beats are minima of the joints' mean speed, smoothed by a Gaussian of 5 frames.
* AIST++ (Li et al., ICCV 2021, the code named mint), `kept`: of every beat of the *motion*, how near the music has
  one, the same curve. Beats are minima of the summed speed, unsmoothed, lower than 10 frames to either side.

Many weak minima please the first, few please the second, and either gives about 0.25 to motion that hears nothing. The
control is the same figure for the same beats shifted by chance: only what lies above it says anything.
"""

from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.metrics.motion import FPS, resampled

SIGMA = 3.0  # frames by which a beat may be off
SMOOTH = 5.0  # frames, of Bailando's Gaussian
ORDER = 10  # frames to either side that a minimum of mint is the lowest of
SHIFTS = 24  # of the control


@dataclass(frozen=True)
class BeatAlignment:
    """Both figures, 0..1, with their controls."""

    met: float  # Bailando, of the music's beats
    met_shifted: float
    kept: float  # AIST++, of the motion's beats
    kept_shifted: float
    motion_beats: int  # kinematic beats of Bailando's definition
    music_beats: int  # within the dance


def beat_alignment(positions: Reals, fps: float, beats: Reals, seed: int = 0) -> BeatAlignment:
    """Of a (T, 24, 3) dance that begins at 0 s to music with beats at these seconds."""
    dance = resampled(positions, fps)
    music = np.round(np.asarray(beats, np.float64) * FPS)
    music = music[(music >= 0) & (music < len(dance) - 1)]
    slow, low = kinematic_beats(dance), kinematic_beats_mint(dance)
    length = max(len(dance) - 1, 1)
    offsets = np.random.default_rng(seed).uniform(0, length, SHIFTS)
    shifted = [np.round(music + offset) % length for offset in offsets]
    return BeatAlignment(
        met=_nearness(music, slow),
        met_shifted=float(np.mean([_nearness(beats, slow) for beats in shifted])),
        kept=_nearness(low, music),
        kept_shifted=float(np.mean([_nearness(low, beats) for beats in shifted])),
        motion_beats=len(slow),
        music_beats=len(music),
    )


def kinematic_beats(dance: Reals) -> Reals:
    """Frames at which a (T, 24, 3) dance at 60 frames a second halts for a moment, after Bailando."""
    return _minima(_smoothed(np.linalg.norm(np.diff(dance, axis=0), axis=-1).mean(1), SMOOTH), 1)


def kinematic_beats_mint(dance: Reals) -> Reals:
    """The same after AIST++: speeds summed, not smoothed; the first frame counts as standing still."""
    steps = np.linalg.norm(np.diff(dance, axis=0), axis=-1).sum(1)
    return _minima(np.concatenate([[0.0], steps]), ORDER)


def _smoothed(values: Reals, sigma: float) -> Reals:
    """A Gaussian cut off at four deviations; beyond its ends the curve is mirrored."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    if not len(values):
        return values
    return np.convolve(np.pad(values, reach, mode="symmetric"), weights / weights.sum(), mode="valid")


def _minima(values: Reals, order: int) -> Reals:
    """Where a value is less than each of `order` neighbours on both sides; beyond an end, its last value counts."""
    places = np.arange(len(values))
    lowest = np.ones(len(values), bool)
    for step in range(1, order + 1):
        for side in (step, -step):
            lowest &= values < values[np.clip(places + side, 0, len(values) - 1)]
    return np.asarray(np.flatnonzero(lowest), np.float64)


def _nearness(mine: Reals, theirs: Reals) -> float:
    """Mean of exp(-d²/2σ²) over `mine`, d to the nearest of `theirs`; 0 where either is missing."""
    if not len(mine) or not len(theirs):
        return 0.0
    nearest = np.abs(mine[:, None] - theirs).min(1)
    return float(np.exp(-(nearest**2) / (2 * SIGMA**2)).mean())
