"""Feet of finished joints that hold."""

import numpy as np

from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.motion import Variation, curve, motion, perform
from footlights.media.rehearsal.skeleton import Joints, solve
from footlights.recognition.dance.dance import Dance, joints24
from footlights.recognition.dance.grounding import grounded, stretches
from footlights.recognition.dance.metrics.feet import skate
from footlights.recognition.dance.metrics.motion import peak_speed
from footlights.recognition.dance.song import steady

BODY = Body()


def sliding(seconds: float = 5.0, speed: float = 0.3) -> tuple[Joints, np.ndarray]:
    """Somebody who squats, gliding over the floor on trembling feet, the left one lifted for a second."""
    keys, _ = perform(motion("squat"), Variation(repeats=3))
    joints = solve(curve(keys).at(np.arange(round(seconds * 60)) / 60), BODY)
    rng = np.random.default_rng(2)
    moved = {}
    for name, array in vars(joints).items():
        shift = np.zeros((len(array), *[1] * (array.ndim - 2), 3))
        if not name.endswith("axes"):
            shift[..., 0] = (np.arange(len(array)) * speed / 60).reshape(-1, *[1] * (array.ndim - 2))
        moved[name] = array + (0 if name.endswith("axes") else shift)
    wobble = rng.normal(0, 0.004, moved["ankles"].shape)
    for name in ("ankles", "toes", "heels"):
        moved[name] = moved[name] + wobble
    contacts = np.ones((len(wobble), 2), bool)
    contacts[120:180, 0] = False
    return Joints(**moved), contacts


def measured(joints: Joints, contacts: np.ndarray) -> tuple[float, float]:
    dance = Dance(60.0, joints, BODY, contacts, steady(120, 5.0))
    places = joints24(dance)
    return skate(places, 60, contacts).mean, peak_speed(places, 60)


def test_feet_hold_where_they_slid_before() -> None:
    joints, contacts = sliding()
    held, after = grounded(joints, contacts, BODY, 60)
    assert measured(joints, contacts)[0] > 0.2
    slide, peak = measured(held, after)
    assert slide < 0.02 and peak < 5
    assert after.mean() > 0.4  # steps were put in, not all contact given up


def test_bones_keep_their_lengths() -> None:
    joints, contacts = sliding()
    held, _ = grounded(joints, contacts, BODY, 60)
    np.testing.assert_allclose(np.linalg.norm(held.knees - held.hips, axis=-1), BODY.thigh, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(held.ankles - held.knees, axis=-1), BODY.shank, atol=1e-6)


def test_a_foot_in_contact_is_on_the_floor_and_none_is_below() -> None:
    joints, contacts = sliding(speed=0.0)
    sunk = Joints(
        **{name: array if name.endswith("axes") else array - [0, 0.05, 0] for name, array in vars(joints).items()}
    )
    held, after = grounded(sunk, contacts, BODY, 60)
    assert held.toes[..., 1].min() > -0.005 and np.abs(held.toes[..., 1][after] - 0.02).max() < 0.02


def test_blips_are_no_contact() -> None:
    joints, contacts = sliding(speed=0.0)
    contacts[:] = False
    contacts[50:53] = True
    _, after = grounded(joints, contacts, BODY, 60)
    assert not after.any()
    assert stretches(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
