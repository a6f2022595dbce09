"""Dances on disk: what is written comes back, songs stay on one side, a mirror mirrors."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError, SourceError
from footlights.recognition.dance.dance import joints24
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.planner import Wishes, plan
from footlights.studio.dance.corpus import Corpus, Writer, mirrored, read, split_of
from footlights.studio.dance.planned import write_planned
from footlights.studio.dance.scores import corpus_dances, score
from footlights.studio.dance.tracks import made_track

LEFT, RIGHT = np.array([1, 4, 7, 10, 13, 16, 18, 20, 22]), np.array([2, 5, 8, 11, 14, 17, 19, 21, 23])


def test_what_is_written_comes_back(corpus: Corpus) -> None:
    assert corpus.styles == ("disco", "groove")
    pair = corpus.pairs[0]
    assert pair.motion.shape == (4 * len(pair.styles), 152) and pair.music.shape == (len(pair.styles), 163)
    assert set(pair.styles) <= {0, 1, 2} and (pair.styles == 0).mean() > 0.5
    assert [corpus.style_of(one) for one in corpus.pairs] == ["disco", "groove", "disco"]
    assert corpus.style_of(replace(pair, styles=np.full_like(pair.styles, 2))) is None
    made = made_track(0, 24)
    assert pair.song.tempo == pytest.approx(made.song.tempo, abs=0.01)
    dance = perform(plan(made.song, Wishes(style="disco", seed=0)), made.song)
    true, again = joints24(dance), joints24(corpus_dances([pair])[0])
    last = round(pair.seconds * 60) - 10
    own = np.linalg.norm((again - again[:, :1])[10:last] - (true - true[:, :1])[10:last], axis=-1)
    assert own.mean() < 0.02


def test_the_data_are_worth_what_the_planner_is(corpus: Corpus) -> None:
    dances = corpus_dances(corpus.pairs)
    scores = score(dances[:2], dances)
    assert scores.real.beats_met > scores.real.beats_met_shifted + 0.1
    assert scores.real.skate < 0.05
    assert "beats met (Bailando)" in scores.text() and json.dumps(scores.table())


def test_songs_are_split_by_their_name_alone() -> None:
    splits = [split_of(f"song {number}") for number in range(300)]
    assert 35 < splits.count("valid") < 90 and splits == [split_of(f"song {number}") for number in range(300)]


def test_a_mirror_mirrors(corpus: Corpus) -> None:
    pair = corpus.pairs[1]
    np.testing.assert_array_equal(mirrored(mirrored(pair.motion)), pair.motion)
    (dance,) = corpus_dances([pair])
    (other,) = corpus_dances([type(pair)(**{**vars(pair), "motion": mirrored(pair.motion)})])
    true, seen = joints24(dance) * [-1, 1, 1], joints24(other)
    swapped = true.copy()
    swapped[:, LEFT], swapped[:, RIGHT] = true[:, RIGHT], true[:, LEFT]
    np.testing.assert_allclose(seen, swapped, atol=1e-6)
    np.testing.assert_array_equal(other.contacts, dance.contacts[:, ::-1])


def test_bad_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"corpus\.json"):
        read(tmp_path)
    (tmp_path / "corpus.json").write_text('{"format": "other"}')
    with pytest.raises(SourceError, match="make the data again"):
        read(tmp_path)
    (tmp_path / "corpus.json").unlink()
    writer = Writer(tmp_path, ["disco"])
    with pytest.raises(SourceError, match="four counts"):
        made = made_track(1, 24)
        dance = perform(plan(made.song, Wishes()), made.song)
        writer.add("short", type(dance)(**{**vars(dance), "fps": 6000.0}), None, 0)
    (tmp_path / "corpus.json").write_text(json.dumps({**writer.table, "dances": []}))
    with pytest.raises(SettingsError, match="no dance to train on"):
        read(tmp_path)


def test_planned_data_grow_to_the_minutes_wished_for(tmp_path: Path) -> None:
    told: list[float] = []
    assert write_planned(tmp_path, 1.0, told=told.append) >= 1.0 and len(told) == 1
    assert write_planned(tmp_path, 1.0, told=told.append) >= 1.0 and len(told) == 1  # all is there already
    assert len(read(tmp_path).pairs) == 1


def test_made_songs_are_as_they_say() -> None:
    one, same, other = made_track(4, 30), made_track(4, 30), made_track(5, 30)
    assert (one.sound == same.sound).all() and one.sound.shape != other.sound.shape
    assert np.abs(one.sound).max() == pytest.approx(0.8) and np.abs(one.sound[0] - one.sound[1]).max() > 0.05
    song = one.song
    assert song.sections[0].begin == 0 and song.sections[-1].end == len(song.beats) == len(song.accents)
    loud = np.abs(one.sound[:, : int(song.beats[-1] * one.rate)]).max(0)
    hits = [loud[int(beat * one.rate) : int(beat * one.rate) + 800].max() for beat in song.beats[:-1:1]]
    gaps = [loud[int((beat + 0.45 * 60 / song.tempo) * one.rate) :][:100].max() for beat in song.beats[:-1]]
    assert np.mean(hits) > np.mean(gaps)
