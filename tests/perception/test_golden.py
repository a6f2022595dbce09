"""Our landmarks against those of the original library (`golden/make_golden.py`), in pixels at 640x480."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from footlights.core.scene import Scene
from footlights.perception.faces import FaceStage
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from tests.perception.conftest import follow
from tests.perception.golden.pictures import CLIP_STILLS, CLIPS, read_clip, read_still, still_paths

WITHIN = 4.0  # pixels
ALL = (
    "pose_detection",
    "pose_landmark_full",
    "palm_detection_full",
    "hand_landmark_full",
    "face_detection_short_range",
    "face_landmark",
)
Golden = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def golden() -> Golden:
    with np.load(Path(__file__).parent / "golden" / "landmarks.npz") as file:
        return {name: file[name] for name in file}


@pytest.fixture(scope="module")
def stills(models: Callable[..., None], data: Path) -> dict[str, Scene]:
    """Every still picture, each with nothing known from before."""
    models(*ALL)
    pictures = {str(path.relative_to(data)): read_still(path) for path in still_paths(data)}
    for name in CLIPS:
        frames = list(read_clip(data / name))
        pictures |= {f"{name}#{index}": frames[index] for index in CLIP_STILLS}
    detector = PeopleDetector(far=None)
    scenes = {}
    for name, picture in pictures.items():
        stages = [PoseStage(), HandStage(), FaceStage(mesh=True)]
        (scenes[name],) = follow([picture], detector, stages)
    return scenes


@pytest.fixture(scope="module")
def clips(models: Callable[..., None], data: Path) -> dict[str, list[Scene]]:
    models(*ALL)
    detector = PeopleDetector(far=None)
    return {name: follow(read_clip(data / name), detector, [PoseStage(), HandStage()]) for name in CLIPS}


def nearest(scene: Scene, what: str, truth: np.ndarray) -> np.ndarray | None:
    """Distances of the points of the one of ours that is nearest, at 640x480; None where none is near."""
    if what == "pose":
        ours = [track.pose.xy for track in scene.tracks if track.pose is not None]
    elif what == "hands":
        ours = [hand.xy for track in scene.tracks for hand in track.hands.values()]
    else:
        ours = [t.face.mesh[:, :2] for t in scene.tracks if t.face is not None and t.face.mesh is not None]
    scale = 640 / max(scene.frame.width, scene.frame.height)
    apart = [np.linalg.norm(points - truth, axis=1) * scale for points in ours]
    best = min(apart, key=np.median, default=None)
    return best if best is not None and np.median(best) < 40 else None


def compare(scenes: list[Scene], what: str, truths: list[np.ndarray]) -> tuple[float, float]:
    """Median distance, and the share of what the library found that we found too."""
    apart = [
        nearest(scene, what, truth)
        for scene, several in zip(scenes, truths, strict=True)
        for truth in np.atleast_3d(several).reshape(-1, several.shape[-2], 2)
        if not np.isnan(truth).any()
    ]
    both = [distances for distances in apart if distances is not None]
    assert both, f"none of the {what} was found"
    return float(np.median(np.concatenate(both))), len(both) / len(apart)


@pytest.mark.parametrize(("what", "share"), [("pose", 0.97), ("hands", 0.9), ("mesh", 0.9)])
def test_stills(stills: dict[str, Scene], golden: Golden, what: str, share: float) -> None:
    names = [name for name in stills if f"{name}/{what}" in golden]
    median, found = compare([stills[name] for name in names], what, [golden[f"{name}/{what}"] for name in names])
    assert median <= WITHIN
    assert found >= share


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize(("what", "share"), [("pose", 1.0), ("hands", 0.85)])
def test_clips(clips: dict[str, list[Scene]], golden: Golden, name: str, what: str, share: float) -> None:
    median, found = compare(clips[name], what, list(golden[f"{name}/{what}"]))
    assert median <= WITHIN
    assert found >= share


def test_sides_are_the_library_s(clips: dict[str, list[Scene]], golden: Golden) -> None:
    """Where ours and the library's hand lie on each other, both say left, or both say right."""
    same = []
    for name in CLIPS:
        for scene, hands, sides in zip(clips[name], golden[f"{name}/hands"], golden[f"{name}/hand_sides"], strict=True):
            for truth, side in zip(hands, sides, strict=True):
                for hand in (hand for track in scene.tracks for hand in track.hands.values()):
                    if side >= 0 and np.median(np.linalg.norm(hand.xy - truth, axis=1)) < 5:
                        same.append((hand.side == "right") == bool(side))
    assert len(same) > 200
    assert np.mean(same) > 0.95
