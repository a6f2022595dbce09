"""A whole training: from class folders to a model that the engine loads, with its report."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from footlights.core.errors import SettingsError, SinkError
from footlights.studio import report as reports
from footlights.studio.checkpoint import read, save
from footlights.studio.emotion import measures
from footlights.studio.photos.dataset import PhotoSet, check, split
from footlights.studio.photos.export import export
from footlights.studio.photos.features import FeatureSet, make_features
from footlights.studio.photos.looks import Eye
from footlights.studio.photos.net import Exported
from footlights.studio.photos.scores import Judged, mistakes, thresholds
from footlights.studio.photos.training import Run, Settings, judge
from footlights.studio.report import Report
from footlights.studio.trained_net import keep
from footlights.studio.watching import Count, Watcher

COLDEST = 0.5  # temperature of the calibration: few pictures, all of them right, would make it sure of everything
SIDED = ("left", "right")  # labels with these words mean something else in a mirror


def train(data: Path, out: Path, settings: Settings, watcher: Watcher, threads: int = 2) -> Report:
    """Train on the class folders of `data/train` and `data/valid`, or of `data`, split by recording; see `learn`.

    Raises SourceError (data), and what `learn` raises.
    """
    train_set, valid_set, warnings = split(data, settings.seed)
    for line in [*warnings, *(f"left out: {line}" for line in (*train_set.skipped, *valid_set.skipped)[:20])]:
        watcher.say(line)
    return learn(train_set, valid_set, out, settings, watcher, threads)


def learn(
    train_set: PhotoSet, valid_set: PhotoSet, out: Path, settings: Settings, watcher: Watcher, threads: int = 2
) -> Report:
    """Train on a set, or go on with the checkpoint in `out`. `threads`: pictures looked at in parallel.

    Writes checkpoint.pt, model.onnx, model.zip, its card and labels, report.json, curves.csv, worst/ and the features
    of all pictures. Raises SettingsError (nothing to learn; a checkpoint of other settings), SinkError (`out`),
    ModelError, StoppedError.
    """
    torch.set_num_threads(1)  # the head is small: a second thread gains little, and on a busy machine costs much
    check(train_set)
    settings, began = replace(settings, mirror=settings.mirror and not _sided(train_set.labels)), time.monotonic()
    try:
        out.mkdir(parents=True, exist_ok=True)
        shown = seen(train_set, settings, out / "train.npy", settings.variants, watcher, threads)
        judged_on = seen(valid_set, settings, out / "valid.npy", 0, watcher, threads)
        run = Run(settings, train_set.labels, shown, judged_on)
        _learn(run, out, watcher)
        return finish(run, train_set, judged_on, out, time.monotonic() - began)
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def seen(found: PhotoSet, settings: Settings, path: Path, variants: int, watcher: Watcher, threads: int) -> FeatureSet:
    """The features of a set. Raises SettingsError where a class has no picture with somebody in it."""
    features = make_features(
        found, settings.crop, variants, settings.mirror, settings.seed, path, _checked(watcher), threads
    )
    if features.missed:
        names = ", ".join(photo.path.name for photo in features.missed[:3])
        watcher.say(f"no {settings.crop} found in {len(features.missed)} of {len(found.photos)} pictures: {names}…")
    count = np.bincount(features.kinds, minlength=len(found.labels))
    if not count.all():
        label = found.labels[int(count.argmin())]
        raise SettingsError(f"no {settings.crop} was found in any picture of '{label}' in {path.stem}; try --crop none")
    return features


def finish(run: Run, train_set: PhotoSet, valid: FeatureSet, out: Path, seconds: float) -> Report:
    """Calibrate, write the files and measure."""
    logits = judge(run.average, valid)
    temperature = max(COLDEST, measures.fit_temperature(logits, valid.kinds))
    judged = Judged(run.labels, valid.photos, measures.softmax(logits / temperature), valid.missed)
    levels, eye = thresholds(judged), Eye(run.settings.crop)
    net, data = Exported(run.average, temperature), train_set.digest()
    difference, ms = export(net, run.labels, levels, eye, valid.photos, data, out)
    keep(net, out)
    missed = [photo.kind for photo in judged.missed]
    report = Report(
        kind="photos",
        labels=run.labels,
        settings=vars(run.settings),
        data=data,
        valid={
            "examples": len(judged.photos) + len(missed), "accuracy": round(judged.accuracy, 4), "missed": len(missed),
        },
        classes=reports.classes(run.labels, judged.kinds, judged.answers, missed),
        confusion=reports.confusion(run.labels, judged.kinds, judged.answers, missed),
        calibration=reports.calibration(judged.probabilities.max(axis=1), judged.answers == judged.kinds),
        speed=reports.speed(ms, f"a look, finding the {run.settings.crop} not counted" if missed else "a look"),
        parity={"onnx": difference},
        training={"seconds": round(seconds, 1), "epochs": run.history},
        mistakes=tuple(mistakes(judged, out)),
    )  # fmt: skip
    report.write(out)
    return report


def _learn(run: Run, out: Path, watcher: Watcher) -> None:
    """All epochs that are left."""
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.restore(read(checkpoint))
    while not run.ended:
        watcher.check()
        line = run.epoch(watcher.step)
        save(checkpoint, run.state())
        left = round(line["seconds"] * (run.settings.epochs - run.done))
        watcher.epoch({**line, "epochs": run.settings.epochs, "left": left})


def _checked(watcher: Watcher) -> Count:
    def look(done: int, count: int) -> None:
        watcher.look(done, count)
        watcher.check()

    return look


def _sided(labels: Sequence[str]) -> bool:
    return any(side in label.lower() for label in labels for side in SIDED)
