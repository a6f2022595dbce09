"""Models of a user's own, behind one door: which classes there are, what they must be shown, and what they say."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from footlights.core.scene import Floats, Scene, Track
from footlights.models.bundle import open_bundle
from footlights.recognition.clip_classes import BACKGROUND, ClipClassifier, PictureState
from footlights.recognition.movement.reader import CLIPS, State
from footlights.recognition.photo_classes import PhotoClassifier, crop_region

PERIOD = 0.1  # seconds between two looks of a classifier of photos at the same thing
NEEDS = {
    "none": frozenset[str](),
    "person": frozenset({"people"}),
    "face": frozenset({"faces"}),
    "body": frozenset({"pose"}),
}


@dataclass(slots=True)
class Memory:
    """What a model keeps of one thing that it is asked about."""

    looked: float = -math.inf  # seconds
    movement: State | PictureState | None = None


class OwnModel(Protocol):
    """A classifier. One serves any number of things, each with a memory of its own."""

    labels: tuple[str, ...]
    thresholds: tuple[float, ...]  # how probable each must be to count
    needs: frozenset[str]  # what the scenes must hold
    single: bool  # it is asked about every tracked thing on its own; else about the whole picture
    silent: frozenset[str]  # labels that stand for nothing at all: they neither begin nor end

    def read(self, memory: Memory, scene: Scene, track: Track | None) -> Floats | None:
        """(L,) probabilities after this frame; None where it does not look at it."""


def open_own(model: str | Path) -> OwnModel:
    """The model in a file, an archive, a folder or at an address. Raises SettingsError or ModelError."""
    bundle = open_bundle(model)
    return OfClips(ClipClassifier(bundle)) if bundle.head == CLIPS else OfPhotos(PhotoClassifier.open(model))


@dataclass
class OfPhotos:
    """Looks at single pictures, ten times a second."""

    model: PhotoClassifier
    silent: frozenset[str] = frozenset()
    labels: tuple[str, ...] = field(init=False)
    thresholds: tuple[float, ...] = field(init=False)
    needs: frozenset[str] = field(init=False)
    single: bool = field(init=False)

    def __post_init__(self) -> None:
        self.labels, self.thresholds = self.model.labels, self.model.thresholds
        self.needs, self.single = NEEDS[self.model.crop], self.model.crop != "none"

    def read(self, memory: Memory, scene: Scene, track: Track | None) -> Floats | None:
        """None until the next look is due."""
        time = scene.frame.time
        if PERIOD - 1e-6 > time - memory.looked >= 0:
            return None
        memory.looked = time
        if self.model.crop == "body":
            pose = None if track is None else track.pose
            return np.zeros(len(self.labels), np.float32) if pose is None else self.model.read_bodies([pose])[0]
        region = None if track is None else crop_region(self.model.crop, track.box, scene.frame.height)
        return np.asarray(self.model.read(scene.frame, [region])[0], np.float32)


@dataclass
class OfClips:
    """Follows movements, of every person or of the whole picture."""

    model: ClipClassifier
    silent: frozenset[str] = frozenset({BACKGROUND})
    labels: tuple[str, ...] = field(init=False)
    thresholds: tuple[float, ...] = field(init=False)
    needs: frozenset[str] = field(init=False)
    single: bool = field(init=False)

    def __post_init__(self) -> None:
        self.labels, self.thresholds, self.single = self.model.labels, self.model.thresholds, self.model.of_people
        self.needs = frozenset({"pose", "hands"}) if self.single else frozenset()

    def read(self, memory: Memory, scene: Scene, track: Track | None) -> Floats:
        """What it says after every frame."""
        time = memory.looked = scene.frame.time
        if track is None:
            if not isinstance(memory.movement, PictureState):
                memory.movement = self.model.new_picture()
            return self.model.step_picture(memory.movement, scene.frame)
        if not isinstance(memory.movement, State):
            memory.movement = self.model.new_person()
        return self.model.step_person(memory.movement, time, track.pose, track.hands)
