"""Alerts in plain words.

down                                a thing of this class appears
down in belt                        ... in a zone; "outside belt"
person > 3 in hall for 10 s         more than so many, for so long
can missing in tray for 5 s         none where there should be one
car crosses gate inwards            over a line; without a direction, either way
person stays in door for 60 s       one and the same, for so long
nothing moves in belt for 10 s      a standstill
camera covered                      covered, blurred, moved or frozen
scene unusual for 2 s               it does not look as a normal scene was learned to look
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from footlights.core.errors import SettingsError
from footlights.recognition.anomalies.places import Line, Place, Zone
from footlights.wire.near_miss import near_miss

Kind = Literal["appears", "count", "crosses", "stays", "standstill", "camera", "scene"]
FAULTS = ("covered", "blurred", "moved", "frozen")
LONGEST = 86_400.0  # seconds
ANYTHING = "anything"

_ZONE = r"(?: (?P<where>in|outside) (?P<place>\S+))?"
_TIME = r"(?: for (?P<seconds>\d+(?:\.\d+)?) ?s)?"
_COUNT = r" ?(?:(?P<sign>>=|<=|>|<|=) ?(?P<number>\d+)|(?P<missing>missing))"
_FORMS: Mapping[Kind, re.Pattern[str]] = {
    "camera": re.compile(r"camera (?P<label>\w+)" + _TIME),
    "scene": re.compile(r"scene unusual" + _TIME),
    "standstill": re.compile(r"nothing moves" + _ZONE + _TIME),
    "crosses": re.compile(r"(?P<label>.+?) crosses (?P<place>\S+)(?: (?P<way>inwards|outwards))?"),
    "stays": re.compile(r"(?P<label>.+?) stays" + _ZONE + _TIME),
    "count": re.compile(r"(?P<label>.+?)" + _COUNT + _ZONE + _TIME),
    "appears": re.compile(r"(?P<label>.+?)" + _ZONE + _TIME),
}
_SIGNS = {">": (1, None), ">=": (0, None), "<": (None, -1), "<=": (None, 0), "=": (0, 0)}
_SECONDS: Mapping[Kind, float] = {  # where none are given
    "count": 0.5,
    "stays": 30.0,
    "standstill": 5.0,
    "camera": 1.0,
    "scene": 1.0,
}


@dataclass(frozen=True)
class Alert:
    """One thing to be told of."""

    text: str  # as it was written
    kind: Kind
    label: str = ANYTHING  # the class looked for, or the camera's fault
    seconds: float = 0.0  # that it must last
    zone: Zone | None = None
    outside: bool = False  # of the zone
    line: Line | None = None
    inwards: bool | None = None  # None: either way
    least: int | None = None  # of the count that is told
    most: int | None = None

    def wants(self, label: str) -> bool:
        """True where a thing of this class counts."""
        return self.label in (label, ANYTHING)

    def tells(self, count: int) -> bool:
        """True for a count that is to be told."""
        return (self.least is None or count >= self.least) and (self.most is None or count <= self.most)


def alerts(texts: Iterable[str], places: Mapping[str, Place], labels: Iterable[str] | None = None) -> list[Alert]:
    """The alerts of these texts. `labels`: the classes that there are, where they are known.

    Raises:
        SettingsError: a text that is no alert, or that names a place or a class that there is not.
    """
    known = None if labels is None else {*labels, ANYTHING}
    return [_alert(" ".join(text.split()), places, known) for text in texts]


def _alert(text: str, places: Mapping[str, Place], labels: set[str] | None) -> Alert:
    kind, words = _parsed(text)
    seconds = float(words.get("seconds") or _SECONDS.get(kind, 0.0))
    if seconds > LONGEST:
        raise SettingsError(f"alert '{text}': at most {LONGEST:.0f} s, got {seconds:g}")
    label = words.get("label") or ANYTHING
    if kind == "camera" and label not in FAULTS:
        raise SettingsError(f"alert '{text}': there is no fault '{label}' of a camera; {near_miss(label, FAULTS)}")
    if kind not in ("camera", "standstill", "scene") and labels is not None and label not in labels:
        raise SettingsError(f"alert '{text}': the model knows no '{label}'; {near_miss(label, labels)}")
    named = words.get("place")
    place = _place(text, named, places) if named else None
    if kind == "crosses" and not isinstance(place, Line):
        raise SettingsError(f"alert '{text}': '{named}' is a zone; crossed is a line, which has two points")
    if kind != "crosses" and isinstance(place, Line):
        raise SettingsError(f"alert '{text}': '{named}' is a line; a zone has three points and more")
    least, most = _limits(words) if kind == "count" else (None, None)
    return Alert(
        text=text,
        kind=kind,
        label=label,
        seconds=seconds,
        zone=place if isinstance(place, Zone) else None,
        outside=words.get("where") == "outside",
        line=place if isinstance(place, Line) else None,
        inwards=None if not words.get("way") else words["way"] == "inwards",
        least=least,
        most=most,
    )


def _parsed(text: str) -> tuple[Kind, dict[str, str | None]]:
    for kind, form in _FORMS.items():
        if found := form.fullmatch(text):
            return kind, found.groupdict()
    raise SettingsError(
        f"{text!r} is no alert; write for example 'down', 'person > 3 in hall for 10 s', 'can missing for 5 s', "
        "'car crosses gate', 'person stays in door for 60 s', 'nothing moves for 10 s', 'camera covered', "
        "'scene unusual'"
    )


def _limits(words: Mapping[str, str | None]) -> tuple[int | None, int | None]:
    """The least and the most of a count that is to be told."""
    if words.get("missing"):
        return None, 0
    number = int(words["number"] or 0)
    low, high = _SIGNS[words["sign"] or "="]
    return None if low is None else number + low, None if high is None else number + high


def _place(text: str, name: str, places: Mapping[str, Place]) -> Place:
    if name not in places:
        hint = near_miss(name, places) if places else "none has been drawn"
        raise SettingsError(f"alert '{text}': there is no place '{name}'; {hint}")
    return places[name]
