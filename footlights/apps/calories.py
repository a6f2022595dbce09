"""What movement costs, live: calories, and MET as the table has it and corrected for the person."""

from collections.abc import Iterator
from typing import ClassVar

from footlights.apps.fitness import Fitness, timeline
from footlights.core.cue import Cue, Figure
from footlights.core.scene import Pose
from footlights.recognition.exercises import Person
from footlights.recognition.workout import Workout


class Calories(Fitness):
    """The calories of whatever somebody does, without the rest of `fitness`.

    Live MET, and the corrected MET: how many times this person's own rest it is.
    """

    title: ClassVar[str] = "The calories of whatever you do, live"

    def _show(self, time: float, person: Person, workout: Workout, pose: Pose | None) -> Iterator[Cue]:
        meter = workout.meter
        yield Figure(f"{meter.kcal:.1f}", "kcal", tone="warning")
        yield Figure(f"{meter.met:.1f}", "MET now", "top right", "good", 0.6)
        yield Figure(f"{meter.corrected_met:.1f}", "corrected MET", "top right", "plain", 0.6)
        yield timeline(time, workout)
