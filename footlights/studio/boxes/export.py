"""Makes the file that is used: the ONNX model, its labels and its card, also as one zip."""

import json
import statistics
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from footlights.core.errors import ModelCorruptError
from footlights.models.session import open_session
from footlights.studio import onnx_file
from footlights.studio.boxes.augment import Shown, fitted
from footlights.studio.boxes.net import STRIDES, Detector, Exported
from footlights.studio.boxes.training import batch

PARITY = 1e-3  # largest difference between the file and the net, of any of its answers
LOOKED_AT = 8  # pictures on which it is measured


def export(
    net: Detector, labels: Sequence[str], size: int, pictures: Sequence[Shown], data: str, folder: Path
) -> tuple[float, float]:
    """Write model.onnx, labels.txt, card.toml and model.zip, which holds the three; gives how far the file's answers
    are from the net's on real pictures, and the median time of a look, ms.

    Raises ModelCorruptError, and keeps nothing, where the file answers otherwise than the net.
    """
    model = folder / "model.onnx"
    _write(net, labels, size, model)
    difference, ms = _compared(net, size, pictures, model)
    if not difference <= PARITY:
        model.unlink()
        raise ModelCorruptError(
            f"the ONNX file differs from the net by {difference:.1e}, above {PARITY}: it was not kept"
        )
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    (folder / "card.toml").write_text(_card(labels, data, difference), encoding="utf-8")
    with zipfile.ZipFile(folder / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("model.onnx", "labels.txt", "card.toml"):
            archive.write(folder / name, name)
    return difference, ms


def _card(labels: Sequence[str], data: str, parity: float) -> str:
    names = ", ".join(json.dumps(label, ensure_ascii=False) for label in labels)
    form = 'colour = "bgr"\nfit = "corner"\npad = 114\nlow = 0\nhigh = 255\n'
    notes = f'[recogniser]\ndata = "{data}"\nparity = {parity:.2e}\n'
    return f'head = "yolox"\nlabels = [{names}]\n\n[input]\n{form}\n{notes}'


def _write(net: Detector, labels: Sequence[str], size: int, path: Path) -> None:
    """Input `images` (1, 3, size, size) BGR 0..255; output `output` (1, cells, 5 + classes)."""
    example = (torch.zeros(1, 3, size, size),)
    model = onnx_file.exported(Exported(net), example, ["images"], ["output"])
    count_cells_at_run_time(model)
    onnx_file.write(model, path, {"names": repr(dict(enumerate(labels)))})


def count_cells_at_run_time(model: onnx.ModelProto) -> None:
    """The exporter writes down how many cells a picture of this size has; left open, the model takes any size."""
    shapes = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    for tensor in model.graph.initializer:
        if tensor.name in shapes:
            shape = numpy_helper.to_array(tensor).copy()
            shape[-1] = -1
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


@torch.no_grad()
def _compared(net: Detector, size: int, pictures: Sequence[Shown], path: Path) -> tuple[float, float]:
    """The largest difference of an answer, and the median time of a look in ms."""
    session, exported, worst, times = open_session(path), Exported(net).eval(), 0.0, list[float]()
    for one in pictures[:LOOKED_AT]:
        values = batch([fitted(one, size)])
        ours, began = exported(values).numpy(), time.perf_counter()
        theirs = session.run({"images": values.numpy()})["output"]
        times.append(1e3 * (time.perf_counter() - began))
        assert ours.shape[1] == sum((size // stride) ** 2 for stride in STRIDES)
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst, statistics.median(times)
