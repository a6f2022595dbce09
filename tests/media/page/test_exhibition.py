"""The exhibition layout as programs see it, over real connections."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from footlights.core.cue import Card
from footlights.core.frame import Image
from footlights.core.scene import Scene
from footlights.media.page.server import Page
from tests.media.page.stand_ins import Detectors, Sources, face, scene, socket


def white(painted: Scene) -> Image:
    return np.full((120, 160, 3), 255, np.uint8)


@pytest.fixture
def detectors() -> Detectors:
    return Detectors()


@pytest.fixture
def hall(detectors: Detectors) -> Iterator[Page]:
    page = Page(port=0, layout="exhibition", control=detectors, new_paint=lambda: white)
    yield page
    page.close()


@pytest.fixture
def covered() -> Iterator[Page]:
    """A page that must not show a face."""
    page = Page(port=0, layout="exhibition", raw=False, new_paint=lambda: white)
    yield page
    page.close()


@pytest.fixture
def emoji(tmp_path: Path) -> Path:
    path = tmp_path / "happiness.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><circle r="1"/></svg>')
    return path


def visited(emoji: Path, stream: str = "cam", index: int = 5) -> Scene:
    made = scene(stream, index, cues=(Card(3, "happiness", str(emoji), (("happiness", 0.9),)),))
    made.tracks.append(face(3, 40, 30, 50))
    return made


def brightness(jpeg: bytes | str) -> int:
    assert isinstance(jpeg, bytes)
    return int(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE).mean())


def first_cards(page: Page, stream: str = "cam") -> list[dict]:
    with socket(page, f"/streams/{stream}/cards") as looking:
        return json.loads(looking.recv(timeout=20))["cards"]


@pytest.mark.parametrize("stream", ["cam", "hall/left", "raw", "cards"])
def test_the_raw_picture_carries_nothing_that_is_painted(hall: Page, emoji: Path, stream: str) -> None:
    hall.write(visited(emoji, stream))
    with socket(hall, f"/streams/{stream}/raw") as raw, socket(hall, f"/streams/{stream}") as painted:
        assert abs(brightness(raw.recv(timeout=20)) - 80) <= 2
        assert brightness(painted.recv(timeout=20)) == 255
    assert [card["title"] for card in first_cards(hall, stream)] == ["happiness"]


def test_a_page_that_shows_no_face_has_no_raw_picture_and_no_crop(covered: Page, emoji: Path) -> None:
    covered.write(visited(emoji))
    with socket(covered, "/streams/cam/raw") as raw, pytest.raises(ConnectionClosed, match="no such stream"):
        raw.recv(timeout=20)
    (card,) = first_cards(covered)
    assert card["crop"] == "" and card["picture"].startswith("/cards/")
    with socket(covered, "/events") as watching:
        assert json.loads(watching.recv(timeout=20))["raw"] is False


def test_nothing_is_rendered_while_nobody_looks(hall: Page, emoji: Path) -> None:
    class Counted:
        width, height = 160, 120
        read = 0

        def rgb(self, width: int, height: int) -> Image:
            Counted.read += 1
            return np.zeros((height, width, 3), np.uint8)

    with socket(hall, "/events") as watching:
        assert json.loads(watching.recv(timeout=20))["type"] == "hello"
        for index in range(20):
            made = visited(emoji, index=index)
            made.frame.put(Counted())
            hall.write(made)
        with socket(hall, "/streams/cam") as painted:  # painted without the picture
            assert brightness(painted.recv(timeout=20)) == 255
    assert Counted.read == 0
    first_cards(hall)
    assert Counted.read == 1


def test_the_picture_of_a_card_is_served_and_can_do_nothing(hall: Page, emoji: Path) -> None:
    hall.write(visited(emoji))
    (card,) = first_cards(hall)
    with httpx.Client(base_url=hall.url) as client:
        answer = client.get(card["picture"])
        assert answer.text == emoji.read_text() and answer.headers["content-type"].startswith("image/svg+xml")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "sandbox" in policy and "script" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        for path in ("/cards/happiness.svg", f"/cards/{emoji}", "/cards/"):
            assert client.get(path).status_code == 404


def test_the_home_page_is_that_of_the_layout(hall: Page, page: Page) -> None:
    assert 'data-layout="exhibition"' in httpx.get(hall.url).text
    assert "data-layout" not in httpx.get(page.url).text


def test_a_detector_is_chosen_and_everybody_is_told(hall: Page, detectors: Detectors) -> None:
    with httpx.Client(base_url=hall.url) as client, socket(hall, "/events") as watching:
        names = ["haar-alt", "blazeface", "yunet"]
        assert client.get("/api/choice").json() == {"chosen": "blazeface", "choices": names}
        assert client.post("/api/choice", json={"name": "haar-alt"}).json() == {"chosen": "haar-alt", "choices": names}
        while (heard := json.loads(watching.recv(timeout=20)))["type"] != "choice":
            pass
        assert heard == {"type": "choice", "chosen": "haar-alt", "choices": names}
    assert detectors.now == "haar-alt"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"name": "mtcnn"}, 409, "'mtcnn' cannot be chosen; there are haar-alt, blazeface, yunet"),
        ({"name": "yunet"}, 409, "yunet is not here yet"),
        ({"url": "yunet"}, 400, 'send {"name": "..."}'),
    ],
)
def test_what_cannot_be_chosen_is_refused_in_one_line(
    hall: Page, detectors: Detectors, body: dict[str, str], status: int, error: str
) -> None:
    answer = httpx.post(hall.url + "api/choice", json=body)
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert detectors.now == "blazeface"


def test_another_site_chooses_nothing_and_sees_nothing(hall: Page, detectors: Detectors) -> None:
    foreign = {"origin": "https://evil.org"}
    assert httpx.post(hall.url + "api/choice", json={"name": "haar-alt"}, headers=foreign).status_code == 403
    assert httpx.post(hall.url + "api/choice", data={"name": "haar-alt"}).status_code == 400
    assert detectors.now == "blazeface"
    for path in ("/streams/cam/raw", "/streams/cam/cards"):
        with pytest.raises(InvalidStatus):
            socket(hall, path, origin="https://evil.org")


def test_where_there_is_nothing_to_choose_it_says_so(page: Page, control: Sources) -> None:
    assert httpx.get(page.url + "api/choice").json() == {"chosen": "", "choices": []}
    answer = httpx.post(page.url + "api/choice", json={"name": "yunet"})
    assert answer.json() == {"error": "'yunet' cannot be chosen; there is nothing to choose"}


def test_a_page_that_listens_to_the_network_gives_cards_for_its_token_only(emoji: Path) -> None:
    page = Page("0.0.0.0", 0, layout="exhibition", new_paint=lambda: white)
    try:
        page.write(visited(emoji))
        for path in ("/streams/cam/raw", "/streams/cam/cards"):
            with pytest.raises(InvalidStatus):
                socket(page, path)
        token = page.url.partition("?token=")[2]
        with socket(page, f"/streams/cam/cards?token={token}") as looking:
            (card,) = json.loads(looking.recv(timeout=20))["cards"]
        base = f"http://127.0.0.1:{page.port}"
        assert httpx.get(base + card["picture"]).status_code == 403
        assert httpx.get(f"{base}{card['picture']}?token={token}").status_code == 200
    finally:
        page.close()
