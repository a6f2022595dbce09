from dataclasses import replace

import numpy as np
import pytest

from footlights.recognition.dance.show.lights import PALETTES, LightPlan
from tests.recognition.dance.performed import a_song


def test_a_pulse_comes_with_the_beat_and_goes_before_the_next() -> None:
    plan = LightPlan(a_song(), 16.0)
    just_after, late = plan.at(4.02).pulse, plan.at(4.45).pulse
    assert just_after > 0.6
    assert late < 0.15


def test_it_begins_and_ends_in_the_dark() -> None:
    plan = LightPlan(a_song(), 16.0)
    assert plan.at(0.0).level < 0.5
    assert plan.at(8.0).level == 1.0
    assert plan.at(15.9).level < 0.3


def test_sections_that_sound_alike_are_lit_alike_and_others_are_not() -> None:
    plan = LightPlan(a_song(18.0), 18.0)
    verse, chorus, again = (plan.at(time) for time in (3.0, 9.0, 15.0))
    assert (verse.palette, verse.pattern) == (again.palette, again.pattern)
    assert verse.palette != chorus.palette
    assert verse.pattern != chorus.pattern
    assert chorus.energy > verse.energy


def test_colours_change_gradually() -> None:
    plan = LightPlan(a_song(18.0), 18.0)
    before, between, after = (np.array(plan.at(time).palette.left) for time in (5.9, 6.2, 6.6))
    assert np.all(np.abs(between - before) <= np.abs(after - before) + 1e-9)
    assert not np.allclose(between, before)
    assert not np.allclose(between, after)


@pytest.mark.parametrize("colours", list(PALETTES))
def test_everything_stays_in_its_range(colours: str) -> None:
    song = replace(a_song(), beats=np.arange(32) * 0.5 + 0.7)  # before the first beat as well
    plan = LightPlan(song, 17.0, seed=4, colours=colours)
    for time in np.linspace(0, 17, 120):
        lighting = plan.at(float(time))
        assert 0 <= lighting.pulse <= 1
        assert 0 <= lighting.energy <= 1
        assert np.all((lighting.beams >= 0) & (lighting.beams <= 1))
        assert np.abs(lighting.aims).max() < 4


def test_beams_move_without_jumps() -> None:
    plan = LightPlan(a_song(), 16.0)
    aims = np.stack([plan.at(time).aims for time in np.arange(0.5, 5.0, 1 / 60)])
    assert np.abs(np.diff(aims, axis=0)).max() < 0.12
    assert np.ptp(aims[:, :, 0], axis=0).min() > 0.2
