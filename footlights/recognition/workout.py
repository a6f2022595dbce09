"""What one person did, and what it cost: filled while it happens, summed up at the end."""

from dataclasses import dataclass

from footlights.core.event import Event, Value
from footlights.recognition.energy import IDLE, OTHER, EnergyMeter, Physique, paced
from footlights.recognition.exercises import Person

SAMPLE = 1.0  # seconds between two points of the curve


@dataclass(slots=True)
class Bout:
    """One exercise without a break."""

    exercise: str
    title: str
    begin: float  # seconds
    end: float  # seconds
    reps: int = 0
    kcal: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Total:
    """One exercise over the whole workout."""

    exercise: str
    title: str
    sets: int
    reps: int
    seconds: float
    kcal: float


class Workout:
    """The workout of one person."""

    def __init__(self, physique: Physique) -> None:
        self.meter = EnergyMeter(physique)
        self.bouts: list[Bout] = []
        self.curve: list[tuple[float, float, float]] = []  # seconds, MET, kcal so far
        self.begin: float | None = None  # seconds
        self.end = 0.0  # seconds
        self._open: Bout | None = None

    @property
    def kcal(self) -> float:
        """Gross, so far."""
        return self.meter.kcal

    @property
    def totals(self) -> list[Total]:
        """Every exercise, in the order in which they were first done."""
        found: dict[str, list[Bout]] = {}
        for bout in self.bouts:
            found.setdefault(bout.exercise, []).append(bout)
        return [
            Total(
                name,
                bouts[0].title,
                len(bouts),
                sum(bout.reps for bout in bouts),
                sum(bout.seconds for bout in bouts),
                sum(bout.kcal for bout in bouts),
            )
            for name, bouts in found.items()
        ]

    def note(self, event: Event) -> None:
        """Take an event of this person's exercises."""
        if event.kind == "exercise.begin":
            onset = event.data.get("onset")
            begin = float(onset) if isinstance(onset, int | float) else event.time
            self._open = Bout(str(event.data["exercise"]), str(event.data["title"]), begin, event.time)
            self.bouts.append(self._open)
        elif self._open is not None and event.kind == "repetition":
            self._open.reps += int(str(event.data["reps"]))
        elif self._open is not None and event.kind == "exercise.end":
            self._open.end = max(self._open.begin, event.time)
            self._open = None

    def step(self, time: float, person: Person) -> None:
        """Take what the person does now."""
        self.begin = time if self.begin is None else self.begin
        self.end = time
        spent = self.meter.step(time, demand(person))
        if self._open is not None:
            self._open.end = time
            self._open.kcal += spent
        if not self.curve or time - self.curve[-1][0] >= SAMPLE - 1e-6:
            self.curve.append((time, self.meter.met, self.meter.kcal))

    def summary(self) -> dict[str, Value]:
        """Everything, ready for JSON."""
        meter, physique = self.meter, self.meter.physique
        mean = meter.kcal / physique.kcal(1.0, meter.seconds) if meter.seconds > 0 else 0.0
        return {
            "begin": _round(self.begin or 0.0),
            "end": _round(self.end),
            "seconds": _round(meter.seconds),
            "kcal": _round(meter.kcal),
            "kcal_above_rest": _round(meter.net_kcal),
            "mean_met": _round(mean),
            "mean_corrected_met": _round(physique.corrected(mean)),
            "person": {
                "weight": physique.weight,
                "height": physique.height,
                "age": physique.age,
                "gender": physique.gender,
                "resting_kcal_a_day": _round(physique.resting_rate),
            },
            "exercises": [_row(total) for total in self.totals],
            "bouts": [_bout(bout) for bout in self.bouts],
            "curve": [[_round(time), _round(met), _round(kcal)] for time, met, kcal in self.curve],
        }


def demand(person: Person) -> float:
    """MET that what a person does now asks for."""
    if person.bout is not None:
        return paced(person.bout.entry.met, person.pace)
    return OTHER if person.moving else IDLE


def _row(total: Total) -> dict[str, Value]:
    return {
        "exercise": total.exercise,
        "title": total.title,
        "sets": total.sets,
        "reps": total.reps,
        "seconds": _round(total.seconds),
        "kcal": _round(total.kcal),
    }


def _bout(bout: Bout) -> dict[str, Value]:
    return {
        "exercise": bout.exercise,
        "title": bout.title,
        "begin": _round(bout.begin),
        "end": _round(bout.end),
        "reps": bout.reps,
        "kcal": _round(bout.kcal),
    }


def _round(value: float) -> float:
    return round(float(value), 2)
