"""Scores a model file on faces it has never seen: `python -m training.emotion.evaluate emotion.onnx --out OUT`.

Writes `score.json`, `score.txt` and `calibration.png`. Needs ONNX Runtime, and matplotlib for the plot, but no torch.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from training.emotion import data, measures

ENOUGH = 50  # faces of an emotion below which a share of them says little
RULES = {
    "majority": (data.majority, "one emotion has more than half of the votes: as the published accuracies are counted"),
    "plurality": (data.plurality, "the emotion with the most votes, however few: more pictures, and the doubtful ones"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="the ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--data", type=Path, help="folder of the data set, default $FOOTLIGHTS_DATA/emotion")
    parser.add_argument("--split", choices=data.SPLITS, default="test")
    args = parser.parse_args()
    faces = data.load(args.data or data.data_folder(), args.split)
    probabilities = answer(args.model, faces.pictures)
    score = {name: describe(probabilities, rule(faces.votes)) for name, (rule, _) in RULES.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "score.json").write_text(json.dumps(score, indent=2) + "\n", encoding="utf-8")
    text = "\n".join(as_text(name, score[name]) for name in RULES)
    (args.out / "score.txt").write_text(text, encoding="utf-8")
    plot(score["majority"], args.out / "calibration.png")
    print(text)


def open_model(path: Path) -> onnxruntime.InferenceSession:
    """The file on ONNX Runtime with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def answer(path: Path, pictures: data.Array) -> data.Array:
    """(N, 48, 48) uint8 -> (N, 8) probabilities, as a user of the file gets them."""
    model = open_model(path)
    parts = np.array_split(pictures, max(1, len(pictures) // 256))
    return np.concatenate([model.run(None, {"rgb": data.as_rgb(part)})[0] for part in parts])


def describe(probabilities: data.Array, labels: data.Array) -> dict[str, Any]:
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
            for emotion, count, hit, said in zip(
                data.EMOTIONS, table.sum(1), table.diagonal(), table.sum(0), strict=True
            )
        },
        "confusion": table.tolist(),
        "reliability": [asdict(item) for item in measures.reliability(probabilities, labels)],
    }


def as_text(name: str, score: dict[str, Any]) -> str:
    """The figures of one rule, to read."""
    lines = [
        f"{name}: {RULES[name][1]}",
        f"  {score['faces']} faces, accuracy {score['accuracy']:.2%} (standard deviation of the sample "
        f"{score['accuracy_deviation']:.2%}), calibration error {score['calibration_error']:.3f}",
        f"  {'emotion':<10} {'faces':>6} {'recall':>7} {'precision':>9}   confused with (answers)",
    ]
    for emotion, row in zip(data.EMOTIONS, score["confusion"], strict=True):
        figures = score["emotions"][emotion]
        shown = figures["faces"] >= ENOUGH
        recall = f"{figures['found'] / figures['faces']:.1%}" if shown else f"({figures['found']})"
        precision = f"{figures['found'] / figures['answers']:.1%}" if shown and figures["answers"] else "-"
        cells = " ".join(f"{count:>5}" for count in row)
        lines.append(f"  {emotion:<10} {figures['faces']:>6} {recall:>7} {precision:>9}   {cells}")
    lines.append(f"  fewer than {ENOUGH} faces: the number found in brackets, no share")
    return "\n".join(lines) + "\n"


def plot(score: dict[str, Any], path: Path) -> None:
    """Confidence against accuracy: on the diagonal, the model is as sure as it is right."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    ranges = score["reliability"]
    figure, axes = pyplot.subplots(figsize=(5, 5), dpi=120)
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.scatter(
        [item["confidence"] for item in ranges],
        [item["accuracy"] for item in ranges],
        s=[8 + item["count"] / 4 for item in ranges],
        color="#1f6feb",
        alpha=0.7,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share of right answers")
    axes.set_title(f"{score['faces']} faces, calibration error {score['calibration_error']:.3f}")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
