"""A show: a song or video, cues on its timeline, and what follows when enough of the audience answer. show.yaml."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from footlights.core.errors import SettingsError
from footlights.wire.yaml_text import read, text_of

LONGEST = 6 * 3600.0  # seconds of a show
MOST_CUES = 500
MOST_SECTIONS = 64
_IDENTITY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_THRESHOLD = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(frozen=True)
class Threshold:
    """How many answers set an effect off: a share of those present, or a count."""

    share: float | None = None  # 0..1
    count: int | None = None

    def crossed(self, answered: int, present: int) -> bool:
        """Whether so many of so many are enough."""
        if self.count is not None:
            return answered >= self.count
        return self.share is not None and answered > 0 and answered >= self.share * present - 1e-9


@dataclass(frozen=True)
class Effect:
    """What happens, once a window, when enough members have answered. `actions` are those of `footlights run`."""

    at: str = field(metadata={"numbers": True, "help": 'When: "80 %" of those present, or a number of answers.'})
    actions: dict[str, str | tuple[str, ...]] = field(
        default_factory=dict, metadata={"help": "By flag: play, osc, webhook, mqtt, key, open."}
    )
    name: str = field(default="", metadata={"help": "As the wall shows it."})
    cooldown: float = field(
        default=10.0, metadata={"min": 0.0, "unit": "s", "help": "Pause after it, also over cues of the same name."}
    )

    def __post_init__(self) -> None:
        found = _THRESHOLD.fullmatch(self.at.strip())
        _check_text(self.name, "name")
        share = found is not None and found[2] == "%" and 0 < float(found[1]) <= 100
        count = found is not None and found[1].isdecimal() and not found[2] and 0 < int(found[1]) <= 10_000_000
        if not share and not count:
            raise SettingsError(f"'at' must be a share such as '80 %' or a whole number of answers, got {self.at!r}")

    @property
    def threshold(self) -> Threshold:
        """`at`, understood."""
        number, percent = _THRESHOLD.fullmatch(self.at.strip()).groups()  # type: ignore[union-attr]
        return Threshold(share=float(number) / 100) if percent else Threshold(count=int(number))


@dataclass(frozen=True)
class ShowCue:
    """A call to the audience on the timeline."""

    id: str = field(metadata={"help": "Small letters, digits, _ and -."})
    begin: float = field(metadata={"written": "from", "clock": True, "min": 0.0, "max": LONGEST, "unit": "s"})
    end: float = field(metadata={"written": "to", "clock": True, "min": 0.0, "max": LONGEST, "unit": "s"})
    expect: str = field(metadata={"help": "The gesture that answers it."})
    text: str = ""
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        if not _IDENTITY.fullmatch(self.id):
            raise SettingsError(f"'id' must be up to 40 small letters, digits, _ and -, got {self.id[:60]!r}")
        if not self.begin < self.end:
            raise SettingsError(f"the cue '{self.id}' ends at {clock(self.end)}, not after {clock(self.begin)}")
        _check_text(self.text, "text")
        if len(self.text) > 200:
            raise SettingsError(f"the text of the cue '{self.id}' has {len(self.text)} characters, more than 200")


@dataclass(frozen=True)
class Moderation:
    """Who may take part, and what may be read on the wall."""

    open: bool = field(default=True, metadata={"help": "Let new members in."})
    nicknames: bool = field(default=True, metadata={"help": "Show nicknames on the wall."})
    words: tuple[str, ...] = field(default=(), metadata={"help": "Words that no nickname may hold."})
    per_address: int = field(
        default=200,
        metadata={"min": 1, "max": 1_000_000, "help": "Members behind one network address; a venue with one: more."},
    )
    people: int = field(default=1, metadata={"min": 1, "max": 50, "help": "Votes that one camera may give."})
    most: int = field(default=20_000, metadata={"min": 1, "max": 1_000_000, "help": "Members of the whole room."})


@dataclass(frozen=True)
class Show:
    """A show: a timeline with or without a song or video, and the cues on it."""

    title: str
    song: str | None = field(default=None, metadata={"help": "A sound file beside the show."})
    video: str | None = field(default=None, metadata={"help": "A video file beside the show."})
    offset: float = field(
        default=0.0,
        metadata={"clock": True, "min": -LONGEST, "max": LONGEST, "unit": "s", "help": "0:00 in the media."},
    )
    length: float | None = field(
        default=None,
        metadata={"clock": True, "min": 1.0, "max": LONGEST, "unit": "s", "help": "Without: until the media ends."},
    )
    sections: tuple[str, ...] = field(default=(), metadata={"help": "Parts of the audience that members choose from."})
    buttons: bool = field(default=False, metadata={"help": "Who has no camera may answer with a button."})
    keep: bool = field(default=False, metadata={"help": "Keep nicknames in the replay after the show."})
    moderation: Moderation = field(default_factory=Moderation)
    cues: tuple[ShowCue, ...] = ()

    def __post_init__(self) -> None:
        for text in (self.title, *self.sections, *self.moderation.words):
            _check_text(text, "show")
        if not self.title.strip() or len(self.title) > 120:
            raise SettingsError("'title' must be a text of 1 to 120 characters")
        if self.song is not None and self.video is not None:
            raise SettingsError("a show has a 'song' or a 'video', not both")
        if len(self.cues) > MOST_CUES or len(self.sections) > MOST_SECTIONS:
            raise SettingsError(f"at most {MOST_CUES} cues and {MOST_SECTIONS} sections are taken")
        if wrong := [name for name in self.sections if not name.strip() or len(name) > 40]:
            raise SettingsError(f"a section has a name of 1 to 40 characters, got {wrong[0][:60]!r}")
        for names, what in ((self.sections, "section"), (tuple(cue.id for cue in self.cues), "cue")):
            if twice := [name for name in names if names.count(name) > 1]:
                raise SettingsError(f"the {what} '{twice[0]}' is given twice")

    @property
    def media(self) -> str | None:
        """The name of the song or video."""
        return self.song or self.video

    @property
    def end(self) -> float | None:
        """Seconds; None: when the media ends. A plain clock without a length ends five seconds after its last cue."""
        if self.length is not None or self.media is not None:
            return self.length
        return max((cue.end for cue in self.cues), default=55.0) + 5.0


def load(path: Path | str) -> Show:
    """The show in this file.

    Raises:
        SettingsError: no such file, no YAML, or one line ("file:line: ...") for everything in it that is not valid.
    """
    return parse(text_of(Path(path), "show"), str(path))


def parse(text: str, name: str = "show.yaml") -> Show:
    """The show in this text; `name` stands in errors.

    Raises:
        SettingsError: as `load`.
    """
    return read(Show, text, name, what="show", keys=("title", "cues"))


def to_yaml(show: Show) -> str:
    """The show as a file, which `parse` reads back; what is as it would be anyway is left out."""
    return yaml.safe_dump(_written(show, clock), sort_keys=False, allow_unicode=True, width=100)


def to_document(show: Show) -> dict[str, Any]:
    """The same with times in seconds, ready for JSON; `validate(Show, ...)` reads it back."""
    document: dict[str, Any] = _written(show, float)
    return document


def clock(seconds: float) -> str:
    """m:ss, with the part of a second where there is one.

    >>> clock(117), clock(125.25)
    ('1:57', '2:05.25')
    """
    whole, part = divmod(round(abs(seconds), 3), 1.0)
    tail = f"{part:.3f}"[1:].rstrip("0").rstrip(".")
    return f"{'-' if seconds < 0 else ''}{int(whole) // 60}:{int(whole) % 60:02d}{tail}"


def _check_text(text: str, what: str) -> None:
    """Raises SettingsError where there is more in a text than a line of letters."""
    if wrong := [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")]:
        raise SettingsError(f"the {what} holds {wrong[0]!r}, which is no letter: write it on one line")


def _written(thing: Any, time: Callable[[float], str | float]) -> Any:
    if isinstance(thing, tuple | list):
        return [_written(part, time) for part in thing]
    if not is_dataclass(thing):
        return dict(thing) if isinstance(thing, Mapping) else thing
    out = {}
    for described in fields(thing):
        value = getattr(thing, described.name)
        if value != described.default and value not in ((), {}) and value != Moderation():
            is_time = described.metadata.get("clock") and value >= 0
            key = described.metadata.get("written", described.name)
            out[key] = time(value) if is_time else _written(value, time)
    return out
