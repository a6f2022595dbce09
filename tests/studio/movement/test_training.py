"""A training is repeatable, goes on where it stopped, and its file answers step by step as the net does."""
# ruff: noqa: E402 - without the extra there is nothing to import

import json
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import ModelCorruptError, SettingsError, SourceError
from footlights.studio.movement.settings import Settings

for package in ("torch", "onnx", "onnxscript"):
    pytest.importorskip(package, reason="needs the extra: pip install 'footlights[train]'")

import torch

from footlights.models.cards import read_card
from footlights.recognition.movement.features import VIEWS
from footlights.recognition.movement.reader import MovementReader
from footlights.studio.checkpoint import save
from footlights.studio.movement import export, recipe, training
from footlights.studio.movement.generator import sequence
from footlights.studio.movement.library import NETS, library
from footlights.studio.movement.net import DILATIONS, Stepper, new_net
from footlights.studio.movement.training import Run, adopt, read
from tests.recognition.movement.puppet import seen

SMALL = Settings(steps=4, batch=2, seconds=4.0, fresh=1, pool=6, channels=16)
FEW = recipe.Size((2, 2), (2, 2))


def random_net(net: str) -> torch.nn.Module:
    torch.manual_seed(0)
    made = new_net(net, 32)
    torch.nn.init.normal_(made.leave.weight, std=0.6)
    torch.nn.init.zeros_(made.leave.bias)
    return made.eval()


@pytest.mark.parametrize("net", NETS)
def test_the_file_answers_step_by_step_as_the_net_does_all_at_once(net: str, tmp_path: Path) -> None:
    inputs = sequence(library(net), (1, 1), 8.0).inputs
    made = random_net(net)
    facts = export.export(made, inputs, tmp_path / "net.onnx")
    assert facts["largest_difference"] < export.PARITY
    whole = export.probabilities(made, inputs)
    assert whole.std() > 0.05  # it does answer something
    np.testing.assert_allclose(export.stepped(tmp_path / "net.onnx", inputs), whole, atol=export.PARITY)
    assert str(Path.cwd()).encode() not in (tmp_path / "net.onnx").read_bytes()


def test_a_file_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        export, "stepped", lambda path, inputs: np.zeros((len(inputs), len(library("gestures").labels)))
    )
    with pytest.raises(ModelCorruptError, match="do not use it"):
        export.export(random_net("gestures"), sequence(library("gestures"), (1, 1), 3.0).inputs, tmp_path / "net.onnx")


@pytest.mark.parametrize("net", NETS)
def test_nothing_that_comes_later_changes_an_answer(net: str) -> None:
    made, inputs = random_net(net), sequence(library(net), (1, 1), 6.0).inputs
    whole = export.probabilities(made, inputs)
    np.testing.assert_allclose(export.probabilities(made, inputs[:60]), whole[:60], atol=1e-5)


def test_what_lies_further_back_than_the_memory_is_forgotten() -> None:
    made = random_net("gestures")
    reach = 2 * sum(DILATIONS["gestures"])
    assert Stepper(made).depth == reach
    inputs = np.random.default_rng(0).normal(size=(reach + 30, VIEWS["gestures"].width)).astype(np.float32)
    other = inputs.copy()
    other[:20] = 0
    first, second = export.probabilities(made, inputs), export.probabilities(made, other)
    np.testing.assert_allclose(first[reach + 20 :], second[reach + 20 :], atol=1e-5)
    assert np.abs(first[:20] - second[:20]).max() > 0.01


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does() -> None:
    whole, first, second = (Run("gestures", SMALL) for _ in range(3))
    while not whole.ended:
        whole.step()
    first.step(), first.step()
    second.restore(first.state())
    while not second.ended:
        second.step()
    assert whole.done == second.done == 4 and first.done == 2
    for one, other in zip(whole.net.state_dict().values(), second.net.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_it_learns() -> None:
    run = Run("exercises", Settings(steps=40, batch=6, seconds=6.0, fresh=1, pool=12, channels=24, rate=0.01))
    inputs, wanted, counted = (values[:8].float() for values in (run.pool.inputs, run.pool.wanted, run.pool.counted))

    def loss() -> float:
        with torch.no_grad():
            losses = torch.nn.functional.binary_cross_entropy_with_logits(run.net(inputs), wanted, reduction="none")
        return float((losses * counted).mean())

    before = loss()
    while not run.ended:
        run.step()
    assert loss() < 0.7 * before


def test_other_settings_or_labels_do_not_go_on_with_a_checkpoint() -> None:
    state = Run("gestures", SMALL).state()
    with pytest.raises(SettingsError, match="was made with seed 1, not 2"):
        Run("gestures", Settings(**{**vars(SMALL), "seed": 2})).restore(state)
    with pytest.raises(SettingsError, match="another motion library"):
        Run("gestures", SMALL).restore({**state, "labels": ["wave"]})


def test_an_earlier_net_of_other_labels_can_be_begun_with() -> None:
    old, new = random_net("gestures"), random_net("gestures")
    labels = library("gestures").labels
    state = {"average": old.state_dict(), "labels": list(reversed(labels))}
    torch.nn.init.zeros_(new.leave.weight)
    adopt(new, labels, state)
    assert torch.equal(new.leave.weight, old.leave.weight.flip(0))
    with pytest.raises(SettingsError, match="another size"):
        adopt(new_net("gestures", 8), labels, state)


def test_a_wider_net_begins_with_nearly_the_same_answers() -> None:
    old, labels = random_net("gestures"), library("gestures").labels
    inputs = sequence(library("gestures"), (1, 1), 8.0).inputs
    wider = new_net("gestures", 56).eval()
    adopt(wider, labels, {"average": old.state_dict(), "labels": list(labels)})
    before, after = (export.probabilities(net, inputs) for net in (old, wider))
    assert np.abs(before - after).mean() < 0.3 * np.abs(before - before.mean(0)).mean()


def test_every_seventh_sequence_of_a_training_holds_nothing_to_be_found() -> None:
    run = Run("gestures", Settings(steps=1, batch=1, seconds=8.0, fresh=1, pool=training.QUIET + 1, channels=16))
    run.pool.grow(training.QUIET)
    shown = run.pool.wanted.any(2).any(1)
    assert not shown[training.QUIET - 1] and shown[: training.QUIET - 1].any()


def test_what_is_damaged_or_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"half")
    with pytest.raises(SourceError, match="delete it"):
        read(tmp_path / "checkpoint.pt")
    save(tmp_path / "checkpoint.pt", {"weights": torch.zeros(2)})
    with pytest.raises(SourceError, match="no checkpoint of a movement net"):
        read(tmp_path / "checkpoint.pt")
    with pytest.raises(SettingsError, match="there are gestures and exercises"):
        library("dances")


def test_a_whole_training_writes_what_a_reader_opens_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    told: list[recipe.Line] = []
    text = recipe.train("exercises", tmp_path / "out", SMALL, told.append, size=FEW)
    assert [line.step for line in told] == [4] and told[0].left == 0
    again: list[recipe.Line] = []
    assert recipe.train("exercises", tmp_path / "out", SMALL, again.append, size=FEW) == text
    assert again == []
    card = read_card(tmp_path / "out" / "exercises.toml")
    assert card.size == (tmp_path / "out" / "exercises.onnx").stat().st_size
    assert card.labels == library("exercises").labels and len(card.thresholds) == len(card.labels)
    reader = MovementReader(tmp_path / "out" / "exercises.toml")
    state = reader.new()
    for time, pose, hands in seen("squat?seed=1", seconds=1):
        assert reader.step(state, time, pose, hands).shape == (len(card.labels),)
    assert json.loads((tmp_path / "out" / "score.json").read_text())["minutes"] > 0
    assert "false events a minute" in recipe.evaluate(tmp_path / "out" / "exercises.toml", 3, (2, 2))
