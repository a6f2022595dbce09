"""Arms and legs are kept out of the body and of each other, where blends and locked feet brought them together."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import ARM, LEG, arms, legs
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.dance.footing import Contacts, stretches
from footlights.recognition.dance.intersection import PAIRS, TOLERANCE, depths
from footlights.recognition.dance.track import Track

ALLOWED = TOLERANCE - 0.003  # metres: a little less than what is measured afterwards
_ROUNDS = 3
_AROUND = 0.30  # seconds before and after, over which a limb moves aside
_PIECE = 4096  # moments that are looked at together
_WAYS = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 1], [1, 1, 0], [0, 1, 1], [0, -1, 1], [0, 0, -1], [1, 0, -1]])
_FAR = (0.05, 0.09, 0.14, 0.20)  # metres that a wrist may be pushed


@dataclass(frozen=True)
class Push:
    """One way to move limbs of one side aside."""

    part: str  # "wrist", "elbow", "knee" or "foot"
    side: int
    by: tuple[float, float, float]  # out, up, forward: metres for a wrist or foot, else added to the direction


def cleared(track: Track, body: Body, fps: float) -> Track:
    """The same movement with limbs pushed aside, smoothly, wherever two parts lie deeper in each other than allowed."""
    rows, reach, swings = track.rows, round(_AROUND * fps), _swings(track.contacts)
    for _ in range(_ROUNDS):
        deep = _deepest(rows, body)
        wrong = list(_joined(deep.max(1) > ALLOWED, reach))
        if not wrong:
            break
        rows = rows.copy()
        for begin, end in wrong:
            window = slice(max(0, begin - reach), min(len(rows), end + reach))
            pair = PAIRS[int(deep[begin:end].max(0).argmax())]
            weights = _weights(begin, end, window, reach)
            rows[window] = _best(rows[window], weights, weights[:, None] * swings[window], pair, body)
    return replace(track, rows=rows)


def _deepest(rows: Reals, body: Body) -> Reals:
    """(T, P) depths of every pair."""
    pieces = [rows[begin : begin + _PIECE] for begin in range(0, len(rows), _PIECE)]
    return np.concatenate([depths(solve(piece, body), body) for piece in pieces])


def _joined(wrong: Reals, reach: int) -> Iterator[tuple[int, int]]:
    """First and last + 1 moment of what is wrong; what is nearer than `reach` counts as one."""
    found = np.flatnonzero(wrong)
    if not len(found):
        return
    breaks = np.flatnonzero(np.diff(found) > reach)
    begins, ends = np.append(found[0], found[breaks + 1]), np.append(found[breaks], found[-1])
    yield from zip(begins.tolist(), (ends + 1).tolist(), strict=True)


def _weights(begin: int, end: int, window: slice, reach: int) -> Reals:
    """(W,) 1 where it is wrong, falling smoothly to 0 on both sides."""
    moments = np.arange(window.start, window.stop)
    away = np.maximum(np.maximum(begin - moments, moments - end + 1), 0) / (reach + 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(away, 0, 1)))


def _swings(contacts: Contacts) -> Reals:
    """(T, 2) 0 where a foot bears weight, 1 in the middle of its swing."""
    out = np.zeros(contacts.shape)
    for foot in (0, 1):
        for begin, end in stretches(~contacts[:, foot]):
            out[begin:end, foot] = np.sin(np.pi * np.arange(1, end - begin + 1) / (end - begin + 1)) ** 0.5
    return out


def _pushes(pair: tuple[str, str]) -> Iterator[Push]:
    """Small ones first, for either limb of a pair."""
    sides = sorted({0 if part.startswith("left") else 1 for part in pair if "_" in part and _limb(part)})
    if any(_limb(part) == "leg" for part in pair) and not any(_limb(part) == "arm" for part in pair):
        for more in (0.15, 0.3, 0.5):
            yield from (Push("knee", side, (more, 0.0, 0.0)) for side in sides)
            yield from (Push("foot", side, (0.1 * more, 0.0, 0.0)) for side in sides)
            yield from (Push("foot", side, (0.0, 0.15 * more, 0.1 * more)) for side in sides)
        return
    sides = sorted({0 if part.startswith("left") else 1 for part in pair if _limb(part) == "arm"})
    for far in _FAR:
        for way in _WAYS / np.linalg.norm(_WAYS, axis=1, keepdims=True):
            out, up, forward = (way * far).tolist()
            yield from (Push("wrist", side, (out, up, forward)) for side in sides)
    yield from (Push("elbow", side, (out, 0.0, 0.0)) for out in (0.5, 1.0, -0.5) for side in sides)


def _limb(part: str) -> str:
    if any(word in part for word in ("arm", "hand")):
        return "arm"
    return "leg" if any(word in part for word in ("shank", "knee", "foot", "thigh")) else ""


def _best(rows: Reals, weights: Reals, swings: Reals, pair: tuple[str, str], body: Body) -> Reals:
    """The rows with the smallest push that clears them, or the one that helps most.

    `weights`: (W,) how much of it each moment gets; `swings`: (W, 2) the same for feet, which may only go while they
    bear no weight.
    """
    best, least = rows, float(depths(solve(rows, body), body).max())
    for push in _pushes(pair):
        tried = _pushed(rows, swings[:, push.side] if push.part == "foot" else weights, push, body)
        depth = float(depths(solve(tried, body), body).max())
        if depth < least:
            best, least = tried, depth
        if least <= ALLOWED:
            break
    return best


def _pushed(rows: Reals, weights: Reals, push: Push, body: Body) -> Reals:
    out = rows.copy()
    shift = weights[:, None] * push.by
    if push.part == "wrist":
        arms(out)[:, push.side, ARM["floor"]][:, :3] += shift / body.scale
    elif push.part == "foot":
        legs(out)[:, push.side, LEG["floor"]][:, :3] += shift / body.leg
    elif push.part == "elbow":
        arms(out)[:, push.side, ARM["elbow"]] += shift
    else:
        legs(out)[:, push.side, LEG["knee"]] += shift
    return out
