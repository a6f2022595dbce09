"""What the net learns from: the part of each picture that counts, varied, as features of the frozen backbone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from footlights.core.app import Detector
from footlights.core.frame import Frame, Image
from footlights.core.geometry import box_area
from footlights.core.scene import Region, Scene
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.perception.face_detectors import FaceDetectors
from footlights.perception.image_features import SIDE, ImageFeatures, Levels
from footlights.perception.people import PeopleDetector
from footlights.recognition.photo_classes import Crop, crop_region
from footlights.studio.photos.dataset import Photo

SHIFT, ZOOM, TURN = 0.06, 0.12, 0.12  # shares of the side, a share of the size, radians: how far a look is varied
LIGHT, TINT = 0.25, 0.08  # of contrast and brightness, and of each colour


@dataclass(frozen=True)
class Look:
    """A picture, and the part of it that counts."""

    frame: Frame
    region: Region | None  # None: all of it


class Eye:
    """Sees the part of a picture that counts - the largest person, the largest face, or everything - as features.

    May be called from several threads at once.
    """

    def __init__(self, crop: Crop) -> None:
        self.crop = crop
        self.backbone = ImageFeatures()
        makers: dict[Crop, Callable[[], Detector | None]] = {
            "person": PeopleDetector, "face": FaceDetectors, "none": lambda: None,
        }  # fmt: skip
        self._detector = makers[crop]()

    def look(self, photo: Photo) -> Look | None:
        """None where nobody is found."""
        frame = Frame(ArrayPicture(load(photo.path)), 0.0, photo.path.name, 0)
        if self._detector is None:
            return Look(frame, None)
        scene = Scene(frame)
        self._detector.run([scene])
        if not scene.detections:
            return None
        boxes = scene.detections.boxes
        return Look(frame, crop_region(self.crop, boxes[int(box_area(boxes).argmax())], frame.height))

    def maps(self, photo: Photo, variants: int, mirror: bool, seed: Sequence[int]) -> Levels | None:
        """(1 + variants, 14, 14, 512) of a picture as it is - the same as when the model runs - and seen a little
        differently so many times; None where nobody is found.
        """
        look = self.look(photo)
        if look is None:
            return None
        rng = np.random.default_rng(seed)
        pictures = [self.backbone.look(look.frame, look.region)]
        pictures += [varied(look, self.backbone, rng, mirror) for _ in range(variants)]
        return np.stack([self.backbone.maps(picture).coarse for picture in pictures])


def varied(look: Look, backbone: ImageFeatures, rng: np.random.Generator, mirror: bool) -> Image:
    """(224, 224, 3) of another place, size, tilt, light and sharpness, or mirrored."""
    frame, region = look.frame, look.region
    if region is None:
        picture = _moved(frame.rgb(SIDE, SIDE), rng)
    else:
        x, y = rng.normal(0, SHIFT, 2) * region.size
        size = region.size * math.exp(rng.normal(0, ZOOM))
        turned = Region(region.x + x, region.y + y, size, region.angle + rng.normal(0, TURN))
        picture = backbone.look(frame, turned)
    picture = lit(picture, rng)
    return np.ascontiguousarray(picture[:, ::-1]) if mirror and rng.random() < 0.5 else picture


def _moved(picture: Image, rng: np.random.Generator) -> Image:
    centre = (SIDE / 2, SIDE / 2)
    matrix = cv2.getRotationMatrix2D(centre, math.degrees(rng.normal(0, TURN)), math.exp(rng.normal(0, ZOOM)))
    matrix = matrix + np.pad(rng.normal(0, SHIFT, (2, 1)) * SIDE, ((0, 0), (2, 0)))
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def lit(picture: Image, rng: np.random.Generator) -> Image:
    """The picture in another light, now and then less sharp."""
    gain = math.exp(rng.normal(0, LIGHT)) * np.exp(rng.normal(0, TINT, 3))
    values = (picture - 128.0) * gain + 128 + rng.normal(0, LIGHT) * 60
    if rng.random() < 0.2:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), rng.uniform(0.5, 1.5)), np.float64)
    return np.ascontiguousarray(np.clip(values, 0, 255).astype(np.uint8))
