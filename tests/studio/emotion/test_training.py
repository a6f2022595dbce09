"""Training on drawn faces: it is repeatable, goes on where it stopped, and its file answers as the net does."""
# ruff: noqa: E402 - without the extra there is nothing to import

import json
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError, SourceError
from footlights.models.cards import read_card
from footlights.studio.emotion import scores
from footlights.studio.emotion.faces import as_rgb, load
from footlights.studio.emotion.settings import Settings

for package in ("torch", "onnx", "onnxscript", "matplotlib"):
    pytest.importorskip(package, reason="needs the extra: pip install 'footlights[train]'")

import torch

from footlights.studio.checkpoint import read, save
from footlights.studio.emotion import export, recipe
from footlights.studio.emotion.augment import augment
from footlights.studio.emotion.net import EmotionNet, Recogniser, standardise
from footlights.studio.emotion.training import Run, load_net

SMALL = Settings(epochs=2, batch=12, warm=1, rate=0.02)


def run(folder: Path, settings: Settings = SMALL) -> Run:
    return Run(settings, load(folder, "train"), load(folder, "valid"), None)


def test_the_same_draws_give_the_same_pictures_and_others_do_not() -> None:
    grey = torch.rand(6, 1, 48, 48, generator=torch.Generator().manual_seed(0))
    first, again, other = (augment(grey, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == grey.shape
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_a_darker_picture_of_less_contrast_is_the_same_to_the_net() -> None:
    grey = torch.rand(2, 1, 48, 48)
    assert torch.allclose(standardise(grey), standardise(0.2 + 0.5 * grey), atol=0.03)
    assert standardise(torch.full((1, 1, 48, 48), 0.5)).abs().max() < 1e-3


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(mosaics: Path) -> None:
    with run(mosaics) as whole, run(mosaics) as first, run(mosaics) as second:
        whole.epoch(), whole.epoch()
        first.epoch()
        second.restore(first.state())
        second.epoch()
    assert whole.ended and second.ended and first.done == 1
    assert [line["valid_loss"] for line in whole.history] == [line["valid_loss"] for line in second.history]
    for one, other in zip(whole.net.state_dict().values(), second.net.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_other_settings_or_faces_do_not_go_on_with_a_checkpoint(mosaics: Path, drawn: Path) -> None:
    with run(mosaics) as first, run(mosaics, Settings(seed=2)) as second, run(drawn) as third:
        with pytest.raises(SettingsError, match="was made with seed 1, not 2, epochs 2, not 40"):
            second.restore(first.state())
        with pytest.raises(SettingsError, match=r"\[24, 7\] faces in train and valid, not \[48, 16\]"):
            third.restore(first.state())


def test_a_training_without_progress_stops_early(mosaics: Path) -> None:
    with run(mosaics, Settings(epochs=9, batch=12, rate=1e-9, patience=1)) as stuck:
        while not stuck.ended:
            stuck.epoch()
    assert stuck.done < 9
    assert stuck.done - stuck.best_epoch > 1


def test_what_is_damaged_or_no_net_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(SourceError, match="delete it"):
        read(tmp_path / "checkpoint.pt")
    save(tmp_path / "best.pt", {"weights": torch.zeros(2)})
    with pytest.raises(SourceError, match="not hold the weights of this net"):
        load_net(tmp_path / "best.pt")


def test_the_file_answers_as_the_net_does_and_alike_for_a_mirror_image(mosaics: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = EmotionNet().eval()
    for statistic in net.buffers():
        if statistic.is_floating_point():
            statistic.uniform_(0.5, 1.5)
    pictures = load(mosaics, "test").pictures
    with torch.no_grad():
        before = Recogniser(net, 1.3).eval()(torch.from_numpy(as_rgb(pictures))).numpy()
    path = tmp_path / "emotion.onnx"
    recogniser = Recogniser(export.halve_weights(export.fuse(net)), 1.3).eval()
    export.write(recogniser, path)
    facts = export.describe(recogniser, path, pictures)
    assert facts["largest_difference"] < export.PARITY
    assert facts["size"] < 5_000_000
    answers = scores.answer(path, pictures)
    np.testing.assert_allclose(answers, before, atol=0.02)  # half precision
    np.testing.assert_allclose(answers, scores.answer(path, pictures[:, :, ::-1]), atol=1e-5)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_a_whole_training_writes_everything_and_goes_on_from_its_checkpoint(drawn: Path, tmp_path: Path) -> None:
    class UnpluggedError(Exception):
        pass

    def unplug(line: dict[str, object]) -> None:
        raise UnpluggedError

    out, told = tmp_path / "out", []
    with pytest.raises(UnpluggedError):
        recipe.train(drawn, out, SMALL, recipe.Watcher(epoch=unplug))
    text = recipe.train(drawn, out, SMALL, recipe.Watcher(epoch=told.append))
    assert [line["epoch"] for line in told] == [2]
    assert text.startswith("scored on test")
    card = read_card(out / "emotion.toml")
    assert card.size == (out / "emotion.onnx").stat().st_size
    assert str(Path.cwd()).encode() not in (out / "emotion.onnx").read_bytes()  # it says nothing of this machine
    summary = json.loads((out / "summary.json").read_text())
    assert summary["settings"] == vars(SMALL)
    assert [line["epoch"] for line in summary["history"]] == [1, 2]
    assert json.loads((out / "score.json").read_text())["majority"]["faces"] == 16
    for plot in ("history", "confusion", "calibration"):
        assert (out / f"{plot}.png").read_bytes().startswith(b"\x89PNG")
