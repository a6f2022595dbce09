"""The rehearsal as a source: addresses, time, determinism, the script."""

import threading
from itertools import pairwise

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.cast import SHOW, performers, rehearsal, script
from footlights.media.rehearsal.motion import names
from footlights.media.rehearsal.source import open_rehearsal
from tests.media.rehearsal.pictures import frames_of

SMALL = "width=160&height=120"


def test_it_has_media_time_and_the_size_asked_for() -> None:
    source = open_rehearsal(f"x_arms?{SMALL}&fps=10&seconds=0.5", "stage")
    frames = list(source.frames())
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert {(frame.width, frame.height, frame.stream, frame.arrived) for frame in frames} == {(160, 120, "stage", None)}
    assert (source.live, source.duration, len(source)) == (False, 0.5, 5)


def test_the_same_address_gives_the_same_bytes() -> None:
    address = f"wave+clap?{SMALL}&people=2&seed=5&fps=4"
    first, again = frames_of(address, 12), frames_of(address, 12)
    assert all(np.array_equal(a.rgb(), b.rgb()) for a, b in zip(first, again, strict=True))


def test_another_seed_gives_other_people() -> None:
    one, other = (frames_of(f"idle?{SMALL}&seed={seed}", 1)[0].rgb() for seed in (1, 2))
    assert (np.abs(one.astype(int) - other).max(axis=2) > 30).mean() > 0.05


def test_a_picture_handed_out_is_not_drawn_over() -> None:
    frames = frames_of(f"jumping_jack?{SMALL}&fps=5", 8)
    kept = frames[0].rgb().copy()
    assert np.array_equal(frames[0].rgb(), kept)
    assert not np.array_equal(frames[0].rgb(), frames[-1].rgb())


def test_without_seconds_it_does_not_end_and_close_ends_it_from_another_thread() -> None:
    source = open_rehearsal(f"idle?{SMALL}", "stage")
    with pytest.raises(TypeError, match="seconds"):
        len(source)
    seen = []
    for frame in source.frames():
        seen.append(frame.index)
        if frame.index == 40:
            closer = threading.Thread(target=source.close)
            closer.start()
            closer.join()
    assert seen == list(range(41))
    source.close()


def test_a_round_joins_its_beginning_without_a_seam() -> None:
    (person,) = performers(rehearsal("squat?seed=3"))
    seam = person.score.length
    before, after = person.score.postures(np.array([seam - 1e-6, seam + 1e-6]))
    assert np.allclose(before, after, atol=1e-3)
    assert person.score.until(2 * seam)[-1].begin > seam


@pytest.mark.parametrize("address", ["", "show", "show?seed=3"])
def test_the_demo_shows_a_few_people_and_the_x(address: str) -> None:
    settings = rehearsal(address)
    assert settings.people == 3
    assert settings.motions == SHOW
    labels = {scripted.span.label for scripted in script(settings)}
    assert {"x_arms", "arms_up", "wave", "clap"} <= labels
    assert len({person.look.name for person in performers(settings)}) == 3


@pytest.mark.parametrize("separator", ["+", ","])
def test_motions_are_done_in_the_order_given(separator: str) -> None:
    spans = script(separator.join(["arms_up", "idle", "x_arms", "wave"]), until=20)
    assert [scripted.span.label for scripted in spans][:3] == ["arms_up", "x_arms", "wave"]
    assert all(a.span.end < b.span.begin for a, b in pairwise(spans))


def test_the_script_follows_pace_and_repeats() -> None:
    (slow, *_), (fast, *_) = script("squat?pace=0.8&reps=3"), script("squat?pace=1.6&reps=6")
    assert (len(slow.span.repeats), len(fast.span.repeats)) == (3, 6)
    assert np.diff(fast.span.repeats) == pytest.approx(np.diff(slow.span.repeats)[0] / 2)


def test_the_script_of_an_end_holds_whole_spans_only() -> None:
    whole, cut = script("x_arms?seconds=20&seed=2"), script("x_arms?seconds=4.5&seed=2")
    assert cut == tuple(scripted for scripted in whole if scripted.span.end <= 4.5)
    assert open_rehearsal("x_arms?seconds=4.5&seed=2", "stage").script == cut


def test_every_motion_can_be_opened_by_its_name() -> None:
    for name in names():
        assert open_rehearsal(f"{name}?{SMALL}", "stage").settings.motions == (name,)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("x_amrs", "did you mean 'x_arms'"),
        ("idle+wavee", "did you mean 'wave'"),
        ("hurdles", "known: "),
        ("x_arms?peeple=3", "did you mean 'people'"),
        ("x_arms?people=0", "people must be a whole number from 1 to 12, got '0'"),
        ("x_arms?people=two", "got 'two'"),
        ("x_arms?fps=nan", "fps must be a number"),
        ("x_arms?camera=fool", "did you mean 'full'"),
        ("x_arms?room=gim", "did you mean 'gym'"),
        ("x_arms?mirror=maybe", "no answer 'maybe'"),
        ("x_arms?seconds=0", "seconds must be"),
        ("x_arms?seconds=", "got ''"),
    ],
)
def test_a_wrong_address_is_one_line_that_says_what_would_be_right(address: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_rehearsal(address, "stage")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
