"""Recognises the exercises of every person of a stream, when they begin and end, and counts their repetitions.

What is done is said by a movement net (see `movement.reader`) or by rules of a file of one's own (see `own_exercises`);
how often is counted on the landmarks themselves (see `repetitions`). Repetitions belong to the exercise that is being
done; those made before it was known are credited to it when it is.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from footlights.core.event import Event, Value
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Hand, Pose, Scene, Side, Track
from footlights.recognition.exercise_table import OTHER_MOVEMENT, ExerciseEntry, exercise_table
from footlights.recognition.own_exercises import OwnExercises
from footlights.recognition.repetitions import Repetition, RepetitionCounter

BEGIN = 0.7  # seconds for which it must be probable before an exercise begins
BEGIN_ONCE = 0.3  # seconds, where a whole repetition that agrees with the library was seen
BEGIN_HELD = 1.5  # seconds, for one that is held: people pass through its posture
END = 1.5  # seconds for which it must be improbable before it ends
LEAVE = 0.6  # of the threshold, under which a probability says that it is over
HOLD_EVERY = 10.0  # seconds after which it is told how long an exercise is held
LAPSE = 0.35  # seconds for which it may be improbable while it is not yet certain
LOOK_BACK = 10.0  # seconds for which repetitions wait for the exercise that they belong to
UNKNOWN_AFTER = 5.0  # seconds after which they count as a movement that nobody knows
UNKNOWN_LEAST = 3  # repetitions from which such a movement is told


class Reader(Protocol):
    """What says how probable each label is: `movement.reader.MovementReader`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the probabilities are of."""

    def new(self) -> Any:
        """The state of a person who is seen for the first time."""

    def step(self, state: Any, time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> Floats:
        """(L,) probabilities after this frame."""


@dataclass(slots=True)
class Bout:
    """One exercise, from its begin to its end."""

    entry: ExerciseEntry
    begin: float  # seconds
    count: int = 0
    held: float = 0.0  # seconds: the last moment at which it was probable
    holds: int = 0  # times `HOLD_EVERY` that it was held, as told
    cycles: float = 0.0  # repetitions with their fractions: two sides by turns may count as one


@dataclass(slots=True)
class _Candidate:
    """What may be beginning."""

    entry: ExerciseEntry
    since: float  # seconds
    held: float  # seconds


@dataclass(slots=True)
class Person:
    """What is known of one track."""

    reading: Any  # the reader's state
    own: Any  # the rules' state
    counter: RepetitionCounter = field(default_factory=RepetitionCounter)
    bout: Bout | None = None
    posture: str = ""
    moving: bool = False
    period: float | None = None  # seconds of one cycle now
    _candidate: _Candidate | None = None
    _waiting: deque[Repetition] = field(default_factory=lambda: deque(maxlen=64))
    _over: float = -math.inf  # seconds: when the last exercise ended

    @property
    def doing(self) -> str:
        """The exercise now, or "doing_nothing" or "doing_other_things"."""
        if self.bout is not None:
            return self.bout.entry.name
        return "doing_other_things" if self.moving else "doing_nothing"

    @property
    def pace(self) -> float | None:
        """How fast it is done against the table's pace; None while that cannot be said."""
        if self.bout is None or self.period is None or not self.bout.entry.period:
            return None
        return self.bout.entry.period / self.period

    def seconds(self, time: float) -> float:
        """For how long the exercise has been done."""
        return 0.0 if self.bout is None else time - self.bout.begin


class ExerciseRecogniser:
    """Turns the poses of one stream into "exercise.begin", "repetition", "exercise.hold" and "exercise.end".

    Keeps a state for every track and forgets it with the track. Frames must come in the order of time.

    Args:
        reader: The movement net; None for that of the card "exercises".
        own: TOML files with exercises of one's own.
        threshold: Probability from which an exercise may begin; None for the net's own, by label.

    Raises:
        SettingsError: a file that is not as it should be.
        ModelMissingError: the net is not here.
    """

    def __init__(
        self, reader: Reader | None = None, *, own: Iterable[Path] = (), threshold: float | None = None
    ) -> None:
        self._reader = reader or _net()
        self._own = OwnExercises(own)
        self.table: Mapping[str, ExerciseEntry] = {**exercise_table(), **self._own.entries}
        labels = self._reader.labels
        self._places = np.array([place for place, label in enumerate(labels) if label in self.table], int)
        self._names = [labels[place] for place in self._places]
        own_thresholds = getattr(self._reader, "thresholds", None)
        usual = np.full(len(labels), 0.5, np.float32) if own_thresholds is None else np.asarray(own_thresholds)
        chosen = usual if threshold is None else np.full(len(labels), threshold, np.float32)
        self._thresholds: Floats = chosen[self._places]
        self._postures = {place: label.removeprefix("posture:") for place, label in enumerate(labels) if ":" in label}
        self._people: PerTrack[Person] = PerTrack(lambda: Person(self._reader.new(), self._own.new()))

    def update(self, scene: Scene) -> Iterator[Event]:
        """What begins, is repeated or ends with this frame."""
        time, stream = scene.frame.time, scene.frame.stream
        people = [track for track in scene.tracks if track.label == "person"]
        for gone, person in self._people.keep(track.id for track in people):
            yield from self._end(gone, person, stream, time)
        for track in people:
            yield from self._follow(track, self._people[track.id], stream, time)

    def finish(self, stream: str, time: float) -> Iterator[Event]:
        """The film is over: what still lasts ends."""
        for track, person in self._people.keep(()):
            yield from self._settle(track, person, stream, time, patience=0.0)
            yield from self._end(track, person, stream, time)

    def person(self, track: int) -> Person:
        """What one person is doing."""
        return self._people[track]

    def _follow(self, track: Track, person: Person, stream: str, time: float) -> Iterator[Event]:
        probabilities = self._reader.step(person.reading, time, track.pose, track.hands)
        yield from self._judge(track, person, probabilities, stream, time)
        likely = person.bout.entry if person.bout else person._candidate.entry if person._candidate else None
        expected = likely.expected if likely is not None else None
        once = self._may_be_done_once(person)
        sure = once or (person.bout is not None and person._candidate is None)
        done = person.counter.update(time, track.pose, expected, sure=sure)
        person._waiting.extend(done)
        if once and any(one.way is not None for one in done):
            yield from self._begin(track.id, person, stream, time)
        person.period = person.counter.period(time)
        person.moving = person.period is not None or person.counter.moving
        yield from self._settle(track.id, person, stream, time, patience=UNKNOWN_AFTER)
        bout = person.bout
        if bout is not None and bout.entry.held and time - bout.begin >= HOLD_EVERY * (bout.holds + 1) - 1e-6:
            bout.holds = int((time - bout.begin) / HOLD_EVERY + 1e-6)
            yield _event("exercise.hold", stream, time, track.id, bout)

    def _may_be_done_once(self, person: Person) -> bool:
        """Something is beginning that may be over before it has been probable for long, such as a single jab."""
        candidate = person._candidate
        if candidate is None or person.bout is not None or candidate.entry.held:
            return False
        return candidate.held - candidate.since >= BEGIN_ONCE - 1e-6

    def _judge(self, track: Track, person: Person, probabilities: Floats, stream: str, time: float) -> Iterator[Event]:
        """Whether an exercise begins or ends with these probabilities."""
        scores = {name: float(p) for name, p in zip(self._names, self._relative(probabilities), strict=True)}
        scores |= self._own.step(person.own, time, track.pose, track.hands)
        if self._postures:
            person.posture = self._postures[max(self._postures, key=lambda place: float(probabilities[place]))]
        best = max(scores, key=scores.__getitem__, default=None)
        bout = person.bout
        lasts = scores.get(bout.entry.name, 0.0) if bout is not None else 0.0
        if bout is not None and (lasts >= LEAVE or (bout.entry is OTHER_MOVEMENT and person.period is not None)):
            bout.held = time
        if best is not None and scores[best] >= 1.0 and not (bout and bout.entry.name == best):
            if person._candidate is None or person._candidate.entry.name != best:
                person._candidate = _Candidate(self.table[best], time, time)
            person._candidate.held = time
        candidate = person._candidate
        if candidate is not None and (time - candidate.held > LAPSE or scores[candidate.entry.name] < lasts):
            person._candidate = candidate = None
        if bout is not None and time - bout.held >= END:
            yield from self._end(track.id, person, stream, bout.held)
        if (
            candidate is not None
            and candidate.held - candidate.since >= (BEGIN_HELD if candidate.entry.held else BEGIN) - 1e-6
        ):
            yield from self._end(track.id, person, stream, candidate.since)
            yield from self._begin(track.id, person, stream, time)

    def _relative(self, probabilities: Floats) -> Floats:
        """(E,) the exercises' probabilities as multiples of their thresholds."""
        return np.asarray(probabilities[self._places] / self._thresholds, np.float32)

    def _begin(self, track: int, person: Person, stream: str, time: float) -> Iterator[Event]:
        assert person._candidate is not None
        candidate, person._candidate = person._candidate, None
        entry, onset = candidate.entry, candidate.since
        waiting = [one for one in person._waiting if one.time > max(person._over, time - LOOK_BACK)]
        onset = min([onset, *(one.begin for one in waiting)]) if not entry.held else onset
        person.bout = Bout(entry, max(onset, person._over), 0, time)
        yield _event("exercise.begin", stream, time, track, person.bout)

    def _settle(self, track: int, person: Person, stream: str, time: float, *, patience: float) -> Iterator[Event]:
        """Credit the repetitions that wait; where no exercise is known for long, to the movement that nobody knows."""
        waiting = person._waiting
        bout = person.bout
        if bout is None and person._candidate is None and waiting and time - waiting[0].time >= patience:
            if len(waiting) < UNKNOWN_LEAST:
                waiting.popleft()
                return
            bout = person.bout = Bout(OTHER_MOVEMENT, waiting[0].begin, 0, time)
            yield _event("exercise.begin", stream, time, track, bout)
        if bout is None:
            return
        for one in tuple(waiting):
            if one.time > person._over and not bout.entry.held:
                bout.cycles += bout.entry.credit(one)
                reps = int(bout.cycles + 1e-6) - bout.count
                bout.count += reps
                if reps > 0:
                    yield _repetition(stream, one, track, bout, reps, time)
        waiting.clear()

    def _end(self, track: int, person: Person, stream: str, time: float) -> Iterator[Event]:
        bout, person.bout = person.bout, None
        if bout is None:
            return
        person._over = time
        event = _event("exercise.end", stream, time, track, bout)
        yield Event(event.kind, stream, event.time, track, {**event.data, "seconds": round(time - bout.begin, 2)})


def _net() -> Reader:
    from footlights.recognition.movement.reader import MovementReader

    return MovementReader("exercises")


def _event(kind: str, stream: str, time: float, track: int, bout: Bout) -> Event:
    data: dict[str, Value] = {"exercise": bout.entry.name, "title": bout.entry.title, "onset": round(bout.begin, 3)}
    if kind == "exercise.end":
        data["count"] = bout.count
    if kind == "exercise.hold":
        data["seconds"] = round(bout.holds * HOLD_EVERY)
    return Event(kind, stream, round(time, 3), track, data)


def _repetition(stream: str, one: Repetition, track: int, bout: Bout, reps: int, time: float) -> Event:
    data: dict[str, Value] = {
        "exercise": bout.entry.name,
        "title": bout.entry.title,
        "count": bout.count,
        "reps": reps,
        "period": round(one.period, 2),
        "done": round(one.time, 3),
    }
    return Event("repetition", stream, round(time, 3), track, data)
