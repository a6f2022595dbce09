"""The contracts between the engine and what people add: stages, apps and sinks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from footlights.core.cue import Cue
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene


class Source(Protocol):
    """Gives the pictures of one stream, in order, with growing media times."""

    name: str
    live: bool  # live: the newest frame wins; otherwise every frame is processed
    duration: float | None  # seconds, where it is known beforehand

    def frames(self) -> Iterator[Frame]:
        """Every frame. Ends where the source ends; raises SourceError where it fails. May be called again to retry."""

    def close(self) -> None:
        """Make a running `frames()` end soon. May be called from another thread, and twice."""


class Sink(Protocol):
    """Takes finished scenes. `write` is called by one thread, in the order of the frames of each stream."""

    def write(self, scene: Scene) -> None:
        """Take one scene. Raises SinkError where it cannot go on."""

    def close(self) -> None:
        """Finish: flush, write the trailer, let go."""


class Detector(Protocol):
    """Finds things in pictures. Shared by all streams, therefore without any state of a stream."""

    def run(self, scenes: list[Scene]) -> None:
        """Fill `detections` of every scene given."""


class Tracker(Protocol):
    """Gives detections an identity over time. One for each stream."""

    def update(self, scene: Scene) -> None:
        """Fill `tracks`. Where `scene.detections` is None the detector did not run: predict."""


class Stage(Protocol):
    """Adds one kind of knowledge to the scenes of one stream."""

    needs: ClassVar[frozenset[str]]
    gives: ClassVar[frozenset[str]]

    def run(self, scene: Scene) -> None:
        """Fill what this stage gives, for every track of the scene."""


@dataclass(frozen=True)
class NoSettings:
    """For apps with nothing to set."""


class App:
    """Reads the scenes of one stream, in the order of time, and yields events and cues. Does no input and no output.

    A subclass may hold a dataclass named `Settings`: the only description of its options. Command-line flags, the YAML
    file and the forms are made from it; put `metadata={"help": "...", "unit": "s", "min": 0.0}` on its fields.
    """

    title: ClassVar[str] = ""  # one line for `footlights apps`
    layout: ClassVar[Literal["stage", "exhibition", "wall"]] = "stage"  # of the page
    needs: ClassVar[frozenset[str]] = frozenset()
    sets_off: ClassVar[str] = "trigger"  # kind of the events that set off actions, where nothing else is asked for
    rehearsal: ClassVar[str] = "rehearsal:"  # the source where there is no camera; several with spaces between
    rehearsed: ClassVar[Mapping[str, object]] = {}  # settings of the rehearsal, where none of them is given
    first: ClassVar[str] = ""  # the setting that may be given as the first word, before the sources
    Settings: ClassVar[type[Any]] = NoSettings

    def __init__(self, settings: Any = None) -> None:
        self.settings = settings if settings is not None else self.Settings()

    @property
    def wants(self) -> frozenset[str]:
        """What this app needs with these settings; the same as `needs`, where they make no difference."""
        return self.needs

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """Everything that this frame gives rise to."""
        raise NotImplementedError

    def succeed(self, before: "App") -> Iterator[Event]:
        """Take the place of an app of this kind that had other settings, between two frames. Here that one ends."""
        yield from before.end()

    def end(self) -> Iterator[Event]:
        """Called once, when the stream has ended: what only the end can tell."""
        yield from ()
