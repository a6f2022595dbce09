"""The nets that are asked about every person's movements: the shipped one, and recognisers of a user's own clips."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from footlights.core.errors import SettingsError
from footlights.core.scene import Hand, Pose, Side
from footlights.models.bundle import open_bundle
from footlights.recognition.clip_classes import BACKGROUND
from footlights.recognition.definitions import Definition
from footlights.recognition.movement.reader import MovementReader, State

HOLD, RELEASE = 0.3, 0.4  # seconds: of gestures of one's own, which no file describes


def open_readers(models: Iterable[str | Path]) -> tuple[MovementReader, ...]:
    """Recognisers of clips of one's own that look at people. Raises SettingsError or ModelError."""
    return tuple(MovementReader.of_bundle(open_bundle(model)) for model in models)


def definitions_of(readers: Iterable[MovementReader]) -> dict[str, Definition]:
    """A gesture for everything that they tell apart, by name."""
    return {
        label: Definition(label, label.replace("_", " "), (), hold=HOLD, release=RELEASE, learned=True)
        for reader in readers
        for label in reader.labels
        if label != BACKGROUND
    }


class Nets:
    """Several nets asked as one; one's own have the say about labels that the shipped one knows, too."""

    def __init__(self, shipped: MovementReader | None, own: Sequence[MovementReader] = ()) -> None:
        self._readers = (*(() if shipped is None else (shipped,)), *own)
        self._whole = shipped is not None
        self._thresholds = {
            label: float(level)
            for reader in self._readers
            for label, level in zip(reader.labels, reader.thresholds.tolist(), strict=True)
        }

    def __bool__(self) -> bool:
        return bool(self._readers)

    def new(self) -> tuple[State, ...]:
        """The states of a person who is seen for the first time."""
        return tuple(reader.new() for reader in self._readers)

    def step(
        self, states: tuple[State, ...], time: float, pose: Pose | None, hands: Mapping[Side, Hand]
    ) -> dict[str, float]:
        """The probability of every label after this frame."""
        answers: dict[str, float] = {}
        for reader, state in zip(self._readers, states, strict=True):
            answers.update(zip(reader.labels, reader.step(state, time, pose, hands).tolist(), strict=True))
        return answers

    def judged(self, definition: Definition) -> Definition:
        """The definition with a net's threshold for it among its conditions, where a net must know it."""
        if not definition.learned:
            return definition
        if definition.name in self._thresholds:
            return definition.judged(self._thresholds[definition.name])
        if self._whole:
            raise SettingsError(
                f"gesture '{definition.name}': learned = true, and the movement net does not know it; it knows "
                f"{', '.join(self._thresholds)}"
            )
        return definition
