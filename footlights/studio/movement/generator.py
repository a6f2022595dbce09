"""Labelled sequences without end, each settled by its number: what a net sees, and what it should say."""

from dataclasses import dataclass

import numpy as np

from footlights.core.scene import Floats
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.motion import POSTURES
from footlights.recognition.movement.features import VIEWS, Past, features
from footlights.recognition.movement.sight import Pace
from footlights.studio.movement.library import FLOOR, POSTURE, Library
from footlights.studio.movement.noise import observed
from footlights.studio.movement.performance import Performance, Rng, compose
from footlights.studio.movement.views import filmed

AFTER = 0.35  # seconds past its end for which a label is still right
BEFORE = 0.3  # seconds before its begin in which a label is neither right nor wrong
UNSURE = 0.15  # seconds after its begin, too
_FRAMINGS: dict[str, tuple[tuple[str, float], ...]] = {
    "gestures": (("full", 0.3), ("knees", 0.2), ("upper", 0.37), ("head", 0.13)),
    "exercises": (("full", 0.63), (FLOOR, 0.15), ("knees", 0.14), ("upper", 0.08)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Performed:
    """A labelled span as it is to be found, steps."""

    label: str
    motion: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """T steps of one person."""

    inputs: Floats  # (T, width of the net's view)
    wanted: Floats  # (T, L) 1: the label is right, 0: it is wrong
    counted: Floats  # (T, L) 0: neither, nothing is learned there
    performed: tuple[Performed, ...]  # spans that lie wholly inside
    framing: str


def sequence(
    library: Library, seed: tuple[int, ...], seconds: float = 20.0, framing: str | None = None, quiet: bool = False
) -> Sequence:
    """The sequence of a seed. It starts and stops in the middle of things.

    `framing` (of `motion.CAMERAS`, or `FLOOR`) is drawn where it is not given; `quiet`: nothing has a label.
    """
    rng = np.random.default_rng(seed)
    framings, shares = zip(*_FRAMINGS[library.net], strict=True)
    framing = framing or str(rng.choice(framings, p=shares))
    done = compose(library, framing, seconds, rng, quiet)
    times = moments(seconds, rng)
    sight = observed(filmed(done, framing, times, rng), times, rng)
    pace = Pace()
    steps = pace.steps_of(sight)
    inputs = features(steps, VIEWS[library.net], Past())
    wanted, counted = targets(library, done, steps.times)
    return Sequence(inputs, wanted, counted, _performed(library, done, steps.times), framing)


def moments(seconds: float, rng: Rng) -> Reals:
    """Times of frames: 10 to 60 a second, with jitter and some that were dropped."""
    rate = float(rng.choice([30.0, 25.0, 15.0, rng.uniform(10, 60)], p=[0.35, 0.15, 0.15, 0.35]))
    times = np.arange(0, seconds, 1 / rate)
    if rng.random() < 0.4:
        times = times + rng.uniform(-0.3, 0.3, len(times)) / rate
        kept = rng.random(len(times)) > rng.uniform(0, 0.15)
        kept[[0, -1]] = True
        times = times[kept]
    return np.asarray(times - times[0])


def targets(library: Library, done: Performance, times: Reals) -> tuple[Floats, Floats]:
    """What each output should be at (T,) seconds, and where that counts."""
    place = {label: index for index, label in enumerate(library.labels)}
    wanted = np.zeros((len(times), len(place)), np.float32)
    counted = np.ones_like(wanted)
    for item in done.acts:
        span = item.span
        if span is not None and span.label in place and item.act.motion in library.taught[span.label]:
            column = place[span.label]
            counted[(times >= span.begin - BEFORE) & (times < span.begin + UNSURE), column] = 0
            counted[(times > span.end + AFTER) & (times < span.end + AFTER + 0.1), column] = 0
            wanted[(times >= span.begin) & (times <= span.end + AFTER), column] = 1
    if POSTURE + POSTURES[0] in place:
        _postures(place, done, times, wanted, counted)
    return wanted, counted


def _postures(place: dict[str, int], done: Performance, times: Reals, wanted: Floats, counted: Floats) -> None:
    """The postures of the base; on the way from one to another none counts."""
    columns = [place[POSTURE + name] for name in POSTURES]
    counted[:, columns] = 0
    for item in done.base:
        now = (times >= item.start) & (times <= item.stop)
        span, motion = item.span, item.act.motion
        if motion is not None and span is not None:
            now = (times >= span.begin) & (times <= span.end)
        name = "standing" if motion is None else motion.posture
        if motion is None and abs(item.act.keys[-1].row[1]) > 0.2:
            name = "sitting"
        inside = np.flatnonzero(now)
        counted[inside[:, None], columns] = 1
        wanted[inside, place[POSTURE + name]] = 1


def _performed(library: Library, done: Performance, times: Reals) -> tuple[Performed, ...]:
    found = []
    for item in done.acts:
        span = item.span
        if span is not None and span.label in library.taught and item.act.motion in library.taught[span.label]:
            begin, end = np.searchsorted(times, [span.begin, span.end])
            if span.begin > times[0] + 0.5 and span.end < times[-1] - 0.2 and end > begin:
                found.append(Performed(span.label, span.motion, int(begin), int(end)))
    return tuple(found)
