"""Files and labels through the API: what is taken, what is refused, what comes back."""

from collections.abc import Callable, Iterator

import cv2
import httpx
import numpy as np
import pytest

from tests.studio.web.conftest import Studio, picture

Make = Callable[..., str]


def test_pictures_go_in_and_come_out(client: httpx.Client, project: Make) -> None:
    at = project("photos", "In and out", "x", "not x")
    added = client.post(f"{at}/items", params={"label": "x", "called": "a 1.jpg"}, content=picture(1))
    assert added.status_code == 201
    item = added.json()
    assert item["path"] == "photos/x/a_1.jpg" and item["label"] == "x"
    assert client.get(f"{at}/files/{item['path']}").content == picture(1)
    small = client.get(f"{at}/files/{item['path']}", params={"side": 96})
    assert small.headers["content-type"] == "image/jpeg" and "immutable" in small.headers["cache-control"]
    assert max(cv2.imdecode(np.frombuffer(small.content, np.uint8), 1).shape) == 96
    assert client.get(at).json()["counts"]["x"] == 1


def test_a_removal_can_be_undone(client: httpx.Client, project: Make) -> None:
    at = project("photos", "Undo", "x")
    path = client.post(f"{at}/items", params={"label": "x"}, content=picture(2)).json()["path"]
    assert client.post(f"{at}/remove", json={"paths": [path]}).json() == {"removed": 1}
    assert client.get(f"{at}/items").json() == []
    assert client.get(f"{at}/files/{path}").status_code == 404
    assert [item["path"] for item in client.post(f"{at}/undo").json()] == [path]
    assert client.get(f"{at}/files/{path}").content == picture(2)


@pytest.mark.parametrize(
    "content", [b"", b"MZ not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture(3)[:200]]
)
def test_only_what_decodes_is_taken(client: httpx.Client, project: Make, studio: Studio, content: bytes) -> None:
    at = project("photos", "Decodes", "x")
    answer = client.post(f"{at}/items", params={"label": "x", "called": "a.jpg"}, content=content)
    assert answer.status_code == 422 and len(answer.json()["error"].splitlines()) == 1
    folder = studio.folder / at.rpartition("/")[2]
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.csv", "project.toml"]


def test_too_large_is_refused_before_it_is_taken(client: httpx.Client, project: Make) -> None:
    at = project("photos", "Large", "x")
    told = client.post(f"{at}/items", params={"label": "x"}, content=bytes(33 << 20))
    assert told.status_code == 422 and "32 MB" in told.json()["error"]

    def endless() -> Iterator[bytes]:
        for _ in range(34):
            yield bytes(1 << 20)

    try:
        untold = client.post(f"{at}/items", params={"label": "x"}, content=endless())
    except httpx.WriteError:  # the server has hung up already
        return
    assert untold.status_code == 422


@pytest.mark.parametrize("called", ["../../out.jpg", "/etc/x.jpg", "..\\..\\x.jpg", "\0.jpg", "con.jpg", "." * 300])
def test_names_stay_in_the_project(client: httpx.Client, project: Make, studio: Studio, called: str) -> None:
    at = project("photos", "Names", "x")
    before = {path for path in studio.folder.parent.rglob("*") if path.is_file()}
    answer = client.post(f"{at}/items", params={"label": "x", "called": called}, content=picture(4))
    assert answer.status_code == 201
    new = {path for path in studio.folder.parent.rglob("*") if path.is_file()} - before
    assert [path.parent for path in new] == [studio.folder / at.rpartition("/")[2] / "photos" / "x"]


@pytest.mark.parametrize(
    "path", ["project.toml", "../x/project.toml", "%2e%2e/project.toml", "photos/x/../../project.toml"]
)
def test_only_files_of_the_manifest_are_given(client: httpx.Client, project: Make, path: str) -> None:
    at = project("photos", "Given", "x")
    assert client.get(f"{at}/files/{path}").status_code in (404, 405)


def test_unknown_labels_and_keys_are_refused(client: httpx.Client, project: Make) -> None:
    at = project("photos", "Labels", "x")
    refused = client.post(f"{at}/items", params={"label": "y"}, content=picture(5))
    assert refused.status_code == 400 and "no label 'y'" in refused.json()["error"]
    assert client.post(f"{at}/labels", json={"label": "../y"}).status_code == 400
    assert client.post(f"{at}/labels", json={"label": "y"}).json() == {"label": "y"}
    assert client.post(f"{at}/remove", json={"paths": ["a"], "more": 1}).status_code == 400
    assert client.post("/api/projects", json={"kind": "songs", "title": "x"}).status_code == 400


def test_a_tool_belongs_to_its_kind(client: httpx.Client, project: Make) -> None:
    name = project("photos", "Tools").rpartition("/")[2]
    assert client.get(f"/p/{name}/capture").status_code == 200
    for tool in ("record", "tag", "draw"):
        assert client.get(f"/p/{name}/{tool}").status_code == 404


def test_a_damaged_project_does_not_hide_the_others(client: httpx.Client, project: Make, studio: Studio) -> None:
    project("photos", "Sound", "x")
    (studio.folder / "damaged").mkdir()
    (studio.folder / "damaged" / "project.toml").write_text("kind = 3")
    rows = {row["name"]: row for row in client.get("/api/projects").json()}
    assert "problem" in rows["damaged"] and rows["sound"]["kind"] == "photos"
    home, page = client.get("/"), client.get("/p/damaged")
    assert home.status_code == page.status_code == 200
    assert client.get("/p/damaged/capture").status_code == 400
