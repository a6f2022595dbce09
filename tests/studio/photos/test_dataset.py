"""Class folders: what is read, how it is split, what is told of leaks."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from footlights.core.errors import SettingsError, SourceError
from footlights.media.images import load
from footlights.studio.leaks import ALIKE, apart, picture_mark
from footlights.studio.photos.dataset import read_photos, split
from tests.studio.photos.conftest import Draw


def test_recordings_are_never_split(shapes: Path) -> None:
    train, valid, warnings = split(shapes, 1)
    assert train.labels == ("cross", "not_cross")
    assert (train.counts(), valid.counts()) == ([24, 24], [6, 6])
    assert {photo.recording for photo in train.photos}.isdisjoint(photo.recording for photo in valid.photos)
    assert not warnings


def test_the_same_seed_gives_the_same_split(shapes: Path) -> None:
    def names(seed: int) -> list[Path]:
        return [photo.path for photo in split(shapes, seed)[1].photos]

    assert names(4) == names(4)
    assert len({tuple(names(seed)) for seed in range(6)}) > 1


def test_one_recording_is_cut_at_its_end_and_told(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path, "cross", 1, 20)
    draw(tmp_path, "ring", 2, 20)
    train, valid, warnings = split(tmp_path, 1)
    assert [photo.path.name for photo in valid.photos if photo.kind == 0] == [f"day1_{n:03}.png" for n in range(16, 20)]
    assert len(train.photos) == 32
    assert "one recording" in warnings[0]


def test_damaged_files_are_left_out_with_a_line(shapes: Path) -> None:
    (shapes / "cross" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    (shapes / "cross" / "notes.txt").write_text("not a picture")
    found = read_photos(shapes)
    assert found.counts() == [30, 30]
    assert len(found.skipped) == 2
    assert any("broken.jpg" in line for line in found.skipped)


def test_nothing_and_one_class_are_refused(tmp_path: Path, draw: Draw) -> None:
    with pytest.raises(SourceError, match="no folder"):
        split(tmp_path / "absent", 1)
    with pytest.raises(SettingsError, match="found: none"):
        split(tmp_path, 1)
    draw(tmp_path, "cross", 1, 9)
    with pytest.raises(SettingsError, match="only 'cross'"):
        split(tmp_path, 1)
    draw(tmp_path, "ring", 1, 3)
    with pytest.raises(SettingsError, match="'ring' has 3 pictures"):
        split(tmp_path, 1)


def test_the_same_and_nearly_the_same_picture_on_both_sides_are_told(tmp_path: Path, draw: Draw) -> None:
    for part, first in (("train", 0), ("valid", 10)):
        for label in ("cross", "ring"):
            draw(tmp_path / part, label, first, 5)
    _, _, warnings = split(tmp_path, 1)
    assert not warnings
    known = tmp_path / "train" / "cross" / "day0_000.png"
    shutil.copyfile(known, tmp_path / "valid" / "cross" / "other_name.png")
    picture = cv2.resize(load(tmp_path / "train" / "ring" / "day0_001.png"), (320, 240), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "valid" / "ring" / "again.jpg"), picture[..., ::-1])
    _, _, warnings = split(tmp_path, 1)
    assert len(warnings) == 2
    assert warnings[0].startswith("the same file is in train and in valid, 1 times")
    assert "day0_001.png and " in warnings[1] and warnings[1].endswith("again.jpg")


def test_marks_of_other_pictures_differ(shapes: Path) -> None:
    marks = np.stack([np.frombuffer(picture_mark(load(path)), np.uint8) for path in sorted(shapes.rglob("*.png"))])
    far = [apart(marks[:place], mark).min() for place, mark in enumerate(marks) if place]
    assert min(far) > ALIKE


def test_train_and_valid_need_the_same_classes(tmp_path: Path, draw: Draw) -> None:
    for part, labels in (("train", ("cross", "ring")), ("valid", ("cross", "square"))):
        for label in labels:
            draw(tmp_path / part, label, 1, 5)
    with pytest.raises(SettingsError, match="both need the same"):
        split(tmp_path, 1)


def test_the_hash_of_the_data_knows_content_and_class_and_no_names(shapes: Path) -> None:
    before = read_photos(shapes).digest()
    (shapes / "cross" / "day0_000.png").rename(shapes / "cross" / "renamed.png")
    assert read_photos(shapes).digest() == before
    (shapes / "cross" / "renamed.png").rename(shapes / "not_cross" / "renamed.png")
    assert read_photos(shapes).digest() != before
