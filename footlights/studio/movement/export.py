"""Makes the file that is used: one ONNX file that takes one step, and its card."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from footlights.core.errors import ModelCorruptError
from footlights.core.scene import Floats
from footlights.models.session import open_session
from footlights.studio import onnx_file
from footlights.studio.movement.net import MovementNet, Stepper
from footlights.studio.onnx_file import halve_weights, store_half

PARITY = 1e-4  # largest difference of a probability between the file, step by step, and the net


def export(net: MovementNet, inputs: Floats, path: Path) -> dict[str, Any]:
    """Write the ONNX file of a trained net; gives its size, hash and how far it is from the net on (T, D) `inputs`.

    Raises ModelCorruptError where the file answers otherwise than the net.
    """
    halve_weights(net.eval())
    write(net, path)
    content = path.read_bytes()
    difference = float(np.abs(stepped(path, inputs) - probabilities(net, inputs)).max())
    if difference > PARITY:
        raise ModelCorruptError(f"{path} differs from the net by {difference}: do not use it")
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "largest_difference": difference}


def write(net: MovementNet, path: Path) -> None:
    """Inputs `features` (N, D), `memory` (N, depth, C); outputs `probabilities` (N, L), `memory_after`. N is free."""
    stepper = Stepper(net).eval()
    example = torch.zeros(2, net.mean.shape[0]), torch.zeros(2, stepper.depth, net.channels)
    names = ["features", "memory"], ["probabilities", "memory_after"]
    onnx_file.write(store_half(onnx_file.exported(stepper, example, *names, "people")), path)


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
