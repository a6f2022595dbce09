"""One dance becomes the dance of several: where each stands, on which side, how far behind, and as whom."""

import tomllib
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.looks import Look, looks
from footlights.media.rehearsal.skeleton import HEAD_AXES, Joints
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.song import Song

MOST = 9  # dancers
TOGETHER = ("mixed", "unison", "mirrored", "canon")
_FORMATIONS: dict[int, tuple[tuple[float, ...], ...]] = {  # places across in each row, from the front
    1: ((0,),), 2: ((-0.5, 0.5),), 3: ((0,), (1, -1)), 4: ((-0.5, 0.5), (-1.5, 1.5)), 5: ((0,), (1, -1), (2, -2)),
    6: ((-0.5, 0.5), (-1.5, 1.5), (-2.5, 2.5)), 7: ((0,), (1, -1), (2, -2), (0.5, -0.5)),
    8: ((-0.5, 0.5), (-1.5, 1.5), (-2.5, 2.5), (-1, 1)), 9: ((0,), (1, -1), (2, -2), (1.5, 0.5, -0.5, -1.5)),
}  # fmt: skip
_MIRROR = np.diag([-1.0, 1.0, 1.0])
_FAR = 0.6  # metres to one side
_AROUND = 0.08  # metres of flesh and hair around the joints
_CALM_FACE = np.array([0.25, 0.0, 0.0, 1.0, 0.0])
_PAIRS = frozenset(
    ("shoulders", "elbows", "wrists", "hips", "knees", "ankles", "heels", "toes", "hands", "hand_axes"),
)


@dataclass(frozen=True, eq=False)
class Dancer:
    """One of the troupe, and how its dance differs from the one that was planned."""

    look: Look
    body: Body  # how thick it is; its bones are the planned dancer's, scaled
    size: float  # its stature against the planned dancer's
    spot: Reals  # (3,) metres
    mirror: bool
    rank: int  # how many steps it comes later in a canon


@dataclass(frozen=True, eq=False)
class Troupe:
    """Everybody who dances, and the dance."""

    dance: Dance
    dancers: tuple[Dancer, ...]
    lag: Reals  # (K,) beats between one rank and the next, at `lag_times`
    lag_times: Reals  # (K,) seconds

    def moving(self, times: Reals) -> list[tuple[Joints, Reals]]:
        """For each dancer its joints and the (T, 5) numbers of its face, at (T,) seconds."""
        lag = np.interp(times, self.lag_times, self.lag)
        found = []
        for dancer in self.dancers:
            own = times
            if dancer.rank and lag.any():
                song = self.dance.song
                own = song.time(song.beat(times) - lag * dancer.rank)
            joints, faces = sampled(self.dance, own)
            joints = mirrored(joints) if dancer.mirror else joints
            found.append((_placed(joints, dancer.size, dancer.spot), faces))
        return found


def troupe(
    dance: Dance, count: int = 1, together: str = "mixed", cast: tuple[Look, ...] = (), aspect: float = 16 / 9,
    seed: int = 0,
) -> Troupe:  # fmt: skip
    """A troupe of `count` dancers. The first one is the dance as it was planned; `cast` says who they are, the rest is
    drawn from the seed. `aspect` (width / height of the picture): a narrow picture wants a deep formation.

    Raises SettingsError for a number or a togetherness that cannot be.
    """
    if not 1 <= count <= MOST:
        raise SettingsError(f"a dance has 1 to {MOST} dancers, not {count}")
    if together not in TOGETHER:
        raise SettingsError(f"dancers dance {', '.join(TOGETHER)}; not {together!r}")
    spots = formation(count, deep=aspect < 1.2)
    chosen = _filled(cast, count, seed)
    mirrors = together == "mirrored" or (together == "mixed" and _stays(dance))
    if mirrors:
        spots[:, 0] *= 1 + _roam(dance)
    dancers = []
    for index, look in enumerate(chosen):
        body = look.body()
        size = float(np.clip(body.stature / dance.body.stature, 0.85, 1.15)) if index else 1.0
        grown = replace(
            dance.body, scale=dance.body.scale * size, girth=body.girth, limb=body.limb, bust=body.bust,
            pelvis=body.pelvis, head=body.head,
        )  # fmt: skip
        mirror = bool(mirrors and spots[index, 0] < -1e-6)
        dancers.append(Dancer(look, grown, size, spots[index], mirror, _rank(spots[index], spots)))
    times, lag = _canon(dance.song, dance.seconds, together if count > 1 else "unison")
    return Troupe(dance, tuple(dancers), lag, times)


@lru_cache(maxsize=1)
def everybody() -> tuple[Look, ...]:
    """All looks: those dressed for the stage, and the people of the rehearsal."""
    text = (Path(__file__).parent / "outfits.toml").read_text(encoding="utf-8")
    tables: list[dict[str, Any]] = tomllib.loads(text)["look"]
    dressed = []
    for table in tables:
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
        dressed.append(Look(**values))
    return (*dressed, *looks())


def casting(names: tuple[str, ...] = (), count: int = 1, seed: int = 0) -> tuple[Look, ...]:
    """Who dances: looks by their names, whatever the case, then others, drawn from the seed, up to `count`.

    Raises SettingsError that lists what there is.
    """
    known = {look.name.lower(): look for look in everybody()}
    for name in names:
        if name.lower() not in known:
            raise SettingsError(f"there is no look {name!r}; there are {', '.join(look.name for look in everybody())}")
    return _filled(tuple(known[name.lower()] for name in names), count, seed)


def _filled(cast: tuple[Look, ...], count: int, seed: int) -> tuple[Look, ...]:
    rng = np.random.default_rng([seed, 73])
    free = [look for look in everybody() if look not in cast]
    order = [free[i] for i in rng.permutation(len(free))]
    return (*cast, *(order * MOST))[:count]


def formation(count: int, *, deep: bool = False) -> Reals:
    """(N, 3) spots in metres: a wedge, the first one in front. `deep`: narrow, for upright pictures."""
    across, back = (0.98, 0.95) if deep else (1.15, 0.70)
    rows = _FORMATIONS[count]
    spots = np.array([[x * across, 0.0, -back * row] for row, places in enumerate(rows) for x in places])
    spots[:, 2] -= spots[:, 2].mean() * 0.6
    return spots


def sampled(dance: Dance, times: Reals) -> tuple[Joints, Reals]:
    """Joints and the (T, 5) numbers of the face between the moments of a dance; before and after it stands still."""
    at = np.clip(times * dance.fps, 0, len(dance) - 1)
    before = np.minimum(at.astype(int), max(0, len(dance) - 2))
    after = np.minimum(before + 1, len(dance) - 1)
    share = at - before
    parts = {}
    for field in fields(Joints):
        array = getattr(dance.joints, field.name)
        weight = share.reshape(-1, *([1] * (array.ndim - 1)))
        parts[field.name] = array[before] * (1 - weight) + array[after] * weight
    faces = np.tile(_CALM_FACE, (len(times), 1)) if dance.face is None else dance.face[np.round(at).astype(int)]
    return Joints(**parts), faces


def mirrored(joints: Joints) -> Joints:
    """As a mirror shows it: left and right change places."""
    parts = {}
    for field in fields(Joints):
        array = getattr(joints, field.name)
        if field.name in _PAIRS:
            array = array[:, ::-1]
        if field.name == "hand_axes":
            parts[field.name] = _MIRROR @ array
        elif field.name.endswith("axes"):
            parts[field.name] = _MIRROR @ array @ _MIRROR
        else:
            parts[field.name] = array @ _MIRROR
    return Joints(**parts)


def outline(joints: Joints, body: Body) -> tuple[Reals, Reals]:
    """(T, P, 3) points around the whole body, and (T, Q, 3) around all but the legs: a box around the joints each."""
    top = joints.head + joints.head_axes[..., 1] * (HEAD_AXES[1] * body.scale)
    upper = [top[:, None], joints.shoulders, joints.elbows, joints.wrists, joints.hands[:, :, 12], joints.hips]
    lower = [joints.knees, joints.heels, joints.toes]
    return _cornered([*upper, *lower]), _cornered(upper)


def _cornered(points: list[Reals]) -> Reals:
    every = np.concatenate(points, axis=1)
    low, high = every.min(1) - _AROUND, every.max(1) + _AROUND
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), -1).reshape(8, 3)
    return np.asarray(low[:, None] * (1 - corners) + high[:, None] * corners)


def _placed(joints: Joints, size: float, spot: Reals) -> Joints:
    """Grown by `size` from the floor upwards and shifted to its spot."""
    parts = {}
    for field in fields(Joints):
        array = getattr(joints, field.name)
        parts[field.name] = array if field.name.endswith("axes") else array * size + spot
    return Joints(**parts)


def _roam(dance: Dance) -> float:
    """How many metres the dance leads to one side: a mirrored dancer comes nearer by as much again."""
    return float(np.abs(np.quantile(dance.joints.pelvis[:, 0], (0.02, 0.98))).max())


def _stays(dance: Dance) -> bool:
    """Whether the dance keeps so close to its spot that mirrored dancers neither meet nor lose one another."""
    return _roam(dance) < _FAR


def _rank(spot: Reals, spots: Reals) -> int:
    """How many steps from the front."""
    return int(np.unique(np.round(spots[spots[:, 2] > spot[2] + 1e-6, 2], 3)).size)


def _canon(song: Song, seconds: float, together: str) -> tuple[Reals, Reals]:
    """Times and the lag in beats: in a canon everywhere, in a mixed dance in every third section that is long enough.

    The lag grows over a bar and shrinks over two, so that nobody hurries.
    """
    lag = 1.0
    if together == "canon":
        return np.array([0.0, seconds]), np.array([lag, lag])
    times, lags = [0.0], [0.0]
    for index, section in enumerate(song.sections):
        bars = 4 * song.meter
        if together != "mixed" or index % 3 != 1 or section.end - section.begin < bars:
            continue
        ends = (section.begin, section.begin + song.meter, section.end - 2 * song.meter, section.end)
        times += [float(song.time(np.array(float(beat)))) for beat in ends]
        lags += [0.0, lag, lag, 0.0]
    return np.array(times), np.array(lags)
