"""What the landmark models make of a body: their errors, what they cannot see, and what they make up.

The sizes were measured on rendered puppets (`training/movement/measure_noise.py` writes `noise.json`).
"""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footlights.core.scene import Floats
from footlights.core.skeleton import BODY, BODY_INDEX, BODY_MIRROR
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.camera import Camera
from footlights.media.rehearsal.skeleton import rotation
from footlights.perception.one_euro import OneEuro
from footlights.recognition.movement.features import hand_frame
from footlights.recognition.movement.sight import Bools, Sight
from footlights.studio.movement.performance import Rng
from footlights.studio.movement.views import Film

_OF_JOINTS = ("bias", "drift", "jitter", "hidden", "depth_bias", "depth_drift", "unseen")
_ALONG = np.array([0.3, 0.6, 0.85, 1.0])  # of a finger's error, at its joints from the knuckle to the tip
PALMS = (14.0, 32.0)  # pixels, the palm: below the first it is far away, above the second it is close
MOST = 0.6  # of a hand's points must lie in the picture for it to be found
_FILTERED = 0.8  # share of sequences whose landmarks are smoothed
_OF_DEPTH = 0.12  # share of sequences that no picture model but a depth camera has seen
_REGION = 5.0  # trunks: the square that the pose model looks at
_LAG = 0.4  # seconds over which slow errors change
_SHOULDERS = (BODY_INDEX["left_shoulder"], BODY_INDEX["right_shoulder"])
_HIPS = (BODY_INDEX["left_hip"], BODY_INDEX["right_hip"])


@dataclass(frozen=True, eq=False)
class Errors:
    """Sizes of the errors of each landmark; lengths in trunks (of the body in the picture) or metres for depths."""

    bias: Reals  # (33,) that stays for a while
    drift: Reals  # (33,) that comes and goes
    jitter: Reals  # (33,) from frame to frame
    hidden: Reals  # (33,) how many times larger all three are where the joint is hidden
    depth_bias: Reals  # (33,) metres
    depth_drift: Reals  # (33,) metres
    unseen: Reals  # (33, 3) share of moments below `SEEN`: in sight, hidden, out of the picture
    found: Reals  # (2, 3) share of moments at which a hand is found: from its edge, facing; far, further, close
    offsets: Reals  # (20, 3) palms, in the hand's own axes: what is wrong with every hand
    finger_bias: Reals  # () palms, of the tips, that stays for a while
    finger_drift: Reals  # () palms, of the tips, that comes and goes
    turned: Reals  # () degrees by which a hand is turned about each axis
    flipped: Reals  # (2,) share of hands whose palm is taken for the back: further away, close


@lru_cache(maxsize=1)
def errors() -> Errors:
    """The measured sizes."""
    table = json.loads((Path(__file__).parent / "noise.json").read_text(encoding="utf-8"))
    values: dict[str, Any] = {key: np.array([table["joints"][name][key] for name in BODY]) for key in _OF_JOINTS}
    return Errors(**values, **{key: np.array(value) for key, value in table["hands"].items()})


def wandering(rng: Rng, times: Reals, shape: tuple[int, ...], lag: float = _LAG) -> Reals:
    """(T, *shape) smooth noise of deviation 1 that changes over `lag` seconds."""
    knots = rng.normal(0, 1, (int((times[-1] - times[0]) / lag) + 3, *shape))
    place = (times - times[0]) / lag
    first = place.astype(int)
    share = (place - first).reshape(-1, *[1] * len(shape))
    mixed = knots[first] * (1 - share) + knots[first + 1] * share
    return np.asarray(mixed / np.sqrt((1 - share) ** 2 + share**2))


def observed(film: Film, times: Reals, rng: Rng) -> Sight:
    """The landmarks as the models would give them."""
    camera, sizes = film.camera, errors()
    xy = camera.project(film.body)
    trunk = np.linalg.norm(film.body[:, _SHOULDERS].mean(1) - film.body[:, _HIPS].mean(1), axis=-1)
    pixels = (trunk * camera.focal / np.maximum(film.body[:, _HIPS, 2].mean(1), 0.3))[:, None, None]
    inside = np.asarray(((xy >= 0) & (xy < [camera.width, camera.height])).all(-1))
    hidden = covered(film.body) & inside
    blow = np.where(hidden, sizes.hidden, 1.0)[..., None] * float(np.exp(rng.uniform(-0.7, 0.7)))
    wrong = (
        rng.normal(0, 1, (1, 33, 2)) * sizes.bias[:, None]
        + wandering(rng, times, (33, 2)) * sizes.drift[:, None]
        + rng.normal(0, 1, xy.shape) * sizes.jitter[:, None]
    )
    smooth = filtered(xy, times, pixels[:, 0, 0]) if rng.random() < _FILTERED else xy
    xy = _drawn_in(smooth + wrong * blow * pixels, inside, camera, rng)
    seen = _seen(xy, hidden, inside, camera, times, rng)
    depths = film.body[..., 2] - film.body[:, _HIPS, 2].mean(1, keepdims=True)
    depths = depths * rng.uniform(0.5, 1.0) + (
        rng.normal(0, 1, (1, 33)) * sizes.depth_bias + wandering(rng, times, (33,)) * sizes.depth_drift
    )
    hands, shapes, held = _hands(film, xy, seen, pixels, times, rng)
    deep = np.full(len(times), rng.random() < 0.75)
    whole = Sight(
        times, xy.astype(np.float32), depths.astype(np.float32), seen, deep, hands, shapes, held,
    )  # fmt: skip
    return _mishaps(_as_of_depth(whole, inside) if rng.random() < _OF_DEPTH else whole, rng)


def filtered(xy: Reals, times: Reals, pixels: Reals) -> Reals:
    """(T, 33, 2) landmarks as `perception.pose.PoseStage` smooths them; `pixels` (T,) is the length of the trunk."""
    body, rows = OneEuro(0.05, 80.0), zip(times.tolist(), xy.astype(np.float32), pixels.tolist(), strict=True)
    return np.stack([body(time, row, _REGION * trunk) for time, row, trunk in rows]).astype(np.float64)


def _as_of_depth(whole: Sight, inside: Bools) -> Sight:
    """What a depth camera's skeleton has of it: every joint in the picture; of face and hands a point each."""
    points, seen = whole.points.copy(), inside.copy()
    for side in ("left", "right"):
        hand = [BODY_INDEX[f"{side}_{joint}"] for joint in ("pinky", "index", "thumb")]
        points[:, hand] = points[:, hand].mean(1, keepdims=True)
    seen[:, [*range(1, 11), *range(29, 33)]] = False
    return replace(whole, points=points, seen=seen, held=np.zeros_like(whole.held))


def _drawn_in(xy: Reals, inside: Bools, camera: Camera, rng: Rng) -> Reals:
    """Joints that lie just outside of the picture are often put just inside."""
    sides = np.array([camera.width, camera.height])
    margin = 0.12 * camera.height
    near = ~inside & (xy > -margin).all(-1) & (xy < sides + margin).all(-1)
    edge = rng.uniform(0, 0.03, (1, 33, 2)) * camera.height
    return np.where(near[..., None], np.clip(xy, edge, sides - 1 - edge), xy)


def covered(body: Reals) -> Bools:
    """(T, 33) joints that the trunk hides, or the head: behind its middle, and close to its line in the picture."""
    plane = body[..., :2] / body[..., 2:]
    top, low = body[:, _SHOULDERS].mean(1), body[:, _HIPS].mean(1)
    first, last = plane[:, _SHOULDERS].mean(1)[:, None], plane[:, _HIPS].mean(1)[:, None]
    line = last - first
    length = np.maximum((line**2).sum(-1), 1e-9)
    share = np.clip(((plane - first) * line).sum(-1) / length, 0, 1)
    away = np.linalg.norm(plane - first - share[..., None] * line, axis=-1) * body[..., 2]
    deep = body[..., 2] - (top[:, None, 2] * (1 - share) + low[:, None, 2] * share)
    out = (away < 0.15) & (deep > 0.08)
    ears = [BODY_INDEX[name] for name in ("left_ear", "right_ear")]
    middle = body[:, ears].mean(1)
    out[:, :11] = body[:, :11, 2] > middle[:, None, 2] + 0.03
    return np.asarray(out)


def _seen(xy: Reals, hidden: Bools, inside: Bools, camera: Camera, times: Reals, rng: Rng) -> Bools:
    """(T, 33) which landmarks the model calls visible; its judgement comes in bursts."""
    unseen = errors().unseen
    share = np.where(~inside, unseen[:, 2], np.where(hidden, unseen[:, 1], unseen[:, 0]))
    mood = wandering(rng, times, (33,), 0.6) * 0.8 + rng.normal(0, 0.6, (1, 33))
    likely = 0.5 * (1 + np.tanh(0.8 * mood))  # about evenly spread over 0..1
    landed = ((xy >= 0) & (xy < [camera.width, camera.height])).all(-1)
    return np.asarray((likely >= share) & landed)


def _hands(film: Film, xy: Reals, seen: Bools, pixels: Reals, times: Reals, rng: Rng) -> tuple[Floats, Floats, Bools]:
    """Points in the picture, shapes, and whether each hand is found."""
    sizes, camera = errors(), film.camera
    palm = np.linalg.norm(film.hands[:, :, 9] - film.hands[:, :, 0], axis=-1)  # (T, 2) metres
    wide = palm * camera.focal / np.maximum(film.hands[:, :, 0, 2], 0.2)  # pixels
    kind = np.digitize(wide, PALMS)
    wrists = [BODY_INDEX["left_wrist"], BODY_INDEX["right_wrist"]]
    share = sizes.found[faces_camera(film.hands).astype(int), kind]
    mood = wandering(rng, times, (2,), 0.5) * 0.8 + rng.normal(0, 0.6, (1, 2))
    found = camera.project(film.hands)
    within = ((found >= 0) & (found < [camera.width, camera.height])).all(-1).mean(-1) > MOST
    held = (0.5 * (1 + np.tanh(0.8 * mood)) < share) & seen[:, wrists] & within
    if rng.random() < 0.04:
        held[:] = False  # no hand model runs
    shapes = _misread(film.hands, kind, times, rng)
    shift = wandering(rng, times, (2, 1, 2)) * 0.02 + rng.normal(0, 0.02, (1, 2, 1, 2))
    jitter = wandering(rng, times, (2, 21, 2)) * 0.06 * wide[..., None, None]
    return (found + shift * pixels[..., None] + jitter).astype(np.float32), shapes.astype(np.float32), held


def _misread(hands: Reals, kind: NDArray[np.intp], times: Reals, rng: Rng) -> Reals:
    """(T, 2, 21, 3) shapes as the hand model gives them: fingers bent otherwise, the whole turned, some flipped."""
    sizes = errors()
    grow = float(np.exp(rng.uniform(-0.7, 0.3)))
    axes, local = hand_frame(hands.astype(np.float32))
    fingers = (
        rng.normal(0, 1, (1, 2, 5, 1, 3)) * sizes.finger_bias + wandering(rng, times, (2, 5, 1, 3)) * sizes.finger_drift
    ) * grow
    wrong = (fingers * _ALONG[:, None]).reshape(-1, 2, 20, 3) + sizes.offsets * float(rng.uniform(0.5, 1.2))
    slow = np.moveaxis(wandering(rng, times, (3, 2)), 1, 0)
    angles = (rng.normal(0, 1, (3, 1, 2)) + 0.5 * slow) * sizes.turned
    flips = rng.random((1, 2)) < sizes.flipped[(kind == 2).astype(int)].mean(0)
    angles[0] += 180.0 * flips  # about the fingers' direction
    turned = axes @ rotation(angles[0], angles[1], angles[2])
    points = (local + wrong + rng.normal(0, 0.02, local.shape)) @ np.swapaxes(turned, -1, -2)
    palm = np.linalg.norm(hands[:, :, 9] - hands[:, :, 0], axis=-1)[..., None, None]
    whole = np.concatenate([np.zeros_like(points[:, :, :1]), points], axis=2) * palm
    return np.asarray(whole - whole.mean(2, keepdims=True))


def faces_camera(hands: Reals) -> Bools:
    """Whether the palm or the back of (..., 21, 3) hands looks at the camera, rather than the edge."""
    first, last = hands[..., 5, :] - hands[..., 0, :], hands[..., 17, :] - hands[..., 0, :]
    normal = np.cross(first, last)
    return np.asarray(np.abs(normal[..., 2]) > 0.5 * np.linalg.norm(normal, axis=-1))


def _mishaps(whole: Sight, rng: Rng) -> Sight:
    """What goes wrong now and then: bursts of occlusion, sides taken for one another, landmarks that never come."""
    points, depths, seen, held = whole.points, whole.depths, whole.seen, whole.held
    count = len(whole)
    for _ in range(rng.poisson(1.2)):
        start, length = rng.integers(count), int(count * rng.uniform(0.005, 0.06)) + 1
        stretch = slice(start, start + length)
        first = int(rng.integers(33))
        joints = [first] if rng.random() < 0.4 else _LIMBS[rng.integers(len(_LIMBS))]
        if rng.random() < 0.5:
            seen[stretch, joints] = False
        else:
            step = rng.normal(0, 0.25, 2) * np.ptp(points[start], axis=0).max() * 0.3
            points[stretch, joints] += step.astype(np.float32)
    if rng.random() < 0.12:
        start, length = rng.integers(count), int(rng.integers(1, max(2, count // 40)))
        stretch, swap = slice(start, start + length), list(BODY_MIRROR)
        points[stretch], depths[stretch] = points[stretch][:, swap], depths[stretch][:, swap]
        seen[stretch] = seen[stretch][:, swap]
    if rng.random() < 0.10:
        seen[:, _NEVER[rng.integers(len(_NEVER))]] = False
    held[~seen[:, [15, 16]]] = False
    return whole


_LIMBS = tuple(
    [BODY_INDEX[f"{side}_{joint}"] for joint in joints]
    for side in ("left", "right")
    for joints in (
        ("elbow", "wrist", "pinky", "index", "thumb"), ("wrist", "pinky", "index", "thumb"),
        ("knee", "ankle", "heel", "foot_index"), ("hip", "knee", "ankle"),
    )
)  # fmt: skip
_NEVER = (
    list(range(1, 11)), list(range(17, 23)), list(range(25, 33)), list(range(23, 33)), [1, 3, 4, 6, 9, 10],
    [29, 30, 31, 32],
)  # fmt: skip
