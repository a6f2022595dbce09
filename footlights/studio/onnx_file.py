"""From a net to an ONNX file: what every recipe of the studio does the same way."""

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 18
SMALL = 64  # values; shorter tensors are not worth the halving


def exported(
    net: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str], free: str | None = None
) -> onnx.ModelProto:
    """The net as an ONNX model. `free`: what the first dimension of every input counts, where it may be any number."""
    shapes: Any = None if free is None else tuple({0: torch.export.Dim(free)} for _ in example)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own use of what torch deprecates
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns that torchvision is absent
        program = torch.onnx.export(
            net.eval(), example, dynamo=True, verbose=False, opset_version=OPSET, input_names=inputs,
            output_names=outputs, dynamic_shapes=shapes,
        )  # fmt: skip
    assert program is not None  # with dynamo it is one
    return without_traces(program.model_proto)


def write(model: onnx.ModelProto, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Check a model and write it, with notes that runtimes hand out as its metadata."""
    if notes:
        helper.set_model_props(model, dict(notes))
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without what the exporter notes on every node: names of files and lines of the machine it ran on."""
    graph = model.graph
    for noted in (*graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        noted.doc_string = ""
        del noted.metadata_props[:]
    return model


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Large weights as float16, each with a cast behind it. Runtimes fold the casts when they open the model."""
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > SMALL:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_half"))
            casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


@torch.no_grad()
def halve_weights(net: nn.Module) -> None:
    """Round every large weight to half precision, so that what is scored is what `store_half` stores."""
    for weight in (*net.parameters(), *net.buffers()):
        if weight.numel() > SMALL and weight.is_floating_point():
            weight.copy_(weight.half().float())
