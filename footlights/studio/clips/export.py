"""Makes the file that is used: an ONNX file that takes one step, its labels, and a card that says what it looks at."""

import json
import statistics
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from footlights.core.errors import ModelCorruptError
from footlights.core.scene import Floats
from footlights.models.cards import card
from footlights.models.session import open_session
from footlights.perception.image_features import BACKBONE
from footlights.recognition.clip_classes import PICTURE, PICTURE_RATE
from footlights.recognition.movement.reader import CLIPS
from footlights.recognition.movement.sight import RATE
from footlights.studio import onnx_file
from footlights.studio.clips.net import ClipNet, ClipStepper
from footlights.studio.clips.scores import probabilities

PARITY = 1e-3  # largest difference of a probability between the file, step by step, and the net
LOOKED_AT = 5  # clips on which it is measured


def export(
    net: ClipNet, labels: Sequence[str], thresholds: Sequence[float], backbone: str, rows: Sequence[Floats], data: str,
    folder: Path,
) -> tuple[float, float]:  # fmt: skip
    """Write model.onnx, labels.txt, card.toml and model.zip, which holds the three; gives how far the file's answers
    are from the net's on the (T, D) features of real clips, and the median time of a step, ms.

    Raises ModelCorruptError, and keeps no zip, where the file answers otherwise than the net.
    """
    stepper, model = ClipStepper(net).eval(), folder / "model.onnx"
    width = rows[0].shape[1]
    example = torch.zeros(2, width), torch.zeros(2, stepper.depth, stepper.channels)
    names = ["features", "memory"], ["probabilities", "memory_after"]
    onnx_file.write(onnx_file.exported(stepper, example, *names, "people"), model)
    difference, ms = _compared(net, model, rows[:LOOKED_AT])
    if not difference <= PARITY:
        model.unlink()
        raise ModelCorruptError(
            f"the ONNX file differs from the net by {difference:.1e}, above {PARITY}: it was not kept"
        )
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    text = _card(labels, thresholds, backbone, data, difference)
    (folder / "card.toml").write_text(text, encoding="utf-8")
    with zipfile.ZipFile(folder / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("model.onnx", "labels.txt", "card.toml"):
            archive.write(folder / name, name)
    return difference, ms


def _card(labels: Sequence[str], thresholds: Sequence[float], backbone: str, data: str, parity: float) -> str:
    text = (
        f'head = "{CLIPS}"\nlabels = {json.dumps(list(labels), ensure_ascii=False)}\n\n'
        f'[recogniser]\nview = "{"whole" if backbone == "people" else PICTURE}"\n'
        f"rate = {RATE if backbone == 'people' else PICTURE_RATE}\nthresholds = {list(thresholds)}\n"
        f'data = "{data}"\nparity = {parity:.2e}\n'
    )
    if backbone == "people":
        return text
    return text + f'backbone = "{BACKBONE}"\nbackbone_sha256 = "{card(BACKBONE).sha256}"\n'


def _compared(net: ClipNet, path: Path, clips: Sequence[Floats]) -> tuple[float, float]:
    """The largest difference of a probability, and the median time of a step in ms."""
    session, worst, times = open_session(path), 0.0, list[float]()
    depth, channels = session.inputs["memory"][1:]
    for rows in clips:
        memory, answers = np.zeros((1, depth or 0, channels or 0), np.float32), []
        for row in rows:
            began = time.perf_counter()
            outputs = session.run({"features": row[None], "memory": memory})
            times.append(1e3 * (time.perf_counter() - began))
            memory = outputs["memory_after"]
            answers.append(outputs["probabilities"][0])
        worst = max(worst, float(np.abs(np.stack(answers) - probabilities(net, rows)).max()))
    return worst, statistics.median(times)
