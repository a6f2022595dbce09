"""The peer's side of `pose_vs_mediapipe.py`: the usual loop over one file. Needs mediapipe 0.10.21, not footlights."""

import sys
import time

import cv2
import mediapipe as mp
import numpy as np

SOLUTIONS = mp.solutions


def points(landmarks, width, height, count):
    if landmarks is None:
        return np.full((count, 2), np.nan)
    return np.array([[mark.x * width, mark.y * height] for mark in landmarks.landmark])


def models(job, holistic):
    """One function for each model: from a picture to lists of pose and of hand landmarks."""
    if holistic and "hands" in job:
        model = SOLUTIONS.holistic.Holistic(model_complexity=1)

        def everything(picture):
            found = model.process(picture)
            return [found.pose_landmarks], [found.left_hand_landmarks, found.right_hand_landmarks]

        return [everything]
    pose = SOLUTIONS.pose.Pose(model_complexity=1)
    if "hands" not in job:
        return [lambda picture: ([pose.process(picture).pose_landmarks], [])]
    hands = SOLUTIONS.hands.Hands(model_complexity=1, max_num_hands=2)
    return [
        lambda picture: ([pose.process(picture).pose_landmarks], []),
        lambda picture: ([], hands.process(picture).multi_hand_landmarks or []),
    ]


def main():
    *options, job, clip, out = sys.argv[1:]
    running = models(job, "--holistic" in options)
    times, cpu, poses, hands = [], [], [], []
    video = cv2.VideoCapture(clip)
    while True:
        good, picture = video.read()
        if not good:
            break
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        height, width = picture.shape[:2]
        answers = [model(picture) for model in running]
        body = [points(found, width, height, 33) for answer in answers for found in answer[0]]
        palms = [points(found, width, height, 21) for answer in answers for found in answer[1]]
        poses.append(np.array(body))
        hands.append(np.array([*palms, *[np.full((21, 2), np.nan)] * 2][:2]))
        times.append(time.monotonic())
        cpu.append(time.process_time())
    found = {"pose": poses, **({"hands": hands} if "hands" in job else {})}
    np.savez(out, times=times, cpu=cpu[-1] - cpu[0], **found)


if __name__ == "__main__":
    main()
