"""A posture as one row of numbers, and how a motion file writes it down.

Stage coordinates everywhere in the motion code: metres, x towards the person's own left (right in the picture, when
the person faces the camera), y up, z forward, towards the camera. The floor is y = 0. Vectors of a limb are written
(out, up, forward), out meaning away from the body's middle, so that one text serves both sides.

A target may be given in one of several frames ("at"). Every frame has its own four numbers in the row, the target
times a weight and the weight itself; a row that mixes two postures therefore mixes the *places* which they mean,
whatever frames they were written in.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.scene import Side
from footlights.media.rehearsal.arrays import Reals

Table = Mapping[str, Any]


def _layout(**widths: int) -> tuple[dict[str, slice], int]:
    """Where each group of numbers lies, and how many there are."""
    places, at = {}, 0
    for name, width in widths.items():
        places[name] = slice(at, at + width)
        at += width
    return places, at


TRUNK, TRUNK_SIZE = _layout(
    place=3,  # of the pelvis, leg lengths from where it is when standing: left, up, forward
    turn=3,  # of the pelvis, degrees: yaw to the left, pitch forward, roll to the left
    spine=3,  # of the chest against the pelvis, degrees: twist to the left, bend forward, tilt to the left
    neck=3,  # of the head against the chest, degrees: turn to the left, nod down, tilt to the left
    face=5,  # smile -1..1, open 0..1, brow -1..1, eye 0..1.4, frown 0..1
)
ARM, ARM_SIZE = _layout(
    chest=6,  # wrist in arm lengths from the shoulder, chest frame: target x weight, weight, distance x weight, across
    pelvis=4,  # wrist in metres, before the body's scale, from the hip centre, pelvis frame: target x weight, weight
    head=4,  # the same from the head's centre, head frame
    floor=4,  # the same from the spot on the floor where the person stands
    elbow=3,  # the direction in which the elbow points, chest frame
    aim=4,  # where the fingers point, chest frame: direction x weight, weight; no weight: on from the forearm
    palm=3,  # where the palm looks, chest frame
    level=1,  # 1: aim and palm are along the stage's axes instead, for a hand that rests on the floor
    fingers=4,  # curl of index, middle, ring and little finger, 0 straight .. 1 in the fist
    spread=1,  # of the fingers, 1: a hand's natural fan
    thumb=9,  # directions of its three bones, hand frame: along the fingers, to the thumb's side, out of the palm
)
LEG, LEG_SIZE = _layout(
    floor=4,  # ankle in leg lengths from the spot, above its height when standing: target x weight, weight
    pelvis=4,  # ankle in leg lengths from the hip joint, pelvis frame
    knee=3,  # the direction in which the knee points, pelvis frame
    foot=2,  # degrees: toes down, toes out
)
ARMS = slice(TRUNK_SIZE, TRUNK_SIZE + 2 * ARM_SIZE)
LEGS = slice(ARMS.stop, ARMS.stop + 2 * LEG_SIZE)
SIZE = LEGS.stop
FACE = ("smile", "open", "brow", "eye", "frown")
SIDES: tuple[Side, Side] = ("left", "right")

_WAYS = {
    "in": (-1, 0, 0), "out": (1, 0, 0), "up": (0, 1, 0), "down": (0, -1, 0), "forward": (0, 0, 1), "back": (0, 0, -1),
}  # fmt: skip
_REST: Table = {
    "arms": {"reach": [0.12, -0.96, 0.06], "elbow": [0.6, -0.2, -0.6], "palm": [-1.0, 0.0, 0.15], "hand": "relaxed"},
    "legs": {"floor": [0.14, 0.0, 0.0], "knee": [0.18, 0.0, 1.0], "foot": [0.0, 12.0]},
    "face": {"smile": 0.2, "eye": 1.0},
}


def arms(row: Reals) -> Reals:
    """(..., 2, ARM_SIZE) view of the arms of (..., SIZE) postures, left first."""
    return row[..., ARMS].reshape(*row.shape[:-1], 2, ARM_SIZE)


def legs(row: Reals) -> Reals:
    """(..., 2, LEG_SIZE) view of the legs of (..., SIZE) postures, left first."""
    return row[..., LEGS].reshape(*row.shape[:-1], 2, LEG_SIZE)


def mirrored(rows: Reals) -> Reals:
    """(..., SIZE) the same postures as a mirror shows them."""
    out = rows.copy()
    arms(out)[:] = arms(rows)[..., ::-1, :]
    legs(out)[:] = legs(rows)[..., ::-1, :]
    for group, flipped in (
        ("place", 0),
        ("turn", 0),
        ("turn", 2),
        ("spine", 0),
        ("spine", 2),
        ("neck", 0),
        ("neck", 2),
    ):
        out[..., TRUNK[group].start + flipped] *= -1
    return out


@dataclass(frozen=True)
class HandShape:
    """How the fingers are held. Shapes are data: `hands.toml`."""

    fingers: tuple[float, float, float, float]  # curl of index, middle, ring, little finger
    spread: float
    thumb: tuple[float, ...]  # 9 numbers: directions of the three bones


@lru_cache(maxsize=1)
def hand_shapes() -> Mapping[str, HandShape]:
    """Every hand shape by its name."""
    text = (Path(__file__).parent / "hands.toml").read_text(encoding="utf-8")
    return {
        name: HandShape(tuple(table["fingers"]), table["spread"], tuple(v for bone in table["thumb"] for v in bone))
        for name, table in tomllib.loads(text).items()
    }


def known(name: str, names: Mapping[str, Any] | tuple[str, ...], what: str, where: str) -> str:
    """The name, or a SettingsError that names the near miss and all that is known."""
    if name in names:
        return name
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise SettingsError(f"{where}: no {what} {name!r}; {hint}known: {', '.join(sorted(names))}")


def _numbers(value: Any, count: int, what: str, where: str) -> Reals:
    if isinstance(value, str):
        known(value, _WAYS, "direction", where)
        value = _WAYS[value]
    array = np.asarray(value, np.float64)
    if array.shape != (count,):
        raise SettingsError(f"{where}: {what} must be {count} numbers, got {value!r}")
    return array


def _weighted(place: Reals, target: Reals) -> None:
    place[:3], place[3] = target, 1.0


def _set_arm(row: Reals, table: Table, where: str) -> None:
    """Write the table of one arm into its (ARM_SIZE,) numbers."""
    frames = ("chest", "pelvis", "head", "floor")
    for key, value in table.items():
        if key == "reach":
            frame = known(table.get("at", "chest"), frames, "frame", where)
            target = _numbers(value, 3, "reach", where)
            for other in frames:
                row[ARM[other]] = 0
            _weighted(row[ARM[frame]], target)
            if frame == "chest":
                row[ARM["chest"]][4:] = np.linalg.norm(target), float(table.get("across", 0.0))
        elif key == "aim" and value is False:
            row[ARM["aim"]] = 0
        elif key == "aim":
            _weighted(row[ARM["aim"]], _numbers(value, 3, "aim", where))
        elif key in ("elbow", "palm"):
            row[ARM[key]] = _numbers(value, 3, key, where)
        elif key == "level":
            row[ARM["level"]] = float(value)
        elif key == "hand":
            shape = hand_shapes()[known(value, hand_shapes(), "hand shape", where)]
            row[ARM["fingers"]], row[ARM["spread"]], row[ARM["thumb"]] = shape.fingers, shape.spread, shape.thumb
        elif key not in ("at", "across"):
            known(key, ("reach", "at", "across", "elbow", "palm", "aim", "level", "hand"), "key of an arm", where)


def _set_leg(row: Reals, table: Table, where: str) -> None:
    """Write the table of one leg into its (LEG_SIZE,) numbers."""
    for key, value in table.items():
        if key in ("floor", "pelvis"):
            row[LEG["floor"]] = row[LEG["pelvis"]] = 0
            _weighted(row[LEG[key]], _numbers(value, 3, key, where))
        else:
            known(key, ("floor", "pelvis", "knee", "foot"), "key of a leg", where)
            row[LEG[key]] = _numbers(value, LEG[key].stop - LEG[key].start, key, where)


def posture(table: Table, base: Reals | None = None, where: str = "posture") -> Reals:
    """(SIZE,) the posture that a table of a motion file describes; what it does not say is taken from `base` or rest.

    Raises SettingsError where the table holds an unknown key or a value of the wrong shape.
    """
    row = rest() if base is None else base.copy()
    parts = ("arms", "left_arm", "right_arm", "legs", "left_leg", "right_leg", "face", "place", "turn", "spine", "neck")
    for key, value in table.items():
        known(key, parts, "part of a posture", where)
        if key == "face":
            for name, amount in value.items():
                row[TRUNK["face"]][FACE.index(known(name, FACE, "part of a face", where))] = amount
        elif key in TRUNK:
            row[TRUNK[key]] = _numbers(value, 3, key, where)
        else:
            side, _, limb = key.rpartition("_")
            for index in (0, 1) if not side else (SIDES.index(side),):
                if limb.startswith("arm"):
                    _set_arm(arms(row)[index], value, f"{where}, {key}")
                else:
                    _set_leg(legs(row)[index], value, f"{where}, {key}")
    return row


@lru_cache(maxsize=1)
def _rest() -> Reals:
    return posture(_REST, np.zeros(SIZE), "rest")


def rest() -> Reals:
    """(SIZE,) standing at ease: every motion begins and ends here."""
    return _rest().copy()
