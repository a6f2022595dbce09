"""Gives the detections of any detector an identity over time, many at once: ByteTrack with real time.

Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box" (2022): sure detections are matched
first, then weak ones keep alive what they overlap. Here every time is in seconds, the detector may run now and then,
and all tracks of a stream are one struct of arrays. `BoxTracker` is the other one: for things that landmark stages
follow themselves.
"""

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Detections, Floats, Scene, Track
from footlights.perception.assignment import Indices, best_pairs

# A thing's size is the square root of its box's area; the motion model is the same for all sizes.
NOISE = 0.05  # deviation of a detected edge, in sizes
WEAK = 4.0  # how many times as large the variance of a detection without any score is
PUSH = 1.5  # change of speed, in sizes a second for each square root of a second
START = 2.0  # deviation of the speed of a thing just found, in sizes a second
SWELL = 0.3  # the same two for width and height, to those for the place
HOLD = 0.5  # seconds for which a speed is believed while nobody sees the thing; longer, where the detector
LOOKS = 1.5  # looks less often: so many times what passed between its last two looks,
LONGEST = 2.0  # and never for more seconds than this
MATCH = 0.25  # overlap from which a sure detection is the thing that a track predicts
MATCH_WEAK = 0.15  # the same for a weak detection
REACH = 0.7  # how far from where it is expected a lost thing may come back, in sizes
ALIKE = 1.6  # how many times as wide or as high it may come back
DOUBLE = 0.7  # overlap from which a new detection is a thing that is seen already


@dataclass(slots=True, eq=False)
class _Tracks:
    """All tracks of a stream; a constant-velocity Kalman filter for each of centre x, centre y, width, height.

    The four do not depend on each other, so a covariance is three numbers and nothing is ever inverted.
    """

    id: NDArray[np.int64]  # (N,)
    kind: NDArray[np.int64]  # (N,) index into the tracker's labels
    score: NDArray[np.float64]  # (N,) of the last detection
    trust: NDArray[np.float64]  # (N,) how sure the label is, see `_vote`
    since: NDArray[np.float64]  # (N,) seconds
    seen: NDArray[np.float64]  # (N,) seconds
    lost: NDArray[np.float64]  # (N,) seconds, when the detector first looked without finding it; infinite: never
    hits: NDArray[np.int64]  # (N,) detections
    state: NDArray[np.float64]  # (N, 4) pixels: centre x, centre y, width, height
    speed: NDArray[np.float64]  # (N, 4) pixels a second
    place: NDArray[np.float64]  # (N, 4) variance of the state
    both: NDArray[np.float64]  # (N, 4) covariance of state and speed
    drift: NDArray[np.float64]  # (N, 4) variance of the speed

    def __len__(self) -> int:
        return len(self.id)

    def boxes(self) -> NDArray[np.float64]:
        """(N, 4) pixels: left, top, right, bottom."""
        half = self.state[:, 2:] / 2
        return np.concatenate([self.state[:, :2] - half, self.state[:, :2] + half], axis=1)

    def keep(self, good: NDArray[np.bool_]) -> None:
        """Forget the others."""
        if not good.all():
            for name in _NAMES:
                setattr(self, name, getattr(self, name)[good])

    def join(self, others: "_Tracks") -> None:
        """Put others behind these."""
        for name in _NAMES:
            setattr(self, name, np.concatenate([getattr(self, name), getattr(others, name)]))

    def predict(self, before: float, now: float, hold: float) -> None:
        """Move everything from one moment to the next; for `hold` seconds since a thing was seen its speed holds."""
        period = now - before
        if period <= 0 or not len(self):
            return
        moving = np.clip(hold - (before - self.seen), 0, period)[:, None]
        self.state += self.speed * moving
        self.state[:, 2:] = np.maximum(self.state[:, 2:], 1.0)
        push = _scaled(_sizes(self.state), PUSH) ** 2
        self.place += 2 * period * self.both + period**2 * self.drift + push * period**3 / 3
        self.both += period * self.drift + push * period**2 / 2
        self.drift += push * period

    def correct(self, rows: Indices, measured: NDArray[np.float64], scores: NDArray[np.float64], now: float) -> None:
        """Take in detections, (M, 4) centre and size, one for each of these rows."""
        noise = _noise(measured, scores)
        place, both = self.place[rows], self.both[rows]
        surprise, total = measured - self.state[rows], place + noise
        gain, pull = place / total, both / total
        self.state[rows] += gain * surprise
        self.speed[rows] += pull * surprise
        self.drift[rows] -= pull * both
        self.both[rows], self.place[rows] = (1 - gain) * both, (1 - gain) * place
        self.score[rows], self.seen[rows], self.lost[rows] = scores, now, np.inf
        self.hits[rows] += 1


_NAMES = tuple(item.name for item in fields(_Tracks))


class ByteTracker:
    """Follows what a detector finds in one stream. One for each stream.

    `sure` is the score from which a detection begins a track; weaker ones, down to what the detector gives, only keep
    tracks alive. A track is shown from its `confirm`-th detection on. A thing out of sight keeps its identity for
    `patience` seconds of the detector looking without finding it; meanwhile its `seen` stands still, and where it was
    last seen leaving the picture it goes at once. Identities count up from `first`.

    Things with different labels are different things, unless `mixed`: then a thing keeps its identity when its label
    flickers, and its label is what it was mostly taken for.
    """

    def __init__(
        self, *, patience: float = 1.0, sure: float = 0.5, confirm: int = 2, first: int = 1, mixed: bool = False
    ) -> None:
        self.patience = patience
        self.sure = sure
        self.confirm = confirm
        self.mixed = mixed
        self._next = first
        self._tracks = _begun(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64), 0.0, first)
        self._time = -math.inf  # of the frame before
        self._looked = math.inf  # when the detector ran last
        self._hold = HOLD  # seconds
        self._kinds: dict[str, int] = {}
        self._names: list[str] = []
        self._shown: dict[int, Track] = {}  # by identity, of the frame before

    def update(self, scene: Scene) -> None:
        """Fill `tracks`, in the order in which they were first seen. Where the detector did not run: predict."""
        now, tracks = scene.frame.time, self._tracks
        tracks.predict(self._time, now, self._hold)
        self._time = now
        source = np.full(len(tracks), -1)
        if scene.detections is not None:
            self._hold = min(max(HOLD, LOOKS * (now - self._looked)), LONGEST)
            self._looked = now
            source = self._match(scene.detections, now)
            source = self._forget(source, now, scene.frame.width, scene.frame.height)
        scene.tracks = self._show(scene.detections, source)

    def _match(self, found: Detections, now: float) -> Indices:
        """Confirm, re-find, begin; for each track, the detection that it got, or -1."""
        tracks, boxes = self._tracks, found.boxes.astype(np.float64)
        kinds = np.array([self._kind(label) for label in found.labels], np.int64)
        sure = found.scores >= self.sure
        ours = tracks.boxes()
        overlap = _overlaps(ours, boxes)
        if not self.mixed:
            overlap *= tracks.kind[:, None] == kinds
        source = np.full(len(tracks), -1)
        free = np.ones(len(boxes), bool)

        def pair(affinity: NDArray[Any], above: float) -> None:
            rows, columns = best_pairs(affinity, above)
            source[rows], free[columns] = columns, False

        pair(overlap * sure, MATCH)
        weak = free & ~sure
        if weak.any():
            pair(overlap * ((source < 0) & (tracks.hits >= self.confirm))[:, None] * weak, MATCH_WEAK)
        astray, anew = source < 0, free & sure
        if astray.any() and anew.any():
            near = _nearness(tracks.state, _centred(boxes)) * astray[:, None] * anew
            pair(near if self.mixed else near * (tracks.kind[:, None] == kinds), 0.0)
        rows = np.flatnonzero(source >= 0)
        columns = source[rows]
        tracks.correct(rows, _centred(boxes[columns]), found.scores[columns].astype(np.float64), now)
        self._vote(rows, kinds[columns], found.scores[columns])
        tracks.lost[(source < 0) & np.isinf(tracks.lost)] = now
        fresh = np.flatnonzero(free & sure & ~(overlap[rows] > DOUBLE).any(axis=0))
        tracks.join(_begun(boxes[fresh], found.scores[fresh], kinds[fresh], now, self._next))
        self._next += len(fresh)
        return np.concatenate([source, fresh])

    def _vote(self, rows: Indices, kinds: NDArray[np.int64], scores: Floats) -> None:
        """A label gains trust with every detection that agrees, up to 1, and changes when it has none left."""
        if not self.mixed:
            return
        tracks = self._tracks
        trust = tracks.trust[rows] + np.where(tracks.kind[rows] == kinds, scores, -scores)
        turned = trust < 0
        tracks.kind[rows] = np.where(turned, kinds, tracks.kind[rows])
        tracks.trust[rows] = np.minimum(np.abs(trust), 1.0)

    def _forget(self, source: Indices, now: float, width: int, height: int) -> Indices:
        """Drop what was lost too long ago, what left the picture, and what was seen once and never again."""
        tracks = self._tracks
        x, y = tracks.state[:, 0], tracks.state[:, 1]
        outside = (x < 0) | (y < 0) | (x > width) | (y > height)
        gone = (now - tracks.lost > self.patience) | (np.isfinite(tracks.lost) & outside)
        good = ~gone & ((source >= 0) | (tracks.hits >= self.confirm))
        tracks.keep(good)
        return source[good]

    def _show(self, found: Detections | None, source: Indices) -> list[Track]:
        tracks = self._tracks
        ready = np.flatnonzero(tracks.hits >= self.confirm)
        boxes = tracks.boxes()[ready].astype(np.float32)
        anchors = None if found is None else found.anchors
        shown: dict[int, Track] = {}
        rows = zip(
            tracks.id[ready].tolist(),
            tracks.kind[ready].tolist(),
            boxes,
            tracks.score[ready].tolist(),
            tracks.since[ready].tolist(),
            tracks.seen[ready].tolist(),
            source[ready].tolist(),
            strict=True,
        )
        for name, kind, box, score, since, seen, place in rows:
            old = self._shown.get(name)
            if old is not None:
                old.before = None
            mine = anchors[place] if anchors is not None and place >= 0 else None
            shown[name] = Track(name, self._names[kind], box, score, since, seen, mine, old)
        self._shown = shown
        return list(shown.values())

    def _kind(self, label: str) -> int:
        number = self._kinds.setdefault(label, len(self._names))
        if number == len(self._names):
            self._names.append(label)
        return number


def _begun(boxes: NDArray[Any], scores: NDArray[Any], kinds: NDArray[np.int64], now: float, first: int) -> _Tracks:
    """New tracks from (N, 4) boxes."""
    state, scores, count = _centred(boxes.astype(np.float64)), scores.astype(np.float64), len(boxes)
    times = np.full(count, now)
    return _Tracks(
        id=first + np.arange(count),
        kind=kinds,
        score=scores,
        trust=scores.copy(),
        since=times,
        seen=times.copy(),
        lost=np.full(count, np.inf),
        hits=np.ones(count, np.int64),
        state=state,
        speed=np.zeros((count, 4)),
        place=_noise(state, scores),
        both=np.zeros((count, 4)),
        drift=_scaled(_sizes(state), START) ** 2,
    )


def _centred(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) centre x, centre y, width, height."""
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def _sizes(state: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 1) pixels."""
    return np.sqrt(np.maximum(state[:, 2:3] * state[:, 3:4], 1.0))


def _scaled(sizes: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """(N, 4) a share of the size, less of it for width and height."""
    return np.asarray(sizes * np.array([share, share, SWELL * share, SWELL * share]))


def _noise(measured: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) variance of detections: weak ones lie less well (Du et al., "GIAOTracker", 2021)."""
    variance = (NOISE * _sizes(measured)) ** 2 * (1 + (WEAK - 1) * (1 - scores[:, None]))
    return np.asarray(variance * np.array([1.0, 1.0, 2.0, 2.0]))


def _overlaps(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) intersection over union."""
    wide = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    tall = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    inner = np.maximum(wide, 0) * np.maximum(tall, 0)
    area_a, area_b = np.prod(a[:, 2:] - a[:, :2], axis=1), np.prod(b[:, 2:] - b[:, :2], axis=1)
    return np.asarray(inner / np.maximum(area_a[:, None] + area_b - inner, 1e-9))


def _nearness(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) 1 for states with one centre and 0 from `REACH` sizes on, and for boxes that are not `ALIKE`."""
    away = np.hypot(a[:, None, 0] - b[:, 0], a[:, None, 1] - b[:, 1]) / (REACH * _sizes(a))
    growth = np.abs(np.log(np.maximum(b[None, :, 2:], 1.0) / np.maximum(a[:, None, 2:], 1.0))).max(axis=2)
    return np.asarray(np.maximum(1 - away, 0) * (growth < math.log(ALIKE)))
