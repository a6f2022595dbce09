"""What a stage says: the messages between its server, its members and its wall. The show itself: see `show`.

Every message is one text frame of a WebSocket: a JSON object whose `type` is the name of its class in small letters
and whose other keys are the fields of that class, below. Times are seconds as floats: `t` on the server's clock (which
begins anywhere), `t0` on the member's own, `at` on the show's timeline.

    A member, /stage/SHOW/member
        says   hello     first of all, with the ticket of its last welcome ("" where it has none)
               ping      a few times after the welcome, then now and then
               answer    the gesture of a cue was done, once for each cue
        hears  welcome   what it is called, what plays and where, all cues
               pong      at once for each ping: the offset is t - (t0 + t1) / 2 of the ping that was answered fastest
               playing   the show plays, pauses, jumps, ends: it is at `at` when the server's clock shows `t`
               cues      the producer has changed the cues: these hold in the place of all before
               confirmed its answer counts
               refused   its answer, or itself, does not count, and why in words that can be shown
    The artist's wall and the producer, /stage/SHOW/wall (with the key, in the cookie or as ?key=)
        says   control   start, pause, seek, end
               moderate  let nobody else in, show no nicknames, hide a word
               ping
        hears  opening   once: title, media, cues, sections, the energy up to now, biggest moments
               wall      at most ten a second, always the newest state and never a difference to an older one
               playing, cues, pong
               refused   a control that is not possible now

Over HTTP, below /stage/SHOW (key: the artist's or the producer's, once as ?key=, which becomes a cookie):

    GET  /                the audience's page
    GET  /artist          the wall's page (key)           GET  /producer   the producer's page (producer's key)
    GET  /media           the song or video, with ranges  GET  /qr.svg     the address to join, as a QR code
    GET  /effect/NAME     what an effect plays on the wall, where it is a file (key)
    GET  /about           {"title", "sections", "buttons": whether a button may answer, "media": song, video or none}
    GET  /show            the show as JSON, as in show.yaml (producer's key)
    PUT  /show            the same back: checked, written to show.yaml, told to everybody as `cues`; 400 and
                          {"problems": [line, ...]} where it is not valid (producer's key)
    GET  /replay          the replay so far, or of the show that is over (key)

Over HTTP, for all shows: /stage/static/NAME are the files of the pages, /stage/gestures the library of gestures and
where the browser's pose runtime is, /stage/runtime/DIGEST/NAME that runtime, /stage/figures/GESTURE how one looks.

A connection that is closed by the server has one of these codes: 4000 another connection has taken its place, 4003 not
let in (the words came as `refused`), 4008 too many messages, 4009 a message that is none, 4010 the show is over.

A page whose person already holds the gesture when a cue begins answers at its beginning. An answer counts where its
`at`, which the server believes up to TOLERANCE seconds before its arrival, lies in the window of the cue.
What comes from the network is checked here: what does not fit raises `MessageError`, which holds nothing that was sent.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from footlights.wire.fleet import MessageError, decode

LARGEST = 2048  # bytes of what a member or the wall says
LARGEST_HEARD = 256 * 1024  # bytes of what the server says
TOLERANCE = 2.0  # seconds that an answer may be under way; further back the server believes nobody

# Said by members and the wall


@dataclass(frozen=True)
class Hello:
    """I am here."""

    ticket: str = field(default="", metadata={"longest": 120})  # of an earlier welcome, kept by the member
    name: str = field(default="", metadata={"longest": 200})  # nickname; it is filtered
    section: str = field(default="", metadata={"longest": 60})  # one of the show's, or ""
    people: int = field(default=1, metadata={"least": 1, "most": 50})  # before this camera


@dataclass(frozen=True)
class Ping:
    """A question for the time."""

    t0: float  # seconds, on the clock of who asks


@dataclass(frozen=True)
class Answer:
    """The gesture of a cue was done."""

    cue: str = field(metadata={"longest": 60})
    gesture: str = field(metadata={"longest": 60})
    at: float  # show time, seconds
    confidence: float = field(default=1.0, metadata={"least": 0.0, "most": 1.0})
    people: int = field(default=1, metadata={"least": 1, "most": 50})  # who did it, before this camera


@dataclass(frozen=True)
class Control:
    """The artist or the producer runs the show."""

    do: Literal["start", "pause", "seek", "end"]
    at: float | None = None  # show time, seconds, for seek and, if wanted, start


@dataclass(frozen=True)
class Moderate:
    """The artist or the producer looks after the room. What is None stays as it is."""

    open: bool | None = None
    nicknames: bool | None = None
    hide: str | None = field(default=None, metadata={"longest": 60})  # a word that no nickname may hold from now on


Said = Hello | Ping | Answer | Control | Moderate


# Said by the server


@dataclass(frozen=True)
class MediaPart:
    """What is played, if anything."""

    kind: Literal["song", "video", "none"]
    url: str  # relative to the server; "" where there is none
    offset: float  # seconds: show time = time in the media - offset
    length: float | None  # seconds of show time; None: until the media ends


@dataclass(frozen=True)
class CuePart:
    """A cue as members and the wall know it."""

    id: str
    begin: float  # seconds, show time
    end: float
    expect: str
    title: str  # of the gesture, to be read
    text: str


@dataclass(frozen=True)
class Playing:
    """How the show runs: at server time T >= t it is at `at + (T - t)` while it plays, at `at` otherwise."""

    state: Literal["waiting", "playing", "paused", "ended"]
    at: float  # show time, seconds
    t: float  # server time, seconds


@dataclass(frozen=True)
class Welcome:
    """You are in."""

    ticket: str  # to be kept and shown in the next hello; it names nobody outside this show
    name: str  # as it stands on the wall; "" where there is none or it was not let through
    note: str  # why the name is not as wished, or ""
    section: str
    sections: tuple[str, ...]
    people: int  # votes that this camera may give
    title: str
    media: MediaPart
    playing: Playing
    cues: tuple[CuePart, ...]
    answered: tuple[str, ...]  # cues that this member has answered already
    tolerance: float = TOLERANCE  # seconds


@dataclass(frozen=True)
class Pong:
    """The time."""

    t0: float  # as asked
    t: float  # server time, seconds


@dataclass(frozen=True)
class Cues:
    """The cues have changed."""

    cues: tuple[CuePart, ...]


@dataclass(frozen=True)
class Confirmed:
    """Your answer counts."""

    cue: str
    reaction: float  # seconds after the beginning of the cue
    answered: int  # cues that this member has answered
    of: int  # cues that have begun
    count: int  # members who have answered this cue, about now


@dataclass(frozen=True)
class Refused:
    """It does not count, and why."""

    about: str  # "hello", "answer", "control", "moderate" or "message"
    cue: str  # where it is about one that exists, else ""
    why: str  # words to be shown


@dataclass(frozen=True)
class SectionPart:
    """One part of the audience, in the cue that is open or was the last."""

    name: str
    present: int
    answered: int


@dataclass(frozen=True)
class FiredPart:
    """An effect that was set off."""

    cue: str
    name: str
    at: float  # show time, seconds
    answered: int
    present: int
    play: str = ""  # address of what the wall plays full screen, or ""


@dataclass(frozen=True)
class MomentPart:
    """A cue that is over, or nearly: the biggest moments come first."""

    cue: str
    text: str
    at: float  # show time of its beginning, seconds
    answered: int
    present: int  # the most who were there while it was open


@dataclass(frozen=True)
class QuickPart:
    """Somebody who answered fast."""

    name: str
    reaction: float  # seconds


@dataclass(frozen=True)
class Wall:
    """The newest state of the room."""

    t: float  # server time, seconds
    playing: Playing
    present: int  # members who are connected
    open: bool  # whether new members are let in
    cue: str  # the one that is open, or was the last; "" before the first
    answered: int  # distinct members who have answered it (votes, where cameras give several): exact
    share: float  # answered / present, 0..1
    rate: float  # answers in the last second
    sections: tuple[SectionPart, ...]
    bin: float  # seconds: width of a column of the histogram
    histogram: tuple[int, ...]  # answers to this cue by reaction time; the last column holds all that were slower
    energy: tuple[float, ...]  # share of those present who answered in each of the last seconds, the newest last
    energy_until: float  # show time, seconds, at which the last of them ends
    effects: tuple[FiredPart, ...]  # the newest last
    moments: tuple[MomentPart, ...]  # the biggest first
    quickest: tuple[QuickPart, ...]  # nicknames, where they are shown
    refused: int  # answers that were not valid, since the beginning


@dataclass(frozen=True)
class Opening:
    """What the wall has to know once."""

    title: str
    media: MediaPart
    cues: tuple[CuePart, ...]
    sections: tuple[str, ...]
    energy: tuple[float, ...]  # one number for each second of show time since 0:00
    join: str  # the address that members open
    producer: bool  # whether this key may change the show


Heard = Welcome | Pong | Playing | Cues | Confirmed | Refused | Wall | Opening


def encode(message: Said | Heard) -> str:
    """A message as it travels. ASCII only: text that is no Unicode cannot end a connection."""
    return json.dumps({"type": type(message).__name__.lower(), **asdict(message)}, separators=(",", ":"))


def read_said(frame: str | bytes) -> Said:
    """What a member or the wall says. Raises MessageError."""
    said: Said = _read(frame, get_args(Said), LARGEST)
    return said


def read_heard(frame: str | bytes) -> Heard:
    """What the server says. Raises MessageError."""
    heard: Heard = _read(frame, get_args(Heard), LARGEST_HEARD)
    return heard


def _read(frame: str | bytes, kinds: tuple[type[Any], ...], largest: int) -> Any:
    if len(frame) > largest:
        raise MessageError(f"{len(frame)} characters; at most {largest} are taken")
    try:
        payload = frame.encode() if isinstance(frame, str) else frame
    except UnicodeEncodeError:
        raise MessageError("no Unicode") from None
    content = decode(payload)
    name = content.get("type")
    for kind in kinds:
        if kind.__name__.lower() == name:
            return _made(kind, content, name)
    raise MessageError(f"type is none of {', '.join(kind.__name__.lower() for kind in kinds)}")


@lru_cache(64)
def _described(kind: type[Any]) -> tuple[tuple[str, Any, Mapping[str, Any], bool], ...]:
    hints = get_type_hints(kind)
    return tuple((each.name, hints[each.name], each.metadata, _must_be_given(each)) for each in fields(kind))


def _must_be_given(described: Any) -> bool:
    return described.default is MISSING and described.default_factory is MISSING


def _made(kind: type[Any], content: Mapping[str, Any], place: str) -> Any:
    values = {}
    for name, annotation, limits, needed in _described(kind):  # type: ignore[arg-type]
        if name in content:
            values[name] = _value(annotation, content[name], limits, f"{place}.{name}")
        elif needed:
            raise MessageError(f"{place} has no {name}")
    return kind(**values)


def _value(annotation: Any, value: Any, limits: Mapping[str, Any], place: str) -> Any:
    """A value of this type. Raises MessageError, which names the place and not the value."""
    if type(None) in get_args(annotation):
        inner = next(part for part in get_args(annotation) if part is not type(None))
        return None if value is None else _value(inner, value, limits, place)
    if is_dataclass(annotation) and isinstance(annotation, type) and isinstance(value, dict):
        return _made(annotation, value, place)
    if get_origin(annotation) is tuple and isinstance(value, list):
        return tuple(_value(get_args(annotation)[0], each, limits, place) for each in value)
    if get_origin(annotation) is Literal and value in get_args(annotation):
        return value
    if annotation is bool and isinstance(value, bool):
        return value
    if annotation is str and isinstance(value, str) and len(value) <= limits.get("longest", LARGEST_HEARD):
        return value
    if annotation in (int, float) and isinstance(value, int if annotation is int else int | float):
        low, high = limits.get("least", -1e12), limits.get("most", 1e12)
        if not isinstance(value, bool) and low <= value <= high and math.isfinite(value):
            return annotation(value)
    raise MessageError(f"{place} is not what it must be")
