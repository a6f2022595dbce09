"""Boxes of a project in the forms of label tools: YOLO, COCO and Pascal VOC, in and out."""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import numpy as np
from PIL import Image as Pillow

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.core.scene import Floats
from footlights.studio.boxes.dataset import BoxSet, Sample, of_items, read_boxes
from footlights.studio.manifest import Item, Split, replace_text
from footlights.studio.project import Project

Form = Literal["yolo", "coco", "voc"]
SIDES: tuple[Split, ...] = ("train", "valid")


def write_boxes(project: Project, item: Item | str, boxes: Floats, kinds: Sequence[int]) -> None:
    """Keep the boxes of a frame: (N, 4) shares left, top, right, bottom, and (N,) places in the project's labels."""
    if any(not 0 <= kind < len(project.labels) for kind in kinds):
        raise SettingsError(f"a box is of a class that the project has not; it has {', '.join(project.labels)}")
    replace_text(project.boxes_file(item), "".join(f"{line}\n" for line in yolo_lines(boxes, kinds)))


def yolo_lines(boxes: Floats, kinds: Sequence[int]) -> Iterator[str]:
    """Class, centre and size in shares."""
    for kind, (left, top, right, bottom) in zip(kinds, np.asarray(boxes, float).reshape(-1, 4).tolist(), strict=True):
        yield f"{kind} {(left + right) / 2:.6f} {(top + bottom) / 2:.6f} {right - left:.6f} {bottom - top:.6f}"


def import_boxes(project: Project, folder: Path) -> tuple[list[Item], list[str]]:
    """Take in pictures with boxes, in whatever form they are; new names become labels. A set in folders `train` and
    `valid` keeps that division. Gives what was added, and a line for everything that was not.
    """
    parts: list[tuple[Path, Split | None]] = [(folder, None)]
    if all((folder / side).is_dir() for side in SIDES):
        parts = [(folder / side, side) for side in SIDES]
    added, lines = [], []
    for place, side in parts:
        found = read_boxes(place)
        lines += list(found.skipped)
        for name in found.labels:
            if name not in project.labels:
                project.add_label(name)
        for sample in found.samples:
            try:
                item = project.add(sample.picture, split=side)
            except SourceError as error:
                lines.append(str(error))
                continue
            write_boxes(
                project, item, sample.boxes, [project.labels.index(found.labels[kind]) for kind in sample.kinds]
            )
            added.append(item)
    return added, lines


def export_boxes(project: Project, folder: Path, form: Form) -> int:
    """Copy every frame that somebody has looked at, with its boxes, into folders `train` and `valid`; how many.

    Raises SettingsError (the folder is not empty), SinkError.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError(f"{folder} is not empty; choose another folder")
    count = 0
    try:
        for side in SIDES:
            found = of_items(project, side)
            place = folder / side / ("images" if form == "yolo" else "")
            place.mkdir(parents=True, exist_ok=True)
            for sample in found.samples:
                shutil.copyfile(sample.picture, place / sample.picture.name)
            {"yolo": _yolo, "coco": _coco, "voc": _voc}[form](found, folder / side)
            count += len(found.samples)
    except OSError as error:
        raise SinkError(f"{folder} cannot be written to: {error.strerror or error}") from error
    return count


def _yolo(found: BoxSet, folder: Path) -> None:
    (folder / "labels").mkdir(exist_ok=True)
    for sample in found.samples:
        lines = "".join(f"{line}\n" for line in yolo_lines(sample.boxes, sample.kinds.tolist()))
        (folder / "labels" / f"{sample.picture.stem}.txt").write_text(lines, encoding="utf-8")
    names = "".join(
        f"  {number}: {json.dumps(label, ensure_ascii=False)}\n" for number, label in enumerate(found.labels)
    )
    (folder / "data.yaml").write_text(f"names:\n{names}", encoding="utf-8")


def _size(sample: Sample) -> tuple[int, int]:
    with Pillow.open(sample.picture) as opened:
        turned = opened.getexif().get(274, 1) >= 5  # lying on its side
        return (opened.height, opened.width) if turned else (opened.width, opened.height)


def _coco(found: BoxSet, folder: Path) -> None:
    images: list[dict[str, object]] = []
    notes: list[dict[str, object]] = []
    for number, sample in enumerate(found.samples, 1):
        width, height = _size(sample)
        images.append({"id": number, "file_name": sample.picture.name, "width": width, "height": height})
        for box, kind in zip(sample.boxes.tolist(), sample.kinds.tolist(), strict=True):
            left, top, right, bottom = (value * side for value, side in zip(box, (width, height) * 2, strict=True))
            area = (right - left) * (bottom - top)
            notes.append({
                "id": len(notes) + 1, "image_id": number, "category_id": kind + 1, "iscrowd": 0, "area": round(area, 2),
                "bbox": [round(value, 2) for value in (left, top, right - left, bottom - top)],
            })  # fmt: skip
    kinds = [{"id": number, "name": label} for number, label in enumerate(found.labels, 1)]
    table = {"images": images, "annotations": notes, "categories": kinds}
    (folder / "annotations.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")


def _voc(found: BoxSet, folder: Path) -> None:
    for sample in found.samples:
        width, height = _size(sample)
        root = ElementTree.Element("annotation")
        ElementTree.SubElement(root, "filename").text = sample.picture.name
        size = ElementTree.SubElement(root, "size")
        for name, value in (("width", width), ("height", height), ("depth", 3)):
            ElementTree.SubElement(size, name).text = str(value)
        for box, kind in zip(sample.boxes.tolist(), sample.kinds.tolist(), strict=True):
            thing = ElementTree.SubElement(root, "object")
            ElementTree.SubElement(thing, "name").text = found.labels[kind]
            edges = ElementTree.SubElement(thing, "bndbox")
            for name, value, side in zip(("xmin", "ymin", "xmax", "ymax"), box, (width, height) * 2, strict=True):
                ElementTree.SubElement(edges, name).text = f"{value * side:.1f}"
        ElementTree.indent(root)
        ElementTree.ElementTree(root).write(folder / f"{sample.picture.stem}.xml", encoding="utf-8")
