"""What the page and the one who runs the streams say to each other. Imports nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

State = Literal["connecting", "running", "retrying", "ended", "failed"]


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source as the list of sources shows it."""

    name: str  # the stream's name
    url: str  # as it was added; a password in it never leaves the page
    state: State = "running"
    message: str = ""  # why it is tried again or has failed; one line


@dataclass(frozen=True, slots=True)
class StreamStats:
    """How one stream is doing now."""

    stream: str
    fps: float = 0.0  # processed frames a second
    dropped: int = 0  # frames that a newer one replaced
    latency_ms: float | None = None  # from the arrival of a live frame to its events; None for files
    people: int = 0  # tracked things now
    state: State = "running"
    message: str = ""  # one line
    spent_ms: Mapping[str, float] = field(default_factory=dict)  # mean time a frame for each step ("detect": 4.2)
    frames: int = 0  # processed so far
    looks: int = 0  # of the detector so far
    media_time: float = 0.0  # seconds, of the newest frame
    skipped: int = 0  # frames that the detector did not look at
    raised: int = 0  # anomalies that are raised now
    events: Mapping[str, int] = field(default_factory=dict)  # so far, by kind
    waiting: Mapping[str, int] = field(default_factory=dict)  # length of each queue: "source", and one for each sink


class Control(Protocol):
    """Adds and removes sources while the streams run. Called by a thread of the page, one call at a time; returns at
    once: a source that takes long to open opens later.
    """

    def sources(self) -> list[SourceState]:
        """Every source there is, in the order in which they were added."""

    def add(self, url: str) -> str:
        """Add a source; the name of its stream. Raises FootlightsError with one line for the reader."""

    def remove(self, name: str) -> None:
        """Remove a source. Raises FootlightsError where there is none of this name."""


@runtime_checkable
class Chooser(Protocol):
    """A control that also has something to choose from while the streams run: in what way faces are found."""

    def choices(self) -> list[str]:
        """The names that can be chosen, in the order of the keys 1, 2, 3 ...; empty: nothing."""

    def chosen(self) -> str:
        """The name that is chosen now; empty where there is nothing to choose."""

    def choose(self, name: str) -> None:
        """Choose one. May take a moment. Raises FootlightsError with one line for the reader."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the app, as a form shows it."""

    name: str
    type: str  # "bool", "int", "float", "str", "path", "list of str" ...
    default: Any = None  # as JSON has it
    optional: bool = False  # may be None
    help: str = ""
    unit: str = ""
    min: float | None = None
    max: float | None = None
    choices: tuple[Any, ...] = ()  # what may be written; empty: anything of the type
    suggestions: tuple[str, ...] = ()  # what is likely to be written
    fixed: str = ""  # why it cannot be changed while the streams run; empty: it can


@runtime_checkable
class Settable(Protocol):
    """A control that also changes the settings of the app while the streams run."""

    def settings(self) -> list[Setting]:
        """Every setting there is, in the order to show."""

    def values(self) -> dict[str, Any]:
        """Their values now, as JSON has them."""

    def change(self, values: Mapping[str, object]) -> None:
        """Change some. May take a moment. Raises FootlightsError with one line for the reader; then nothing changed."""

    def file(self) -> str:
        """The name of the file that `save` writes; empty: there is none."""

    def save(self) -> None:
        """Write what was changed into that file. Raises FootlightsError."""

    def document(self) -> str:
        """A configuration, as YAML, that begins with these settings."""
