"""The real models see the puppets as people: bodies, hands and faces, on every look, from every side a show needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, product

import numpy as np
import pytest

from footlights.core.app import Stage
from footlights.core.frame import Frame
from footlights.core.scene import Pose, Scene
from footlights.core.skeleton import BODY_INDEX
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.motion import motion, names
from footlights.media.rehearsal.truth import PersonTruth
from footlights.perception.faces import FaceStage
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from tests.media.rehearsal.pictures import Still, every

NEEDED = (
    "pose_detection", "pose_landmark_full", "hand_landmark_full", "palm_detection_full", "face_detection_short_range",
    "face_landmark",
)  # fmt: skip
JOINTS = [0] + [
    BODY_INDEX[f"{side}_{joint}"]
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
]  # fmt: skip


class Eyes:
    """The path of a frame through the real models."""

    def __init__(self, *parts: Stage) -> None:
        self._detector, self._pose, self._parts = PeopleDetector(far=None), PoseStage(smooth=False), parts
        self._tracker = BoxTracker()

    def see(self, frame: Frame) -> Scene:
        """Everything that is found."""
        scene = Scene(frame)
        self._detector.run([scene])
        self._tracker.update(scene)
        for stage in (self._pose, *self._parts):
            stage.run(scene)
        return scene


@pytest.fixture
def eyes(models: Callable[..., None]) -> Eyes:
    models(*NEEDED)
    return Eyes()


@dataclass
class Score:
    """How well poses agree with the truth, in lengths of the torso."""

    frames: int = 0
    found: int = 0
    errors: list[np.ndarray] = field(default_factory=list)

    def add(self, scene: Scene, truth: PersonTruth) -> None:
        self.frames += 1
        pose = nearest(scene, truth)
        wanted = [joint for joint in JOINTS if truth.visible[joint]]
        if pose is None:
            self.errors.append(np.full(len(wanted), np.inf))
            return
        self.found += 1
        self.errors.append(np.linalg.norm(pose.xy[wanted] - truth.xy[wanted], axis=1) / torso(truth))

    @property
    def pck(self) -> float:
        """The share of visible joints that lie within 0.2 torsos of the truth (PCK@0.2)."""
        return float((np.concatenate(self.errors) < 0.2).mean())


def torso(truth: PersonTruth) -> float:
    """Pixels: from the middle of the shoulders to that of the hips, or 1.1 shoulders where that is foreshortened."""
    down = np.linalg.norm(truth.xy[[11, 12]].mean(axis=0) - truth.xy[[23, 24]].mean(axis=0))
    return float(max(down, 1.1 * np.linalg.norm(truth.xy[11] - truth.xy[12])))


def nearest(scene: Scene, truth: PersonTruth) -> Pose | None:
    poses = [track.pose for track in scene.tracks if track.pose is not None]
    return min(poses, key=lambda pose: np.abs(pose.xy - truth.xy).mean(), default=None)


def scored(eyes: Eyes, address: str) -> Score:
    score = Score()
    for frame, truth in every(address):
        score.add(eyes.see(frame), truth.people[0])
    return score


def stills(*wanted: tuple[str, dict[str, object]]) -> Iterator[tuple[Frame, PersonTruth]]:
    """Pictures of postures, so long after one another that nobody is taken for the one before."""
    for index, (address, table) in enumerate(wanted):
        picture, truth = Still(address, **table).draw()
        yield Frame(ArrayPicture(picture), 10.0 * index, "test", index), truth


SHOWN = [*[name for name in names() if motion(name).kind == "gestures"][::16], "idle", "jumping_jack", "squat"]


@pytest.mark.parametrize("name", SHOWN)
def test_motions_are_seen(eyes: Eyes, name: str) -> None:
    score = scored(eyes, f"{name}?seed=3&camera=full&fps=3&seconds=4")
    assert score.found == score.frames
    assert score.pck >= 0.95


@pytest.mark.parametrize("look", range(len(looks())))
def test_every_look_is_seen(eyes: Eyes, look: int) -> None:
    score = scored(eyes, f"x_arms+squat?look={look}&seed={look}&camera=full&fps=3&seconds=4")
    assert score.found == score.frames
    assert score.pck >= 0.95


@pytest.mark.parametrize("yaw", [-60, -30, 30, 60])
def test_people_are_seen_when_they_are_turned(eyes: Eyes, yaw: int) -> None:
    score = scored(eyes, f"arms_up+x_arms?seed=4&camera=full&yaw={yaw}&fps=3&seconds=4")
    assert score.found == score.frames
    assert score.pck >= 0.95


@pytest.mark.parametrize("camera", ["full", "knees", "upper", "head"])
def test_every_framing_is_seen(eyes: Eyes, camera: str) -> None:
    score = scored(eyes, f"wave+arms_folded?look=4&camera={camera}&fps=3&seconds=4")
    assert score.found >= 0.95 * score.frames
    assert score.pck >= 0.95


@pytest.mark.parametrize("distance", [1.6, 3.0, 4.5])
def test_people_are_seen_near_and_far(eyes: Eyes, distance: float) -> None:
    score = scored(eyes, f"wave?seed=6&camera=upper&distance={distance}&fps=3&seconds=4")
    assert score.found >= 0.95 * score.frames
    assert score.pck >= 0.95


def test_the_faces_of_all_looks_are_seen(models: Callable[..., None]) -> None:
    models(*NEEDED)
    eyes, seen = Eyes(FaceStage()), []
    turned = zip(range(len(looks())), cycle((-25, 0, 15)), strict=False)
    for frame, truth in stills(*((f"idle?camera=upper&look={look}&yaw={yaw}", {}) for look, yaw in turned)):
        assert truth.face_visible
        faces = [track.face for track in eyes.see(frame).tracks if track.face is not None]
        seen.append(
            any(
                np.abs(face.points[:3] - truth.face_points[:3]).max() < 0.35 * np.ptp(truth.face_box[::2])
                for face in faces
            )
        )
    assert np.mean(seen) >= 0.95


@pytest.mark.parametrize(
    ("shape", "least"), [("open", 1.0), ("fist", 0.9), ("victory", 0.9), ("point", 0.9), ("ok", 0.9)]
)
def test_hands_are_seen(models: Callable[..., None], shape: str, least: float) -> None:
    models(*NEEDED)
    eyes, good = Eyes(HandStage()), []
    arm = {"reach": [0.25, 0.1, 0.45], "elbow": [0.5, -1, -0.2], "palm": [0, 0, 1], "aim": [0.1, 1, 0.1], "hand": shape}
    cases = list(product(("left", "right"), (0, 1, 4, 6, 7)))
    shown = stills(*((f"idle?camera=upper&look={look}", {f"{side}_arm": arm}) for side, look in cases))
    for (side, _), (frame, truth) in zip(cases, shown, strict=True):
        wanted = truth.hands[side].xy
        hands = [track.hands[side] for track in eyes.see(frame).tracks if side in track.hands]
        size = np.linalg.norm(wanted[9] - wanted[0])
        good.append(any(np.linalg.norm(hand.xy - wanted, axis=1).mean() < 0.25 * size for hand in hands))
    assert np.mean(good) >= least


def test_everybody_of_the_demo_is_seen(eyes: Eyes) -> None:
    found, there = 0, 0
    for frame, truth in every("show?fps=2&seconds=6"):
        scene = eyes.see(frame)
        for person in truth.people:
            pose = nearest(scene, person)
            there += 1
            found += pose is not None and float(np.median(np.linalg.norm(pose.xy - person.xy, axis=1))) < 0.2 * torso(
                person
            )
    assert found >= 0.9 * there
