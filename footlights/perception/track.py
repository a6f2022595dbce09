"""Gives detections an identity over time: cheap, vectorised, in seconds."""

import math
from dataclasses import dataclass

import numpy as np

from footlights.core.geometry import box_iou
from footlights.core.scene import Detections, Floats, Scene, Track

MATCH = 0.25  # overlap from which a detection is the thing that a track predicts
DOUBLE = 0.6  # overlap from which what is newly found is a thing followed already
UNSEEN = 0.2  # seconds after which a thing is out of sight, and may come back somewhere else
REACH = 0.6  # how far it may come back from where it is expected, in sizes of its box
ALIKE = 1.7  # how many times as large, or as small, it may come back
FADE = 0.5  # seconds for which a speed is believed, and over which it is averaged
NEW = 1.0  # seconds for which a track may still turn out to be a double of an older one


@dataclass(slots=True)
class _Motion:
    """Where a thing was last seen, and where it was going."""

    time: float
    box: Floats  # (4,) pixels
    speed: Floats  # (4,) pixels a second

    def seen(self, time: float, box: Floats) -> None:
        period = time - self.time
        if period > 0:
            fresh = (box - self.box) / np.float32(period)
            self.speed = self.speed + np.float32(-math.expm1(-period / FADE)) * (fresh - self.speed)
        self.time, self.box = time, box

    def at(self, time: float) -> Floats:
        return self.box + self.speed * np.float32(min(time - self.time, FADE))


class BoxTracker:
    """Follows the boxes of one stream; a thing out of sight keeps its identity for `patience` seconds.

    A landmark stage that finds a thing writes its `box` and `seen`; where no stage does, the speed between detections
    carries the box on. While a thing is out of sight its `seen` stands still.
    """

    def __init__(self, patience: float = 2.0, first: int = 1) -> None:
        self.patience = patience  # seconds
        self._tracks: list[Track] = []
        self._motions: dict[int, _Motion] = {}
        self._next = first  # the next identity

    def update(self, scene: Scene) -> None:
        """Fill `tracks`, in the order in which they were first seen."""
        now = scene.frame.time
        kept = _without_doubles([old for old in self._tracks if now - old.seen <= self.patience], now)
        self._motions = {old.id: self._motions[old.id] for old in kept}
        tracks = [self._carried(old, now) for old in kept]
        if scene.detections is not None:
            self._match(tracks, scene.detections, now)
        self._tracks = scene.tracks = tracks

    def _carried(self, old: Track, now: float) -> Track:
        """The track as expected on this frame. The frame before last is forgotten."""
        motion = self._motions[old.id]
        if old.seen > motion.time:
            motion.seen(old.seen, old.box)
        old.before = None
        return Track(old.id, old.label, motion.at(now), old.score, old.since, old.seen, before=old)

    def _match(self, tracks: list[Track], found: Detections, now: float) -> None:
        """Confirm, re-find, begin. Tracks begun are added to `tracks`."""
        same = _same_label(tracks, found)
        overlap = box_iou(_boxes(tracks), found.boxes) * same
        pairs = _best_pairs(overlap, MATCH)
        lost = np.array([now - track.seen > UNSEEN for track in tracks], bool)
        lost[[row for row, _ in pairs]] = False
        free = np.ones(len(found), bool)
        free[[column for _, column in pairs]] = False
        pairs += _best_pairs(_nearness(_boxes(tracks), found.boxes) * same * lost[:, None] * free, 0.0)
        for row, column in pairs:
            self._confirm(tracks[row], found, column, now)
        free[[column for _, column in pairs]] = False
        covered = (box_iou(_boxes(tracks), found.boxes) * same > DOUBLE).any(axis=0)
        tracks += [self._begin(found, int(column), now) for column in np.flatnonzero(free & ~covered)]

    def _confirm(self, track: Track, found: Detections, index: int, now: float) -> None:
        track.box, track.score, track.seen = found.boxes[index], float(found.scores[index]), now
        track.anchors = None if found.anchors is None else found.anchors[index]
        self._motions[track.id].seen(now, track.box)

    def _begin(self, found: Detections, index: int, now: float) -> Track:
        track = Track(self._next, found.labels[index], found.boxes[index], float(found.scores[index]), now, now)
        track.anchors = None if found.anchors is None else found.anchors[index]
        self._motions[track.id] = _Motion(now, track.box, np.zeros(4, np.float32))
        self._next += 1
        return track


def _boxes(tracks: list[Track]) -> Floats:
    return np.array([track.box for track in tracks], np.float32).reshape(-1, 4)


def _same_label(tracks: list[Track], found: Detections) -> Floats:
    """(N, M) 1 where a track and a detection have the same label, else 0."""
    ours = np.array([track.label for track in tracks], object).reshape(-1, 1)
    return np.asarray(ours == np.array(found.labels, object).reshape(1, -1), np.float32)


def _nearness(a: Floats, b: Floats) -> Floats:
    """(N, M) 1 for boxes with one centre and 0 from `REACH` sizes on, and for boxes that are not `ALIKE` in size."""
    centres = np.linalg.norm((a[:, None, :2] + a[:, None, 2:] - b[None, :, :2] - b[None, :, 2:]) / 2, axis=2)
    size_a, size_b = _size(a)[:, None], _size(b)[None]
    alike = np.maximum(size_a, size_b) < ALIKE * np.minimum(size_a, size_b)
    return np.asarray(np.clip(1 - centres / (REACH * size_a), 0, 1) * alike, np.float32)


def _size(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=1e-6), np.float32)


def _best_pairs(affinity: Floats, above: float) -> list[tuple[int, int]]:
    """Rows and columns paired, the best pair first, each used once, only pairs above a value."""
    rows, columns = np.nonzero(affinity > above)
    order = np.argsort(-affinity[rows, columns], kind="stable")
    pairs: list[tuple[int, int]] = []
    used_rows, used_columns = set[int](), set[int]()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in used_rows and column not in used_columns:
            pairs.append((row, column))
            used_rows.add(row)
            used_columns.add(column)
    return pairs


def _without_doubles(tracks: list[Track], now: float) -> list[Track]:
    """Leave out new tracks that lie on an older one which was seen later than they were."""
    overlap = box_iou(_boxes(tracks), _boxes(tracks))
    seen = np.array([track.seen for track in tracks])
    young = np.array([now - track.since < NEW for track in tracks], bool)
    label = np.array([track.label for track in tracks], object)
    older = np.tri(len(tracks), k=-1, dtype=bool)  # tracks stand in the order of their age
    double = (overlap > DOUBLE) & older & (seen[None] > seen[:, None]) & (label[None] == label[:, None])
    return [track for track, gone in zip(tracks, young & double.any(axis=1), strict=True) if not gone]
