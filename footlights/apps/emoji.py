"""Faces become emojis that match their emotion."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from footlights.core.app import App
from footlights.core.cue import Bar, Card, Cue, Overlay
from footlights.core.event import Event, Value
from footlights.core.frame import Frame
from footlights.core.geometry import fit, wrap_angle
from footlights.core.per_track import PerTrack
from footlights.core.scene import Region, Scene, Track
from footlights.media.emojis import EmojiSet
from footlights.media.picture import ArrayPicture
from footlights.perception.face_detectors import FIRST, NAMES, face_roll
from footlights.perception.one_euro import OneEuro
from footlights.recognition.emotion import UNSURE, EmotionModel, EmotionRecogniser, Mood

IN_SIGHT = 0.25  # seconds since the last sight for which an emoji stays, and a face is read
FADE = 0.25  # seconds in which the emoji of a lost face fades
CHANGE = 0.2  # seconds in which one emoji fades into the next
VEIL = 16  # pixels of the longer side to which privacy reduces a picture, and never less than to a quarter


@dataclass
class Visitor:
    """A face, from its first sight to its last."""

    place: OneEuro = field(default_factory=lambda: OneEuro(1.0, 10.0))
    lean: OneEuro = field(default_factory=lambda: OneEuro(1.0, 3.0))
    roll: float = 0.0  # radians, clockwise, as last seen
    emotion: str = UNSURE
    before: str = UNSURE  # the emotion shown before this one
    changed: float = -math.inf  # media time at which the emotion became this one
    since: float = 0.0  # media time of the first sight
    seen: float = 0.0  # and of the last one
    shown: Counter[str] = field(default_factory=Counter)  # frames with each emotion

    def follow(self, track: Track, time: float) -> Region:
        """Where the face is, smoothly."""
        if track.anchors is not None:
            self.roll += wrap_angle(float(face_roll(track.anchors[None])[0]) - self.roll)
        left, top, right, bottom = track.box
        side = float(right - left + bottom - top) / 2
        place = np.array([(left + right) / 2, (top + bottom) / 2, side], np.float32)
        x, y, side = (float(value) for value in self.place(time, place, side))
        lean = float(self.lean(time, np.array([self.roll], np.float32), 1.0)[0])
        return Region(x, y, side, wrap_angle(lean))


class Emoji(App):
    """Faces become emojis that match their emotion.

    Every face in the picture gets one, turned and scaled with it. Emotions are those of FER+: neutral, happiness,
    surprise, sadness, anger, disgust, fear, contempt; where none is probable enough, the emoji is `unsure`.
    """

    title = "Faces become emojis that match their emotion"
    layout = "exhibition"
    needs = frozenset({"faces"})

    @dataclass(frozen=True)
    class Settings:
        """What can be set."""

        detector: str = field(default=FIRST, metadata={"help": "What finds the faces.", "choices": NAMES})
        threshold: float = field(
            default=0.5, metadata={"help": "Probability from which an emotion is shown.", "min": 0.0, "max": 1.0}
        )
        smoothing: float = field(
            default=0.5, metadata={"help": "Time over which readings are averaged.", "unit": "s", "min": 0.0}
        )
        emoji_dir: Path | None = field(
            default=None, metadata={"help": "Folder of your own emojis: happiness.svg, sadness.png and so on."}
        )
        privacy: bool = field(
            default=False, metadata={"help": "Show no face: emojis on a picture too coarse to know anybody."}
        )
        bars: bool = field(default=False, metadata={"help": "Draw the three most probable emotions at each face."})
        every: float = field(
            default=2.0, metadata={"help": "Time between two events with the crowd's mood.", "unit": "s", "min": 0.1}
        )

    def __init__(self, settings: "Emoji.Settings | None" = None, model: EmotionModel | None = None) -> None:
        super().__init__(settings)
        self._emojis = EmojiSet(self.settings.emoji_dir)
        self._recogniser = EmotionRecogniser(
            model or EmotionModel.open(), self.settings.threshold, self.settings.smoothing
        )
        self._visitors: PerTrack[Visitor] = PerTrack(Visitor)
        self._crowd = Crowd(self.settings.every)
        self._last: Frame | None = None

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """Follow and read every face, say what changed, show the emojis."""
        frame = scene.frame
        tracks = {track.id: track for track in scene.tracks if track.label == "face"}
        yield from self._goodbye(frame, self._visitors.keep(tracks))
        known = {track for track, _ in self._visitors}
        places = {track.id: self._visitors[track.id].follow(track, frame.time) for track in tracks.values()}
        in_sight = {
            track.id: places[track.id] if frame.time - track.seen <= IN_SIGHT else None for track in tracks.values()
        }
        moods = self._recogniser.update(frame, in_sight)
        for track in tracks.values():
            yield from self._meet(frame, track, moods.get(track.id), new=track.id not in known)
        yield from self._sum_up(frame, in_sight)
        if self.settings.privacy:
            frame.put(veiled(frame))
        for place, track in sorted(((places[id_], tracks[id_]) for id_ in moods), key=lambda pair: pair[0].size):
            yield from self._show(frame.time, track, place, moods[track.id])

    def end(self) -> Iterator[Event]:
        """Everybody leaves; then the mood of the whole time."""
        if self._last is not None:
            yield from self._goodbye(self._last, self._visitors.keep([]))
            yield Event("mood.summary", self._last.stream, self._last.time, None, self._crowd.whole())

    def _meet(self, frame: Frame, track: Track, mood: Mood | None, *, new: bool) -> Iterator[Event]:
        visitor = self._visitors[track.id]
        visitor.seen = track.seen
        if new:
            visitor.since = track.since
            self._crowd.visitors += 1
            yield Event("face.appeared", frame.stream, frame.time, track.id)
        if mood is not None and mood.emotion != visitor.emotion:
            visitor.before, visitor.emotion = visitor.emotion, mood.emotion
            visitor.changed = -math.inf if new or self._last is None else self._last.time
            data: dict[str, Value] = {"emotion": visitor.emotion, "before": visitor.before}
            data["probabilities"] = {label: rounded(value) for label, value in self._named(mood)}
            yield Event("emotion.changed", frame.stream, frame.time, track.id, data)

    def _goodbye(self, frame: Frame, gone: list[tuple[int, Visitor]]) -> Iterator[Event]:
        for track, visitor in gone:
            data: dict[str, Value] = {"seconds": rounded(visitor.seen - visitor.since), "mood": shares(visitor.shown)}
            yield Event("face.left", frame.stream, frame.time, track, data)

    def _sum_up(self, frame: Frame, in_sight: Mapping[int, Region | None]) -> Iterator[Event]:
        self._last = frame
        if (mood := self._crowd.due(frame.time)) is not None:
            yield Event("mood", frame.stream, frame.time, None, mood)
        here = [self._visitors[track] for track, place in in_sight.items() if place is not None]
        for visitor in here:
            visitor.shown[visitor.emotion] += 1
        self._crowd.frame(visitor.emotion for visitor in here)

    def _show(self, time: float, track: Track, place: Region, mood: Mood) -> Iterator[Cue]:
        visitor = self._visitors[track.id]
        lost = (time - track.seen - IN_SIGHT) / FADE
        alpha = 1.0 if self.settings.privacy else min(1.0, max(0.0, 1 - lost))
        if alpha == 0:
            return
        fresh = min(1.0, (time - visitor.changed) / CHANGE)
        size, picture = place.size, str(self._emojis.path(visitor.emotion))
        if fresh < 1:
            yield Overlay(str(self._emojis.path(visitor.before)), place.x, place.y, size, place.angle, alpha)
        if fresh > 0:
            yield Overlay(picture, place.x, place.y, size, place.angle, alpha * fresh)
        bars = tuple((label, float(value)) for label, value in self._named(mood))
        yield Card(track.id, visitor.emotion, picture, bars)
        if self.settings.bars:
            for label, value in sorted(bars, key=lambda bar: -bar[1])[:3]:
                yield Bar(label, value, track.id)

    def _named(self, mood: Mood) -> Iterator[tuple[str, float]]:
        return zip(self._recogniser.model.labels, mood.probabilities.tolist(), strict=True)


class Crowd:
    """The mood of all faces together: how many of them, over all frames, showed each emotion."""

    def __init__(self, every: float) -> None:
        self.visitors = 0
        self._every = every  # seconds
        self._all: Counter[str] = Counter()
        self._now: Counter[str] = Counter()  # since the last event
        self._frames = 0  # since the last event
        self._slot: int | None = None
        self._empty = True

    def frame(self, emotions: Iterable[str]) -> None:
        """These are shown on one frame."""
        self._frames += 1
        for emotion in emotions:
            self._now[emotion] += 1
            self._all[emotion] += 1

    def due(self, time: float) -> dict[str, Value] | None:
        """The mood of the slot of media time that has just ended; None within a slot, and while nobody comes."""
        slot = math.floor(time / self._every + 1e-6)
        last, self._slot = self._slot, slot
        if last is None or slot == last:
            return None
        frames, shown, empty = self._frames, self._now, self._empty
        self._frames, self._now, self._empty = 0, Counter(), not shown
        if empty and not shown:
            return None
        return {"faces": rounded(shown.total() / frames), "mood": shares(shown)}

    def whole(self) -> dict[str, Value]:
        """The mood from the beginning."""
        return {"faces": self.visitors, "mood": shares(self._all)}


def shares(shown: Counter[str]) -> dict[str, Value]:
    """Each emotion's share, the largest first, rounded."""
    largest = sorted(shown.items(), key=lambda entry: (-entry[1], entry[0]))
    return {name: rounded(count / shown.total()) for name, count in largest}


def rounded(value: float) -> float:
    """To three places, for events."""
    return round(float(value), 3)


def veiled(frame: Frame) -> ArrayPicture:
    """The picture with so little left of it that nobody can be known, whether their face was found or not."""
    _, width, height = fit(frame.width, frame.height, min(VEIL, max(1, max(frame.width, frame.height) // 4)))
    return ArrayPicture(ArrayPicture(frame.rgb(width, height)).rgb(frame.width, frame.height))
