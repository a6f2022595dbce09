"""Cuts a TFLite file down to some of its tensors, with the operators that they need. No TensorFlow: the flatbuffer is
edited.
"""

from collections.abc import Collection
from typing import Any


def prune(content: bytes, keep: Collection[str]) -> bytes:
    """The same model with the outputs in `keep` only; what is kept computes exactly what it did.

    Besides outputs, `keep` may name what lies inside, which then becomes an output: the result of an operator, by its
    whole name or by the first of the names joined by `;` that operators fused into one have. Outputs have the names and
    the order of `keep`.

    Raises ValueError where the file has none of one of these names.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(content), 0))
    graph = model.subgraphs[0]
    inside = [int(index) for operator in graph.operators for index in operator.outputs]
    names = {int(index): graph.tensors[index].name.decode() for index in [*inside, *graph.outputs]}
    places = {name.split(";")[0]: index for index, name in names.items()} | {name: i for i, name in names.items()}
    absent = set(keep) - set(places)
    if absent:
        outputs = sorted(names[int(index)] for index in graph.outputs)
        raise ValueError(f"no output is named {sorted(absent)}; the model has {outputs}")
    graph.outputs = [places[name] for name in keep]
    for name in keep:
        graph.tensors[places[name]].name = name.encode()
    needed = _keep_needed_operators(graph)
    _empty_unneeded_buffers(model, graph, needed)
    model.signatureDefs = None
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _keep_needed_operators(graph: Any) -> set[int]:
    """Walk back from the outputs; the tensors that somebody still needs."""
    needed = {int(index) for index in graph.outputs} | {int(index) for index in graph.inputs}
    operators = []
    for operator in reversed(graph.operators):
        if any(int(index) in needed for index in operator.outputs):
            operators.append(operator)
            needed.update(int(index) for index in operator.inputs if index >= 0)
    graph.operators = operators[::-1]
    return needed


def _empty_unneeded_buffers(model: Any, graph: Any, needed: set[int]) -> None:
    """Drop the weights of the operators that are gone. Buffer 0 is the empty one by convention."""
    used = {graph.tensors[index].buffer for index in needed} | {entry.buffer for entry in model.metadata or []}
    for index, tensor in enumerate(graph.tensors):
        if index not in needed:
            tensor.buffer = 0
    for index, buffer in enumerate(model.buffers):
        if index and index not in used:
            buffer.data = None
