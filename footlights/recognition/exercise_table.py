"""What is known about every exercise: from the motion library, where MET values and their sources are written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from footlights.core.skeleton import BODY_INDEX
from footlights.media.rehearsal import motion as library
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import mirrored
from footlights.media.rehearsal.skeleton import landmarks, solve
from footlights.recognition.energy import OTHER
from footlights.recognition.expected_cycle import PHASES, Expected, Way
from footlights.recognition.joint_signal import COUNTED, Reals
from footlights.recognition.repetitions import Repetition


@dataclass(frozen=True, eq=False)
class ExerciseEntry:
    """One exercise."""

    name: str
    title: str
    met: float  # at the pace written
    held: bool  # it is held, and not repeated
    period: float = 0.0  # seconds of a cycle at the pace written, the mean of all ways; 0: not known
    expected: Expected | None = None  # None: nothing is known of its cycle
    code: str = ""  # of the Compendium's activity
    activity: str = ""  # the Compendium's words for it

    def credit(self, one: Repetition) -> float:
        """The repetitions of a measured cycle, or of half a one."""
        if self.expected is None:
            return one.share
        if one.way in self.expected.ways:
            return one.share * one.way.counts
        return self.expected.repetitions(one.period, one.share)


_JOINTS = [BODY_INDEX[name] for name in COUNTED]
_SHOULDERS = [BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]]
_HIPS = [BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]]
OTHER_MOVEMENT = ExerciseEntry("doing_other_things", "Other movement", OTHER, held=False)


@cache
def exercise_table() -> Mapping[str, ExerciseEntry]:
    """Every exercise by its label, over all its variants."""
    variants: dict[str, list[library.Motion]] = {}
    for name in library.names():
        found = library.motion(name)
        if found.exercise is not None and found.label:
            variants.setdefault(found.label, []).append(found)
    return {label: _entry(label, motions) for label, motions in variants.items()}


def _entry(label: str, motions: Sequence[library.Motion]) -> ExerciseEntry:
    first = next((one for one in motions if one.name == label), motions[0])
    assert first.exercise is not None
    known = first.exercise
    cycles = [one for one in motions if one.cycle and one.exercise and one.exercise.counts > 0]
    ways = tuple(way for one in cycles for way in _ways(one))
    periods = dict.fromkeys(way.period for way in ways)
    return ExerciseEntry(
        name=label,
        title=first.title,
        met=known.met,
        held=not ways,
        period=sum(periods) / len(periods) if ways else 0.0,
        expected=Expected(ways) if ways else None,
        code=known.code,
        activity=known.activity,
    )


def _ways(one: library.Motion) -> Iterator[Way]:
    """How long a cycle takes, what it counts, where the joints go, and whether its second half mirrors the first.

    A motion that may be done on either side gives both.
    """
    assert one.exercise is not None
    keys = [library.Key(0.0, one.enter[-1].row), *one.cycle]
    period = sum(key.seconds for key in keys)
    rows = library.curve(keys).at(np.arange(PHASES) * period / PHASES)
    path, other = _path(rows), _path(mirrored(rows))
    variance = float(((path - path.mean(axis=0)) ** 2).sum())
    alternates = float(((np.roll(path, PHASES // 2, axis=0) - other) ** 2).sum()) < 0.5 * variance
    sided = not alternates and float(((path - other) ** 2).sum()) > 0.2 * variance
    for shown in (path, other) if one.one_sided and not alternates else (path,):
        yield Way(round(period, 2), one.exercise.counts, alternates, sided, shown)


def _path(rows: Reals) -> Reals:
    """(PHASES, 16, 3) trunk lengths: the joints about the shoulders, and the shoulders; x, down, z."""
    body = Body()
    points = landmarks(solve(rows, body), body)
    shoulders = points[:, _SHOULDERS].mean(axis=1, keepdims=True)
    trunk = float(np.linalg.norm(shoulders[:, 0] - points[:, _HIPS].mean(axis=1), axis=1).mean())
    path = np.concatenate([points[:, _JOINTS] - shoulders, shoulders], axis=1)
    return np.asarray(path * [1.0, -1.0, 1.0] / trunk)
