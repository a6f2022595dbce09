"""Recognises the gestures of every person of a stream: when they begin, when they end, how sure it is."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from footlights.core.event import Event, Value
from footlights.core.per_track import PerTrack
from footlights.core.scene import Hand, Pose, Scene, Side, Track
from footlights.recognition.body import measure_body
from footlights.recognition.definitions import Condition, Definition, choose, fit, full_names, gestures, library
from footlights.recognition.features import feature
from footlights.recognition.hand_shapes import SHAPES, HandShapes
from footlights.recognition.history import History, Samples, turning_points
from footlights.recognition.learned import Nets, definitions_of
from footlights.recognition.movement.reader import MovementReader, State

GAP = 0.8  # seconds between frames from which on they are no film: the past says nothing about the present


@dataclass(slots=True)
class Posture:
    """Since when one person holds the posture of one gesture with one side; movements count from there."""

    side: Side
    since: float | None = None  # seconds
    held: float = 0.0  # seconds, the last moment

    def step(self, time: float, score: float, release: float) -> None:
        """Take how well the conditions on the moment hold."""
        if score > 0 and self.since is not None:
            self.held = time
        elif score >= 0.5:
            self.since = self.held = time
        elif self.since is not None and time - self.held >= release:
            self.since = None


@dataclass(slots=True)
class Progress:
    """How far one person is with one gesture."""

    definition: Definition
    postures: list[Posture]
    score: float = 0.0  # 0..1, on the newest frame
    side: Side | None = None  # the side that does it, for gestures of one side
    onset: float = 0.0  # seconds: when the movement began, while it may be or is this gesture
    since: float | None = None  # seconds: since when all conditions hold
    active: bool = False  # between begin and end
    held: float = 0.0  # seconds: the last moment at which it still held
    quiet: float = -math.inf  # seconds: it does not begin again before
    _sum: float = 0.0
    _count: int = 0

    def holding(self, hold: float) -> float:
        """How much of the hold time is over, 0..1; 1 while the gesture lasts."""
        if self.active:
            return 1.0
        return 0.0 if self.since is None else min(1.0, (self.held - self.since) / hold if hold > 0 else 1.0)

    @property
    def confidence(self) -> float:
        """The mean score since the conditions hold, 0..1."""
        return self._sum / self._count if self._count else 0.0

    def step(self, time: float, score: float, hold: float) -> Literal["begin", "end"] | None:
        """Take the score of a moment; says whether the gesture begins or ends with it."""
        self.score = score
        if score > 0 and self.since is None and score >= 0.5 and time >= self.quiet:
            self.since = time
        if score > 0 and self.since is not None:
            self.held, self._sum, self._count = time, self._sum + score, self._count + 1
        if self.active:
            return "end" if time - self.held >= self.definition.release else None
        if score == 0:
            self.forget()
        if self.since is None or score < 0.5 or time - self.since < hold - 1e-6:
            return None
        self.active = True
        return "begin"

    def forget(self) -> None:
        """Back to nothing; how long it keeps quiet stays."""
        self.since, self.side, self.active = None, None, False
        self._sum, self._count = 0.0, 0


@dataclass(slots=True)
class _Person:
    """What is kept of one track."""

    history: History
    gestures: dict[str, Progress]
    nets: tuple[State, ...]  # of the movement nets that are asked
    time: float = -math.inf  # seconds, the newest frame
    values: dict[str, float] = field(default_factory=dict)  # features of the newest frame

    def moment(self, _: Condition, name: str) -> float:
        """A feature now."""
        return self.values[name]

    def samples(self, condition: Condition, name: str, since: float) -> Samples:
        """A feature in the seconds that a condition looks back, from `since` at the earliest."""
        return self.history.last(name, max(since, self.time - condition.window))

    def movement(self, condition: Condition, name: str, since: float) -> float:
        """What a condition measures."""
        return condition.measured(self.samples(condition, name, since))


class GestureRecogniser:
    """Turns the poses and hands of one stream into "gesture.begin" and "gesture.end" events.

    Keeps a state for every track and forgets it with the track. Frames must come in the order of time, at any rate;
    gestures of movement need about ten a second. Pictures further apart than `GAP` are no film: each stands alone, and
    what it shows is told as soon as that is known, which is with the next picture or the end.

    Models are opened where a gesture asks for them: the net of hand shapes, the movement net. `needs` says what the
    scenes must hold.

    Args:
        names: What to look for; None for all gestures that are not experimental.
        hold: Seconds that a gesture must last before it counts; None for each definition's own.
        own: TOML files with further definitions.
        readers: Recognisers of clips of one's own, see `learned.open_readers`; their labels are gestures, too.

    Raises:
        SettingsError: an unknown gesture, or a definition that is not as it should be.
    """

    def __init__(
        self, names: Iterable[str] | None = None, *, hold: float | None = None, own: Iterable[Path] = (),
        readers: Sequence[MovementReader] = (),
    ) -> None:  # fmt: skip
        mine = definitions_of(readers)
        known = {**library(*own), **mine}
        chosen = choose(names, known) if names is not None else gestures(known)
        chosen = tuple(sorted(chosen, key=lambda name: known[name].kind == "rest"))  # what else there is comes first
        shipped = any(known[name].asks_net for name in chosen if name not in mine)
        self._nets = Nets(MovementReader() if shipped else None, readers)
        self.definitions: Mapping[str, Definition] = {name: self._nets.judged(known[name]) for name in chosen}
        self.needs = frozenset[str]().union(*(one.needs for one in self.definitions.values()))
        self._hold = hold
        reads = [(condition, name) for one in self.definitions.values() for condition, name in one.names()]
        self._names = sorted({name for _, name in reads})
        self._remembered = sorted({name for condition, name in reads if condition.measure is not None})
        self._length = max((condition.window for condition, _ in reads), default=0.0)
        shapes = any(name.rpartition(".")[2] in SHAPES for name in self._names)
        self._shapes = HandShapes.open() if shapes else None
        self._people: PerTrack[_Person] = PerTrack(self._new)
        self._nobody = {
            name: Progress(definition, [Posture("left")])
            for name, definition in self.definitions.items()
            if definition.kind == "nobody"
        }
        self._time = -math.inf  # seconds, of the newest frame
        self._frames = 0  # since the stream, or a new film after a gap, began

    def judge(self, pose: Pose, hands: Mapping[Side, Hand] | None = None) -> dict[str, float]:
        """How well every gesture fits a body that keeps still in this pose, 0..1; 0.5 and more: it is one.

        For pictures, of which each stands alone. Gestures of movement score 0.
        """
        values = self._read(pose, hands or {})

        def read(condition: Condition, name: str) -> float:
            return condition.measured([(0.0, values[name])] if not math.isnan(values[name]) else [])

        return {
            name: max(fit(definition.when, one, read) for one in definition.ones)
            for name, definition in self.definitions.items()
            if definition.kind == "gesture"
        }

    def update(self, scene: Scene) -> Iterator[Event]:
        """The gestures that begin or end with this frame."""
        time, stream = scene.frame.time, scene.frame.stream
        if not 0 <= time - self._time <= GAP:
            yield from self.finish(stream, time)
        self._time, self._frames = time, self._frames + 1
        people = [track for track in scene.tracks if track.label == "person"]
        for gone, person in self._people.keep(track.id for track in people):
            yield from self._end_all(gone, person.gestures, stream, time)
        for track in people:
            yield from self._follow(track, self._people[track.id], stream, time)
        yield from self._miss(all(track.pose is None for track in people), stream, time)

    def finish(self, stream: str, time: float) -> Iterator[Event]:
        """The film is over: what still lasts ends. What a picture shows that stood alone counts without hold time."""
        people = self._people.keep(())
        everybody = [*((track, person.gestures) for track, person in people), (None, self._nobody)]
        if self._frames == 1:
            for who, doing in everybody:
                yield from self._begin_all(who, doing, stream)
        for who, doing in everybody:
            yield from self._end_all(who, doing, stream, self._time if self._frames == 1 else time)
        self._frames = 0

    def progress(self, track: int | None) -> Mapping[str, Progress]:
        """How far a person is with every gesture, by name; None: what counts while nobody is in sight."""
        return self._nobody if track is None else self._people[track].gestures

    def hold(self, name: str) -> float:
        """Seconds that this gesture must last before it counts."""
        return self.definitions[name].hold if self._hold is None else self._hold

    def _new(self) -> _Person:
        doing = {
            name: Progress(definition, [Posture(one) for one in definition.ones])
            for name, definition in self.definitions.items()
            if definition.kind != "nobody"
        }
        return _Person(History(self._length), doing, self._nets.new())

    def _read(
        self, pose: Pose | None, hands: Mapping[Side, Hand], learned: Mapping[str, float] | None = None
    ) -> dict[str, float]:
        if pose is None:
            return dict.fromkeys(self._names, math.nan)
        body = measure_body(pose, hands, self._read_shapes(hands), learned)
        return {name: feature(name, body) for name in self._names}

    def _read_shapes(self, hands: Mapping[Side, Hand]) -> Mapping[Side, Mapping[str, float]]:
        if self._shapes is None or not hands:
            return {}
        rows = self._shapes.read(list(hands.values())).tolist()
        return {side: dict(zip(self._shapes.labels, row, strict=True)) for side, row in zip(hands, rows, strict=True)}

    def _read_movement(self, person: _Person, track: Track, time: float) -> Mapping[str, float]:
        answers = self._nets.step(person.nets, time, track.pose, track.hands)
        return answers if self._frames > 1 else {}  # a picture that stands alone shows no movement

    def _follow(self, track: Track, person: _Person, stream: str, time: float) -> Iterator[Event]:
        person.time = time
        person.values = self._read(track.pose, track.hands, self._read_movement(person, track, time))
        for name in self._remembered:
            person.history.add(name, time, person.values[name])

        busy = track.pose is None
        for name, progress in person.gestures.items():
            score, posture = self._fit(person, progress)
            before = progress.since
            resting = progress.definition.kind == "rest" and not busy
            change = progress.step(
                time, score if progress.definition.kind != "rest" or resting else 0.0, self.hold(name)
            )
            if progress.since != before and progress.since is not None:
                progress.side = posture.side if len(progress.postures) > 1 else None
                progress.onset = _onset(person, progress.definition, posture)
            busy |= progress.active
            yield from self._tell(change, progress, stream, time, track.id)

    def _miss(self, missing: bool, stream: str, time: float) -> Iterator[Event]:
        """Take whether nobody is in sight."""
        for name, progress in self._nobody.items():
            change = progress.step(time, float(missing), self.hold(name))
            if progress.since == time:
                progress.onset = time
            yield from self._tell(change, progress, stream, time, None)

    def _tell(
        self, change: Literal["begin", "end"] | None, progress: Progress, stream: str, time: float, track: int | None
    ) -> Iterator[Event]:
        if change == "begin":
            yield _event("gesture.begin", stream, time, track, progress)
        elif change == "end":
            yield self._end(track, progress, stream, time)

    def _fit(self, person: _Person, progress: Progress) -> tuple[float, Posture]:
        """The score of the side that fits best."""
        definition, best = progress.definition, (-1.0, progress.postures[0])
        for posture in progress.postures:
            score = fit(definition.moment, posture.side, person.moment)
            posture.step(person.time, score, definition.release)
            if posture.since is None:
                score = 0.0
            elif score > 0:
                read = partial(person.movement, since=posture.since)
                score = min(score, fit(definition.movement, posture.side, read))
            if score > best[0]:
                best = score, posture
        if definition.other:
            best = max(best[0], fit(definition.other, best[1].side, person.moment)), best[1]
        return best

    def _begin_all(self, track: int | None, doing: Mapping[str, Progress], stream: str) -> Iterator[Event]:
        for progress in doing.values():
            if progress.score >= 0.5 and not progress.active and progress.since is not None:
                progress.active = True
                yield _event("gesture.begin", stream, self._time, track, progress)

    def _end_all(self, track: int | None, doing: Mapping[str, Progress], stream: str, time: float) -> Iterator[Event]:
        for progress in doing.values():
            if progress.active:
                yield self._end(track, progress, stream, time)
            progress.forget()

    def _end(self, track: int | None, progress: Progress, stream: str, time: float) -> Event:
        event = _event("gesture.end", stream, time, track, progress)
        progress.quiet = time + progress.definition.cooldown
        progress.forget()
        return event


def _onset(person: _Person, definition: Definition, posture: Posture) -> float:
    """When the movement began: with the first of the strokes that were counted, or now."""
    onset = person.time
    for condition in definition.movement:
        if condition.measure == "strokes" and posture.since is not None:
            for name in full_names(condition.feature, posture.side):
                ends = turning_points(person.samples(condition, name, posture.since), condition.size)
                onset = min(onset, ends[0][0] if ends else onset)
    return onset


def _event(kind: str, stream: str, time: float, track: int | None, progress: Progress) -> Event:
    data: dict[str, Value] = {
        "gesture": progress.definition.name,
        "confidence": round(progress.confidence, 2),
        "onset": round(progress.onset, 3),
        **({"side": progress.side} if progress.side else {}),
        **({"duration": round(progress.held - progress.onset, 3)} if kind == "gesture.end" else {}),
    }
    return Event(kind, stream, round(time, 3), track, data)
