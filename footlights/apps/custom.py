"""Runs a classifier of one's own: trained from photos or clips, exported by Custom Vision, or any in ONNX."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from footlights.core.app import App
from footlights.core.cue import Badge, Bar, Cue, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event, Value
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Scene, Track
from footlights.recognition.own_models import Memory, open_own
from footlights.wire.near_miss import near_miss

STAY = 0.15  # by how much the class that is shown may fall below its threshold
BARS = 5  # classes at the side
NOTHING = re.compile(
    r"(?i)(not?|non|without)[ _-].*|negatives?|none|nothing|others?|background|rest|normal|neutral|idle"
)


@dataclass(slots=True)
class _State:
    """What is known of one thing, or of the whole picture."""

    memory: Memory = field(default_factory=Memory)  # the model's
    looked: float = -math.inf  # seconds, when the model last said something
    probabilities: Floats | None = None  # smoothed
    candidate: str | None = None  # the class that is probable enough now
    since: float = 0.0  # seconds, since when it is
    shown: str | None = None  # the class that has begun
    begun: float = 0.0  # seconds


class Custom(App):
    """Tells which class of a model of your own is in the picture, when it begins and ends, and sets off the show.

    Models: what `footlights studio` and `footlights train` write, image classifications exported from Azure Custom
    Vision, and any ONNX classifier with a labels.txt beside it. A model that was trained on people is asked about every
    person on its own. MODEL may be given before the sources.
    """

    title = "A classifier of your own: trained from photos or clips, and what it sees sets off a show"
    first = "model"

    @dataclass(frozen=True)
    class Settings:
        """Which model, and how it is believed."""

        model: str = field(default="", metadata={"help": "The model: a .zip, .onnx or .tflite file, or an address."})
        when: tuple[str, ...] = field(
            default=(), metadata={"help": "Classes that set it off; without it all but those named as nothing is."}
        )
        threshold: float | None = field(
            default=None,
            metadata={"help": "Probability from which a class counts; without it the model's.", "min": 0.0, "max": 1.0},
        )
        hold: float = field(
            default=0.3, metadata={"help": "How long a class must last.", "unit": "s", "min": 0.0, "max": 60.0}
        )
        smoothing: float = field(
            default=0.25, metadata={"help": "Over how long looks are averaged.", "unit": "s", "min": 0.0, "max": 10.0}
        )

    def __init__(self, settings: "Custom.Settings | None" = None) -> None:
        super().__init__(settings)
        if not self.settings.model:
            raise SettingsError(
                "which model? footlights run custom MODEL [SOURCE]: what a training wrote, or another one"
            )
        self._model = open_own(self.settings.model)
        labels = self._model.labels
        for name in self.settings.when:
            if name not in labels:
                raise SettingsError(f"the model knows no '{name}'; {near_miss(name, labels)}")
        self._when = self.settings.when or tuple(label for label in labels if not NOTHING.fullmatch(label))
        told = self.settings.threshold
        self._levels = dict(zip(labels, self._model.thresholds if told is None else [told] * len(labels), strict=True))
        self._states: PerTrack[_State] = PerTrack(_State)
        self._whole = _State()
        self._seen: Counter[str] = Counter()  # beginnings since the start, by class
        self._last: tuple[str, float] | None = None  # stream and time of the newest frame

    @property
    def wants(self) -> frozenset[str]:
        """People or faces, where the model was trained on them."""
        return self._model.needs

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """Classes that begin and end, and what to show."""
        frame = scene.frame
        self._last = (frame.stream, frame.time)
        if not self._model.single:
            yield from self._update(scene, None, self._whole)
            yield from self._bars(self._whole)
        else:
            for track, state in self._states.keep(track.id for track in scene.tracks):
                yield from self._finish(state, track, frame.stream, frame.time)
            for each in scene.tracks:
                state = self._states[each.id]
                yield from self._update(scene, each, state)
                yield from self._badge(each.id, state)
        for name in self._when:
            yield Text(f"{name}: {self._seen[name]}", "top right")

    def end(self) -> Iterator[Event]:
        """What lasts to the end ends there."""
        if self._last is not None:
            yield from self._finish(self._whole, None, *self._last)
            for track, state in self._states:
                yield from self._finish(state, track, *self._last)

    def _update(self, scene: Scene, thing: Track | None, state: _State) -> Iterator[Event]:
        time, stream = scene.frame.time, scene.frame.stream
        track = None if thing is None else thing.id
        now = self._model.read(state.memory, scene, thing)
        if now is not None:
            self._smooth(state, now, time)
        assert state.probabilities is not None  # it has looked
        candidate = self._decide(state.shown, state.probabilities)
        if candidate != state.candidate:
            state.candidate, state.since = candidate, time
        if state.shown is not None and candidate != state.shown:
            yield from self._finish(state, track, stream, time)
        if state.shown is None and candidate is not None and time - state.since >= self.settings.hold - 1e-6:
            state.shown, state.begun = candidate, time
            self._seen[candidate] += 1
            certain = round(float(state.probabilities[self._model.labels.index(candidate)]), 3)
            yield Event("class.begin", stream, time, track, {"class": candidate, "confidence": certain})
            if candidate in self._when:
                yield Event("trigger", stream, time, track, {"by": candidate, "confidence": certain})

    def _smooth(self, state: _State, now: Floats, time: float) -> None:
        since = time - state.looked
        kept = math.exp(-since / self.settings.smoothing) if self.settings.smoothing > 0 and since >= 0 else 0.0
        before = now if state.probabilities is None else state.probabilities
        state.probabilities = np.asarray(kept * before + (1 - kept) * now, np.float32)
        state.looked = time

    def _decide(self, shown: str | None, probabilities: Floats) -> str | None:
        """The most probable class, if it is probable enough; what is shown stays for a little less."""
        best = self._model.labels[int(probabilities.argmax())]
        if best in self._model.silent:
            return None
        enough = self._levels[best] - (STAY if best == shown else 0.0)
        return best if probabilities.max() >= enough else None

    def _finish(self, state: _State, track: int | None, stream: str, time: float) -> Iterator[Event]:
        if state.shown is not None:
            data: Mapping[str, Value] = {"class": state.shown, "duration": round(time - state.begun, 3)}
            state.shown = None
            yield Event("class.end", stream, time, track, data)

    def _bars(self, state: _State) -> Iterator[Cue]:
        assert state.probabilities is not None
        order = np.argsort(-state.probabilities, kind="stable")[:BARS]
        for index in order.tolist():
            label = self._model.labels[index]
            yield Bar(label, float(state.probabilities[index]), tone="good" if label == state.shown else "plain")

    def _badge(self, track: int, state: _State) -> Iterator[Cue]:
        if state.shown is not None:
            yield Badge(track, state.shown, "good" if state.shown in self._when else "plain")
        for name in self._when:
            assert state.probabilities is not None
            value = float(state.probabilities[self._model.labels.index(name)])
            yield Bar(name, value, track, tone="good" if name == state.shown else "plain")
