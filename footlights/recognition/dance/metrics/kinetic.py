"""Kinetic features, 72 numbers of a clip (Onuma et al., Eurographics 2008, as fairmotion and AIST++ compute them).

For each of 24 joints: the mean over all frames of the squared horizontal speed, of the squared vertical speed and of
the acceleration's length; velocity and acceleration averaged over two frames to each side first. Both published codes
write the acceleration's earlier velocity as p[t] - p[t-1] / dt where (p[t] - p[t-1]) / dt is meant, which makes the
feature depend on where the dancer stands. `published=True` keeps that, so that figures compare with those in papers.
"""

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.metrics.motion import FPS

WINDOW = 2  # frames to each side


def kinetic(clip: Reals, published: bool = True) -> Reals:
    """(72,) features of a (T, 24, 3) clip at 60 frames a second, joint by joint: horizontal, vertical, acceleration."""
    steps = np.diff(clip, axis=0)
    velocity = _averaged(steps * FPS, len(clip) - 1, 1)
    horizontal = (velocity[..., [0, 2]] ** 2).sum(-1).mean(0)
    vertical = (velocity[..., 1] ** 2).mean(0)
    later = steps[1:] * FPS
    earlier = clip[1:-1] - clip[:-2] * FPS if published else steps[:-1] * FPS
    acceleration = _averaged((later - earlier) * FPS, len(clip) - 1, 1)
    return np.asarray(np.stack([horizontal, vertical, np.linalg.norm(acceleration, axis=-1).mean(0)], 1).ravel())


def _averaged(values: Reals, count: int, first: int) -> Reals:
    """(count, J, 3) means over the window around frames 1..count, of values that begin at frame `first`."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, 0)])
    centre = np.arange(1, count + 1) - first
    low, high = np.clip(centre - WINDOW, 0, len(values)), np.clip(centre + WINDOW + 1, 0, len(values))
    return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1)[:, None, None])
