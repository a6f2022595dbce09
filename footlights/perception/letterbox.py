"""A whole picture as any detection model wants it, straight from the decoder's own picture."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.models.cards import Input
from footlights.models.session import Array
from footlights.perception.crops import Matrix

Fit = Literal["centre", "corner", "stretch"]
# Scale and offset for the means 0.485, 0.456, 0.406 and the deviations 0.229, 0.224, 0.225 of ImageNet's RGB, 0..1.
IMAGENET = (
    (1 / 255 / 0.229, 1 / 255 / 0.224, 1 / 255 / 0.225),
    (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225),
)
GREY = 114.0  # 0..255: what the YOLO family is trained with around a picture of another shape


@dataclass(frozen=True)
class Preparation:
    """How a picture becomes a model's input: value = pixel * scale + offset."""

    name: str  # of the input
    width: int  # pixels
    height: int  # pixels
    layout: Literal["nchw", "nhwc"] = "nchw"
    type: str = "float32"  # NumPy's name
    colour: Literal["rgb", "bgr"] = "rgb"
    scale: tuple[float, float, float] = (1 / 255, 1 / 255, 1 / 255)  # in the model's order of colours
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    pad: float = 0.0  # 0..255, around a picture of another shape
    fit: Fit = "stretch"  # where a picture of another shape lies, or that it is stretched
    step: int = 0  # pixels: padding is left away by so many at a time, where the model takes any size

    def batch(self, frame: Frame) -> tuple[Array, Matrix]:
        """(1, 3, H, W) or (1, H, W, 3), and the affine from pixels of the input to pixels of the picture."""
        left, top, width, height = self._place(frame.width, frame.height)
        across, down = frame.width / width, frame.height / height
        values = self._values(frame.rgb(width, height), left, top)
        return values[None], np.array([[across, 0, -left * across], [0, down, -top * down]])

    def _place(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of a picture of this size in the input."""
        if self.fit == "stretch":
            return 0, 0, self.width, self.height
        scale = min(self.width / width, self.height / height)
        rounded = math.floor if self.fit == "corner" else round  # as YOLOX does, and YOLOv5
        wide, tall = (max(1, rounded(side * scale + 1e-6)) for side in (width, height))
        if self.fit == "corner":
            return 0, 0, wide, tall
        whole = self._whole(wide, tall)
        return (whole[0] - wide) // 2, (whole[1] - tall) // 2, wide, tall

    def _whole(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the input around a picture that is scaled to this size."""
        if not self.step:
            return self.width, self.height
        return -(-width // self.step) * self.step, -(-height // self.step) * self.step

    def _values(self, image: Array, left: int, top: int) -> Array:
        """The input with a picture at its place."""
        height, width = image.shape[:2]
        across, down = self._whole(width, height)
        high = self.layout == "nchw"
        values = np.empty((3, down, across) if high else (down, across, 3), self.type)
        colours = cv2.split(image)
        for place, colour in enumerate(colours[::-1] if self.colour == "bgr" else colours):
            plane = values[place] if high else values[..., place]
            scale, offset = np.float32(self.scale[place]), np.float32(self.offset[place])
            if (width, height) != (across, down):
                plane[:] = np.float32(self.pad) * scale + offset
            inner = plane[top : top + height, left : left + width]
            if scale == 1 and offset == 0:
                inner[:] = colour
            else:
                np.multiply(colour, scale, out=inner, casting="unsafe")
                np.add(inner, offset, out=inner, casting="unsafe")
        return values


def of_card(name: str, kind: str, spec: Input) -> Preparation:
    """As a model's card says."""
    step = (spec.high - spec.low) / 255
    return Preparation(
        name, spec.width, spec.height, spec.layout, kind, spec.colour, (step,) * 3, (spec.low,) * 3,
        (spec.pad - spec.low) / step, spec.fit,
    )  # fmt: skip


def usual(plain: Preparation, head: str, metadata: Mapping[str, str], outputs: tuple[str, ...]) -> Preparation:
    """What models of this head are trained with, and what the file itself says (Windows ML's `Image.` metadata)."""
    whole = ((1.0,) * 3, (0.0,) * 3)
    scale, offset = plain.scale, plain.offset
    colour, fit, pad = plain.colour, plain.fit, plain.pad
    custom_vision = head == "yolov2" or outputs[0].startswith("detected_")
    if head == "yolox":
        (scale, offset), colour, fit, pad = whole, "bgr", "corner", GREY
    elif head in ("yolov5", "yolov8", "end-to-end"):
        fit, pad = "centre", GREY
    elif custom_vision:
        (scale, offset), colour = whole, "bgr" if head == "yolov2" else "rgb"
    elif head == "detr" and "dets" in outputs:  # RF-DETR
        scale, offset = IMAGENET
    elif head == "ssd" and plain.layout == "nhwc":
        scale, offset = (1 / 127.5,) * 3, (-1.0,) * 3
    if plain.type == "uint8":
        scale, offset = whole
    if "Image.NominalPixelRange" in metadata:
        step = 1.0 if metadata["Image.NominalPixelRange"] == "NominalRange_0_255" else 1 / 255
        scale, offset = (step,) * 3, (0.0,) * 3
    if "Image.BitmapPixelFormat" in metadata:
        colour = "bgr" if metadata["Image.BitmapPixelFormat"].startswith("Bgr") else "rgb"
    return replace(plain, scale=scale, offset=offset, colour=colour, fit=fit, pad=pad)


def changed(usually: Preparation, told: Mapping[str, Any], where: str) -> Preparation:
    """With what somebody set by hand: `colour`, `fit`, `pad`, `low` and `high` (the values of black and white).

    Raises SettingsError for anything else.
    """
    allowed = {"colour": ("rgb", "bgr"), "fit": ("centre", "corner", "stretch")}
    numbers = {"pad", "low", "high"}
    for key, value in told.items():
        if key not in allowed and key not in numbers | {"width", "height"}:
            known = sorted([*allowed, *numbers, "width", "height"])
            raise SettingsError(f"{where} has the unknown key {key!r} under [input]; known are: {', '.join(known)}")
        if key in allowed and value not in allowed[key]:
            raise SettingsError(f"{where} says {key} = {value!r}; it must be one of: {', '.join(allowed[key])}")
        if key in numbers and not isinstance(value, int | float):
            raise SettingsError(f"{where} says {key} = {value!r}; it must be a number")
    result = replace(usually, **{key: told[key] for key in (*allowed, "pad") if key in told})
    if "low" in told or "high" in told:
        low, high = float(told.get("low", 0.0)), float(told.get("high", 1.0))
        result = replace(result, scale=((high - low) / 255,) * 3, offset=(low,) * 3)
    return result
