"""A gesture sets off a show."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from footlights.core.app import App
from footlights.core.cue import Badge, Bar, Cue, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event, Value
from footlights.core.scene import Scene
from footlights.recognition.definitions import choose, library, told_with
from footlights.recognition.gestures import GestureRecogniser
from footlights.recognition.learned import definitions_of, open_readers


class Interact(App):
    """Tells every gesture of every person, and sets off the show when the wanted one is done."""

    title = "A gesture sets off a show: cross your arms and something happens"
    needs: ClassVar[frozenset[str]] = frozenset({"pose", "arms"})

    @dataclass(frozen=True)
    class Settings:
        """What sets it off, and how easily."""

        when: tuple[str, ...] = field(default=("x_arms",), metadata={"help": "Gestures that set it off."})
        cooldown: float = field(
            default=10.0, metadata={"help": "Rest after it was set off.", "unit": "s", "min": 0.0, "max": 3600.0}
        )
        people: int = field(
            default=1, metadata={"help": "How many must do the gesture at once.", "min": 1, "max": 1000}
        )
        hold: float | None = field(
            default=None,
            metadata={
                "help": "How long a gesture must last; without it, each gesture's own time.",
                "unit": "s",
                "min": 0.0,
                "max": 10.0,
            },
        )
        library: tuple[str, ...] = field(default=(), metadata={"help": "TOML files with gestures of your own."})
        model: tuple[str, ...] = field(
            default=(), metadata={"help": "Recognisers that you trained from clips: their labels are gestures, too."}
        )

    def __init__(self, settings: "Interact.Settings | None" = None) -> None:
        super().__init__(settings)
        own = [Path(path).expanduser() for path in self.settings.library]
        readers = open_readers(self.settings.model)
        known = {**library(*own), **definitions_of(readers)}
        self._when = choose(self.settings.when, known)
        if not self._when:
            raise SettingsError(f"'when' names no gesture; there are {', '.join(known)}")
        self._gestures = GestureRecogniser(
            told_with(self._when, known), hold=self.settings.hold, own=own, readers=readers
        )
        self._seen: Counter[str] = Counter()  # gestures since the start, by name
        self._doing: dict[str, set[int | None]] = {}  # who is doing what, tracks by name
        self._ready = -math.inf  # seconds: it is not set off before
        self._last: tuple[str, float] | None = None  # stream and time of the newest frame

    @property
    def wants(self) -> frozenset[str]:
        """Hands only where one of the gestures is read from them."""
        return self.needs | self._gestures.needs

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """Gestures that begin or end, the trigger, and what to show."""
        self._last = (scene.frame.stream, scene.frame.time)
        yield from self._answer(self._gestures.update(scene))
        yield from self._cues(scene)

    def end(self) -> Iterator[Event]:
        """The gestures that last to the end end there."""
        if self._last is not None:
            yield from self._answer(self._gestures.finish(*self._last))

    def _answer(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events, each with what it sets off."""
        for event in events:
            yield event
            name = str(event.data["gesture"])
            doing = self._doing.setdefault(name, set())
            if event.kind == "gesture.end":
                doing.discard(event.track)
                continue
            doing.add(event.track)
            self._seen[name] += 1
            if name in self._when and len(doing) >= self.settings.people and event.time >= self._ready:
                self._ready = event.time + self.settings.cooldown
                data: dict[str, Value] = {
                    "by": name,
                    "people": len(doing),
                    "confidence": event.data["confidence"],
                }
                yield Event("trigger", event.stream, event.time, event.track, data)

    def _cues(self, scene: Scene) -> Iterator[Cue]:
        for track in scene.tracks:
            for name, progress in self._gestures.progress(track.id).items():
                title = progress.definition.title
                wanted = name in self._when
                if progress.active:
                    yield Badge(track.id, title, "good" if wanted else "plain")
                elif wanted and progress.since is not None and (hold := self._gestures.hold(name)) > 0:
                    yield Bar(title, progress.holding(hold), track.id)
        for name in self._when:
            yield Text(f"{self._gestures.definitions[name].title}: {self._seen[name]}")
        rest = self._ready - scene.frame.time
        if rest > 0:
            yield Text(f"again in {rest:.0f} s", "top right")
