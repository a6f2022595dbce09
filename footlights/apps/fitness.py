"""Exercises are recognised, repetitions counted, energy estimated."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from footlights.core.app import App
from footlights.core.cue import Badge, Bar, Cue, Figure, Strip, Text
from footlights.core.event import Event, Value
from footlights.core.scene import Pose, Scene, Track
from footlights.recognition.energy import Gender, Physique
from footlights.recognition.exercises import ExerciseRecogniser, Person, Reader
from footlights.recognition.phase import phase
from footlights.recognition.workout import Workout

COUNTDOWN = 5.0  # seconds before a camera's workout
EVERY = 10  # repetitions that are told aloud
LOOK_BACK = 60.0  # seconds that the timeline shows at most
MOST_MET = 12.0  # at the upper end of the timeline's curve
IDLE_TITLES = {"doing_nothing": "Ready", "doing_other_things": "Moving"}


class Fitness(App):
    """Recognises exercises, counts their repetitions and estimates the calories.

    Says the exercise now, repetitions of each, what it costs in multiples of rest (MET) and in kilocalories, and sums
    the workout up at the end. Calories are counted over the time of the film, however fast it is worked on.
    """

    title: ClassVar[str] = "Exercises are recognised, repetitions counted, calories estimated"
    needs: ClassVar[frozenset[str]] = frozenset({"pose"})

    @dataclass(frozen=True)
    class Settings:
        """Whose workout it is, and what is left of it."""

        weight: float = field(default=70.0, metadata={"help": "Body weight.", "unit": "kg", "min": 20, "max": 350})
        height: float = field(default=170.0, metadata={"help": "Body height.", "unit": "cm", "min": 80, "max": 250})
        age: float = field(default=35.0, metadata={"help": "Age.", "unit": "years", "min": 5, "max": 110})
        gender: Gender = field(
            default="unsaid", metadata={"help": "For the resting rate; unsaid: the mean of both formulas."}
        )
        countdown: float | None = field(
            default=None,
            metadata={
                "help": "Count down before it starts; without it, 5 s for a camera and none for a film.",
                "unit": "s",
                "min": 0.0,
                "max": 60.0,
            },
        )
        threshold: float | None = field(
            default=None,
            metadata={
                "help": "Probability from which an exercise begins; without it, each one's own.",
                "min": 0.05,
                "max": 0.99,
            },
        )
        library: tuple[str, ...] = field(default=(), metadata={"help": "TOML files with exercises of your own."})
        summary: Path | None = field(default=None, metadata={"help": "Write the workout there, as JSON."})
        picture: Path | None = field(default=None, metadata={"help": "Draw the workout there, as PNG."})

    def __init__(self, settings: "Fitness.Settings | None" = None, reader: Reader | None = None) -> None:
        super().__init__(settings)
        given = self.settings
        self._physique = Physique(given.weight, given.height, given.age, given.gender)
        own = [Path(path).expanduser() for path in given.library]
        self._recogniser = ExerciseRecogniser(reader, own=own, threshold=given.threshold)
        self._workouts: dict[int, Workout] = {}  # of who is in sight, by track
        self._left: list[Workout] = []  # of who was, the last one last
        self._start: float | None = None  # seconds: when the countdown is over
        self._told = 0  # seconds left, as told last
        self._began = False
        self._last: tuple[str, float] | None = None  # stream and time of the newest frame

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """The countdown; then what everybody does, what it costs, and what to show."""
        frame = scene.frame
        self._last = (frame.stream, frame.time)
        if self._start is None:
            live = frame.arrived is not None
            wanted = self.settings.countdown
            self._start = frame.time + (wanted if wanted is not None else COUNTDOWN if live else 0.0)
        if frame.time < self._start:
            yield from self._count_down(scene, self._start - frame.time)
            return
        if not self._began:
            self._began = True
            yield Event("workout.begin", frame.stream, frame.time, None, {"say": "Go!"})
        tracks = [track for track in scene.tracks if track.label == "person"]
        self._meet(tracks)
        for event in self._recogniser.update(scene):
            yield self._noted(event)
        for track in tracks:
            workout = self._workouts[track.id]
            if track.pose is None:
                workout.meter.pause()
            else:
                workout.step(frame.time, self._recogniser.person(track.id))
        yield from self._cues(scene, tracks)

    def end(self) -> Iterator[Event]:
        """What still lasts ends; then the workout of everybody."""
        if self._last is None:
            return
        stream, time = self._last
        for event in self._recogniser.finish(stream, time):
            yield self._noted(event)
        everybody = [*self._left, *self._workouts.values()]
        for number, workout in enumerate((one for one in everybody if one.meter.seconds > 0), 1):
            yield Event("workout.summary", stream, time, None, {"number": number, **workout.summary()})

    def _count_down(self, scene: Scene, left: float) -> Iterator[Event | Cue]:
        seconds = math.ceil(left - 1e-6)
        if seconds != self._told:
            self._told = seconds
            data: dict[str, Value] = {"left": seconds, "say": str(seconds)}
            yield Event("countdown", scene.frame.stream, scene.frame.time, None, data)
        yield Figure(str(seconds), "Get ready", "top", "warning", 1.6)

    def _meet(self, tracks: list[Track]) -> None:
        """Whoever comes takes up the workout of who left last: mostly it is the same person."""
        here = {track.id for track in tracks}
        for gone in sorted(self._workouts.keys() - here):
            workout = self._workouts.pop(gone)
            workout.meter.pause()
            self._left.append(workout)
        for track in sorted(here - self._workouts.keys()):
            self._workouts[track] = self._left.pop() if self._left else Workout(self._physique)

    def _noted(self, event: Event) -> Event:
        """The event, entered into the workout, and with what is to be said aloud."""
        workout = self._workouts.get(event.track) if event.track is not None else None
        if workout is None:
            workout = self._left[-1] if self._left else None
        if workout is not None:
            workout.note(event)
        if event.kind == "exercise.hold":
            return Event(
                event.kind,
                event.stream,
                event.time,
                event.track,
                {**event.data, "say": f"{event.data['seconds']} seconds"},
            )
        count, reps = event.data.get("count"), event.data.get("reps")
        if isinstance(count, int) and isinstance(reps, int) and count // EVERY > (count - reps) // EVERY:
            said = f"{count // EVERY * EVERY}"
            return Event(event.kind, event.stream, event.time, event.track, {**event.data, "say": said})
        return event

    def _cues(self, scene: Scene, tracks: list[Track]) -> Iterator[Cue]:
        if not tracks:
            yield Text("Nobody in sight", "top", "warning")
            return
        main = max(tracks, key=lambda track: float(track.box[3] - track.box[1]))
        for track in tracks:
            if track is not main and (bout := self._recogniser.person(track.id).bout) is not None:
                yield Badge(track.id, f"{bout.count} {bout.entry.title}" if not bout.entry.held else bout.entry.title)
        yield from self._show(scene.frame.time, self._recogniser.person(main.id), self._workouts[main.id], main.pose)

    def _show(self, time: float, person: Person, workout: Workout, pose: Pose | None) -> Iterator[Cue]:
        """What is shown of the one before the camera."""
        bout = person.bout
        if bout is None:
            yield Figure(IDLE_TITLES[person.doing], "Waiting for an exercise", size=0.5)
        elif not bout.entry.held:
            yield Figure(str(bout.count), bout.entry.title, tone="good")
            reached = phase(pose, bout.entry.name) if pose is not None else None
            if reached is not None:
                yield Bar("Phase", reached, tone="good")
        else:
            yield Figure(f"{person.seconds(time):.0f} s", bout.entry.title, tone="good")
        yield from energy_figures(workout)
        for total in [total for total in workout.totals if bout is None or total.exercise != bout.entry.name][-4:]:
            amount = f"{total.reps}" if total.reps else f"{total.seconds:.0f} s"
            yield Text(f"{amount}  {total.title}")
        yield timeline(time, workout)


def energy_figures(workout: Workout) -> Iterator[Cue]:
    """Calories so far, and what is spent now."""
    meter = workout.meter
    yield Figure(f"{meter.kcal:.1f}", "kcal", "top right", "warning", 0.6)
    yield Figure(f"{meter.met:.1f}", "MET now", "top right", "plain", 0.42)


def timeline(time: float, workout: Workout) -> Strip:
    """The last minute: the exercises, and the MET over them."""
    end = max(time, 20.0 + (workout.begin or 0.0))
    begin = max(workout.begin or 0.0, end - LOOK_BACK)
    spans = tuple((one.begin, one.end, one.title) for one in workout.bouts if one.end > begin)
    curve = [(at, min(1.0, met / MOST_MET)) for at, met, _ in workout.curve if at >= begin]
    now = (time, min(1.0, workout.meter.met / MOST_MET))
    minutes, seconds = divmod(int(time - (workout.begin or 0.0)), 60)
    return Strip(begin, end, spans, (*curve, now), f"{minutes}:{seconds:02d}")
