"""Writes the landmarks that the original library finds, to compare ours with.

In an environment of its own, because the library pins what footlights does not:

    python3.11 -m venv peer
    peer/bin/pip install mediapipe==0.10.21
    FOOTLIGHTS_DATA=... peer/bin/python tests/perception/golden/make_golden.py

`landmarks.npz` then holds, for every picture or clip, by `<name>/<what>`: `pose` (33, 2) or (frames, 33, 2), `hands`
(N, 21, 2) and `hand_sides` (1: right, -1: no hand), `mesh` (468, 2) of one face; all in pixels, NaN where nothing was
found.
"""

import os
from pathlib import Path

import mediapipe as mp
import numpy as np
from pictures import CLIP_STILLS, CLIPS, read_clip, read_still, still_paths

SOLUTIONS = mp.solutions
HERE = Path(__file__).parent


def points(landmarks, picture):
    """(N, 2) pixels."""
    height, width = picture.shape[:2]
    return np.array([[mark.x * width, mark.y * height] for mark in landmarks.landmark], np.float32)


def pose_points(answer, picture):
    found = answer.pose_landmarks
    return points(found, picture) if found else np.full((33, 2), np.nan, np.float32)


def hand_points(answer, picture):
    """Sides are turned round: the library takes pictures for mirrored ones."""
    hands = [points(hand, picture) for hand in answer.multi_hand_landmarks or []]
    sides = [side.classification[0].label == "Left" for side in answer.multi_handedness or []]
    return np.array(hands, np.float32).reshape(-1, 21, 2), np.array(sides, np.int8)


def still(name, picture, golden):
    """Everything about one picture, with nothing known from before."""
    with SOLUTIONS.pose.Pose(static_image_mode=True, model_complexity=1) as model:
        golden[f"{name}/pose"] = pose_points(model.process(picture), picture)
    with SOLUTIONS.hands.Hands(static_image_mode=True, max_num_hands=2) as model:
        golden[f"{name}/hands"], golden[f"{name}/hand_sides"] = hand_points(model.process(picture), picture)
    with SOLUTIONS.face_mesh.FaceMesh(static_image_mode=True) as model:
        found = model.process(picture).multi_face_landmarks
        golden[f"{name}/mesh"] = points(found[0], picture) if found else np.full((468, 2), np.nan, np.float32)


def clip(name, pictures, golden):
    """Pose and hands over a clip, followed from frame to frame."""
    poses, hands, sides = [], [], []
    with (
        SOLUTIONS.pose.Pose(model_complexity=1) as pose_model,
        SOLUTIONS.hands.Hands(max_num_hands=2) as hand_model,
    ):
        for picture in pictures:
            poses.append(pose_points(pose_model.process(picture), picture))
            found, side = hand_points(hand_model.process(picture), picture)
            hands.append(np.concatenate([found, np.full((2, 21, 2), np.nan, np.float32)])[:2])
            sides.append(np.concatenate([side, [-1, -1]])[:2])
    golden[f"{name}/pose"], golden[f"{name}/hands"] = np.array(poses), np.array(hands)
    golden[f"{name}/hand_sides"] = np.array(sides, np.int8)


def main():
    data = Path(os.environ["FOOTLIGHTS_DATA"])
    golden = {}
    for path in still_paths(data):
        still(str(path.relative_to(data)), read_still(path), golden)
    for name in CLIPS:
        pictures = list(read_clip(data / name))
        clip(name, pictures, golden)
        for index in CLIP_STILLS:
            still(f"{name}#{index}", pictures[index], golden)
    rounded = {key: value if value.dtype == np.int8 else value.round(1) for key, value in golden.items()}
    np.savez_compressed(HERE / "landmarks.npz", **rounded)
    print(f"{len(golden)} arrays, {(HERE / 'landmarks.npz').stat().st_size} bytes")


if __name__ == "__main__":
    main()
