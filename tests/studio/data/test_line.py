"""Pictures of the production line with their boxes: what is written is what is read."""

from pathlib import Path

import pytest

from footlights.core.errors import SinkError
from footlights.media.images import load
from footlights.studio.boxes.dataset import read_boxes
from footlights.studio.data.line import write_line


def test_what_is_written_can_be_trained_with(tmp_path: Path) -> None:
    told: list[int] = []
    write_line(tmp_path, 6, 3, 1, told.append)
    assert told[-1] == 9
    train, valid = (read_boxes(tmp_path / part) for part in ("train", "valid"))
    assert (len(train.samples), len(valid.samples)) == (6, 3)
    assert train.labels == valid.labels == ("up", "down")
    assert {int(kind) for sample in train.samples for kind in sample.kinds} == {0, 1}
    sample = train.samples[0]
    assert load(sample.picture).shape == (360, 640, 3)
    assert ((sample.boxes[:, 2:] - sample.boxes[:, :2]) > 0.01).all()


def test_the_same_seed_writes_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_line(tmp_path / name, 2, 1, 7)
    one, two = (
        [p.read_bytes() for p in sorted((tmp_path / name).rglob("*")) if p.is_file()] for name in ("one", "two")
    )
    assert one == two


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="cannot be written to"):
        write_line(tmp_path / "file", 1, 1, 1)
