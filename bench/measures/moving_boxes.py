"""Generated scenes for trackers: boxes that move, cross, hide each other and leave, as a detector sees them."""

from dataclasses import dataclass

import numpy as np

from bench.measures.hota import Boxes
from footlights.core.geometry import box_iou
from footlights.core.scene import Detections

WIDTH, HEIGHT = 1280, 720  # pixels


@dataclass(frozen=True)
class Kind:
    """What happens in a scene. Speeds are in sizes a second, chances are for each frame."""

    things: int  # at a time
    size: tuple[float, float] = (40, 110)  # pixels
    speed: tuple[float, float] = (0.5, 2.0)
    turn: float = 0.6  # change of speed, in sizes a second for each square root of a second
    miss: float = 0.05
    jitter: float = 0.04  # of the edges, in sizes
    weak: float = 0.1  # chance that a thing begins to be seen badly, for about half a second
    false: float = 0.3  # false alarms a frame
    line: bool = False  # all move one way, one behind the other


KINDS = {
    "few, calm": Kind(5, miss=0.02, false=0.1),
    "line": Kind(14, size=(60, 70), speed=(2.0, 2.0), turn=0.0, line=True),
    "street": Kind(12, size=(60, 160), speed=(1.0, 4.0)),
    "crowd": Kind(35, size=(40, 100), speed=(0.3, 1.5)),
    "bad detector": Kind(12, miss=0.25, jitter=0.08, weak=0.3, false=1.5),
}


@dataclass(frozen=True)
class Recorded:
    """A scene's truth and its detections, for every frame."""

    fps: float
    truth: list[Boxes]
    found: list[Detections]


def record(kind: Kind, seed: int, seconds: float = 20.0, fps: float = 30.0) -> Recorded:
    """The same for the same seed."""
    random = np.random.default_rng(seed)
    things, next_id = [_enter(kind, random, index, anywhere=True) for index in range(kind.things)], kind.things
    truth, found = [], []
    for _ in range(round(seconds * fps)):
        boxes = np.array([thing.step(kind, random, 1 / fps) for thing in things]).reshape(-1, 4)
        inside = _inside(boxes)
        truth.append(Boxes(np.array([thing.id for thing in things])[inside], boxes[inside]))
        found.append(
            _detect(kind, random, [thing for thing, here in zip(things, inside, strict=True) if here], boxes[inside])
        )
        things = [thing for thing, box in zip(things, boxes, strict=True) if not _gone(box)]
        while len(things) < kind.things:
            things.append(_enter(kind, random, next_id, anywhere=False))
            next_id += 1
    return Recorded(fps, truth, found)


@dataclass
class _Thing:
    id: int
    centre: np.ndarray  # (2,) pixels
    size: np.ndarray  # (2,) pixels
    speed: np.ndarray  # (2,) pixels a second
    dull: float = 0.0  # seconds for which it is seen badly

    def step(self, kind: Kind, random: np.random.Generator, period: float) -> np.ndarray:
        scale = float(np.sqrt(self.size.prod()))
        self.speed = self.speed + random.normal(0, kind.turn * scale * np.sqrt(period), 2)
        self.centre = self.centre + self.speed * period
        self.dull -= period
        if random.random() < kind.weak * period * 2:
            self.dull = random.exponential(0.5)
        return np.concatenate([self.centre - self.size / 2, self.centre + self.size / 2])


def _enter(kind: Kind, random: np.random.Generator, name: int, *, anywhere: bool) -> _Thing:
    scale = random.uniform(*kind.size)
    size = np.array([scale * random.uniform(0.6, 1.0), scale * random.uniform(1.0, 1.6)])
    pace = scale * random.uniform(*kind.speed)
    if kind.line:
        lane = random.integers(2)
        along = random.uniform(0, WIDTH) if anywhere else -scale * random.uniform(0.5, 4)
        return _Thing(name, np.array([along, HEIGHT * (0.35 + 0.3 * lane)]), size, np.array([pace, 0.0]))
    if anywhere:
        angle = random.uniform(0, 2 * np.pi)
        return _Thing(
            name, random.uniform([0, 0], [WIDTH, HEIGHT]), size, pace * np.array([np.cos(angle), np.sin(angle)])
        )
    side, along = random.integers(4), random.uniform(0.1, 0.9)
    start = [(-0.4 * size[0], along * HEIGHT), (WIDTH + 0.4 * size[0], along * HEIGHT), (along * WIDTH, -0.4 * size[1]),
             (along * WIDTH, HEIGHT + 0.4 * size[1])][side]  # fmt: skip
    goal = random.uniform([0.2 * WIDTH, 0.2 * HEIGHT], [0.8 * WIDTH, 0.8 * HEIGHT])
    way = goal - np.array(start)
    return _Thing(name, np.array(start), size, pace * way / np.linalg.norm(way))


def _detect(kind: Kind, random: np.random.Generator, things: list[_Thing], boxes: np.ndarray) -> Detections:
    """Nearer things (lower in the picture) hide others; hidden and dull ones score less and are missed more."""
    score = random.normal(0.85, 0.06, len(things))
    score -= 0.45 * np.array([thing.dull > 0 for thing in things], float)
    score *= 1 - 0.9 * _hidden(boxes)
    seen = (score > 0.1) & (random.random(len(things)) > kind.miss)
    noise = kind.jitter * np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1, keepdims=True))
    noisy = boxes + random.normal(0, 1, boxes.shape) * noise * (1.5 - score.clip(0, 1))[:, None]
    count = random.poisson(kind.false)
    corner, extent = random.uniform([0, 0], [WIDTH, HEIGHT], (count, 2)), random.uniform(*kind.size, (count, 2))
    boxes = np.concatenate([noisy[seen], np.concatenate([corner, corner + extent], axis=1)])
    boxes = np.clip(boxes, 0, [WIDTH, HEIGHT] * 2).astype(np.float32)
    scores = np.concatenate([score[seen], random.beta(2, 4, count)]).clip(0.1, 0.99).astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    order = order[_not_suppressed(boxes[order])]
    return Detections(boxes[order], scores[order], ("thing",) * len(order))


def _hidden(boxes: np.ndarray) -> np.ndarray:
    """(N,) the largest share of each box that one nearer box covers."""
    corner = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    inner = np.clip(np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - corner, 0, None).prod(axis=2)
    nearer = boxes[None, :, 3] > boxes[:, None, 3]
    return (inner * nearer / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None]).max(axis=1, initial=0)


def _not_suppressed(boxes: np.ndarray, most: float = 0.6) -> list[int]:
    """As a detector's suppression leaves them."""
    overlap, kept = box_iou(boxes, boxes), []
    for index in range(len(boxes)):
        if not kept or overlap[index, kept].max() <= most:
            kept.append(index)
    return kept


def _inside(boxes: np.ndarray) -> np.ndarray:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return ((middle > 0) & (middle < [WIDTH, HEIGHT])).all(axis=1)


def _gone(box: np.ndarray) -> bool:
    left, top, right, bottom = box
    return bool(right < -300 or bottom < 0 or left > WIDTH or top > HEIGHT)
