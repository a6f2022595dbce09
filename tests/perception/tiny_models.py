"""Tiny ONNX models that answer as a detector of each family does, whatever they see."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

SIDE = 64  # pixels of the input
BOX = (16.0, 16.0, 48.0, 32.0)  # pixels of the input
CENTRE = (32.0, 24.0, 32.0, 16.0)  # the same, centre and size
CELLS = 64 + 16 + 4
SCORE = 0.75
TYPES = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}


def answers(kind: str) -> dict[str, np.ndarray]:
    """Outputs of one family: one thing of class 1 of 2, at BOX, with SCORE."""
    if kind in ("yolox", "yolov5"):
        rows = np.zeros((1, CELLS * (1 if kind == "yolox" else 3), 7), np.float32)
        rows[0, 3] = [*CENTRE, SCORE, 0.1, 1.0]
        if kind == "yolox":  # cell 3 of the first row of stride 8
            rows[0, 3, :4] = [32 / 8 - 3, 24 / 8, np.log(32 / 8), np.log(16 / 8)]
        return {"output": rows}
    if kind == "yolov8":
        matrix = np.zeros((1, 6, CELLS), np.float32)
        matrix[0, :, 9] = [*CENTRE, 0.1, SCORE]
        return {"output0": matrix}
    if kind == "yolov2":
        grid = np.full((1, 2, 2, 5, 7), -9, np.float32)
        anchor = np.array([1.87, 2.06])
        grid[0, 0, 1, 1] = [-20, 1.0986123, *np.log([1, 0.5] / anchor), np.log(3), -20, 20]  # cell (0, 1): x 32, y 24
        return {"model_outputs0": grid.reshape(1, 2, 2, 35).transpose(0, 3, 1, 2)}
    if kind == "end-to-end":
        return {"output0": np.array([[[*BOX, SCORE, 1]] + [[0] * 6] * 9], np.float32)}
    shares = np.zeros((1, 1200 if kind == "ssd-raw" else 30, 4), np.float32)
    shares[0, 5] = np.array(BOX) / SIDE
    if kind == "ssd":
        scores, classes = np.zeros((1, 30), np.float32), np.zeros((1, 30), np.int64)
        scores[0, 5], classes[0, 5] = SCORE, 1
        return {"detected_boxes": shares, "detected_scores": scores, "detected_classes": classes}
    if kind == "ssd-raw":
        scores = np.zeros((1, 1200, 3), np.float32)
        scores[0, :, 0], scores[0, 5] = 1, [0.15, 0.1, SCORE]
        return {"scores": scores, "boxes": shares}
    shares[0, 5] = np.array(CENTRE) / SIDE
    logits = np.full((1, 30, 2), -9, np.float32)
    logits[0, 5, 1] = np.log(SCORE / (1 - SCORE))
    return {"dets": shares, "labels": logits}


def save_model(
    path: Path,
    outputs: Mapping[str, np.ndarray],
    *,
    metadata: Mapping[str, str] | None = None,
    shape: tuple[int | str, ...] = (1, 3, SIDE, SIDE),
    kind: str = "float32",
    brightness: int | None = None,
) -> Path:
    """A model with one picture input and these outputs.

    `brightness`: the fifth column of the first output's first row becomes the mean of this colour of the picture.
    """
    picture = helper.make_tensor_value_info("images", TYPES[kind], shape)
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    nodes = [helper.make_node("Cast", ["images"], ["picture"], to=TensorProto.FLOAT)]
    nodes += [
        helper.make_node("ReduceMean", ["picture"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["none"]),
    ]
    constants, results = [zero], []
    for place, (name, values) in enumerate(outputs.items()):
        constants.append(numpy_helper.from_array(values, f"{name} is"))
        results.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape))
        like = f"none {place}"
        nodes.append(helper.make_node("CastLike", ["none", f"{name} is"], [like]))
        if brightness is None or place:
            nodes.append(helper.make_node("Add", [f"{name} is", like], [name]))
        else:
            nodes += _brightness(constants, brightness, f"{name} is", name, values.shape)
    graph = helper.make_graph(nodes, "tiny", [picture], results, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    save(model, path)
    return path


def _brightness(constants: list, colour: int, values: str, name: str, shape: tuple[int, ...]) -> list:
    where = np.zeros(shape, np.float32)
    where[0, 0, 4] = 1
    constants += [numpy_helper.from_array(where, "where"), numpy_helper.from_array(np.array([colour]), "colour")]
    return [
        helper.make_node("Gather", ["picture", "colour"], ["plane"], axis=1),
        helper.make_node("ReduceMean", ["plane"], ["level"], keepdims=0),
        helper.make_node("Mul", ["where", "level"], ["levels"]),
        helper.make_node("Add", [values, "levels"], [name]),
    ]


def save_sized(path: Path) -> Path:
    """RT-DETR's export: the size of the picture goes in, boxes come out in its pixels."""
    shares = np.zeros((1, 30, 4), np.float32)
    shares[0, 5] = np.array(BOX) / SIDE
    scores, labels = np.zeros((1, 30), np.float32), np.zeros((1, 30), np.int64)
    scores[0, 5], labels[0, 5] = SCORE, 1
    nodes = [
        helper.make_node("Cast", ["orig_target_sizes"], ["size"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["size", "size"], ["sizes"], axis=1),
        helper.make_node("Mul", ["shares", "sizes"], ["boxes"]),
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["none"]),
        helper.make_node("Add", ["scores is", "none"], ["scores"]),
        helper.make_node("Identity", ["labels is"], ["labels"]),
    ]
    inputs = [
        helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, SIDE, SIDE)),
        helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, (1, 2)),
    ]
    outputs = [
        helper.make_tensor_value_info("labels", TensorProto.INT64, labels.shape),
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, shares.shape),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, scores.shape),
    ]
    named = {"shares": shares, "zero": np.zeros(1, np.float32), "scores is": scores, "labels is": labels}
    constants = [numpy_helper.from_array(values, name) for name, values in named.items()]
    graph = helper.make_graph(nodes, "sized", inputs, outputs, constants)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path
