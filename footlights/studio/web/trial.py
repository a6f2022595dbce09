"""A trained model, tried out on single pictures of a live camera."""

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from footlights.apps.custom import Custom
from footlights.core.app import Detector, Stage, Tracker
from footlights.core.cue import Badge, Bar
from footlights.core.errors import SettingsError, SourceError
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.engine.plan import Offer, plan
from footlights.engine.stream import Pace, Slots
from footlights.media.page.browser import jpeg_problem
from footlights.media.picture import ArrayPicture
from footlights.perception.face_detectors import FIRST, FaceDetectors
from footlights.perception.faces import FaceStage
from footlights.perception.hands import HandStage
from footlights.perception.objects import ObjectDetector
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.second_look import SecondLook
from footlights.studio.project import ModelRun, Project

MOST_TRIALS = 4  # models that are tried at once, each by one browser
SHOWN = 0.3  # score from which a box is shown
FOLLOWED = 0.25  # seconds since a thing was last seen, up to which it counts as followed


@dataclass(frozen=True)
class Answer:
    """What a model says of a picture."""

    bars: Mapping[str, float]  # by label, 0..1
    shown: tuple[str, ...] = ()  # labels that are probable enough
    boxes: tuple[dict[str, Any], ...] = ()  # left, top, right, bottom in shares of the picture, label, score


class Model(Protocol):
    """Looks at one picture after the other."""

    labels: tuple[str, ...]

    def look(self, frame: Frame) -> Answer:
        """What it says now."""


@dataclass
class Trial:
    """One browser that tries a model."""

    model: Model
    began: float = field(default_factory=time.monotonic)
    index: int = 0

    def look(self, jpeg: bytes) -> dict[str, Any]:
        """The answer to a picture, as pages know it. Raises SourceError where it is none."""
        trouble = jpeg_problem(jpeg)
        image = None
        with contextlib.suppress(cv2.error):
            image = None if trouble else cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise SourceError(trouble or "this JPEG does not decode")
        began = time.perf_counter()
        picture = ArrayPicture(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8))
        answer = self.model.look(Frame(picture, time.monotonic() - self.began, "trial", self.index))
        self.index += 1
        return {
            "bars": {label: round(float(value), 4) for label, value in answer.bars.items()},
            "shown": list(answer.shown), "boxes": list(answer.boxes),
            "ms": round(1e3 * (time.perf_counter() - began), 1), "index": self.index,
        }  # fmt: skip


class Trials:
    """How many browsers may try models at once."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MOST_TRIALS)

    def begin(self, project: Project, run: ModelRun) -> Trial:
        """Load a model for one browser; `end` afterwards. Raises SettingsError, ModelError."""
        if run.model is None:
            raise SettingsError(f"training {run.name} has not ended: there is no model to try yet")
        if not self._places.acquire(blocking=False):
            raise SettingsError(f"{MOST_TRIALS} models are being tried already; close one of those pages")
        try:
            return Trial(_Boxes(run.model) if project.kind == "boxes" else _Classes(run.model, project.labels))
        except BaseException:
            self._places.release()
            raise

    def end(self) -> None:
        """A browser has left."""
        self._places.release()


class _Boxes:
    """A detector: the bar of a label is its surest box."""

    def __init__(self, model: Path) -> None:
        self._detector = ObjectDetector(model, threads=1)
        self.labels = self._detector.labels

    def look(self, frame: Frame) -> Answer:
        found = self._detector.find(frame)
        shares = found.boxes / np.array([frame.width, frame.height] * 2, np.float32)
        boxes, bars = [], dict.fromkeys(self.labels, 0.0)
        for edges, score, label in zip(shares.tolist(), found.scores.tolist(), found.labels, strict=True):
            bars[label] = max(bars.get(label, 0.0), score)
            if score >= SHOWN:
                names = ("left", "top", "right", "bottom")
                boxes.append({**dict(zip(names, edges, strict=True)), "label": label, "score": round(score, 3)})
        return Answer(bars, tuple({box["label"] for box in boxes}), tuple(boxes))


class _Classes:
    """The app `custom` with all that it needs: what is tried here is what runs later."""

    def __init__(self, model: Path, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self._app = Custom(Custom.Settings(model=str(model)))
        chosen = plan([self._app], OFFER)
        self._detector: Detector | None = OFFER.detectors[chosen.finds]() if chosen.finds else None
        self._tracker: Tracker | None = BoxTracker() if chosen.finds else None
        self._stages: list[Stage] = [OFFER.stages[stage]() for stage in chosen.stages]
        self._slots = Slots(Pace(1 / 15, 1 / 15) if chosen.finds == "faces" else Pace())
        self._following = False

    def look(self, frame: Frame) -> Answer:
        scene = Scene(frame)
        if self._detector is not None and self._slots.due(frame, following=self._following):
            self._detector.run([scene])
        if self._tracker is not None:
            self._tracker.update(scene)
        for stage in self._stages:
            stage.run(scene)
        self._following = any(frame.time - track.seen <= FOLLOWED for track in scene.tracks)
        bars, shown = dict.fromkeys(self.labels, 0.0), []
        for output in self._app.step(scene):
            if isinstance(output, Bar):
                bars[output.text] = max(bars.get(output.text, 0.0), float(output.value))
                shown += [output.text] if output.tone == "good" else []
            elif isinstance(output, Badge):
                shown.append(output.text)
        return Answer(bars, tuple(dict.fromkeys(shown)), tuple(_outlines(scene)))


def _outlines(scene: Scene) -> list[dict[str, Any]]:
    """Whom the model looked at."""
    width, height = scene.frame.width, scene.frame.height
    found = []
    for track in scene.tracks:
        left, top, right, bottom = (float(edge) for edge in track.box)
        found.append({
            "left": left / width, "top": top / height, "right": right / width, "bottom": bottom / height,
            "label": track.label, "score": None,
        })  # fmt: skip
    return found


OFFER = Offer(
    detectors={"people": lambda: PeopleDetector(threads=1), "faces": lambda: FaceDetectors(FIRST, 1)},
    stages={
        PoseStage: lambda: PoseStage(threads=1),
        HandStage: lambda: HandStage(threads=1),
        FaceStage: lambda: FaceStage(threads=1),
        SecondLook: lambda: SecondLook(threads=1),
    },
)
