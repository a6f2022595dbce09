"""Reads what a person is doing, one frame at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.scene import Floats, Hand, Pose, Side
from footlights.models.bundle import Bundle
from footlights.models.cache import find
from footlights.models.cards import card, read_card
from footlights.models.session import open_session
from footlights.recognition.movement.features import VIEWS, Past, features
from footlights.recognition.movement.sight import Pace, sight

CLIPS = "clips"  # the head that the card of such a classifier of one's own names


@dataclass(slots=True, eq=False)
class State:
    """What is kept of one person."""

    memory: Floats  # (1, depth, channels) of the net
    answer: Floats  # (L,) the last one
    pace: Pace = field(default_factory=Pace)
    past: Past = field(default_factory=Past)


class MovementReader:
    """A movement net: probabilities of labels, each judged for itself, after every frame.

    `model` is the name of a card ("gestures", "exercises") or the path of a card beside whose ONNX file it lies. The
    net takes 20 steps a second whatever the frame rate; between steps the answer stays. One reader serves any number of
    people, each with a state of their own.

    Raises SettingsError (no such card, or one of another kind of model), ModelMissingError, ModelCorruptError.
    """

    def __init__(self, model: str | Path = "gestures", threads: int = 1) -> None:
        by_path = Path(model).suffix == ".toml"
        described = read_card(Path(model)) if by_path else card(str(model))
        if described.head.kind != "movement" or described.head.view not in VIEWS:
            raise SettingsError(f"{model} is no movement net: its card must say kind = 'movement' and a view")
        file = Path(model).with_name(described.path) if by_path else find(described)
        self._settle(str(model), file, described.head.view, described.labels, described.thresholds, threads)

    @classmethod
    def of_bundle(cls, bundle: Bundle, threads: int = 1) -> Self:
        """The net of a classifier of clips that looks at people. Raises SettingsError where it is none."""
        told = bundle.recogniser
        if bundle.head != CLIPS or told.get("view") not in VIEWS:
            raise SettingsError(
                f"{bundle.name} is no classifier of what people do, as footlights train clips makes them"
            )
        reader = cls.__new__(cls)
        thresholds = tuple(float(value) for value in told.get("thresholds", ()))
        reader._settle(bundle.name, bundle.path, told["view"], bundle.labels, thresholds, threads)
        return reader

    def _settle(
        self, name: str, file: Path, view: str, labels: Sequence[str], thresholds: Sequence[float], threads: int
    ) -> None:
        self.view = view  # of `features.VIEWS`
        self.file = file
        self.labels = tuple(labels)
        self.thresholds: Floats = np.array(thresholds or [0.5] * len(self.labels), np.float32)  # (L,)
        self._view = VIEWS[view]
        self._session = open_session(file, threads)
        depth, channels = self._session.inputs["memory"][1:]
        if self._session.inputs["features"] != (None, self._view.width):
            raise SettingsError(
                f"{name} takes {self._session.inputs['features'][1]} features, and this version of footlights makes "
                f"{self._view.width}: train it again"
            )
        self._empty = np.zeros((1, depth or 0, channels or 0), np.float32)

    def new(self) -> State:
        """The state of a person who is seen for the first time."""
        return State(self._empty, np.zeros(len(self.labels), np.float32))

    def step(self, state: State, time: float, pose: Pose | None, hands: Mapping[Side, Hand]) -> Floats:
        """(L,) probabilities 0..1 after this frame, at a media time in seconds; None: the person is not seen."""
        if state.pace.is_broken_by(time):
            state.memory, state.answer, state.pace, state.past = (
                self._empty,
                np.zeros_like(state.answer),
                Pace(),
                Past(),
            )
        for row in features(state.pace.steps_of(sight(time, pose, hands)), self._view, state.past):
            outputs = self._session.run({"features": row[None], "memory": state.memory})
            state.memory, state.answer = outputs["memory_after"], outputs["probabilities"][0]
        return state.answer
