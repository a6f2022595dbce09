"""How codes are drawn, with a stand-in for the nets that likes one code after the other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.learned import Memory, Said, Sampling, compose, danced, generate, open_model
from footlights.recognition.dance.music import SIZE
from footlights.recognition.dance.planner import Wishes
from footlights.recognition.dance.song import Section, steady
from footlights.recognition.dance.tokens import SIZE as MOTION
from footlights.recognition.dance.tokens import grid

CODES = 1200


class Counting:
    """Says that after code n comes n + 1, more surely with music; the lower body does as the upper one."""

    styles, danced, none_yet, around, parts = ("disco", "waltz"), (), CODES, 8, 3

    def __init__(self, sure: float = 30.0) -> None:
        self.sure = sure
        self.heard: list[np.ndarray] = []
        self.told: list[int] = []

    def begin(self, rows: int) -> Memory:
        return Memory(np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.float32))

    def step(self, before, heard, style, with_music, place, memory) -> Said:  # type: ignore[no-untyped-def]
        self.heard.append(heard[0])
        self.told.append(int(style[0]))
        upper = np.zeros((len(style), CODES), np.float32)
        upper[:, (before[0] + 1) % (CODES + 1) % 7] = self.sure * with_music[:, 0] + 1
        return Said(np.zeros((len(style), 3), np.float32), upper)

    def later(self, told: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        lower = np.zeros((len(told), CODES), np.float32)
        lower[:, drawn[-1] + 100] = self.sure
        return lower

    def decode(self, codes: np.ndarray) -> np.ndarray:
        motion = np.zeros((4 * len(codes), MOTION), np.float32)
        motion[:, :144] = np.tile([0, 1, 0, 0, 0, 1], 24)
        motion[:, 148:] = 1.0
        return motion


def music(tokens: int) -> np.ndarray:
    return np.zeros((tokens, SIZE), np.float32)


def test_the_likeliest_code_follows() -> None:
    codes = compose(Counting(), music(20), None, Wishes(), Sampling(temperature=0, repetition=0))
    assert codes[:, 0].tolist() == [n % 7 for n in range(20)]
    assert (codes[:, 1] == codes[:, 0] + 100).all() and (codes[:, 2] == codes[:, 0] + 200).all()


def test_every_step_hears_two_beats_around() -> None:
    model, heard = Counting(), music(20)
    heard[:, 0] = np.arange(1, 21)
    compose(model, heard, None, Wishes(), Sampling())
    assert [window[8, 0] for window in model.heard] == list(range(1, 21))
    assert model.heard[0][:, 0].tolist() == [0] * 8 + [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert model.heard[-1][9:, 0].tolist() == [0] * 8


def test_seeds_differ_and_repeat() -> None:
    unsure = Counting(sure=0.5)
    one, same, other = (compose(unsure, music(40), None, Wishes(seed=seed), Sampling()) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()


def test_without_a_wish_a_style_is_drawn_that_was_learned() -> None:
    model, heard = Counting(), music(3)
    compose(model, heard, None, Wishes(style="waltz"), Sampling())
    compose(model, heard, None, Wishes(), Sampling())
    assert model.told == [1, 1, 1, 2, 2, 2]  # no style in the data: it is left open
    model.danced = (0, 1)
    drawn = set()
    for seed in range(8):
        model.told.clear()
        compose(model, heard, None, Wishes(seed=seed), Sampling())
        assert len(set(model.told)) == 1
        drawn |= set(model.told)
    assert drawn == {0, 1}


def test_what_repeats_becomes_less_likely() -> None:
    plain = compose(Counting(2.0), music(120), None, Wishes(), Sampling(temperature=0, guidance=1, repetition=0))
    assert (plain[21:42, 0] == plain[:21, 0]).all()
    tired = compose(Counting(2.0), music(120), None, Wishes(), Sampling(temperature=0, guidance=1, repetition=1.5))
    assert (tired[:, 0] != plain[:, 0]).any()


def test_a_part_that_comes_again_is_danced_again() -> None:
    song = steady(120, 32.0)
    parts = (Section(0, 16, "A", 0.4), Section(16, 32, "B", 0.8), Section(32, 48, "A", 0.4), Section(48, 64, "C", 0.8))
    song = replace(song, sections=parts)
    unsure = Counting(sure=0.2)
    model = Recording(unsure)
    generate(model, song, Wishes(seed=3))  # type: ignore[arg-type]
    codes = model.codes
    assert (codes[128:192] == codes[:64]).all() and (codes[192:] != codes[64:128]).any()


class Recording(Counting):
    """Keeps the codes it is given to decode; a `DanceModel` as far as `generate` looks."""

    def __init__(self, of: Counting) -> None:
        super().__init__(of.sure)
        self.codes = np.zeros((0, 3), np.int64)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        self.codes = codes
        return super().decode(codes)


def test_a_dance_has_the_length_of_its_song() -> None:
    song = steady(100, 12.5)
    counts = grid(song)
    dance = danced(Counting().decode(np.zeros((4 * len(counts), 3), np.int64)).astype(float), song, counts, Body())
    assert len(dance) == 750 and dance.contacts.all() and dance.song is song
    assert np.ptp(dance.joints.toes, axis=0).max() < 1e-6


def test_unknown_styles_and_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="disco, waltz"):
        compose(Counting(), music(4), None, Wishes(style="polka"), Sampling())
    with pytest.raises(ModelMissingError, match="footlights train dance"):
        open_model(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ModelCorruptError, match=r"bad\.onnx"):
        open_model(tmp_path / "bad.onnx")
