"""Exercises of one's own: rules over named features, in a TOML file.

    [wall_sit]
    title = "Wall sit"
    exercise = {met = 3.0, counts = 0}     # cost in multiples of rest; repetitions of one cycle, 0: it is held
    when = [
        {feature = "both.knee_angle", enter = 110, leave = 125},
    ]

    [arm_raise]
    exercise = {met = 3.5, seconds = 2.0}  # of one cycle at its usual pace, where it is known
    when = [
        {feature = "both.arm_raise", measure = "span", window = 3.0, enter = 50, leave = 30},
    ]

The rest of a table is a definition as those of gestures (see `definitions`).
"""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from footlights.core.errors import SettingsError
from footlights.core.scene import Hand, Pose, Side
from footlights.recognition.body import measure_body
from footlights.recognition.definitions import Condition, Definition, _definition, fit
from footlights.recognition.exercise_table import ExerciseEntry
from footlights.recognition.expected_cycle import Expected, Way
from footlights.recognition.features import feature
from footlights.recognition.gestures import Posture
from footlights.recognition.history import History, Samples
from footlights.wire.near_miss import near_miss

_LIMITS: Mapping[str, tuple[float, float]] = {"met": (0.9, 25.0), "counts": (0, 4), "seconds": (0.0, 60.0)}


@dataclass(slots=True)
class OwnState:
    """What is kept of one person."""

    history: History
    postures: dict[str, list[Posture]]


class OwnExercises:
    """The exercises of some files. Raises SettingsError for a file that is not as it should be."""

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._definitions: dict[str, Definition] = {}
        self.entries: dict[str, ExerciseEntry] = {}
        for path in paths:
            self._read(path)
        reads = [(condition, name) for one in self._definitions.values() for condition, name in one.names()]
        self._names = sorted({name for _, name in reads})
        self._remembered = sorted({name for condition, name in reads if condition.measure is not None})
        self._length = max((condition.window for condition, _ in reads), default=0.0)

    def new(self) -> OwnState:
        """The state of a person who is seen for the first time."""
        postures = {name: [Posture(one) for one in found.ones] for name, found in self._definitions.items()}
        return OwnState(History(self._length), postures)

    def step(self, state: OwnState, time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> dict[str, float]:
        """How well every exercise fits now: 1 where it may begin, 0 where it is over."""
        if not self._definitions:
            return {}
        values = dict.fromkeys(self._names, math.nan)
        if pose is not None:
            body = measure_body(pose, hands)
            values = {name: feature(name, body) for name in self._names}
        for name in self._remembered:
            state.history.add(name, time, values[name])
        return {
            name: max(_fit(found, posture, state.history, time, values) for posture in state.postures[name])
            for name, found in self._definitions.items()
        }

    def _read(self, path: Path) -> None:
        try:
            tables = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the exercises in {path} cannot be read: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path} is not valid TOML: {error}") from None
        for name, table in tables.items():
            where = f"{path.name}, exercise '{name}'"
            if not isinstance(table, dict) or not isinstance(table.get("exercise"), dict):
                raise SettingsError(f"{where}: needs a line such as exercise = {{met = 3.5, counts = 1}}")
            given = _checked(table["exercise"], where)
            rule = {key: value for key, value in table.items() if key != "exercise"}
            self._definitions[name] = _definition(name, rule, where)
            title = str(table.get("title", name.replace("_", " ").capitalize()))
            counts, period = int(given.get("counts", 1)), given.get("seconds", 0.0)
            expected = Expected((Way(period, counts),)) if period > 0 and counts > 0 else None
            self.entries[name] = ExerciseEntry(name, title, given["met"], counts == 0, period, expected)


def _fit(found: Definition, posture: Posture, history: History, time: float, values: Mapping[str, float]) -> float:
    """How well one side fits, 1 where the exercise may begin."""

    def moment(_: Condition, name: str) -> float:
        return values[name]

    def movement(condition: Condition, name: str, since: float) -> float:
        samples: Samples = history.last(name, max(since, time - condition.window))
        return condition.measured(samples)

    score = fit(found.moment, posture.side, moment)
    posture.step(time, score, found.release)
    if posture.since is None:
        return 0.0
    return 2 * min(score, fit(found.movement, posture.side, partial(movement, since=posture.since)))


def _checked(table: Mapping[str, Any], where: str) -> dict[str, float]:
    for key, value in table.items():
        if key not in _LIMITS:
            raise SettingsError(f"{where}: there is no key '{key}' in exercise; {near_miss(key, _LIMITS)}")
        low, high = _LIMITS[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise SettingsError(f"{where}: {key} must be a number from {low:g} to {high:g}, got {value!r}")
    if "met" not in table:
        raise SettingsError(f"{where}: exercise lacks met, what it costs in multiples of rest")
    return {key: float(value) for key, value in table.items()}
