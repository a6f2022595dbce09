"""Is the camera itself all right? Judged on a small grey picture, against how it was when all was well."""

import math
from collections.abc import Set

import cv2
import numpy as np
from numpy.typing import NDArray

from footlights.core.frame import Frame

SIZE = (160, 90)  # pixels: width and height of the picture that is judged
FLAT = 6.0  # grey levels of contrast under which a lens is covered
SOFT = 0.3  # of its usual sharpness: less is blurred
SHIFT = 0.04  # of the picture's width by which everything must have shifted for the camera to be moved
SURE = 0.25  # agreement of the two pictures, 0..1, from which a shift is believed
LEARN = 30.0  # seconds over which the usual picture and sharpness are averaged
FIRST = 1.0  # seconds that are learned from before anything is judged
MOTION = 8.0  # grey levels by which a spot must differ from 0.2 s and more before
LAG = 0.2  # seconds

Grey = NDArray[np.float32]  # (90, 160)


class CameraHealth:
    """Follows one camera. `update` with every frame; then `faults` and `moving` say how it is."""

    def __init__(self) -> None:
        self.faults: Set[str] = frozenset()  # of `alerts.FAULTS`, at this moment
        self.moving: NDArray[np.bool_] = np.zeros(SIZE[::-1], bool)  # (90, 160) where something moves
        self._usual: Grey | None = None  # the picture when all is well
        self._sharpness = 0.0
        self._since = -math.inf  # seconds, when learning began
        self._before: tuple[float, Grey] | None = None  # what `moving` compares with
        self._last: Grey | None = None
        self._time = -math.inf
        self._window = cv2.createHanningWindow(SIZE, cv2.CV_32F)

    def update(self, frame: Frame) -> None:
        """Judge one frame."""
        grey = frame.luma(*SIZE).astype(np.float32)
        if self._usual is None or frame.time < self._time:
            self._usual, self._sharpness, self._since = grey, _sharpness(grey), frame.time
        self._feel_motion(grey, frame.time)
        faults = set()
        if self._last is not None and np.array_equal(grey, self._last):
            faults.add("frozen")  # a sensor's noise never repeats itself
        if frame.time - self._since >= FIRST:
            faults |= self._compare(grey)
        if not faults - {"frozen"}:
            self._learn(grey, frame.time)
        self.faults, self._last, self._time = frozenset(faults), grey, frame.time

    def _compare(self, grey: Grey) -> set[str]:
        """Only the first of covered, moved and blurred: each hides the next."""
        assert self._usual is not None
        if float(grey.std()) < FLAT <= float(self._usual.std()):
            return {"covered"}
        (across, down), agreement = cv2.phaseCorrelate(self._usual * self._window, grey * self._window)
        if agreement > SURE and math.hypot(across, down) > SHIFT * SIZE[0]:
            return {"moved"}
        return {"blurred"} if _sharpness(grey) < SOFT * self._sharpness else set()

    def _learn(self, grey: Grey, time: float) -> None:
        assert self._usual is not None
        share = max(0.0, min(1.0, (time - self._time) / LEARN)) if self._time > -math.inf else 0.0
        self._usual = np.asarray(self._usual + np.float32(share) * (grey - self._usual), np.float32)
        self._sharpness += share * (_sharpness(grey) - self._sharpness)

    def _feel_motion(self, grey: Grey, time: float) -> None:
        if self._before is None or not 0 <= time - self._before[0] <= 10 * LAG:
            self._before = (time, grey)
            self.moving = np.zeros(SIZE[::-1], bool)
        elif time - self._before[0] >= LAG:
            difference = cv2.blur(grey - self._before[1], (3, 3))
            self.moving = np.abs(difference - np.median(difference)) > MOTION
            self._before = (time, grey)


def _sharpness(grey: Grey) -> float:
    """How much fine detail there is, whatever the light; the noise of single spots does not count."""
    detail = cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 0.8), cv2.CV_32F)
    return float(detail.std()) / max(8.0, float(grey.std()))
