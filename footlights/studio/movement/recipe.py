"""A whole training: from a net's name to a folder with the model, its card and its scores."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from footlights.core.errors import SinkError
from footlights.core.scene import Floats
from footlights.recognition.movement.reader import MovementReader
from footlights.studio.checkpoint import save
from footlights.studio.movement.export import export, probabilities, stepped, write_card
from footlights.studio.movement.generator import Sequence, sequence
from footlights.studio.movement.library import Library, library
from footlights.studio.movement.net import MovementNet, new_net
from footlights.studio.movement.scores import Score, as_text, choose_thresholds, score
from footlights.studio.movement.settings import Settings
from footlights.studio.movement.training import TEST, VALID, Run, read

SAVED = 250  # steps between checkpoints


@dataclass(frozen=True)
class Line:
    """How far a training has come."""

    step: int
    steps: int
    loss: float  # averaged over about the last hundred steps
    seconds: float  # that this run took so far
    left: float  # seconds until the end, as it looks


@dataclass(frozen=True)
class Size:
    """How many sequences thresholds are chosen on, and scores are counted on: busy and quiet ones."""

    valid: tuple[int, int] = (600, 450)
    test: tuple[int, int] = (600, 450)


def train(
    name: str, out: Path, settings: Settings, told: Callable[[Line], None], start: Path | None = None,
    size: Size = Size(),
) -> str:  # fmt: skip
    """Train a net, or go on with the checkpoint in `out`; gives the scores as text.

    `start`: a checkpoint of an earlier training to begin with, also of another motion library. Writes checkpoint.pt,
    NAME.onnx, NAME.toml, score.txt, score.json. Raises SettingsError (no such net, a checkpoint of other settings),
    SourceError (a checkpoint that cannot be read), SinkError (`out`).
    """
    library(name)
    torch.set_num_threads(1)
    try:
        out.mkdir(parents=True, exist_ok=True)
        learn(name, out, settings, told, start)
        return finish(name, out, settings, size)
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def learn(name: str, out: Path, settings: Settings, told: Callable[[Line], None], start: Path | None) -> None:
    """All steps that are left."""
    checkpoint = out / "checkpoint.pt"
    run = Run(name, settings, start if not checkpoint.exists() else None)
    if checkpoint.exists():
        run.restore(read(checkpoint))
    first, began = run.done, time.monotonic()
    while not run.ended:
        run.step()
        if run.done % SAVED == 0 or run.ended:
            save(checkpoint, run.state())
            passed = time.monotonic() - began
            left = passed / (run.done - first) * (settings.steps - run.done)
            told(Line(run.done, settings.steps, run.loss, passed, left))


def finish(name: str, out: Path, settings: Settings, size: Size) -> str:
    """Write all that is made of the checkpoint; gives the scores as text."""
    known, state = library(name), read(out / "checkpoint.pt")
    net = load_net(name, state["average"], state["settings"]["channels"])
    facts = export(net, sequence(known, (settings.seed, TEST, 0)).inputs, out / f"{name}.onnx")

    def answer(inputs: Floats) -> Floats:
        return probabilities(net, inputs)

    thresholds = choose_thresholds(answer, known.labels, *drawn(known, settings.seed, VALID, size.valid))
    told = score(answer, known.labels, thresholds, *drawn(known, settings.seed, TEST, size.test))
    write_card(out / f"{name}.toml", name, known.labels, thresholds, facts, note(told))
    text = as_text(told, f"{name}, generated, seeds never seen")
    (out / "score.txt").write_text(text + "\n", encoding="utf-8")
    (out / "score.json").write_text(json.dumps(as_json(told), indent=1) + "\n", encoding="utf-8")
    return text


def evaluate(model: str | Path, seed: int, size: tuple[int, int]) -> str:
    """The scores of a card's model, by its name or by the card's path, on sequences of a seed, as text.

    Raises what `MovementReader` raises.
    """
    reader = MovementReader(model)
    known, file = library(reader.view), reader.file
    told = score(
        lambda inputs: stepped(file, inputs), reader.labels, reader.thresholds, *drawn(known, seed, TEST, size)
    )
    return as_text(told, f"{model}, generated, seed {seed}")


def drawn(known: Library, seed: int, world: int, size: tuple[int, int]) -> tuple[list[Sequence], list[Sequence]]:
    """Busy and quiet sequences of a world of seeds."""
    busy, quiet = size
    return (
        [sequence(known, (seed, world, 0, number)) for number in range(busy)],
        [sequence(known, (seed, world, 1, number), quiet=True) for number in range(quiet)],
    )


def load_net(name: str, weights: dict[str, Any], channels: int) -> MovementNet:
    """A trained net, ready to run."""
    net = new_net(name, channels)
    net.load_state_dict(weights)
    return net.eval()


def as_json(told: Score) -> dict[str, Any]:
    """The figures, to keep."""
    return {
        "recall": round(told.recall, 4),
        "false_a_minute": round(told.false_a_minute, 3),
        "minutes": round(told.minutes, 1),
        "labels": {
            label: {
                "performed": tally.performed, "found": tally.found, "false": tally.false,
                "taken_for": dict(tally.taken_for),
            }
            for label, tally in told.labels.items()
        },
    }  # fmt: skip


def note(told: Score) -> str:
    """What the card says first."""
    return (
        "Trained on generated sequences only, training/movement says how.\n"
        f"Generated, seeds never seen: {told.recall:.1%} of the performed spans found, {told.false_a_minute:.2f} false "
        "events a\nminute of everyday movements. About real people this says nothing."
    )
