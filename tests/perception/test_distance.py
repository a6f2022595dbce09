"""People up to eight metres away, in dark clothes: how many of them are found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from footlights.core.geometry import box_iou
from footlights.perception.detect import BoxModel
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from tests.perception.conftest import follow
from tests.perception.golden.pictures import read_still

PERSON = 0  # COCO
FOLDERS = ("follow", "further", "video_pause")


@pytest.mark.parametrize(("far", "share"), [("yolox-nano", 0.98), (None, 0.96)])
def test_distant_people(models: Callable[..., None], data: Path, far: str | None, share: float) -> None:
    models("pose_detection", "pose_landmark_full", "yolox-nano")
    detector, truth = PeopleDetector(far=far), BoxModel("yolox-nano", 0.5)
    right, wrong, count = 0, 0, 0
    for folder in FOLDERS:
        for path in sorted((data / "gesture/emre_frames/body" / folder).iterdir()):
            (scene,) = follow([read_still(path)], detector, [PoseStage()])
            things = truth.find(scene.frame)
            person = things.boxes[things.kinds == PERSON][:1]
            boxes = np.array([track.box for track in scene.tracks if track.pose is not None], np.float32).reshape(-1, 4)
            there = box_iou(boxes, person)[:, 0] > 0.5
            right, wrong, count = right + bool(there.any()), wrong + int((~there).sum()), count + 1
    assert right >= share * count
    assert wrong <= 0.03 * count
