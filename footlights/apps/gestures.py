"""What people are saying with their hands, heads and arms."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from footlights.core.app import App
from footlights.core.cue import Badge, Cue, Text
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.recognition.definitions import library
from footlights.recognition.gestures import GestureRecogniser
from footlights.recognition.learned import definitions_of, open_readers

RECENT = 6  # gestures in the list at the side
STATES = ("rest", "nobody")  # kinds that are shown quietly


class Gestures(App):
    """Tells every gesture of every person: what it is, when it begins, when it ends, how sure it is.

    The list at the side shows the newest gestures, each with how often it was done since the start.
    """

    title = "What people say with their hands, heads and arms: 38 gestures"
    needs: ClassVar[frozenset[str]] = frozenset({"pose"})

    @dataclass(frozen=True)
    class Settings:
        """What is looked for."""

        only: tuple[str, ...] = field(default=(), metadata={"help": "Only these gestures; none: all that are good."})
        experimental: bool = field(
            default=False, metadata={"help": "Also those that are often missed or seen where there are none."}
        )
        library: tuple[str, ...] = field(default=(), metadata={"help": "TOML files with gestures of your own."})
        model: tuple[str, ...] = field(
            default=(), metadata={"help": "Recognisers that you trained from clips: their labels are gestures, too."}
        )

    def __init__(self, settings: "Gestures.Settings | None" = None) -> None:
        super().__init__(settings)
        own = [Path(path).expanduser() for path in self.settings.library]
        readers = open_readers(self.settings.model)
        known = {**library(*own), **definitions_of(readers)}
        good = [name for name in known if self.settings.experimental or not known[name].experimental]
        self._gestures = GestureRecogniser(self.settings.only or good, own=own, readers=readers)
        self._seen: Counter[str] = Counter()  # gestures since the start, by name
        self._recent: deque[str] = deque(maxlen=RECENT)  # the newest last, each once
        self._last: tuple[str, float] | None = None  # stream and time of the newest frame

    @property
    def wants(self) -> frozenset[str]:
        """Hands, and a second look at crossed arms, only where one of the gestures is read from them."""
        return self._gestures.needs

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """Gestures that begin or end, and what to show."""
        self._last = (scene.frame.stream, scene.frame.time)
        yield from self._count(self._gestures.update(scene))
        yield from self._cues(scene)

    def end(self) -> Iterator[Event]:
        """The gestures that last to the end end there."""
        if self._last is not None:
            yield from self._count(self._gestures.finish(*self._last))

    def _count(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            yield event
            name = str(event.data["gesture"])
            if event.kind == "gesture.begin" and self._gestures.definitions[name].kind not in STATES:
                self._seen[name] += 1
                if name in self._recent:
                    self._recent.remove(name)
                self._recent.append(name)

    def _cues(self, scene: Scene) -> Iterator[Cue]:
        active: set[str] = set()
        for who in [*(track.id for track in scene.tracks), None]:
            for name, progress in self._gestures.progress(who).items():
                if not progress.active:
                    continue
                active.add(name)
                quiet = progress.definition.kind in STATES
                if who is None:
                    yield Text(progress.definition.title, "top")
                else:
                    yield Badge(who, progress.definition.title, "plain" if quiet else "good")
        for name in reversed(self._recent):
            title = self._gestures.definitions[name].title
            yield Text(f"{title}: {self._seen[name]}", tone="good" if name in active else "plain")
