"""What people do all day, generated: a recogniser must stay quiet at it, and nobody wants to film it."""

import numpy as np

from footlights.core.scene import Floats
from footlights.recognition.movement.features import VIEWS, Past, features
from footlights.recognition.movement.sight import Pace
from footlights.studio.movement.generator import moments
from footlights.studio.movement.library import NETS, library
from footlights.studio.movement.noise import observed
from footlights.studio.movement.performance import compose
from footlights.studio.movement.views import filmed

TRAINING, JUDGING = 11, 12  # worlds of seeds that never meet
_FRAMINGS = ("full", "knees", "upper")


def everyday(seed: tuple[int, ...], seconds: float) -> Floats:
    """(T, D) features of somebody who does nothing that has a name."""
    rng = np.random.default_rng(seed)
    framing = _FRAMINGS[rng.integers(len(_FRAMINGS))]
    done = compose(library(NETS[rng.integers(len(NETS))]), framing, seconds, rng, quiet=True)
    times = moments(seconds, rng)
    seen = observed(filmed(done, framing, times, rng), times, rng)
    return features(Pace().steps_of(seen), VIEWS["whole"], Past())
