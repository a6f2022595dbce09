"""Which class of movement is going on, by a model of a user's own that `footlights train clips` made.

The model takes one step at a time and remembers what it needs: there is no window of frames. It looks at people (the
landmarks of body and hands, as the shipped movement nets do) or at the whole picture (features of a backbone).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Floats, Hand, Pose, Side
from footlights.models.bundle import Bundle, open_bundle
from footlights.models.session import open_session
from footlights.perception.image_features import BACKBONE, STEP, FeatureMaps, ImageFeatures
from footlights.recognition.movement.reader import CLIPS, MovementReader, State
from footlights.recognition.movement.sight import GAP

BACKGROUND = "background"  # the label of everything else
PICTURE = "picture"  # the view of a model that looks at whole pictures
PICTURE_RATE = 10.0  # looks a second of such a model
PARTS = 2  # a picture is told apart into so many parts along each side
CHANNELS = 512  # of the backbone's coarse map
PICTURE_WIDTH = (PARTS * PARTS + 1) * CHANNELS
_SLACK = 1e-6  # seconds


def picture_features(maps: FeatureMaps) -> Floats:
    """(PICTURE_WIDTH,) the means of the parts of a picture, and what is strongest anywhere in it."""
    coarse = maps.coarse.astype(np.float32) * STEP
    side = coarse.shape[0] // PARTS
    means = coarse.reshape(PARTS, side, PARTS, side, -1).mean(axis=(1, 3))
    return np.concatenate([means.ravel(), coarse.max(axis=(0, 1))]).astype(np.float32)


class Ticks:
    """When a model that looks at pictures looks next. Moments lie on a grid, so that every frame rate gives the same
    pace.
    """

    def __init__(self) -> None:
        self._start: float | None = None
        self._count = 0
        self._last = -math.inf

    def due(self, time: float) -> tuple[bool, bool]:
        """Whether a frame at this time, seconds, is looked at; and whether it can follow on the one before."""
        follows = 0 <= time - self._last <= GAP
        self._last = time
        if self._start is None or not follows:
            self._start, self._count = time, 0
        place = math.floor((time - self._start) * PICTURE_RATE + _SLACK)
        if place < self._count:
            return False, follows
        self._count = place + 1
        return True, follows


@dataclass(slots=True, eq=False)
class PictureState:
    """What is kept of one stream."""

    memory: Floats  # (1, depth, channels)
    answer: Floats  # (L,) the last one
    ticks: Ticks


class ClipClassifier:
    """A classifier of movements of one's own. One serves any number of people and streams, each with its own state.

    `labels`: what it tells apart; the last is `background`. `thresholds`: how probable each must be to count.
    """

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.name = bundle.name
        self._people: MovementReader | None = None
        if bundle.recogniser.get("view") == PICTURE:
            self._open_pictures(bundle, threads)
        else:
            self._people = MovementReader.of_bundle(bundle, threads)
        self.labels = bundle.labels
        told = bundle.recogniser.get("thresholds") or [0.5] * len(self.labels)
        self.thresholds = tuple(float(value) for value in told)
        if len(self.thresholds) != len(self.labels):
            raise SettingsError(f"{self.name} has {len(self.thresholds)} thresholds for {len(self.labels)} labels")

    @classmethod
    def open(cls, model: str | Path, threads: int = 1) -> "ClipClassifier":
        """A model by path or address, see `models.bundle`. Raises SettingsError or ModelError."""
        bundle = open_bundle(model)
        if bundle.head != CLIPS:
            raise SettingsError(f"{bundle.name} is no classifier of clips, as footlights train clips makes them")
        return cls(bundle, threads)

    def _open_pictures(self, bundle: Bundle, threads: int) -> None:
        self._features = ImageFeatures(threads)
        told, card = bundle.recogniser, self._features.card
        if told.get("backbone") != BACKBONE or told.get("backbone_sha256") != card.sha256:
            raise SettingsError(f"{bundle.name} was trained on another backbone than {BACKBONE}; train it again")
        self._session = open_session(bundle.path, threads)
        depth, channels = self._session.inputs["memory"][1:]
        self._empty = np.zeros((1, depth or 0, channels or 0), np.float32)

    @property
    def of_people(self) -> bool:
        """True where it is asked about every person; else about the picture as a whole."""
        return self._people is not None

    def new_person(self) -> State:
        """The state of somebody who is seen for the first time."""
        assert self._people is not None
        return self._people.new()

    def step_person(self, state: State, time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> Floats:
        """(L,) probabilities after this frame."""
        assert self._people is not None
        return self._people.step(state, time, pose, hands)

    def new_picture(self) -> PictureState:
        """The state of a stream that begins."""
        return PictureState(self._empty, np.zeros(len(self.labels), np.float32), Ticks())

    def step_picture(self, state: PictureState, frame: Frame) -> Floats:
        """(L,) probabilities after this frame."""
        due, follows = state.ticks.due(frame.time)
        if not follows:
            state.memory, state.answer = self._empty, np.zeros_like(state.answer)
        if due:
            row = picture_features(self._features.maps(self._features.look(frame)))
            outputs = self._session.run({"features": row[None], "memory": state.memory})
            state.memory, state.answer = outputs["memory_after"], outputs["probabilities"][0]
        return state.answer
