"""Frames that a detector was unsure of."""

from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Detections, Scene
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.media.unsure import UnsureFrames


def scene(time: float, *scores: float) -> Scene:
    frame = Frame(ArrayPicture(np.full((48, 64, 3), 99, np.uint8)), time, "line/1: a", int(10 * time))
    boxes = np.tile(np.array([1, 1, 9, 9], np.float32), (len(scores), 1))
    return Scene(frame, Detections(boxes, np.array(scores, np.float32), ("can",) * len(scores)))


def test_only_doubtful_frames_are_kept_and_not_too_many(tmp_path: Path) -> None:
    sink = UnsureFrames(tmp_path / "new", apart=5.0, most=3)
    sink.write(Scene(scene(0).frame))  # the detector did not look
    for time, scores in enumerate([(), (0.9,), (0.05,), (0.9, 0.4), (0.4,), (0.4,)]):
        sink.write(scene(float(time), *scores))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["line-1-a_000003000.jpg"]
    for time in range(10, 60, 2):
        sink.write(scene(float(time), 0.3))
    assert sink.kept == len(list((tmp_path / "new").iterdir())) == 3
    assert load(tmp_path / "new" / "line-1-a_000003000.jpg").shape == (48, 64, 3)
    (tmp_path / "new" / "line-1-a_000003000.jpg").unlink()
    sink.write(scene(70.0, 0.3))
    assert sink.kept == 4, "there is room again"


def test_in_a_project_they_wait_in_a_folder_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_text('kind = "boxes"\n')
    UnsureFrames(tmp_path).write(scene(1.0, 0.5))
    assert [path.name for path in (tmp_path / "unsure").iterdir()] == ["line-1-a_000001000.jpg"]


def test_a_place_that_is_no_folder_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be kept"):
        UnsureFrames(tmp_path / "file" / "inner")
