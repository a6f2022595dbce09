"""What an audience sees first: feet that hold, limbs not too fast nor in one another, and movement on the beat."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from footlights.media.rehearsal.body import build
from footlights.media.rehearsal.posture import rest
from footlights.recognition.dance.dance import Dance, from_joints24, joints24
from footlights.recognition.dance.dancing import dance
from footlights.recognition.dance.intersection import TOLERANCE, worst
from footlights.recognition.dance.metrics.beats import beat_alignment
from footlights.recognition.dance.metrics.feet import skate
from footlights.recognition.dance.metrics.motion import peak_speed
from footlights.recognition.dance.performing import Keys, perform
from footlights.recognition.dance.phrase import parse, phrase, styles
from footlights.recognition.dance.planner import Placed, Plan, Wishes, plan
from footlights.recognition.dance.song import steady
from footlights.recognition.dance.track import Track
from tests.recognition.dance.test_planner import song_of

BRISK = 9.0  # metres a second
MUSIC = (
    "clue_game-30s.mp3", "clue_game-90s.mp3", "clue_victory.mp3", "hungarian_dance_5.ogg", "lets_go_fishin.ogg",
    "metronome.ogg", "piloting_waves.ogg", "sugar_plum_fairy.ogg", "vibe_ace.ogg",
)  # fmt: skip


def good(made: Dance) -> None:
    """It must hold for every dance of the planner."""
    places = joints24(made)
    on_beat = beat_alignment(places, made.fps, made.song.beats)
    assert on_beat.met >= 0.30
    assert on_beat.met >= on_beat.met_shifted + 0.10
    assert skate(places, made.fps, made.contacts).worst <= 0.05
    assert peak_speed(places, made.fps) <= BRISK
    assert worst(made.joints, made.body)[0] <= TOLERANCE
    low = np.minimum(made.joints.toes[..., 1].min(), made.joints.heels[..., 1].min())
    assert low > -0.01


@pytest.mark.parametrize("name", MUSIC)
def test_a_song_becomes_a_good_dance(data: Path, name: str) -> None:
    made = dance(data / "dance/music" / name)
    good(made)
    assert made.seconds == pytest.approx(made.song.seconds, abs=0.02)


@pytest.mark.parametrize("style", styles())
def test_every_style_dances_well_slowly_and_fast(style: str) -> None:
    for tempo in (84, 156):
        song = song_of("AB", bars=4, tempo=tempo, meter=3 if style == "waltz" else 4)
        good(perform(plan(song, Wishes(style=style, seed=tempo)), song))


def test_bodies_of_any_build_dance_as_well() -> None:
    song = song_of("AB", bars=4)
    for body in (build(1.45, legs=0.97, girth=1.2), build(2.02, legs=1.03, shoulders=1.1)):
        good(perform(plan(song, Wishes(seed=3)), song, body))


def test_feet_that_bear_weight_do_not_move_at_all() -> None:
    song = song_of("ABAB", bars=4)
    made = perform(plan(song, Wishes(style="groove")), song)
    still = made.contacts[1:] & made.contacts[:-1]
    steps = np.diff(made.joints.toes[..., [0, 2]], axis=0)
    assert np.linalg.norm(steps, axis=-1)[still].max() < 1e-3
    heights = np.minimum(made.joints.toes[..., 1], made.joints.heels[..., 1])[made.contacts]
    assert heights == pytest.approx(0.02, abs=0.012)


def test_a_step_is_put_in_where_a_foot_stands_in_the_wrong_place() -> None:
    text = "beats = 4\n[[key]]\nbeats = 2\nspot = [0.5, 0.0]\n[[key]]\nbeats = 2\n"
    song = steady(110, 8)
    drawn = parse("drawn", text, "none")
    made = perform(Plan((Placed(drawn, 0.0), Placed(drawn, 4.0))), song)
    assert not made.contacts.all()
    assert made.contacts.any(1).all()  # one foot at a time
    last = made.joints.ankles[-1, :, 0] - made.joints.pelvis[-1, 0]
    assert last == pytest.approx([0.119, -0.119], abs=0.1)
    assert skate(joints24(made), 60, made.contacts).worst < 0.05


def test_keys_too_far_apart_come_nearer_until_nothing_flies() -> None:
    wild = "beats = 4\n" + "".join(
        f"[[key]]\nbeats = 0.25\narms = {{reach = [{out}, {up}, 0.2]}}\n" for out, up in ((0.9, 0.3), (0.1, -0.9)) * 8
    )
    made = perform(Plan((Placed(parse("wild", wild, "none"), 0.0),)), steady(140, 5))
    assert peak_speed(joints24(made), 60) <= BRISK


def test_each_phrase_goes_on_where_the_last_one_ended() -> None:
    turning = 'beats = 4\n[[key]]\nbeats = 4\nyaw = 90.0\nspot = [0.0, 1.0]\ncontacts = "none"\n'
    drawn = parse("turning", turning, "none")
    made = perform(Plan((Placed(drawn, 0.0), Placed(drawn, 4.0))), steady(120, 8))
    leg = made.body.leg
    end = round(4.0 * 60)  # forward, then forward again having turned to the left, drawn to the middle a little
    assert made.joints.pelvis[end, 0] == pytest.approx(leg, abs=0.03)
    assert leg - 0.2 < made.joints.pelvis[end, 2] < leg
    assert made.joints.pelvis_axes[end, :, 2] == pytest.approx([0, 0, -1], abs=0.02)


def test_the_body_rests_on_the_beat_for_a_moment() -> None:
    rows = np.stack([rest(), rest() + 0.1, rest()])
    keys = Keys(
        np.array([0.0, 1.0, 2.0]), Track(rows, np.zeros((3, 2)), np.zeros(3), np.ones((3, 2), bool)), ("smooth",) * 3
    )
    settled = keys.settled().at(np.array([0.95, 1.0, 1.05]))
    assert np.ptp(settled.rows, axis=0).max() < 1e-9
    passing = replace(keys, eases=("smooth", "through", "smooth")).settled().at(np.array([0.95, 1.0, 1.05]))
    assert np.ptp(passing.rows, axis=0).max() > 1e-4


def test_spans_say_what_is_danced_and_faces_blink() -> None:
    song = song_of("AB", bars=4)
    made = perform(plan(song, Wishes()), song, fps=30)
    assert made.fps == 30
    assert len(made) == round(song.seconds * 30)
    assert [span.begin for span in made.phrases] == sorted(span.begin for span in made.phrases)
    assert all(phrase(span.name).style == span.style for span in made.phrases)
    assert made.face is not None
    assert made.face[:, 3].min() < 0.4 < made.face[:, 3].max()


def test_a_dance_comes_back_from_json_and_from_24_joints() -> None:
    song = song_of("A", bars=2)
    made = perform(plan(song, Wishes()), song)
    again = Dance.from_json(made.json())
    assert again.joints.hands == pytest.approx(made.joints.hands, abs=1e-4)
    assert again.phrases == made.phrases
    assert (again.contacts == made.contacts).all()
    bare = from_joints24(joints24(made), made.fps, made.song)
    assert joints24(bare)[:, :22] == pytest.approx(joints24(made)[:, :22], abs=1e-9)
    assert joints24(bare) == pytest.approx(joints24(made), abs=0.01)
    assert bare.joints.pelvis_axes == pytest.approx(made.joints.pelvis_axes, abs=1e-6)
    assert bare.body.thigh == pytest.approx(made.body.thigh, abs=1e-6)
    assert np.linalg.norm(bare.joints.heels - made.joints.heels, axis=-1).max() < 0.02
