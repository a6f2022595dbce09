"""What the net learns from: the part of each picture that counts, varied, as features of the frozen backbone."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from footlights.core.app import Detector
from footlights.core.frame import Frame, Image
from footlights.core.geometry import box_area
from footlights.core.scene import Floats, Pose, Region, Scene
from footlights.core.skeleton import BODY_MIRROR
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.perception.face_detectors import FaceDetectors
from footlights.perception.image_features import SIDE, ImageFeatures, Levels
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.photo_classes import BODY_WIDTH, Crop, body_view, crop_region
from footlights.studio.photos.dataset import Photo

SHIFT, ZOOM, TURN = 0.06, 0.12, 0.12  # shares of the side, a share of the size, radians: how far a look is varied
LIGHT, TINT = 0.25, 0.08  # of contrast and brightness, and of each colour
BUILD, ERROR = 0.08, 0.05  # logarithm of lengths, and trunks: how far a body is varied
MAP = (14, 14, 512)  # of the backbone: 100 kB
HUE = 8  # of 180 around the circle of colours
GREY, COVERED = 0.05, 0.1  # shares of the variants without colours, and with a patch before something

Seen = Levels | Floats


@dataclass(frozen=True)
class Look:
    """A picture, and the part of it that counts."""

    frame: Frame
    region: Region | None  # None: all of it
    pose: Pose | None = None  # of the body that counts


class Eye:
    """Sees the part of a picture that counts - the largest person, the largest face, or everything - as features; or
    the body of the largest person as landmarks.

    May be called from several threads at once.
    """

    def __init__(self, crop: Crop) -> None:
        self.crop = crop
        self.shape: tuple[int, ...] = (BODY_WIDTH,) if crop == "body" else MAP  # of what it sees
        self.type: type[np.generic] = np.float32 if crop == "body" else np.uint8
        makers: dict[Crop, Callable[[], Detector | None]] = {
            "person": PeopleDetector, "face": FaceDetectors, "none": lambda: None, "body": PeopleDetector,
        }  # fmt: skip
        self._detector = makers[crop]()

    @cached_property
    def backbone(self) -> ImageFeatures:
        """Opened where it is needed."""
        return ImageFeatures()

    def look(self, photo: Photo) -> Look | None:
        """None where nobody is found."""
        frame = Frame(ArrayPicture(load(photo.path)), 0.0, photo.path.name, 0)
        if self._detector is None:
            return Look(frame, None)
        scene = Scene(frame)
        self._detector.run([scene])
        if not scene.detections:
            return None
        if self.crop == "body":
            return self._body(scene)
        boxes = scene.detections.boxes
        return Look(frame, crop_region(self.crop, boxes[int(box_area(boxes).argmax())], frame.height))

    def _body(self, scene: Scene) -> Look | None:
        BoxTracker().update(scene)
        PoseStage().run(scene)
        bodies = [track for track in scene.tracks if track.pose is not None]
        if not bodies:
            return None
        largest = max(bodies, key=lambda track: float(np.prod(track.box[2:] - track.box[:2])))
        return Look(scene.frame, None, largest.pose)

    def as_seen(self, look: Look) -> Seen:
        """What the net is given, as when it runs."""
        if look.pose is not None:
            return body_view(look.pose)
        return self.backbone.maps(self.backbone.look(look.frame, look.region)).coarse

    def maps(self, photo: Photo, variants: int, mirror: bool, seed: Sequence[int]) -> Seen | None:
        """(1 + variants, *shape) of a picture as it is - the same as when the model runs - and seen a little
        differently so many times; None where nobody is found.
        """
        look = self.look(photo)
        if look is None:
            return None
        rng = np.random.default_rng(seed)
        if look.pose is not None:
            rows = [body_view(look.pose), *(other_body(body_view(look.pose), rng, mirror) for _ in range(variants))]
            return np.stack(rows)
        pictures = [self.backbone.look(look.frame, look.region)]
        pictures += [varied(look, self.backbone, rng, mirror) for _ in range(variants)]
        return np.stack([self.backbone.maps(picture).coarse for picture in pictures])


def other_body(row: Floats, rng: np.random.Generator, mirror: bool) -> Floats:
    """(BODY_WIDTH,) the same posture of another build, from a little aside, by eyes that err otherwise."""
    wide = row.astype(np.float64)
    flat, deep, seen = wide[:66].reshape(33, 2), wide[66:165].reshape(33, 3), wide[165:]
    if mirror and rng.random() < 0.5:
        swap = list(BODY_MIRROR)
        flat, deep, seen = flat[swap] * [-1, 1], deep[swap] * [-1, 1, 1], seen[swap]
    tilt, turn = rng.normal(0, TURN), rng.normal(0, 2 * TURN)
    flat = flat @ np.array([[math.cos(tilt), -math.sin(tilt)], [math.sin(tilt), math.cos(tilt)]])
    across, away = deep[:, 0], deep[:, 2]
    deep = np.stack([
        across * math.cos(turn) + away * math.sin(turn), deep[:, 1], away * math.cos(turn) - across * math.sin(turn),
    ], 1)  # fmt: skip
    flat = flat * np.exp(rng.normal(0, BUILD, 2)) + rng.normal(0, ERROR, flat.shape)
    deep = deep * np.exp(rng.normal(0, BUILD, 3)) + rng.normal(0, ERROR, deep.shape)
    return np.concatenate([flat.ravel(), deep.ravel(), seen * (rng.random(33) > 0.05)]).astype(np.float32)


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
    """The picture in another light and other colours, now and then grey, less sharp, or with something before it."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + round(rng.normal(0, HUE))) % 180
    picture = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    if rng.random() < GREY:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    gain = math.exp(rng.normal(0, LIGHT)) * np.exp(rng.normal(0, TINT, 3))
    values = (picture - 128.0) * gain + 128 + rng.normal(0, LIGHT) * 60
    if rng.random() < 0.25:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), rng.uniform(0.5, 1.8)), np.float64)
    if rng.random() < COVERED:
        left, top = rng.integers(0, SIDE, 2)
        wide, high = rng.integers(SIDE // 12, SIDE // 4, 2)
        values[top : top + high, left : left + wide] = rng.uniform(0, 255, 3)
    return np.ascontiguousarray(np.clip(values, 0, 255).astype(np.uint8))
