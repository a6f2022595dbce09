"""What is generated can be had again, says the right thing at the right time, and looks like a camera's view."""

from dataclasses import replace

import numpy as np
import pytest

from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.motion import motion
from footlights.media.rehearsal.posture import ARMS, LEGS, rest
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.movement.features import VIEWS
from footlights.recognition.movement.sight import RATE
from footlights.studio.movement import noise
from footlights.studio.movement.acts import act, fidget, slack, unmeant
from footlights.studio.movement.generator import AFTER, moments, sequence, targets
from footlights.studio.movement.library import NETS, Library, library, shows
from footlights.studio.movement.noise import errors, observed
from footlights.studio.movement.performance import Performance, Placed, compose
from footlights.studio.movement.views import filmed

STILL = lambda times: np.zeros((len(times), len(rest())))  # noqa: E731


def only(net: str, *names: str) -> Library:
    """The library of a net with nothing but these motions in it."""
    whole = library(net)
    motions = tuple(motion(name) for name in names)
    taught = {label: tuple(m for m in motions if m.label == label) for label in {m.label for m in motions}}
    return replace(whole, taught=taught)


@pytest.mark.parametrize("net", NETS)
def test_the_same_seed_gives_the_same_and_another_does_not(net: str) -> None:
    first, again, other = (sequence(library(net), seed, 6.0) for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.wanted, again.wanted)
    assert first.inputs.shape != other.inputs.shape or not np.array_equal(first.inputs, other.inputs)


@pytest.mark.parametrize("net", NETS)
def test_sequences_have_the_shape_that_the_net_takes(net: str) -> None:
    for seed in range(12):
        made = sequence(library(net), (5, seed), 8.0)
        assert abs(len(made.inputs) - 8 * RATE) <= 12
        assert made.inputs.shape[1] == VIEWS[net].width
        assert made.wanted.shape == made.counted.shape == (len(made.inputs), len(library(net).labels))
        assert np.isfinite(made.inputs).all()
        for span in made.performed:
            column = library(net).labels.index(span.label)
            assert made.wanted[span.begin : span.end, column].all()


@pytest.mark.parametrize("net", NETS)
def test_everyday_streams_hold_nothing_that_has_a_label(net: str) -> None:
    known = library(net)
    count = sum(not label.startswith("posture:") for label in known.labels)
    for seed in range(8):
        made = sequence(known, (6, seed), 8.0, quiet=True)
        assert not made.wanted[:, :count].any() and not made.performed


def test_about_half_of_the_time_nothing_is_done_that_has_a_label() -> None:
    busy = [sequence(library("gestures"), (8, seed)).wanted.any(1).mean() for seed in range(40)]
    assert 0.2 < np.mean(busy) < 0.65


def test_frames_come_ten_to_sixty_times_a_second() -> None:
    for seed in range(30):
        times = moments(10.0, np.random.default_rng(seed))
        assert times[0] == 0 and (np.diff(times) > 0).all()
        assert 1 / 61 < np.median(np.diff(times)) < 1 / 9


def test_a_label_stays_for_a_while_after_the_end_and_the_way_there_is_left_open() -> None:
    done = act(motion("wave"), np.random.default_rng(0), 0.0)
    stage = Performance((Placed(done, 1.0),), (), (), STILL)
    span, times = stage.base[0].span, np.arange(0, 8, 0.05)
    assert span is not None
    known = library("gestures")
    wanted, counted = targets(known, stage, times)
    column = wanted[:, known.labels.index("wave")]
    assert column[(times > span.begin) & (times < span.end + AFTER)].all()
    assert not column[(times < span.begin) | (times > span.end + AFTER)].any()
    assert not counted[(times > span.begin - 0.25) & (times < span.begin), known.labels.index("wave")].any()
    assert counted[:, known.labels.index("clap")].all()


@pytest.mark.parametrize("seed", range(6))
def test_twins_are_labelled_by_the_side_that_moves(seed: int) -> None:
    """Whoever kicks left is labelled left, in the joints too."""
    rng = np.random.default_rng(seed)
    for index, side in enumerate(("left", "right")):
        done = act(motion(f"standing_kick_{side}"), rng, 0.3)
        stage = Performance((Placed(done, 0.0),), (), (), STILL)
        assert done.span is not None and done.span.label == f"standing_kick_{side}"
        times = np.linspace(0, done.seconds, 80)
        travel = np.ptp(solve(stage.rows(times), Body()).ankles, axis=0).max(1)
        assert travel[index] > 2 * travel[1 - index]


def test_arms_laid_over_a_squat_leave_the_legs_alone_and_both_are_labelled() -> None:
    rng = np.random.default_rng(3)
    squat, wave = act(motion("squat"), rng, 0.0), act(motion("wave"), rng, 0.0)
    base, over = Placed(squat, 0.0), Placed(wave, 0.5)
    plain, both = Performance((base,), (), (), STILL), Performance((base,), (over,), (), STILL)
    times = np.arange(1.2, over.stop - 0.6, 0.05)
    np.testing.assert_allclose(plain.rows(times)[:, LEGS], both.rows(times)[:, LEGS])
    assert np.abs(plain.rows(times)[:, ARMS] - both.rows(times)[:, ARMS]).max() > 0.3
    for net, label in (("exercises", "squat"), ("gestures", "wave")):
        wanted, _ = targets(library(net), both, np.arange(0, 6, 0.05))
        assert wanted[:, library(net).labels.index(label)].any()


def test_somebody_racks_the_arms_and_squats_now_and_then() -> None:
    overlaid = 0
    for seed in range(60):
        done = compose(library("exercises"), "full", 20.0, np.random.default_rng(seed))
        overlaid += any(place.act.span is not None for place in done.arms)
    assert overlaid > 3


def test_sloppy_form_keeps_what_a_target_means() -> None:
    """A hand that is held to the head stays near it; what is not aimed at stays so."""
    motions = [motion(name) for name in ("facepalm", "squat")]
    rng = np.random.default_rng(0)
    for item in motions:
        loose = slack(item.enter, rng, 1.0)
        for before, after in zip(item.enter, loose, strict=True):
            change = np.abs(before.row - after.row)
            assert change.max() > 0
            assert change[ARMS][: 2 * 18].max() < 0.5


def test_what_is_out_of_the_picture_is_not_seen() -> None:
    known = library("gestures")
    for seed in range(5):
        rng = np.random.default_rng(seed)
        times = np.arange(0, 5, 1 / 15)
        film = filmed(compose(known, "head", 5.0, rng), "head", times, rng)
        sight = observed(film, times, rng)
        xy = film.camera.project(film.body)
        far = (xy[..., 1] > 1.3 * film.camera.height) | (xy[..., 0] < -0.3 * film.camera.width)
        assert not far.any() or sight.seen[far].mean() < 0.01  # the filter lags behind a quick hand
        assert not sight.seen[:, 27:].any()  # a webcam sees no feet
        assert not (sight.held & ~sight.seen[:, [15, 16]]).any()


def test_a_camera_is_given_only_motions_that_it_shows() -> None:
    for net in NETS:
        for framing in ("full", "knees", "upper"):
            for motions in library(net).showing(framing).values():
                assert all(shows(framing, item) for item in motions)


def test_errors_were_measured_for_every_landmark() -> None:
    sizes = errors()
    assert sizes.bias.shape == (33,) and sizes.unseen.shape == (33, 3)
    assert (sizes.bias > 0).all() and (sizes.bias < 0.3).all()
    assert (sizes.unseen[:, 2] >= sizes.unseen[:, 0]).all()


def test_fidgeting_ends_at_rest() -> None:
    for seed in range(10):
        done = fidget(np.random.default_rng(seed))
        assert done.span is None
        np.testing.assert_array_equal(done.keys[-1].row, rest())


def test_what_is_not_meant_is_done_otherwise_every_time() -> None:
    throw, rng = motion("throw"), np.random.default_rng(4)
    done = [unmeant(throw, rng, 0.5) for _ in range(30)]
    seconds = [one.seconds for one in done]
    assert max(seconds) > 1.5 * min(seconds)
    assert min(len(one.keys) for one in done) < len(throw.enter) + len(throw.cycle)  # some begin in the middle


def test_a_depth_camera_sees_no_face_and_no_fingers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "_OF_DEPTH", 1.0)
    known, seen = library("gestures"), np.zeros(33)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        times = np.arange(0, 4, 1 / 30)
        sight = observed(filmed(compose(known, "full", 4.0, rng), "full", times, rng), times, rng)
        assert not sight.held.any() and not sight.seen[:, 1:11].any()
        seen += sight.seen.mean(0)
    assert (seen[[11, 12, 15, 16]] > 3).all()
