"""Which emotion a face shows: read several times a second, smoothed in media time, `unsure` where it is not clear."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from footlights.core.frame import Frame
from footlights.core.per_track import PerTrack
from footlights.core.scene import Floats, Region
from footlights.models.cards import Input, card
from footlights.models.session import Array, open_session
from footlights.perception.crops import crop

UNSURE = "unsure"
PERIOD = 0.1  # seconds between two readings of one face
STAY = 0.2  # how much less probable than asked for, or than another emotion, the one shown may become
GOLDEN = (math.sqrt(5) - 1) / 2  # shifts the readings of faces against each other, so that they share out the work


class Runs(Protocol):
    """What runs the model: a `models.session.Session`."""

    def run(self, inputs: Array) -> dict[str, Array]:
        """Outputs by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Mood:
    """What is made of a face so far."""

    emotion: str  # one of the model's labels, or UNSURE
    probabilities: Floats  # one for each label of the model, smoothed, with sum 1


class EmotionModel:
    """Probabilities of emotions from pictures of faces, calibrated: of answers given with 0.8, 80 % are right."""

    def __init__(self, session: Runs, labels: Sequence[str], spec: Input) -> None:
        self.labels = tuple(labels)
        self._session = session
        self._input = spec

    @classmethod
    def open(cls, name: str = "emotion", threads: int = 1) -> "EmotionModel":
        """The model of a card. Raises ModelMissingError or ModelCorruptError."""
        described = card(name)
        return cls(open_session(name, threads), described.labels, described.input)

    def read(self, frame: Frame, faces: Sequence[Region]) -> Floats:
        """(N, labels) probabilities of N faces. A region goes from the middle of the forehead to the chin."""
        pictures = np.concatenate([crop(frame, face, self._input)[0] for face in faces])
        return np.asarray(self._session.run(pictures)["probabilities"], np.float32)


@dataclass(slots=True)
class _Past:
    read: float = -math.inf  # media time of the last reading
    mood: Mood | None = None


class EmotionRecogniser:
    """The emotions of the faces of one stream.

    `smoothing`: seconds over which readings are averaged, exponentially. `threshold`: probability from which an emotion
    is shown; one that is shown stays a little below it (`STAY`), so that nothing flickers.
    """

    def __init__(self, model: EmotionModel, threshold: float = 0.5, smoothing: float = 0.5) -> None:
        self.model = model
        self.threshold = threshold
        self.smoothing = smoothing
        self._past: PerTrack[_Past] = PerTrack(_Past)

    def update(self, frame: Frame, faces: Mapping[int, Region | None]) -> dict[int, Mood]:
        """The mood of every face, by track id. None: the face is not in sight now, and stays as it was.

        A face that has never been in sight has no mood. What is known of faces that are not given is forgotten.
        """
        self._past.keep(faces)
        due = {track: face for track, face in faces.items() if face is not None and self._due(track, frame.time)}
        if due:
            for track, row in zip(due, self.model.read(frame, list(due.values())), strict=True):
                self._take(self._past[track], frame.time, row)
        return {track: past.mood for track in faces if (past := self._past[track]).mood is not None}

    def _due(self, track: int, time: float) -> bool:
        """Once in each slot of a grid of media time that every face has for itself; and at first sight."""
        shift = track * GOLDEN % 1
        last = self._past[track].read
        return last == -math.inf or math.floor(time / PERIOD + shift) != math.floor(last / PERIOD + shift)

    def _take(self, past: _Past, time: float, row: Floats) -> None:
        if past.mood is None:
            past.mood = Mood(UNSURE, row)
        kept = math.exp(-max(0.0, time - past.read) / self.smoothing) if self.smoothing > 0 else 0.0
        probabilities = (kept * past.mood.probabilities + (1 - kept) * row).astype(np.float32)
        past.mood = Mood(decide(past.mood.emotion, probabilities, self.model.labels, self.threshold), probabilities)
        past.read = time


def decide(shown: str, probabilities: Floats, labels: Sequence[str], threshold: float) -> str:
    """What to show next, when `shown` is shown now: the most probable emotion, if it reaches the threshold.

    What is shown stays as long as it is less than `STAY` below the threshold, and below the most probable emotion.
    """
    best = int(probabilities.argmax())
    if shown in labels:
        own = float(probabilities[labels.index(shown)])
        if own > threshold - STAY and own > float(probabilities[best]) - STAY:
            return shown
    return labels[best] if probabilities[best] >= threshold else UNSURE
