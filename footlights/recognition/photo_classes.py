"""Which class a picture belongs to, by a model of a user's own: what `footlights train photos` makes, any classifier in
ONNX with labels, or an image classification exported from Azure Custom Vision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame, Image
from footlights.core.scene import Floats, Pose, Region
from footlights.core.skeleton import BODY_INDEX
from footlights.media.picture import ArrayPicture
from footlights.models.bundle import Bundle, open_bundle
from footlights.models.cards import Input
from footlights.models.session import Array, Session, open_session
from footlights.perception.crops import crop
from footlights.perception.image_features import BACKBONE, ImageFeatures
from footlights.perception.letterbox import Preparation, changed
from footlights.perception.regions import box_region, face_region
from footlights.recognition.body import TRUNK_TO_SHOULDERS

Crop = Literal["none", "person", "face", "body"]
CUSTOM_VISION = {"classLabel", "loss", "model_output"}  # outputs of a classification of Azure Custom Vision
SHOWN = 224 / 256  # of the middle square of a picture: what Custom Vision shows its models
TIGHT = 0.82  # side of what is cut out around a person to what a landmark model looks at: hands are few spots wide
SURE = 0.5  # threshold of a class where the model says none
SIDE = 224  # pixels of a model that takes any size
BODY_WIDTH = 33 * 6  # numbers of `body_view`
_SHOULDERS = [BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"]]
_HIPS = [BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]]


def crop_region(kind: Crop, box: Floats, height: float) -> Region | None:
    """Where to look, for a person's or a face's box in a picture of this height; None: at the whole picture."""
    if kind in ("none", "body"):
        return None
    if kind == "face":
        return face_region(box, 0.0)
    region = box_region(box, height)
    return replace(region, size=region.size * TIGHT)


def body_view(pose: Pose) -> Floats:
    """(BODY_WIDTH,) what a posture is, whoever holds it wherever: points in the picture from between the shoulders, in
    trunks; points in space, in half metres; what is seen.
    """
    left, right, hips = pose.xy[_SHOULDERS[0]], pose.xy[_SHOULDERS[1]], pose.xy[_HIPS].mean(axis=0)
    origin = (left + right) / 2
    unit = max(float(np.linalg.norm(origin - hips)), TRUNK_TO_SHOULDERS * float(np.linalg.norm(left - right)), 1e-3)
    parts = ((pose.xy - origin) / unit).ravel(), (pose.world / 0.5).ravel(), pose.visibility
    return np.concatenate(parts).astype(np.float32)


class Reads(Protocol):
    """One kind of model: from a part of a picture (None: the whole) to the numbers of the classes."""

    def read(self, frame: Frame, region: Region | None) -> Floats:
        """(L,) probabilities."""


class PhotoClassifier:
    """Probabilities of classes. `crop` says what of a picture belongs into the model: a person, a face or everything.

    `thresholds`: how probable each class must be to count. May be called from several threads at once.
    """

    def __init__(self, reads: Reads, labels: Sequence[str], crop: Crop = "none", thresholds: Sequence[float] = ()):
        self.labels = tuple(labels)
        self.crop: Crop = crop
        self.thresholds = tuple(thresholds) or (SURE,) * len(self.labels)
        self._reads = reads

    @classmethod
    def open(cls, model: str | Path, threads: int = 1) -> "PhotoClassifier":
        """A model by path (`.zip`, `.onnx`, `.tflite`, a folder) or by http(s) address, see `models.bundle`.

        Raises SettingsError (no classifier, or without labels), ModelMissingError or ModelCorruptError.
        """
        bundle = open_bundle(model)
        session = open_session(bundle.path, threads)
        told = bundle.recogniser
        where = told.get("crop", "none")
        if where not in get_args(Crop):
            known = ", ".join(get_args(Crop))
            raise SettingsError(f"the card.toml of {bundle.name} says crop = {where!r}; known are: {known}")
        labels = bundle.labels
        if where == "body":
            return cls(_OnBodies(session, len(labels)), labels, where, _levels(told))
        reads = _OnFeatures(session, bundle, threads) if "backbone" in told else _Plain(session, bundle)
        count = len(reads.read(Frame(ArrayPicture(np.zeros((SIDE, SIDE, 3), np.uint8)), 0.0, bundle.name, 0), None))
        if len(labels) != count:
            raise SettingsError(
                f"{bundle.name} answers with {count} numbers and has {len(labels)} labels; put a labels.txt with one "
                "label a line beside it, in the order of the numbers"
            )
        return cls(reads, labels, where, _levels(told))

    def read(self, frame: Frame, regions: Sequence[Region | None] = (None,)) -> Floats:
        """(N, labels) probabilities of parts of a picture; None: the whole picture."""
        return np.stack([self._reads.read(frame, region) for region in regions])

    def read_bodies(self, poses: Sequence[Pose]) -> Floats:
        """(N, labels) probabilities of what bodies do; for a model that was trained on bodies."""
        assert isinstance(self._reads, _OnBodies)
        return np.stack([self._reads.of(pose) for pose in poses])


def _levels(told: Mapping[str, Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in told.get("thresholds", ()))


class _OnBodies:
    """A small net on the landmarks of a body."""

    def __init__(self, session: Session, classes: int) -> None:
        if dict(session.inputs) != {"body": (None, BODY_WIDTH)} or not classes:
            raise SettingsError(f"a classifier of bodies takes 'body' (N, {BODY_WIDTH}) and has labels; train it again")
        self._session = session

    def of(self, pose: Pose) -> Floats:
        """(L,) probabilities."""
        told = self._session.run({"body": body_view(pose)[None]})["probabilities"]
        return np.asarray(told[0], np.float32)

    def read(self, frame: Frame, region: Region | None) -> Floats:
        """A picture alone says nothing."""
        raise SettingsError("this model was trained on bodies, and is asked about a picture")


class _OnFeatures:
    """A small head on the frozen backbone."""

    def __init__(self, session: Session, bundle: Bundle, threads: int) -> None:
        told = bundle.recogniser
        self._features = ImageFeatures(threads)
        card = self._features.card
        if told["backbone"] != BACKBONE or told.get("backbone_sha256") != card.sha256:
            raise SettingsError(
                f"{bundle.name} was trained on the backbone {told['backbone']} ({str(told.get('backbone_sha256'))[:12]}"
                f"…), and here is {BACKBONE} ({card.sha256[:12]}…); train it again"
            )
        self._session = session
        self._name = next(iter(session.inputs))

    def read(self, frame: Frame, region: Region | None) -> Floats:
        maps = self._features.maps(self._features.look(frame, region))
        return np.asarray(self._session.run({self._name: maps.coarse[None]})["probabilities"][0], np.float32)


class _Plain:
    """A classifier of whole pictures of any maker."""

    def __init__(self, session: Session, bundle: Bundle) -> None:
        self._session, self._name, self._labels = session, bundle.name, bundle.labels
        self._custom_vision = bool(CUSTOM_VISION & set(session.outputs))
        self._prepare = _preparation(session, bundle, self._custom_vision)

    def read(self, frame: Frame, region: Region | None) -> Floats:
        if region is None and self._custom_vision:
            side = SHOWN * min(frame.width, frame.height)
            region = Region(frame.width / 2, frame.height / 2, side, 0.0)
        shown = frame if region is None else _part(frame, region, self._prepare.width)
        values, _ = self._prepare.batch(shown)
        return self._probabilities(self._session.run({self._prepare.name: values}))

    def _probabilities(self, outputs: Mapping[str, Any]) -> Floats:
        if "loss" in outputs:  # one table of labels and probabilities for each picture
            table: Mapping[str, float] = outputs["loss"][0]
            absent = [label for label in self._labels if label not in table]
            if absent or len(table) != len(self._labels):
                raise SettingsError(f"{self._name} knows {', '.join(table)}; its labels are {', '.join(self._labels)}")
            return np.array([table[label] for label in self._labels], np.float32)
        numbers: list[Array] = [
            array for array in outputs.values() if isinstance(array, np.ndarray) and array.dtype.kind == "f"
        ]
        if len(numbers) != 1 or numbers[0].size != numbers[0].shape[-1]:
            shown = ", ".join(f"{name} {getattr(array, 'shape', '')}" for name, array in outputs.items())
            raise SettingsError(f"{self._name} is no classifier, which gives (1, classes); it gives {shown}")
        return _normalised(numbers[0].reshape(-1).astype(np.float32))


def _part(frame: Frame, region: Region, side: int) -> Frame:
    values, _ = crop(frame, region, Input(side, side, high=255.0, border="repeat"))
    square: Image = np.asarray(np.rint(values[0]), np.uint8)
    return Frame(ArrayPicture(square), frame.time, frame.stream, frame.index)


def _normalised(numbers: Floats) -> Floats:
    """Probabilities as they are, anything else through a softmax."""
    if numbers.min() >= 0 and abs(float(numbers.sum()) - 1) < 1e-2:
        return numbers
    powers = np.exp(numbers - numbers.max())
    return np.asarray(powers / powers.sum(), np.float32)


def _preparation(session: Session, bundle: Bundle, custom_vision: bool) -> Preparation:
    """RGB 0..1 of the stretched picture, or as Custom Vision does; `[input]` of card.toml overrules it."""
    pictures = {name: shape for name, shape in session.inputs.items() if len(shape) == 4 and 3 in (shape[1], shape[3])}
    if not pictures:
        shown = ", ".join(f"{name} {shape}" for name, shape in session.inputs.items())
        raise SettingsError(f"{bundle.name} takes no colour picture (1, 3, H, W) or (1, H, W, 3); its inputs: {shown}")
    name, shape = next(iter(pictures.items()))
    high = shape[1] == 3
    height, width = (shape[2], shape[3]) if high else (shape[1], shape[2])
    told = bundle.input
    step = 1.0 if custom_vision or session.types[name] == "uint8" else 1 / 255
    usual = Preparation(
        name,
        width or int(told.get("width", SIDE)),
        height or int(told.get("height", SIDE)),
        "nchw" if high else "nhwc",
        session.types[name],
        "bgr" if custom_vision else "rgb",
        (step,) * 3,
    )
    return changed(usual, told, f"the card.toml of {bundle.name}")
