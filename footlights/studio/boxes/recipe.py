"""A whole training: from folders of pictures with boxes to a model that the engine loads."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from footlights.core.errors import ModelError, SettingsError, SinkError
from footlights.models.cache import find
from footlights.models.cards import card
from footlights.studio import report as reports
from footlights.studio.boxes.dataset import BoxSet, read_boxes
from footlights.studio.boxes.export import export
from footlights.studio.boxes.mistakes import matched, mistakes
from footlights.studio.boxes.net import Exported
from footlights.studio.boxes.scores import average_precision, mean_average_precision
from footlights.studio.boxes.training import Run, Settings
from footlights.studio.checkpoint import read, save
from footlights.studio.report import Report
from footlights.studio.trained_net import keep
from footlights.studio.watching import Watcher

START = "yolox-nano"  # card of the detector whose weights are a good start
SHARE = 5  # of so many pictures one is kept for valid, where there is no folder `valid`


def train(
    data: Path, out: Path, settings: Settings, watcher: Watcher, labels: Sequence[str] = (), threads: int = 2
) -> Report:
    """Train on `data/train` and `data/valid`, or on the pictures of `data`, one of five of them for valid; see `learn`.

    `labels` overrules the names of the classes. Raises SourceError (data), and what `learn` raises.
    """
    train_set, valid_set = split(data, labels)
    for line in (*train_set.skipped, *valid_set.skipped)[:20]:
        watcher.say(f"left out: {line}")
    return learn(train_set, valid_set, out, settings, watcher, threads)


def learn(
    train_set: BoxSet, valid_set: BoxSet, out: Path, settings: Settings, watcher: Watcher, threads: int = 2
) -> Report:
    """Train on a set, or go on with the checkpoint in `out`.

    Writes checkpoint.pt, model.onnx, model.zip, its card and labels, report.json, curves.csv, worst/. Raises
    SettingsError (nothing to learn; a checkpoint of other settings), SinkError (`out`), ModelError, StoppedError.
    """
    torch.set_num_threads(threads)
    began = time.monotonic()
    run = Run(settings, train_set, valid_set, start(watcher))
    try:
        out.mkdir(parents=True, exist_ok=True)
        _learn(run, out, watcher)
        return finish(run, (train_set, valid_set), out, time.monotonic() - began)
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def finish(run: Run, sets: tuple[BoxSet, BoxSet], out: Path, seconds: float) -> Report:
    """Write the files and measure."""
    truths, found = run.judged(run.average)
    data, size = digest(*sets), run.settings.size
    difference, ms = export(run.average, run.labels, size, run.valid, data, out)
    keep(Exported(run.average), out)
    scores = average_precision(truths, found)
    judged = matched(run.labels, truths, found)
    report = Report(
        kind="boxes",
        labels=run.labels,
        settings=vars(run.settings),
        data=data,
        valid={
            "examples": len(truths), "map50": round(mean_average_precision(scores), 4), "score": round(judged.score, 2),
        },
        classes=judged.classes(scores),
        confusion=judged.confusion(),
        calibration=reports.calibration(judged.certainty, judged.right),
        speed=reports.speed(ms, f"a look at {size}x{size} pixels, the model alone"),
        parity={"onnx": difference},
        training={"seconds": round(seconds, 1), "epochs": run.history},
        mistakes=tuple(mistakes(judged, [sample.name for sample in sets[1].samples], run.valid, size, out)),
    )  # fmt: skip
    report.write(out)
    return report


def _learn(run: Run, out: Path, watcher: Watcher) -> None:
    """All epochs that are left."""
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.restore(read(checkpoint))

    def step(done: int, steps: int) -> None:
        watcher.step(done, steps)
        watcher.check()

    while not run.ended:
        line = run.epoch(step)
        save(checkpoint, run.state())
        left = round(line["seconds"] * (run.settings.epochs - run.done))
        watcher.epoch({**line, "epochs": run.settings.epochs, "left": left})


def digest(*sets: BoxSet) -> str:
    """sha256 of what the sets say: every picture's content with its boxes, under any name."""
    rows = []
    for part, found in enumerate(sets):
        for sample in found.samples:
            boxes = ";".join(
                f"{kind} {' '.join(f'{value:.4f}' for value in box)}"
                for kind, box in zip(sample.kinds.tolist(), sample.boxes.tolist(), strict=True)
            )
            rows.append(f"{part} {hashlib.sha256(sample.picture.read_bytes()).hexdigest()} {boxes}")
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


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
