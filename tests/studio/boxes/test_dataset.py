"""The formats that label tools write."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.studio.boxes.dataset import read_boxes


def picture(path: Path, width: int = 40, height: int = 20) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((height, width, 3), np.uint8))
    return path


def test_yolo_with_names_polygons_and_a_wrong_line(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png")
    picture(tmp_path / "images" / "b.png")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.4\n0 0.1 0.1 0.3 0.1 0.3 0.5\nnonsense\n")
    (tmp_path / "data.yaml").write_text("names: [up, down]\n")
    found = read_boxes(tmp_path)
    (sample,) = found.samples
    assert found.labels == ("up", "down")
    assert sample.kinds.tolist() == [1, 0]
    assert sample.boxes == pytest.approx(np.array([[0.4, 0.3, 0.6, 0.7], [0.1, 0.1, 0.3, 0.5]]))
    assert [line.split(":")[0] for line in found.skipped] == ["a.txt", "b.png"]


def test_yolo_beside_the_pictures_without_names(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "a.txt").write_text("2 0.5 0.5 1 1\n")
    assert read_boxes(tmp_path).labels == ("class 0", "class 1", "class 2")


def test_coco(tmp_path: Path) -> None:
    picture(tmp_path / "pictures" / "a.png")
    table = {
        "categories": [{"id": 7, "name": "down"}, {"id": 3, "name": "up"}],
        "images": [
            {"id": 1, "file_name": "pictures/a.png", "width": 40, "height": 20},
            {"id": 2, "file_name": "gone.png", "width": 4, "height": 4},
        ],
        "annotations": [
            {"image_id": 1, "category_id": 7, "bbox": [10, 5, 20, 10]},
            {"image_id": 1, "category_id": 3, "bbox": [1, 1, 0, 4]},
        ],
    }
    (tmp_path / "labels.json").write_text(json.dumps(table))
    found = read_boxes(tmp_path)
    assert found.labels == ("up", "down")
    assert found.samples[0].boxes == pytest.approx(np.array([[0.25, 0.25, 0.75, 0.75]]))
    assert found.samples[0].kinds.tolist() == [1]
    assert "gone.png" in found.skipped[0]


VOC = """<annotation><size><width>40</width><height>20</height></size>
<object><name>down</name><bndbox><xmin>10</xmin><ymin>5</ymin><xmax>30</xmax><ymax>15</ymax></bndbox></object>
</annotation>"""
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa">]><annotation>&a;</annotation>'


def test_voc_and_what_it_refuses(tmp_path: Path) -> None:
    picture(tmp_path / "JPEGImages" / "a.png")
    (tmp_path / "Annotations").mkdir()
    for name, text in (("a", VOC), ("b", VOC), ("bomb", BOMB), ("torn", VOC[:40])):
        (tmp_path / "Annotations" / f"{name}.xml").write_text(text)
    found = read_boxes(tmp_path)
    assert found.labels == ("down",)
    assert found.samples[0].boxes == pytest.approx(np.array([[0.25, 0.25, 0.75, 0.75]]))
    assert sorted(line.split(":")[0] for line in found.skipped) == ["b.xml", "bomb.xml", "torn.xml"]


def test_a_folder_without_anything_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        read_boxes(tmp_path / "gone")
    with pytest.raises(SourceError, match="nothing to train with"):
        read_boxes(tmp_path)
