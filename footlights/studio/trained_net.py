"""The net of a training that has ended, and real inputs for it, from the files of the project."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from footlights.core.errors import SettingsError, SourceError
from footlights.studio import checkpoint
from footlights.studio.manifest import Item
from footlights.studio.project import ModelRun, Project

LOOKED_AT = 6  # examples of valid whose inputs are tried
STEP = 10  # of the steps of a clip one is tried


@dataclass(frozen=True, eq=False)
class TrainedNet:
    """What is exported."""

    net: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    examples: tuple[tuple[np.ndarray, ...], ...]  # real inputs, each one call
    title: str
    notes: Mapping[str, str]  # what must be known besides


def keep(net: nn.Module, folder: Path) -> None:
    """Keep the net that was exported, as it was: calibrated."""
    checkpoint.save(folder / "net.pt", net.state_dict())


def load(project: Project, run: ModelRun) -> TrainedNet:
    """The net of a training. Raises SettingsError (the project has no examples any more), SourceError."""
    report = run.report
    if report is None or not (run.folder / "net.pt").is_file():
        raise SourceError(f"{run.folder} holds no trained net")
    labels = tuple(report["labels"])
    items = [item for item in project.examples() if item.split == "valid"][:LOOKED_AT]
    if not items:
        raise SettingsError("the project has no examples in valid, which an export is tried with")
    maker = {"photos": _photos, "clips": _clips, "boxes": _boxes}[project.kind]
    made = maker(project, items, report, len(labels))
    try:
        made.net.load_state_dict(checkpoint.read(run.folder / "net.pt"))
    except RuntimeError:
        raise SourceError(
            f"{run.folder.name} was trained on a net that has changed since; train it again to export it"
        ) from None
    made.net.eval()
    notes = {"labels": "\n".join(labels), "kind": project.kind, "data": report["data"]}
    told = {key: value for key, value in report["settings"].items() if key in ("crop", "size", "backbone")}
    notes["settings"] = json.dumps(told)
    return TrainedNet(made.net, made.inputs, made.outputs, tuple(made.examples()), project.title, notes)


@dataclass(frozen=True, eq=False)
class Made:
    """A net without its weights, and how its inputs are come by once it has them."""

    net: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    examples: Callable[[], Iterator[tuple[np.ndarray, ...]]]


def _photos(project: Project, items: list[Item], report: Mapping[str, Any], classes: int) -> Made:
    from footlights.studio.photos.dataset import of_items
    from footlights.studio.photos.looks import Eye
    from footlights.studio.photos.net import Exported, new_head

    def examples() -> Iterator[tuple[np.ndarray, ...]]:
        eye, wanted = Eye(report["settings"]["crop"]), {item.path for item in items}
        for photo in of_items(project, "valid").photos:
            look = eye.look(photo) if photo.title in wanted else None
            if look is not None:
                yield (eye.as_seen(look)[None].astype(np.float32),)

    name = "body" if report["settings"]["crop"] == "body" else "levels"
    return Made(Exported(new_head(report["settings"]["crop"], classes), 1.0), (name,), ("probabilities",), examples)


def _clips(project: Project, items: list[Item], report: Mapping[str, Any], classes: int) -> Made:
    from footlights.studio.clips.dataset import Clip, look
    from footlights.studio.clips.net import ClipStepper, people_net, picture_net
    from footlights.studio.clips.seeing import rows_of

    backbone = report["settings"]["backbone"]
    net = ClipStepper(people_net(classes) if backbone == "people" else picture_net(classes))
    clips = [Clip(project.folder / item.path, item.label, item.sha256, item.path) for item in items]

    @torch.no_grad()
    def examples() -> Iterator[tuple[np.ndarray, ...]]:
        for one in look(clips, backbone, project.folder / "cache", lambda done, count: None, lambda line: None, 1):
            memory = torch.zeros(1, net.depth, net.channels)
            for step, row in enumerate(rows_of(one.found, backbone)):
                if step % STEP == 0:
                    yield row[None], memory.numpy()
                memory = net(torch.from_numpy(row[None]), memory)[1]

    return Made(net, ("features", "memory"), ("probabilities", "memory_after"), examples)


def _boxes(project: Project, items: list[Item], report: Mapping[str, Any], classes: int) -> Made:
    from footlights.media.images import load as picture
    from footlights.studio.boxes.augment import Shown, fitted
    from footlights.studio.boxes.net import Detector, Exported
    from footlights.studio.boxes.training import batch

    def examples() -> Iterator[tuple[np.ndarray, ...]]:
        none = np.zeros((0, 4), np.float32)
        for item in items:
            shown = Shown(picture(project.folder / item.path), none, np.zeros(0, int))
            yield (batch([fitted(shown, int(report["settings"]["size"]))]).numpy(),)

    return Made(Exported(Detector(classes)), ("images",), ("output",), examples)
