"""Phrases: short dances of a few bars, written on the beat, and the library of them.

A file `phrases/STYLE/NAME.toml`; the name of the folder is the style, the name of the file the phrase. Postures are
written in the language of `media.rehearsal.posture` (docs/rehearsal.md); a key says what differs from the key before
it, the first one what differs from standing at ease.

    title = "Step touch"
    energy = 0.35            # 0 calm .. 1 wild
    beats = 4                # its length: a multiple of the meter
    meter = 4                # beats to a bar: 3 or 4; without it 4
    mirrorable = true        # may be done on the other side as well; without it true
    accents = [2, 4]         # beats at which it hits, counted from its beginning (0 .. beats); without it the hits

    [[key]]
    beats = 1                # how long it takes to get here from the key before, in beats; halves and quarters as well
    ease = "smooth"          # smooth: stop here, the posture lands on the beat; through: go on; hit: arrive at speed
    contacts = "right"       # which feet bear weight on the way here: both, left, right, none; without it both
    spot = [0.30, 0.0]       # where the body is now: leg lengths (left, forward) from where the phrase began
    yaw = 0.0                # where the whole body faces now: degrees to the left of where the phrase began
    left_leg = {floor = [0.20, 0.0, 0.0]}
    arms = {reach = [0.35, -0.45, 0.45]}

    [[key]]
    beats = 1
    contacts = "left"
    right_leg = {floor = [0.05, 0.0, 0.0], foot = [30.0, 10.0]}
    ...

* There is no key at beat 0. A phrase begins in whatever posture the phrase before it ended in, and the first key says
  where it goes from there; so leave the first key at least one beat, and let the last key be a posture from which
  others can begin: weight on both feet or clearly on one, arms not far out.
* `spot` and `yaw` move and turn the whole body with its feet (`place`, `floor`, `turn` count from the spot and along
  its facing); both stay until another key says otherwise. What they are at the last key is where the next phrase
  begins. Turn no more than about 180 degrees a beat, and travel no more than about 0.6 leg lengths a beat.
* A foot that bears weight is locked: it stays where it stood when its contact began, whatever the curves say, and the
  leg bends to reach it. So a foot can only move while it is not in `contacts`: a step needs a stretch on the other
  foot ("none" is a jump). Legs on the floor use `floor`; `pelvis` is for legs in the air. A pivot on the ball of the
  foot is allowed: a locked foot turns with the body.
* The kinematic beat is where the joints slow down: end keys that matter on whole beats, with "smooth" or "hit".
  "through" is for keys between them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.motion import EASES
from footlights.media.rehearsal.posture import Table, known, mirrored, posture, rest

FOLDER = Path(__file__).parent / "phrases"
CONTACTS: Mapping[str, tuple[bool, bool]] = {
    "both": (True, True), "left": (True, False), "right": (False, True), "none": (False, False),
}  # fmt: skip
METERS = (3, 4)
_KEY_FIELDS = ("beats", "ease", "contacts", "spot", "yaw", "reset")
_FIELDS = ("title", "energy", "beats", "meter", "mirrorable", "accents", "key")


@dataclass(frozen=True, eq=False)
class PhraseKey:
    """A posture at a beat of the phrase."""

    beat: float  # from the beginning of the phrase, above 0
    row: Reals  # (SIZE,) posture, on its spot and along its facing
    ease: str  # of `EASES`: how it is arrived at
    contacts: tuple[bool, bool]  # left, right: which foot bears weight on the way here
    spot: tuple[float, float]  # left, forward: leg lengths from where the phrase began, along its first facing
    yaw: float  # degrees to the left of its first facing


@dataclass(frozen=True, eq=False)
class Phrase:
    """One phrase of the library."""

    name: str
    style: str  # the folder
    title: str
    energy: float  # 0..1
    beats: int  # length, a multiple of the meter
    meter: int  # 3 or 4
    mirrorable: bool
    accents: tuple[float, ...]  # beats from its beginning, growing
    keys: tuple[PhraseKey, ...]  # the last one at `beats`

    @property
    def first(self) -> Reals:
        """(SIZE,) the posture to which it leads first."""
        return self.keys[0].row

    @property
    def last(self) -> Reals:
        """(SIZE,) the posture in which it ends."""
        return self.keys[-1].row

    @property
    def travel(self) -> tuple[float, float]:
        """Left, forward: leg lengths from where it begins to where the next phrase begins."""
        return self.keys[-1].spot

    @property
    def turn(self) -> float:
        """Degrees to the left by which it ends turned."""
        return self.keys[-1].yaw

    def reflected(self) -> "Phrase":
        """The same on the other side."""
        keys = tuple(
            replace(
                key, row=mirrored(key.row), contacts=key.contacts[::-1], spot=(-key.spot[0], key.spot[1]), yaw=-key.yaw
            )
            for key in self.keys
        )
        return replace(self, keys=keys)


def parse(name: str, text: str, style: str) -> Phrase:
    """A phrase from the text of its file. Raises SettingsError that names the phrase and what is wrong in it."""
    where = f"phrase {style}/{name}"
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: not TOML: {error}") from error
    for field in table:
        known(field, _FIELDS, "field of a phrase", where)
    meter, beats = table.get("meter", 4), table.get("beats")
    if meter not in METERS:
        raise SettingsError(f"{where}: meter must be 3 or 4, got {meter!r}")
    if not isinstance(beats, int) or beats <= 0 or beats % meter:
        raise SettingsError(f"{where}: beats must be a multiple of the meter, {meter}, got {beats!r}")
    keys = tuple(_keys(table.get("key", []), where))
    if not keys or abs(keys[-1].beat - beats) > 1e-6:
        got = keys[-1].beat if keys else 0
        raise SettingsError(f"{where}: the beats of its keys must add up to {beats}, got {got:g}")
    accents = table.get("accents", [key.beat for key in keys if key.ease == "hit"])
    if not all(isinstance(a, int | float) and 0 <= a <= beats for a in accents):
        raise SettingsError(f"{where}: accents must be beats from 0 to {beats}, got {accents!r}")
    return Phrase(
        name=name, style=style, title=str(table.get("title", name)), energy=_number(table, "energy", 0.5, 0, 1, where),
        beats=beats, meter=meter, mirrorable=bool(table.get("mirrorable", True)),
        accents=tuple(sorted(map(float, accents))), keys=keys,
    )  # fmt: skip


def _keys(tables: list[Table], where: str) -> Iterator[PhraseKey]:
    row, spot, yaw, beat = rest(), (0.0, 0.0), 0.0, 0.0
    for number, table in enumerate(tables, start=1):
        here = f"{where}, key {number}"
        length = table.get("beats")
        if not isinstance(length, int | float) or not 0.125 <= length <= 16:
            raise SettingsError(f"{here}: beats must lie from 0.125 to 16, got {length!r}")
        beat += length
        words = {key: value for key, value in table.items() if key not in _KEY_FIELDS}
        row = posture(words, rest() if table.get("reset") else row, here)
        if "spot" in table:
            left_forward = np.asarray(table["spot"], np.float64)
            if left_forward.shape != (2,) or np.abs(left_forward).max() > 5:
                raise SettingsError(f"{here}: spot must be two numbers (left, forward), got {table['spot']!r}")
            spot = (float(left_forward[0]), float(left_forward[1]))
        yaw = _number(table, "yaw", yaw, -1080, 1080, here)
        contacts = CONTACTS[known(table.get("contacts", "both"), CONTACTS, "contact", here)]
        ease = known(table.get("ease", "smooth"), EASES, "ease", here)
        yield PhraseKey(beat, row, ease, contacts, spot, yaw)


def _number(table: Table, key: str, default: float, low: float, high: float, where: str) -> float:
    value = table.get(key, default)
    if not isinstance(value, int | float) or not low <= value <= high:
        raise SettingsError(f"{where}: {key} must be a number from {low:g} to {high:g}, got {value!r}")
    return float(value)


@lru_cache(maxsize=1)
def _files() -> Mapping[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*/*.toml"))}


def styles() -> tuple[str, ...]:
    """The styles of the library."""
    return tuple(sorted({path.parent.name for path in _files().values()}))


def names(style: str | None = None) -> tuple[str, ...]:
    """The phrases of the library, or of one style. Raises SettingsError where there is no such style."""
    if style is not None:
        known(style, styles(), "style", "dance")
    return tuple(name for name, path in _files().items() if style in (None, path.parent.name))


@lru_cache(maxsize=1024)
def phrase(name: str) -> Phrase:
    """A phrase of the library. Raises SettingsError with the near miss and the list where there is none."""
    path = _files()[known(name, names(), "phrase", "dance")]
    return parse(name, path.read_text(encoding="utf-8"), path.parent.name)
