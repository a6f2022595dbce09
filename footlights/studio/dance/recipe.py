"""`footlights train dance`: from a folder of dances to one ONNX file, and what it is worth."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from footlights.core.errors import SinkError
from footlights.recognition.dance.learned import generate, open_model
from footlights.recognition.dance.planner import Wishes
from footlights.studio import checkpoint
from footlights.studio.dance.corpus import Corpus, read
from footlights.studio.dance.export import export
from footlights.studio.dance.net import Codec, Composer
from footlights.studio.dance.scores import Scores, corpus_dances, score
from footlights.studio.dance.settings import Settings
from footlights.studio.dance.training import Run

KEEP = 250  # steps between two checkpoints
TOLD = 50  # steps between two lines
JUDGED = 12  # dances, at most, that the model is judged by


@dataclass(frozen=True)
class Line:
    """How far a training is."""

    net: str  # codec, composer
    step: int
    steps: int
    loss: float
    left: float  # seconds, of this net


def train(
    data: Path, out: Path, settings: Settings, told: Callable[[Line], None], threads: int = 1, device: str = "cpu"
) -> str:
    """Train on a corpus, write `dancer.onnx` and `scores.json` into a folder; gives the scores in words.

    Goes on where an earlier training into the same folder stopped. Raises SettingsError where that one was another.
    """
    torch.set_num_threads(threads)
    corpus = read(data)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error
    run = Run(corpus, settings, device)
    kept = out / "checkpoint.pt"
    if kept.exists():
        run.restore(checkpoint.read(kept))
    begun, first = time.perf_counter(), run.done
    while not run.ended:
        trainee = run.step()
        if trainee.ended or run.done % KEEP == 0:
            checkpoint.save(kept, run.state())
        if trainee.ended or trainee.done % TOLD == 0:
            pace = (time.perf_counter() - begun) / (run.done - first)
            name = "codec" if trainee is run.codec else "composer"
            told(Line(name, trainee.done, trainee.steps, trainee.loss, pace * (trainee.steps - trainee.done)))
    return finish(run, corpus, out)


def finish(run: Run, corpus: Corpus, out: Path) -> str:
    """Export the averages of a training, judge them on the songs kept for it, and write both down."""
    codec, composer = run.codec.average, run.composer.average
    assert isinstance(codec, Codec) and isinstance(composer, Composer)
    facts = export(codec, composer, corpus, out / "dancer.onnx")
    scores = judged(out / "dancer.onnx", corpus)
    table = {"file": facts, "settings": vars(run.settings), "scores": scores.table()}
    (out / "scores.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    text = scores.text()
    (out / "scores.txt").write_text(text + "\n", encoding="utf-8")
    return text


def judged(model: Path, corpus: Corpus, seed: int = 1, split: str = "valid") -> Scores:
    """The model's dances to the songs of a split against those that are known, each in the style of the known one."""
    opened = open_model(model)
    pairs = corpus.split(split) or corpus.split("train")
    real = corpus_dances(pairs)
    generated = [
        generate(opened, pair.song, Wishes(corpus.style_of(pair), seed=seed + n), tokens=pair.music)
        for n, pair in enumerate(pairs[:JUDGED])
    ]
    return score(generated, real)
