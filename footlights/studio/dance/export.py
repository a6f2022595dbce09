"""One ONNX file with the whole dancer: nets side by side that share nothing: a step, the later parts of a token,
and the decoder.

ONNX Runtime runs only what leads to the outputs asked for. Names of styles and sizes are in the file's metadata.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import compose, helper
from torch import nn

from footlights.core.errors import ModelCorruptError
from footlights.recognition.dance import music
from footlights.recognition.dance.learned import FORMAT, MEMORY, open_model
from footlights.studio import onnx_file
from footlights.studio.dance.corpus import Corpus
from footlights.studio.dance.net import AROUND, CODES, PARTS, Codec, Composer, Decoder, Later, OneStep

PARITY = 2e-3  # largest difference of a logit or of a number of motion between the file and the nets


def export(codec: Codec, composer: Composer, corpus: Corpus, path: Path, half: bool = True) -> dict[str, Any]:
    """Write the file; gives its hash, size and how far it is from the nets. Raises ModelCorruptError if too far.

    `corpus`: what they were trained on, for the names of its styles and for which of them are danced in it.
    """
    codec, composer = codec.cpu().eval(), composer.cpu().eval()
    if half:
        onnx_file.halve_weights(codec)
        onnx_file.halve_weights(composer)
    heads, wide, layers = composer.heads, composer.width // composer.heads, len(composer.layers)
    held = torch.zeros(2, layers, heads, MEMORY - 1, wide)
    parts = [
        _part(
            OneStep(composer),
            (
                torch.zeros(2, PARTS, dtype=torch.int64), torch.zeros(2, 2 * AROUND + 1, music.SIZE),
                torch.zeros(2, dtype=torch.int64), torch.ones(2, 1), torch.zeros(1, dtype=torch.int64), held,
                held.clone(),
            ),
            ["before", "heard", "style", "with_music", "place", "keys", "values"],
            ["told", "first", "keys_after", "values_after"],
        ),
        *(_later(composer, drawn) for drawn in range(1, PARTS)),
        _part(Decoder(codec), (torch.zeros(1, 16, PARTS, dtype=torch.int64),), ["codes"], ["motion"], "tokens"),
    ]  # fmt: skip
    whole = _beside(parts)
    if half:
        whole = onnx_file.store_half(whole)
    sizes = {"layers": layers, "heads": heads, "wide": wide, "around": AROUND, "codes": CODES, "parts": PARTS}
    danced = {int(style) for pair in corpus.split("train") for style in np.unique(pair.styles)} - {len(corpus.styles)}
    styles = {"styles": json.dumps(list(corpus.styles)), "danced": json.dumps(sorted(danced))}
    notes = {"format": FORMAT, **styles, **{name: str(size) for name, size in sizes.items()}}
    onnx_file.write(whole, path, notes)
    content = path.read_bytes()
    difference = _difference(codec, composer, path)
    if difference > PARITY:
        raise ModelCorruptError(f"{path} differs from the net by {difference}: do not use it")
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "largest_difference": difference}


def _later(composer: Composer, drawn: int) -> onnx.ModelProto:
    """The part of a token after so many: inputs and output bear that number."""
    example = torch.zeros(2, composer.width), torch.zeros(2, drawn, dtype=torch.int64)
    return _part(Later(composer), example, [f"told_{drawn}", f"drawn_{drawn}"], [f"later_{drawn}"])


def _part(
    net: nn.Module, example: tuple[torch.Tensor, ...], inputs: list[str], outputs: list[str], free: str | None = None
) -> onnx.ModelProto:
    """One net as a model; `free`: the second dimension of its input may be any."""
    import logging
    import warnings

    shapes: Any = None if free is None else tuple({1: torch.export.Dim(free, min=2)} for _ in example)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own use of what torch deprecates
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            net.eval(), example, dynamo=True, verbose=False, opset_version=onnx_file.OPSET, input_names=inputs,
            output_names=outputs, dynamic_shapes=shapes,
        )  # fmt: skip
    assert program is not None
    return onnx_file.without_traces(program.model_proto)


def _beside(parts: list[onnx.ModelProto]) -> onnx.ModelProto:
    """Models that share nothing in one graph; inner names get a number, inputs and outputs keep theirs."""
    nodes, weights, inputs, outputs = [], [], [], []
    for number, part in enumerate(parts):
        ends = {value.name for value in (*part.graph.input, *part.graph.output)}
        named = compose.add_prefix(part, f"n{number}/", rename_inputs=False, rename_outputs=False)
        assert ends == {value.name for value in (*named.graph.input, *named.graph.output)}
        nodes += named.graph.node
        weights += named.graph.initializer
        inputs += named.graph.input
        outputs += named.graph.output
    graph = helper.make_graph(nodes, "dancer", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=parts[0].opset_import, ir_version=parts[0].ir_version)


@torch.no_grad()
def _difference(codec: Codec, composer: Composer, path: Path) -> float:
    """Largest difference over more steps than the memory holds, and over one decoding."""
    rng, model = np.random.default_rng(1), open_model(path)
    steps = MEMORY + 36
    codes = rng.integers(0, CODES, (steps, PARTS))
    heard = rng.normal(size=(steps + 2 * AROUND, music.SIZE)).astype(np.float32)
    styles = rng.integers(0, composer.style.num_embeddings, steps)
    before = np.concatenate([np.full((1, PARTS), CODES), codes[:-1]])
    told = composer(
        torch.from_numpy(before)[None],
        composer.heard(torch.from_numpy(heard)[None], torch.from_numpy(styles)[None], torch.ones(1, 1)),
    )[0]
    logits = [composer.logits(told, torch.from_numpy(codes[:, :part])).numpy() for part in range(PARTS)]
    memory, apart = model.begin(1), 0.0
    for step in range(steps):
        window = heard[None, step : step + 2 * AROUND + 1]
        said = model.step(before[step], window, styles[step : step + 1], np.ones((1, 1), np.float32), step, memory)
        for part, true in enumerate(logits):
            mine = model.later(said.told, codes[step, :part]) if part else said.first
            apart = max(apart, float(np.abs(mine[0] - true[step]).max()))
    motion = codec.decode(torch.from_numpy(codes)[None])[0].numpy()
    return max(apart, float(np.abs(model.decode(codes) - motion).max()))
