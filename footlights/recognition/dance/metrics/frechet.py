"""How far a set of dances is from another, and how varied it is (Bailando, Li et al., CVPR 2022, after AIST++).

Every set is z-scored with mean and deviation of the *reference*; papers that z-score each set on its own give other
figures. Distances of small sets are large whatever the dances are: compare with two halves of the reference.
"""

import numpy as np

from footlights.core.errors import ShapeError
from footlights.media.rehearsal.arrays import Reals


def normalised(reference: Reals, features: Reals) -> Reals:
    """(N, D) features in deviations of the reference's."""
    return np.asarray((features - reference.mean(0)) / (reference.std(0) + 1e-10))


def frechet_distance(reference: Reals, features: Reals) -> float:
    """Fréchet distance of the normal distributions of two (N, D) sets, z-scored. 0: alike. N at least 2 each."""
    if min(len(reference), len(features)) < 2:
        raise ShapeError(f"at least 2 clips on each side are needed, got {len(reference)} and {len(features)}")
    one, other = normalised(reference, reference), normalised(reference, features)
    return frechet(one.mean(0), np.cov(one, rowvar=False), other.mean(0), np.cov(other, rowvar=False))


def frechet(mean: Reals, covariance: Reals, other_mean: Reals, other_covariance: Reals) -> float:
    """The distance of two normal distributions: |m - n|² + tr(C + D - 2 (C D)^½).

    The root of C D has the trace of the root of C^½ D C^½, which is symmetric: its eigenvalues are found without
    error even where covariances are singular, as those of few clips are.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    inner = root @ other_covariance @ root
    shared = np.sqrt(np.clip(np.linalg.eigvalsh((inner + inner.T) / 2), 0, None)).sum()
    apart = mean - other_mean
    return float(apart @ apart + np.trace(covariance) + np.trace(other_covariance) - 2 * shared)


def diversity(reference: Reals, features: Reals) -> float:
    """Mean distance between every two of (N, D) features, z-scored with the reference. 0 for fewer than two."""
    count, values = len(features), normalised(reference, features)
    if count < 2:
        return 0.0
    return float(sum(np.linalg.norm(values - row, axis=1).sum() for row in values) / (count * (count - 1)))
