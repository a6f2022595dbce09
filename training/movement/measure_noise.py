"""How the landmark models err on rendered puppets, whose truth is known: writes footlights/studio/movement/noise.json.

    python training/movement/measure_noise.py [--clips 60] [--out noise.json]

Each clip is a motion of the library, seen from somewhere. The real pose and hand models look at every frame. What they
say is compared with the truth: lengths in trunks of the body in the picture, depths in metres, hands in palms.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from footlights.core.frame import Frame
from footlights.core.scene import Scene, Track
from footlights.core.skeleton import BODY, BODY_INDEX
from footlights.media.rehearsal.motion import CAMERAS, motion, names
from footlights.media.rehearsal.source import RehearsalSource, open_rehearsal
from footlights.media.rehearsal.truth import PersonTruth
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.movement.features import hand_frame
from footlights.recognition.movement.sight import SEEN, SIDES
from footlights.studio.movement import noise

FPS, SECONDS = 15, 5
SLOW = 6  # frames over which an error counts as slow
KINDS = ("in sight", "hidden", "out of the picture")
PALMS = noise.PALMS
MIDDLE = [BODY_INDEX[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")]


@dataclass(frozen=True, eq=False)
class Clip:
    """T frames on which a pose was found."""

    wrong: np.ndarray  # (T, 33, 2) trunks
    moved: np.ndarray  # (T, 33, 2) trunks a frame, how fast the truth moves
    depths: np.ndarray  # (T, 33) metres, as the model says
    true_depths: np.ndarray  # (T, 33) metres
    seen: np.ndarray  # (T, 33)
    kind: np.ndarray  # (T, 33) of KINDS
    palms: np.ndarray  # (T, 2) pixels; NaN where most of the hand is out of the picture
    faces: np.ndarray  # (T, 2) palm or back looks at the camera, against: the hand is seen from its edge
    shapes: np.ndarray  # (T, 2, 21, 3) metres, as the model says; NaN where no hand is found
    true_shapes: np.ndarray  # (T, 2, 21, 3) metres


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(noise.__file__).with_name("noise.json"))
    options = parser.parse_args()
    clips = []
    for number, address in enumerate(addresses(options.clips, options.seed), start=1):
        clips.append(watched(open_rehearsal(address, "noise")))
        print(f"{number} of {options.clips}: {address}, {len(clips[-1].seen)} poses", flush=True)
    table = {"joints": joints(clips), "hands": hands(clips)}
    options.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"see {options.out}; poses lag by {lag(clips):.3f} s, depths are {depth_gain(clips):.2f} of the truth")


def addresses(count: int, seed: int) -> Iterator[str]:
    """Motions, views and people, drawn."""
    rng = np.random.default_rng(seed)
    shown = [motion(name) for name in names()]
    for number in range(count):
        item = shown[rng.integers(len(shown))]
        camera = CAMERAS[rng.integers(CAMERAS.index(item.camera) + 1)]
        yaw, pitch = rng.uniform(item.yaw[0], item.yaw[1]), max(0.0, rng.uniform(-15, 20))
        yield f"{item.name}?seed={number}&camera={camera}&yaw={yaw:.0f}&pitch={pitch:.0f}&fps={FPS}&seconds={SECONDS}"


def watched(source: RehearsalSource) -> Clip:
    """What the models say of every frame, and how far it is from the truth."""
    detector, tracker, stages = PeopleDetector(), BoxTracker(), [PoseStage(), HandStage()]
    rows: dict[str, list[np.ndarray]] = defaultdict(list)
    lost, before = True, None
    for frame in source.frames():
        scene = Scene(frame)
        if lost or frame.index % FPS == 0:
            detector.run([scene])
        tracker.update(scene)
        for stage in stages:
            stage.run(scene)
        track = next((track for track in scene.tracks if track.pose is not None), None)
        lost = track is None
        truth = source.truth(frame.index).people[0]
        if track is not None:
            for name, value in _compared(track, truth, frame, before).items():
                rows[name].append(value)
        before = truth
    empty = {
        "wrong": (33, 2),
        "moved": (33, 2),
        "palms": (2,),
        "faces": (2,),
        "shapes": (2, 21, 3),
        "true_shapes": (2, 21, 3),
    }
    names_ = ("wrong", "moved", "depths", "true_depths", "seen", "kind", "palms", "faces", "shapes", "true_shapes")
    return Clip(*(np.array(rows[name]) if rows[name] else np.zeros((0, *empty.get(name, (33,)))) for name in names_))


def _compared(track: Track, truth: PersonTruth, frame: Frame, before: PersonTruth | None) -> dict[str, np.ndarray]:
    pose = track.pose
    assert pose is not None
    flat = truth.world[MIDDLE]
    scale = np.linalg.norm(truth.xy[MIDDLE] - truth.xy[MIDDLE].mean(0)) / np.linalg.norm(
        flat[:, :2] - flat[:, :2].mean(0)
    )
    trunk = scale * np.linalg.norm(flat[:2].mean(0) - flat[2:].mean(0))
    inside = ((truth.xy >= 0) & (truth.xy < [frame.width, frame.height])).all(1)
    palms, faces, shapes = np.full(2, np.nan), np.zeros(2, np.bool_), np.full((2, 21, 3), np.nan)
    for index, side in enumerate(SIDES):
        real = truth.hands[side]
        palm = float(np.linalg.norm(real.world[9] - real.world[0]))
        if ((real.xy >= 0) & (real.xy < [frame.width, frame.height])).all(1).mean() > noise.MOST:
            palms[index] = palm * scale
        faces[index] = noise.faces_camera(real.world)
        if side in track.hands:
            shapes[index] = track.hands[side].world
    return {
        "wrong": (pose.xy - truth.xy) / trunk,
        "moved": np.zeros((33, 2)) if before is None else (truth.xy - before.xy) / trunk,
        "depths": pose.world[:, 2],
        "true_depths": truth.world[:, 2],
        "seen": pose.visibility >= SEEN,
        "kind": np.where(truth.visible, 0, np.where(inside, 1, 2)),
        "palms": palms,
        "faces": faces,
        "shapes": shapes,
        "true_shapes": np.stack([truth.hands[side].world for side in SIDES]),
    }


def joints(clips: list[Clip]) -> dict[str, dict[str, object]]:
    """The sizes of the errors of each landmark; left and right are one."""
    table: dict[str, dict[str, object]] = {}
    for name in BODY:
        both = [BODY_INDEX[other] for other in {name, *_mirrored(name)}]
        plain, hidden = split(clips, both, 0), split(clips, both, 1)
        depth = split([_depths(clip, depth_gain(clips)) for clip in clips], both, None)
        unseen = []
        for kind in range(3):
            seen = np.concatenate([clip.seen[:, both][clip.kind[:, both] == kind] for clip in clips])
            unseen.append(round(float(1 - seen.mean()), 3) if len(seen) > 20 else (0.03, 0.3, 1.0)[kind])
        ratio = np.hypot(hidden[0], hidden[1]) / max(np.hypot(plain[0], plain[1]), 1e-6) if hidden[3] > 50 else 2.0
        table[name] = {
            "bias": round(plain[0], 4), "drift": round(plain[1], 4), "jitter": round(plain[2], 4),
            "hidden": round(float(np.clip(ratio, 1, 4)), 2), "depth_bias": round(depth[0], 4),
            "depth_drift": round(depth[1], 4), "unseen": unseen,
        }  # fmt: skip
    return table


def _mirrored(name: str) -> list[str]:
    swap = {"left": "right", "right": "left"}
    return ["_".join(swap.get(word, word) for word in name.split("_"))]


def _depths(clip: Clip, gain: float) -> Clip:
    """The clip with the errors of its depths where those in the picture were."""
    middle = clip.depths[:, MIDDLE[:2]].mean(1) - gain * clip.true_depths[:, MIDDLE[:2]].mean(1)
    wrong = clip.depths - gain * clip.true_depths - middle[:, None]
    return replace(clip, wrong=wrong[..., None])


def split(clips: list[Clip], chosen: list[int], kind: int | None) -> tuple[float, float, float, int]:
    """Deviations of what stays within a clip, of what changes slowly and of what changes at once; how many values."""
    stays, slow, fast = [], [], []
    for clip in clips:
        for joint in chosen:
            good = clip.seen[:, joint].astype(bool) & ((clip.kind[:, joint] == kind) | (kind is None))
            values = clip.wrong[good, joint]
            if len(values) < 2 * SLOW:
                continue
            mean = values.mean(0)
            kernel = np.ones(SLOW) / SLOW
            smooth = np.stack([np.convolve(column, kernel, "same") for column in (values - mean).T], 1)[3:-3]
            stays.append(mean)
            slow.append(smooth)
            fast.append((values - mean)[3:-3] - smooth)
    if not stays:
        return 0.03, 0.02, 0.01, 0
    return (_typical(stays), _typical(slow), _typical(fast), sum(map(len, slow)))


def _typical(parts: list[np.ndarray]) -> float:
    """A deviation that the few worst do not set: from the 80th percentile of the sizes."""
    return float(np.percentile(np.abs(np.concatenate([np.atleast_2d(part) for part in parts])), 80) / 1.2816)


def depth_gain(clips: list[Clip]) -> float:
    """Depths of wrists that the models give, for each metre of the truth."""
    wrists = [BODY_INDEX["left_wrist"], BODY_INDEX["right_wrist"]]
    said = np.concatenate(
        [(clip.depths[:, wrists] - clip.depths[:, MIDDLE[:2]].mean(1)[:, None]).ravel() for clip in clips]
    )
    true = np.concatenate(
        [(clip.true_depths[:, wrists] - clip.true_depths[:, MIDDLE[:2]].mean(1)[:, None]).ravel() for clip in clips]
    )
    return float((said * true).sum() / (true * true).sum())


def lag(clips: list[Clip]) -> float:
    """Seconds by which quick wrists are late."""
    wrists = [BODY_INDEX["left_wrist"], BODY_INDEX["right_wrist"]]
    wrong = np.concatenate([clip.wrong[:, wrists].reshape(-1, 2) for clip in clips])
    moved = np.concatenate([clip.moved[:, wrists].reshape(-1, 2) for clip in clips])
    quick = np.linalg.norm(moved, axis=1) > 0.05
    return float(-(wrong * moved)[quick].sum() / (moved * moved)[quick].sum() / FPS)


def hands(clips: list[Clip]) -> dict[str, object]:
    """How often hands are found, and how far their points are from the truth."""
    palms = np.concatenate([clip.palms.ravel() for clip in clips])
    found = np.concatenate([np.isfinite(clip.shapes[..., 0, 0]).ravel() for clip in clips])
    facing = np.concatenate([clip.faces.ravel() for clip in clips]).astype(bool)
    shares: list[list[float]] = [[], []]
    for row, faced in zip(shares, (~facing, facing), strict=True):
        for low, high in ((0, PALMS[0]), PALMS, (PALMS[1], np.inf)):
            inside = (palms >= low) & (palms < high) & faced
            row.append(round(float(found[inside].mean()), 3) if inside.sum() > 20 else 0.5)
    return {"found": shares, **shapes_of(clips)}


def shapes_of(clips: list[Clip]) -> dict[str, object]:
    """How the shapes of hands, in their own axes, and the directions of these axes are off."""
    offsets, drifts, turns, sizes = [], [], [], []
    for clip in clips:
        for hand in range(2):
            good = np.isfinite(clip.shapes[:, hand, 0, 0])
            if good.sum() > 8:
                said, true = hand_frame(clip.shapes[good]), hand_frame(clip.true_shapes[good])
                wrong = said[1][:, hand] - true[1][:, hand]
                offsets.append(wrong.mean(0))
                drifts.append(wrong - wrong.mean(0))
                cosine = (said[0][:, hand, :, 2] * true[0][:, hand, :, 2]).sum(-1)
                turns.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
                sizes.append(float(np.nanmedian(clip.palms[good, hand])))
    flipped = np.array([np.median(turn) > 80 for turn in turns])
    close, tips = np.array(sizes) > noise.PALMS[1], list(range(3, 20, 4))
    right = [turn for turn, wrong in zip(turns, flipped, strict=True) if not wrong]
    return {
        "offsets": np.mean(offsets, axis=0).round(3).tolist(),
        "finger_bias": round(float(np.std(offsets, axis=0)[tips].mean()), 3),
        "finger_drift": round(float(np.concatenate(drifts)[:, tips].std()), 3),
        "turned": round(float(np.median(np.concatenate(right))) / 1.18, 1),  # degrees; 1.18: median of a Rayleigh
        "flipped": [round(float(flipped[kind].mean()), 3) if kind.sum() > 4 else 0.1 for kind in (~close, close)],
    }


if __name__ == "__main__":
    main()
