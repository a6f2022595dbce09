"""Pictures with boxes, from the formats that label tools write: YOLO, COCO and Pascal VOC."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import yaml

from footlights.core.errors import SettingsError, SourceError
from footlights.core.scene import Floats
from footlights.media.images import SUFFIXES
from footlights.studio.manifest import Split
from footlights.studio.project import Project

LARGEST = 64 * 2**20  # bytes of a file with labels


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture and what is in it."""

    picture: Path
    boxes: Floats  # (N, 4) shares of the picture: left, top, right, bottom
    kinds: np.ndarray  # (N,) positions in the set's labels
    title: str = ""  # what it is called in reports

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.title or self.picture.name


@dataclass(frozen=True, eq=False)
class BoxSet:
    """Pictures with boxes, and what the boxes are called."""

    samples: Sequence[Sample]
    labels: tuple[str, ...]
    skipped: tuple[str, ...] = field(default=())  # a line for everything that could not be used


def read_boxes(folder: Path) -> BoxSet:
    """The set in a folder, whatever label tool wrote it.

    COCO (`*.json` with "annotations"), Pascal VOC (`*.xml` beside the pictures or in `Annotations/`) or YOLO
    (`images/` and `labels/`, or `*.txt` beside the pictures; names in `data.yaml`, `classes.txt` or `obj.names`).

    Raises:
        SourceError: there is no such folder, or nothing in it can be used.
    """
    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder} with pictures and boxes")
    tables = [table for path in sorted(folder.glob("*.json")) if "annotations" in (table := _json(path))]
    if tables:
        found = _coco(folder, tables[0])
    elif any(folder.glob("*.xml")) or (folder / "Annotations").is_dir():
        found = _voc(folder)
    else:
        found = _yolo(folder)
    if not found.samples:
        reason = found.skipped[0] if found.skipped else "no pictures with labels in YOLO, COCO or VOC form"
        raise SourceError(f"{folder} holds nothing to train with: {reason}")
    return found


def _yolo(folder: Path) -> BoxSet:
    samples, skipped = [], []
    for picture in _pictures(folder):
        path = Path(*("labels" if part == "images" else part for part in picture.relative_to(folder).parts))
        labels = (folder / path).with_suffix(".txt")
        if not labels.is_file():
            skipped.append(f"{picture.name}: no labels beside it ({path.with_suffix('.txt')})")
            continue
        rows, wrong = _yolo_rows(labels)
        skipped += [
            f"{labels.name}:{number}: {line!r} is not 'class x y width height' in shares" for number, line in wrong
        ]
        samples.append(Sample(picture, _corners(rows), rows[:, 0].astype(int)))
    most = max((int(sample.kinds.max()) for sample in samples if len(sample.kinds)), default=-1)
    names = _yolo_names(folder) or _yolo_names(folder.parent)
    names += [f"class {kind}" for kind in range(len(names), most + 1)]
    return BoxSet(samples, tuple(names), tuple(skipped))


def _yolo_rows(path: Path) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """(N, 5) class, centre and size of a file; outlines of polygons become boxes. Lines that are neither, with their
    numbers.
    """
    rows, wrong = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        try:
            values = [float(word) for word in line.split()]
        except ValueError:
            values = [-1.0]
        good = all(0 <= value <= 1 for value in values[1:]) and (not values or values[0] >= 0)
        if good and len(values) == 5 and values[3] > 0 and values[4] > 0:
            rows.append(values)
        elif good and len(values) >= 7 and len(values) % 2 == 1:
            points = np.array(values[1:]).reshape(-1, 2)
            low, high = points.min(0), points.max(0)
            rows.append([values[0], *((low + high) / 2), *(high - low)])
        elif values:
            wrong.append((number, line[:60]))
    return np.array(rows, np.float64).reshape(-1, 5), wrong


def _corners(rows: np.ndarray) -> Floats:
    """(N, 4) left, top, right, bottom of (N, 5) class, centre and size, as shares."""
    centre, size = rows[:, 1:3], rows[:, 3:5]
    corners = np.concatenate([centre - size / 2, centre + size / 2], 1)
    return np.asarray(np.clip(corners, 0, 1), np.float32)


def of_items(project: Project, side: Split) -> BoxSet:
    """The frames of a project on one side of its split that somebody has looked at."""
    samples, skipped = [], []
    for item in project.examples():
        notes = project.folder / "labels" / f"{Path(item.path).stem}.txt"
        if item.split != side or not notes.is_file():
            continue
        rows, wrong = _yolo_rows(notes)
        known = rows[:, 0] < len(project.labels)
        skipped += [f"{notes.name}:{number}: {line!r}" for number, line in wrong]
        skipped += [f"{notes.name}: there is no class {int(kind)}" for kind in rows[~known, 0]]
        rows = rows[known]
        samples.append(Sample(project.folder / item.path, _corners(rows), rows[:, 0].astype(int), item.path))
    return BoxSet(samples, project.labels, tuple(skipped))


def _yolo_names(folder: Path) -> list[str]:
    for name in ("data.yaml", "dataset.yaml", "config.yaml"):
        if (folder / name).is_file():
            table = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
            names = table.get("names", []) if isinstance(table, dict) else []
            return [str(value) for value in (names.values() if isinstance(names, dict) else names)]
    for name in ("classes.txt", "obj.names", "labels.txt"):
        if (folder / name).is_file():
            return [line.strip() for line in (folder / name).read_text(encoding="utf-8").splitlines() if line.strip()]
    return []


def _coco(folder: Path, table: dict[str, Any]) -> BoxSet:
    kinds = sorted(table.get("categories", []), key=lambda category: category["id"])
    place = {category["id"]: index for index, category in enumerate(kinds)}
    pictures = {picture.name: picture for picture in _pictures(folder)}
    rows: dict[int, list[tuple[int, list[float]]]] = {}
    for note in table["annotations"]:
        if note.get("category_id") in place and len(note.get("bbox", ())) == 4 and min(note["bbox"][2:]) > 0:
            rows.setdefault(note["image_id"], []).append((place[note["category_id"]], note["bbox"]))
    samples, skipped = [], []
    for image in table.get("images", []):
        picture = pictures.get(Path(str(image.get("file_name", ""))).name)
        if picture is None:
            skipped.append(f"{image.get('file_name')}: named in the labels, and not there")
            continue
        noted = rows.get(image["id"], [])
        size = np.array([image["width"], image["height"]] * 2, np.float64)
        boxes = np.array([[x, y, x + wide, y + tall] for _, (x, y, wide, tall) in noted]).reshape(-1, 4) / size
        samples.append(Sample(picture, boxes.clip(0, 1).astype(np.float32), np.array([kind for kind, _ in noted], int)))
    return BoxSet(samples, tuple(str(category["name"]) for category in kinds), tuple(skipped))


def _voc(folder: Path) -> BoxSet:
    pictures = {picture.stem: picture for picture in _pictures(folder)}
    found: list[tuple[Path, list[tuple[str, list[float]]]]] = []
    skipped = []
    for path in sorted(folder.rglob("*.xml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            if "<!ENTITY" in text or len(text) > LARGEST:
                raise ValueError("it defines entities, or is too large")
            tree = ElementTree.fromstring(text)
            size = [float(tree.findtext(f"size/{side}", "0")) for side in ("width", "height")] * 2
            noted = [
                (thing.findtext("name", ""), [float(thing.findtext(f"bndbox/{edge}", "nan")) for edge in _EDGES])
                for thing in tree.iter("object")
            ]
            boxes = [(name, [value / side for value, side in zip(box, size, strict=True)]) for name, box in noted]
        except (ElementTree.ParseError, ValueError, ZeroDivisionError) as error:
            skipped.append(f"{path.name}: {error}")
            continue
        if path.stem in pictures:
            found.append(
                (pictures[path.stem], [(name, box) for name, box in boxes if box[2] > box[0] and box[3] > box[1]])
            )
        else:
            skipped.append(f"{path.name}: no picture of this name")
    labels = tuple(sorted({name for _, boxes in found for name, _ in boxes}))
    samples = [
        Sample(
            picture,
            np.array([box for _, box in boxes], np.float32).reshape(-1, 4).clip(0, 1),
            np.array([labels.index(name) for name, _ in boxes], int),
        )
        for picture, boxes in found
    ]
    return BoxSet(samples, labels, tuple(skipped))


_EDGES = ("xmin", "ymin", "xmax", "ymax")


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST:
        raise SettingsError(f"{path} is larger than {LARGEST // 2**20} MB; give a part of it")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return table if isinstance(table, dict) else {}


def _pictures(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
