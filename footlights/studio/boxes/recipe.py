"""A whole training: from folders of pictures with boxes to a model that the engine loads."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from footlights.core.errors import ModelError, SettingsError, SinkError
from footlights.models.cache import find
from footlights.models.cards import card
from footlights.studio.boxes.dataset import BoxSet, read_boxes
from footlights.studio.boxes.export import export
from footlights.studio.boxes.scores import ClassScore, average_precision, mean_average_precision
from footlights.studio.boxes.training import Line, Run, Settings, Watch
from footlights.studio.checkpoint import read, save

START = "yolox-nano"  # card of the detector whose weights are a good start
SHARE = 5  # of so many pictures one is kept for valid, where there is no folder `valid`


@dataclass(frozen=True)
class Watcher:
    """Who wants to be told: of each step, of each epoch when it is over, and of what is worth a line."""

    step: Watch = lambda step, steps: None
    epoch: Callable[[Line], None] = lambda line: None
    say: Callable[[str], None] = lambda line: None


def train(
    data: Path, out: Path, settings: Settings, watcher: Watcher, labels: Sequence[str] = (), threads: int = 2
) -> str:
    """Train on `data/train` and `data/valid`, or on the pictures of `data`, one of five of them for valid; or go on
    with the checkpoint in `out`. Gives the score as text.

    Writes checkpoint.pt, detector.zip (and .onnx), scores.json. `labels` overrules the names of the classes. Raises
    SourceError (data), SettingsError (nothing to learn; a checkpoint of other settings), SinkError (`out`).
    """
    torch.set_num_threads(threads)
    train_set, valid_set = split(data, labels)
    for line in (*train_set.skipped, *valid_set.skipped)[:20]:
        watcher.say(f"left out: {line}")
    run = Run(settings, train_set, valid_set, start(watcher))
    try:
        out.mkdir(parents=True, exist_ok=True)
        learn(run, out, watcher)
        scores = average_precision(*run.judged(run.average))
        facts = export(run.average, run.labels, settings.size, run.valid, out / "detector.zip")
        table = {label: vars(score) for label, score in scores.items()}
        text = {"map50": mean_average_precision(scores), "classes": table, "model": facts, "history": run.history}
        (out / "scores.json").write_text(json.dumps(text, indent=1), encoding="utf-8")
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error
    return summary(scores)


def learn(run: Run, out: Path, watcher: Watcher) -> None:
    """All epochs that are left."""
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.restore(read(checkpoint))
    while not run.ended:
        watcher.epoch(run.epoch(watcher.step))
        save(checkpoint, run.state())


def start(watcher: Watcher) -> Path | None:
    """The file of the pretrained start; None, and a line, where it is not at hand."""
    try:
        return find(card(START))
    except ModelError:
        watcher.say(
            f"{START} is not here, so it learns from nothing and needs more pictures: footlights models pull {START}"
        )
        return None


def split(data: Path, labels: Sequence[str] = ()) -> tuple[BoxSet, BoxSet]:
    """The sets for training and for valid. Raises SourceError, SettingsError as `read_boxes` and `named`."""
    if (data / "train").is_dir() and (data / "valid").is_dir():
        train_set, valid_set = read_boxes(data / "train"), read_boxes(data / "valid")
        names = tuple(labels) or max((train_set.labels, valid_set.labels), key=len)
        return named(train_set, names), named(valid_set, names)
    whole = read_boxes(data)
    whole = named(whole, tuple(labels) or whole.labels)
    if len(whole.samples) < SHARE:
        raise SettingsError(f"{data} holds {len(whole.samples)} pictures with labels; that is too few to learn from")
    order = np.random.default_rng(0).permutation(len(whole.samples))
    valid = {int(index) for index in order[::SHARE]}
    parts = [
        [sample for index, sample in enumerate(whole.samples) if (index in valid) == wanted] for wanted in (False, True)
    ]
    return replace(whole, samples=parts[0]), BoxSet(parts[1], whole.labels)


def named(found: BoxSet, labels: tuple[str, ...]) -> BoxSet:
    """The set with these names. Raises SettingsError where they are fewer than the classes in it."""
    most = max((int(sample.kinds.max()) for sample in found.samples if len(sample.kinds)), default=-1)
    if most >= len(labels):
        raise SettingsError(
            f"the boxes are of {most + 1} classes, and {len(labels)} names are given: {', '.join(labels)}"
        )
    return replace(found, labels=labels)


def summary(scores: dict[str, ClassScore]) -> str:
    """The scores, for people."""
    rows = [
        f"{score.label}: {score.precision:.1%} of {score.things}, {score.recall:.1%} found" for score in scores.values()
    ]
    return "\n".join([f"mean average precision (overlap 0.5): {mean_average_precision(scores):.1%}", *rows])
