"""Definitions of gestures: data over named features, read from TOML.

    [arms_up]
    title = "Arms up"
    help = "Both arms stretched above the head"
    hold = 0.2          # seconds that it must last before it counts
    release = 0.2       # seconds that it must be gone before it ends
    cooldown = 0.0      # seconds after its end in which it does not begin again
    when = [
        {feature = "both.wrist_above_nose", enter = 0.25, leave = 0.1},
        {feature = "one.wrist_sway", measure = "strokes", size = 0.12, window = 1.5, enter = 3, leave = 1},
    ]

All conditions of `when` must hold. A condition begins to hold at `enter` and holds until `leave`; `enter` above `leave`
asks for high values, `enter` below `leave` for low ones. With a `measure` (see `history`) it looks at the last `window`
seconds instead of at the moment, but not further back than the other conditions, those on the moment, have held: the
strokes of a waving hand count from when it is up. `optional = true`: left out while its joints are unseen.

`learned = true`: the movement net of the card `gestures` must say so too, or alone where there is no `when`. With
`ease = 0.7` less than the card's threshold for this label is enough. With
`either = true` one of the two is enough: the net or all conditions of `when`; where these read no hands, the net is
asked only if it runs for another gesture anyway.
`kind = "rest"` counts only while the person does nothing else of the library that comes before it in its file, and
`kind = "nobody"` while nobody is in sight. `experimental = true`: it is looked for only where it is asked for by name.
"""

import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from footlights.core.errors import SettingsError
from footlights.core.scene import Side
from footlights.recognition.features import BODY_FEATURES, HALF_FEATURES, LEARNED, OF_HANDS, SIDES
from footlights.recognition.history import MEASURES, Samples
from footlights.wire.near_miss import near_miss

FOLDER = Path(__file__).parent / "library"
LIBRARY = tuple(FOLDER / f"{name}.toml" for name in ("body", "hands", "learned", "states"))
Kind = Literal["gesture", "rest", "nobody"]
_TYPES: Mapping[Any, tuple[type, str]] = {
    float: (float, "a number"),
    bool: (bool, "true or false"),
    str: (str, "text"),
    str | None: (str, "text"),
    Kind: (str, f"one of {', '.join(get_args(Kind))}"),
}
LEAVE = 0.5  # a net's label is left at this share of the probability at which it was entered
PREFIXES = ("left", "right", "both", "any", "one", "other")


@dataclass(frozen=True)
class Condition:
    """One feature against its thresholds."""

    feature: str  # "wrists_apart", "both.wrist_height"
    enter: float  # begins to hold here
    leave: float  # holds until here
    measure: str | None = None  # key of `history.MEASURES`; None: the value of the moment
    window: float = 0.0  # seconds that the measure looks back
    size: float = 0.0  # smallest stroke, for the measures that count strokes
    optional: bool = False  # left out while unseen

    def measured(self, samples: Samples) -> float:
        """What this condition looks at, of the samples of its window; NaN where there are none."""
        if not samples:
            return math.nan
        return samples[-1][1] if self.measure is None else MEASURES[self.measure](samples, self.size)

    def membership(self, value: float) -> float:
        """0 at `leave` and beyond, 0.5 at `enter`, 1 as far inside; unseen (NaN) is 0, or 1 where optional."""
        if math.isnan(value):
            return 1.0 if self.optional else 0.0
        return min(1.0, max(0.0, 0.5 * (value - self.leave) / (self.enter - self.leave)))


@dataclass(frozen=True)
class Definition:
    """One gesture."""

    name: str
    title: str
    when: tuple[Condition, ...]
    help: str = ""
    hold: float = 0.0  # seconds
    release: float = 0.2  # seconds
    cooldown: float = 0.0  # seconds
    kind: Kind = "gesture"
    learned: bool = False  # the movement net must say so too
    either: bool = False  # the net or the conditions: one is enough
    ease: float = 1.0  # share of the net's own threshold that is enough
    other: tuple[Condition, ...] = ()  # what is enough instead of `when`
    experimental: bool = False

    @cached_property
    def needs(self) -> frozenset[str]:
        """What must be known of a person: "pose", "hands" for what is read from hands, "arms" for crossed ones."""
        hands = {"hands"} if self.asks_net or self._reads_hands else set()
        arms = {"arms"} if any(condition.feature == "wrists_crossed" for condition in self.when) else set()
        return frozenset({"pose"} | hands | arms)

    @cached_property
    def asks_net(self) -> bool:
        """True where the movement net must run; arms alone are judged without it, where conditions are enough."""
        spared = self.either and not self._reads_hands
        return (self.learned and not spared) or any(c.feature.startswith(f"{LEARNED}.") for c in self.when)

    @cached_property
    def _reads_hands(self) -> bool:
        return any(condition.feature.rpartition(".")[2] in OF_HANDS for condition in self.when)

    def judged(self, threshold: float) -> "Definition":
        """The same, with what the net must say among the conditions; `threshold` is the net's own for this label."""
        enter = self.ease * threshold
        net = Condition(f"{LEARNED}.{self.name}", enter, LEAVE * enter)
        return replace(self, other=(net,)) if self.either else replace(self, when=(net, *self.when))

    @cached_property
    def moment(self) -> tuple[Condition, ...]:
        """The conditions on the moment: the posture."""
        return tuple(condition for condition in self.when if condition.measure is None)

    @cached_property
    def movement(self) -> tuple[Condition, ...]:
        """The conditions on the last seconds; empty where one picture is enough to judge."""
        return tuple(condition for condition in self.when if condition.measure is not None)

    @cached_property
    def ones(self) -> tuple[Side, ...]:
        """The sides that are tried as the "one"; a single one where it makes no difference."""
        one_sided = any(condition.feature.startswith(("one.", "other.")) for condition in self.when)
        return SIDES if one_sided else SIDES[:1]

    def names(self) -> Iterator[tuple[Condition, str]]:
        """Every condition with the full name of every feature that it may read."""
        for condition in (*self.when, *self.other):
            for name in sorted({name for one in self.ones for name in full_names(condition.feature, one)}):
                yield condition, name


def fit(conditions: Iterable[Condition], one: Side, read: Callable[[Condition, str], float]) -> float:
    """How well all conditions hold, 0..1, when `one` is the side that is tried.

    0.5 is reached where every condition may begin to hold, 0 where one no longer holds. `read` gives a condition's
    value for a feature's full name ("left.wrist_height").
    """
    score = 1.0
    for condition in conditions:
        found = [condition.membership(read(condition, name)) for name in full_names(condition.feature, one)]
        score = min(score, max(found) if condition.feature.startswith("any.") else min(found))
        if score == 0.0:
            break
    return score


@cache
def full_names(feature: str, one: Side) -> tuple[str, ...]:
    """What a feature of a definition reads when `one` is the side that is tried."""
    prefix, _, rest = feature.rpartition(".")
    if prefix in ("both", "any"):
        return tuple(f"{side}.{rest}" for side in SIDES)
    other = "right" if one == "left" else "left"
    return (feature if prefix in ("", LEARNED, *SIDES) else f"{one if prefix == 'one' else other}.{rest}",)


def library(*own: Path) -> dict[str, Definition]:
    """The gestures of this package and of one's own files, by name; an own one replaces one of the same name.

    Raises:
        SettingsError: a file that is missing or not as it should be; says file, gesture and key.
    """
    found: dict[str, Definition] = {}
    for path in [*LIBRARY, *own]:
        found.update(read_definitions(path))
    return found


def read_definitions(path: Path) -> dict[str, Definition]:
    """The gestures of one TOML file. Raises SettingsError."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the gestures in {path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    return {name: _definition(name, table, f"{path.name}, gesture '{name}'") for name, table in tables.items()}


def choose(names: Iterable[str], known: Mapping[str, Definition]) -> tuple[str, ...]:
    """The names given, in order and once each. Raises SettingsError for an unknown one, naming the nearest."""
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            raise SettingsError(f"there is no gesture '{name}'; {near_miss(name, known)}")
    return chosen


def gestures(known: Mapping[str, Definition]) -> tuple[str, ...]:
    """What is done on purpose and recognised well enough."""
    return tuple(one.name for one in known.values() if one.kind == "gesture" and not one.experimental)


def told_with(wanted: Iterable[str], known: Mapping[str, Definition]) -> tuple[str, ...]:
    """The gestures wanted, and those that are known besides without any more work: no other landmarks, no other net."""
    chosen = [known[name] for name in wanted]
    needs = frozenset({"pose", "arms"}).union(*(one.needs for one in chosen))
    net = any(one.asks_net for one in chosen)
    free = [name for name in gestures(known) if known[name].needs <= needs and (net or not known[name].asks_net)]
    return tuple(dict.fromkeys([*(one.name for one in chosen), *free]))


def _definition(name: str, table: Any, where: str) -> Definition:
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: must be a table, [{name}], with a title and conditions")
    values = _checked(table, Definition, where, {"name", "other"})
    if values.get("kind", "gesture") not in get_args(Kind):
        raise SettingsError(f"{where}: 'kind' is '{values['kind']}'; {near_miss(values['kind'], get_args(Kind))}")
    conditions = values.get("when", [])
    alone = values.get("learned") or values.get("kind", "gesture") != "gesture"
    if not isinstance(conditions, list) or not (conditions or alone):
        raise SettingsError(f"{where}: 'when' must list at least one condition")
    when = tuple(_condition(entry, f"{where}, condition {number}") for number, entry in enumerate(conditions, 1))
    if values.get("either") and not (values.get("learned") and conditions):
        raise SettingsError(f"{where}: 'either' needs both, learned = true and conditions")
    if not 0 < values.get("ease", 1.0) <= 1:
        raise SettingsError(f"{where}: 'ease' is {values['ease']}; it must lie above 0 and up to 1")
    for key in ("hold", "release", "cooldown"):
        if values.get(key, 0.0) < 0:
            raise SettingsError(f"{where}: '{key}' is {values[key]}; seconds cannot be negative")
    return Definition(**{**values, "name": name, "when": when, "title": values.get("title", name.replace("_", " "))})


def _condition(entry: Any, where: str) -> Condition:
    if not isinstance(entry, dict):
        raise SettingsError(f'{where}: must be a table such as {{feature = "wrists_apart", enter = 0.2, leave = 0.3}}')
    values = _checked(entry, Condition, where, set())
    missing = [key for key in ("feature", "enter", "leave") if key not in values]
    if missing:
        raise SettingsError(f"{where}: lacks {' and '.join(missing)}")
    condition = Condition(**values)
    _check_feature(condition.feature, where)
    if condition.enter == condition.leave:
        raise SettingsError(
            f"{where}: enter and leave are both {condition.enter}; they must differ, or it would flicker"
        )
    if condition.measure is not None and condition.measure not in MEASURES:
        raise SettingsError(
            f"{where}: there is no measure '{condition.measure}'; {near_miss(condition.measure, MEASURES)}"
        )
    if (condition.measure is None) != (condition.window <= 0):
        raise SettingsError(f"{where}: a measure and a window above 0 seconds belong together")
    if condition.measure in ("strokes", "rate") and condition.size <= 0:
        raise SettingsError(f"{where}: '{condition.measure}' needs a size above 0, the smallest stroke that counts")
    return condition


def _checked(table: Mapping[str, Any], kind: type, where: str, without: set[str]) -> dict[str, Any]:
    """The table with every key known and every value of the type of its field; whole numbers become floats."""
    known = {field.name: field.type for field in fields(kind) if field.name not in without}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(f"{where}: there is no key '{key}'; {near_miss(key, known)}")
        if known[key] is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
        else:
            values[key] = value
        kind_wanted, word = _TYPES.get(known[key], (object, ""))
        if not isinstance(values[key], kind_wanted):
            raise SettingsError(f"{where}: '{key}' is {value!r}; it must be {word}")
    return values


def _check_feature(name: str, where: str) -> None:
    prefix, _, rest = name.rpartition(".")
    if prefix == LEARNED or (prefix == "" and rest in BODY_FEATURES):
        return
    if prefix in PREFIXES and rest in HALF_FEATURES:
        return
    if rest in HALF_FEATURES:
        raise SettingsError(
            f"{where}: '{rest}' belongs to a side; write one of {', '.join(PREFIXES)} before it, with a dot"
        )
    known = [*BODY_FEATURES, *(f"both.{feature}" for feature in HALF_FEATURES)]
    raise SettingsError(f"{where}: there is no feature '{name}'; {near_miss(name, known)}")
