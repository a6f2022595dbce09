"""Finds people: near ones by BlazePose's detector, distant ones and crowds by the boxes of a general detector.

BlazePose's detector knows where the hips are even when they lie outside of the picture, but it often misses people who
are shorter than a third of the picture. The general detector finds them. Where its model is not on this machine,
BlazePose's detector looks at enlarged parts of the picture instead: slower, and with more false alarms.
"""

import math

import numpy as np

from footlights.core.errors import ModelMissingError
from footlights.core.frame import Frame
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections, Floats, Region, Scene
from footlights.perception.detect import BoxModel
from footlights.perception.heads import Found
from footlights.perception.regions import body_anchors, box_region

FAR = 0.35  # score from which the general detector is believed
TILE = 0.625  # side of an enlarged part, to the longer side of the picture
SURE = 0.7  # score from which BlazePose's detector is believed where the general detector saw nobody
HALF_BODY = np.array([0.35, 0.9], np.float32)  # width and height of half a body, to the distance of its anchors
SAME = 0.3  # overlap from which two boxes are the same person


class PeopleDetector:
    """Boxes labelled `person`, with two anchors each: the hip centre, and the point that gives size and direction.

    `far` is the card of the general detector, used where its model is on this machine; None: never.
    """

    def __init__(self, far: str | None = "yolox-nano", threshold: float = 0.5, threads: int = 1) -> None:
        self.threshold = threshold
        self._near = BoxModel("pose_detection", threshold, threads)
        self._far = _open_if_present(far, FAR, threads)

    def run(self, scenes: list[Scene]) -> None:
        """Fill `detections` of every scene."""
        for scene in scenes:
            near = _near_people(self._near.find(scene.frame), scene.frame)
            far = self._find_in_tiles(scene.frame) if self._far is None else _far_people(self._far, scene.frame)
            scene.detections = _merged(near, far)

    def _find_in_tiles(self, frame: Frame) -> Detections:
        parts = [_near_people(self._near.find(frame, tile), frame) for tile in tiles(frame.width, frame.height)]
        return _suppressed([part for part in parts if len(part)], SURE)


def tiles(width: int, height: int) -> list[Region]:
    """Squares that cover a picture, overlapping so that whoever is small enough to need one is whole in one."""
    side = TILE * max(width, height)
    return [Region(x, y, side, 0.0) for y in _centres(height, side) for x in _centres(width, side)]


def _centres(length: float, side: float) -> list[float]:
    if side >= length:
        return [length / 2]
    count = math.ceil((length - side) / (side * TILE)) + 1
    return [float(centre) for centre in np.linspace(side / 2, length - side / 2, count)]


def _open_if_present(name: str | None, threshold: float, threads: int) -> BoxModel | None:
    try:
        return BoxModel(name, threshold, threads) if name else None
    except ModelMissingError:
        return None


def _near_people(found: Found, frame: Frame) -> Detections:
    """BlazePose's detections; its boxes hold faces only, so the body's is made from the anchors."""
    anchors = found.points[:, :2]
    reach = np.linalg.norm(anchors[:, 1] - anchors[:, 0], axis=1, keepdims=True)
    half = reach * HALF_BODY
    boxes = np.concatenate([anchors[:, 0] - half, anchors[:, 0] + half], axis=1)
    return _people(_clipped(boxes, frame), found.scores, anchors)


def _far_people(model: BoxModel, frame: Frame) -> Detections:
    found = model.find(frame)
    mine = found.kinds == model.card.labels.index("person")
    boxes = _clipped(found.boxes[mine], frame)
    anchors = [body_anchors(box_region(box, frame.height)) for box in boxes]
    return _people(boxes, found.scores[mine], np.array(anchors, np.float32).reshape(-1, 2, 2))


def _merged(near: Detections, far: Detections) -> Detections:
    """Far people, with the near detector's anchors where it saw the same person; and who only it is sure of."""
    if not len(near):
        return far
    assert near.anchors is not None and far.anchors is not None
    overlaps = box_iou(near.boxes, far.boxes)
    anchors, scores, alone = far.anchors.copy(), far.scores.copy(), near.scores >= SURE
    for index in range(len(near)):
        best = int(overlaps[index].argmax()) if len(far) else 0
        if len(far) and overlaps[index, best] > SAME:
            scores[best] = max(near.scores[index], far.scores[best])
            anchors[best] = near.anchors[index] if near.scores[index] >= SURE else far.anchors[best]
            alone[index] = False
    both = _people(far.boxes, scores, anchors), _people(near.boxes[alone], near.scores[alone], near.anchors[alone])
    return _sorted(*both)


def _suppressed(parts: list[Detections], threshold: float) -> Detections:
    """The best of the overlapping people of several parts."""
    people = _sorted(*parts)
    assert people.anchors is not None
    overlaps = box_iou(people.boxes, people.boxes)
    kept: list[int] = []
    for index in np.flatnonzero(people.scores >= threshold):
        if not kept or overlaps[index, kept].max() <= SAME:
            kept.append(int(index))
    return _people(people.boxes[kept], people.scores[kept], people.anchors[kept])


def _sorted(*parts: Detections) -> Detections:
    anchors = [part.anchors for part in parts if part.anchors is not None]
    boxes = np.concatenate([np.zeros((0, 4), np.float32), *(part.boxes for part in parts)])
    scores = np.concatenate([np.zeros(0, np.float32), *(part.scores for part in parts)])
    order = np.argsort(-scores, kind="stable")
    return _people(boxes[order], scores[order], np.concatenate([np.zeros((0, 2, 2), np.float32), *anchors])[order])


def _people(boxes: Floats, scores: Floats, anchors: Floats) -> Detections:
    return Detections(boxes.astype(np.float32), scores, ("person",) * len(boxes), anchors)


def _clipped(boxes: Floats, frame: Frame) -> Floats:
    return np.clip(boxes, 0, [frame.width, frame.height] * 2).astype(np.float32)
