"""The report of a FER2013 data set: one HTML file with its pictures inside, to look at before training."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import SinkError
from footlights.studio.data.fer2013 import EMOTIONS, SIDE, SPLITS, Array, Faces

SAMPLES = 24  # pictures of each class
COLUMNS = 12
GROUPS = 24  # duplicates that are shown
COLOURS = ("#c9a566", "#f2b705", "#ea7410", "#3f8ee0", "#d9302c", "#6ba32a", "#8a63d2", "#1fa596", "#9aa4b2")

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.8rem; margin-bottom: 0; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; } td, th { padding: .25rem .6rem; text-align: right; }
th:first-child, td:first-child { text-align: left; } tr + tr { border-top: 1px solid #8884; }
.bar { height: .9rem; border-radius: .2rem; min-width: 1px; } td.wide { width: 40%; }
img { image-rendering: pixelated; max-width: 100%; border-radius: .4rem; }
.note { color: #888; }
"""


def write_report(path: Path, faces: Faces, kept: Array, groups: Sequence[Array], how: str) -> None:
    """`faces`: all that was read; `kept`: (N,) bool, which show a face; `groups`: duplicates, rows of `faces`."""
    stay = faces.where(kept)
    parts = [
        f"<h1>FER2013</h1><p class=note>{len(faces)} pictures read, {len(stay)} kept; faces found by: {escape(how)}; "
        f"labels: {'majority of the FER+ votes' if faces.votes is not None else 'those of FER2013'}.</p>",
        "<h2>Class balance</h2>",
        _balance(stay),
        *(_samples(stay, label) for label in range(len(EMOTIONS))),
        _rejected(faces.where(~kept)),
        _duplicates(faces, groups),
    ]
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>FER2013</title><style>{STYLE}</style>"
    try:
        path.write_text(page + "\n".join(parts) + "</html>\n", encoding="utf-8")
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror or error}") from error


def _balance(faces: Faces) -> str:
    names = (*EMOTIONS, "no clear label")
    counts = {split: _counts(faces.labels[faces.splits == split]) for split in SPLITS.values()}
    totals = [sum(column) for column in zip(*counts.values(), strict=True)]
    head = "".join(f"<th>{split}</th>" for split in counts)
    rows = []
    for index, (name, total) in enumerate(zip(names, totals, strict=True)):
        cells = "".join(f"<td>{counts[split][index]}</td>" for split in counts)
        width = 100 * total / max(1, *totals)
        bar = f'<div class=bar style="width:{width:.1f}%;background:{COLOURS[index]}"></div>'
        share = f"{100 * total / max(1, len(faces)):.1f} %"
        rows.append(f"<tr><td>{name}</td>{cells}<td>{total}</td><td>{share}</td><td class=wide>{bar}</td></tr>")
    sums = "".join(f"<td>{sum(column)}</td>" for column in counts.values())
    rows.append(f"<tr><td>all</td>{sums}<td>{len(faces)}</td><td></td><td></td></tr>")
    return f"<table><tr><th></th>{head}<th>all</th><th>share</th><th></th></tr>{''.join(rows)}</table>"


def _counts(labels: Array) -> list[int]:
    """How many have each label; those without one come last."""
    return [int((labels == label).sum()) for label in (*range(len(EMOTIONS)), -1)]


def _samples(faces: Faces, label: int) -> str:
    rows = np.flatnonzero(faces.labels == label)
    if not len(rows):
        return f"<h2>{EMOTIONS[label]}</h2><p class=note>No picture.</p>"
    return f"<h2>{EMOTIONS[label]}</h2>{_mosaic(faces.pictures[_spread(rows)])}"


def _rejected(faces: Faces) -> str:
    if not len(faces):
        return "<h2>Left out</h2><p class=note>No picture was left out.</p>"
    text = f"<p>No face was found in {len(faces)} of the pictures.</p>"
    return f"<h2>Left out</h2>{text}{_mosaic(faces.pictures[_spread(np.arange(len(faces)))])}"


def _duplicates(faces: Faces, groups: Sequence[Array]) -> str:
    if not groups:
        return "<h2>Duplicates</h2><p class=note>No picture stands in two splits.</p>"
    pairs: dict[str, int] = {}
    for group in groups:
        name = " and ".join(split for split in SPLITS.values() if split in faces.splits[group])
        pairs[name] = pairs.get(name, 0) + 1
    apart = sum(len(set(faces.labels[group].tolist())) > 1 for group in groups)
    rows = "".join(f"<tr><td>{name}</td><td>{count}</td></tr>" for name, count in sorted(pairs.items()))
    text = (
        f"<p>{len(groups)} pictures stand in more than one split, {apart} of them with different labels. Those of "
        "valid and test that also stand in train are marked in the data set: leave them out when scoring.</p>"
    )
    pictures = faces.pictures[[group[0] for group in groups[:GROUPS]]]
    return f"<h2>Duplicates across splits</h2>{text}<table>{rows}</table>{_mosaic(pictures)}"


def _spread(rows: Array) -> Array:
    """At most SAMPLES of the rows, evenly from the first to the last."""
    places = np.unique(np.linspace(0, len(rows) - 1, SAMPLES).round().astype(int))
    return np.asarray(rows[places])


def _mosaic(pictures: Array) -> str:
    lines = -(-len(pictures) // COLUMNS)
    sheet = np.full((lines * COLUMNS, SIDE, SIDE), 128, np.uint8)
    sheet[: len(pictures)] = pictures
    joined = sheet.reshape(lines, COLUMNS, SIDE, SIDE).swapaxes(1, 2).reshape(lines * SIDE, COLUMNS * SIDE)
    _, content = cv2.imencode(".png", joined)
    data = base64.b64encode(content.tobytes()).decode()
    return f'<img alt="" width="{COLUMNS * SIDE * 3 // 2}" src="data:image/png;base64,{data}">'
