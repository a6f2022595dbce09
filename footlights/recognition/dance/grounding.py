"""Feet of finished joints stay where they stand: for dances that come as joints, from a model or a recording.

A dance that is planned is locked while it is still postures (`footing`), which is better; this bends finished legs.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.skeleton import Joints, two_bones

Contacts = NDArray[np.bool_]
STRAY = 0.12  # metres that a foot may be held from where it wants to be, before it takes a step
STEP = 0.2  # seconds of such a step
BLIP = 0.1  # seconds: shorter contacts, and shorter gaps, are none
LIFT = 0.04  # metres: how high such a step is lifted
_TOES, _HEEL = 0.020, 0.030  # metres of a model body above the floor, on a flat foot
_STRAIGHT = 0.995  # of the leg: a foot in contact is never further from its hip


def grounded(joints: Joints, contacts: Contacts, body: Body, fps: float) -> tuple[Joints, Contacts]:
    """The same dance on feet that hold, and the (T, 2) contacts that it then has."""
    contacts = np.stack([_steady(foot, max(1, round(BLIP * fps))) for foot in contacts.T], 1)
    shift = np.zeros_like(joints.toes)
    for foot in (0, 1):
        contacts[:, foot], shift[:, foot] = _held(joints.toes[:, foot], contacts[:, foot], fps)
    shift[..., 1] = _to_floor(joints, contacts, shift, body)
    ankles = joints.ankles + shift
    drop = _drop(joints.hips, ankles, contacts, body, fps)
    joints = _lowered(joints, drop)
    pole = joints.knees - (joints.hips + ankles - shift) / 2
    pole = np.where(np.linalg.norm(pole, axis=-1, keepdims=True) > 0.02, pole, joints.pelvis_axes[:, None, :, 2])
    knees, reached = two_bones(joints.hips, ankles, body.thigh, body.shank, pole)
    moved = reached - joints.ankles
    return (
        replace(joints, knees=knees, ankles=reached, toes=joints.toes + moved, heels=joints.heels + moved),
        contacts,
    )


def _steady(contact: Contacts, least: int) -> Contacts:
    """Contacts without gaps, then without spells, shorter than so many moments."""
    out = contact.copy()
    for begin, end in stretches(~out):
        if end - begin < least and begin > 0 and end < len(out):
            out[begin:end] = True
    for begin, end in stretches(out):
        if end - begin < least:
            out[begin:end] = False
    return out


def stretches(contact: Contacts) -> list[tuple[int, int]]:
    """First and last + 1 moment of every spell of (T,) contact."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], contact, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _held(toes: Reals, contact: Contacts, fps: float) -> tuple[Contacts, Reals]:
    """Contacts with the steps that are needed, and (T, 3) by how much one foot is moved to stand still."""
    gap, contact = max(2, round(STEP * fps)), contact.copy()
    shift, spells = np.zeros_like(toes), []
    for begin, end in stretches(contact):
        start = begin
        while start < end:
            away = np.linalg.norm((toes[start:end] - toes[start])[:, [0, 2]], axis=-1) > STRAY
            stop = start + int(away.argmax()) if away.any() else end
            spells.append((start, stop))
            start = stop + gap
            contact[stop : min(start, end)] = False
    for begin, end in spells:
        middle = toes[begin:end].mean(0) if end - begin > 1 else toes[begin]
        shift[begin:end] = (middle - toes[begin:end]) * [1, 0, 1]
    borders = [(0, 0), *spells, (len(toes), len(toes))]
    for (_, begin), (end, _) in pairwise(borders):
        if end > begin:
            share = (np.arange(1, end - begin + 1) / (end - begin + 1))[:, None]
            share = share * share * (3 - 2 * share)
            before = shift[begin - 1] if begin else np.zeros(3)
            after = shift[end] if end < len(toes) else np.zeros(3)
            shift[begin:end] = before * (1 - share) + after * share
    return contact, shift


def _to_floor(joints: Joints, contacts: Contacts, shift: Reals, body: Body) -> Reals:
    """(T, 2) how far feet are raised: those in contact onto the floor, others out of it; steps put in get a lift."""
    over = np.minimum(joints.toes[..., 1] - _TOES * body.scale, joints.heels[..., 1] - _HEEL * body.scale)
    swing = np.concatenate([np.zeros((1, 2)), np.linalg.norm(np.diff(shift[..., [0, 2]], axis=0), axis=-1)])
    lift = LIFT * np.clip(swing / max(float(np.percentile(swing, 99)), 1e-6), 0, 1)
    wanted = np.where(contacts, -over, np.maximum(-over, 0) + np.where(over < LIFT, lift, 0))
    return _soft(wanted, 2)


def _drop(hips: Reals, ankles: Reals, contacts: Contacts, body: Body, fps: float) -> Reals:
    """(T,) how far the pelvis must come down, so that feet in contact are within reach."""
    away = hips - ankles
    flat = (away[..., [0, 2]] ** 2).sum(-1)
    high = np.sqrt(np.maximum((_STRAIGHT * body.leg) ** 2 - flat, 0.05))
    needed = np.where(contacts, np.maximum(away[..., 1] - high, 0), 0).max(1)
    reach = max(1, round(0.1 * fps))
    padded = np.pad(needed, reach, mode="edge")
    widest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(-1)
    return np.asarray(np.maximum(_soft(widest[:, None], reach / 2)[:, 0], needed))


def _soft(values: Reals, sigma: float) -> Reals:
    """(T, D) smoothed by a Gaussian of so many moments."""
    reach = max(1, int(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.asarray(windows @ (weights / weights.sum()))


def _lowered(joints: Joints, drop: Reals) -> Joints:
    """Everything above the legs brought down by (T,) metres."""
    down = np.stack([np.zeros_like(drop), drop, np.zeros_like(drop)], -1)
    pairs = ("shoulders", "elbows", "wrists", "hips")
    moved: dict[str, Reals] = {name: getattr(joints, name) - down[:, None] for name in pairs}
    moved |= {name: getattr(joints, name) - down for name in ("pelvis", "waist", "neck", "head")}
    return replace(joints, hands=joints.hands - down[:, None, None], **moved)
