"""Motions: postures at moments, read from the files of `motions/`, and the smooth curves made of them.

A motion has three phases. `enter` leads from rest to where it begins, `cycle` is repeated, `leave` leads back to rest,
so that motions can follow one another in any order. A key of a file says what differs from the key before it. The
format is described in `docs/rehearsal.md`. The folder of a file is the motion's kind; a one-sided motion with "left"
or "right" in its name has a twin on the other side, which needs no file of its own.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.posture import Table, known, mirrored, posture, rest

FOLDER = Path(__file__).parent / "motions"
EASES = ("smooth", "through", "hit")
CAMERAS = ("full", "knees", "upper", "head")
FEET = ("left_foot", "right_foot")
KINDS = ("gestures", "exercises", "everyday")
POSTURES = ("standing", "bent", "squatting", "kneeling", "sitting", "all_fours", "prone", "supine", "side")
PARTS = ("arms", "legs", "head")
_LEAVE = 0.6  # seconds from the last key that is written back to rest
_KEY_FIELDS = ("seconds", "ease", "reset")


@dataclass(frozen=True, eq=False)
class Key:
    """A posture, how long it takes to get there, and how it is arrived at.

    Eases: "smooth" comes to rest there, "through" goes on without stopping, "hit" arrives at speed and stops dead.
    """

    seconds: float
    row: Reals  # (SIZE,)
    ease: str = "smooth"


@dataclass(frozen=True)
class Exercise:
    """What is known about a motion that is an exercise.

    MET values and codes are those of the 2024 Adult Compendium of Physical Activities (Herrmann et al., Journal of
    Sport and Health Science 13, 2024).
    """

    met: float  # energy at the pace written, in multiples of rest
    code: str  # of the activity in the Compendium, five digits
    activity: str  # the Compendium's words for it
    counts: int  # repetitions that one cycle counts; 0: it is held, not counted


@dataclass(frozen=True, eq=False)
class Motion:
    """One motion of the library."""

    name: str
    kind: str  # of `KINDS`
    title: str
    label: str  # what the truth calls it; empty: nothing worth a label
    camera: str  # the closest camera that still shows it
    yaw: tuple[float, float]  # degrees to the person's left: the views from which it is best seen
    posture: str  # of `POSTURES`: what the body is in while the motion lasts; its deepest, where it changes
    free: tuple[str, ...]  # of `PARTS`: what may do anything else meanwhile
    exercise: Exercise | None
    one_sided: bool  # it may be done on the other side just as well
    twin: str  # the motion that its mirror image is; empty: none but itself
    pace: tuple[float, float]  # range of speeds, 1: as written
    amplitude: tuple[float, float]  # range of sizes of the cycle, 1: as written
    repeats: tuple[int, int]  # range of how often the cycle is done
    hold: tuple[float, float]  # range of seconds that the end of `enter` is held
    onset: float  # the share of `enter` after which it counts as begun
    offset: float  # the share of `leave` after which it counts as ended
    contacts: tuple[str, ...]  # feet that stay on the floor all the time
    enter: tuple[Key, ...]
    cycle: tuple[Key, ...]
    leave: tuple[Key, ...]


@dataclass(frozen=True)
class Variation:
    """How somebody does a motion this time."""

    pace: float = 1.0
    amplitude: float = 1.0
    repeats: int = 1
    hold: float = 0.0  # seconds
    mirror: bool = False


@dataclass(frozen=True)
class Span:
    """A labelled stretch of time, seconds."""

    label: str
    motion: str
    begin: float
    end: float
    repeats: tuple[float, ...] = ()  # the moments at which each repetition was complete
    mirror: bool = False


@dataclass(frozen=True, eq=False)
class Curve:
    """Postures over time: a cubic between every two knots."""

    times: Reals  # (K,) seconds, growing
    rows: Reals  # (K, SIZE)
    leaving: Reals  # (K, SIZE) slope after each knot, per second
    arriving: Reals  # (K, SIZE) slope before each knot, per second

    def at(self, times: Reals) -> Reals:
        """(T, SIZE) postures at (T,) seconds; before the first knot and after the last the curve stands still."""
        place = np.clip(np.searchsorted(self.times, times, side="right") - 1, 0, len(self.times) - 2)
        span = self.times[place + 1] - self.times[place]
        u = np.clip((times - self.times[place]) / span, 0, 1)[:, None]
        span = span[:, None]
        rise = self.rows[place + 1] - self.rows[place]
        bend = u * (1 - u) * span
        smooth = u * u * (3 - 2 * u)
        slopes = bend * ((1 - u) * self.leaving[place] - u * self.arriving[place + 1])
        return np.asarray(self.rows[place] + rise * smooth + slopes)


def curve(keys: list[Key]) -> Curve:
    """A curve through keys, the first at second 0. Slopes through a key never overshoot it (Fritsch and Carlson,
    1980).
    """
    times = np.cumsum([0.0] + [key.seconds for key in keys[1:]])
    values = np.stack([key.row for key in keys])
    secants = np.diff(values, axis=0) / np.diff(times)[:, None]
    leaving, arriving = np.zeros_like(values), np.zeros_like(values)
    for index, key in enumerate(keys[1:-1], start=1):
        before, after = secants[index - 1], secants[index]
        if key.ease == "through":
            same = before * after > 0
            mean = 2 * before * after / np.where(same, before + after, 1)
            leaving[index] = arriving[index] = np.where(same, mean, 0)
        elif key.ease == "hit":
            arriving[index] = 1.5 * before
    return Curve(times, values, leaving, arriving)


def perform(motion: Motion, how: Variation) -> tuple[list[Key], Span]:
    """The keys of one performance, beginning after rest and ending at rest, and its span counted from its start."""
    entered = motion.enter[-1].row
    keys = list(motion.enter)
    if how.hold > 0:
        keys.append(Key(how.hold * how.pace, entered))  # a hold is meant in seconds, whatever the pace
    grown = [Key(key.seconds, entered + how.amplitude * (key.row - entered), key.ease) for key in motion.cycle]
    for _ in range(how.repeats):
        keys += grown
    start_of_cycle = len(keys) - len(grown) * how.repeats
    keys += motion.leave
    if how.mirror:
        keys = [Key(key.seconds, mirrored(key.row), key.ease) for key in keys]
    keys = [Key(key.seconds / how.pace, key.row, key.ease) for key in keys]

    ends = np.cumsum([key.seconds for key in keys])
    enter, leave = ends[len(motion.enter) - 1], ends[-1] - ends[-1 - len(motion.leave)]
    done = tuple(float(ends[start_of_cycle + len(grown) * (n + 1) - 1]) for n in range(how.repeats) if grown)
    begin, end = enter * motion.onset, ends[-1] - leave * (1 - motion.offset)
    return keys, Span(motion.label, motion.name, float(begin), float(end), done, how.mirror)


def vary(motion: Motion, rng: np.random.Generator, pace: float | None = None, repeats: int | None = None) -> Variation:
    """Draw one way of doing a motion; what is given is not drawn."""
    drawn_pace, amplitude, hold = rng.uniform(*motion.pace), rng.uniform(*motion.amplitude), rng.uniform(*motion.hold)
    drawn_repeats, mirror = int(rng.integers(motion.repeats[0], motion.repeats[1] + 1)), bool(rng.random() < 0.5)
    return Variation(
        pace=drawn_pace if pace is None else pace,
        amplitude=float(amplitude),
        repeats=drawn_repeats if repeats is None or not motion.cycle else repeats,
        hold=float(hold),
        mirror=mirror and motion.one_sided,
    )


def _keys(tables: list[Table], base: Reals, where: str) -> Iterator[Key]:
    for number, table in enumerate(tables, start=1):
        here = f"{where} key {number}"
        if "seconds" not in table or not 0 < table["seconds"] <= 60:
            raise SettingsError(f"{here}: seconds must lie above 0 and up to 60, got {table.get('seconds')!r}")
        words = {key: value for key, value in table.items() if key not in _KEY_FIELDS}
        base = posture(words, rest() if table.get("reset") else base, here)
        yield Key(float(table["seconds"]), base, known(table.get("ease", "smooth"), EASES, "ease", here))


def parse(name: str, text: str, kind: str = "everyday") -> Motion:
    """A motion from the text of its file. Raises SettingsError that names the file and what is wrong in it."""
    where = f"motion {name}"
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: not TOML: {error}") from error
    names_of_fields = tuple(field.name for field in fields(Motion) if field.name not in ("name", "kind", "twin"))
    for key in table:
        known(key, names_of_fields, "field of a motion", where)
    enter = tuple(_keys(table.get("enter", []), rest(), f"{where}, enter"))
    if not enter:
        raise SettingsError(f"{where}: a motion needs at least one [[enter]] key")
    cycle = tuple(_keys(table.get("cycle", []), enter[-1].row, f"{where}, cycle"))
    leave = tuple(_keys(table.get("leave", []), (cycle or enter)[-1].row, f"{where}, leave"))
    if not leave or np.abs(leave[-1].row - rest()).max() > 0:
        leave = (*leave, Key(_LEAVE, rest()))
    for foot in table.get("contacts", FEET):
        known(foot, FEET, "contact", where)
    for part in table.get("free", ()):
        known(part, PARTS, "part of the body", where)
    one_sided = bool(table.get("one_sided", False))
    twin = _other_side(name) if one_sided and _other_side(name) != name else ""
    return Motion(
        name=name,
        kind=kind,
        title=str(table.get("title", name)),
        label=str(table.get("label", name)),
        camera=known(table.get("camera", "full"), CAMERAS, "camera", where),
        yaw=_range(table, "yaw", (-45.0, 45.0), where, least=-180.0),
        posture=known(table.get("posture", "standing"), POSTURES, "posture", where),
        free=tuple(table.get("free", ())),
        exercise=_exercise(table["exercise"], where) if "exercise" in table else None,
        one_sided=one_sided and not twin,
        twin=twin,
        pace=_range(table, "pace", (0.85, 1.2), where),
        amplitude=_range(table, "amplitude", (1.0, 1.0), where),
        repeats=(int(_range(table, "repeats", (1, 1), where)[0]), int(_range(table, "repeats", (1, 1), where)[1])),
        hold=_range(table, "hold", (0.0, 0.0), where),
        onset=float(table.get("onset", 0.85)),
        offset=float(table.get("offset", 0.15)),
        contacts=tuple(table.get("contacts", FEET)),
        enter=enter,
        cycle=cycle,
        leave=leave,
    )


def _range(table: Table, key: str, default: tuple[float, float], where: str, least: float = 0.0) -> tuple[float, float]:
    low, high = table.get(key, default)
    if not least <= low <= high:
        raise SettingsError(f"{where}: {key} must be [low, high] with {least:g} <= low <= high, got {[low, high]}")
    return float(low), float(high)


def _exercise(table: Table, where: str) -> Exercise:
    for key in table:
        known(key, tuple(field.name for field in fields(Exercise)), "field of an exercise", where)
    met, code, counts = table.get("met"), str(table.get("code", "")), table.get("counts", 1)
    if not isinstance(met, int | float) or not 0.9 <= met <= 25:
        raise SettingsError(f"{where}: met must be a number from 0.9 to 25, got {met!r}")
    if not re.fullmatch(r"\d{5}", code):
        raise SettingsError(f"{where}: code must be the five digits of a Compendium activity, got {code!r}")
    if counts not in range(5):
        raise SettingsError(f"{where}: counts must be 0 (held) or the repetitions of one cycle, got {counts!r}")
    return Exercise(float(met), code, str(table.get("activity", "")), int(counts))


def _other_side(text: str) -> str:
    """The same words with left and right exchanged."""
    swap = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
    return re.sub(r"(?<![a-zA-Z])(left|right|Left|Right)(?![a-zA-Z])", lambda found: swap[found[0]], text)


def reflected(motion: Motion) -> Motion:
    """The twin of a motion, as a mirror shows it: name, title and label say the other side."""

    def turned(keys: tuple[Key, ...]) -> tuple[Key, ...]:
        return tuple(replace(key, row=mirrored(key.row)) for key in keys)

    return replace(
        motion,
        name=motion.twin,
        title=_other_side(motion.title),
        label=_other_side(motion.label),
        yaw=(-motion.yaw[1], -motion.yaw[0]),
        twin=motion.name,
        contacts=tuple(map(_other_side, motion.contacts)),
        enter=turned(motion.enter),
        cycle=turned(motion.cycle),
        leave=turned(motion.leave),
    )


@lru_cache(maxsize=1)
def _files() -> Mapping[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*/*.toml"))}


@lru_cache(maxsize=1)
def _twins() -> Mapping[str, str]:
    """The motions that need no file, by name, and whose mirror image each is."""
    return {motion(name).twin: name for name in _files() if motion(name).twin}


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all motions of the library."""
    return tuple(sorted((*_files(), *_twins())))


@lru_cache(maxsize=2048)
def motion(name: str) -> Motion:
    """A motion of the library. Raises SettingsError with the near miss and the list where there is none."""
    if name in _files():
        path = _files()[name]
        return parse(name, path.read_text(encoding="utf-8"), path.parent.name)
    known(name, names(), "motion", "rehearsal")
    return reflected(motion(_twins()[name]))
