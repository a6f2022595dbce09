"""One detection model on one picture: from the card's name to boxes and points in pixels of the picture."""

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.geometry import transform
from footlights.core.scene import Floats, Region
from footlights.models.cards import card
from footlights.models.session import Array, open_session
from footlights.perception.crops import Matrix, crop, letterbox
from footlights.perception.heads import (
    Found,
    decode_ssd,
    decode_yolox,
    ssd_anchors,
    suppression,
    weighted_suppression,
    yolox_grid,
)


class BoxModel:
    """A detection model and the decoder that its card names."""

    def __init__(self, name: str, threshold: float, threads: int = 1) -> None:
        self.card = card(name)
        self.threshold = threshold
        self._session = open_session(name, threads)
        size, head = self.card.input.width, self.card.head
        if head.kind == "ssd":
            self._anchors = ssd_anchors(size, head.strides, head.anchors)
        elif head.kind == "yolox":
            self._cells, self._strides = yolox_grid(size, self.card.input.height, head.strides)
        else:
            raise SettingsError(f"{name} is no detection model: its head is {head.kind!r}, not 'ssd' or 'yolox'")

    def find(self, frame: Frame, region: Region | None = None) -> Found:
        """Everything found in the picture, or in a turned square of it, in pixels of the picture, best first."""
        spec = self.card.input
        values, matrix = letterbox(frame, spec) if region is None else crop(frame, region, spec)
        return _placed(self._decode(self._session.run(values)), matrix)

    def _decode(self, outputs: dict[str, Array]) -> Found:
        arrays = [array[0] for array in outputs.values()]
        if self.card.head.kind == "yolox":
            return suppression(decode_yolox(arrays[0], self._cells, self._strides, self.threshold))
        logits = next(array for array in arrays if array.shape[1] == 1)[:, 0]
        values = next(array for array in arrays if array.shape[1] != 1)
        return weighted_suppression(decode_ssd(values, logits, self._anchors, self.card.input.width, self.threshold))


def _placed(found: Found, matrix: Matrix) -> Found:
    """From the model's input to the picture. The box of a turned box is the upright one around it."""
    left, top, right, bottom = found.boxes.T
    corners = np.stack([left, top, right, top, right, bottom, left, bottom], axis=1).reshape(-1, 4, 2)
    corners = _moved(corners, matrix)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return Found(boxes, found.scores, _moved(found.points, matrix), found.kinds)


def _moved(points: Floats, matrix: Matrix) -> Floats:
    return transform(points.reshape(-1, 2), matrix).reshape(points.shape)
