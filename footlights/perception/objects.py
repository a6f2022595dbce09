"""Finds things with any detection model: a card's, a file's, an address's, an archive's."""

import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from footlights.core.errors import FootlightsError, ModelCorruptError, SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene
from footlights.models.bundle import Bundle, open_bundle
from footlights.models.session import Array, Session, open_session
from footlights.perception.crops import Matrix
from footlights.perception.heads.found import Found
from footlights.perception.heads.recognise import KINDS, OVERLAP, Head, class_names, recognise_head
from footlights.perception.heads.yolo import cells
from footlights.perception.letterbox import Preparation, changed, of_card, usual

log = logging.getLogger(__name__)
CPU = ("CPUExecutionProvider",)
LEAST = 0.1  # score from which a detection is given: weak ones help the tracker, see `byte_track`
SIDE = 640  # pixels of the input of a model that takes any size
BATCH = 8  # pictures a call, where an accelerator takes several
SIZES = ("orig_target_sizes", "orig_size", "target_sizes")  # inputs that take the width and height of the picture


class ObjectDetector:
    """Boxes with the labels of a detection model.

    `model` is the name of a card, the path of a `.onnx` or `.tflite` file, of an archive or a folder, or an http(s)
    address (see `models.bundle`). `min_score` is the score from which a detection is given. `providers` are ONNX
    Runtime execution providers, the preferred one first; none: the processor. `head` and `labels` overrule what is
    recognised and what came with the model. Of two boxes of one label that overlap by more than `overlap`, the weaker
    is left out, where the model does not do that itself.

    May be called from several threads at once. Raises SettingsError, ModelMissingError, ModelCorruptError or
    InstallError, each with one line, before the first picture.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        threads: int = 1,
        min_score: float | None = None,
        providers: Sequence[str] = (),
        head: str = "",
        labels: Sequence[str] = (),
        overlap: float = OVERLAP,
    ) -> None:
        bundle = open_bundle(model)
        self.name = bundle.name
        self.min_score = LEAST if min_score is None else min_score
        if not 0 < self.min_score < 1:
            raise SettingsError(f"min_score must be between 0 and 1, got {self.min_score}")
        self._session = open_session(bundle.path, threads, tuple(providers) or CPU)
        names = tuple(labels) or bundle.labels or class_names(self._session.metadata)
        plain = _picture_input(self._session, bundle)
        self._extra = _extra_inputs(self._session, plain, self.name)
        answer = self._probe(plain)
        self.head = replace(_head(self._session, bundle, plain, answer, head, len(names)), overlap=overlap)
        self._prepare = _preparation(plain, bundle, self.head, self._session.metadata)
        if not providers or tuple(providers) == CPU:
            self._leave_padding_away(bundle.path, threads)
        self.labels = _labels(names, self.head.classes, self.name)
        dynamic = self._session.inputs[plain.name][0] is None and not self._extra
        self._batch = BATCH if dynamic and tuple(providers) not in ((), CPU) else 1

    def run(self, scenes: list[Scene]) -> None:
        """Fill `detections` of every scene; several are looked at in parallel."""
        if len(scenes) == 1:
            scenes[0].detections = self.find(scenes[0].frame)
        elif scenes:
            parts = [scenes[start : start + self._batch] for start in range(0, len(scenes), self._batch)]
            for part, found in zip(parts, self._pool.map(self._find_all, parts), strict=True):
                for scene, detections in zip(part, found, strict=True):
                    scene.detections = detections

    def find(self, frame: Frame) -> Detections:
        """Everything found in a picture, in pixels of the picture, best first."""
        return self._find_all([Scene(frame)])[0]

    def _find_all(self, scenes: Sequence[Scene]) -> list[Detections]:
        batches, matrices = zip(*(self._prepare.batch(scene.frame) for scene in scenes), strict=True)
        batch = batches[0] if len(batches) == 1 else np.concatenate(batches)
        outputs = self._session.run({self._prepare.name: batch, **self._extra})
        head = self.head.at(batch.shape[3], batch.shape[2]) if self._prepare.step else self.head
        founds = [head.decode(outputs, index, self.min_score) for index in range(len(scenes))]
        return [
            self._placed(found, matrix, scene.frame)
            for found, matrix, scene in zip(founds, matrices, scenes, strict=True)
        ]

    def _placed(self, found: Found, matrix: Matrix, frame: Frame) -> Detections:
        """From the input to the picture; what lies outside of the picture, or has no label, is left out."""
        scale, shift = np.diag(matrix[:, :2]), matrix[:, 2]
        boxes = found.boxes * np.tile(scale, 2) + np.tile(shift, 2)
        boxes = np.clip(boxes, 0, [frame.width, frame.height] * 2).astype(np.float32)
        kinds = found.kinds
        good = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]) & (kinds >= 0)
        names = tuple(self._label(kind) for kind in kinds[good].tolist())
        return Detections(boxes[good], found.scores[good], names)

    def _label(self, kind: int) -> str:
        return self.labels[kind] if kind < len(self.labels) else f"class {kind}"

    def _probe(self, plain: Preparation) -> dict[str, Array]:
        """What the model answers to a grey picture: the shapes of its outputs, and whether it runs at all."""
        shape = (1, 3, plain.height, plain.width) if plain.layout == "nchw" else (1, plain.height, plain.width, 3)
        try:
            return self._session.run({plain.name: np.zeros(shape, plain.type), **self._extra})
        except FootlightsError:
            raise
        except Exception as error:  # each runtime raises its own kinds
            first = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise ModelCorruptError(
                f"{self.name} cannot look at a picture of {plain.width}x{plain.height}: {first}"
            ) from error

    def _leave_padding_away(self, path: Path, threads: int) -> None:
        """Of a square input, two fifths are grey around a wide picture. A model that only convolves does without."""
        step = max(self.head.strides, default=0)
        prepare, fixed = self._prepare, self._session.inputs[self._prepare.name]
        wanted = self.head.kind == "yolox" and prepare.layout == "nchw" and prepare.fit != "stretch"
        if not wanted or self._extra or None in fixed[1:] or prepare.width % step or prepare.height % step:
            return
        width, height = 3 * step, 2 * step
        try:
            session = open_session(path, threads, CPU, free=prepare.name)
            answer = session.run({prepare.name: np.zeros((1, 3, height, width), prepare.type)})
        except Exception:  # a size is among the model's constants; each runtime raises its own kinds
            log.debug("%s takes no other size than its own", self.name, exc_info=True)
            return
        if answer[self.head.outputs[0]].shape[1] == cells(width, height, self.head.strides):
            self._session, self._prepare = session, replace(prepare, step=step)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="objects")


def _picture_input(session: Session, bundle: Bundle) -> Preparation:
    """The input that takes a picture, with its size. Raises SettingsError where there is none."""
    shown = ", ".join(f"{name} {shape}" for name, shape in session.inputs.items())
    for name, shape in session.inputs.items():
        if len(shape) != 4 or (shape[1] != 3 and shape[3] != 3):
            continue
        layout: Literal["nchw", "nhwc"] = "nchw" if shape[1] == 3 else "nhwc"
        height, width = (shape[2], shape[3]) if layout == "nchw" else (shape[1], shape[2])
        if shape[0] not in (1, None):
            raise SettingsError(f"{bundle.name} takes {shape[0]} pictures a call; export it with a batch of 1")
        size = _size(bundle, session.metadata)
        return Preparation(name, width or size[0], height or size[1], layout, session.types[name])
    raise SettingsError(f"{bundle.name} takes no colour picture (1, 3, H, W) or (1, H, W, 3); its inputs: {shown}")


def _size(bundle: Bundle, metadata: Mapping[str, str]) -> tuple[int, int]:
    """Width and height of a picture for a model that takes any size."""
    told = bundle.input
    numbers = [int(digits) for digits in metadata.get("imgsz", "").strip("[]()").split(",") if digits.strip().isdigit()]
    height, width = numbers if len(numbers) == 2 else (SIDE, SIDE)
    return int(told.get("width", width)), int(told.get("height", height))


def _extra_inputs(session: Session, plain: Preparation, name: str) -> dict[str, Array]:
    """Values of the inputs besides the picture: DETR exports want its size."""
    extra = {key: shape for key, shape in session.inputs.items() if key != plain.name}
    unknown = [key for key in extra if key not in SIZES]
    if unknown:
        raise SettingsError(
            f"{name} has inputs that are not known: {', '.join(unknown)}; known besides the picture: {SIZES}"
        )
    return {key: np.array([[plain.width, plain.height]], session.types[key]) for key in extra}


def _head(
    session: Session, bundle: Bundle, plain: Preparation, answer: Mapping[str, Array], told: str, names: int
) -> Head:
    kind = told or bundle.head
    if bundle.card is not None:
        kind = bundle.card.head.kind
        if kind not in KINDS or kind == "ssd":  # a card's `ssd` is BlazeFace's, which has points and one class
            raise SettingsError(f"{bundle.name} is no model that finds things of several kinds: its head is {kind!r}")
    anchors = np.load(bundle.anchors, allow_pickle=False) if bundle.anchors else None
    inputs = {name: tuple(length or 1 for length in shape) for name, shape in session.inputs.items()}
    sides = (3, plain.height, plain.width) if plain.layout == "nchw" else (plain.height, plain.width, 3)
    inputs[plain.name] = (1, *sides)
    shapes = {name: array.shape for name, array in answer.items()}
    size = (plain.width, plain.height)
    head = recognise_head(inputs, shapes, size, kind=kind, names=names, anchors=anchors, what=bundle.name)
    return head if bundle.first is None else replace(head, first=bundle.first)


def _preparation(plain: Preparation, bundle: Bundle, head: Head, metadata: Mapping[str, str]) -> Preparation:
    if bundle.card is not None:
        return of_card(plain.name, plain.type, bundle.card.input)
    usually = usual(plain, head.kind, metadata, head.outputs)
    return changed(usually, bundle.input, f"the card.toml of {bundle.name}")


def _labels(names: tuple[str, ...], classes: int, model: str) -> tuple[str, ...]:
    """One for each class. A model may know one class more than it has labels: a background that is never answered."""
    if names and classes and not classes - 1 <= len(names) <= classes:
        raise SettingsError(
            f"{model} knows {classes} classes, and there are labels for {len(names)}: {', '.join(names[:3])}…"
        )
    return names + tuple(f"class {index}" for index in range(len(names), classes))
