"""Pixels for models: the whole picture letterboxed, or a turned square of it. No larger picture is made than needed."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.frame import Frame
from footlights.core.geometry import fit, region_matrix
from footlights.core.scene import Floats, Region
from footlights.models.cards import Input

Matrix = NDArray[np.float64]  # (2, 3) affine, pixels of the model's input to pixels of the picture


def letterbox(frame: Frame, spec: Input) -> tuple[Floats, Matrix]:
    """The whole picture as a model wants it, (1, H, W, 3) or (1, 3, H, W), scaled by area averaging."""
    _, width, height = fit(frame.width, frame.height, spec.width)
    left = (spec.width - width) // 2 if spec.fit == "centre" else 0
    top = (spec.height - height) // 2 if spec.fit == "centre" else 0
    canvas = np.full((spec.height, spec.width, 3), spec.pad, np.float32)
    canvas[top : top + height, left : left + width] = _values(frame.rgb(width, height), spec)
    across, down = frame.width / width, frame.height / height
    return _batch(canvas, spec), np.array([[across, 0, -left * across], [0, down, -top * down]])


def crop(frame: Frame, region: Region, spec: Input) -> tuple[Floats, Matrix]:
    """A turned square of the picture as a model wants it, with what its card says outside of the picture.

    A region that is at least twice as large as the input is taken from a picture halved until it is not.
    """
    matrix = region_matrix(region, spec.width)
    halvings = max(0, int(np.log2(max(region.size / spec.width, 1e-6))))
    image = frame.rgb(max(1, frame.width >> halvings), max(1, frame.height >> halvings))
    scale = np.array([[image.shape[1] / frame.width], [image.shape[0] / frame.height]])
    scaled = matrix * scale
    scaled[:, 2:] += (scale - 1) / 2  # pixel centres: the first pixel of a halved picture lies at 0.5 of the whole one
    border = cv2.BORDER_REPLICATE if spec.border == "repeat" else cv2.BORDER_CONSTANT
    grey = 255 * (spec.pad - spec.low) / (spec.high - spec.low)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpAffine(
        image, scaled, (spec.width, spec.height), flags=flags, borderMode=border, borderValue=(grey, grey, grey)
    )
    return _batch(_values(square, spec), spec), matrix


def _values(image: NDArray[Any], spec: Input) -> Floats:
    ordered = image[..., ::-1] if spec.colour == "bgr" else image
    return ordered * np.float32((spec.high - spec.low) / 255) + np.float32(spec.low)


def _batch(values: Floats, spec: Input) -> Floats:
    ordered = values.transpose(2, 0, 1) if spec.layout == "nchw" else values
    return np.ascontiguousarray(ordered, np.float32)[None]
