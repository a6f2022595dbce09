"""The library of phrases: large, in many styles, and every phrase of it can be danced by a person, on the beat."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.motion import Key, curve
from footlights.media.rehearsal.posture import mirrored, rest
from footlights.media.rehearsal.skeleton import Joints, solve
from footlights.recognition.dance.contact_sheet import rounds
from footlights.recognition.dance.dance import joints24
from footlights.recognition.dance.intersection import TOLERANCE, worst
from footlights.recognition.dance.metrics.beats import BeatAlignment, beat_alignment
from footlights.recognition.dance.metrics.feet import skate
from footlights.recognition.dance.metrics.motion import peak_speed
from footlights.recognition.dance.phrase import Phrase, names, phrase, styles
from footlights.recognition.dance.planner import NOMINAL, WALTZ

BODY = Body()
LOW, HIGH = 0.35, 0.65  # energies: up to the first a phrase is calm, from the second on lively
FASTEST = {4: 1.4 * NOMINAL, 3: WALTZ}  # beats a minute to which phrases of a meter may come to be danced


@dataclass(frozen=True)
class Figures:
    """What is measured of one phrase, danced over and over as fast as it may have to be."""

    skate: float  # metres a second, of the fastest twentieth of the contacts
    speed: float  # metres a second, of the fastest joint
    depth: float  # metres that two parts of the body lie in one another
    lowest: float  # metres of heels and toes above the floor
    knees: float  # degrees between thigh and shank, at the least
    elbows: float  # degrees between upper arm and forearm, at the least
    neck: float  # degrees between the ways head and chest face, at the most
    hands: float  # 1: their axes stand square on one another
    moved: float  # metres that the joint which moves most goes
    wandered: float  # metres that the pelvis goes away from where the phrase began
    beats: BeatAlignment


def bent(root: Reals, middle: Reals, end: Reals) -> float:
    """The smallest angle of a limb, degrees."""
    upper, lower = root - middle, end - middle
    cosine = (upper * lower).sum(-1) / np.linalg.norm(upper, axis=-1) / np.linalg.norm(lower, axis=-1)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).min())


def measured(one: Phrase) -> Figures:
    dance = rounds(one, FASTEST[one.meter], 2, BODY)
    joints, places = dance.joints, joints24(dance)
    ways = (joints.head_axes[..., 2] * joints.chest_axes[..., 2]).sum(-1)
    round_ends = np.round(dance.song.time(np.array([one.beats, 2.0 * one.beats])) * dance.fps).astype(int)
    middle = places[round_ends[0] : round_ends[1]]
    return Figures(
        skate=skate(places, dance.fps, dance.contacts).worst,
        speed=peak_speed(places, dance.fps),
        depth=worst(joints, BODY)[0],
        lowest=float(min(joints.heels[..., 1].min(), joints.toes[..., 1].min())),
        knees=bent(joints.hips, joints.knees, joints.ankles),
        elbows=bent(joints.shoulders, joints.elbows, joints.wrists),
        neck=float(np.degrees(np.arccos(np.clip(ways, -1, 1))).max()),
        hands=float(np.abs(np.linalg.det(joints.hand_axes)).min()),
        moved=float(np.linalg.norm(middle - middle[:1], axis=-1).max()),
        wandered=float(np.linalg.norm((middle[:, 0] - middle[0, 0])[:, [0, 2]], axis=-1).max()),
        beats=beat_alignment(places, dance.fps, dance.song.beats),
    )


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    return {name: measured(phrase(name)) for name in names()}


def postures(one: Phrase) -> Joints:
    """The phrase as written, at every half beat, on its spot."""
    keys = [Key(0.0, one.last), *(Key(key.beat, key.row, key.ease) for key in one.keys)]
    steps = np.diff([key.seconds for key in keys], prepend=0.0)
    curved = curve([Key(float(step), key.row, key.ease) for step, key in zip(steps, keys, strict=True)])
    return solve(curved.at(np.arange(2 * one.beats) / 2), BODY)


def flat(joints: Joints) -> Reals:
    """(T, 11, 3) the joints by which phrases are told apart."""
    pairs = [joints.wrists, joints.elbows, joints.knees, joints.ankles]
    return np.concatenate([joints.pelvis[:, None], joints.neck[:, None], joints.head[:, None], *pairs], 1)


def test_the_library_is_large_and_serves_every_style_meter_and_energy() -> None:
    whole = [phrase(name) for name in names()]
    assert len(whole) >= 180
    assert len(styles()) >= 15
    assert sum(one.meter == 3 for one in whole) >= 20
    for style in styles():
        energies = np.array([phrase(name).energy for name in names(style)])
        assert len(energies) >= 8, style
        assert energies.min() <= LOW and energies.max() >= HIGH, style
        assert ((energies > LOW) & (energies < HIGH)).any(), style
    waltz = np.array([one.energy for one in whole if one.meter == 3])
    assert waltz.min() <= LOW and waltz.max() >= HIGH


def test_every_phrase_can_be_danced(figures: dict[str, Figures]) -> None:
    holds: dict[str, Callable[[Figures], bool]] = {
        "skates": lambda f: f.skate <= 0.05,
        "is too fast": lambda f: f.speed <= 9.0,
        "goes through itself": lambda f: f.depth <= TOLERANCE,
        "goes through the floor": lambda f: f.lowest >= -0.01,
        "bends the knees too far": lambda f: f.knees >= 40,
        "bends the elbows too far": lambda f: f.elbows >= 25,
        "turns the head too far": lambda f: f.neck <= 75,
        "has broken hands": lambda f: f.hands >= 0.98,
        "hardly moves": lambda f: f.moved >= 0.02,
        "runs away": lambda f: f.wandered <= 1.2,
    }
    failing = [f"{name} {what}: {f}" for name, f in figures.items() for what, good in holds.items() if not good(f)]
    assert not failing, "\n".join(failing)


def test_phrases_come_to_rest_on_the_beat(figures: dict[str, Figures]) -> None:
    """Over all of them; quick footwork has rests between the beats as well, and slow phrases rest on few beats."""
    met = np.array([f.beats.met for f in figures.values()])
    shifted = np.array([f.beats.met_shifted for f in figures.values()])
    assert met.mean() >= 0.55
    assert (met - shifted).mean() >= 0.3
    assert (met > shifted).mean() >= 0.95


def test_seams_are_soft_because_phrases_end_with_the_feet_at_home() -> None:
    home = solve(rest()[None], BODY)
    for name in names():
        ended = solve(phrase(name).last[None], BODY)
        assert np.abs((ended.ankles - home.ankles)[..., [0, 2]]).max() < 0.05, name
        assert np.abs(ended.pelvis - home.pelvis).max() < 0.12, name
        assert np.linalg.norm(ended.wrists - ended.shoulders, axis=-1).max() < BODY.arm * 1.001, name


def test_no_phrase_is_another_under_a_new_name() -> None:
    groups: dict[tuple[int, int], list[str]] = {}
    for name in names():
        groups.setdefault((phrase(name).meter, phrase(name).beats), []).append(name)
    flip = np.array([-1.0, 1.0, 1.0])
    for group in groups.values():
        moves = {name: flat(postures(phrase(name))) for name in group}
        for one, other in combinations(group, 2):
            mirror = moves[other] * flip
            mirror[:, 3:] = mirror[:, 3:].reshape(-1, 4, 2, 3)[:, :, ::-1].reshape(-1, 8, 3)
            apart = min(np.abs(moves[one] - as_seen).max() for as_seen in (moves[other], mirror))
            assert apart > 0.08, f"{one} and {other} are {apart:.3f} m apart at the most"
    assert len({phrase(name).title for name in names()}) >= 0.9 * len(names())


def test_a_reflected_phrase_is_what_a_mirror_shows() -> None:
    one = phrase("point")
    there = one.reflected()
    assert np.allclose(mirrored(there.last), one.last)
    assert [key.contacts[::-1] for key in there.keys] == [key.contacts for key in one.keys]
