"""A whole training: from a data set to a folder with the model, its card, its scores and its plots."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from footlights.core.errors import SinkError
from footlights.studio import checkpoint
from footlights.studio.data.fer2013 import majority
from footlights.studio.emotion.export import export, write_card
from footlights.studio.emotion.faces import Faces, load
from footlights.studio.emotion.plots import plot_history
from footlights.studio.emotion.scores import score, write_scores
from footlights.studio.emotion.settings import Settings
from footlights.studio.emotion.training import Line, Run, Watch, load_net


@dataclass(frozen=True)
class Watcher:
    """Who wants to be told: of each step, and of each epoch when it is over."""

    step: Watch = lambda step, steps: None
    epoch: Callable[[Line], None] = lambda line: None


def train(
    data: Path, out: Path, settings: Settings, watcher: Watcher, start: Path | None = None, threads: int = 2
) -> str:
    """Train on a data set, or go on with the checkpoint in `out`; gives the score as text.

    `start`: weights to begin with, the `best.pt` of an earlier training. Writes checkpoint.pt, best.pt, emotion.onnx,
    emotion.toml, history.png, summary.json, and what `write_scores` writes. Scored on test, where the data has none on
    valid. Raises SourceError (data), SettingsError (a checkpoint of other settings), SinkError (`out`).
    """
    faces = load(data, "train"), load(data, "valid")
    try:
        out.mkdir(parents=True, exist_ok=True)
        history = learn(*faces, out, settings, watcher, start, threads)
        return finish(out, settings, history, faces[1], load(data, "test"))
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def learn(
    train: Faces, valid: Faces, out: Path, settings: Settings, watcher: Watcher, start: Path | None, threads: int
) -> list[Line]:
    """All epochs that are left; the best net is in `best.pt` then. Gives the history from the first epoch on."""
    torch.set_num_threads(1)
    kept = out / "checkpoint.pt"
    with Run(settings, train, valid, start, threads) as run:
        if kept.exists():
            run.restore(checkpoint.read(kept))
        while not run.ended:
            line = run.epoch(watcher.step)
            if line["best"]:
                checkpoint.save(out / "best.pt", run.average.state_dict())
            checkpoint.save(kept, run.state())
            watcher.epoch(line)
    return run.history


def finish(out: Path, settings: Settings, history: list[Line], valid: Faces, test: Faces) -> str:
    """Write all that is made of `best.pt`; gives the score as text."""
    split, faces = ("test", test) if (majority(test.votes) >= 0).any() else ("valid", valid)
    facts = export(load_net(out / "best.pt"), valid, out / "emotion.onnx")
    scores = score(out / "emotion.onnx", faces)
    write_card(out / "emotion.toml", facts, scores["majority"], split)
    plot_history(history, out / "history.png")
    summary: dict[str, Any] = {
        "settings": vars(settings),
        "epochs": len(history),
        "best_epoch": max(history, key=lambda line: line["valid_accuracy"])["epoch"],
        "model": facts,
        "scored_on": split,
        "history": history,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return f"scored on {split}\n\n{write_scores(scores, out)}"
