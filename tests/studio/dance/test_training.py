"""A very small training: it learns, goes on where it stopped, and its file does what the nets do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from footlights.core.errors import ModelCorruptError, SettingsError
from footlights.recognition.dance import learned
from footlights.recognition.dance.learned import generate, open_model
from footlights.recognition.dance.planner import Wishes
from footlights.recognition.dance.tokens import HEIGHT, LEFTWARD, STEP, matrices
from footlights.studio.dance.corpus import Corpus
from footlights.studio.dance.losses import Figure, codec_loss
from footlights.studio.dance.net import CODES, Codec, Quantiser, rotations
from footlights.studio.dance.recipe import finish
from footlights.studio.dance.training import Run, Stretch, coded, draw, share_of_rate
from tests.studio.dance.conftest import TINY


def test_every_code_has_its_levels() -> None:
    quantiser = Quantiser()
    codes = torch.arange(CODES)
    assert (quantiser.codes(quantiser.of(codes)) == codes).all()
    found = quantiser.codes(quantiser(torch.randn(20_000, 4) * 3))
    assert found.min() >= 0 and found.max() < CODES and len(found.unique()) > 1000


def test_rotations_are_those_of_the_running_dancer(corpus: Corpus) -> None:
    motion = corpus.pairs[0].motion[:20]
    mine = rotations(torch.from_numpy(motion)).numpy()
    np.testing.assert_allclose(mine, matrices(motion.astype(float)), atol=1e-4)


def test_the_loss_is_least_for_the_truth(corpus: Corpus) -> None:
    figure, deviation = Figure(torch.device("cpu")), torch.ones(152)
    true = torch.from_numpy(corpus.pairs[0].motion[None, :64])
    right, wrong = (codec_loss(figure, true, true + shift, deviation) for shift in (0.0, 0.05))
    assert right < 0.05 < wrong


@pytest.mark.parametrize("number", [HEIGHT, LEFTWARD])
def test_the_loss_sees_the_pelvis_jump_and_travel(corpus: Corpus, number: int) -> None:
    figure, deviation = Figure(torch.device("cpu")), torch.ones(152)
    true = torch.from_numpy(corpus.pairs[0].motion[None, :64])
    other = true.clone()
    other[:, 30:34, number] += 0.05
    assert codec_loss(figure, true, other, deviation) > codec_loss(figure, true, true, deviation) + 0.01


def test_the_codec_learns(corpus: Corpus) -> None:
    run = Run(corpus, replace(TINY, codec_steps=40, codec_batch=4, codec_rate=5e-3))
    first = run.step().loss
    for _ in range(39):
        run.step()
    assert run.codec.ended and run.codec.loss < 0.95 * first


def test_an_interrupted_training_goes_on_as_if_nothing_was(corpus: Corpus, trained: Run) -> None:
    half = Run(corpus, TINY)
    for _ in range(3):
        half.step()
    again = Run(corpus, TINY)
    again.restore(half.state())
    while not again.ended:
        again.step()
    for one, other in ((again.codec, trained.codec), (again.composer, trained.composer)):
        for mine, true in zip(one.average.state_dict().values(), other.average.state_dict().values(), strict=True):
            torch.testing.assert_close(mine, true)
    with pytest.raises(SettingsError, match="seed 1, not 2"):
        Run(corpus, replace(TINY, seed=2)).restore(half.state())


def test_stretches_begin_with_the_song_or_in_its_middle(corpus: Corpus, trained: Run) -> None:
    codec = trained.codec.average
    assert isinstance(codec, Codec)
    pair = corpus.pairs[0]
    codes = coded(codec, pair.motion, torch.device("cpu"))
    assert codes.shape == (len(pair.motion) // STEP, 3)
    before, now, heard, styles, counts = draw([Stretch(pair, codes)], TINY, np.random.default_rng(1))
    assert (before[:, 1:][counts[:, 1:] > 0] == now[:, :-1][counts[:, 1:] > 0]).all()
    assert heard.shape == (3, TINY.length + 16, 163) and styles.max() <= 2
    assert (before[:, 0, 0] <= CODES).all()


def test_the_rate_rises_and_falls() -> None:
    shares = [share_of_rate(step, 100) for step in range(100)]
    assert shares[0] < shares[4] == pytest.approx(1.0) and shares[-1] < 0.01


@pytest.fixture(scope="module")
def finished(trained: Run, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("dancer")
    return out, finish(trained, corpus, out)


def test_the_file_dances_as_the_nets_do(finished: tuple[Path, str], trained: Run) -> None:
    out, text = finished
    assert "beats met (Bailando)" in text and {path.name for path in out.iterdir()} == {
        "dancer.onnx", "scores.json", "scores.txt",
    }  # fmt: skip
    model = open_model(out / "dancer.onnx")
    codec = trained.codec.average
    assert isinstance(codec, Codec)
    codes = np.random.default_rng(1).integers(0, CODES, (21, 3))
    with torch.no_grad():
        true = codec.decode(torch.from_numpy(codes)[None])[0].numpy()
    np.testing.assert_allclose(model.decode(codes), true, atol=2e-3)


def test_files_of_another_form_are_refused(finished: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "FORMAT", "footlights-dancer-0")
    with pytest.raises(ModelCorruptError, match=r"not 'footlights-dancer-0'; train it again"):
        open_model(finished[0] / "dancer.onnx")


def test_a_song_of_the_corpus_is_danced(finished: tuple[Path, str], corpus: Corpus) -> None:
    pair = corpus.pairs[2]
    one, other = (
        generate(finished[0] / "dancer.onnx", pair.song, Wishes(style="groove", seed=seed), tokens=pair.music)
        for seed in (1, 2)
    )
    assert len(one) == round(pair.song.seconds * 60) and one.phrases[0].style == "groove"
    assert not np.allclose(one.joints.wrists, other.joints.wrists)
    assert np.isfinite(one.joints.hands).all()
