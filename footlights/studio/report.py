"""How good a trained model is, as data: the report.json of every training, whatever it is of.

kind, labels, settings, data (sha256), made (ISO 8601, UTC)
valid       examples, accuracy (boxes: map50), missed: without any answer
classes     label: examples, answers, right, precision, recall (boxes: average_precision, too)
confusion   names of rows and columns, counts: rows what it is, columns what is answered
calibration error, bins: low, high, count, certainty, right
mistakes    the worst first: file, truth, answer, certainty, picture (a file beside the report), time or box
speed       device, ms a look, what a look is
parity      the largest difference of every export from the net, on real inputs
training    seconds, epochs: a line for each
"""

import csv
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SinkError
from footlights.studio.manifest import replace_text

BINS = 10  # of the certainty, in equal ranges from 0 to 1
WORST = 24  # mistakes that are kept
NOTHING = "nothing"  # the row of what is not there, and the column of what was not found


@dataclass(frozen=True)
class Mistake:
    """One wrong answer."""

    file: str  # as the project calls it
    truth: str
    answer: str
    certainty: float  # 0..1
    picture: str = ""  # a file in the folder of the report
    time: float | None = None  # seconds in the clip
    box: tuple[float, ...] | None = None  # shares of the picture


@dataclass(frozen=True)
class Report:
    """All that is said of a trained model."""

    kind: str
    labels: tuple[str, ...]
    settings: Mapping[str, Any]
    data: str
    valid: Mapping[str, Any]
    classes: Mapping[str, Mapping[str, Any]]
    confusion: Mapping[str, Any]
    calibration: Mapping[str, Any]
    speed: Mapping[str, Any]
    parity: dict[str, float]
    training: Mapping[str, Any]
    mistakes: tuple[Mistake, ...] = ()
    made: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def write(self, folder: Path) -> None:
        """report.json, and curves.csv of the epochs. Raises SinkError."""
        replace_text(folder / "report.json", json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")
        epochs = self.training.get("epochs", ())
        try:
            with (folder / "curves.csv").open("w", encoding="utf-8", newline="") as file:
                if epochs:
                    table = csv.DictWriter(file, list(epochs[0]), lineterminator="\n")
                    table.writeheader()
                    table.writerows(epochs)
        except OSError as error:
            raise SinkError(f"{folder} cannot be written to: {error.strerror or error}") from error


def classes(
    labels: Sequence[str], kinds: np.ndarray, answers: np.ndarray, missed: Sequence[int] = ()
) -> dict[str, dict[str, Any]]:
    """Precision and recall of each class with counts, of (N,) true classes and (N,) answers. `missed`: classes of the
    examples that got no answer; they count against the recall.
    """
    table, lost = {}, np.bincount(np.array(missed, int), minlength=len(labels))
    for kind, label in enumerate(labels):
        examples, given = int((kinds == kind).sum() + lost[kind]), int((answers == kind).sum())
        right = int(((kinds == kind) & (answers == kind)).sum())
        table[label] = {
            "examples": examples, "answers": given, "right": right, "missed": int(lost[kind]),
            "recall": share(right, examples), "precision": share(right, given),
        }  # fmt: skip
    return table


def confusion(
    labels: Sequence[str], kinds: np.ndarray, answers: np.ndarray, missed: Sequence[int] = ()
) -> dict[str, Any]:
    """Counts; a last column for what got no answer, where there is such."""
    count = len(labels)
    table = np.bincount(kinds * count + answers, minlength=count * count).reshape(count, count)
    names = list(labels)
    if len(missed):
        lost = np.bincount(np.array(missed, int), minlength=count)
        return {"rows": names, "columns": [*names, NOTHING], "counts": np.column_stack([table, lost]).tolist()}
    return {"rows": names, "columns": names, "counts": table.tolist()}


def calibration(certainty: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """How often answers of each certainty are right, and the expected calibration error (Guo et al., "On Calibration of
    Modern Neural Networks", 2017, (3)), of (N,) certainties 0..1 and (N,) whether the answer was right.
    """
    place = np.minimum((certainty * BINS).astype(int), BINS - 1)
    rows = []
    for index in range(BINS):
        mine = place == index
        if mine.any():
            rows.append({
                "low": index / BINS, "high": (index + 1) / BINS, "count": int(mine.sum()),
                "certainty": round(float(certainty[mine].mean()), 4), "right": round(float(right[mine].mean()), 4),
            })  # fmt: skip
    off = sum(row["count"] * abs(row["right"] - row["certainty"]) for row in rows) / max(1, len(certainty))
    return {"error": round(float(off), 4), "bins": rows}


def share(part: int, whole: int) -> float | None:
    """Of counts; None where there is nothing to count."""
    return round(part / whole, 4) if whole else None


def speed(ms: float, what: str) -> dict[str, Any]:
    """Time of a look on this device."""
    return {"device": device(), "ms": round(ms, 2), "what": what}


@cache
def device() -> str:
    """The machine that this runs on, for people."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                name = line.partition(":")[2].strip()
                break
    except OSError:  # not Linux
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def told(report: Mapping[str, Any]) -> str:
    """A report, for people."""
    valid = report["valid"]
    if "map50" in valid:
        lines = [f"mean average precision (overlap 0.5): {valid['map50']:.1%}, {valid['examples']} pictures"]
    else:
        lines = [f"accuracy {valid['accuracy']:.1%} of {valid['examples']} examples"]
    for label, row in report["classes"].items():
        found = "none there" if row["recall"] is None else f"{row['recall']:.1%} of {row['examples']} found"
        right = "no answer" if row["precision"] is None else f"{row['precision']:.1%} of {row['answers']} answers right"
        area = f", average precision {row['average_precision']:.1%}" if "average_precision" in row else ""
        lines.append(f"  {label}: {found}, {right}{area}")
    table = report["confusion"]
    width = max(len(name) for name in table["rows"])
    lines.append("confusion (rows: what it is, columns: what is answered)")
    for name, counts in zip(table["rows"], table["counts"], strict=True):
        lines.append(f"  {name:{width}} " + " ".join(f"{count:5}" for count in counts))
    lines.append(f"calibration error {report['calibration']['error']:.3f}")
    lines.append(f"{report['speed']['ms']} ms {report['speed']['what']} ({report['speed']['device']})")
    lines += [f"the {name} file differs from the net by {value:.1e}" for name, value in report["parity"].items()]
    for wrong in report["mistakes"][:5]:
        when = "" if wrong["time"] is None else f" at {wrong['time']:.1f} s"
        lines.append(
            f"  {wrong['file']}{when}: {wrong['truth']}, taken for {wrong['answer']} ({wrong['certainty']:.0%})"
        )
    return "\n".join(lines)
