"""Makes the file that is used: one ONNX file that takes one step, and its card."""

import hashlib
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from footlights.core.errors import ModelCorruptError
from footlights.core.scene import Floats
from footlights.models.session import open_session
from footlights.studio.movement.net import MovementNet, Stepper

PARITY = 1e-4  # largest difference of a probability between the file, step by step, and the net
SMALL = 64  # values; shorter tensors are not worth the halving
OPSET = 18


def export(net: MovementNet, inputs: Floats, path: Path) -> dict[str, Any]:
    """Write the ONNX file of a trained net; gives its size, hash and how far it is from the net on (T, D) `inputs`.

    Raises ModelCorruptError where the file answers otherwise than the net.
    """
    net = halve_weights(net.eval())
    write(net, path)
    content = path.read_bytes()
    difference = float(np.abs(stepped(path, inputs) - probabilities(net, inputs)).max())
    if difference > PARITY:
        raise ModelCorruptError(f"{path} differs from the net by {difference}: do not use it")
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "largest_difference": difference}


@torch.no_grad()
def halve_weights(net: MovementNet) -> MovementNet:
    """Round every weight to half precision, so that what is scored is what is stored."""
    for weight in (*net.parameters(), *net.buffers()):
        if weight.numel() > SMALL:
            weight.copy_(weight.half().float())
    return net


def write(net: MovementNet, path: Path) -> None:
    """Inputs `features` (N, D), `memory` (N, depth, C); outputs `probabilities` (N, L), `memory_after`. N is free."""
    stepper = Stepper(net).eval()
    example = torch.zeros(2, net.mean.shape[0]), torch.zeros(2, stepper.depth, net.channels)
    many = torch.export.Dim("people")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own use of what torch deprecates
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            stepper, example, dynamo=True, verbose=False, opset_version=OPSET,
            input_names=["features", "memory"], output_names=["probabilities", "memory_after"],
            dynamic_shapes={"features": {0: many}, "memory": {0: many}},
        )  # fmt: skip
    assert program is not None  # with dynamo it is one
    model = store_half(without_traces(program.model_proto))
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


def stepped(path: Path, inputs: Floats) -> Floats:
    """(T, D) features of one person -> (T, L) probabilities, step by step, as a user of the file gets them."""
    session = open_session(path)
    depth, channels = session.inputs["memory"][1:]
    memory, answers = np.zeros((1, depth or 0, channels or 0), np.float32), []
    for row in inputs:
        outputs = session.run({"features": row[None], "memory": memory})
        memory = outputs["memory_after"]
        answers.append(outputs["probabilities"][0])
    return np.stack(answers)


@torch.no_grad()
def probabilities(net: MovementNet, inputs: Floats) -> Floats:
    """(T, D) -> (T, L), all steps at once."""
    answers: Floats = torch.sigmoid(net(torch.from_numpy(inputs)[None]))[0].numpy()
    return answers


def write_card(
    path: Path, view: str, labels: tuple[str, ...], thresholds: Floats, facts: dict[str, Any], note: str
) -> None:
    """The model card of a file that `export` wrote, in the form of those in `models/cards`."""
    title = {"gestures": "Gestures of arms, hands and head", "exercises": "Exercises, and the body's posture"}[view]
    rows = ",\n".join(f"    {json.dumps(label)}" for label in labels)
    limits = ", ".join(f"{value:.2f}" for value in thresholds)
    path.write_text(
        "".join(f"# {line}\n" for line in note.splitlines())
        + f'title = "{title}"\nsource = "footlights"\npath = "{path.stem}.onnx"\n'
        f'sha256 = "{facts["sha256"]}"\nsize = {facts["size"]}\nlicence = "Apache-2.0"\n'
        f"labels = [\n{rows},\n]\nthresholds = [{limits}]\n\n"
        f'[head]\nkind = "movement"\nview = "{view}"\n',
        encoding="utf-8",
    )
