"""On which frames of a camera that stands still a detector need look.

A detector costs a hundred times as much as a glance at a small grey picture. As long as that picture is as it was when
the detector looked last, its answer would be the same.
"""

import math

import cv2
import numpy as np

from footlights.core.frame import Frame

SIZE = (160, 90)  # pixels: width and height of the picture that is compared
CHANGED = 10.0  # grey levels, of 255, by which a spot must differ from what it was
SHARE = 0.001  # of the picture that must have changed: 14 spots
STILL = (3, 3)  # spots averaged, so that the noise of the camera does not count


class EveryNth:
    """Looks at a frame, leaves `interval` out, and looks again."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._left_out = math.inf  # frames since the last look

    def due(self, frame: Frame, *, following: bool) -> bool:
        """True for the first frame and then for one of `interval` + 1."""
        self._left_out += 1
        if self._left_out <= self._interval:
            return False
        self._left_out = 0
        return True

    def forget(self) -> None:
        """The next frame is due."""
        self._left_out = math.inf


class MotionGate:
    """Looks as often as `EveryNth` while something moves, at once where something begins to, and rarely otherwise.

    Compared is with the picture of the last look, not with the frame before: what creeps is seen as well. A change of
    the light that is the same everywhere is no motion. Before it rests it looks once more: what the detector saw for
    the first time is believed when it is seen again.
    """

    def __init__(self, interval: int, rest: float = 2.0) -> None:
        self._every = EveryNth(interval)
        self._rest = rest  # seconds between two looks where nothing moves
        self._looked = -math.inf  # seconds, when the detector looked last
        self._seen: cv2.typing.MatLike | None = None  # (H, W) what it looked at
        self._once_more = False  # to be looked at, although nothing moves

    def due(self, frame: Frame, *, following: bool) -> bool:
        """True where the picture has changed since the last look, no sooner than the interval allows, or it rests
        long enough.
        """
        luma = cv2.blur(frame.luma(*SIZE), STILL).astype(np.int16)
        may_look = self._every.due(frame, following=following)
        moves = self._seen is None or changed(self._seen, luma) >= SHARE
        if self._seen is not None and not 0 <= frame.time - self._looked < self._rest:
            may_look = moves = True
        elif not moves and not self._once_more:
            if may_look:
                self._every.forget()  # what begins to move after a rest is looked at on its first frame
            return False
        if may_look:
            self._looked, self._seen, self._once_more = frame.time, luma, moves
        return may_look

    def forget(self) -> None:
        """The next frame is due."""
        self._every.forget()
        self._seen = None


def changed(before: cv2.typing.MatLike, now: cv2.typing.MatLike) -> float:
    """The share of a picture, 0..1, that differs from (H, W) what it was by more than the light of the whole does."""
    difference = now - before
    return float((np.abs(difference - np.median(difference)) > CHANGED).mean())
