import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.skeleton import landmarks
from footlights.recognition.dance.show.troupe import MOST, casting, formation, mirrored, sampled, troupe
from tests.recognition.dance.performed import a_dance

DANCE = a_dance(12.0, "wave+clap")


def test_the_first_dancer_is_the_dance() -> None:
    (joints, faces), *_ = troupe(DANCE, 1).moving(DANCE.times[:50])
    np.testing.assert_allclose(joints.wrists, DANCE.joints.wrists[:50], atol=1e-9)
    assert faces.shape == (50, 5)


def test_a_mirror_image_is_a_body_with_left_and_right_exchanged() -> None:
    twice = mirrored(mirrored(DANCE.joints))
    np.testing.assert_allclose(twice.hands, DANCE.joints.hands)
    np.testing.assert_allclose(twice.chest_axes, DANCE.joints.chest_axes)
    once = mirrored(DANCE.joints)
    np.testing.assert_allclose(once.elbows[:, 0], DANCE.joints.elbows[:, 1] * [-1, 1, 1])
    np.testing.assert_allclose(np.linalg.det(once.head_axes), 1.0)
    np.testing.assert_allclose(np.linalg.det(once.hand_axes), np.linalg.det(DANCE.joints.hand_axes))
    points, image = landmarks(DANCE.joints, DANCE.body), landmarks(once, DANCE.body)
    np.testing.assert_allclose(image[:, 11], points[:, 12] * [-1, 1, 1])  # shoulders
    np.testing.assert_allclose(image[:, 2], points[:, 5] * [-1, 1, 1])  # eyes


def test_in_a_canon_the_rows_come_one_after_the_other() -> None:
    everybody = troupe(DANCE, 3, "canon")
    times = np.arange(4.0, 8.0, 1 / 30)
    (first, _), (second, _), _ = everybody.moving(times)
    front, behind = everybody.dancers[0], everybody.dancers[1]
    assert (front.rank, behind.rank) == (0, 1)
    late = sampled(DANCE, times - 0.5)[0]  # a beat at 120 beats a minute
    own = (second.wrists - behind.spot) / behind.size
    np.testing.assert_allclose(own, late.wrists, atol=1e-9)
    np.testing.assert_allclose(first.wrists - front.spot, sampled(DANCE, times)[0].wrists, atol=1e-9)


def test_a_mixed_dance_is_a_canon_only_for_a_while_and_nobody_hurries() -> None:
    everybody = troupe(a_dance(48.0), 3, "mixed")
    lag = np.interp(np.arange(0, 48, 0.1), everybody.lag_times, everybody.lag)
    assert lag[0] == 0
    assert lag[-1] == 0
    assert lag.max() == 1
    assert np.abs(np.diff(lag)).max() / 0.1 < 0.6  # beats a second, at two beats a second


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("count", range(1, MOST + 1))
def test_dancers_stand_apart_and_in_the_middle(count: int, deep: bool) -> None:
    spots = formation(count, deep=deep)
    assert spots.shape == (count, 3)
    assert abs(spots[:, 0].mean()) < 0.6
    gaps = np.linalg.norm(spots[:, None] - spots[None], axis=-1) + 9 * np.eye(count)
    assert gaps.min() > 0.8


def test_dancers_that_wander_are_not_mirrored_into_one_another() -> None:
    wandering = a_dance(12.0, fps=30.0, roam=1.2)
    assert not any(dancer.mirror for dancer in troupe(wandering, 5, "mixed").dancers)
    assert any(dancer.mirror for dancer in troupe(DANCE, 5, "mixed").dancers)
    asked = troupe(wandering, 3, "mirrored")
    places = np.stack([joints.pelvis for joints, _ in asked.moving(wandering.times)])
    assert np.linalg.norm(places[0] - places[2], axis=-1).min() > 0.6


def test_looks_are_named_or_drawn() -> None:
    cast = casting(("mei",), 3, seed=5)
    assert cast[0].name == "Mei"
    assert len({look.name for look in cast}) == 3
    assert casting((), 3, 1) == casting((), 3, 1)
    with pytest.raises(SettingsError, match="no look 'Nobody'; there are Nova, "):
        casting(("Nobody",))


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(SettingsError, match="1 to 9 dancers, not 10"):
        troupe(DANCE, 10)
    with pytest.raises(SettingsError, match="not 'apart'"):
        troupe(DANCE, 2, "apart")
