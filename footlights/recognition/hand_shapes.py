"""How a hand is held: which of a few shapes its 21 landmarks show, read by a very small net.

The net sees a hand wherever it is, however large and however turned in the picture, and left hands only: right ones are
mirrored. The same code measures the hands that it is trained on (`studio.hand_shapes`) and those in the picture.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from footlights.core.scene import Floats, Hand
from footlights.models.cards import card
from footlights.models.session import Array, open_session

SHAPES = ("none", "fist", "open_palm", "victory", "ok", "thumb", "point", "middle_finger")  # "none": any other
SIZE = 64  # numbers that the net sees of a hand
KNUCKLES = [5, 9, 13, 17]


class Runs(Protocol):
    """What runs the model: a `models.session.Session`."""

    def run(self, inputs: Array) -> dict[str, Array]:
        """Outputs by name."""


def measure(xy: Floats, z: Floats | None, right: Floats) -> Floats:
    """(N, 64) what the net sees: the landmarks upright from the wrist, in units of the hand's own size.

    Args:
        xy: (N, 21, 2) pixels, y down.
        z: (N, 21) pixels, smaller is nearer; None where depth is not known.
        right: (N,) 1 for right hands, 0 for left ones.
    """
    points = np.asarray(xy, np.float64) - np.asarray(xy, np.float64)[:, :1]
    points[..., 0] *= (1 - 2 * np.asarray(right))[:, None]
    up = points[:, KNUCKLES].mean(axis=1)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6)
    turned = np.stack(
        [
            -points[..., 0] * up[:, 1:] + points[..., 1] * up[:, :1],
            points[..., 0] * up[:, :1] + points[..., 1] * up[:, 1:],
        ],
        axis=-1,
    )  # to the right of "up", along "up"
    size = np.maximum(np.sqrt((turned**2).sum(-1).mean(-1)), 1e-6)[:, None, None]
    depth = np.zeros((len(points), 21)) if z is None else np.asarray(z, np.float64) - np.asarray(z, np.float64)[:, :1]
    known = np.full((len(points), 1), 0.0 if z is None else 1.0)
    flat = (turned / size).reshape(len(points), 42)
    return np.concatenate([flat, np.clip(depth / size[..., 0], -4, 4), known], axis=1).astype(np.float32)


class HandShapes:
    """Probabilities of shapes from the landmarks of hands."""

    def __init__(self, session: Runs, labels: Sequence[str] = SHAPES) -> None:
        self.labels = tuple(labels)
        self._session = session

    @classmethod
    def open(cls, name: str = "hand_shapes") -> "HandShapes":
        """The model of a card. Raises ModelMissingError or ModelCorruptError."""
        return cls(open_session(name), card(name).labels)

    def read(self, hands: Sequence[Hand]) -> Floats:
        """(N, labels) probabilities of N hands; the shapes of one hand have the sum 1."""
        xy, z = np.stack([hand.xy for hand in hands]), np.stack([hand.z for hand in hands])
        right = np.array([hand.side == "right" for hand in hands], np.float32)
        return np.asarray(self._session.run(measure(xy, z, right))["probabilities"], np.float32)
