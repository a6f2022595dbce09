"""Where a landmark model should look: squares from detections, from landmarks of the frame before, from other parts.

Sources: MediaPipe's AlignmentPointsRectsCalculator, RectTransformationCalculator, HandLandmarksToRectCalculator and
HandDetectionsFromPoseToRectsCalculator, with the margins of its graphs.
"""

import math

import numpy as np

from footlights.core.geometry import wrap_angle
from footlights.core.scene import Floats, Pose, Region, Side
from footlights.core.skeleton import BODY_INDEX

CUT = 0.98  # how far down a picture a box must reach to be cut by its edge
TALL = 2.5  # height of a standing body's box to its width
BODY_MARGIN = 1.25  # side of a body's region to the diameter of the circle through the scale point
PALM_MARGIN = 2.6  # side of a hand's region to the box of its palm
KNUCKLE_MARGIN = 2.7  # the same, to twice the distance from wrist to knuckles
HAND_MARGIN = 2.0  # the same, to the box of the palm's landmarks
FACE_MARGIN = 1.5  # side of a face's region to its box
HEAD_MARGIN = 3.0  # side of a head's region to the extent of the pose's landmarks on it
PALM_POINTS = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]  # landmarks that do not move far when fingers bend
HEAD_POINTS = slice(0, 11)  # of a pose


def body_region(hip: Floats, scale: Floats) -> Region:
    """Around a body, from the hip centre and the point that gives its size and its up, both (2,) pixels."""
    size = 2 * math.dist(hip, scale) * BODY_MARGIN
    return Region(float(hip[0]), float(hip[1]), size, _up(hip, scale))


def box_region(box: Floats, height: float) -> Region:
    """Around an upright body, from its box in a picture of this height.

    Where the box ends at the lower edge of the picture, the body goes on below it: it is taken to be as tall as a body
    of that width is.
    """
    left, top, right, bottom = (float(value) for value in box)
    tall = bottom - top
    if bottom > CUT * height:
        tall = max(tall, TALL * (right - left))
    return Region((left + right) / 2, top + tall / 2, max(right - left, tall) * BODY_MARGIN, 0.0)


def body_anchors(region: Region) -> Floats:
    """(2, 2) hip centre and scale point that `body_region` makes the same region from."""
    reach = region.size / 2 / BODY_MARGIN
    top = [region.x + reach * math.sin(region.angle), region.y - reach * math.cos(region.angle)]
    return np.array([[region.x, region.y], top], np.float32)


def palm_region(box: Floats, points: Floats) -> Region:
    """Around a hand, from the palm detector: its box and its 7 points (wrist first, middle knuckle third)."""
    region = _around(box[None].reshape(2, 2), _up(points[0], points[2]), PALM_MARGIN)
    side = region.size / PALM_MARGIN
    return _shifted(region, -0.5 * side)


def hand_region(landmarks: Floats) -> Region:
    """Around a hand, from its 21 landmarks on the frame before."""
    knuckles = ((landmarks[5] + landmarks[13]) / 2 + landmarks[9]) / 2
    points = landmarks[PALM_POINTS]
    region = _around(points, _up(landmarks[0], knuckles), HAND_MARGIN)
    return _shifted(region, -0.1 * region.size / HAND_MARGIN)


def wrist_region(pose: Pose, side: Side) -> Region:
    """Around a hand, from the wrist and the knuckles of a pose."""
    wrist, pinky, index = (pose.xy[BODY_INDEX[f"{side}_{name}"]] for name in ("wrist", "pinky", "index"))
    middle = (2 * index + pinky) / 3
    size = 2 * math.dist(wrist, middle)
    region = Region(float(middle[0]), float(middle[1]), size * KNUCKLE_MARGIN, _up(wrist, middle))
    return _shifted(region, -0.1 * size)


def head_region(pose: Pose) -> Region:
    """Around a head, from a pose. It is turned as the eyes are, unless they say that the head stands on its crown."""
    right, left = pose.xy[BODY_INDEX["right_eye"]], pose.xy[BODY_INDEX["left_eye"]]
    roll = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    upright = abs(wrap_angle(roll - pose.region.angle)) < math.pi / 2
    return _around(pose.xy[HEAD_POINTS], roll if upright else pose.region.angle, HEAD_MARGIN)


def face_region(box: Floats, roll: float) -> Region:
    """Around a face, from its box and how far it is turned clockwise."""
    left, top, right, bottom = (float(value) for value in box)
    size = max(right - left, bottom - top) * FACE_MARGIN
    return Region((left + right) / 2, (top + bottom) / 2, size, roll)


def turned(points: Floats, angle: float) -> Floats:
    """(N, 3) points turned clockwise about the z axis: from a crop's directions to those of the picture."""
    cos, sin = math.cos(angle), math.sin(angle)
    x, y, z = points.T
    return np.stack([cos * x - sin * y, sin * x + cos * y, z], axis=1).astype(np.float32)


def _up(bottom: Floats, top: Floats) -> float:
    """The angle of a region on which `top` lies above `bottom`."""
    return wrap_angle(math.pi / 2 - math.atan2(float(bottom[1] - top[1]), float(top[0] - bottom[0])))


def _around(points: Floats, angle: float, margin: float) -> Region:
    """The square with this angle around (N, 2) points, its side their longer extent times a margin."""
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]], np.float32)
    turned = points @ turn
    low, high = turned.min(axis=0), turned.max(axis=0)
    x, y = turn @ ((low + high) / 2)
    return Region(float(x), float(y), float((high - low).max()) * margin, angle)


def _shifted(region: Region, down: float) -> Region:
    """The region moved along its own vertical, by so many pixels."""
    x, y = region.x - down * math.sin(region.angle), region.y + down * math.cos(region.angle)
    return Region(x, y, region.size, region.angle)
