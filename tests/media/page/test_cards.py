import base64
import json
import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.cue import Card
from footlights.core.frame import Frame, Image
from footlights.core.scene import Scene, Track
from footlights.media.page import cards
from footlights.media.page.cards import CROP_SIDE, MOST_CARDS, MOST_PICTURES, CardPictures, Cards, crop
from footlights.media.picture import ArrayPicture
from tests.media.page.stand_ins import face

GREEN = (0, 200, 0)


def green_at(left: int, top: int, side: int, size: tuple[int, int] = (640, 480)) -> Scene:
    """A black picture with a green square on it, which is a tracked face."""
    array = np.zeros((size[1], size[0], 3), np.uint8)
    array[top : top + side, left : left + side] = GREEN
    return Scene(Frame(ArrayPicture(array), 0.0, "cam", 0), tracks=[face(7, left, top, side)])


def rendered(scene: Scene, *, crops: bool = True, pictures: CardPictures | None = None) -> dict:
    return json.loads(Cards(pictures or CardPictures(), crops=crops)(scene))


def decoded(address: str) -> Image:
    head, _, data = address.partition(",")
    assert head == "data:image/jpeg;base64"
    return cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR_RGB)


def test_a_card_says_what_the_app_said_and_shows_the_face() -> None:
    scene = green_at(300, 200, 100)
    scene.cues.append(Card(7, "happiness", "", (("neutral", 0.25), ("happiness", 0.75))))
    (card,) = rendered(scene)["cards"]
    assert (card["track"], card["title"], card["picture"]) == (7, "happiness", "")
    assert card["bars"] == [["neutral", 0.25], ["happiness", 0.75]]
    image = decoded(card["crop"])
    assert image.shape == (150, 150, 3)
    assert np.abs(image[75, 75].astype(int) - GREEN).max() < 8 and image[5, 5].max() < 8


def test_a_large_face_gives_a_small_crop() -> None:
    scene = green_at(0, 0, 480)
    scene.cues.append(Card(7, "unsure", ""))
    image = decoded(rendered(scene)["cards"][0]["crop"])
    assert max(image.shape) == CROP_SIDE


def test_the_largest_faces_come_first_and_not_more_than_fit() -> None:
    scene = green_at(0, 0, 10)
    scene.tracks = [face(number, 0, 0, 10 + number) for number in range(20)]
    scene.cues = [Card(number, "unsure", "") for number in range(20)]
    answer = rendered(scene)
    assert [card["track"] for card in answer["cards"]] == list(range(19, 19 - MOST_CARDS, -1))
    assert answer["all"] == 20


def test_a_card_of_something_that_is_not_in_the_picture_has_no_crop() -> None:
    scene = green_at(0, 0, 10)
    scene.tracks.append(Track(8, "face", np.array([np.nan, 0, 1, 1], np.float32), 1.0, 0.0, 0.0))
    scene.cues = [Card(8, "unsure", ""), Card(9, "unsure", ""), Card(7, "fear", "", (("fear", float("nan")),))]
    answer = rendered(scene)["cards"]
    assert [(card["track"], card["crop"] == "") for card in answer] == [(7, False), (8, True), (9, True)]
    assert answer[0]["bars"] == [["fear", None]]


def test_without_crops_the_picture_is_not_even_read() -> None:
    class Unread:
        width, height = 640, 480

        def rgb(self, width: int, height: int) -> Image:
            raise AssertionError("somebody looked at the picture")

    scene = green_at(0, 0, 100)
    scene.frame.put(Unread())
    scene.cues.append(Card(7, "anger", ""))
    (card,) = rendered(scene, crops=False)["cards"]
    assert (card["title"], card["crop"]) == ("anger", "")


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    *(st.floats(-100, 100, width=32) for _ in range(2)),
    st.floats(0, 150, width=32),
)
def test_a_crop_lies_in_the_picture_and_around_the_middle(
    width: int, height: int, left: float, top: float, side: float
) -> None:
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    image = np.concatenate([places, np.zeros((height, width, 1), int)], axis=-1).astype(np.uint8)
    part = crop(image, face(1, left, top, side))
    x, y = left + side / 2, top + side / 2
    if part is None:
        half = 0.75 * side
        assert x + half < 1 or y + half < 1 or x - half > width - 1 or y - half > height - 1 or half < 1
    else:
        x0, y0 = part[0, 0, :2].astype(int)
        x1, y1 = part[-1, -1, :2].astype(int)
        assert part.shape[:2] == (y1 - y0 + 1, x1 - x0 + 1)
        assert max(part.shape[:2]) <= 1.5 * side + 1.01
        if 0 <= x <= width and 0 <= y <= height:
            assert x0 - 0.51 <= x <= x1 + 1.51 and y0 - 0.51 <= y <= y1 + 1.51


def test_a_picture_keeps_its_address_and_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "joy.svg"
    path.write_text("<svg/>")
    pictures = CardPictures()
    address = pictures.address(str(path))
    path.unlink()
    assert pictures.address(str(path)) == address
    file = pictures.file(address.removeprefix("/cards/"))
    assert file is not None and (file.body, file.media_type) == (b"<svg/>", "image/svg+xml")
    assert pictures.file("joy.svg") is None and pictures.file(str(path)) is None


def text_file(folder: Path) -> Path:
    path = folder / "joy.txt"
    path.write_text("joy")
    return path


def large_file(folder: Path) -> Path:
    path = folder / "joy.png"
    path.write_bytes(bytes(1001))
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (text_file, "use .svg, .png, .webp"),
        (large_file, "more than 1000 bytes"),
        (lambda folder: folder / "none.svg", "No such file"),
    ],
)
def test_a_file_that_is_no_picture_is_left_out_with_one_line(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], Path],
    reason: str,
) -> None:
    monkeypatch.setattr(cards, "MOST_BYTES", 1000)
    pictures, path = CardPictures(), make(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert [pictures.address(str(path)) for _ in range(3)] == ["", "", ""]
    assert [reason in record.message for record in caplog.records] == [True]


def test_not_more_pictures_than_a_page_needs_are_kept(tmp_path: Path) -> None:
    pictures = CardPictures()
    addresses = []
    for number in range(MOST_PICTURES + 5):
        path = tmp_path / f"{number}.svg"
        path.write_text("<svg/>")
        addresses.append(pictures.address(str(path)))
    assert len(set(addresses) - {""}) == MOST_PICTURES
    assert addresses[-5:] == [""] * 5
