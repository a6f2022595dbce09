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

    styles, none_yet, around = ("disco", "waltz"), CODES, 4

    def __init__(self, sure: float = 30.0) -> None:
        self.sure = sure
        self.heard: list[np.ndarray] = []

    def begin(self, rows: int) -> Memory:
        return Memory(np.zeros((rows, 1), np.float32), np.zeros((rows, 1), np.float32))

    def step(self, before, heard, style, with_music, place, memory) -> Said:  # type: ignore[no-untyped-def]
        self.heard.append(heard[0])
        upper = np.zeros((len(style), CODES), np.float32)
        upper[:, (before[0] + 1) % (CODES + 1) % 7] = self.sure * with_music[:, 0] + 1
        return Said(np.zeros((len(style), 3), np.float32), upper)

    def second(self, told: np.ndarray, upper: int) -> np.ndarray:
        lower = np.zeros((len(told), CODES), np.float32)
        lower[:, upper + 100] = self.sure
        return lower

    def decode(self, codes: np.ndarray) -> np.ndarray:
        motion = np.zeros((8 * len(codes), MOTION), np.float32)
        motion[:, :144] = np.tile([0, 1, 0, 0, 0, 1], 24)
        motion[:, 148:] = 1.0
        return motion


def music(tokens: int) -> np.ndarray:
    return np.zeros((tokens, SIZE), np.float32)


def test_the_likeliest_code_follows() -> None:
    codes = compose(Counting(), music(20), None, Wishes(), Sampling(temperature=0, repetition=0))
    assert codes[:, 0].tolist() == [n % 7 for n in range(20)]
    assert (codes[:, 1] == codes[:, 0] + 100).all()


def test_every_step_hears_two_beats_around() -> None:
    model, heard = Counting(), music(12)
    heard[:, 0] = np.arange(1, 13)
    compose(model, heard, None, Wishes(), Sampling())
    assert [window[4, 0] for window in model.heard] == list(range(1, 13))
    assert model.heard[0][:, 0].tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5] and model.heard[-1][5:, 0].tolist() == [0] * 4


def test_seeds_differ_and_repeat() -> None:
    unsure = Counting(sure=0.5)
    one, same, other = (compose(unsure, music(40), None, Wishes(seed=seed), Sampling()) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()


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
    assert (codes[64:96] == codes[:32]).all() and (codes[96:] != codes[32:64]).any()


class Recording(Counting):
    """Keeps the codes it is given to decode; a `DanceModel` as far as `generate` looks."""

    def __init__(self, of: Counting) -> None:
        super().__init__(of.sure)
        self.codes = np.zeros((0, 2), np.int64)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        self.codes = codes
        return super().decode(codes)


def test_a_dance_has_the_length_of_its_song() -> None:
    song = steady(100, 12.5)
    counts = grid(song)
    dance = danced(Counting().decode(np.zeros((2 * len(counts), 2))).astype(float), song, counts, Body())
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
