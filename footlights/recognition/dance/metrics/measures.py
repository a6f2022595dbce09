"""All measures of one dance, and of a set of dances against another."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.dance import Dance, joints24
from footlights.recognition.dance.metrics.beats import BeatAlignment, beat_alignment
from footlights.recognition.dance.metrics.feet import Skate, near_floor, pfc, skate
from footlights.recognition.dance.metrics.frechet import diversity, frechet_distance
from footlights.recognition.dance.metrics.kinetic import kinetic
from footlights.recognition.dance.metrics.manual import manual
from footlights.recognition.dance.metrics.motion import last_to_first, peak_speed, standard_clips


@dataclass(frozen=True, eq=False)
class Measures:
    """What can be said of one dance by itself."""

    seconds: float
    beats: BeatAlignment
    skate: Skate  # of the contacts that the dance claims
    skate_low: Skate  # of feet near the floor, whatever it claims
    peak_speed: float  # metres a second
    pfc: float
    last_to_first: float  # energy of the last quarter against the first
    kinetic: Reals  # (N, 72) of its clips of 20 s
    manual: Reals  # (N, 32)


def measures(dance: Dance, seed: int = 0) -> Measures:
    """Measure a dance. `seed` draws the shifts of the beats' control."""
    places = joints24(dance)
    clips = standard_clips(places, dance.fps)
    return Measures(
        seconds=dance.seconds,
        beats=beat_alignment(places, dance.fps, dance.song.beats, seed),
        skate=skate(places, dance.fps, dance.contacts),
        skate_low=skate(places, dance.fps, near_floor(places)),
        peak_speed=peak_speed(places, dance.fps),
        pfc=pfc(places, dance.fps),
        last_to_first=last_to_first(places, dance.fps),
        kinetic=np.stack([kinetic(clip) for clip in clips]),
        manual=np.stack([manual(clip) for clip in clips]),
    )


@dataclass(frozen=True)
class Distance:
    """A set of dances against a reference, and, as control, one half of the reference against its other half.

    NaN where there are too few clips: two on each side, four in the reference.
    """

    fid_k: float
    fid_g: float
    div_k: float
    div_g: float
    halves_fid_k: float
    halves_fid_g: float
    reference_div_k: float
    reference_div_g: float
    clips: int
    reference_clips: int


def distance(dances: Sequence[Measures], reference: Sequence[Measures]) -> Distance:
    """Of dances that are measured. Every value is z-scored with the reference.

    Both distances are of as many clips: a Fréchet distance grows as clips get fewer. The halves are every second clip.
    """
    mine = [np.concatenate([getattr(one, name) for one in dances]) for name in ("kinetic", "manual")]
    true = [np.concatenate([getattr(one, name) for one in reference]) for name in ("kinetic", "manual")]
    fids, halves, spreads, known_spreads = [], [], [], []
    for got, known in zip(mine, true, strict=True):
        one, other = known[::2], known[1::2]
        count = min(len(one), len(other), len(got))
        enough = count > 1
        few = got[np.linspace(0, len(got) - 1, count).astype(int)]
        fids.append(frechet_distance(one, few) if enough else math.nan)
        halves.append(frechet_distance(one, other[:count]) if enough else math.nan)
        spreads.append(diversity(known, got) if enough else math.nan)
        known_spreads.append(diversity(known, known) if enough else math.nan)
    return Distance(
        fid_k=fids[0], fid_g=fids[1], div_k=spreads[0], div_g=spreads[1], halves_fid_k=halves[0],
        halves_fid_g=halves[1], reference_div_k=known_spreads[0], reference_div_g=known_spreads[1],
        clips=len(mine[0]), reference_clips=len(true[0]),
    )  # fmt: skip
