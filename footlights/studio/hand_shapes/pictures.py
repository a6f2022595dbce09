"""Hands as the real hand model sees them: on drawn people, and on the pictures of `emre_frames`."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from footlights.core.frame import Frame
from footlights.core.scene import Floats, Hand, Pose, Region, Scene, Side, Track
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.cast import Performer, camera, performers, rehearsal
from footlights.media.rehearsal.posture import ARM, TRUNK, arms, posture
from footlights.media.rehearsal.room import ROOMS
from footlights.media.rehearsal.skeleton import Joints, landmarks, rotation, solve
from footlights.media.rehearsal.stage import Stage, viewed
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.hand_shapes import SHAPES, measure
from footlights.studio.hand_shapes.hands import Hands, drawn_shape

SIDES: tuple[Side, Side] = ("left", "right")
FRAMINGS = ("upper", "upper", "knees", "head")
EACH = 60  # pictures of one person in one room
OFF = 0.3  # mean error, in lengths of the palm, from which the model did not see the hand that is there
EMRE = {
    "down": "thumb", "up": "thumb", "left": "thumb", "right": "thumb", "emergency": "fist", "palm": "open_palm",
    "take_off": "point", "further": "victory", "land": "victory", "video": "none", "photo": "none",
}  # fmt: skip
# "closer" has the fingers crossed, "video_pause" four fingers, "no_class" anything: nothing to learn from


def drawn(count: int, seed: int, cache: Path) -> Hands:
    """Hands of `count` drawn people, two each, read by the hand model. Kept in `cache`, which takes half an hour."""
    if not cache.exists():
        parts = [_scene(min(EACH, count - done), seed + done) for done in range(0, count, EACH)]
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})  # type: ignore[arg-type]
    table = np.load(cache)
    return Hands(measure(table["xy"], table["z"], table["right"]), table["shape"], table["scene"] % 8 == 0)


def _scene(count: int, seed: int) -> dict[str, np.ndarray]:
    """Some pictures of one person."""
    rng = np.random.default_rng([seed, 7])
    look, yaw, framing = int(rng.integers(10)), float(rng.uniform(-45, 45)), str(rng.choice(FRAMINGS))
    settings = replace(rehearsal("idle"), seed=seed, look=look, yaw=yaw, camera=framing)
    people = performers(settings)
    view = camera(settings, people)
    room = ROOMS[str(rng.choice(list(ROOMS)))](seed)
    stage, hands = Stage(people, room, view, seed), HandStage()
    found: list[tuple[Hand, int]] = []
    for index in range(count):
        rows, shapes = _posture(rng)
        turn = rotation(np.array(yaw), np.zeros(()), np.zeros(()))
        joints = viewed(solve(rows[None], people[0].body).moved(turn, people[0].spot).at(0), view)
        picture = ArrayPicture(stage.draw(index, [joints], [rows[TRUNK["face"]]]))
        track = _track(people[0], joints, view, index)
        hands.run(Scene(Frame(picture, float(index), "drawn", index), tracks=[track]))
        for place, side in enumerate(SIDES):
            if side in track.hands and _off(track.hands[side].xy, view.project(joints.hands[place])) < OFF:
                found.append((track.hands[side], shapes[place]))
    return {
        "xy": np.stack([hand.xy for hand, _ in found]),
        "z": np.stack([hand.z for hand, _ in found]),
        "right": np.array([hand.side == "right" for hand, _ in found], np.float32),
        "shape": np.array([shape for _, shape in found]),
        "scene": np.full(len(found), seed // EACH),
    }


def _posture(rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """(SIZE,) hands held up, each in a shape of its own, looking anywhere; and which shapes."""
    table, shapes, held = {}, [], []
    for side in SIDES:
        table[f"{side}_arm"] = {
            "reach": [rng.uniform(0.05, 0.6), rng.uniform(-0.45, 0.5), rng.uniform(0.2, 0.65)],
            "elbow": [0.7, -0.7, -0.3],
            "palm": rng.normal([0, 0, 0.6 if rng.random() < 0.7 else -0.6], 0.7),
            "aim": rng.normal([0, 0.8, 0], 0.6),
        }
        hand, shape = drawn_shape(rng)
        held.append(hand)
        shapes.append(shape)
    row = posture(table)
    for arm, hand in zip(arms(row), held, strict=True):
        arm[ARM["fingers"]], arm[ARM["spread"]], arm[ARM["thumb"]] = hand.fingers, hand.spread, hand.thumb
    return row, shapes


def _track(person: Performer, joints: Joints, view: Camera, index: int) -> Track:
    """Somebody whose pose is known."""
    points = landmarks(joints, person.body)
    xy = view.project(points).astype(np.float32)
    inside = np.asarray(((xy >= 0) & (xy < [view.width, view.height])).all(1), np.float32)
    pose = Pose(xy, np.zeros(33, np.float32), inside, np.zeros((33, 3), np.float32), 1.0, Region(0.0, 0.0, 1.0, 0.0))
    return Track(index + 1, "person", np.concatenate([xy.min(0), xy.max(0)]), 1.0, 0.0, 0.0, pose=pose)


def _off(found: Floats, true: np.ndarray) -> float:
    """Mean distance of the landmarks, in lengths of the palm."""
    palm = max(float(np.linalg.norm(true[9] - true[0])), float(np.linalg.norm(true[17] - true[5])), 1.0)
    return float(np.linalg.norm(found - true, axis=1).mean()) / palm


def emre(folder: Path) -> Hands:
    """Real hands: the one that is held higher on each picture. Of every class the odd pictures are for testing."""
    found: list[Hand] = []
    shapes, test = [], []
    for kind, shape in EMRE.items():
        for place, path in enumerate(sorted((folder / "gesture" / "emre_frames" / "hand" / kind).glob("*.jpg"))):
            hand = raised_hand(path)
            if hand is not None:
                found.append(hand)
                shapes.append(SHAPES.index(shape))
                test.append(place % 2 == 1)
    right = np.array([hand.side == "right" for hand in found], np.float32)
    seen = measure(np.stack([hand.xy for hand in found]), np.stack([hand.z for hand in found]), right)
    return Hands(seen, np.array(shapes), np.array(test))


def raised_hand(path: Path) -> Hand | None:
    """The hand that is held highest on a picture, of the first person found; None where there is none."""
    scene = Scene(Frame(ArrayPicture(load(path)), 0.0, "stills", 0))
    PeopleDetector().run([scene])
    BoxTracker().update(scene)
    PoseStage().run(scene)
    HandStage().run(scene)
    hands = [hand for track in scene.tracks for hand in track.hands.values()]
    return min(hands, key=lambda hand: float(hand.xy[0, 1]), default=None)
