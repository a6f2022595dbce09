"""Figures of merit, on plain arrays: accuracy, calibration, confusion, and the temperature that calibrates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BINS = 15  # of the confidence, as in Guo et al. (2017)


@dataclass(frozen=True)
class Bin:
    """The pictures whose confidence lies in one range."""

    count: int
    confidence: float  # mean
    accuracy: float


def softmax(logits: Array) -> Array:
    """(N, K) -> (N, K), each row sums to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def accuracy(probabilities: Array, labels: Array) -> float:
    """Share of rows whose largest probability is that of the label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def log_loss(probabilities: Array, labels: Array) -> float:
    """Mean negative logarithm of the label's probability."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


def confusion(probabilities: Array, labels: Array) -> Array:
    """(K, K) counts: row is the label, column the answer."""
    kinds = probabilities.shape[1]
    return np.bincount(labels * kinds + probabilities.argmax(axis=1), minlength=kinds * kinds).reshape(kinds, kinds)


def reliability(probabilities: Array, labels: Array, bins: int = BINS) -> list[Bin]:
    """How often answers of each confidence are right: equal ranges of the confidence, empty ones left out."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    members = [place == index for index in range(bins)]
    return [Bin(int(m.sum()), float(confidence[m].mean()), float(right[m].mean())) for m in members if m.any()]


def calibration_error(probabilities: Array, labels: Array, bins: int = BINS) -> float:
    """Expected calibration error, 0..1: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), (3)."""
    ranges = reliability(probabilities, labels, bins)
    return sum(r.count * abs(r.accuracy - r.confidence) for r in ranges) / len(labels)


def fit_temperature(logits: Array, labels: Array) -> float:
    """The temperature with the least log loss (Guo et al., 4.2). It changes no answer, only how sure it is.

    The loss has one minimum over the logarithm of the temperature, which a golden-section search finds to 0.1 %.
    """
    low, high = np.log(0.1), np.log(10.0)
    ratio = (np.sqrt(5) - 1) / 2
    while high - low > 1e-3:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if log_loss(softmax(logits / np.exp(left)), labels) < log_loss(softmax(logits / np.exp(right)), labels):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))
