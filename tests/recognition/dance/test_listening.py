"""Dancing to what plays now: the clock keeps to the beat, changes are answered, and nothing jumps."""

from dataclasses import fields

import numpy as np
import pytest

from footlights.media.rehearsal.skeleton import Joints
from footlights.recognition.dance.dance import Dance, joints24
from footlights.recognition.dance.improvising import Improviser, Moments
from footlights.recognition.dance.intersection import TOLERANCE, worst
from footlights.recognition.dance.listening import LEAST, Listener
from footlights.recognition.dance.metrics.beats import beat_alignment
from footlights.recognition.dance.metrics.feet import skate
from footlights.recognition.dance.metrics.motion import peak_speed
from footlights.recognition.dance.planner import Wishes
from footlights.recognition.dance.song import steady
from tests.recognition.dance.clicks import RATE, clicks

CHUNK = RATE // 10
Sound = np.ndarray


def improvised(sound: Sound, wishes: Wishes | None = None) -> tuple[Improviser, list[Moments]]:
    dancer = Improviser(wishes)
    return dancer, [dancer.hear(sound[:, begin : begin + CHUNK]) for begin in range(0, sound.shape[1], CHUNK)]


def whole(dancer: Improviser, moments: list[Moments]) -> Dance:
    joints = Joints(**{f.name: np.concatenate([getattr(m.joints, f.name) for m in moments]) for f in fields(Joints)})
    contacts = np.concatenate([m.contacts for m in moments])
    return Dance(60.0, joints, dancer.body, contacts, steady(100, 1))


def off(listener: Listener, beats: Sound) -> float:
    """Beats by which the clock is early or late."""
    true = float(np.interp(listener.time, beats, np.arange(len(beats))))
    return abs((listener.beat - true + 0.5) % 1 - 0.5)


@pytest.mark.parametrize(("tempo", "meter"), [(66, 4), (90, 3), (120, 4), (170, 4)])
def test_the_clock_keeps_to_the_beat_from_five_seconds_on(tempo: int, meter: int) -> None:
    track, listener, late = clicks(tempo, meter, 20.0), Listener(), []
    for begin in range(0, track.samples.shape[1], CHUNK):
        listener.hear(track.samples[:, begin : begin + CHUNK])
        if 5.0 < listener.time <= track.beats[-1]:
            late.append(off(listener, track.beats) * 60 / tempo)
    assert np.median(late) < 0.02
    assert max(late) < 0.15
    assert listener.tempo == pytest.approx(tempo, rel=0.01)
    assert listener.meter == meter


def test_downbeats_are_counted() -> None:
    track, listener = clicks(120, 4, 20.0), Listener()
    listener.hear(track.samples)
    number = round(listener.beat)  # of the beat that is nearest to now, on the clock
    true = int(np.abs(track.beats - listener.time).argmin())
    assert (number - listener.downbeat) % 4 == true % 4


def test_a_new_tempo_is_followed_within_a_few_seconds() -> None:
    first, second = clicks(110, 4, 12.0), clicks(140, 4, 12.0)
    listener = Listener()
    listener.hear(np.concatenate([first.samples, second.samples], 1))
    assert listener.tempo == pytest.approx(140, rel=0.02)
    assert off(listener, second.beats + 12.0) < 0.1


def test_a_dance_to_clicks_is_as_good_as_a_planned_one() -> None:
    track = clicks(120, 4, 24.0)
    dancer, moments = improvised(track.samples)
    made = whole(dancer, moments)
    places = joints24(made)
    assert len(made) == 24 * 60
    on_beat = beat_alignment(places[5 * 60 :], 60, track.beats[track.beats > 5] - 5)
    assert on_beat.met >= max(0.30, on_beat.met_shifted + 0.10)
    assert skate(places, 60, made.contacts).worst <= 0.05
    assert peak_speed(places, 60) <= 9.0
    assert worst(made.joints, made.body)[0] <= TOLERANCE
    started = next(m.times[-1] for m in moments if m.phrase)
    assert started <= LEAST + 1.0
    changes = {m.phrase for m in moments}
    assert len(changes) >= 5


def test_it_stops_with_the_music_and_waits_at_rest() -> None:
    track = clicks(120, 4, 8.0)
    silent = np.concatenate([track.samples, np.zeros((2, 10 * RATE), np.float32)], 1)
    dancer, moments = improvised(silent)
    assert moments[70].phrase != ""
    assert moments[-1].phrase == ""
    made = whole(dancer, moments)
    assert peak_speed(joints24(made)[-60:], 60) < 0.1
    assert peak_speed(joints24(made), 60) <= 9.0


def test_a_sudden_quiet_is_answered_within_a_bar() -> None:
    loud, quiet = clicks(120, 4, 14.0), clicks(120, 4, 8.0, start=0.0)
    sound = np.concatenate([loud.samples, 0.06 * quiet.samples], 1)
    _, moments = improvised(sound, Wishes(seed=2))
    before = next(m.phrase for m in moments if m.times[-1] >= 14.0)
    changed = next(m.times[-1] for m in moments if m.times[-1] >= 14.1 and m.phrase != before)
    assert changed - 14.0 <= 2.0 + 1.2  # a bar, after the loudness of the last second has sunk


def test_silence_and_noise_are_waited_out() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 6 * RATE)).astype(np.float32)
    for sound in (np.zeros((2, 4 * RATE), np.float32), noise, np.full((2, RATE), np.nan, np.float32)):
        dancer, moments = improvised(sound)
        assert all(np.isfinite(m.joints.wrists).all() for m in moments)
        assert moments[-1].phrase == ""
        assert dancer.listener.tempo is None
