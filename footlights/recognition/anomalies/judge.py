"""Judges what is seen on one stream against its alerts: what is raised, and when it is over."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from footlights.core.event import Event, Value
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Scene, Track
from footlights.recognition.anomalies.alerts import Alert
from footlights.recognition.anomalies.camera import SIZE, CameraHealth
from footlights.recognition.anomalies.places import Line

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


Sides = dict[str, tuple[float, Floats]]  # by line: the last clear side, and where the thing was then


class Judge:
    """One for each stream. `update` with every scene; `raised` says what is raised now."""

    def __init__(self, alerts: Iterable[Alert]) -> None:
        self.alerts = list(alerts)
        self.camera = CameraHealth()
        self.unusual: Mapping[str, Value] | None = None  # what is told of a scene that looks unusual; set from outside
        self._cases: dict[tuple[str, int | None], _Case] = {}
        self._sides: PerTrack[Sides] = PerTrack(dict)
        self._looked = -math.inf  # seconds, when the detector looked last
        self._watches_picture = any(alert.kind in ("camera", "standstill") for alert in self.alerts)
        self._inside = {alert.text: _mask(alert) for alert in self.alerts if alert.kind == "standstill"}

    @property
    def raised(self) -> list[tuple[str, int | None]]:
        """The alerts that are raised now, each with the track it is about; None: it is about none."""
        return [key for key, case in self._cases.items() if case.raised]

    def present(self, scene: Scene) -> list[Track]:
        """The things that are there: the detector saw them when it looked last, or a moment before."""
        return [track for track in scene.tracks if track.seen >= self._looked - RELEASE]

    def update(self, scene: Scene) -> Iterator[Event]:
        """What is raised and what is over with this frame."""
        time = scene.frame.time
        if self._watches_picture:
            self.camera.update(scene.frame)
        if scene.detections is not None:
            self._looked = time
        self._sides.keep(track.id for track in scene.tracks)
        things = self.present(scene)
        feet = _feet(things, scene)
        for alert in self.alerts:
            for track, data in _JUDGES[alert.kind](self, alert, things, feet):
                case = self._cases.setdefault((alert.text, track), _Case(data, time, time))
                case.data, case.last = data, time
        for (text, track), case in list(self._cases.items()):
            yield from self._step(text, track, case, scene)

    def succeed(self, before: "Judge", stream: str, time: float) -> Iterator[Event]:
        """Go on with what another judge knew. What it had raised, and this one is not asked to watch for, is over."""
        self.camera, self._looked = before.camera, before._looked
        same = {alert.text for alert in self.alerts if any(_same(alert, other) for other in before.alerts)}
        self._cases = {key: case for key, case in before._cases.items() if key[0] in same}
        before._cases = {key: case for key, case in before._cases.items() if key[0] not in same}
        yield from before.finish(stream, time)

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
            way = _crossing(line, self._sides[track.id], at)
            if way is not None and alert.inwards in (None, way):
                yield track.id, {"label": track.label, "way": "inwards" if way else "outwards"}

    def _stands_still(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        if not (self.camera.moving & self._inside[alert.text]).any():
            yield None, {}

    def _is_faulty(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        if alert.label in self.camera.faults:
            yield None, {"fault": alert.label}

    def _is_unusual(self, alert: Alert, things: Sequence[Track], feet: Floats) -> Iterator["_Finding"]:
        if self.unusual is not None:
            yield None, self.unusual


_Finding = tuple[int | None, Mapping[str, Value]]
_JUDGES: Mapping[str, Callable[[Judge, Alert, Sequence[Track], Floats], Iterator[_Finding]]] = {
    "appears": Judge._appears,
    "count": Judge._counts,
    "crosses": Judge._crosses,
    "stays": Judge._appears,
    "standstill": Judge._stands_still,
    "camera": Judge._is_faulty,
    "scene": Judge._is_unusual,
}


def _same(alert: Alert, other: Alert) -> bool:
    """True for the same words about the same place."""
    places = [one.zone.corners if one.zone else one.line.ends if one.line else None for one in (alert, other)]
    if places[0] is None or places[1] is None:
        return alert.text == other.text
    return alert.text == other.text and np.array_equal(places[0], places[1])


def _feet(things: Sequence[Track], scene: Scene) -> Floats:
    """(N, 2) where each thing stands: the middle of its lower edge, in shares of the picture."""
    boxes = np.array([track.box for track in things], np.float32).reshape(-1, 4)
    size = np.array([scene.frame.width, scene.frame.height], np.float32)
    return np.asarray(np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1) / size, np.float32)


def _wanted(alert: Alert, things: Sequence[Track], feet: Floats) -> list[Track]:
    """The things of the alert's class that stand where it looks."""
    there = np.ones(len(things), bool) if alert.zone is None else alert.zone.holds(feet) != alert.outside
    return [track for track, here in zip(things, there, strict=True) if here and alert.wants(track.label)]


def _crossing(line: Line, sides: Sides, at: Floats) -> bool | None:
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
