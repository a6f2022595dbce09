import itertools
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from footlights.core.errors import SourceEmptyError, SourceError
from footlights.media.images import load
from footlights.media.open import open_source
from tests.media.conftest import grey


def save(path: Path, array: np.ndarray, **options: object) -> Path:
    Pillow.fromarray(array).save(path, **options)
    return path


def test_one_picture_is_one_frame(tmp_path: Path) -> None:
    source = open_source(str(save(tmp_path / "face.png", grey(77, 10, 10))))
    frames = list(source.frames())
    assert (source.name, source.live) == ("face", False)
    assert [(frame.time, frame.index, frame.width, frame.height) for frame in frames] == [(0.0, 0, 10, 10)]
    assert int(frames[0].rgb()[5, 5, 0]) == 77


def test_a_looped_picture_never_ends(tmp_path: Path) -> None:
    source = open_source(str(save(tmp_path / "face.png", grey(77, 10, 10))), loop=True)
    times = [frame.time for frame in itertools.islice(source.frames(), 35)]
    assert source.duration is None
    assert times == pytest.approx([index / 10 for index in range(35)])


def test_photos_of_phones_stand_upright(tmp_path: Path) -> None:
    array = grey(0, 30, 20)
    array[:, :10] = 255
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned clockwise: the stored left is the top
    image = load(save(tmp_path / "phone.jpg", array, exif=exif, quality=95))
    assert image.shape == (30, 20, 3)
    assert float(image[:8].mean()) > 240
    assert float(image[12:].mean()) < 15


def test_grey_pictures_become_rgb(tmp_path: Path) -> None:
    image = load(save(tmp_path / "grey.png", np.full((4, 6), 90, np.uint8)))
    assert image.shape == (4, 6, 3)
    assert (image == 90).all()


def test_sixteen_bit_pictures_keep_their_brightness(tmp_path: Path) -> None:
    deep = np.tile(np.linspace(0, 65535, 16).astype(np.uint16), (4, 1))
    image = load(save(tmp_path / "deep.png", deep))
    assert image[0, :, 0] == pytest.approx(deep[0] / 257, abs=1)


def test_what_is_transparent_lies_on_black(tmp_path: Path) -> None:
    rgba = np.full((4, 8, 4), 200, np.uint8)
    rgba[:, :4, 3] = 0
    rgba[:, 4:, 3] = 255
    image = load(save(tmp_path / "ghost.png", rgba))
    assert (image[:, :4] == 0).all()
    assert (image[:, 4:] == 200).all()


def test_large_photos(tmp_path: Path) -> None:
    image = load(save(tmp_path / "large.jpg", grey(120, 5472, 3648), quality=60))
    assert image.shape == (3648, 5472, 3)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40), b"\xff\xd8\xff\xe0" + bytes(9)]
)
def test_a_damaged_picture_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(SourceError) as raised:
        list(open_source(str(path)).frames())
    assert "bad.png" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_picture_cut_off_says_so(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.jpg", np.random.default_rng(1).integers(0, 255, (90, 90, 3), np.uint8))
    half = tmp_path / "half.jpg"
    half.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(SourceError, match=r"half\.jpg is damaged"):
        list(open_source(str(half)).frames())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "poses"
    place.mkdir()
    for number in (1, 2, 10):
        save(place / f"pose{number}.png", grey(number))
    return place


def levels(frames: list) -> list[int]:
    return [int(frame.rgb()[0, 0, 0]) for frame in frames]


def test_a_folder_is_read_in_natural_order(folder: Path) -> None:
    source = open_source(str(folder))
    frames = list(source.frames())
    assert source.duration == 3.0
    assert levels(frames) == [1, 2, 10]
    assert [frame.time for frame in frames] == [0.0, 1.0, 2.0]


def test_what_is_no_picture_is_left_out_with_one_line_each(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "notes.txt").write_text("stand straight")
    (folder / "pose3.png").write_bytes(b"broken")
    (folder / ".hidden").write_text("x")
    with caplog.at_level(logging.WARNING):
        source = open_source(str(folder), loop=True)
        frames = list(itertools.islice(source.frames(), 200))
    assert levels(frames[:180:30]) == [1, 2, 10, 1, 2, 10]
    assert sorted(message.split("poses/")[1].split()[0] for message in caplog.messages) == ["notes.txt", "pose3.png"]


def test_a_looped_folder_sees_new_pictures(folder: Path) -> None:
    frames = open_source(str(folder), loop=True).frames()
    assert levels(list(itertools.islice(frames, 90)))[::30] == [1, 2, 10]
    save(folder / "pose4.png", grey(4))
    assert levels(list(itertools.islice(frames, 120)))[::30] == [1, 2, 4, 10]


def test_a_folder_without_pictures_says_what_to_put_in(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SourceEmptyError, match="holds no picture; put JPEG"):
        list(open_source(str(tmp_path), loop=True).frames())
