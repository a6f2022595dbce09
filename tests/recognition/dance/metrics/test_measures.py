"""All measures of a dance at once, and of a set against another."""

import math
from dataclasses import replace

import numpy as np
import pytest

from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.motion import Variation, curve, motion, perform
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.metrics.measures import Measures, distance, measures
from footlights.recognition.dance.song import steady


def dance(name: str, pace: float, seconds: float = 62.0) -> Dance:
    keys, _ = perform(motion(name), Variation(repeats=60, pace=pace))
    joints = solve(curve(keys).at(np.arange(round(seconds * 60)) / 60 + 1), Body())
    low = joints.toes[..., 1] < 0.04
    return Dance(60.0, joints, Body(), low, steady(100, seconds))


@pytest.fixture(scope="module")
def jacks() -> list[Measures]:
    return [measures(dance("jumping_jack", pace)) for pace in (0.9, 1.0, 1.1)]


def test_one_dance_is_measured(jacks: list[Measures]) -> None:
    one = jacks[0]
    assert one.kinetic.shape == (3, 72) and one.manual.shape == (3, 32)
    assert one.seconds == pytest.approx(62) and 1 < one.peak_speed < 12
    assert one.last_to_first == pytest.approx(1, abs=0.1) and 0 <= one.skate.mean < 1
    assert one.beats.music_beats == 104


def test_a_set_is_nearer_to_its_like(jacks: list[Measures]) -> None:
    squats = [measures(dance("squat", pace)) for pace in (0.9, 1.0, 1.1)]
    same, other = distance(jacks, jacks), distance(squats, jacks)
    assert same.fid_k < 0.2 * other.fid_k and same.fid_g < 0.2 * other.fid_g
    assert same.div_k == pytest.approx(same.reference_div_k) and same.clips == same.reference_clips == 9


def test_too_few_clips_have_no_distance() -> None:
    short = [measures(replace(dance("squat", 1.0, 5.0)))]
    far = distance(short, short)
    assert math.isnan(far.fid_k) and math.isnan(far.halves_fid_g) and math.isnan(far.div_k)
