"""What is danced when: the structure of the song, variety, the middle of the stage, and wishes."""

from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.phrase import styles
from footlights.recognition.dance.planner import Placed, Plan, Wishes, cut_to, plan, rate_for
from footlights.recognition.dance.song import Section, Song, steady


def song_of(form: str, bars: int = 8, tempo: float = 118.0, meter: int = 4, pickup: int = 0) -> Song:
    """A song of parts, each so many bars; the louder the later in the alphabet."""
    count = pickup + len(form) * bars * meter
    plain = steady(tempo, count * 60 / tempo, meter)
    edges = [0, *(pickup + bars * meter * (n + 1) for n in range(len(form)))]
    loud = {label: 0.3 + 0.6 * n / max(1, len(set(form)) - 1) for n, label in enumerate(sorted(set(form)))}
    sections = tuple(Section(b, e, name, loud[name]) for b, e, name in zip(edges, edges[1:], form, strict=False))
    energy = np.concatenate([np.full(s.end - s.begin, s.energy) for s in sections])
    accents = np.tile([0.8, 0.1, 0.4, 0.1], (count, 1))
    return replace(plain, sections=sections, energy=energy, accents=accents, downbeats=np.arange(pickup, count, meter))


def within(made: Plan, section: Section) -> list[Placed]:
    return [p for p in made.placed if section.begin * made.rate <= p.beat < section.end * made.rate]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_chorus_gets_the_same_choreography(seed: int) -> None:
    song = song_of("ABABCB")
    made = plan(song, Wishes(seed=seed))
    danced = {}
    for section in song.sections:
        steps = [(p.phrase.name, p.mirror, p.beat - section.begin * made.rate) for p in within(made, section)]
        assert danced.setdefault(section.label, steps) == steps
    assert danced["A"] != danced["B"] != danced["C"]


@pytest.mark.parametrize("form", ["AAAA", "ABAB", "ABCABC"])
@pytest.mark.parametrize("style", [None, "groove", "disco"])
def test_no_phrase_comes_three_times_in_a_row_and_none_is_everywhere(form: str, style: str | None) -> None:
    for seed in range(2):
        names = [p.phrase.name for p in plan(song_of(form), Wishes(style=style, seed=seed)).placed]
        assert max(len(list(run)) for _, run in groupby(names)) <= 2
        assert len(set(names)) >= 3


def test_phrases_follow_one_another_on_bars_and_fill_the_song() -> None:
    song = song_of("ABAB", pickup=3)
    made = plan(song, Wishes())
    assert made.placed[0].beat == 3
    for one, other in pairwise(made.placed):
        assert one.beat + one.phrase.beats == other.beat
    assert made.placed[-1].beat + made.placed[-1].phrase.beats == len(song.beats)
    assert all((p.beat - 3) % 4 == 0 for p in made.placed)


def test_a_bar_that_is_cut_short_begins_a_new_phrase_at_the_next() -> None:
    song = song_of("A", bars=16)
    downbeats = np.concatenate([np.arange(0, 24, 4), np.arange(26, 64, 4)])
    made = plan(replace(song, downbeats=downbeats), Wishes())
    assert {p.beat for p in made.placed if p.beat >= 26} <= {float(beat) for beat in downbeats} | {
        float(beat) for beat in range(60, 64)
    }
    assert any(p.beat == 26 for p in made.placed)


def test_other_seeds_are_other_dances_and_the_same_seed_is_the_same() -> None:
    song = song_of("ABAB")
    danced = [tuple(p.phrase.name for p in plan(song, Wishes(seed=seed)).placed) for seed in (0, 1, 2, 3, 0)]
    assert len(set(danced)) == 4
    assert danced[0] == danced[4]


def test_energy_and_style_are_as_wished() -> None:
    song = song_of("ABAB")
    calm, wild = (
        np.mean([p.phrase.energy for p in plan(song, Wishes(energy=energy)).placed]) for energy in (0.15, 0.85)
    )
    assert calm < 0.35
    assert wild > 0.6
    for style in styles():
        assert {p.phrase.style for p in plan(song, Wishes(style=style)).placed} == {style}
    with pytest.raises(SettingsError, match="style"):
        plan(song, Wishes(style="tarantella"))
    with pytest.raises(SettingsError, match="energy"):
        plan(song, Wishes(energy=1.5))


def test_louder_parts_get_wilder_phrases() -> None:
    song = song_of("ABAB", bars=12)
    made = plan(song, Wishes())
    quiet, loud = (np.mean([p.phrase.energy for p in within(made, s)]) for s in song.sections[:2])
    assert loud > quiet + 0.15


def test_three_beats_get_waltzes() -> None:
    made = plan(song_of("AB", meter=3), Wishes())
    assert {p.phrase.meter for p in made.placed} == {3}


def test_the_dancer_stays_near_the_middle_and_faces_the_audience() -> None:
    for seed in range(3):
        song = song_of("ABABCB", bars=8)
        made = perform(plan(song, Wishes(seed=seed)), song, fps=10)
        assert np.linalg.norm(made.joints.pelvis[:, [0, 2]], axis=1).max() < 2.0
        facing = np.degrees(np.arctan2(made.joints.pelvis_axes[:, 0, 2], made.joints.pelvis_axes[:, 2, 2]))
        assert np.mean(np.abs(facing)) < 35


@pytest.mark.parametrize(("tempo", "meter", "rate"), [(60, 4, 2), (85, 4, 1), (150, 4, 1), (190, 4, 0.5), (190, 3, 1)])
def test_the_dance_goes_at_a_pace_for_which_phrases_are_written(tempo: float, meter: int, rate: float) -> None:
    assert rate_for(tempo, meter) == rate
    made = plan(song_of("AB", tempo=tempo, meter=meter), Wishes())
    assert made.rate == rate
    assert made.time(song_of("AB", tempo=tempo, meter=meter), np.array([rate * 4])) == pytest.approx([240 / tempo])


def test_a_phrase_cut_to_a_length_keeps_the_keys_before_it() -> None:
    whole = plan(song_of("AB"), Wishes()).placed[0].phrase
    short = cut_to(whole, 2.0)
    assert short is not None
    assert short.keys == tuple(key for key in whole.keys if key.beat <= 2)
    assert cut_to(whole, 0.0) is None


def test_a_song_of_one_bar_or_less_is_danced_too() -> None:
    for seconds in (0.6, 1.0, 2.2):
        made = plan(steady(120, seconds), Wishes())
        assert all(p.beat + p.phrase.keys[-1].beat <= len(steady(120, seconds).beats) for p in made.placed)
