"""The drawn emojis, and sets of one's own."""

import itertools
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from footlights.core.errors import SettingsError
from footlights.media.emojis import NAMES, EmojiSet
from footlights.media.emojis.raster import LARGEST, SMALLEST, rasterise, step_up

OWN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}"><path d="M0 0H{0}V{1}H0Z" fill="#0f0"/></svg>'


def on_grey(path: Path, side: int) -> np.ndarray:
    rgba = rasterise(path, side).astype(float)
    opacity = rgba[..., 3:] / 255
    return rgba[..., :3] * opacity + 128 * (1 - opacity)


@pytest.mark.parametrize("name", NAMES)
def test_an_emoji_is_a_disc_that_hides_what_is_behind_it(name: str) -> None:
    rgba = rasterise(EmojiSet().path(name), 256)
    assert rgba.shape == (256, 256, 4)
    y, x = np.mgrid[0:256, 0:256] - 127.5
    distance = np.hypot(x, y)
    assert (rgba[distance < 125, 3] == 255).all()
    assert (rgba[distance > 129, 3] == 0).all()


def test_no_two_emojis_look_alike_even_when_they_are_small() -> None:
    pictures = {name: on_grey(EmojiSet().path(name), 32) for name in NAMES}
    for one, other in itertools.combinations(NAMES, 2):
        assert np.abs(pictures[one] - pictures[other]).mean() > 20, f"{one} looks like {other}"


def test_a_name_without_a_picture_is_unsure() -> None:
    assert EmojiSet().path("boredom") == EmojiSet().path("unsure")


def test_sizes_are_powers_of_two_within_limits() -> None:
    assert [step_up(size) for size in (0.1, 16, 17, 64, 100, 1e9)] == [SMALLEST, 16, 32, 64, 128, LARGEST]


@pytest.mark.parametrize(("width", "height", "shape"), [(10, 20, (64, 32, 4)), (20, 10, (32, 64, 4))])
def test_the_longer_side_has_the_size_asked_for(width: int, height: int, shape: object, tmp_path: Path) -> None:
    svg, png = tmp_path / "a.svg", tmp_path / "a.png"
    svg.write_text(OWN.format(width, height))
    Image.new("RGBA", (width, height), (0, 255, 0, 255)).save(png)
    for path in (svg, png):
        assert rasterise(path, 64).shape == shape
        assert (rasterise(path, 64) == [0, 255, 0, 255]).all()


def test_ones_own_pictures_replace_ours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "happiness.svg").write_text(OWN.format(8, 8))
    Image.new("RGB", (9, 9), (0, 0, 255)).save(tmp_path / "Sadness.PNG")
    with caplog.at_level(logging.WARNING):
        own = EmojiSet(tmp_path)
    assert own.path("happiness") == tmp_path / "happiness.svg"
    assert own.path("sadness") == tmp_path / "Sadness.PNG"
    assert own.path("anger") == EmojiSet().path("anger")
    assert f"{tmp_path} holds no anger.svg or .png: the built-in emoji is used" in caplog.messages
    assert len(caplog.messages) == len(NAMES) - 2


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"<svg", OWN.replace("viewBox", "id").encode()])
def test_a_damaged_picture_is_told_and_replaced(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "fear.svg").write_bytes(content)
    (tmp_path / "anger.png").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        own = EmojiSet(tmp_path)
    assert own.path("fear") == EmojiSet().path("fear")
    assert own.path("anger") == EmojiSet().path("anger")
    lines = [line for line in caplog.messages if "holds no" not in line]
    assert len(lines) == 2 and "fear.svg is " in lines[1] and "anger.png" in lines[0]
    assert all("built-in emoji is used" in line and "\n" not in line for line in lines)


def test_a_folder_without_any_emoji_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "smile.svg").write_text(OWN.format(8, 8))
    with pytest.raises(SettingsError, match=r"holds no emoji; name the files neutral\.svg"):
        EmojiSet(tmp_path)
    with pytest.raises(SettingsError, match="there is no folder"):
        EmojiSet(tmp_path / "nowhere")


def test_a_picture_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        rasterise(tmp_path / "a.svg", 64)
