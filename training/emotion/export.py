"""Makes the file that is shipped: `python -m training.emotion.export OUT/best.pt emotion.onnx`.

The temperature is fitted on valid, the weights are stored in half precision (the runtime widens them when it opens the
file), and the file is compared with the net it came from. Beside it lands `emotion.json` with what was measured.
"""

import argparse
import hashlib
import json
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.emotion import data, measures
from training.emotion.evaluate import open_model
from training.emotion.net import EmotionNet, Recogniser
from training.emotion.train import as_tensor, load_net, predict

PARITY = 1e-4  # largest difference of a probability between the file and the net
SMALL = 64  # values; shorter tensors are not worth the halving
OPSET = 18


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", type=Path, help="best.pt of a training")
    parser.add_argument("model", type=Path, help="the ONNX file to write")
    parser.add_argument("--data", type=Path, help="folder of the data set, default $FOOTLIGHTS_DATA/emotion")
    args = parser.parse_args()
    valid = data.load(args.data or data.data_folder(), "valid")
    net = halve_weights(fuse(load_net(args.net)))
    recogniser = Recogniser(net, temperature(net, valid)).eval()
    write(recogniser, args.model)
    facts = describe(recogniser, args.model, valid.pictures[:256])
    args.model.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))
    if facts["largest_difference"] > PARITY:
        raise SystemExit(f"{args.model} differs from the net by {facts['largest_difference']}: do not ship it")


def fuse(net: EmotionNet) -> EmotionNet:
    """The same net without normalisations: they go into the convolutions before them."""
    for module in list(net.modules()):
        if isinstance(module, nn.Sequential) and [type(part) for part in module] == [nn.Conv2d, nn.BatchNorm2d]:
            module[0] = fuse_conv_bn_eval(module[0], module[1])
            del module[1]
    return net


@torch.no_grad()
def halve_weights(net: EmotionNet) -> EmotionNet:
    """Round every weight to half precision, so that what is scored is what is stored."""
    for weight in net.parameters():
        if weight.numel() > SMALL:
            weight.copy_(weight.half().float())
    return net


def temperature(net: EmotionNet, valid: data.Faces) -> float:
    labels = data.majority(valid.votes)
    logits = predict(net, as_tensor(valid.pictures[labels >= 0]))
    return measures.fit_temperature(logits, labels[labels >= 0])


def write(recogniser: Recogniser, path: Path) -> None:
    """The ONNX file: input `rgb` (N, 48, 48, 3), output `probabilities` (N, 8), N is free."""
    example = torch.zeros(2, data.SIDE, data.SIDE, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own use of what torch deprecates
        program = torch.onnx.export(
            recogniser,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["rgb"],
            output_names=["probabilities"],
            dynamic_shapes={"rgb": {0: torch.export.Dim("faces")}},
        )
    model = store_half(program.model_proto)
    note = {"emotions": ",".join(data.EMOTIONS), "temperature": f"{recogniser.temperature:.4f}", "input": "RGB in 0..1"}
    helper.set_model_props(model, note)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


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


def describe(recogniser: Recogniser, path: Path, pictures: data.Array) -> dict[str, Any]:
    """What the file is, how far its answers are from the net's, and its time for one face on one thread."""
    content = path.read_bytes()
    run = open_model(path)
    rgb = data.as_rgb(pictures)
    with torch.no_grad():
        expected: Tensor = recogniser(torch.from_numpy(rgb))
    times = []
    for face in np.concatenate([rgb[:1]] * 220):
        start = time.perf_counter()
        run.run(None, {"rgb": face[None]})
        times.append(1e3 * (time.perf_counter() - start))
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "temperature": round(recogniser.temperature, 4),
        "largest_difference": float(np.abs(run.run(None, {"rgb": rgb})[0] - expected.numpy()).max()),
        "ms_median": round(statistics.median(times[20:]), 2),
        "ms_least": round(min(times[20:]), 2),
    }


if __name__ == "__main__":
    main()
