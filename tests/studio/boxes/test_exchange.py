"""Boxes of a project in the forms of label tools, there and back."""

from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.studio.boxes.dataset import of_items
from footlights.studio.boxes.exchange import Form, export_boxes, import_boxes, write_boxes
from footlights.studio.project import Project
from tests.studio.test_project import picture

BOXES = np.array([[0.1, 0.2, 0.5, 0.6], [0.4, 0.4, 0.9, 1.0]], np.float32)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "project", "boxes", "Cans", ("up", "down"))
    for seed in range(6):
        item = made.add(
            picture(seed), name=f"{'abc'[seed % 3]}-{seed}.jpg", split="valid" if seed % 3 == 2 else "train"
        )
        if seed < 5:
            write_boxes(made, item, BOXES[: seed % 3], [1, 0][: seed % 3])
    return made


@pytest.mark.parametrize("form", ["yolo", "coco", "voc"])
def test_what_is_given_out_comes_back(project: Project, tmp_path: Path, form: Form) -> None:
    assert export_boxes(project, tmp_path / "out", form) == 5, "nobody has looked at the sixth"
    with pytest.raises(SettingsError, match="not empty"):
        export_boxes(project, tmp_path / "out", form)
    back = Project.create(tmp_path / "back", "boxes", labels=("up", "down"))
    added, lines = import_boxes(back, tmp_path / "out")
    assert len(added) == 5 and not lines and back.labels == ("up", "down")
    assert {(item.sha256, item.split) for item in back.items()} < {(i.sha256, i.split) for i in project.items()}
    for side in ("train", "valid"):
        mine, other = ({s.picture.stem: s for s in of_items(one, side).samples} for one in (project, back))  # type: ignore[arg-type]
        assert mine.keys() == other.keys()
        for name, sample in mine.items():
            assert other[name].boxes == pytest.approx(sample.boxes, abs=0.02)
            assert other[name].kinds.tolist() == sample.kinds.tolist()


def test_lines_that_name_no_class_are_left_out_and_told(project: Project) -> None:
    item = project.items()[4]
    project.boxes_file(item).write_text("0 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.1 0.1\nrubbish\n")
    found = of_items(project, item.split)
    assert len(found.skipped) == 2 and sum(len(sample.kinds) for sample in found.samples) >= 1
    with pytest.raises(SettingsError, match="a class that the project has not"):
        write_boxes(project, item, BOXES, [0, 2])
