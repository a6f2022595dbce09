"""Judges what is seen on one stream against its alerts: what is raised, and when it is over."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from footlights.core.event import Event, Value
from footlights.core.scene import Floats, Scene, Track
from footlights.recognition.anomalies.alerts import Alert
from footlights.recognition.anomalies.camera import SIZE, CameraHealth
from footlights.recognition.anomalies.places import Line

LOOKS = 2  # at how many looks of the detector a thing must have been seen before it counts
RELEASE = 0.5  # seconds for which it must be over before it is over
PASSED = 2.0  # seconds for which what crossed a line stays raised
JITTER = 0.005  # shares of the picture: nearer to a line than this is on neither side


@dataclass(slots=True)
class _Case:
    """One alert about one thing, or about the whole picture."""

    data: Mapping[str, Value]
    since: float  # seconds, when it began to be so
    last: float  # seconds, when it was so last
    raised: bool = False


@dataclass(slots=True)
class _Seen:
    """What is remembered of a track."""

    looks: int = 0
    sides: dict[str, tuple[float, Floats]] = field(default_factory=dict)  # by line: the last clear side, and where


class Judge:
    """One for each stream. `update` with every scene; `raised` says what is raised now."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self.alerts = list(alerts)
        self.camera = CameraHealth()
        self._cases: dict[tuple[str, int | None], _Case] = {}
        self._seen: dict[int, _Seen] = {}
        self._looked = -math.inf  # seconds, when the detector looked last
        self._watches_picture = any(alert.kind in ("camera", "standstill") for alert in self.alerts)
        self._inside = {alert.text: _mask(alert) for alert in self.alerts if alert.kind == "standstill"}

    @property
    def raised(self) -> list[tuple[str, int | None]]:
        """The alerts that are raised now, each with the track it is about; None: it is about none."""
        return [key for key, case in self._cases.items() if case.raised]

    def present(self, scene: Scene) -> list[Track]:
        """The things that are there: seen often enough, and seen when the detector looked last."""
        return [
            track
            for track in scene.tracks
            if self._seen[track.id].looks >= LOOKS and track.seen >= self._looked - RELEASE
        ]

    def update(self, scene: Scene) -> Iterator[Event]:
        """What is raised and what is over with this frame."""
        time = scene.frame.time
        if self._watches_picture:
            self.camera.update(scene.frame)
        self._remember(scene)
        things = self.present(scene)
        feet = _feet(things, scene)
        for alert in self.alerts:
            for track, data in _JUDGES[alert.kind](self, alert, things, feet):
                case = self._cases.setdefault((alert.text, track), _Case(data, time, time))
                case.data, case.last = data, time
        for (text, track), case in list(self._cases.items()):
            yield from self._step(text, track, case, scene)

    def finish(self, stream: str, time: float) -> Iterator[Event]:
        """The film is over, and with it whatever was raised."""
        for (text, track), case in self._cases.items():
            if case.raised:
                yield _event("anomaly.cleared", stream, time, text, track, case)
        self._cases.clear()

    def _step(self, text: str, track: int | None, case: _Case, scene: Scene) -> Iterator[Event]:
        alert = next(alert for alert in self.alerts if alert.text == text)
        time, stream = scene.frame.time, scene.frame.stream
        if not case.raised and case.last == time and time - case.since >= alert.seconds - 1e-6:
            case.raised = True
            yield _event("anomaly.raised", stream, time, text, track, case)
        if time - case.last > (PASSED if alert.kind == "crosses" else RELEASE):
            if case.raised:
                yield _event("anomaly.cleared", stream, time, text, track, case)
            del self._cases[text, track]

    def _remember(self, scene: Scene) -> None:
        alive = {track.id for track in scene.tracks}
        self._seen = {track: seen for track, seen in self._seen.items() if track in alive}
        looked = scene.detections is not None
        if looked:
            self._looked = scene.frame.time
        for track in scene.tracks:
            seen = self._seen.setdefault(track.id, _Seen())
            seen.looks += looked and track.seen == scene.frame.time

    def _appears(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        for track in _wanted(alert, things, feet):
            yield track.id, {"label": track.label}

    def _counts(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        count = len(_wanted(alert, things, feet))
        if alert.tells(count) and self._looked > -math.inf:
            yield None, {"label": alert.label, "count": count}

    def _crosses(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        line = alert.line
        assert line is not None
        for track, at in zip(things, feet, strict=True):
            if not alert.wants(track.label):
                continue
            way = _crossing(line, self._seen[track.id].sides, at)
            if way is not None and alert.inwards in (None, way):
                yield track.id, {"label": track.label, "way": "inwards" if way else "outwards"}

    def _stands_still(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        if not (self.camera.moving & self._inside[alert.text]).any():
            yield None, {}

    def _is_faulty(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        if alert.label in self.camera.faults:
            yield None, {"fault": alert.label}


_Finding = tuple[int | None, Mapping[str, Value]]
_JUDGES: Mapping[str, Callable[[Judge, Alert, Sequence[Track], Floats], Iterator[_Finding]]] = {
    "appears": Judge._appears,
    "count": Judge._counts,
    "crosses": Judge._crosses,
    "stays": Judge._appears,
    "standstill": Judge._stands_still,
    "camera": Judge._is_faulty,
}


def _feet(things: Sequence[Track], scene: Scene) -> Floats:
    """(N, 2) where each thing stands: the middle of its lower edge, in shares of the picture."""
    boxes = np.array([track.box for track in things], np.float32).reshape(-1, 4)
    size = np.array([scene.frame.width, scene.frame.height], np.float32)
    return np.asarray(np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1) / size, np.float32)


def _wanted(alert: Alert, things: Sequence[Track], feet: Floats) -> list[Track]:
    """The things of the alert's class that stand where it looks."""
    there = np.ones(len(things), bool) if alert.zone is None else alert.zone.holds(feet) != alert.outside
    return [track for track, here in zip(things, there, strict=True) if here and alert.wants(track.label)]


def _crossing(line: Line, sides: dict[str, tuple[float, Floats]], at: Floats) -> bool | None:
    """True inwards, False outwards, None: not now. Remembers on which side it was last."""
    side = float(line.side(at)[0])
    before = sides.get(line.name)
    if abs(side) < JITTER:
        return None
    sides[line.name] = (side, at)
    if before is None or (before[0] > 0) == (side > 0) or not line.passed(before[1], at)[0]:
        return None
    return side > 0


def _mask(alert: Alert) -> np.ndarray:
    """(90, 160) the spots that a standstill is judged on."""
    width, height = SIZE
    if alert.zone is None:
        return np.ones((height, width), bool)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    inside = alert.zone.holds(np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(height, width)
    return np.asarray(inside != alert.outside)


def _event(kind: str, stream: str, time: float, text: str, track: int | None, case: _Case) -> Event:
    data: dict[str, Value] = {"alert": text, **case.data}
    if kind == "anomaly.cleared":
        data["duration"] = round(max(0.0, case.last - case.since), 3)
    return Event(kind, stream, round(time, 3), track, data)
