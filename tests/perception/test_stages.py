"""The stages on real pictures: what they find, keep, lose and refuse."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.skeleton import BODY_INDEX
from footlights.perception.face_detectors import FaceDetectors
from footlights.perception.faces import FaceStage
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from tests.perception.conftest import follow
from tests.perception.golden.pictures import read_clip, read_still

POSE = ("pose_detection", "pose_landmark_full")
HANDS = (*POSE, "palm_detection_full", "hand_landmark_full")
FACES = (*POSE, "face_detection_short_range", "face_landmark")
CLIP = "gesture/intel_asl/bird.mkv"


def test_a_pose_stands_in_its_box(models: Callable[..., None], data: Path) -> None:
    models(*POSE)
    (scene,) = follow([read_still(data / "photos" / "squat.bmp")], PeopleDetector(), [PoseStage()])
    (track,) = scene.tracks
    pose = track.pose
    assert pose is not None
    assert pose.score > 0.9
    assert track.seen == scene.frame.time
    inside = (pose.xy >= track.box[:2] - 1) & (pose.xy <= track.box[2:] + 1)
    assert inside.all()
    assert np.linalg.norm(pose.world[23:25].mean(axis=0)) < 0.05  # metres: the hip centre is the origin
    assert 0.5 < np.ptp(pose.world[:, 1]) < 1.8


def test_what_lies_outside_of_the_picture_is_not_visible(models: Callable[..., None], data: Path) -> None:
    models(*POSE)
    (scene,) = follow([read_still(data / "photos" / "grace_hopper.bmp")], PeopleDetector(), [PoseStage()])
    (track,) = scene.tracks
    assert track.pose is not None
    outside = (track.pose.xy < 0).any(axis=1) | (track.pose.xy >= [512, 600]).any(axis=1)
    assert outside[BODY_INDEX["left_hip"]]
    assert (track.pose.visibility[outside] == 0).all()
    assert track.pose.visibility[BODY_INDEX["nose"]] > 0.9
    assert (track.box <= [512, 600, 512, 600]).all()


def test_one_detection_lasts_for_a_clip(models: Callable[..., None], data: Path) -> None:
    models(*POSE)
    scenes = follow(read_clip(data / CLIP), PeopleDetector(), [PoseStage()], every=1e9)
    names = [{track.id for track in scene.tracks if track.pose is not None} for scene in scenes]
    assert all(name == names[0] for name in names)
    assert len(names[0]) == 1


def test_who_has_left_is_forgotten(models: Callable[..., None], data: Path) -> None:
    models(*POSE)
    person = read_still(data / "photos" / "squat.bmp")
    pictures = [person] * 5 + [np.full_like(person, 90)] * 75
    scenes = follow(pictures, PeopleDetector(), [PoseStage()])
    assert all(track.pose is None for scene in scenes[5:] for track in scene.tracks)
    assert scenes[20].tracks  # out of sight, and known still
    assert not scenes[-1].tracks


def test_two_people_of_one_picture_are_two(models: Callable[..., None], data: Path) -> None:
    models(*POSE)
    person = read_still(data / "photos" / "squat.bmp")
    pair = np.concatenate([person, person[:, ::-1]], axis=1)
    scenes = follow([pair] * 40, PeopleDetector(), [PoseStage()])
    for scene in (scenes[0], scenes[-1]):
        poses = [track.pose for track in scene.tracks if track.pose is not None]
        assert len(poses) == 2
        nose = sorted(float(pose.xy[0, 0]) for pose in poses)
        assert nose[0] + nose[1] == pytest.approx(1000, abs=12)
    assert {track.id for track in scenes[0].tracks} == {track.id for track in scenes[-1].tracks}


@pytest.mark.parametrize("threads", [1, 2])
def test_every_landmark_is_the_same_on_every_run(models: Callable[..., None], data: Path, threads: int) -> None:
    models(*HANDS)
    pictures = list(read_clip(data / CLIP))[:12]
    stages = [[PoseStage(threads=count), HandStage(threads=count)] for count in (1, threads)]
    runs = [follow(pictures, PeopleDetector(), pair) for pair in stages]
    for one, other in zip(*runs, strict=True):
        for mine, yours in zip(one.tracks, other.tracks, strict=True):
            assert (mine.pose is None) == (yours.pose is None)
            if mine.pose is not None and yours.pose is not None:
                np.testing.assert_array_equal(mine.pose.xy, yours.pose.xy)
            assert mine.hands.keys() == yours.hands.keys()
            for side, hand in mine.hands.items():
                np.testing.assert_array_equal(hand.xy, yours.hands[side].xy)


def test_hands_hang_on_their_own_arms(models: Callable[..., None], data: Path) -> None:
    models(*HANDS)
    scenes = follow(read_clip(data / CLIP), PeopleDetector(), [PoseStage(), HandStage()])
    found = [(track.pose, hand) for scene in scenes for track in scene.tracks for hand in track.hands.values()]
    assert len(found) > len(scenes)
    for pose, hand in found:
        assert pose is not None
        wrist = pose.xy[BODY_INDEX[f"{hand.side}_wrist"]]
        assert np.linalg.norm(hand.xy[0] - wrist) < hand.region.size
        assert 0.05 < np.linalg.norm(hand.world[12] - hand.world[0]) < 0.25  # metres, wrist to middle finger's tip


def test_faces_and_their_meshes(models: Callable[..., None], data: Path) -> None:
    models(*FACES)
    picture = read_still(data / "photos" / "grace_hopper.bmp")
    (scene,) = follow([picture], PeopleDetector(), [PoseStage(), FaceStage(mesh=True)])
    face = scene.tracks[0].face
    assert face is not None
    assert face.mesh is not None
    right_eye, left_eye, nose, mouth, right_ear, left_ear = face.points
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]
    assert abs(face.roll) < 0.15
    assert (face.mesh[:, :2].mean(axis=0) > face.box[:2]).all()


def test_a_turned_face_is_told_by_its_roll(models: Callable[..., None], data: Path) -> None:
    models(*FACES)
    picture = read_still(data / "photos" / "grace_hopper.bmp")
    turn = cv2.getRotationMatrix2D((256, 300), -20, 1)  # clockwise
    turned = cv2.warpAffine(picture, turn, (512, 600), borderMode=cv2.BORDER_REPLICATE)
    rolls = []
    for one in (picture, turned):
        (scene,) = follow([one], PeopleDetector(), [PoseStage(), FaceStage()])
        face = scene.tracks[0].face
        assert face is not None
        rolls.append(face.roll)
    assert np.degrees(rolls[1] - rolls[0]) == pytest.approx(20, abs=4)


def test_the_back_of_a_head_is_no_face(models: Callable[..., None], data: Path) -> None:
    models(*FACES)
    picture = read_still(data / "photos" / "grace_hopper.bmp")
    blank = picture.copy()
    cv2.circle(blank, (256, 240), 110, (60, 40, 30), -1)
    (scene,) = follow([blank], PeopleDetector(), [PoseStage(), FaceStage()])
    assert all(track.face is None for track in scene.tracks)


def test_faces_alone(models: Callable[..., None], data: Path) -> None:
    models("face_detection_full_range_sparse", "face_detection_short_range", "face_landmark")
    picture = read_still(data / "photos" / "face.jpg")
    scenes = follow([picture] * 3, FaceDetectors(), [FaceStage(mesh=True)], every=1e9)
    for scene in scenes:
        assert {track.label for track in scene.tracks} == {"face"}
        assert len([track for track in scene.tracks if track.face is not None]) >= 2
        assert all(track.seen == scene.frame.time for track in scene.tracks if track.face is not None)
