"""The measures against golden values, which loops written from the published formulas made (golden/make.py)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from footlights.core.errors import ShapeError
from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.metrics.beats import beat_alignment
from footlights.recognition.dance.metrics.feet import near_floor, pfc, skate
from footlights.recognition.dance.metrics.frechet import diversity, frechet_distance
from footlights.recognition.dance.metrics.kinetic import kinetic
from footlights.recognition.dance.metrics.manual import manual
from footlights.recognition.dance.metrics.motion import (
    last_to_first,
    peak_speed,
    resampled,
    standard_clip,
    standard_clips,
)

GOLDEN = Path(__file__).parent / "golden"
VALUES: dict[str, Any] = json.loads((GOLDEN / "golden.json").read_text())
NAMES = [name for name in VALUES if name != "beats"]


def golden(name: str) -> Reals:
    with np.load(GOLDEN / "motions.npz") as motions:
        return motions[name].astype(np.float64)


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_has_its_golden_value(name: str) -> None:
    clip, wanted = golden(name), VALUES[name]
    beats = beat_alignment(clip, 60, np.array(VALUES["beats"]))
    np.testing.assert_allclose(kinetic(clip), wanted["kinetic"], rtol=1e-9)
    np.testing.assert_allclose(kinetic(clip, published=False), wanted["kinetic_meant"], rtol=1e-9)
    np.testing.assert_allclose(manual(clip), wanted["manual"], atol=1e-12)
    assert beats.met == pytest.approx(wanted["met"], abs=1e-12)
    assert beats.kept == pytest.approx(wanted["kept"], abs=1e-12)
    assert beats.motion_beats == wanted["motion_beats"]
    assert pfc(clip, 60) == pytest.approx(wanted["pfc"], rel=1e-9)


def by_sqrtm(reference: Reals, other: Reals) -> float:
    """The distance as published, with SciPy's root of a matrix that is not symmetric."""
    mean, deviation = reference.mean(0), reference.std(0) + 1e-10
    a, b = (reference - mean) / deviation, (other - mean) / deviation
    c, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    apart = a.mean(0) - b.mean(0)
    return float(apart @ apart + np.trace(c + d - 2 * np.real(sqrtm(c @ d))))


@pytest.mark.parametrize(("count", "width"), [(400, 72), (200, 32), (40, 6)])
def test_frechet_distance_agrees_with_another_implementation(count: int, width: int) -> None:
    rng = np.random.default_rng(width)
    mix = rng.normal(size=(width, width))
    reference, other = rng.normal(size=(count, width)) @ mix, 1.3 * rng.normal(size=(count, width)) @ mix + 0.2
    assert frechet_distance(reference, other) == pytest.approx(by_sqrtm(reference, other), abs=1e-6)


def test_frechet_distance_holds_where_clips_are_few() -> None:
    rng = np.random.default_rng(3)
    few = rng.normal(size=(8, 72))
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-5)
    assert frechet_distance(few, few + 1.0) == pytest.approx((1 / few.std(0) ** 2).sum(), rel=1e-6)
    with pytest.raises(ShapeError, match="at least 2"):
        frechet_distance(few, few[:1])


def test_diversity_is_the_mean_distance_of_every_two() -> None:
    features = np.random.default_rng(4).normal(size=(30, 5))
    scaled = (features - features.mean(0)) / features.std(0)
    pairs = [np.linalg.norm(a - b) for i, a in enumerate(scaled) for b in scaled[:i]]
    assert diversity(features, features) == pytest.approx(np.mean(pairs))
    assert diversity(features, features[:1]) == 0


def bounce(beats: Reals, seconds: float, moved: float = 0.0) -> Reals:
    """Somebody who halts on every beat: all joints swing from one side to the other between two beats."""
    time = np.arange(round(seconds * 60)) / 60
    phase = np.interp(time - moved, beats, np.arange(len(beats)))
    dance = np.zeros((len(time), 24, 3))
    dance[..., 0] = 0.2 * np.cos(np.pi * phase)[:, None]
    return dance


def test_a_dance_on_the_beat_scores_high_and_its_control_low() -> None:
    beats = np.arange(0.0, 20.0, 0.47)
    on, off = (beat_alignment(bounce(beats, 19, moved), 60, beats) for moved in (0.0, 0.235))
    assert on.met > 0.9 and on.kept > 0.9
    assert off.met < 0.05 and off.kept < 0.05
    assert 0.1 < on.met_shifted < 0.5 and on.kept_shifted == pytest.approx(on.met_shifted, abs=0.1)
    assert abs(on.motion_beats - on.music_beats) <= 3


def test_a_dance_at_another_rate_scores_alike() -> None:
    beats = np.arange(0.0, 20.0, 0.47)
    dance = bounce(beats, 19)
    assert beat_alignment(dance[::2], 30, beats).met == pytest.approx(beat_alignment(dance, 60, beats).met, abs=0.05)


def test_standing_still_meets_no_beat() -> None:
    still = beat_alignment(np.zeros((600, 24, 3)), 60, np.arange(0, 10, 0.5))
    assert (still.met, still.kept, still.motion_beats) == (0, 0, 0)
    assert beat_alignment(np.zeros((1, 24, 3)), 60, np.array([])).music_beats == 0


def test_a_sliding_foot_skates_and_a_pivoting_one_does_not() -> None:
    dance = golden("jacks") * 0
    contacts = np.ones((len(dance), 2), bool)
    dance[:, 7, 0] = dance[:, 10, 0] = np.arange(len(dance)) * 0.6 / 60  # the left foot slides at 0.6 m/s
    sliding = skate(dance, 60, contacts)
    assert sliding.mean == pytest.approx(0.3) and sliding.worst == pytest.approx(0.6) and sliding.contact == 1
    dance[:, 10] = 0  # now on its toes
    assert skate(dance, 60, contacts).mean == 0
    assert skate(dance, 60, contacts & False).contact == 0


def test_feet_near_the_floor_are_found_without_being_told() -> None:
    contacts = near_floor(golden("jacks"))
    assert 0.3 < contacts.mean() < 1.0
    lifted = golden("jacks")
    lifted[60:, [7, 10], 1] += 0.3
    assert not near_floor(lifted)[60:, 0].any() and near_floor(lifted)[60:, 1].any()


def test_a_frozen_dancer_is_told_by_the_last_quarter() -> None:
    dance = golden("swing")
    assert last_to_first(dance, 60) == pytest.approx(1, abs=0.5)
    dance[80:] = dance[80]
    assert last_to_first(dance, 60) == 0


def test_the_peak_is_of_the_fastest_joint() -> None:
    dance = np.zeros((10, 24, 3))
    dance[5:, 20, 1] = 0.1
    assert peak_speed(dance, 60) == pytest.approx(6.0)


@given(st.floats(12, 120), st.integers(2, 300))
@settings(max_examples=40, deadline=None)
def test_resampling_keeps_a_straight_motion(fps: float, frames: int) -> None:
    line = np.arange(frames)[:, None, None] / fps * np.ones((1, 24, 3))
    again = resampled(line, fps)
    np.testing.assert_allclose(again[:, 0, 0], np.arange(len(again)) / 60, atol=1e-9)
    assert (frames - 1) / fps - (len(again) - 1) / 60 < 1 / 60 + 1e-6


def test_clips_are_20_seconds_from_where_the_root_is() -> None:
    dance = np.random.default_rng(1).normal(size=(60 * 55, 24, 3))
    clips = standard_clips(dance, 60)
    assert [len(clip) for clip in clips] == [1200, 1200, 900]
    assert all((clip[0, 0] == 0).all() for clip in clips) and len(standard_clip(dance, 60)) == 1200
