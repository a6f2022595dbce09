"""The motion library: every file loads, is smooth, begins and ends at rest, and keeps its promises."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.body import Body, build
from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.motion import (
    Curve,
    Key,
    Variation,
    curve,
    motion,
    names,
    parse,
    perform,
    reflected,
    vary,
)
from footlights.media.rehearsal.posture import SIZE, arms, legs, mirrored, posture, rest
from footlights.media.rehearsal.skeleton import Joints, landmarks, solve

STEP = 1 / 60  # seconds
FASTEST = 14.0  # metres a second: a boxer's fist, with room


def played(name: str, how: Variation) -> tuple[Curve, np.ndarray]:
    keys, _ = perform(motion(name), how)
    whole = curve([Key(0.0, rest()), *keys])
    return whole, np.arange(0, whole.times[-1] + STEP, STEP)


def joints_of(name: str, body: Body, pace: float = 1.0) -> tuple[Joints, np.ndarray]:
    chosen = motion(name)
    whole, times = played(
        name, Variation(pace=pace, amplitude=chosen.amplitude[1], repeats=chosen.repeats[0], hold=0.5)
    )
    return solve(whole.at(times), body), times


def failing(holds: Callable[[str], object]) -> list[str]:
    """The motions for which something does not hold. One test looks at all of them: there are hundreds."""
    return [name for name in names() if not holds(name)]


def test_every_motion_begins_and_ends_at_rest() -> None:
    def at_rest(name: str) -> bool:
        postures = played(name, Variation(repeats=2, hold=0.4))[0]
        ends = postures.at(postures.times[[0, -1]])
        return bool(np.allclose(ends, rest()))

    assert not failing(at_rest)


def test_no_joint_jumps() -> None:
    def slow_enough(name: str) -> bool:
        joints, _ = joints_of(name, build(), pace=motion(name).pace[1])
        speed = np.linalg.norm(np.diff(landmarks(joints, build()), axis=0), axis=-1) / STEP
        return bool(speed.max() < FASTEST)

    assert not failing(slow_enough)


@pytest.mark.parametrize("look", [0, 3, 7])
def test_feet_stay_where_contact_is_declared_and_above_the_floor(look: int) -> None:
    body = looks()[look].body()

    def grounded(name: str) -> bool:
        joints, _ = joints_of(name, body)
        lowest = np.minimum(joints.heels[..., 1], joints.toes[..., 1])
        stay = [foot in motion(name).contacts for foot in ("left_foot", "right_foot")]
        return bool(lowest.min() > -0.02 and (lowest[:, stay] < 0.045 * body.scale + 0.02).all())

    assert not failing(grounded)


def test_feet_leave_the_floor_where_no_contact_is_declared() -> None:
    joints, _ = joints_of("jumping_jack", build())
    assert joints.toes[..., 1].max() > 0.045


def test_the_label_lies_within_the_performance_and_counts_the_repeats() -> None:
    def labelled(name: str) -> bool:
        chosen = motion(name)
        how = vary(chosen, np.random.default_rng(5))
        keys, span = perform(chosen, how)
        return (
            0 < span.begin < span.end < sum(key.seconds for key in keys)
            and span.label == chosen.label
            and len(span.repeats) == (how.repeats if chosen.cycle else 0)
            and list(span.repeats) == sorted(span.repeats)
        )

    assert not failing(labelled)


def test_pace_shortens_and_holds_do_not() -> None:
    chosen = motion("x_arms")
    slow, fast = (perform(chosen, Variation(pace=pace, hold=2.0))[1] for pace in (1.0, 2.0))
    assert fast.begin == pytest.approx(slow.begin / 2)
    assert 2.0 < fast.end - fast.begin < slow.end - slow.begin < 2.5


def test_an_x_is_high_and_crossed_and_its_negatives_are_not() -> None:
    def held(name: str) -> Joints:
        keys, span = perform(motion(name), Variation(hold=1.0))
        return solve(curve([Key(0.0, rest()), *keys]).at(np.array([(span.begin + span.end) / 2])), build()).at(0)

    x, low, folded = held("x_arms"), held("arms_crossed_low"), held("arms_folded")
    for joints in (x, low, folded):  # left wrist on the right of the right one
        assert joints.wrists[0, 0] < joints.wrists[1, 0]
    assert (x.wrists[:, 1] > x.elbows[:, 1] + 0.12).all()
    assert (low.wrists[:, 1] < low.elbows[:, 1]).all()
    assert (folded.wrists[:, 1] < folded.elbows[:, 1] + 0.12).all()


def test_a_clap_brings_the_palms_together_on_every_body() -> None:
    for look in looks():
        joints, _ = joints_of("clap", look.body())
        apart = np.linalg.norm(joints.hands[:, 0, 9] - joints.hands[:, 1, 9], axis=-1)
        assert apart.min() < 0.13
        assert (joints.wrists[:, 0, 0] > joints.wrists[:, 1, 0]).all(), "the hands go through each other"


def test_the_mirror_image_is_the_same_motion_on_the_other_side() -> None:
    keys, span = perform(motion("wave"), Variation(repeats=2))
    turned, other = perform(motion("wave"), Variation(repeats=2, mirror=True))
    times = np.arange(0, span.end, 0.1)
    here, there = (solve(curve([Key(0.0, rest()), *ks]).at(times), build()) for ks in (keys, turned))
    flip = np.array([-1.0, 1.0, 1.0])
    for name in ("wrists", "elbows", "knees", "hands"):
        assert np.allclose(getattr(here, name)[:, ::-1] * flip, getattr(there, name), atol=1e-9)
    assert np.allclose(here.head * flip, there.head)
    assert (other.begin, other.end) == (span.begin, span.end)


ONE_HAND = """title = "Lift the left hand"
yaw = [0, 90]
one_sided = true
contacts = ["left_foot"]
[[enter]]
seconds = 1
left_arm = {reach = [0.3, 0.9, 0.0]}
"""


def test_a_motion_with_a_side_in_its_name_has_a_twin() -> None:
    left = parse("lift_left", ONE_HAND, "gestures")
    right = reflected(left)
    assert (right.name, right.title, right.label, right.twin) == (
        "lift_right", "Lift the right hand", "lift_right", "lift_left"
    )  # fmt: skip
    assert (right.yaw, right.contacts, right.kind) == ((-90, 0), ("right_foot",), "gestures")
    assert np.array_equal(right.enter[0].row, mirrored(left.enter[0].row))
    assert not left.one_sided, "done on the other side it would be the twin"
    assert parse("lift_one_hand", ONE_HAND).twin == ""


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("met = 0.2, code = '02022'", "met must be"),
        ("met = 3, code = '222'", "five digits"),
        ("met = 3, code = '02022', counts = 9", "counts must be"),
        ("mets = 3, code = '02022'", "did you mean 'met'"),
    ],
)
def test_a_wrong_exercise_is_an_error(table: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse("mine", f"exercise = {{{table}}}\n[[enter]]\nseconds = 1\n")


@given(st.integers(0, 2**16))
def test_mirroring_twice_changes_nothing(seed: int) -> None:
    row = np.random.default_rng(seed).normal(size=(3, SIZE))
    assert np.array_equal(mirrored(mirrored(row)), row)


@given(st.integers(0, 2**16), st.integers(3, 7))
def test_a_curve_passes_its_keys_and_does_not_overshoot(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    eases = rng.choice(["smooth", "through"], count)
    keys = [Key(float(rng.uniform(0.1, 1)), rng.normal(size=SIZE), str(ease)) for ease in eases]
    whole = curve(keys)
    assert np.allclose(whole.at(whole.times), [key.row for key in keys])
    for index in range(count - 1):
        between = whole.at(np.linspace(whole.times[index], whole.times[index + 1], 20))
        low, high = np.minimum(keys[index].row, keys[index + 1].row), np.maximum(keys[index].row, keys[index + 1].row)
        assert (between >= low - 1e-9).all()
        assert (between <= high + 1e-9).all()


def test_a_target_may_be_given_in_any_frame() -> None:
    body = build()
    for frame, near in (("pelvis", "pelvis"), ("head", "head"), ("floor", None)):
        wish = np.array([0.25, 0.1, 0.1]) if near else np.array([0.3, 1.0, 0.2])
        row = posture({"left_arm": {"at": frame, "reach": wish.tolist()}})
        joints = solve(row[None], body).at(0)
        origin = getattr(joints, near) if near else np.zeros(3)
        axes = {"pelvis": joints.pelvis_axes, "head": joints.head_axes}.get(frame, np.eye(3))
        assert np.allclose(joints.wrists[0], origin + axes @ wish, atol=1e-3)


def test_halfway_between_two_frames_is_halfway_between_the_places() -> None:
    one = posture({"arms": {"at": "pelvis", "reach": [0.2, 0.1, 0.2]}})
    two = posture({"arms": {"at": "floor", "reach": [0.3, 1.1, 0.3]}})
    wrists = [solve(row[None], build()).wrists[0] for row in (one, two, (one + two) / 2)]
    assert np.allclose(wrists[2], (wrists[0] + wrists[1]) / 2, atol=1e-6)


def test_the_left_arm_can_move_alone() -> None:
    row = posture({"left_arm": {"hand": "fist"}, "right_leg": {"foot": [30, 0]}})
    assert np.array_equal(arms(row)[1], arms(rest())[1])
    assert not np.array_equal(arms(row)[0], arms(rest())[0])
    assert np.array_equal(legs(row)[0], legs(rest())[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[enter]]\nseconds = 1\narms = {reech = [0, 0, 0]}", "did you mean 'reach'"),
        ("[[enter]]\nseconds = 1\narms = {hand = 'fists'}", "did you mean 'fist'"),
        ("[[enter]]\nseconds = 1\narms = {reach = [0, 0]}", "must be 3 numbers"),
        ("[[enter]]\nseconds = 1\narms = {palm = 'sideways'}", "no direction 'sideways'"),
        ("[[enter]]\nseconds = 0\n", "seconds must lie above 0"),
        ("[[enter]]\nseconds = 1\nease = 'smoth'", "did you mean 'smooth'"),
        ("[[enter]]\nseconds = 1\nhips = 3", "no part of a posture 'hips'"),
        ("[[enter]]\nseconds = 1\nface = {grin = 1}", "no part of a face 'grin'"),
        ("titel = 'x'", "did you mean 'title'"),
        ("title = 'x'", "at least one [[enter]] key"),
        ("pace = [2, 1]\n[[enter]]\nseconds = 1", "pace must be [low, high]"),
        ("title = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_the_place(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse("mine", text)
    assert said in str(caught.value)
    assert "mine" in str(caught.value)
