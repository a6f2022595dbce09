"""What a dancer can do at this moment: the phrases of one meter, both sides, and how well one follows another."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import rest
from footlights.media.rehearsal.skeleton import Joints, rotation, solve
from footlights.recognition.dance.phrase import Phrase, names, phrase

Whole = NDArray[np.int64]
BEATS = 32  # of a phrase whose accents are looked at
_FEW = 3  # phrases that a style needs in a meter; with fewer, those of other meters are danced as well


@dataclass(frozen=True, eq=False)
class Repertoire:
    """V ways of doing phrases."""

    phrases: tuple[Phrase, ...]  # (V,) as danced: mirrored ones are reflected
    mirrors: tuple[bool, ...]  # (V,)
    name: Whole  # (V,) which phrase it is, whichever side
    style: Whole  # (V,) index into `styles`
    styles: tuple[str, ...]
    beats: Whole  # (V,)
    energy: Reals  # (V,)
    accents: Reals  # (V, BEATS) 1 where it hits, over how often it hits
    travel: Reals  # (V, 2) metres left, forward
    turn: Reals  # (V,) degrees
    effort: Reals  # (V,) metres that the fastest joint goes in a beat
    entry: Reals  # (V, V) the same from the end of one to the first key of another
    strain: Reals  # (V, V) metres by which feet that must not move stand elsewhere than the other wants them
    start: Reals  # (V,) `entry` from standing at ease


@lru_cache(maxsize=8)
def repertoire(meter: int, style: str | None = None) -> Repertoire:
    """The phrases of the library in a meter, or of one style. Raises SettingsError where there is no such style."""
    known = [phrase(name) for name in names(style)]
    fit = [one for one in known if one.meter == meter]
    return repertoire_of(tuple(fit if len(fit) >= _FEW else known))


def repertoire_of(chosen: tuple[Phrase, ...]) -> Repertoire:
    """These phrases and the mirror images of those that may be mirrored."""
    both = [(index, one, False) for index, one in enumerate(chosen)]
    both += [(index, one.reflected(), True) for index, one in enumerate(chosen) if one.mirrorable]
    phrases = tuple(one for _, one, _ in both)
    styles = tuple(sorted({one.style for one in chosen}))
    body = Body()
    first, last = (_places(np.stack([getattr(one, end) for one in phrases]), body) for end in ("first", "last"))
    begun = _moved(first, phrases, 0, body)
    lead = np.array([one.keys[0].beat for one in phrases])
    ease = _places(rest()[None], body)
    return Repertoire(
        phrases=phrases,
        mirrors=tuple(mirror for *_, mirror in both),
        name=np.array([index for index, *_ in both]),
        style=np.array([styles.index(one.style) for one in phrases]),
        styles=styles,
        beats=np.array([one.beats for one in phrases]),
        energy=np.array([one.energy for one in phrases]),
        accents=np.stack([_hits(one) for one in phrases]),
        travel=np.array([one.travel for one in phrases]) * body.leg,
        turn=np.array([one.turn for one in phrases]),
        effort=_effort(phrases, body),
        entry=np.linalg.norm(last[:, None] - begun, axis=-1).max(-1) / lead,
        strain=_strain(last, begun, phrases),
        start=np.linalg.norm(ease - begun, axis=-1).max(-1) / lead,
    )


def gaps(one: list[Reals], other: list[Reals]) -> Reals:
    """(N,) metres that the furthest joint is apart in each of N pairs of postures."""
    body = Body()
    apart = _places(np.stack(one), body) - _places(np.stack(other), body)
    return np.asarray(np.linalg.norm(apart, axis=-1).max(-1))


def _points(joints: Joints) -> Reals:
    """(K, 14, 3) the joints by which postures are compared; the ankles last."""
    pairs = [joints.shoulders, joints.elbows, joints.wrists, joints.hips, joints.knees, joints.ankles]
    return np.concatenate([joints.pelvis[:, None], joints.head[:, None], *pairs], 1)


def _places(rows: Reals, body: Body) -> Reals:
    return _points(solve(rows, body))


def _moved(places: Reals, phrases: tuple[Phrase, ...], key: int, body: Body) -> Reals:
    """(V, 14, 3) places of the given key of phrases, seen from where the phrase began."""
    yaw = np.array([one.keys[key].yaw for one in phrases])
    spot = np.array([one.keys[key].spot for one in phrases]) * body.leg
    none = np.zeros(len(yaw))
    shift = np.stack([spot[:, 0], none, spot[:, 1]], -1)
    return np.asarray(places @ np.swapaxes(rotation(yaw, none, none), -1, -2) + shift[:, None])


def _strain(last: Reals, begun: Reals, phrases: tuple[Phrase, ...]) -> Reals:
    held = np.array([one.keys[0].contacts for one in phrases])  # (V, 2)
    away = np.linalg.norm((last[:, None, -2:] - begun[:, -2:])[..., [0, 2]], axis=-1)
    return np.asarray((away * held).max(-1))


def _hits(one: Phrase) -> Reals:
    out = np.zeros(BEATS)
    for accent in one.accents:
        if accent < BEATS and float(accent).is_integer():
            out[int(accent)] = 1
    return np.asarray(out / max(1.0, out.sum()))


def _effort(phrases: tuple[Phrase, ...], body: Body) -> Reals:
    """(V,) metres that the fastest joint goes in a beat, from key to key."""
    keys = [(index, key) for index, one in enumerate(phrases) for key in one.keys]
    whose = np.array([index for index, _ in keys])
    single = tuple(replace(phrases[index], keys=(key,)) for index, key in keys)
    places = _moved(_places(np.stack([key.row for _, key in keys]), body), single, 0, body)
    gaps = np.diff([key.beat for _, key in keys])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=-1).max(-1)
    within = np.diff(whose) == 0
    effort = np.zeros(len(phrases))
    np.maximum.at(effort, whose[1:][within], steps[within] / gaps[within])
    return effort
