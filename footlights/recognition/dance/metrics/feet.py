"""What feet do wrong: they slide while they bear weight, and the body moves where no foot pushes.

* `skate`: how fast a foot slides on the floor while in contact.
* `pfc`: the physical foot contact score of EDGE (Tseng et al., CVPR 2023).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.metrics.motion import resampled

PFC_FPS = 30.0
LOW = 0.03  # metres above where a foot stands, below which `near_floor` says that it stands
FEET = np.array([[7, 10], [8, 11]])  # of SMPL: ankle and toes, left and right


@dataclass(frozen=True)
class Skate:
    """Sliding of feet in contact."""

    mean: float  # metres a second, over all moments of contact
    worst: float  # metres a second: 95 of 100 moments of contact are slower
    contact: float  # share of the time that at least one foot is in contact


def skate(positions: Reals, fps: float, contacts: NDArray[np.bool_]) -> Skate:
    """Of a (T, 24, 3) dance whose feet are in contact where (T, 2) `contacts` say, left first.

    The speed along the floor of ankle or toes, whichever is slower: a foot that rolls or pivots on one of them stands.
    """
    steps = np.diff(positions[:, FEET][..., [0, 2]], axis=0)
    slides = (np.linalg.norm(steps, axis=-1) * fps).min(-1)  # (T - 1, 2)
    both = contacts[1:] & contacts[:-1]
    sliding = slides[both]
    standing = float(contacts.any(1).mean()) if len(contacts) else 0.0
    if not len(sliding):
        return Skate(0.0, 0.0, standing)
    return Skate(float(sliding.mean()), float(np.percentile(sliding, 95)), standing)


def near_floor(positions: Reals) -> NDArray[np.bool_]:
    """(T, 2) whether a foot is as low as where it stands, for dances whose contacts nobody wrote down.

    Only height is looked at: a foot that slides is in contact all the same. Each foot stands at the twentieth part of
    its lowest moments.
    """
    height = positions[:, FEET, 1]  # (T, 2, ankle and toes)
    return np.asarray((height < np.percentile(height, 5, axis=0) + LOW).any(-1))


def pfc(positions: Reals, fps: float) -> float:
    """Physical foot contact score of a (T, 24, 3) dance, y up; lower is better, real dances have about 1.3.

    The root's acceleration, its downward part set to 0, divided by the clip's largest, times the horizontal steps of
    the slower of ankle and toes of both feet; mean over the clip at 30 frames a second, times 10⁴.
    """
    dance = resampled(positions, fps, PFC_FPS)
    if len(dance) < 3:
        return 0.0
    acceleration = np.diff(dance[:, 0], n=2, axis=0) * PFC_FPS**2
    acceleration[:, 1] = np.maximum(acceleration[:, 1], 0)
    push = np.linalg.norm(acceleration, axis=-1)
    steps = np.linalg.norm(np.diff(dance[1:, FEET][..., [0, 2]], axis=0), axis=-1).min(-1)  # (T - 2, 2)
    return float((steps[:, 0] * steps[:, 1] * push / max(push.max(), 1e-12)).mean() * 1e4)
