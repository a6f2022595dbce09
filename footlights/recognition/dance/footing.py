"""Feet that bear weight stay where they stand, feet that swing are lifted, and the pelvis stays where legs reach."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import LEG, TRUNK, legs
from footlights.media.rehearsal.skeleton import SIDE, rotation
from footlights.recognition.dance.track import Track

Contacts = NDArray[np.bool_]
STRAY = 0.14  # metres that a foot may stand from where its posture wants it, before a step is put in
REACH = 0.985  # of the straight leg: how far a foot that bears weight may be from the hip
STRIDE = 0.60  # leg lengths along the floor from hip to foot, beyond which the pelvis follows the foot
PIVOT = 30.0  # degrees that a planted foot lets the body turn above it, before it pivots on its ball
_CLOSE = 0.10  # metres from the other foot, where no step that is put in may end
BESIDE = 0.075  # metres between the middle lines of two feet that stand
_ASIDE = np.arange(0, 0.3, 0.02)  # metres that a foot may be put aside
BERTH = 0.15  # metres from toes to toes that a foot keeps when it swings past the other
LIFT = 0.06  # metres: the most that is added to a swing that was written flat
_TOE = np.array([0.060, 0.150])  # metres before the scale: toes below and before the ankle, as in `skeleton`
_HEEL = np.array([0.050, -0.050])


def footed(track: Track, body: Body, fps: float, beat: float) -> Track:
    """The same movement on feet that hold. `beat`: seconds of a beat of the dance, for steps that have to be put in."""
    rows = track.rows.copy()
    part = legs(rows)
    ankles = track.on_stage(_targets(rows, body))
    headings = track.yaw[:, None] + SIDE * part[..., LEG["foot"]][..., 1]  # (T, 2) degrees to the left
    toes = ankles + _lever(headings, part, _TOE, body)
    contacts = stepped(track, toes[..., [0, 2]], body, max(1, round(beat / 4 * fps)))

    away = _since_stand(headings[..., None], contacts)[..., 0]
    headings = headings + _faded(np.clip(away, -PIVOT, PIVOT), contacts)
    toes = toes + _faded(_since_stand(toes, contacts), contacts)
    toes = toes + _faded(_beside_the_other(toes, headings, contacts, body), contacts)
    toes = toes + _round_the_other(toes, contacts, track)
    sole = _sole_height(part, body)
    height = np.maximum(ankles[..., 1] + _faded(sole - ankles[..., 1], contacts), sole) + _lift(toes, ankles, contacts)
    ankles = toes - _lever(headings, part, _TOE, body)
    ankles[..., 1] = height

    part[..., LEG["foot"]][..., 1] = (headings - track.yaw[:, None]) * SIDE
    _bring_pelvis(rows, track, ankles, contacts, body, fps)
    _put_feet(rows, track.off_stage(ankles), contacts, body)
    return replace(track, rows=rows, contacts=contacts)


def _targets(rows: Reals, body: Body) -> Reals:
    """(T, 2, 3) where the legs of postures want the ankles, in the body's axes, reachable or not."""
    part = legs(rows)
    axes = rotation(*rows[:, TRUNK["turn"]].T)[:, None]
    floor, free = part[..., LEG["floor"]], part[..., LEG["pelvis"]]
    out = np.stack([SIDE, np.ones(2), np.ones(2)], -1)
    target = floor[..., :3] * out * body.leg + floor[..., 3:] * [0, body.ankle, 0]
    in_air = (axes @ (free[..., :3] * out * body.leg)[..., None])[..., 0]
    return np.asarray(target + free[..., 3:] * _hips(rows, body) + in_air)


def _hips(rows: Reals, body: Body) -> Reals:
    """(T, 2, 3) hip joints in the body's axes."""
    pelvis = rows[:, TRUNK["place"]] * body.leg + [0, body.hip_height, 0]
    axes = rotation(*rows[:, TRUNK["turn"]].T)
    return np.asarray(pelvis[:, None] + axes[:, None, :, 0] * (SIDE * body.hip)[:, None])


def _lever(headings: Reals, part: Reals, lever: Reals, body: Body) -> Reals:
    """(T, 2, 3) from the ankle to a point of the foot so far (below, before) it, on the stage."""
    down, turn = np.radians(part[..., LEG["foot"]][..., 0]), np.radians(headings)
    below, before = lever * body.scale
    level = np.cos(down) * before - np.sin(down) * below
    return np.stack([np.sin(turn) * level, -np.sin(down) * before - np.cos(down) * below, np.cos(turn) * level], -1)


def _sole_height(part: Reals, body: Body) -> Reals:
    """(T, 2) height of the ankle when the lowest point of the foot touches the floor, metres."""
    none = np.zeros(part.shape[:-1])
    toe, heel = (_lever(none, part, lever, body)[..., 1] for lever in (_TOE, _HEEL))
    flat = body.ankle - np.array([_TOE[0], _HEEL[0]]) * body.scale  # how high toes and heels lie in the flesh
    return np.asarray(np.maximum(flat[0] - toe, flat[1] - heel))


def stepped(track: Track, toes: Reals, body: Body, tick: int) -> Contacts:
    """(T, 2) contacts with a step put in wherever a foot would go on standing far from where it should be.

    `toes`: (T, 2, 2) metres x, z where the postures want them. A step lasts two ticks, quarters of a beat, and is
    taken while the other foot stands.
    """
    contacts = track.contacts.copy()
    hips = track.on_stage(_hips(track.rows, body))[..., [0, 2]]
    stands = toes[0].copy()
    for now in range(0, len(contacts) - 2 * tick, tick):
        land = now + 2 * tick
        for foot in (0, 1):
            landed = np.flatnonzero(np.diff(contacts[max(now - tick, 0) : now + 1, foot].astype(int)) > 0)
            if len(landed):
                stands[foot] = toes[max(now - tick, 0) + 1 + landed[-1], foot]
        for foot in sorted((0, 1), key=lambda one: -_room(toes[land, one], stands[1 - one])):
            if not contacts[now : land + 1].all() or _room(toes[land, foot], stands[1 - foot]) < _CLOSE:
                continue
            stray = np.linalg.norm(toes[[now, land], foot] - stands[foot], axis=-1).min()
            stretched = np.linalg.norm(hips[land, foot] - stands[foot]) > 0.8 * body.leg
            if stretched or (stray > STRAY and contacts[now : now + 4 * tick, foot].all()):
                contacts[now:land, foot] = False
    return contacts


def _room(place: Reals, other: Reals) -> float:
    """Metres along the floor."""
    return float(np.linalg.norm(place - other))


def stretches(contact: Contacts) -> list[tuple[int, int]]:
    """First and last + 1 moment of every contact of one foot."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], contact, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _since_stand(values: Reals, contacts: Contacts) -> Reals:
    """(T, 2, N) by how much the values have gone away from what they were when the foot was put down, negative."""
    away = np.zeros_like(values)
    for foot in (0, 1):
        for begin, end in stretches(contacts[:, foot]):
            away[begin:end, foot] = values[begin, foot] - values[begin:end, foot]
    return away


def _faded(shifts: Reals, contacts: Contacts) -> Reals:
    """(T, 2, ...) the shifts of feet in contact; a foot that swings goes smoothly from its last shift to its next."""
    out = shifts.copy()
    for foot in (0, 1):
        stands = [(0, 0), *stretches(contacts[:, foot]), (len(out), len(out))]
        for (_, begin), (end, _) in pairwise(stands):
            share = np.arange(1, end - begin + 1) / (end - begin + 1)
            share = (share * share * (3 - 2 * share)).reshape(-1, *[1] * (out.ndim - 2))
            before = shifts[begin - 1, foot] if begin else shifts[min(end, len(out) - 1), foot] * (end < len(out))
            after = shifts[end, foot] if end < len(out) else before
            out[begin:end, foot] = before + share * (after - before)
    return out


def _beside_the_other(toes: Reals, headings: Reals, contacts: Contacts, body: Body) -> Reals:
    """(T, 2, 3) how far feet in contact stand aside, so that none is put down on the one that stands already."""
    shift = np.zeros_like(toes)
    along = np.linspace(0, np.ptp([_TOE[1], _HEEL[1]]), 5) * body.scale  # metres from the toes to the heel
    landings = [(begin, end, foot) for foot in (0, 1) for begin, end in stretches(contacts[:, foot]) if begin]
    for begin, end, foot in sorted(landings):
        other = 1 - foot
        if not contacts[begin, other]:
            continue
        ahead = np.stack([np.sin(np.radians(headings[begin])), np.cos(np.radians(headings[begin]))], -1)  # (2, 2)
        feet = (toes + shift)[begin][:, None, [0, 2]] - along[:, None] * ahead[:, None]  # (2, 5, 2)
        left = np.array([ahead[other, 1], -ahead[other, 0]])
        ways = np.stack([left * SIDE[foot], -ahead[other], ahead[other], -left * SIDE[foot]])
        pushes = (_ASIDE[:, None, None] * ways).reshape(-1, 2)
        free = [np.linalg.norm((feet[foot] + p)[:, None] - feet[other], axis=-1).min() >= BESIDE for p in pushes]
        shift[begin:end, foot, 0::2] += pushes[int(np.argmax(free))]
    return shift


def _round_the_other(toes: Reals, contacts: Contacts, track: Track) -> Reals:
    """(T, 2, 3) how far a foot that swings goes out of its way, not to go through the one that stands."""
    shift = np.zeros_like(toes)
    for foot in (0, 1):
        stands = stretches(contacts[:, foot])
        for (_, begin), (end, _) in pairwise(stands):
            start, way = toes[begin - 1, foot], toes[end, foot] - toes[begin - 1, foot]
            middle = (begin + end) // 2
            way, other = way * [1, 0, 1], (toes[middle, 1 - foot] - start) * [1, 0, 1]
            share = float(other @ way) / max(float(way @ way), 1e-9)
            if not 0.1 < share < 0.9 or not contacts[begin:end, 1 - foot].any():
                continue
            away = share * way - other
            near = float(np.linalg.norm(away))
            if near < BERTH:
                aside = away / near if near > 0.01 else track.facing[middle, :, 2]
                u = np.arange(1, end - begin + 1) / (end - begin + 1)
                bump = np.sin(np.pi * u) ** 2 / max(np.sin(np.pi * share) ** 2, 0.5)
                shift[begin:end, foot] = bump[:, None] * aside * (BERTH - near)
    return shift


def _lift(toes: Reals, ankles: Reals, contacts: Contacts) -> Reals:
    """(T, 2) metres by which feet that swing are raised, where they were written to go along the floor."""
    lift = np.zeros(toes.shape[:2])
    for foot in (0, 1):
        stands = stretches(contacts[:, foot])
        for (_, begin), (end, _) in pairwise(stands):
            far = float(np.linalg.norm((toes[end, foot] - toes[begin - 1, foot])[[0, 2]]))
            height = ankles[begin - 1 : end + 1, foot, 1]
            risen = float(height.max() - max(height[0], height[-1]))
            most = max(0.0, min(LIFT, 0.2 * far) - risen)
            lift[begin:end, foot] = most * np.sin(np.pi * np.arange(1, end - begin + 1) / (end - begin + 1)) ** 2
    return lift


def _bring_pelvis(rows: Reals, track: Track, ankles: Reals, contacts: Contacts, body: Body, fps: float) -> None:
    """Move the pelvis of postures along the floor and down until both legs reach where feet bear weight."""
    place = rows[:, TRUNK["place"]]
    reach = round(0.12 * fps)
    away = ankles - track.on_stage(_hips(rows, body))
    away[..., 1] = 0
    far = np.linalg.norm(away, axis=-1, keepdims=True)
    pull = away * np.clip(1 - STRIDE * body.leg / np.maximum(far, 1e-6), 0, 1) * contacts[..., None]
    pull = _smooth(pull.sum(1), reach)  # the feet pull against each other
    place += (pull[:, None] @ track.facing)[:, 0] / body.leg

    away = ankles - track.on_stage(_hips(rows, body))
    level = np.minimum((away[..., [0, 2]] ** 2).sum(-1), (0.9 * REACH * body.leg) ** 2)
    drop = -away[..., 1] - np.sqrt((REACH * body.leg) ** 2 - level)
    drop = np.where(contacts, np.clip(drop, 0, 0.5 * body.leg), 0).max(1)
    place[:, 1] -= _smooth(_widest(drop, reach), reach) / body.leg


def _widest(values: Reals, reach: int) -> Reals:
    """(T,) the largest value within `reach` moments."""
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(-1))


def _smooth(values: Reals, reach: int) -> Reals:
    """(T, ...) the mean within `reach` moments, those near by counting most."""
    weights = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(values, [(reach, reach), *[(0, 0)] * (values.ndim - 1)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.asarray(windows @ (weights / weights.sum()))


def _put_feet(rows: Reals, ankles: Reals, contacts: Contacts, body: Body) -> None:
    """Write (T, 2, 3) ankles, in the body's axes, into postures; a foot that bears weight is on the floor."""
    part = legs(rows)
    part[..., LEG["floor"]][contacts, 3] = 1
    part[..., LEG["pelvis"]][contacts] = 0
    missing = ankles - _targets(rows, body)
    missing[..., 0] *= SIDE
    part[..., LEG["floor"]][..., :3] += missing / body.leg
