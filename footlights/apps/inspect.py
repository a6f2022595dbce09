"""Watches any number of cameras: what is there, how many, and what is not as it should be."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np

from footlights.core.app import App
from footlights.core.cue import Badge, Bar, Cue, Outline, Text, Tone
from footlights.core.errors import SettingsError
from footlights.core.event import Event, Value
from footlights.core.frame import Frame
from footlights.core.scene import Floats, Scene, Track
from footlights.media.snapshot import snapshot_address
from footlights.media.veil import veiled
from footlights.models.session import PROVIDERS
from footlights.recognition.anomalies.alerts import alerts
from footlights.recognition.anomalies.judge import Judge
from footlights.recognition.anomalies.places import Line, places, zones
from footlights.recognition.normal import Look, NormalScene

SETTLED = 0.5  # seconds for which counts must stay as they are before they are told
UPDATE = 5.0  # seconds between two events about the same thing
MOVED = 0.05  # of the picture's width that it must have moved for such an event


@dataclass(slots=True)
class _Thing:
    """What was last told of a thing that is followed."""

    track: Track
    told: float  # seconds
    place: np.ndarray  # (2,) pixels, its centre when it was told of
    box: Floats  # (4,) pixels, then


class Inspect(App):
    """Follows everything that the model knows, counts it, and raises the alarm."""

    title = "Many cameras, any detection model: counts, alerts, one wall"
    layout: ClassVar[Literal["stage", "exhibition", "wall"]] = "wall"
    needs: ClassVar[frozenset[str]] = frozenset({"objects"})
    sets_off: ClassVar[str] = "anomaly.raised"
    rehearsal: ClassVar[str] = "rehearsal:line?fallen=0.2 rehearsal:street"
    rehearsed: ClassVar[Mapping[str, object]] = {
        "model": "cans", "model_for": ("street: yolox-nano",), "alert": ("down",),
    }  # fmt: skip

    @dataclass(frozen=True)
    class Settings:
        """What is looked for, where, and what is an anomaly."""

        model: str = field(
            default="yolox-nano", metadata={"help": "What finds things: a card's name, a file, an address, or a zip."}
        )
        head: str | None = field(
            default=None,
            metadata={"help": "How the model's answers are read, where that cannot be told from the file."},
        )
        model_for: tuple[str, ...] = field(
            default=(), metadata={"help": "Another model for one source, by its name: 'yard: yolox-nano'."}
        )
        provider: tuple[str, ...] = field(
            default=(),
            metadata={"help": "What runs the model, the preferred first, the processor last.", "choices": PROVIDERS},
        )
        interval: int = field(
            default=4, metadata={"help": "Frames left out between two detections.", "min": 0, "max": 300}
        )
        gate: bool = field(default=True, metadata={"help": "Look only when something in the picture has moved."})
        score: float = field(
            default=0.3, metadata={"help": "Certainty from which a thing counts.", "min": 0.01, "max": 1.0}
        )
        label: tuple[str, ...] = field(
            default=(), metadata={"help": "Only these classes; without it all that are known."}
        )
        place: tuple[str, ...] = field(
            default=(), metadata={"help": "A zone, 'door: 0.1,0.2 0.5,0.2 0.5,0.9', or a line of two points."}
        )
        alert: tuple[str, ...] = field(
            default=(),
            metadata={"help": "What is an anomaly: 'down', 'person > 3 in hall for 10 s', 'camera covered'."},
        )
        curtain: tuple[str, ...] = field(
            default=(), metadata={"help": "Zones that are never looked at, written as places are."}
        )
        blur: tuple[str, ...] = field(default=(), metadata={"help": "Classes that are shown blurred, such as person."})
        normal: str | None = field(
            default=None,
            metadata={"help": "What is normal here, as `footlights train normal` learned it: anything else is told."},
        )

    def __init__(self, settings: "Inspect.Settings | None" = None) -> None:
        super().__init__(settings)
        zones(self.settings.curtain)
        self._places = places(self.settings.place)
        told = alerts(self.settings.alert, self._places)
        unusual = [alert for alert in told if alert.kind == "scene"]
        if unusual and self.settings.normal is None:
            raise SettingsError(f"'{unusual[0].text}' needs to know what is normal: --normal FILE, see train normal")
        self._normal = None if self.settings.normal is None else NormalScene.open(self.settings.normal)
        self._looked: Look | None = None  # the last look at the whole scene
        self._judge = Judge(told if unusual or self._normal is None else [*told, *alerts(["scene unusual"], {})])
        self._things: dict[int, _Thing] = {}
        self._total: Counter[str] = Counter()  # things since the start, by class
        self._counts: Counter[str] = Counter()  # as last told
        self._changed: tuple[float, Counter[str]] | None = None  # since when they are others
        self._last: Frame | None = None

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """What came, moved and left; counts; anomalies; what to show."""
        frame = self._last = scene.frame
        if self.settings.label:
            scene.tracks = [track for track in scene.tracks if track.label in self.settings.label]
        if self._normal is not None and (scene.detections is not None or self._looked is None):
            self._look(self._normal, frame)
        for event in self._judge.update(scene):
            yield _pictured(event) if event.kind == "anomaly.raised" else event
        there = {track.id: track for track in self._judge.present(scene)}
        yield from self._follow(frame, there, {track.id for track in scene.tracks})
        yield from self._count(frame, Counter(track.label for track in there.values()))
        if self.settings.blur:
            boxes = [track.box for track in scene.tracks if track.label in self.settings.blur]
            frame.put(veiled(frame.picture, boxes))
        yield from self._cues()

    def succeed(self, before: App) -> Iterator[Event]:
        """Go on with what is followed, counted and raised; alerts that are no more are over."""
        if not isinstance(before, Inspect):
            yield from before.end()
            return
        self._things, self._total, self._last = before._things, before._total, before._last
        self._counts, self._changed = before._counts, before._changed
        if before._last is not None:
            yield from self._judge.succeed(before._judge, before._last.stream, before._last.time)

    def end(self) -> Iterator[Event]:
        """Everything leaves; then how many there were in all."""
        if self._last is not None:
            yield from self._judge.finish(self._last.stream, self._last.time)
            yield from self._follow(self._last, {}, set())
            totals: dict[str, Value] = {"total": dict(self._total)}
            yield Event("count.summary", self._last.stream, self._last.time, None, totals)

    def _follow(self, frame: Frame, there: Mapping[int, Track], followed: set[int]) -> Iterator[Event]:
        """Things that are new, that moved on, and that are gone: `followed` no longer holds them."""
        for id_, track in there.items():
            thing = self._things.get(id_)
            if thing is None:
                self._total[track.label] += 1
                yield self._told("detection.new", frame, track)
            elif frame.time - thing.told >= UPDATE and _far(thing, track) > MOVED * frame.width:
                yield self._told("detection.update", frame, track)
            else:
                thing.track = track
        for id_ in [known for known in self._things if known not in followed]:
            track = self._things.pop(id_).track
            seconds = round(track.seen - track.since, 3)
            data: dict[str, Value] = {"label": track.label, "seconds": seconds, "box": _shares(track.box, frame)}
            yield Event("detection.end", frame.stream, frame.time, id_, data)

    def _told(self, kind: str, frame: Frame, track: Track) -> Event:
        before = self._things.get(track.id)
        self._things[track.id] = _Thing(track, frame.time, _centre(track), track.box)
        data: dict[str, Value] = {"label": track.label, "score": round(track.score, 2)}
        data["box"] = _shares(track.box, frame)
        if before is not None:
            data["before"] = _shares(before.box, frame)
        return _pictured(Event(kind, frame.stream, frame.time, track.id, data))

    def _count(self, frame: Frame, counts: Counter[str]) -> Iterator[Event]:
        """Counts are told when they have settled."""
        if counts == self._counts:
            self._changed = None
        elif self._changed is None or self._changed[1] != counts:
            self._changed = (frame.time, counts)
        elif frame.time - self._changed[0] >= SETTLED:
            gone: Counter[str] = Counter(dict.fromkeys(self._counts, 0))
            gone.update(counts)
            self._counts, self._changed = counts, None
            data: dict[str, Value] = {"counts": dict(gone), "total": dict(self._total)}
            yield Event("count", frame.stream, frame.time, None, data)

    def _look(self, normal: NormalScene, frame: Frame) -> None:
        """At the whole scene, whenever the detector looks as well."""
        look = self._looked = normal.look(frame)
        if look.another:
            self._judge.unusual = {"score": round(look.score, 2), "scene": "another"}
        else:
            self._judge.unusual = {"score": round(look.score, 2)} if look.score >= 1 else None

    def _scene_cues(self, normal: NormalScene, look: Look) -> Iterator[Cue]:
        tone: Tone = "alarm" if look.score >= 1 else "plain"
        yield Bar("unusual", min(1.0, look.score / 2), corner="bottom left", tone=tone)
        if look.another:
            yield Text(f"another scene than {normal.name} was learned from", "top", "alarm")
            return
        for left, top, right, bottom in look.regions():
            yield Outline(((left, top), (right, top), (right, bottom), (left, bottom)), "unusual", "alarm")

    def _cues(self) -> Iterator[Cue]:
        if self._normal is not None and self._looked is not None:
            yield from self._scene_cues(self._normal, self._looked)
        raised = self._judge.raised
        texts = {text for text, _ in raised}
        for alert in self._judge.alerts:
            if alert.text in texts:
                yield Text(alert.text, "top right", "alarm")
        for text, track in raised:
            if track is not None:
                yield Badge(track, text, "alarm")
        alarmed = {
            place.name for alert in self._judge.alerts if alert.text in texts and (place := alert.zone or alert.line)
        }
        for place in self._places.values():
            points = place.ends if isinstance(place, Line) else place.corners
            tone: Tone = "alarm" if place.name in alarmed else "plain"
            yield Outline(tuple((float(x), float(y)) for x, y in points), place.name, tone)
        for label, count in sorted(self._counts.items()):
            yield Text(f"{label}: {count}")


def _pictured(event: Event) -> Event:
    """The event with the address of its picture on the page."""
    return replace(event, data={**event.data, "snapshot": snapshot_address(event.stream, event.time)})


def _shares(box: Floats, frame: Frame) -> list[Value]:
    return [round(float(share), 4) for share in box / np.array([frame.width, frame.height] * 2)]


def _centre(track: Track) -> np.ndarray:
    return np.asarray((track.box[:2] + track.box[2:]) / 2)


def _far(thing: _Thing, track: Track) -> float:
    return float(np.linalg.norm(_centre(track) - thing.place))
