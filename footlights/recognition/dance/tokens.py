"""What the learned model reads and writes: a grid of counts, and 152 numbers of motion at each of its ticks.

A count is a beat, or half or two beats, so that it lasts 0.36 to 0.71 s; a tick is a sixteenth of a count, a token a
quarter. Motion at a tick: 24 joints x 6 numbers of a rotation, height of the pelvis, its velocity to the left and
forward, its turning, and four contacts (left heel and toes, right heel and toes). Rotations are of each part against
the dancer's facing, not against its parent, so that errors do not add up along a limb; two columns are kept, up and
forward. Limbs without a twist of their own take it from the shortest way from their rest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import rest
from footlights.media.rehearsal.skeleton import SIDE, Joints, rotation, solve
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.song import Song

TICKS = 16  # to a count
TOKENS = 4  # to a count
STEP = TICKS // TOKENS  # ticks to a token
COUNT = (0.5 / 1.4, 0.5 / 0.7)  # seconds: shortest and longest count
JOINTS = 24
AWAY = np.radians(25.0)  # from the audience, that a dancer may look for long
ROTATIONS = 6 * JOINTS
HEIGHT, LEFTWARD, FORWARD, TURNING, CONTACTS = ROTATIONS, ROTATIONS + 1, ROTATIONS + 2, ROTATIONS + 3, ROTATIONS + 4
SIZE = ROTATIONS + 8
_LOWER_JOINTS = (0, 1, 2, 3, 4, 5, 7, 8, 10, 11)
LOWER = np.array([6 * joint + k for joint in _LOWER_JOINTS for k in range(6)] + list(range(ROTATIONS, SIZE)))
UPPER = np.setdiff1d(np.arange(SIZE), LOWER)
_LOW = (0.07, 0.05)  # metres of a model body: heel and toes that touch the floor are lower


@dataclass(frozen=True, eq=False)
class Grid:
    """A song in counts. C counts from the first to the last beat."""

    times: Reals  # (C + 1,) seconds at which each begins, and the end of the last
    phase: NDArray[np.int64]  # (C,) counts since the bar began
    energy: Reals  # (C,) 0..1
    beats: Reals  # (C,) place on the song's beat grid

    def __len__(self) -> int:
        return len(self.phase)

    @property
    def ticks(self) -> Reals:
        """(16 C + 1,) seconds."""
        return np.interp(np.arange(TICKS * len(self) + 1) / TICKS, np.arange(len(self) + 1), self.times)

    @property
    def tokens(self) -> Reals:
        """(4 C + 1,) seconds."""
        return np.asarray(self.ticks[::STEP])


def grid(song: Song) -> Grid:
    """The counts of a song, from its first beat on."""
    period, rate = float(np.median(np.diff(song.beats))), 1.0
    while period / rate > COUNT[1]:
        rate *= 2
    while period / rate < COUNT[0]:
        rate /= 2
    first = float(song.downbeats[0] % 2) if rate < 1 and len(song.downbeats) else 0.0
    at = np.arange(first, len(song.beats), 1 / rate)
    place = np.minimum(at.astype(int), len(song.beats) - 1)
    bars = song.downbeats if len(song.downbeats) else np.array([0])
    begun = bars[np.clip(np.searchsorted(bars, at, side="right") - 1, 0, None)]
    phase = np.floor((at - begun) * rate).astype(np.int64) % max(1, round(song.meter * max(rate, 1)))
    return Grid(song.time(np.append(at, at[-1] + 1 / rate)), phase, song.energy[place], at)


# --- from joints to numbers and back -----------------------------------------------------------------------------


def features(dance: Dance, ticks: Reals) -> Reals:
    """(T, 152) motion at these seconds, evenly near."""
    joints, body = dance.joints, dance.body
    facing = np.unwrap(np.arctan2(joints.pelvis_axes[:, 0, 2], joints.pelvis_axes[:, 2, 2]))
    back = _yawed(-facing)
    parts = np.einsum("tij,tnjk->tnik", back, _parts(joints, body))
    numbers = _at(np.concatenate([parts[..., 1], parts[..., 2]], -1).reshape(len(dance), -1), dance.times, ticks)
    out = np.empty((len(ticks), SIZE))
    out[:, :ROTATIONS] = six(matrices(numbers)).reshape(len(ticks), -1)
    place, turn = _at(joints.pelvis, dance.times, ticks), _at(facing[:, None], dance.times, ticks)[:, 0]
    out[:, HEIGHT] = place[:, 1] / body.hip_height - 1
    steps = np.diff(place, axis=0, append=place[-1:] * 2 - place[-2:-1]) / body.leg
    out[:, LEFTWARD : FORWARD + 1] = np.einsum("tij,tj->ti", _yawed(-turn), steps)[:, [0, 2]]
    out[:, TURNING] = np.diff(turn, append=turn[-1:] * 2 - turn[-2:-1])
    out[:, CONTACTS:] = _at(_touching(dance).astype(np.float64), dance.times, ticks)
    return out


def joints_of(
    numbers: Reals, ticks: Reals, times: Reals, body: Body, facing: float = 0.0, home: float = 0.0
) -> tuple[Joints, NDArray[np.bool_]]:
    """Joints on the stage at (T,) times, and (T, 2) contacts, of (K, 152) motion at (K,) ticks.

    It begins on the spot, facing so (radians). `home`: how much, a second, of what lies beyond a metre from the spot,
    and beyond 25 degrees from the audience, is taken back. Outside the ticks the dancer stays as at the first or last.
    """
    seconds = np.diff(ticks, append=ticks[-1:])
    turn = facing + np.concatenate([[0.0], np.cumsum(numbers[:-1, TURNING])])
    if home > 0:
        turn = _kept_facing(numbers[:, TURNING], seconds, home, facing)
    steps = np.zeros((len(numbers), 3))
    steps[:, [0, 2]] = numbers[:, LEFTWARD : FORWARD + 1] * body.leg
    moved = np.einsum("tij,tj->ti", _yawed(turn), steps)
    pelvis = np.concatenate([np.zeros((1, 3)), np.cumsum(moved[:-1], 0)])
    if home > 0:
        pelvis = _kept_near(moved, seconds, home)
    pelvis[:, 1] = (numbers[:, HEIGHT] + 1) * body.hip_height
    wide = smooth_at(np.concatenate([numbers, pelvis, turn[:, None]], 1), ticks, times)
    parts = np.einsum("tij,tnjk->tnik", _yawed(wide[:, -1]), matrices(wide[:, :ROTATIONS]))
    contacts = wide[:, CONTACTS:SIZE].reshape(-1, 2, 2).max(-1) > 0.5
    return assembled(parts, wide[:, SIZE : SIZE + 3], body), contacts


def _kept_facing(turned: Reals, seconds: Reals, home: float, facing: float) -> Reals:
    """(K,) radians of a dancer who comes back to the front by the shorter way; whole turns are let be."""
    out = np.empty_like(turned)
    for index in range(len(turned)):
        out[index] = facing
        off = (facing + np.pi) % (2 * np.pi) - np.pi
        facing += turned[index] - home * seconds[index] * np.sign(off) * max(0.0, abs(off) - AWAY)
    return out


def _kept_near(moved: Reals, seconds: Reals, home: float) -> Reals:
    """(K, 3) places of a dancer who drifts back towards the spot whenever it is more than a metre away."""
    place, out = np.zeros(3), np.empty_like(moved)
    for index in range(len(moved)):
        out[index] = place
        far = float(np.hypot(place[0], place[2]))
        place = place + moved[index] - place * (home * seconds[index] * max(0.0, 1 - 1 / max(far, 1e-6)))
    return out


def assembled(parts: Reals, pelvis: Reals, body: Body) -> Joints:
    """Joints from (T, 24, 3, 3) rotations on the stage and (T, 3) places of the pelvis."""
    points = {0: pelvis}
    for child, (parent, part, offset) in bones(body).items():
        points[child] = points[parent] + parts[:, part] @ offset

    def pair(first: int) -> Reals:
        return np.stack([points[first], points[first + 1]], 1)

    palms = parts[:, 20:22].copy()
    palms[..., 0] = -SIDE[:, None] * palms[..., 0]  # a hand's first axis points to its thumb
    wrists = pair(20)
    hands = wrists[:, :, None] + _loose_hand() * body.scale @ np.swapaxes(palms, -1, -2)
    return Joints(
        pelvis=pelvis, waist=points[6], neck=points[12], head=points[15], shoulders=pair(16), elbows=pair(18),
        wrists=wrists, hips=pair(1), knees=pair(4), ankles=pair(7), heels=pair(24), toes=pair(10), hands=hands,
        pelvis_axes=parts[:, 0], chest_axes=parts[:, 9], head_axes=parts[:, 15], hand_axes=palms,
    )  # fmt: skip


def bones(body: Body) -> dict[int, tuple[int, int, Reals]]:
    """Of every joint but the pelvis (24 and 25 are the heels): its parent, the part that carries it, the way there."""
    size, level = body.scale, -0.045 * body.scale
    table: dict[int, tuple[int, int, tuple[float, float, float]]] = {
        3: (0, 0, (0, body.waist / 2, 0)), 6: (0, 0, (0, body.waist, 0)),
        9: (6, 6, (0, (body.spine - body.waist) / 2, 0)), 12: (6, 9, (0, body.spine - body.waist, 0)),
        15: (12, 15, (0, 0.180 * size, 0.022 * size)),
    }  # fmt: skip
    for k, side in enumerate(SIDE):
        table |= {
            1 + k: (0, 0, (side * body.hip, 0, 0)), 4 + k: (1 + k, 1 + k, (0, -body.thigh, 0)),
            7 + k: (4 + k, 4 + k, (0, -body.shank, 0)), 10 + k: (7 + k, 7 + k, (0, -0.060 * size, 0.150 * size)),
            24 + k: (7 + k, 7 + k, (0, -0.050 * size, -0.050 * size)),
            13 + k: (12, 13 + k, (0.3 * side * body.shoulder, 0.3 * level, 0)),
            16 + k: (12, 13 + k, (side * body.shoulder, level, 0)),
            18 + k: (16 + k, 16 + k, (side * body.upper_arm, 0, 0)),
            20 + k: (18 + k, 18 + k, (side * body.forearm, 0, 0)), 22 + k: (20 + k, 20 + k, (0, 0.091 * size, 0)),
        }  # fmt: skip
    return {child: (parent, part, np.array(way)) for child, (parent, part, way) in table.items()}


def six(parts: Reals) -> Reals:
    """(..., 3, 3) rotations -> (..., 6): the columns up and forward."""
    return np.concatenate([parts[..., 1], parts[..., 2]], -1)


def matrices(numbers: Reals) -> Reals:
    """(T, 144) -> (T, 24, 3, 3) rotations: up is kept, forward made square to it."""
    pairs = numbers[:, :ROTATIONS].reshape(len(numbers), JOINTS, 2, 3)
    up = _unit(pairs[..., 0, :])
    forward = _unit(pairs[..., 1, :] - up * (up * pairs[..., 1, :]).sum(-1, keepdims=True))
    return np.stack([np.cross(up, forward), up, forward], -1)


def _parts(joints: Joints, body: Body) -> Reals:
    """(T, 24, 3, 3) the rotation of every part on the stage."""
    chest, pelvis = joints.chest_axes, joints.pelvis_axes
    parts = np.empty((len(chest), JOINTS, 3, 3))
    parts[:, [0, 3]], parts[:, [6, 9]], parts[:, [12, 15]] = (
        axes[:, None] for axes in (pelvis, chest, joints.head_axes)
    )
    down = np.array([0.0, -1.0, 0.0])
    for k, side in enumerate(SIDE):
        out, girdle = np.array([side, 0.0, 0.0]), np.array([side * body.shoulder, -0.045 * body.scale, 0.0])
        parts[:, 13 + k] = _swung(chest, girdle, joints.shoulders[:, k] - joints.neck)
        parts[:, 16 + k] = _swung(chest, out, joints.elbows[:, k] - joints.shoulders[:, k])
        parts[:, 18 + k] = _swung(parts[:, 16 + k], out, joints.wrists[:, k] - joints.elbows[:, k])
        parts[:, 1 + k] = _swung(pelvis, down, joints.knees[:, k] - joints.hips[:, k])
        parts[:, 4 + k] = _swung(parts[:, 1 + k], down, joints.ankles[:, k] - joints.knees[:, k])
        palm = joints.hand_axes[:, k].copy()
        palm[..., 0] = -side * palm[..., 0]
        parts[:, 20 + k] = parts[:, 22 + k] = palm
        toes, heels = joints.toes[:, k] - joints.ankles[:, k], joints.heels[:, k] - joints.ankles[:, k]
        up = -_unit(toes + 3 * heels)
        forward = toes - heels
        forward = _unit(forward - up * (forward * up).sum(-1, keepdims=True))
        parts[:, 7 + k] = parts[:, 10 + k] = np.stack([np.cross(up, forward), up, forward], -1)
    return parts


def _swung(axes: Reals, still: Reals, now: Reals) -> Reals:
    """(T, 3, 3) axes turned the shortest way so that their direction `still` points to (T, 3) `now`."""
    a = _unit(still[None])
    b = _unit(np.einsum("tji,tj->ti", axes, now))
    cross, dot = np.cross(a, b), (a * b).sum(-1)
    x, y, z = cross.T
    zero = np.zeros_like(x)
    skew = np.stack([np.stack([zero, -z, y], -1), np.stack([z, zero, -x], -1), np.stack([-y, x, zero], -1)], -2)
    return np.asarray(axes @ (np.eye(3) + skew + skew @ skew / np.maximum(1 + dot, 1e-3)[:, None, None]))


def _touching(dance: Dance) -> NDArray[np.bool_]:
    """(T, 4) left heel, left toes, right heel, right toes: the foot bears weight, and this end of it is low."""
    ends = np.stack([dance.joints.heels[..., 1], dance.joints.toes[..., 1]], -1)
    low = ends < np.array(_LOW) * dance.body.scale
    low[..., 1] |= ~low.any(-1)  # a foot that bears weight bears it somewhere
    return np.asarray((low & dance.contacts[..., None]).reshape(-1, 4))


def _at(values: Reals, times: Reals, at: Reals) -> Reals:
    """(T, D) values at other times, linear; beyond the ends, the end."""
    place = np.clip(np.searchsorted(times, at, side="right") - 1, 0, max(len(times) - 2, 0))
    after = np.minimum(place + 1, len(times) - 1)
    span = np.maximum(times[after] - times[place], 1e-9)
    share = np.clip((at - times[place]) / span, 0, 1)[:, None]
    return np.asarray(values[place] * (1 - share) + values[after] * share)


def smooth_at(values: Reals, times: Reals, at: Reals) -> Reals:
    """(K, D) values at other times along cubics through them (Catmull and Rom, 1974); beyond the ends, the end."""
    place = np.clip(np.searchsorted(times, at, side="right") - 1, 0, max(len(times) - 2, 0))
    after = np.minimum(place + 1, len(times) - 1)
    span = np.maximum(times[after] - times[place], 1e-9)
    share = np.clip((at - times[place]) / span, 0, 1)[:, None]
    slopes = np.gradient(values, times, axis=0) if len(times) > 1 else np.zeros_like(values)
    square, cube = share**2, share**3
    return np.asarray(
        (2 * cube - 3 * square + 1) * values[place]
        + (3 * square - 2 * cube) * values[after]
        + span[:, None] * ((cube - 2 * square + share) * slopes[place] + (cube - square) * slopes[after])
    )


def _yawed(angles: Reals) -> Reals:
    none = np.zeros_like(angles)
    return rotation(np.degrees(angles), none, none)


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


@lru_cache(maxsize=1)
def _loose_hand() -> Reals:
    """(21, 3) points of a hand at rest in its own axes, metres of a model body."""
    joints = solve(rest()[None], Body())
    return np.asarray((joints.hands - joints.wrists[:, :, None])[0, 0] @ joints.hand_axes[0, 0])
