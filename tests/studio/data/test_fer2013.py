"""FER2013 from its published files to a data set."""

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.errors import SinkError, SourceError
from footlights.studio.data.fer2013 import (
    EMOTIONS,
    VOTES,
    Faces,
    also_in_train,
    duplicates,
    face_filter,
    majority,
    read,
    with_faces,
    write_folders,
    write_npz,
)
from footlights.studio.data.fer2013_report import write_report

USAGES = ("Training", "Training", "PublicTest", "PrivateTest", "Training", "PrivateTest")
NUMBERS = (3, 0, 6, 3, 4, 5)


def pictures() -> np.ndarray:
    """Six of noise; the first stands also in test, the third also at the end."""
    drawn = np.random.default_rng(0).integers(0, 256, (6, 48, 48)).astype(np.uint8)
    drawn[3], drawn[5] = drawn[0], drawn[2]
    return drawn


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """fer2013.csv with six pictures."""
    path = tmp_path / "fer2013.csv"
    lines = [f"{n},{' '.join(map(str, p.ravel()))},{u}" for n, p, u in zip(NUMBERS, pictures(), USAGES, strict=True)]
    path.write_text("\n".join(["emotion,pixels,Usage", *lines, ""]))
    return path


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """fer2013new.csv for them."""
    path = tmp_path / "fer2013new.csv"
    rows = ["0,10,0,0,0,0,0,0,0,0", "0,0,0,0,9,0,0,0,1,0", "4,0,0,4,0,0,0,1,1,0", "0,10,0,0,0,0,0,0,0,0",
            "0,0,0,0,0,0,0,0,0,10", "0,0,6,0,0,0,4,0,0,0"]  # fmt: skip
    lines = [f"{usage},fer{index}.png,{row}" for index, (usage, row) in enumerate(zip(USAGES, rows, strict=True))]
    path.write_text("\n".join([f"Usage,Image name,{','.join(VOTES)}", *lines, ""]))
    return path


def test_the_raw_file_gives_pictures_splits_and_seven_labels(raw: Path) -> None:
    seen: list[int] = []
    faces = read(raw, progress=seen.append)
    assert (faces.pictures == pictures()).all()
    assert faces.splits.tolist() == ["train", "train", "valid", "test", "train", "test"]
    assert [EMOTIONS[label] for label in faces.labels] == [
        "happiness", "anger", "neutral", "happiness", "sadness", "surprise",
    ]  # fmt: skip
    assert faces.names.tolist()[:2] == ["fer0000000", "fer0000001"]
    assert faces.votes is None and seen == [1, 2, 3, 4, 5, 6]


def test_votes_give_the_labels(raw: Path, votes: Path) -> None:
    faces = read(raw, votes)
    assert faces.votes is not None and faces.votes.shape == (6, 10)
    assert [EMOTIONS[label] if label >= 0 else None for label in faces.labels] == [
        "happiness", "anger", None, "happiness", None, "surprise",
    ]  # fmt: skip


def test_one_vote_alone_does_not_count() -> None:
    rows = [[5, 1, 1, 1, 1, 1, 0, 0, 0, 0], [5, 5, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 9, 1]]
    assert majority(np.array(rows, np.uint8)).tolist() == [0, -1, -1]


def test_pictures_in_several_splits_are_found(raw: Path) -> None:
    faces = read(raw)
    groups = duplicates(faces)
    assert [group.tolist() for group in groups] == [[0, 3], [2, 5]]
    assert also_in_train(faces, groups).tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("3,1 2 3,Training", "line 8: there must be 2304 pixels from 0 to 255, got 3 values"),
        (f"3,{'300 ' * 2304},Training", "there must be 2304 pixels from 0 to 255"),
        (f"3,{'x ' * 2304},Training", "line 8: the pixels must be whole numbers"),
        (f"7,{'0 ' * 2304},Training", "line 8: the emotion must be 0 to 6, got '7'"),
        (f"3,{'0 ' * 2304},Practice", "line 8: Usage must be one of Training, PublicTest, PrivateTest"),
        ("3", "line 8: Usage must be"),
        ("3,\0,Training", "line 8"),
    ],
)
def test_a_wrong_line_is_named(raw: Path, line: str, message: str) -> None:
    raw.write_text(raw.read_text() + line + "\n")
    with pytest.raises(SourceError, match=re.escape(message)) as caught:
        read(raw)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_something_else_is_refused(tmp_path: Path, raw: Path, votes: Path) -> None:
    other = tmp_path / "other.csv"
    for content, message in (
        (b"", "has no column 'emotion'; it must have emotion, pixels, Usage"),
        (b"emotion,pixels\n", "has no column 'Usage'"),
        (b"\xff\xfe\x00\x00", "is not the CSV file"),
        (b"emotion,pixels,Usage\n", "holds no picture"),
    ):
        other.write_bytes(content)
        with pytest.raises(SourceError, match=re.escape(message)):
            read(other)
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read(tmp_path / "nowhere.csv")
    votes.write_text("\n".join(votes.read_text().splitlines()[:-1]))
    with pytest.raises(SourceError, match="does not belong to the pictures: 5 lines for 6 pictures"):
        read(raw, votes)


def test_filters_tell_faces_from_other_pictures(models: Callable[..., None]) -> None:
    from footlights.media.open import open_source

    models("face_detection_short_range")
    source = open_source("rehearsal:idle?seconds=0.1&fps=10&camera=head&seed=1")
    picture = cv2.cvtColor(next(iter(source.frames())).rgb(), cv2.COLOR_RGB2GRAY)
    face = cv2.resize(picture[130:290, 240:400], (48, 48), interpolation=cv2.INTER_AREA)
    shown = np.stack([face, pictures()[0], np.full((48, 48), 128, np.uint8)])
    faces = Faces(np.arange(3), shown, np.array(["train"] * 3), np.zeros(3, int), None)
    assert with_faces(faces, face_filter("haar")).tolist() == [True, False, False]
    assert with_faces(faces, face_filter("blazeface")).tolist() == [True, False, False]
    assert with_faces(faces, face_filter("none")).tolist() == [True, True, True]


def test_one_file_for_all(raw: Path, votes: Path, tmp_path: Path) -> None:
    faces = read(raw, votes)
    write_npz(faces, also_in_train(faces, duplicates(faces)), tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as stored:
        assert (stored["pictures"] == faces.pictures).all() and (stored["votes"] == faces.votes).all()
        assert stored["emotions"].tolist() == list(EMOTIONS) and stored["vote_columns"].tolist() == list(VOTES)
        assert stored["also_in_train"].tolist() == [False, False, False, True, False, False]
        assert stored["labels"].tolist() == faces.labels.tolist() and stored["splits"].tolist() == faces.splits.tolist()


def test_a_folder_for_each_class(raw: Path, tmp_path: Path) -> None:
    faces = read(raw)
    write_folders(faces, also_in_train(faces, duplicates(faces)), tmp_path / "out")
    stored = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert stored == [
        "test/surprise/fer0000005.png", "train/anger/fer0000001.png", "train/happiness/fer0000000.png",
        "train/sadness/fer0000004.png", "valid/neutral/fer0000002.png",
    ]  # fmt: skip
    read_back = cv2.imread(str(tmp_path / "out/train/anger/fer0000001.png"), cv2.IMREAD_UNCHANGED)
    assert (read_back == faces.pictures[1]).all()


def test_what_cannot_be_written_is_told(raw: Path, tmp_path: Path) -> None:
    faces = read(raw)
    none = np.zeros(len(faces), bool)
    with pytest.raises(SinkError, match="cannot be written"):
        write_npz(faces, none, tmp_path / "nowhere" / "out.npz")
    with pytest.raises(SinkError, match="cannot be written to"):
        write_folders(faces, none, raw)
    with pytest.raises(SinkError, match="cannot be written"):
        write_report(tmp_path / "nowhere" / "report.html", faces, ~none, [], "none")


def test_the_report_counts_what_is_there(raw: Path, tmp_path: Path) -> None:
    faces = read(raw)
    kept = np.array([True, True, True, True, False, True])
    write_report(tmp_path / "report.html", faces, kept, duplicates(faces), "haar")
    text = (tmp_path / "report.html").read_text()
    assert "6 pictures read, 5 kept; faces found by: haar; labels: those of FER2013." in text
    assert "<td>happiness</td><td>1</td><td>0</td><td>1</td><td>2</td><td>40.0 %</td>" in text
    assert "2 pictures stand in more than one split, 1 of them with different labels" in text
    assert "No face was found in 1 of the pictures" in text and "<h2>contempt</h2><p class=note>No picture.</p>" in text
    assert text.count("data:image/png;base64,") == 4 + 2  # four classes, what was left out, duplicates
    assert "http" not in text
