"""Boxes through the API, and frames from a source."""

import json
from collections.abc import Callable

import httpx

from tests.studio.web.conftest import Studio, picture

Make = Callable[..., str]


def test_boxes_are_kept_in_yolo_form(client: httpx.Client, project: Make, studio: Studio) -> None:
    at = project("boxes", "Kept", "up", "down")
    path = client.post(f"{at}/items", params={"called": "frame.jpg"}, content=picture(11)).json()["path"]
    assert client.get(f"{at}/boxes/{path}").json() == {"boxes": None}
    drawn = [{"label": "down", "left": 0.25, "top": 0.5, "right": 0.75, "bottom": 1.0}]
    assert client.put(f"{at}/boxes/{path}", json={"boxes": drawn}).json() == {"boxes": drawn}
    notes = studio.folder / at.rpartition("/")[2] / "labels" / "frame.txt"
    assert notes.read_text() == "1 0.500000 0.750000 0.500000 0.500000\n"
    assert client.put(f"{at}/boxes/{path}", json={"boxes": []}).json() == {"boxes": []}
    assert notes.read_text() == ""


def test_boxes_that_make_no_sense_are_refused(client: httpx.Client, project: Make) -> None:
    at = project("boxes", "Sense", "up")
    path = client.post(f"{at}/items", content=picture(12)).json()["path"]
    good = {"label": "up", "left": 0.1, "top": 0.1, "right": 0.2, "bottom": 0.2}
    for change in ({"right": 1.5}, {"left": 0.9}, {"label": "other"}, {"label": None}, {"extra": 1}, {"top": "nan"}):
        answer = client.put(f"{at}/boxes/{path}", json={"boxes": [{**good, **change}]})
        assert answer.status_code == 400, change
    assert client.put(f"{at}/boxes/frames/none.jpg", json={"boxes": [good]}).status_code == 404


def test_frames_come_from_any_source_as_they_are_taken(client: httpx.Client, project: Make) -> None:
    at = project("boxes", "Grabbed", "up")
    asked = {"source": "rehearsal:line?seconds=4&width=160&height=120", "count": 3, "every": 0.5}
    lines = [json.loads(line) for line in client.post(f"{at}/grab", json=asked).text.splitlines()]
    assert [line["path"] for line in lines] == [item["path"] for item in client.get(f"{at}/items").json()]
    assert len(lines) == 3 and len({line["recording"] for line in lines}) == 1
    wrong = client.post(f"{at}/grab", json={**asked, "source": "nowhere.mp4"})
    assert wrong.status_code == 404 and "nowhere.mp4" in wrong.json()["error"]
    assert client.post(f"{at}/grab", json={**asked, "count": 10_000}).status_code == 400
    assert client.post(f"{at}/grab", json={**asked, "source": "browser:phone"}).status_code == 400


def test_label_tools_get_their_forms(client: httpx.Client, project: Make) -> None:
    at = project("boxes", "Forms", "up")
    path = client.post(f"{at}/items", content=picture(13)).json()["path"]
    box = {"label": "up", "left": 0.1, "top": 0.1, "right": 0.2, "bottom": 0.2}
    client.put(f"{at}/boxes/{path}", json={"boxes": [box]})
    for form in ("yolo", "coco", "voc"):
        answer = client.get(f"{at}/boxes.zip", params={"form": form})
        assert answer.status_code == 200 and answer.content[:2] == b"PK"
    assert client.get(f"{at}/boxes.zip", params={"form": "tsv"}).status_code == 400
