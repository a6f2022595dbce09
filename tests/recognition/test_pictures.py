"""Gestures on real pictures and clips, through the real models."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.images import load
from footlights.media.open import open_source
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.source import open_rehearsal
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.gestures import GestureRecogniser
from footlights.recognition.second_look import SecondLook
from tests.recognition.figures import begins, watch

MODELS = ("pose_detection", "pose_landmark_full", "pose_landmark_heavy", "yolox-nano")


@pytest.fixture(scope="module")
def detector(models: Callable[..., None]) -> PeopleDetector:
    models(*MODELS)
    return PeopleDetector()


def understood(frames: Iterator[Frame], detector: PeopleDetector, every: int) -> Iterator[Scene]:
    """Frames with people, tracks and poses; the detector runs on every n-th."""
    tracker, stages = BoxTracker(), (PoseStage(), SecondLook())
    for count, frame in enumerate(frames):
        scene = Scene(frame)
        if count % every == 0:
            detector.run([scene])
        tracker.update(scene)
        for stage in stages:
            stage.run(scene)
        yield scene


def test_x_arms_and_arms_up_on_stills(data: Path, detector: PeopleDetector) -> None:
    recogniser = GestureRecogniser(("x_arms", "arms_up"))
    found: dict[str, Counter[str]] = {"x_arms": Counter(), "arms_up": Counter()}
    shown: Counter[str] = Counter()
    for path in sorted((data / "gesture" / "emre_frames" / "body").glob("*/*.jpg")):
        frame = Frame(ArrayPicture(load(path)), 0.0, "stills", 0)
        poses = [track.pose for scene in understood(iter([frame]), detector, 1) for track in scene.tracks]
        shown[path.parent.name] += 1
        for name, counts in found.items():
            counts[path.parent.name] += any(pose and recogniser.judge(pose)[name] >= 0.5 for pose in poses)
    assert shown["follow"] == 36
    for name, shows in (("x_arms", "follow"), ("arms_up", "take_off")):
        assert found[name][shows] / shown[shows] >= 0.92, name
        others = found[name].total() - found[name][shows]
        assert others / (shown.total() - shown[shows]) <= 0.02, name


@pytest.mark.parametrize("clip", ["book", "help", "night", "hungry"])
def test_signing_is_no_x_arms(data: Path, detector: PeopleDetector, clip: str) -> None:
    frames = open_source(str(data / "gesture" / "intel_asl" / f"{clip}.mkv")).frames()
    film = list(understood(frames, detector, 15))
    assert sum(track.pose is not None for scene in film for track in scene.tracks) > 0.9 * len(film)
    assert begins(watch(film, GestureRecogniser(["x_arms", "arms_up"]))) == []


@pytest.mark.parametrize(
    "address",
    [
        "x_arms?seed=13&camera=full",
        "x_arms?seed=14&yaw=40",
        "arms_up?seed=5",
        "wave?seed=15&camera=full",
        "clap?seed=17",
        "jumping_jack?seed=6",
        "arms_crossed_low?seed=8",
        "arms_folded?seed=9",
        "squat?seed=7",
    ],
)
def test_every_scripted_gesture_of_the_rehearsal_is_found_and_none_invented(
    detector: PeopleDetector, address: str
) -> None:
    source = open_rehearsal(f"{address}&seconds=7&fps=15", "rehearsal")
    recogniser = GestureRecogniser(("x_arms", "arms_up", "wave", "clap"))
    scripted = [one.span for one in source.script if one.span.label in recogniser.definitions and one.span.end < 7.0]
    found = begins(watch(understood(source.frames(), detector, 15), recogniser))
    whole = [(name, onset) for name, onset in found if not scripted or onset <= scripted[-1].end]
    assert [name for name, _ in whole] == [span.label for span in scripted]
    for (_, onset), span in zip(whole, scripted, strict=True):
        assert onset == pytest.approx(span.begin, abs=0.3)
