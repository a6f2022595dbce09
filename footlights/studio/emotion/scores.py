"""Scores a model file on faces it has never seen."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.models.session import Session, open_session
from footlights.studio.data.fer2013 import EMOTIONS, SIDE, majority
from footlights.studio.emotion import measures
from footlights.studio.emotion.faces import Array, Faces, as_rgb, plurality

ENOUGH = 50  # faces of an emotion below which a share of them says little
BATCH = 256  # faces a call
RULES = {
    "majority": (majority, "one emotion has more than half of the votes: as the published accuracies are counted"),
    "plurality": (plurality, "the emotion with the most votes, however few: more pictures, and the doubtful ones"),
}
Score = dict[str, Any]  # what `describe` says


def score(model: str | Path, faces: Faces) -> dict[str, Score]:
    """All figures of a model file or of a card's model, by the rule that gives the labels.

    Raises SourceError where no face has a label, SettingsError or ModelError where it is no emotion model.
    """
    labels = {name: rule(faces.votes) for name, (rule, _) in RULES.items()}
    if not (labels["majority"] >= 0).any():
        raise SourceError(f"none of the {len(faces)} faces has a clear emotion, so there is nothing to score")
    probabilities = answer(model, faces.pictures)
    return {name: describe(probabilities, labels[name]) for name in RULES}


def open_emotion_model(model: str | Path) -> Session:
    """The model on one thread. Raises SettingsError where it does not take faces and give these emotions."""
    session = open_session(model)
    if session.inputs != {"rgb": (None, SIDE, SIDE, 3)} or session.outputs != {"probabilities": (None, len(EMOTIONS))}:
        raise SettingsError(
            f"{model} is no emotion model: it must take rgb (faces, {SIDE}, {SIDE}, 3) and give probabilities "
            f"(faces, {len(EMOTIONS)}); it takes {session.inputs} and gives {session.outputs}"
        )
    return session


def answer(model: str | Path, pictures: Array) -> Array:
    """(N, 48, 48) uint8 -> (N, 8) probabilities, as a user of the file gets them."""
    session = open_emotion_model(model)
    parts = np.array_split(pictures, max(1, len(pictures) // BATCH))
    return np.concatenate([session.run(as_rgb(part))["probabilities"] for part in parts])


def describe(probabilities: Array, labels: Array) -> Score:
    """All figures for labels in which -1 means that the picture is left out."""
    probabilities, labels = probabilities[labels >= 0], labels[labels >= 0]
    table = measures.confusion(probabilities, labels)
    right = measures.accuracy(probabilities, labels)
    return {
        "faces": len(labels),
        "accuracy": right,
        "accuracy_deviation": float(np.sqrt(right * (1 - right) / len(labels))),
        "calibration_error": measures.calibration_error(probabilities, labels),
        "log_loss": measures.log_loss(probabilities, labels),
        "emotions": {
            emotion: {"faces": int(count), "found": int(hit), "answers": int(said)}
            for emotion, count, hit, said in zip(EMOTIONS, table.sum(1), table.diagonal(), table.sum(0), strict=True)
        },
        "confusion": table.tolist(),
        "reliability": [asdict(item) for item in measures.reliability(probabilities, labels)],
    }


def as_text(name: str, score: Score) -> str:
    """The figures of one rule, to read."""
    lines = [
        f"{name}: {RULES[name][1]}",
        f"  {score['faces']} faces, accuracy {score['accuracy']:.2%} (standard deviation of the sample "
        f"{score['accuracy_deviation']:.2%}), calibration error {score['calibration_error']:.3f}",
        f"  {'emotion':<10} {'faces':>6} {'recall':>7} {'precision':>9}   confused with (answers)",
    ]
    for emotion, row in zip(EMOTIONS, score["confusion"], strict=True):
        figures = score["emotions"][emotion]
        shown = figures["faces"] >= ENOUGH
        recall = f"{figures['found'] / figures['faces']:.1%}" if shown else f"({figures['found']})"
        precision = f"{figures['found'] / figures['answers']:.1%}" if shown and figures["answers"] else "-"
        cells = " ".join(f"{count:>5}" for count in row)
        lines.append(f"  {emotion:<10} {figures['faces']:>6} {recall:>7} {precision:>9}   {cells}")
    lines.append(f"  fewer than {ENOUGH} faces: the number found in brackets, no share")
    return "\n".join(lines) + "\n"


def write_scores(scores: dict[str, Score], out: Path) -> str:
    """Write `score.json`, `score.txt`, `confusion.png` and `calibration.png` into a folder; gives the text.

    Raises SinkError where it cannot be written to.
    """
    from footlights.studio.emotion.plots import plot_calibration, plot_confusion

    text = "\n".join(as_text(name, scores[name]) for name in RULES)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "score.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
        (out / "score.txt").write_text(text, encoding="utf-8")
        plot_confusion(scores["majority"], out / "confusion.png")
        plot_calibration(scores["majority"], out / "calibration.png")
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error
    return text
