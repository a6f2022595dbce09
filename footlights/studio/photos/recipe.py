"""A whole training: from class folders to a zip that the engine loads, with its scores."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from footlights.core.errors import SettingsError, SinkError
from footlights.studio.checkpoint import read, save
from footlights.studio.emotion import measures
from footlights.studio.photos.dataset import PhotoSet, split
from footlights.studio.photos.export import export
from footlights.studio.photos.features import FeatureSet, Watch, make_features
from footlights.studio.photos.looks import Eye
from footlights.studio.photos.net import Exported
from footlights.studio.photos.scores import Judged, draw_mistakes, score, summary, thresholds
from footlights.studio.photos.training import Line, Run, Settings, judge

SIDED = ("left", "right")  # labels with these words mean something else in a mirror


@dataclass(frozen=True)
class Watcher:
    """Who wants to be told: of pictures looked at, of each epoch when it is over, and of what is worth a line."""

    look: Watch = lambda done, count: None
    epoch: Callable[[Line], None] = lambda line: None
    say: Callable[[str], None] = lambda line: None


def train(data: Path, out: Path, settings: Settings, watcher: Watcher, threads: int = 2) -> str:
    """Train on the class folders of `data/train` and `data/valid`, or of `data`, split by recording; or go on with the
    checkpoint in `out`. Gives the score on valid as text.

    `threads`: pictures looked at in parallel. Writes checkpoint.pt, photos.zip, scores.json, mistakes.png and the
    features of all pictures. Raises SourceError (data), SettingsError (nothing to learn; a checkpoint of other
    settings), SinkError (`out`), ModelMissingError.
    """
    torch.set_num_threads(1)  # the head is small: a second thread gains little, and on a busy machine costs much
    train_set, valid_set, warnings = split(data, settings.seed)
    for line in [*warnings, *(f"left out: {line}" for line in (*train_set.skipped, *valid_set.skipped)[:20])]:
        watcher.say(line)
    settings = replace(settings, mirror=settings.mirror and not _sided(train_set.labels))
    try:
        out.mkdir(parents=True, exist_ok=True)
        shown = seen(train_set, settings, out / "train.npy", settings.variants, watcher, threads)
        judged_on = seen(valid_set, settings, out / "valid.npy", 0, watcher, threads)
        run = Run(settings, train_set.labels, shown, judged_on)
        _learn(run, out, watcher)
        return finish(run, train_set, judged_on, out)
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def seen(found: PhotoSet, settings: Settings, path: Path, variants: int, watcher: Watcher, threads: int) -> FeatureSet:
    """The features of a set. Raises SettingsError where a class has no picture with somebody in it."""
    features = make_features(
        found, settings.crop, variants, settings.mirror, settings.seed, path, watcher.look, threads
    )
    if features.missed:
        names = ", ".join(photo.path.name for photo in features.missed[:3])
        watcher.say(f"no {settings.crop} found in {len(features.missed)} of {len(found.photos)} pictures: {names}…")
    count = np.bincount(features.kinds, minlength=len(found.labels))
    if not count.all():
        label = found.labels[int(count.argmin())]
        raise SettingsError(f"no {settings.crop} was found in any picture of '{label}' in {path.stem}; try --crop none")
    return features


def finish(run: Run, train_set: PhotoSet, valid: FeatureSet, out: Path) -> str:
    """Write all that is made of the trained head; gives the score as text."""
    logits = judge(run.average, valid)
    temperature = measures.fit_temperature(logits, valid.kinds)
    judged = Judged(run.labels, valid.photos, measures.softmax(logits / temperature), valid.missed)
    levels, eye = thresholds(judged), Eye(run.settings.crop)
    net, data = Exported(run.average, temperature), train_set.digest()
    facts = export(net, run.labels, levels, eye, valid.photos, data, out / "photos.zip")
    result = score(judged)
    mistakes = draw_mistakes(judged, out / "mistakes.png")
    told = {"valid": result, "model": facts, "settings": vars(run.settings), "history": run.history}
    (out / "scores.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    lines = [summary(result), f"{facts['ms_a_look']} ms a look; calibration error {result['calibration_error']:.3f}"]
    return "\n".join([*lines, *([f"the worst mistakes are on {out / 'mistakes.png'}"] if mistakes else [])])


def _learn(run: Run, out: Path, watcher: Watcher) -> None:
    """All epochs that are left."""
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.restore(read(checkpoint))
    while not run.ended:
        line = run.epoch()
        save(checkpoint, run.state())
        watcher.epoch(line)


def _sided(labels: Sequence[str]) -> bool:
    return any(side in label.lower() for label in labels for side in SIDED)
