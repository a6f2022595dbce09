"""No limb turns faster than limbs can: a model that is not sure of itself throws an arm from one frame to the next."""

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.tokens import JOINTS, ROTATIONS, matrices, six

LIMIT = 16.0  # radians a second; a fast throw of an arm
HANDS = 2.5  # times as fast: hands may flick
_SHARES = np.where(np.arange(JOINTS) >= 20, HANDS, 1.0)


def calmed(numbers: Reals, ticks: Reals, limit: float = LIMIT) -> Reals:
    """(K, 152) motion at (K,) seconds in which every part follows its rotation no faster than `limit`."""
    wanted = quaternions(matrices(numbers))
    most = np.diff(ticks, prepend=ticks[:1])[:, None] * limit * _SHARES
    near = np.abs((wanted[1:] * wanted[:-1]).sum(-1))
    fast = np.append(False, (2 * np.arccos(np.clip(near, 0, 1)) > most[1:]).any(1))
    if not fast.any():
        return numbers
    now, behind, out = wanted[0], False, wanted.copy()
    for tick in range(1, len(wanted)):
        if behind or fast[tick]:
            now = _towards(now, wanted[tick], most[tick])
            behind = bool((np.abs((now * wanted[tick]).sum(-1)) < 1 - 1e-9).any())
            out[tick] = now
        else:
            now = wanted[tick]
    calm = numbers.copy()
    calm[:, :ROTATIONS] = six(rotations(out)).reshape(len(out), 6 * JOINTS)
    return calm


def _towards(now: Reals, wanted: Reals, most: Reals) -> Reals:
    """(N, 4) from one rotation to another along the shortest way, by an angle of at most (N,)."""
    dot = (now * wanted).sum(-1, keepdims=True)
    wanted = np.where(dot < 0, -wanted, wanted)
    half = np.arccos(np.clip(np.abs(dot), 0, 1))
    share = np.minimum(1.0, most[:, None] / 2 / np.maximum(half, 1e-9))
    sin = np.maximum(np.sin(half), 1e-9)
    mixed = np.where(half < 1e-6, wanted, now * np.sin((1 - share) * half) / sin + wanted * np.sin(share * half) / sin)
    return np.asarray(mixed / np.linalg.norm(mixed, axis=-1, keepdims=True))


def quaternions(turns: Reals) -> Reals:
    """(..., 4) w, x, y, z of (..., 3, 3) rotations, after Shepperd (1978): from the largest of the four."""
    x, y, z = turns[..., 0, 0], turns[..., 1, 1], turns[..., 2, 2]
    squares = np.stack([1 + x + y + z, 1 + x - y - z, 1 - x + y - z, 1 - x - y + z], -1)
    a, b, c = (turns[..., i, j] - turns[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0)))
    d, e, f = (turns[..., i, j] + turns[..., j, i] for i, j in ((1, 0), (0, 2), (2, 1)))
    rows = np.stack(
        [
            np.stack([squares[..., 0], a, b, c], -1), np.stack([a, squares[..., 1], d, e], -1),
            np.stack([b, d, squares[..., 2], f], -1), np.stack([c, e, f, squares[..., 3]], -1),
        ], -2,
    )  # fmt: skip
    best = np.take_along_axis(rows, squares.argmax(-1)[..., None, None], -2)[..., 0, :]
    return np.asarray(best / np.linalg.norm(best, axis=-1, keepdims=True))


def rotations(quaternion: Reals) -> Reals:
    """(..., 3, 3) of (..., 4) w, x, y, z of length 1."""
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
        ], -2,
    )  # fmt: skip
