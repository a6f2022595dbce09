"""What is normal, on the rehearsal line: learned without a fallen can, asked about fallen ones and another hall."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.core.frame import Frame
from footlights.media.rehearsal.line.source import LineSource, open_line
from footlights.recognition.normal import GRID, Look, NormalScene, read_bank
from footlights.studio.normal import Learned, Settings, coreset, learn

QUICK = Settings(seconds=30, spots=600)
CLIP = "rehearsal:line?seed=5&fallen=0&fps=2&seconds=30"


@pytest.fixture(scope="module")
def learned(models: Callable[..., None]) -> Learned:
    models("image-features")
    return learn([CLIP], QUICK)


def frame(line: LineSource, index: int) -> Frame:
    return next(found for found in line.frames() if found.index == index)


def fallen_moment(line: LineSource) -> int:
    """The first frame in which a whole fallen can is in plain sight."""
    for index in range(len(line)):
        truth = line.truth(index)
        if any(can.label == "down" and seen > 0.95 for can, seen in zip(truth.cans, truth.visible, strict=True)):
            return index
    raise AssertionError("no can has fallen")


def test_a_fallen_can_is_unusual_and_its_place_is_told(learned: Learned) -> None:
    line = open_line("seed=5&fallen=0.3&fps=2&seconds=40", "line")
    index = fallen_moment(line)
    look = NormalScene(learned.bank, "line").look(frame(line, index))
    assert look.score > 1
    assert not look.another
    boxes = [can.box / [640, 360, 640, 360] for can in line.truth(index).cans if can.label == "down"]
    left, top, right, bottom = next(look.regions())
    assert any(left < box[2] and right > box[0] and top < box[3] and bottom > box[1] for box in boxes)


def test_standing_cans_are_normal_wherever_they_stand(learned: Learned) -> None:
    scene = NormalScene(learned.bank, "line")
    frames = list(open_line("seed=5&fallen=0&fps=1&seconds=15&speed=0.31", "line").frames())
    assert np.mean([scene.look(one).score < 1 for one in frames]) >= 0.8


def test_another_hall_is_another_scene(learned: Learned) -> None:
    scene = NormalScene(learned.bank, "line")
    assert all(scene.look(one).another for one in open_line("seed=9&fallen=0&fps=1&seconds=4", "line").frames())


def test_the_file_holds_what_was_learned(learned: Learned, tmp_path: Path) -> None:
    path = tmp_path / "normal.zip"
    learned.bank.write(path)
    bank = read_bank(path)
    np.testing.assert_array_equal(bank.spots, learned.bank.spots)
    assert (bank.threshold, bank.usual, bank.data) == (learned.bank.threshold, learned.bank.usual, learned.bank.data)
    assert path.stat().st_size < 1_000_000
    picture = next(open_line("seed=5&fallen=0&seconds=1", "line").frames())
    assert NormalScene.open(path).look(picture).score == pytest.approx(
        NormalScene(learned.bank, "line").look(picture).score
    )


def test_the_same_seed_learns_the_same(learned: Learned) -> None:
    np.testing.assert_array_equal(learn([CLIP], QUICK).bank.spots, learned.bank.spots)


def test_too_little_is_refused(models: Callable[..., None]) -> None:
    models("image-features")
    with pytest.raises(SettingsError, match="4 pictures are too few"):
        learn(["rehearsal:line?seed=1&fallen=0&fps=2&seconds=2"], Settings())


def test_files_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="train normal"):
        read_bank(tmp_path / "absent.zip")
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(ModelCorruptError, match=r"text\.zip is no model of a normal scene"):
        read_bank(tmp_path / "text.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("card.toml", "")
    with pytest.raises(ModelCorruptError, match="no model of a normal scene"):
        read_bank(tmp_path / "other.zip")


def test_the_coreset_leaves_nothing_far_away() -> None:
    rng = np.random.default_rng(1)
    crowd = rng.normal(0, 0.05, (900, 4)).astype(np.float32)
    lone = np.eye(4, dtype=np.float32) * 5
    chosen = coreset(np.concatenate([crowd, lone]), 12, rng)
    assert chosen.shape == (12, 4)
    for spot in lone:
        assert (np.linalg.norm(chosen - spot, axis=1) < 1e-6).any()


def test_regions_are_the_largest_first_in_shares_of_the_picture() -> None:
    heat = np.zeros((GRID, GRID), np.float32)
    heat[2:4, 2:4] = 1.5
    heat[14:28, 21:28] = 1.2
    assert list(Look(1.5, heat, False).regions()) == [
        (0.75, 0.5, 1.0, 1.0), (2 / 28, 2 / 28, 4 / 28, 4 / 28)
    ]  # fmt: skip
