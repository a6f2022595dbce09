"""What the measures of motion share: clips at one rate, and what an audience sees first.

Positions are (T, 24, 3) metres, y up, in the order of `dance.SMPL`.
"""

import numpy as np

from footlights.media.rehearsal.arrays import Reals

FPS = 60.0  # frames a second that the published measures count in
FRAMES = 1200  # of a clip, 20 s: what Bailando (Li et al., CVPR 2022) takes of every clip


def resampled(positions: Reals, fps: float, to: float = FPS) -> Reals:
    """(T, ...) at another rate, linear between the frames; the first frame stays the first."""
    if fps == to or len(positions) < 2:
        return np.asarray(positions, np.float64)
    at = np.arange(int((len(positions) - 1) / fps * to + 1e-6) + 1) * (fps / to)
    low = np.minimum(at.astype(int), len(positions) - 2)
    share = (at - low).reshape(-1, *[1] * (positions.ndim - 1))
    return np.asarray(positions[low] * (1 - share) + positions[low + 1] * share)


def standard_clip(positions: Reals, fps: float) -> Reals:
    """The first 20 s at 60 frames a second, counted from where the root is in the first frame (Bailando)."""
    clip = resampled(positions, fps)[:FRAMES]
    return np.asarray(clip - clip[:1, :1])


def standard_clips(positions: Reals, fps: float) -> list[Reals]:
    """A long dance in clips of 20 s, each as `standard_clip`; a rest of less than 10 s is left out."""
    dance = resampled(positions, fps)
    starts = range(0, len(dance), FRAMES)
    parts = [dance[start : start + FRAMES] for start in starts]
    return [part - part[:1, :1] for part in parts if len(part) >= FRAMES // 2 or len(parts) == 1]


def speeds(positions: Reals, fps: float) -> Reals:
    """(T - 1, J) metres a second of every joint between one frame and the next."""
    return np.asarray(np.linalg.norm(np.diff(positions, axis=0), axis=-1) * fps)


def peak_speed(positions: Reals, fps: float) -> float:
    """The highest speed that any joint has, metres a second. Hands of real dancers reach about 9."""
    return float(speeds(positions, fps).max(initial=0.0))


def energy(positions: Reals, fps: float) -> float:
    """Mean squared speed of the joints, (m/s)²: half of it is the kinetic energy of a kilogram at each joint."""
    return float((speeds(positions, fps) ** 2).mean()) if len(positions) > 1 else 0.0


def last_to_first(positions: Reals, fps: float) -> float:
    """Energy of the last quarter against that of the first: below 1 where a dancer grows tired, near 0: frozen."""
    quarter = max(2, len(positions) // 4)
    return energy(positions[-quarter:], fps) / max(energy(positions[:quarter], fps), 1e-9)
