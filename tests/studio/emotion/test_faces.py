"""Every form of a data set, and the rules that make labels of votes."""

from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SourceError
from footlights.studio.data import fer2013
from footlights.studio.data.fer2013 import EMOTIONS, VOTES, majority
from footlights.studio.emotion.faces import Array, check_learnable, distributions, load, plurality
from tests.studio.emotion.conftest import DUPLICATE


def votes(**counts: int) -> Array:
    return np.array([[counts.get(name, 0) for name in VOTES]], np.uint8)


def test_mosaics_are_read_in_the_order_of_their_votes(mosaics: Path) -> None:
    train = load(mosaics, "train")
    assert len(train) == 24
    brightest = train.pictures.reshape(24, 8, 6, 48).mean(axis=(2, 3)).argmax(axis=1)
    assert (brightest == majority(train.votes)).all()


def test_a_duplicate_of_train_is_left_out_of_valid_and_nothing_else_is(mosaics: Path) -> None:
    valid = load(mosaics, "valid")
    assert len(valid) == 7
    assert DUPLICATE not in valid.names
    assert len(load(mosaics, "test")) == 8


def test_file_and_class_folders_hold_the_same_faces(drawn: Path, tmp_path: Path) -> None:
    with np.load(drawn / "fer2013.npz") as file:
        table = {name: file[name] for name in file.files}
    faces = fer2013.Faces(table["names"], table["pictures"], table["splits"], table["labels"], None)
    repeated = np.zeros(len(faces), bool)
    repeated[-1] = True  # of test
    fer2013.write_folders(faces, repeated, tmp_path / "folders")
    fer2013.write_npz(faces, repeated, drawn / "fer2013.npz")
    for split, count in (("train", 48), ("valid", 16), ("test", 15)):
        packed, loose = load(drawn / "fer2013.npz", split), load(tmp_path / "folders", split)
        order = [packed.names.tolist().index(name) for name in loose.names]
        assert len(packed) == len(loose) == count
        np.testing.assert_array_equal(loose.pictures, packed.pictures[order])
        np.testing.assert_array_equal(majority(loose.votes), majority(packed.votes)[order])


def test_votes_in_the_file_are_used(drawn: Path) -> None:
    with np.load(drawn / "fer2013.npz") as file:
        table = {name: file[name] for name in file.files}
    given = np.tile(votes(sadness=4, fear=6), (len(table["names"]), 1))
    np.savez(drawn / "fer2013.npz", **table, votes=given, vote_columns=np.array(VOTES))
    assert (load(drawn, "train").votes == given[:48]).all()


def test_what_is_no_data_set_is_refused(mosaics: Path, drawn: Path, tmp_path: Path) -> None:
    labels = dict(np.load(mosaics / "ferplus_labels.npz"))
    np.savez(mosaics / "ferplus_labels.npz", **{**labels, "vote_columns": labels["vote_columns"][::-1]})
    with pytest.raises(SourceError, match="must have the columns"):
        load(mosaics, "train")
    content = (drawn / "fer2013.npz").read_bytes()
    (drawn / "fer2013.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match="cannot be read"):
        load(drawn, "train")
    np.savez(drawn / "fer2013.npz", names=np.array(["a"]))
    with pytest.raises(SourceError, match="no data set of faces: emotions"):
        load(drawn, "train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no data set"):
        load(tmp_path / "empty", "train")


def test_a_damaged_picture_and_a_foreign_folder_are_named(tmp_path: Path) -> None:
    place = tmp_path / "train" / "fear"
    place.mkdir(parents=True)
    (place / "a.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"a\.png is not a picture"):
        load(tmp_path, "train")
    (tmp_path / "train" / "boredom").mkdir()
    with pytest.raises(SourceError, match="boredom is no emotion"):
        load(tmp_path, "train")


def test_too_few_faces_and_one_emotion_alone_are_refused(drawn: Path) -> None:
    faces = load(drawn, "train")
    check_learnable(faces, "train", least=48)
    with pytest.raises(SourceError, match="train holds 48 faces with a clear emotion, there must be at least 49"):
        check_learnable(faces, "train", least=49)
    with pytest.raises(SourceError, match="valid holds 0 faces"):
        check_learnable(faces.where(np.zeros(48, bool)), "valid")
    with pytest.raises(SourceError, match="all faces of train show surprise"):
        check_learnable(faces.where(majority(faces.votes) == EMOTIONS.index("surprise")), "train")


@pytest.mark.parametrize(
    ("row", "clear", "most"),
    [
        (votes(happiness=10), 1, 1),
        (votes(neutral=5, sadness=5), -1, 0),  # no more than half
        (votes(neutral=5, sadness=3, anger=1, fear=1), 0, 0),  # more than half once single votes are dropped
        (votes(neutral=4, sadness=3, anger=3), -1, 0),
        (votes(unknown=6, neutral=4), -1, -1),
        (votes(NF=10), -1, -1),
        (votes(), -1, -1),
        (votes(neutral=3, unknown=2, sadness=2, anger=2), -1, 0),
    ],
)
def test_labels_follow_the_published_rules(row: Array, clear: int, most: int) -> None:
    assert majority(row).tolist() == [clear]
    assert plurality(row).tolist() == [most]


def test_single_votes_and_votes_for_no_emotion_are_not_learned() -> None:
    targets, usable = distributions(votes(neutral=6, sadness=2, fear=1, unknown=0))
    assert usable.all()
    assert targets[0].tolist() == [0.75, 0, 0, 0.25, 0, 0, 0, 0]
    for row in (votes(neutral=4, unknown=6), votes(NF=10), votes()):
        assert not distributions(row)[1].any()
