"""The steps of a project as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command import footlights
from tests.cli.test_photos import squares
from tests.studio.test_project import clip, picture


def test_from_photos_to_a_report(models: Callable[..., None], tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    models("image-features")
    squares(tmp_path / "data")
    project = tmp_path / "project"
    assert footlights("studio", "new", project, "--kind", "photos", "--label", "bright").code == 0
    done = footlights("studio", "train", project)
    assert "holds no photos yet" in done.complaint and done.code == 2
    assert "20 added" in footlights("studio", "add", project, tmp_path / "data").out
    settings = ("--epochs", "3", "--set", "variants=0", "--set", "batch=4")
    done = footlights("studio", "train", project, *settings, "--json")
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    assert [line["epoch"] for line in lines if "epoch" in line] == [1, 2, 3]
    assert {"epochs", "left", "loss", "valid_accuracy"} <= next(line for line in lines if "epoch" in line).keys()
    assert [line["look"] for line in lines if "look" in line][-1][0] > 0
    done = footlights("evaluate", "project", project)
    assert "models/001" in done.out and "accuracy" in done.out and "differs from the net" in done.out


def test_boxes_come_in_and_go_out(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / "set" / "images" / f"day{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
        notes = tmp_path / "set" / "labels" / f"day{number}.txt"
        notes.parent.mkdir(exist_ok=True)
        notes.write_text("0 0.5 0.5 0.25 0.25\n")
    (tmp_path / "set" / "classes.txt").write_text("can\n")
    project = tmp_path / "project"
    footlights("studio", "new", project, "--kind", "boxes")
    assert "3 pictures with boxes added" in footlights("studio", "boxes", project, "--import", tmp_path / "set").out
    done = footlights("studio", "boxes", project, "--export", tmp_path / "coco", "--form", "coco")
    assert done.code == 0, done.err
    told = json.loads((tmp_path / "coco" / "train" / "annotations.json").read_text())
    assert len(told["annotations"]) == 3 and told["categories"] == [{"id": 1, "name": "can"}]
    done = footlights("studio", "grab", project, "rehearsal:line?fps=5&seconds=4", "--every", "1", "--count", "3")
    assert "3 frames taken" in done.out, done.err
    (project / "unsure").mkdir()
    (project / "unsure" / "line_000001000.jpg").write_bytes(picture(9))
    assert "1 added" in footlights("studio", "add", project).out
    assert not list((project / "unsure").iterdir())


def test_a_recording_is_tagged_and_cut(tmp_path: Path) -> None:
    project = tmp_path / "project"
    footlights("studio", "new", project, "--kind", "clips", "--label", "up_left")
    footlights("studio", "add", project, clip(tmp_path / "long.mp4", 2, frames=40))
    (tmp_path / "tags.csv").write_text("begin,end,label\n0,0.5,background\n0.5,1.5,up_left\n")
    assert footlights("studio", "tags", project, "long.mp4", "--import", tmp_path / "tags.csv").code == 0
    done = footlights("studio", "tags", project, "long.mp4", "--export", tmp_path / "out.json", "--form", "cvat")
    assert done.code == 0 and len(json.loads((tmp_path / "out.json").read_text())[0]["tags"]) == 30
    assert "4 clips made" in footlights("studio", "tags", project, "long.mp4", "--cut", "--mirror").out
    assert sorted(path.name for path in (project / "videos_train").iterdir()) == ["background", "up_left", "up_right"]
