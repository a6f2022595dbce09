"""Makes golden.json, the measures of the motions in motions.npz, with loops written from the published formulas.

    python tests/recognition/dance/metrics/golden/make.py

Nothing of footlights' own measures is used. Sources of the formulas:
* kinetic (72): Onuma et al. 2008, as in AIST++ (Li et al. 2021) and fairmotion, their slip of the bracket kept;
  `kinetic_meant` without the slip.
* manual (32): Müller et al. 2005, as in AIST++ and fairmotion; 1/120 s between frames.
* beat alignment: `met` Bailando (Li et al. 2022), `kept` mint, the code of AIST++; filter and minima are SciPy's.
* pfc: EDGE (Tseng et al. 2023), z up, 30 frames a second.
Motions: `jacks` is the rehearsal's jumping jack, `swing` and `wander` are made of sines and of filtered noise.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import argrelextrema

from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.motion import Variation, curve, motion, perform
from footlights.media.rehearsal.skeleton import solve

HERE = Path(__file__).parent
NAMES = [
    "root", "lhip", "rhip", "belly", "lknee", "rknee", "spine", "lankle", "rankle", "chest", "ltoes", "rtoes", "neck",
    "linshoulder", "rinshoulder", "head", "lshoulder", "rshoulder", "lelbow", "relbow", "lwrist", "rwrist", "lhand",
    "rhand",
]  # fmt: skip
BEATS = [round(0.21 + 0.46 * n, 2) for n in range(5)]  # seconds
DT = 1 / 60


def jacks() -> np.ndarray:
    """150 frames of jumping jacks, as the 24 joints of SMPL; never still, for minima of a plateau are chance."""
    keys, _ = perform(motion("jumping_jack"), Variation(repeats=5))
    joints = solve(curve(keys).at(np.arange(150) / 60 + 0.304), Body())
    spine = [joints.pelvis * (1 - share) + joints.neck * share for share in (0.2, 0.4, 0.6)]
    inner = joints.neck[:, None] * 0.6 + joints.shoulders * 0.4
    rows = [
        joints.pelvis, *side(joints.hips), spine[0], *side(joints.knees), spine[1], *side(joints.ankles), spine[2],
        *side(joints.toes), joints.neck, *side(inner), joints.head, *side(joints.shoulders), *side(joints.elbows),
        *side(joints.wrists), *side(joints.hands[..., 9, :]),
    ]  # fmt: skip
    return np.stack(rows, 1)


def side(pair: np.ndarray) -> list[np.ndarray]:
    return [pair[:, 0], pair[:, 1]]


def swing(still: np.ndarray) -> np.ndarray:
    time, rng = np.arange(150)[:, None, None] / 60, np.random.default_rng(4)
    size, pace, phase = rng.uniform(0.02, 0.3, (24, 3)), rng.uniform(0.5, 2.5, (24, 3)), rng.uniform(0, 6.28, (24, 3))
    return still + size * np.sin(2 * np.pi * pace * time + phase) + time * [0.3, 0, 0.1]


def wander(still: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(5).normal(0, 1, (150, 24, 3))
    return still + 0.8 * gaussian_filter1d(noise, 6, axis=0)


def window(p: np.ndarray, joint: int, i: int) -> np.ndarray:
    """Mean velocity around frame i."""
    steps = [p[i + j, joint] - p[i + j - 1, joint] for j in range(-2, 3) if i + j - 1 >= 0 and i + j < len(p)]
    return sum(steps) / (len(steps) * DT)


def bend(p: np.ndarray, joint: int, i: int, slip: bool) -> float:
    """Length of the mean acceleration around frame i."""
    found = []
    for j in range(-2, 3):
        if i + j - 1 < 0 or i + j + 1 >= len(p):
            continue
        before, now, after = p[i + j - 1, joint], p[i + j, joint], p[i + j + 1, joint]
        earlier = now - before / DT if slip else (now - before) / DT
        found.append(((after - now) / DT - earlier) / DT)
    return float(np.linalg.norm(sum(found) / len(found)))


def kinetic(p: np.ndarray, slip: bool) -> list[float]:
    values, frames = [], range(1, len(p))
    for joint in range(24):
        speeds = [window(p, joint, i) for i in frames]
        values.append(sum(v[0] ** 2 + v[2] ** 2 for v in speeds) / len(frames))
        values.append(sum(v[1] ** 2 for v in speeds) / len(frames))
        values.append(sum(bend(p, joint, i, slip) for i in frames) / len(frames))
    return [float(value) for value in values]


LSHOULDER = np.array([1.99113488e-01, 2.36807942e-01, -1.80702247e-02])
HL = math.dist(LSHOULDER, [4.54445392e-01, 2.21158922e-01, -4.10167128e-02])
SW = math.dist(LSHOULDER, [-1.91692337e-01, 2.36928746e-01, -1.23055102e-02])
HW = math.dist([5.64076714e-02, -3.23069185e-01, 1.09197125e-02], [-6.24834076e-02, -3.31302464e-01, 1.50412619e-02])
QUESTIONS: list[tuple[Any, ...]] = [
    ("nmove", "neck", "rhip", "lhip", "rwrist", 1.8 * HL), ("nmove", "neck", "lhip", "rhip", "lwrist", 1.8 * HL),
    ("nplane", "chest", "neck", "neck", "rwrist", 0.2 * HL), ("nplane", "chest", "neck", "neck", "lwrist", 0.2 * HL),
    ("move", "belly", "chest", "chest", "rwrist", 1.8 * HL), ("move", "belly", "chest", "chest", "lwrist", 1.8 * HL),
    ("angle", "relbow", "rshoulder", "relbow", "rwrist", (0, 110)),
    ("angle", "lelbow", "lshoulder", "lelbow", "lwrist", (0, 110)),
    ("nplane", "lshoulder", "rshoulder", "lwrist", "rwrist", 2.5 * SW),
    ("move", "lwrist", "rwrist", "rwrist", "lwrist", 1.4 * HL), ("move", "rwrist", "root", "lwrist", "root", 1.4 * HL),
    ("move", "lwrist", "root", "rwrist", "root", 1.4 * HL), ("fast", "rwrist", 2.5 * HL), ("fast", "lwrist", 2.5 * HL),
    ("plane", "root", "lhip", "ltoes", "rankle", 0.38 * HL), ("plane", "root", "rhip", "rtoes", "lankle", 0.38 * HL),
    ("nplane", "zero", "y_unit", "y_min", "rankle", 1.2 * HL),
    ("nplane", "zero", "y_unit", "y_min", "lankle", 1.2 * HL),
    ("nplane", "lhip", "rhip", "lankle", "rankle", 2.1 * HW), ("angle", "rknee", "rhip", "rknee", "rankle", (0, 110)),
    ("angle", "lknee", "lhip", "lknee", "lankle", (0, 110)), ("fast", "rankle", 2.5 * HL), ("fast", "lankle", 2.5 * HL),
    ("angle", "neck", "root", "rshoulder", "relbow", (25, 180)),
    ("angle", "neck", "root", "lshoulder", "lelbow", (25, 180)), ("angle", "neck", "root", "rhip", "rknee", (50, 180)),
    ("angle", "neck", "root", "lhip", "lknee", (50, 180)), ("plane", "rankle", "neck", "lankle", "root", 0.5 * HL),
    ("angle", "neck", "root", "zero", "y_unit", (70, 110)),
    ("nplane", "zero", "minus_y_unit", "y_min", "rwrist", -1.2 * HL),
    ("nplane", "zero", "minus_y_unit", "y_min", "lwrist", -1.2 * HL), ("fast", "root", 2.3 * HL),
]  # fmt: skip


def place(p: np.ndarray, i: int, name: str) -> np.ndarray:
    fixed = {"zero": (0, 0, 0), "y_unit": (0, 1, 0), "minus_y_unit": (0, -1, 0), "y_min": (0, p[i, :, 1].min(), 0)}
    return np.array(fixed[name], float) if name in fixed else p[i, NAMES.index(name)]


def answer(p: np.ndarray, i: int, question: tuple[Any, ...]) -> bool:
    """One question of one frame, in the words of the published code: a, b, c, d are its j1, j2, j3, j4."""
    kind, *names, limit = question
    a, *others = [place(p, i, name) for name in names]
    if kind == "fast":
        return float(np.linalg.norm(a - place(p, i - 1, names[0])) * 120) > limit
    b, c, d = others
    if kind in ("move", "nmove"):
        mover, point = (names[2], c) if kind == "move" else (names[3], d)
        velocity = (point - a) - (place(p, i - 1, mover) - place(p, i - 1, names[0]))
        way = b - a if kind == "move" else np.cross(c - a, b - a)
        return float(velocity @ way / np.linalg.norm(way) * 120) > limit
    if kind == "plane":
        normal = np.cross(c - a, b - a)
        return float(normal @ (d - a) / np.linalg.norm(normal)) > limit
    if kind == "nplane":
        return float((b - a) @ (d - c) / np.linalg.norm(b - a)) > limit
    one, other = b - a, d - c
    angle = math.degrees(math.acos(float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))))
    return limit[0] < angle < limit[1]


def manual(p: np.ndarray) -> list[float]:
    return [sum(answer(p, i, question) for i in range(1, len(p))) / (len(p) - 1) for question in QUESTIONS]


def met(p: np.ndarray) -> tuple[float, int]:
    speed = gaussian_filter1d(np.sqrt(((p[1:] - p[:-1]) ** 2).sum(2)).mean(1), 5)
    found = argrelextrema(speed, np.less)[0]
    return sum(math.exp(-min((k - round(b * 60)) ** 2 for k in found) / 2 / 9) for b in BEATS) / len(BEATS), len(found)


def kept(p: np.ndarray) -> float:
    steps = np.zeros_like(p)
    steps[1:] = p[1:] - p[:-1]
    found = argrelextrema(np.linalg.norm(steps, axis=2).sum(1), np.less, order=10)[0]
    return sum(math.exp(-min((k - round(b * 60)) ** 2 for b in BEATS) / 2 / 9) for k in found) / max(len(found), 1)


def pfc(p: np.ndarray) -> float:
    p = np.stack([p[::2, :, 0], -p[::2, :, 2], p[::2, :, 1]], -1)  # every second frame, z up
    velocity = (p[1:, 0] - p[:-1, 0]) * 30
    acceleration = (velocity[1:] - velocity[:-1]) * 30
    acceleration[:, 2] = np.maximum(acceleration[:, 2], 0)
    push = np.linalg.norm(acceleration, axis=1)
    push /= push.max()
    total = 0.0
    for i in range(len(push)):
        left, right = (
            min(float(np.linalg.norm(p[i + 2, j, :2] - p[i + 1, j, :2])) for j in foot) for foot in ((7, 10), (8, 11))
        )
        total += left * right * push[i]
    return total / len(push) * 10000


def main() -> None:
    real = jacks()
    motions = {"jacks": real, "swing": swing(real[40]), "wander": wander(real[40])}
    motions = {name: np.round(values, 3).astype(np.float32) for name, values in motions.items()}
    np.savez_compressed(HERE / "motions.npz", **motions)
    golden: dict[str, Any] = {"beats": BEATS}
    for name, values in motions.items():
        p = values.astype(np.float64)
        score, count = met(p)
        golden[name] = {
            "kinetic": kinetic(p, True), "kinetic_meant": kinetic(p, False), "manual": manual(p), "met": score,
            "motion_beats": count, "kept": kept(p), "pfc": pfc(p),
        }  # fmt: skip
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
