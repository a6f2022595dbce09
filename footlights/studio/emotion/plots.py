"""Plots of a training and of its scores, as PNG files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from footlights.studio.data.fer2013 import EMOTIONS

BLUE, ORANGE, GREY = "#1f6feb", "#e8590c", "#999999"
DPI = 120


def plot_history(history: Sequence[dict[str, Any]], path: Path) -> None:
    """Loss on the left, accuracy on the right, epoch by epoch; the best one is marked."""
    epochs = [line["epoch"] for line in history]
    best = max(history, key=lambda line: line["valid_accuracy"])
    figure = Figure(figsize=(9, 4), dpi=DPI, layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    losses.plot(epochs, [line["loss"] for line in history], ".-", color=GREY, label="train, augmented")
    losses.plot(epochs, [line["valid_loss"] for line in history], ".-", color=BLUE, label="valid")
    losses.set(xlabel="epoch", ylabel="loss")
    losses.legend()
    accuracies.plot(epochs, [line["valid_accuracy"] for line in history], ".-", color=BLUE)
    accuracies.plot(best["epoch"], best["valid_accuracy"], "o", color=ORANGE)
    accuracies.set(xlabel="epoch", ylabel="accuracy on valid")
    accuracies.set_title(f"best: {best['valid_accuracy']:.1%} in epoch {best['epoch']}")
    for axes in (losses, accuracies):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.savefig(path)


def plot_confusion(score: dict[str, Any], path: Path) -> None:
    """Rows are labels, columns answers; colours are shares of the row, numbers are faces."""
    table = np.array(score["confusion"])
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(6.5, 6), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        axes.text(column, row, count, ha="center", va="center", color="white" if shares[row, column] > 0.5 else "black")
    places = range(len(EMOTIONS))
    axes.set_xticks(places, EMOTIONS, rotation=45, ha="right")
    axes.set_yticks(places, EMOTIONS)
    axes.set(xlabel="answer", ylabel="label")
    axes.set_title(f"{score['faces']} faces, accuracy {score['accuracy']:.1%}")
    figure.savefig(path)


def plot_calibration(score: dict[str, Any], path: Path) -> None:
    """Confidence against accuracy: on the diagonal, the model is as sure as it is right."""
    ranges = score["reliability"]
    figure = Figure(figsize=(5, 5), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    axes.scatter(
        [item["confidence"] for item in ranges],
        [item["accuracy"] for item in ranges],
        s=[8 + 700 * item["count"] / score["faces"] for item in ranges],
        color=BLUE,
        alpha=0.7,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share of right answers")
    axes.set_title(f"{score['faces']} faces, calibration error {score['calibration_error']:.3f}")
    figure.savefig(path)


def plot_balance(counts: dict[str, Sequence[int]], path: Path) -> None:
    """Faces of each emotion, a bar for each split."""
    figure = Figure(figsize=(8, 4), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(counts)
    for place, (split, numbers) in enumerate(counts.items()):
        axes.bar(np.arange(len(EMOTIONS)) + place * width, numbers, width, label=split)
    axes.set_xticks(np.arange(len(EMOTIONS)) + 0.4 - width / 2, EMOTIONS)
    axes.set_ylabel("faces")
    axes.legend()
    figure.savefig(path)
