"""Which head a model has, from the names and shapes of its inputs and outputs and from what its file says of itself."""

import ast
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.scene import Floats
from footlights.models.session import Array
from footlights.perception.heads.found import Found, suppression
from footlights.perception.heads.lists import decode_detr, decode_list, decode_ssd_raw
from footlights.perception.heads.yolo import (
    CUSTOM_VISION_ANCHORS,
    cells,
    decode_end_to_end,
    decode_yolov2,
    decode_yolov5,
    decode_yolov8,
    decode_yolox,
    yolox_grid,
)

OVERLAP = 0.45  # as the demonstrations of the YOLO family have it
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
QUERIES = 1000  # a list of boxes that is no longer than this comes from queries (DETR), a longer one from anchors
DOWN_FIRST = ("detection_boxes", "tflite_detection", "statefulpartitionedcall")  # TensorFlow: top, left, bottom, right
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Head:
    """How to read one model's outputs: the kind of head, and all that its decoder must know."""

    kind: str  # key of `KINDS`
    outputs: tuple[str, ...]  # names, in the order in which the decoder takes them
    classes: int  # how many; 0: the outputs do not say
    size: tuple[int, int]  # width and height of the input, pixels
    strides: tuple[int, ...] = ()
    anchors: Floats | None = None
    first: int = 0  # the number that the model gives to its first class
    turned: bool = False  # a matrix stands the other way round
    no_object: bool = False
    overlap: float = OVERLAP  # of two boxes of one kind, from which the weaker is a double

    def at(self, width: int, height: int) -> "Head":
        """The same head of an input of another size."""
        return replace(self, size=(width, height))

    def decode(self, outputs: Mapping[str, Array], index: int, threshold: float) -> Found:
        """What stands in picture `index` of a batch, in pixels of the model's input, best first."""
        arrays = [_of_picture(outputs[name], index) for name in self.outputs]
        found = KINDS[self.kind].decode(self, arrays, threshold)
        return replace(found, kinds=found.kinds - self.first) if self.first else found


@dataclass(frozen=True, eq=False)
class Seen:
    """What can be seen of a model before any picture."""

    size: tuple[int, int]  # width and height of the input, pixels
    inputs: Shapes
    outputs: Shapes
    names: int  # how many labels are known; 0: none
    anchors: Floats | None = None

    def of(self, *lengths: int) -> list[str]:
        """The outputs that have so many dimensions, behind that of the batch."""
        return [name for name, shape in self.outputs.items() if len(shape) - 1 in lengths]

    def grid(self, rows: int, per_cell: int = 1) -> tuple[int, ...] | None:
        """The strides whose cells are so many."""
        return next((strides for strides in STRIDES if cells(*self.size, strides) * per_cell == rows), None)

    def named(self, *words: str) -> str | None:
        """The output whose name contains one of these words."""
        return next((name for word in words for name in self.outputs if word in name.lower()), None)


@dataclass(frozen=True)
class Kind:
    """One kind of head: how it is recognised, and how it is read."""

    fits: Callable[[Seen, bool], Head | None]  # True: somebody said that it is this kind
    decode: Callable[[Head, list[Array], float], Found]


def recognise_head(
    inputs: Shapes,
    outputs: Shapes,
    size: tuple[int, int],
    *,
    kind: str = "",
    names: int = 0,
    anchors: Floats | None = None,
    what: str = "the model",
) -> Head:
    """The head of a model whose inputs and outputs have these shapes, batch dimension included.

    `size` is the width and height of the picture that goes in, `names` the number of labels that are known (0: none),
    `kind` what somebody has set. Raises SettingsError with what was seen and what to set where it is not clear.
    """
    seen = Seen(size, inputs, outputs, names, anchors)
    if kind and kind not in KINDS:
        raise SettingsError(f"there is no head {kind!r}; there are: {', '.join(KINDS)}")
    found = [head for name in ([kind] if kind else KINDS) if (head := KINDS[name].fits(seen, bool(kind))) is not None]
    if len(found) == 1:
        return found[0]
    if kind:
        problem = f"{what} has no {kind} head"
    elif found:
        problem = f"the head of {what} could be {' or '.join(head.kind for head in found)}"
    else:
        problem = f"the head of {what} is none that is known"
    advice = f"set head to another one of: {', '.join(KINDS)}" if kind else f"set head to one of: {', '.join(KINDS)}"
    raise SettingsError(f"{problem}; inputs: {_shown(inputs)}; outputs: {_shown(outputs)}; {advice}")


def class_names(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The labels that a model's own metadata holds (`names`, as Ultralytics writes it), in order; empty: none."""
    try:
        names = ast.literal_eval(metadata.get("names", "()"))
    except (ValueError, SyntaxError):
        return ()
    if isinstance(names, Mapping) and sorted(names) == list(range(len(names))):
        names = [names[index] for index in range(len(names))]
    return tuple(str(name) for name in names) if isinstance(names, Sequence) and not isinstance(names, str) else ()


def _of_picture(array: Array, index: int) -> Array:
    """Of a batch, one picture's part. An array whose list has no batch dimension belongs to the one picture."""
    part = array[index] if array.ndim > 1 and index < len(array) and (array.ndim > 2 or array.shape[-1] != 4) else array
    return part.astype(np.float32) if part.dtype == np.float16 else part


def _shown(shapes: Shapes) -> str:
    return ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())


_grid = functools.cache(yolox_grid)  # the same few for as long as a program runs


def _fits_yolox(seen: Seen, told: bool) -> Head | None:
    rows = seen.of(2)
    if len(rows) != 1:
        return None
    count, width = seen.outputs[rows[0]][1:]
    strides = seen.grid(count)
    if strides is None or width < 6 or (not told and seen.names == width - 4):
        return None
    return Head("yolox", (rows[0],), width - 5, seen.size, strides)


def _read_yolox(head: Head, arrays: list[Array], threshold: float) -> Found:
    corners, strides = _grid(*head.size, head.strides)
    return suppression(decode_yolox(arrays[0], corners, strides, threshold), head.overlap)


def _fits_yolov5(seen: Seen, told: bool) -> Head | None:
    rows = seen.of(2)
    if len(rows) != 1:
        return None
    count, width = seen.outputs[rows[0]][1:]
    if width < 6 or not (told or seen.grid(count, 3)):
        return None
    masks = 32 if len(seen.of(3)) == 1 and not seen.names else 0  # a segmentation model's coefficients
    return Head("yolov5", (rows[0],), seen.names or width - 5 - masks, seen.size)


def _read_yolov5(head: Head, arrays: list[Array], threshold: float) -> Found:
    rows = arrays[0][:, : 5 + head.classes]
    return suppression(decode_yolov5(rows, *head.size, threshold), head.overlap)


def _fits_yolov8(seen: Seen, told: bool) -> Head | None:
    matrices = seen.of(2)
    if len(matrices) != 1:
        return None
    rows, columns = seen.outputs[matrices[0]][1:]
    upright = seen.grid(columns) is not None
    turned = not upright and seen.grid(rows) is not None and (told or seen.names == columns - 4)
    if not (upright or turned) or min(rows, columns) < 5:
        return None
    masks = 32 if len(seen.of(3)) == 1 and not seen.names else 0
    classes = seen.names or min(rows, columns) - 4 - masks
    return Head("yolov8", (matrices[0],), classes, seen.size, turned=turned)


def _read_yolov8(head: Head, arrays: list[Array], threshold: float) -> Found:
    matrix = arrays[0].T if head.turned else arrays[0]
    return suppression(decode_yolov8(matrix, head.classes, *head.size, threshold), head.overlap)


def _fits_yolov2(seen: Seen, told: bool) -> Head | None:
    maps = seen.of(3)
    if len(maps) != 1 or len(seen.outputs) != 1:
        return None
    anchors = CUSTOM_VISION_ANCHORS if seen.anchors is None else seen.anchors
    shape = seen.outputs[maps[0]][1:]
    turned = shape[0] % len(anchors) == 0 and shape[1:] == (seen.size[1] // 32, seen.size[0] // 32)
    channels = shape[0] if turned else shape[2]
    down, across = shape[1:] if turned else shape[:2]
    if (
        channels % len(anchors)
        or channels <= 5 * len(anchors)
        or (down, across) != (seen.size[1] // 32, seen.size[0] // 32)
    ):
        return None
    return Head("yolov2", (maps[0],), channels // len(anchors) - 5, seen.size, anchors=anchors, turned=turned)


def _read_yolov2(head: Head, arrays: list[Array], threshold: float) -> Found:
    assert head.anchors is not None
    values = arrays[0].transpose(1, 2, 0) if head.turned else arrays[0]
    return suppression(decode_yolov2(values, head.anchors, *head.size, threshold), head.overlap)


def _fits_end_to_end(seen: Seen, told: bool) -> Head | None:
    rows = seen.of(2)
    if len(seen.outputs) != 1 or len(rows) != 1:
        return None
    count, width = seen.outputs[rows[0]][1:]
    if width != 6 or (not told and (seen.grid(count) or seen.grid(count, 3))):
        return None
    return Head("end-to-end", (rows[0],), seen.names, seen.size)


def _read_end_to_end(head: Head, arrays: list[Array], threshold: float) -> Found:
    return decode_end_to_end(arrays[0], *head.size, threshold)


def _fits_ssd(seen: Seen, told: bool) -> Head | None:
    """Boxes, scores and classes of a list; torchvision's has no batch dimension and a background at 0."""
    names = list(seen.outputs)
    boxes = seen.named("box") or next((name for name in names if seen.outputs[name][-1] == 4), None)
    scores, classes = seen.named("score"), seen.named("class", "label")
    if names and names[0].lower().startswith("tflite_detection_postprocess") and len(names) == 4:
        boxes, classes, scores = names[:3]
    elif "StatefulPartitionedCall:3" in names and len(names) == 4:
        boxes, classes, scores = (f"StatefulPartitionedCall:{number}" for number in (3, 2, 1))
    if boxes is None or scores is None or classes is None or seen.outputs[boxes][-1] != 4:
        return None
    if len(seen.outputs[scores]) != len(seen.outputs[boxes]) - 1:
        return None
    if not told and len(seen.inputs) > 1:
        return None  # a second input holds the size of the picture: DETR
    unbatched = len(seen.outputs[boxes]) == 2
    first = 1 if classes.lower().startswith("detection_classes") or (unbatched and "label" in classes) else 0
    return Head("ssd", (boxes, scores, classes), seen.names, seen.size, first=first)


def _read_list(head: Head, arrays: list[Array], threshold: float) -> Found:
    boxes, scores, classes = (
        array.reshape(-1, 4) if place == 0 else array.ravel() for place, array in enumerate(arrays)
    )
    down_first = head.outputs[0].lower().startswith(DOWN_FIRST)
    return decode_list(boxes, scores, classes, head.size, threshold, down_first=down_first)


def _pair(seen: Seen) -> tuple[str, str] | None:
    """Boxes and the scores of every class, both with one row for each place."""
    matrices = seen.of(2)
    if len(matrices) != 2:
        return None
    boxes = seen.named("box", "dets", "loc", "bbox")
    if boxes not in matrices:
        boxes = next((name for name in matrices if seen.outputs[name][-1] == 4), None)
    scores = next((name for name in matrices if name != boxes), None)
    same = boxes is not None and scores is not None and seen.outputs[boxes][1] == seen.outputs[scores][1]
    return (boxes, scores) if boxes and scores and same and seen.outputs[boxes][-1] == 4 else None


def _fits_ssd_raw(seen: Seen, told: bool) -> Head | None:
    pair = _pair(seen)
    if pair is None or (not told and seen.outputs[pair[0]][1] <= QUERIES):
        return None
    count = seen.outputs[pair[0]][1]
    if seen.anchors is not None and seen.anchors.shape != (count, 4):
        raise SettingsError(f"anchors.npy must have the shape ({count}, 4), got {seen.anchors.shape}")
    return Head("ssd-raw", pair, seen.outputs[pair[1]][2] - 1, seen.size, anchors=seen.anchors)


def _read_ssd_raw(head: Head, arrays: list[Array], threshold: float) -> Found:
    return suppression(decode_ssd_raw(arrays[0], arrays[1], head.anchors, head.size, threshold), head.overlap)


def _fits_detr(seen: Seen, told: bool) -> Head | None:
    """Three exports: boxes and logits; a finished list for a picture of a size that goes in; one joined matrix.

    A joined matrix of two classes looks like the list of an end-to-end model, which is the more usual of the two.
    """
    pair = _pair(seen)
    if pair is not None and (told or seen.outputs[pair[0]][1] <= QUERIES):
        count, classes = seen.outputs[pair[1]][1:]
        no_object = count == 100 and classes in (92, seen.names + 1)
        return Head("detr", pair, classes - no_object, seen.size, no_object=no_object)
    rows = seen.of(2)
    if len(seen.outputs) == 1 and rows:
        count, width = seen.outputs[rows[0]][1:]
        joined = count <= QUERIES and width not in (4, 6) and seen.grid(count) is None and seen.names == width - 4
        return Head("detr", (rows[0],), width - 4, seen.size) if joined or (told and width > 4) else None
    finished = _fits_ssd(seen, True) if len(seen.inputs) == 2 else None
    return replace(finished, kind="detr", first=0) if finished is not None else None


def _read_detr(head: Head, arrays: list[Array], threshold: float) -> Found:
    if len(arrays) == 3:
        return _read_list(head, arrays, threshold)
    boxes, logits = arrays if len(arrays) == 2 else (arrays[0][:, :4], arrays[0][:, 4:])
    return decode_detr(boxes, logits, head.size, threshold, no_object=head.no_object)


KINDS = {
    "yolox": Kind(_fits_yolox, _read_yolox),
    "yolov5": Kind(_fits_yolov5, _read_yolov5),
    "yolov8": Kind(_fits_yolov8, _read_yolov8),
    "yolov2": Kind(_fits_yolov2, _read_yolov2),
    "end-to-end": Kind(_fits_end_to_end, _read_end_to_end),
    "ssd": Kind(_fits_ssd, _read_list),
    "ssd-raw": Kind(_fits_ssd_raw, _read_ssd_raw),
    "detr": Kind(_fits_detr, _read_detr),
}
