"""Classifiers without weights, made for tests: the more of a colour, the more of a class."""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def means(path: Path, size: int = 32, scale: float = 1.0) -> Path:
    """Input `data` (1, 3, size, size), output `model_output` (1, 3): the mean of each plane."""
    axes = numpy_helper.from_array(np.array([2, 3]), "axes")
    factor = numpy_helper.from_array(np.array(scale, np.float32), "factor")
    nodes = [
        helper.make_node("ReduceMean", ["data", "axes"], ["means"], keepdims=0),
        helper.make_node("Mul", ["means", "factor"], ["model_output"]),
    ]
    return _saved(path, nodes, [axes, factor], size, [("model_output", TensorProto.FLOAT, [1, 3])])


def custom_vision(path: Path, labels: list[str], size: int = 224) -> Path:
    """As Azure Custom Vision exports classifications: `classLabel`, and `loss`, a table for each picture."""
    axes = numpy_helper.from_array(np.array([2, 3]), "axes")
    nodes = [
        helper.make_node("ReduceMean", ["data", "axes"], ["means"], keepdims=0),
        helper.make_node("Softmax", ["means"], ["shares"], axis=1),
        helper.make_node("ZipMap", ["shares"], ["loss"], domain="ai.onnx.ml", classlabels_strings=labels),
    ]
    table = helper.make_sequence_type_proto(
        helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    )
    return _saved(path, nodes, [axes], size, [helper.make_value_info("loss", table)])


def _saved(path: Path, nodes: list[Any], weights: list[Any], size: int, outputs: list[Any]) -> Path:
    given = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, size, size])
    made = [one if not isinstance(one, tuple) else helper.make_tensor_value_info(*one) for one in outputs]
    graph = helper.make_graph(nodes, "tiny", [given], made, weights)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
    return path
