"""The settings of the app on the page: told, changed, refused, kept."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from footlights.core.errors import SettingsError
from footlights.media.page.browser import BrowserCameras
from footlights.media.page.control import Setting, StreamStats
from footlights.media.page.server import Page
from footlights.media.page.settings import MOST_BODY
from tests.media.page.stand_ins import Sources, plain, socket

JSON = {"content-type": "application/json"}


class Desk(Sources):
    """Also has settings."""

    def __init__(self) -> None:
        super().__init__()
        self.set: dict[str, Any] = {"interval": 4, "place": [], "gate": True}
        self.saved: list[dict[str, Any]] = []

    def settings(self) -> list[Setting]:
        kinds = {"interval": "int", "place": "list of str", "gate": "bool"}
        return [Setting(name, kind, min=0 if kind == "int" else None) for name, kind in kinds.items()]

    def values(self) -> dict[str, Any]:
        return dict(self.set)

    def change(self, values: Mapping[str, object]) -> None:
        if values.get("interval") == 999:
            raise SettingsError("setting 'interval' must be a whole number from 0 to 300, got 999\nand more")
        self.set.update(values)

    def file(self) -> str:
        return "footlights.yaml"

    def save(self) -> None:
        self.saved.append(self.values())

    def document(self) -> str:
        return "app: inspect\n"


@pytest.fixture
def control() -> Desk:
    return Desk()


@pytest.fixture
def plain_page(cameras: BrowserCameras) -> Iterator[Page]:
    made = Page(port=0, control=Sources(), cameras=cameras, new_paint=lambda: plain)
    yield made
    made.close()


def change(client: httpx.Client, **values: object) -> httpx.Response:
    return client.post("/api/settings", json={"values": values})


def test_settings_are_told_and_changed(client: httpx.Client, control: Desk) -> None:
    told = client.get("/api/settings").json()
    assert [field["name"] for field in told["fields"]] == ["interval", "place", "gate"]
    assert told["fields"][0]["min"] == 0
    assert told["values"] == {"interval": 4, "place": [], "gate": True}
    assert told["file"] == "footlights.yaml"
    answer = change(client, interval=0, place=["a: 0,0 1,0 1,1"])
    assert answer.status_code == 200
    assert answer.json()["values"] == control.set == {"interval": 0, "place": ["a: 0,0 1,0 1,1"], "gate": True}


def test_whoever_watches_hears_of_a_change(page: Page, client: httpx.Client) -> None:
    with socket(page, "/events") as watching:
        change(client, interval=7)
        while (message := json.loads(watching.recv(timeout=20)))["type"] != "settings":
            pass
    assert message["values"]["interval"] == 7


def test_what_the_app_refuses_is_one_line(client: httpx.Client, control: Desk) -> None:
    answer = change(client, interval=999)
    assert answer.status_code == 409
    assert answer.json() == {"error": "setting 'interval' must be a whole number from 0 to 300, got 999"}
    assert control.set["interval"] == 4


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"values": {}}', 400),
        (b'{"values": [1]}', 400),
        (b'{"values": {"interval": NaN}}', 400),
        (b'{"values": {"place": [["a"]]}}', 400),
        (b'{"values": {"place": {"a": 1}}}', 400),
        (b'{"values": {"place": "a\\u0000b"}}', 400),
        (json.dumps({"values": {"place": "x" * 4001}}).encode(), 400),
        (json.dumps({"values": {"place": ["x"] * 257}}).encode(), 400),
        (b"[" * 60_000, 400),
        (json.dumps({"values": {"place": ["x" * 3000] * 30}}).encode(), 413),
        (b" " * (MOST_BODY + 1), 413),
    ],
)
def test_what_cannot_be_read_or_is_too_much_changes_nothing(
    client: httpx.Client, control: Desk, body: bytes, status: int
) -> None:
    before = control.values()
    answer = client.post("/api/settings", content=body, headers=JSON)
    assert answer.status_code == status
    assert len(answer.json()["error"].splitlines()) == 1
    assert control.values() == before


@pytest.mark.parametrize("path", ["/api/settings", "/api/settings/save"])
@pytest.mark.parametrize(
    "headers",
    [{**JSON, "origin": "https://evil.org"}, {**JSON, "sec-fetch-site": "cross-site"}, {"content-type": "text/plain"}],
)
def test_another_site_changes_and_saves_nothing(
    client: httpx.Client, control: Desk, path: str, headers: dict[str, str]
) -> None:
    answer = client.post(path, content=b'{"values": {"interval": 9}}', headers=headers)
    assert answer.status_code in (400, 403)
    assert control.set["interval"] == 4
    assert control.saved == []


def test_settings_are_behind_the_token(control: Desk, cameras: BrowserCameras) -> None:
    page = Page(port=0, control=control, cameras=cameras, new_paint=lambda: plain, token="secret")
    try:
        base = f"http://127.0.0.1:{page.port}"
        for method, path in [
            ("GET", "settings"),
            ("POST", "settings"),
            ("POST", "settings/save"),
            ("GET", "settings.yaml"),
        ]:
            assert httpx.request(method, f"{base}/api/{path}", headers=JSON).status_code == 403
        assert httpx.get(f"{base}/api/settings?token=secret").status_code == 200
    finally:
        page.close()


def test_they_are_saved_and_downloaded(client: httpx.Client, control: Desk) -> None:
    change(client, interval=2)
    assert client.post("/api/settings/save", json={}).json() == {}
    assert control.saved[0]["interval"] == 2
    answer = client.get("/api/settings.yaml")
    assert answer.text == "app: inspect\n"
    assert answer.headers["content-disposition"] == 'attachment; filename="footlights.yaml"'


def test_where_there_are_no_settings_nothing_is_offered(plain_page: Page) -> None:
    with httpx.Client(base_url=plain_page.url, timeout=20) as client:
        assert client.get("/api/settings").json() == {"fields": [], "values": {}, "file": ""}
        assert "fixed" in change(client, interval=1).json()["error"]
        assert client.get("/api/settings.yaml").status_code == 404


def test_the_figures_tell_what_charts_need(page: Page, client: httpx.Client) -> None:
    with socket(page, "/events") as watching:
        page.report({"cam": StreamStats("cam", frames=90, looks=18, media_time=3.0)})
        while not (message := json.loads(watching.recv(timeout=20))).get("streams"):
            pass
    (stats,) = message["streams"]
    assert (stats["frames"], stats["looks"], stats["media_time"]) == (90, 18, 3.0)
