"""The emotion recipe on made-up faces: label rules, figures of merit, training, going on, and the file made of it."""

import hashlib
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

import footlights
from footlights.models.cards import card
from training.emotion import data, evaluate, measures

SHIPPED = Path(footlights.__file__).parent / "models" / "weights" / "emotion.onnx"
DUPLICATE = "fer0000030.png"


def votes(**counts: int) -> data.Array:
    row = [counts.get(name, 0) for name in data.EMOTIONS + data.ABROAD]
    return np.array([row], np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of 40 faces: a bright bar for each emotion, at its own height; 24 train, 8 valid, 8 test."""
    kinds = np.arange(40) % 8
    pictures = np.random.default_rng(0).integers(0, 60, (40, 48, 48)).astype(np.uint8)
    for picture, kind in zip(pictures, kinds, strict=True):
        picture[6 * kind : 6 * kind + 6] += 180
    sheet = pictures.reshape(8, 5, 48, 48).swapaxes(1, 2).reshape(8 * 48, 5 * 48)
    cv2.imwrite(str(tmp_path / "ferplus_48_0.png"), sheet[:192])
    cv2.imwrite(str(tmp_path / "ferplus_48_1.png"), sheet[192:])
    np.savez(
        tmp_path / "ferplus_labels.npz",
        votes=np.eye(10, dtype=np.uint8)[kinds] * 10,
        split=np.repeat([0, 1, 2], [24, 8, 8]),
        names=np.array([f"fer{index:07}.png" for index in range(40)]),
        vote_columns=np.array(data.EMOTIONS + data.ABROAD),
    )
    (tmp_path / "dup_of_train.tsv").write_text(f"{DUPLICATE}\tvalid\n")
    return tmp_path


def test_faces_are_read_in_the_order_of_their_votes(folder: Path) -> None:
    train = data.load(folder, "train")
    assert len(train) == 24
    brightest = train.pictures.reshape(24, 8, 6, 48).mean(axis=(2, 3)).argmax(axis=1)
    assert (brightest == data.majority(train.votes)).all()


def test_a_duplicate_of_train_is_left_out_of_valid_and_nothing_else_is(folder: Path) -> None:
    valid = data.load(folder, "valid")
    assert len(valid) == 7
    assert DUPLICATE not in valid.names
    assert len(data.load(folder, "test")) == 8


def test_votes_in_another_order_are_refused(folder: Path) -> None:
    labels = dict(np.load(folder / "ferplus_labels.npz"))
    np.savez(folder / "ferplus_labels.npz", **{**labels, "vote_columns": labels["vote_columns"][::-1]})
    with pytest.raises(SystemExit, match="must have the columns"):
        data.load(folder, "train")


@pytest.mark.parametrize(
    ("row", "majority", "plurality"),
    [
        (votes(happiness=10), 1, 1),
        (votes(neutral=5, sadness=5), -1, 0),  # no more than half
        (votes(neutral=5, sadness=3, anger=1, fear=1), 0, 0),  # more than half once single votes are dropped
        (votes(neutral=4, sadness=3, anger=3), -1, 0),
        (votes(unknown=6, neutral=4), -1, -1),
        (votes(NF=10), -1, -1),
        (votes(neutral=3, unknown=2, sadness=2, anger=2), -1, 0),
    ],
)
def test_labels_follow_the_published_rules(row: data.Array, majority: int, plurality: int) -> None:
    assert data.majority(row).tolist() == [majority]
    assert data.plurality(row).tolist() == [plurality]


def test_single_votes_and_votes_for_no_emotion_are_not_learned() -> None:
    targets, usable = data.distributions(votes(neutral=6, sadness=2, fear=1, unknown=0))
    assert usable.all()
    assert targets[0].tolist() == [0.75, 0, 0, 0.25, 0, 0, 0, 0]
    assert not data.distributions(votes(neutral=4, unknown=6))[1].any()
    assert not data.distributions(votes(NF=10))[1].any()


def test_the_fitted_temperature_is_the_one_that_made_the_labels() -> None:
    random = np.random.default_rng(3)
    logits = random.normal(0, 2, (20_000, 8))
    chances = measures.softmax(logits / 1.7)
    labels = (chances.cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    fitted = measures.fit_temperature(logits, labels)
    assert fitted == pytest.approx(1.7, rel=0.05)
    before, after = (measures.calibration_error(measures.softmax(logits / t), labels) for t in (1, fitted))
    assert after < 0.02 < before


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    sure = np.tile([0.9, 0.1], (10, 1))
    assert measures.calibration_error(sure, np.repeat([0, 1], [6, 4])) == pytest.approx(0.3)
    assert measures.calibration_error(sure, np.repeat([0, 1], [9, 1])) == pytest.approx(0)


def test_confusion_counts_labels_down_and_answers_across() -> None:
    table = measures.confusion(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]), np.array([0, 1, 1]))
    assert table.tolist() == [[1, 0], [1, 1]]


def test_a_share_is_said_only_where_there_are_enough_faces() -> None:
    labels = np.repeat([1, 7], [60, 9])
    text = evaluate.as_text("majority", evaluate.describe(np.eye(8)[labels], labels))
    assert "happiness      60  100.0%" in text
    assert "contempt        9     (9)" in text


class TestTraining:
    """Needs torch, which footlights itself does not."""

    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        pytest.importorskip("torch", reason="training needs torch: pip install -r training/emotion/requirements.txt")
        pytest.importorskip("onnx", reason="export needs onnx: pip install -r training/emotion/requirements.txt")

    def test_the_same_draws_give_the_same_pictures_and_others_do_not(self) -> None:
        import torch

        from training.emotion.augment import augment

        grey = torch.rand(6, 1, 48, 48, generator=torch.Generator().manual_seed(0))
        first, again, other = (augment(grey, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert first.shape == grey.shape
        assert torch.equal(first, again)
        assert not torch.allclose(first, other)

    def test_a_darker_picture_of_less_contrast_is_the_same_to_the_net(self) -> None:
        import torch

        from training.emotion.net import standardise

        grey = torch.rand(2, 1, 48, 48)
        assert torch.allclose(standardise(grey), standardise(0.2 + 0.5 * grey), atol=0.03)
        assert standardise(torch.full((1, 1, 48, 48), 0.5)).abs().max() < 1e-3

    def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(self, folder: Path) -> None:
        import torch

        from training.emotion.train import Run, Settings

        def fresh() -> Run:
            settings = Settings(epochs=2, batch=12, warm=1)
            return Run(settings, data.load(folder, "train"), data.load(folder, "valid"), None)

        whole, first, second = fresh(), fresh(), fresh()
        whole.epoch(), whole.epoch()
        first.epoch()
        second.restore(first.state())
        second.epoch()
        assert whole.ended and second.ended
        for one, other in zip(whole.net.state_dict().values(), second.net.state_dict().values(), strict=True):
            assert torch.equal(one, other)

    def test_other_settings_do_not_go_on_with_a_checkpoint(self, folder: Path) -> None:
        from training.emotion.train import Run, Settings

        faces = data.load(folder, "train"), data.load(folder, "valid")
        state = Run(Settings(seed=1), *faces, None).state()
        with pytest.raises(SystemExit, match="was made with"):
            Run(Settings(seed=2), *faces, None).restore(state)

    def test_the_file_answers_as_the_net_does_and_alike_for_a_mirror_image(self, folder: Path, tmp_path: Path) -> None:
        import torch

        from training.emotion import export
        from training.emotion.net import EmotionNet, Recogniser

        torch.manual_seed(0)
        net = EmotionNet().eval()
        for statistic in net.buffers():
            if statistic.is_floating_point():
                statistic.uniform_(0.5, 1.5)
        pictures = data.load(folder, "test").pictures
        rgb = torch.from_numpy(data.as_rgb(pictures))
        with torch.no_grad():
            before = Recogniser(net, 1.3).eval()(rgb).numpy()
        path = tmp_path / "emotion.onnx"
        recogniser = Recogniser(export.halve_weights(export.fuse(net)), 1.3).eval()
        export.write(recogniser, path)
        facts = export.describe(recogniser, path, pictures)
        assert facts["largest_difference"] < export.PARITY
        assert facts["size"] < 5_000_000
        answers = evaluate.answer(path, pictures)
        np.testing.assert_allclose(answers, before, atol=0.02)  # half precision
        np.testing.assert_allclose(answers, evaluate.answer(path, pictures[:, :, ::-1]), atol=1e-5)
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)

    def test_a_score_can_be_read_again(self, folder: Path, tmp_path: Path) -> None:
        labels = data.majority(data.load(folder, "test").votes)
        score = evaluate.describe(np.eye(8)[labels] * 0.9 + 0.0125, labels)
        assert json.loads(json.dumps(score)) == score
        assert score["accuracy"] == 1


class TestShipped:
    """The file in the package, on the faces it has never seen."""

    def test_it_is_as_good_and_as_sure_as_the_readme_says(self) -> None:
        base = os.environ.get("FOOTLIGHTS_DATA")
        if base is None:
            pytest.skip("needs the FER+ faces: set FOOTLIGHTS_DATA to the folder that holds emotion/")
        test = data.load(Path(base) / "emotion", "test")
        score = evaluate.describe(evaluate.answer(SHIPPED, test.pictures), data.majority(test.votes))
        assert score["faces"] == 2869
        assert score["accuracy"] == pytest.approx(0.8567, abs=0.002)
        assert score["calibration_error"] < 0.02

    def test_its_card_describes_it(self) -> None:
        described = card("emotion")
        content = SHIPPED.read_bytes()
        assert described.sha256 == hashlib.sha256(content).hexdigest()
        assert described.size == len(content) < 5_000_000
        assert described.labels == data.EMOTIONS
        assert (described.input.width, described.input.height) == (data.SIDE, data.SIDE)

    def test_a_face_of_one_grey_gets_probabilities_too(self) -> None:
        answers = evaluate.answer(SHIPPED, np.array([np.full((48, 48), grey) for grey in (0, 128, 255)], np.uint8))
        assert np.isfinite(answers).all()
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
