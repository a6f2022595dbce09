"""Six ways to find faces, one at a time, exchangeable while running: BlazeFace, YuNet, OpenCV's four Haar cascades.

Every detector draws its boxes its own way. Here all of them give the same square: from the middle of the forehead to
the chin, as the Haar cascades cut faces, and as the pictures of FER2013 were cut by them. So what comes after does not
depend on the detector.
"""

import contextlib
import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import cv2
import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame, Image
from footlights.core.geometry import box_iou, fit
from footlights.core.scene import Detections, Floats, Region, Scene
from footlights.models.cache import find
from footlights.models.cards import card
from footlights.perception.detect import BoxModel
from footlights.perception.heads import Found

NAMES = ("haar-default", "haar-alt", "haar-alt2", "haar-alt-tree", "blazeface", "yunet")  # in the order of the keys
FIRST = "blazeface"

WIDEST = 640  # pixels of the longer side: larger pictures are scaled down for Haar cascades and YuNet

T = TypeVar("T")


class FaceFinder(Protocol):
    """One detector. May be called from several threads at once."""

    shape: "Shape"

    def find(self, frame: Frame) -> Found:
        """Faces as this detector draws them, in pixels of the picture."""


@dataclass(frozen=True)
class Shape:
    """How the square lies to a detector's own boxes: medians over 300 pictures of FER2013, which are such squares."""

    side: float  # of the square, to the mean of the box's width and height
    up: float = 0.0  # from the centre of the box to that of the square, to the square's side
    mouth: tuple[int, ...] = ()  # which of its points are the mouth; the first two are the eyes; none: it has no points


class FaceDetectors:
    """Boxes labelled `face`, squares as described above, with two anchors where the detector knows them: the middle of
    the eyes and the middle of the mouth.

    Raises SettingsError for an unknown name, ModelMissingError where the detector's model is not on this machine.
    """

    def __init__(self, chosen: str = FIRST, threads: int = 1) -> None:
        self._threads = threads
        self._open: dict[str, FaceFinder] = {}
        self.choose(chosen)

    def choose(self, name: str) -> None:
        """From the next picture on, use this detector. May be called from any thread."""
        if name not in NAMES:
            raise SettingsError(f"there is no face detector {name!r}; there are: {', '.join(NAMES)}")
        if name not in self._open:
            self._open[name] = open_face_finder(name, self._threads)
        self.chosen = name

    def run(self, scenes: list[Scene]) -> None:
        """Fill `detections` of every scene."""
        finder = self._open[self.chosen]
        for scene in scenes:
            scene.detections = _squares(finder.find(scene.frame), finder.shape)


def open_face_finder(name: str, threads: int = 1) -> FaceFinder:
    """One of `NAMES`."""
    if name == "blazeface":
        return BlazeFace(threads)
    return YuNet() if name == "yunet" else HaarCascade(name.removeprefix("haar-").replace("-", "_"))


class BlazeFace:
    """The full-range model, to a few metres. Its points: eyes, nose, mouth, ears.

    It draws boxes of small faces up to half as large again as they are, and takes elbows for faces; so it looks at
    small ones once more from near, and those that are not found again are left out.
    """

    shape = Shape(side=1.12, up=0.04, mouth=(3,))
    SMALL = 1 / 14  # of the longer side of the picture: 14 pixels of what the model sees
    ROOM = 4.0  # side of the second look, to that of the box
    SAME = 0.2  # overlap from which it found the same again

    def __init__(self, threads: int = 1, threshold: float = 0.5) -> None:
        self._model = BoxModel("face_detection_full_range_sparse", threshold, threads)

    def find(self, frame: Frame) -> Found:
        found = self._model.find(frame)
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0.0)
        sure = np.ones(len(found), bool)
        for index in np.flatnonzero(sides < self.SMALL * max(frame.width, frame.height)):
            x, y = found.boxes[index].reshape(2, 2).mean(axis=0)
            near = self._model.find(frame, Region(float(x), float(y), float(sides[index]) * self.ROOM, 0.0))
            overlap = box_iou(found.boxes[index : index + 1], near.boxes)[0]
            sure[index] = overlap.max(initial=0.0) > self.SAME
            if sure[index]:
                best = int(overlap.argmax())
                found.boxes[index], found.points[index] = near.boxes[best], near.points[best]
        return Found(found.boxes[sure], found.scores[sure], found.points[sure], found.kinds[sure])


class YuNet:
    """Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector" (2023), as OpenCV runs it.

    Its points: eyes, nose, corners of the mouth.
    """

    shape = Shape(side=1.10, up=0.023, mouth=(3, 4))
    LEAST = 40  # pixels: in smaller pictures the model's numbers overflow

    def __init__(self, threshold: float = 0.7) -> None:
        path = str(find(card("yunet")))
        self._copies = _Copies(lambda: cv2.FaceDetectorYN.create(path, "", (320, 320), threshold, 0.3, 500))

    def find(self, frame: Frame) -> Found:
        image, scale = _reduced(frame)
        rows = self._rows(image)
        rows = rows[np.argsort(-rows[:, 14], kind="stable")]
        boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1) / scale
        points = rows[:, 4:14].reshape(-1, 5, 2) / scale
        kinds = np.zeros(len(rows), np.intp)
        return Found(boxes.astype(np.float32), rows[:, 14], points.astype(np.float32), kinds)

    def _rows(self, image: Image) -> Floats:
        """(N, 15) left, top, width, height, five points, score."""
        rows = None
        if min(image.shape[:2]) >= self.LEAST:
            with self._copies.one() as model:
                model.setInputSize(image.shape[1::-1])
                _, rows = model.detect(np.ascontiguousarray(image[..., ::-1]))
        return np.zeros((0, 15), np.float32) if rows is None else np.asarray(rows, np.float32)


class HaarCascade:
    """Viola and Jones (2001): one of the four frontal-face cascades that OpenCV brings. It knows no points.

    The score says how many windows agree, n / (n + 4): 0.5 at the least number asked for.
    """

    shape = Shape(side=1.0)
    AGREE = 4

    def __init__(self, kind: str, smallest: int = 0) -> None:
        self._least = (smallest, smallest)  # pixels of the reduced picture
        path = Path(cv2.__file__).parent / "data" / f"haarcascade_frontalface_{kind}.xml"
        self._copies = _Copies(lambda: cv2.CascadeClassifier(str(path)))

    def find(self, frame: Frame) -> Found:
        image, scale = _reduced(frame)
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        with self._copies.one() as cascade:
            rows, agreeing = cascade.detectMultiScale2(grey, 1.1, self.AGREE, minSize=self._least)
        count = np.asarray(agreeing, np.float32).reshape(-1)
        order = np.argsort(-count, kind="stable")
        faces = np.asarray(rows, np.float32).reshape(-1, 4)[order] / scale
        boxes = np.concatenate([faces[:, :2], faces[:, :2] + faces[:, 2:]], axis=1)
        scores = count[order] / (count[order] + self.AGREE)
        return Found(boxes, scores, np.zeros((len(faces), 0, 2), np.float32), np.zeros(len(faces), np.intp))


class _Copies(Generic[T]):
    """Copies of what serves one caller at a time: one for each call that was ever running at the same time."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._idle: queue.LifoQueue[T] = queue.LifoQueue()
        self._idle.put(make())

    @contextlib.contextmanager
    def one(self) -> Iterator[T]:
        try:
            copy = self._idle.get_nowait()
        except queue.Empty:
            copy = self._make()
        try:
            yield copy
        finally:
            self._idle.put(copy)


def _reduced(frame: Frame) -> tuple[Image, float]:
    """The picture, at most `WIDEST` long, and how many of its pixels are one pixel of the frame."""
    if max(frame.width, frame.height) <= WIDEST:
        return frame.rgb(), 1.0
    scale, width, height = fit(frame.width, frame.height, WIDEST)
    return frame.rgb(width, height), scale


def _squares(found: Found, shape: Shape) -> Detections:
    boxes = found.boxes.astype(np.float32)
    side = shape.side * (boxes[:, 2:] - boxes[:, :2]).mean(axis=1, keepdims=True)
    anchors, rolls = None, np.zeros(len(boxes), np.float32)
    if shape.mouth:
        parts = found.points[:, (0, 1)], found.points[:, shape.mouth]
        anchors = np.stack([part.mean(axis=1) for part in parts], axis=1).astype(np.float32)
        rolls = face_roll(anchors)
    upward = np.stack([np.sin(rolls), -np.cos(rolls)], axis=1)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 + shape.up * side * upward
    squares = np.concatenate([centres - side / 2, centres + side / 2], axis=1).astype(np.float32)
    return Detections(squares, found.scores.astype(np.float32), ("face",) * len(boxes), anchors)


def face_roll(anchors: Floats) -> Floats:
    """(N,) radians, clockwise, by which faces are turned, from (N, 2, 2) middles of the eyes and of the mouth.

    The line between the eyes would do as well for BlazeFace, but YuNet turns it by half of what it should be.
    """
    down = anchors[:, 1] - anchors[:, 0]
    return np.asarray(np.arctan2(-down[:, 0], down[:, 1]), np.float32)
