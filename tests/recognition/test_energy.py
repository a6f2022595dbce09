"""Energy: every figure is worked out by hand."""

import math

import pytest

from footlights.core.errors import SettingsError
from footlights.recognition.energy import GAP, IDLE, RECOVERY, EnergyMeter, Physique, paced

WOMAN = Physique(weight=65, height=170, age=30, gender="female")


def run(meter: EnergyMeter, parts: list[tuple[float, float]], fps: float = 30.0) -> EnergyMeter:
    """Let (seconds, MET) pass one after the other."""
    frame, end = 0, 0.0
    for seconds, demand in parts:
        end += seconds
        while frame / fps <= end + 1e-9:
            meter.step(frame / fps, demand)
            frame += 1
    return meter


def test_resting_rate_of_mifflin_and_st_jeor() -> None:
    assert WOMAN.resting_rate == pytest.approx(10 * 65 + 6.25 * 170 - 5 * 30 - 161)  # 1401.5
    assert Physique(80, 180, 40, "male").resting_rate == pytest.approx(1730)
    assert Physique(80, 180, 40, "unsaid").resting_rate == pytest.approx(1730 - 83)


def test_corrected_met() -> None:
    # 1401.5 kcal a day are 0.9733 kcal, 0.19465 litres of oxygen a minute, 2.9946 ml for each of 65 kg
    assert WOMAN.resting_uptake == pytest.approx(2.9946, abs=1e-4)
    assert WOMAN.corrected(8.0) == pytest.approx(8.0 * 3.5 / 2.9946, abs=1e-3)  # 9.35


def test_kilocalories_are_the_same_by_either_rest() -> None:
    # 6 MET x 3.5 ml x 65 kg = 1.365 l a minute, 6.825 kcal a minute
    assert WOMAN.kcal(6.0, 60) == pytest.approx(6.825)
    assert WOMAN.corrected(6.0) * WOMAN.resting_kcal(60) == pytest.approx(6.825)


@pytest.mark.parametrize(
    ("met", "pace", "expected"),
    [
        (7.3, 1, 7.3),
        (7.3, None, 7.3),
        (7.3, 0.75, 5.8),
        (7.3, 1.25, 8.8),
        (7.3, 9, 10.3),
        (7.3, 0.1, 4.3),
        (1.3, 1.5, 1.3),
    ],
)
def test_cost_above_standing_follows_the_pace_within_bounds(met: float, pace: float | None, expected: float) -> None:
    assert paced(met, pace) == pytest.approx(expected)


def test_a_steady_minute() -> None:
    meter = run(EnergyMeter(WOMAN), [(60, 6.0)])
    assert meter.kcal == pytest.approx(6.825, rel=1e-6)
    assert meter.net_kcal == pytest.approx(6.825 - 1401.5 / 1440, rel=1e-6)
    assert meter.met == 6.0


def test_recovery_falls_exponentially_from_where_the_uptake_had_come() -> None:
    meter = run(EnergyMeter(WOMAN), [(60, 6.0), (30, IDLE)])
    risen = (6.0 - IDLE) * (1 - math.exp(-60 / RECOVERY))
    assert meter.met == pytest.approx(IDLE + risen * math.exp(-1), abs=0.02)
    extra = risen * RECOVERY * (1 - math.exp(-1))  # MET seconds
    assert meter.kcal == pytest.approx(WOMAN.kcal(6.0, 60) + WOMAN.kcal(IDLE, 30) + WOMAN.kcal(1.0, extra), rel=2e-3)


def test_a_hop_leaves_almost_nothing_behind() -> None:
    meter = run(EnergyMeter(WOMAN), [(1, 8.0), (5, IDLE)])
    assert meter.met < IDLE + 0.25


@pytest.mark.parametrize("fps", [10, 24, 60])
def test_the_frame_rate_makes_no_difference(fps: float) -> None:
    parts = [(10.0, IDLE), (20.0, 8.0), (10.0, IDLE), (5.0, 3.5)]
    assert run(EnergyMeter(WOMAN), parts, fps).kcal == pytest.approx(run(EnergyMeter(WOMAN), parts, 30).kcal, rel=0.01)


def test_nothing_is_counted_while_nobody_is_seen() -> None:
    meter = EnergyMeter(WOMAN)
    meter.step(0.0, 5.0)
    meter.step(GAP + 5, 5.0)
    assert (meter.kcal, meter.seconds) == (0.0, 0.0)
    meter.pause()
    meter.step(GAP + 5.5, 5.0)
    assert meter.kcal == 0.0


def test_a_body_that_cannot_be_is_refused() -> None:
    with pytest.raises(SettingsError, match="do not belong to one person"):
        Physique(weight=20, height=80, age=110, gender="female")
