"""Makes the file that is used: one ONNX file from RGB to calibrated probabilities, and its card.

The temperature is fitted on valid, the weights are stored in half precision (the runtime widens them when it opens the
file), and the file is compared with the net it came from.
"""

import hashlib
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from footlights.core.errors import ModelCorruptError
from footlights.studio import onnx_file
from footlights.studio.data.fer2013 import EMOTIONS, SIDE, majority
from footlights.studio.emotion import measures
from footlights.studio.emotion.faces import Array, Faces, as_rgb
from footlights.studio.emotion.net import EmotionNet, Recogniser
from footlights.studio.emotion.scores import open_emotion_model
from footlights.studio.emotion.training import as_tensor, predict
from footlights.studio.onnx_file import store_half

PARITY = 1e-4  # largest difference of a probability between the file and the net
SMALL = 64  # values; shorter tensors are not worth the halving
OPSET = 18


def export(net: EmotionNet, valid: Faces, path: Path) -> dict[str, Any]:
    """Write the ONNX file of a trained net; gives what `describe` measures.

    Raises ModelCorruptError where the file answers otherwise than the net.
    """
    net = halve_weights(fuse(net))
    recogniser = Recogniser(net, temperature(net, valid)).eval()
    write(recogniser, path)
    facts = describe(recogniser, path, valid.pictures[:256])
    if facts["largest_difference"] > PARITY:
        raise ModelCorruptError(f"{path} differs from the net by {facts['largest_difference']}: do not use it")
    return facts


def write_card(path: Path, facts: dict[str, Any], score: dict[str, Any], split: str) -> None:
    """The model card of a file that `export` wrote, in the form of those in `models/cards`."""
    labels = ", ".join(json.dumps(emotion) for emotion in EMOTIONS)
    path.write_text(
        f"# Emotions of one face. On {split}: {score['accuracy']:.1%} of {score['faces']} faces, calibration error\n"
        f"# {score['calibration_error']:.3f}. Temperature {facts['temperature']}, fitted on valid.\n"
        'title = "Emotions of a face, calibrated"\n'
        'source = "footlights train emotion"\n'
        f'path = "{path.stem}.onnx"\nsha256 = "{facts["sha256"]}"\nsize = {facts["size"]}\n'
        'licence = "yours, as far as the faces it was trained on allow"\n'
        f"labels = [{labels}]\n\n"
        f'[input]\nwidth = {SIDE}\nheight = {SIDE}\nborder = "repeat"\n\n[head]\nkind = "classes"\n',
        encoding="utf-8",
    )


def fuse(net: EmotionNet) -> EmotionNet:
    """The same net without normalisations: they go into the convolutions before them."""
    for module in list(net.modules()):
        if isinstance(module, nn.Sequential) and len(module) == 2:
            first, second = module
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                module[0] = fuse_conv_bn_eval(first, second)
                del module[1]
    return net


@torch.no_grad()
def halve_weights(net: EmotionNet) -> EmotionNet:
    """Round every weight to half precision, so that what is scored is what is stored."""
    for weight in net.parameters():
        if weight.numel() > SMALL:
            weight.copy_(weight.half().float())
    return net


def temperature(net: EmotionNet, valid: Faces) -> float:
    """Fitted on the faces of valid that have a clear emotion."""
    labels = majority(valid.votes)
    logits = predict(net, as_tensor(valid.pictures[labels >= 0]))
    return measures.fit_temperature(logits, labels[labels >= 0])


def write(recogniser: Recogniser, path: Path) -> None:
    """The ONNX file: input `rgb` (N, 48, 48, 3), output `probabilities` (N, 8), N is free."""
    example = (torch.zeros(2, SIDE, SIDE, 3),)
    model = store_half(onnx_file.exported(recogniser, example, ["rgb"], ["probabilities"], "faces"))
    note = {"emotions": ",".join(EMOTIONS), "temperature": f"{recogniser.temperature:.4f}", "input": "RGB in 0..1"}
    onnx_file.write(model, path, note)


def describe(recogniser: Recogniser, path: Path, pictures: Array) -> dict[str, Any]:
    """What the file is, how far its answers are from the net's, and its time for one face on one thread."""
    content = path.read_bytes()
    session = open_emotion_model(path)
    rgb = as_rgb(pictures)
    with torch.no_grad():
        expected: Tensor = recogniser(torch.from_numpy(rgb))
    times = []
    for face in np.concatenate([rgb[:1]] * 220):
        start = time.perf_counter()
        session.run(face[None])
        times.append(1e3 * (time.perf_counter() - start))
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "temperature": round(recogniser.temperature, 4),
        "largest_difference": float(np.abs(session.run(rgb)["probabilities"] - expected.numpy()).max()),
        "ms_median": round(statistics.median(times[20:]), 2),
        "ms_least": round(min(times[20:]), 2),
    }
