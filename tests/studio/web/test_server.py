"""Who may use the studio: loopback, the token, other sites; and how it ends."""

import base64
import socket
from pathlib import Path

import httpx
import pytest

from footlights.core.errors import SettingsError
from footlights.studio.web.workshop import Workshop
from tests.studio.web.conftest import Studio, picture, started, stopped


def test_it_listens_on_this_machine_only(studio: Studio) -> None:
    assert studio.url.startswith("http://127.0.0.1:")
    assert "token" not in studio.url
    with socket.create_connection(("127.0.0.1", int(studio.base.rpartition(":")[2])), 5):
        pass


@pytest.mark.parametrize("path", ["/", "/new", "/api/projects", "/static/studio.js"])
def test_a_foreign_name_for_this_machine_gets_nothing(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"host": "evil.example:80"}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_can_change_nothing(client: httpx.Client, origin: str) -> None:
    body = {"kind": "photos", "title": "stolen", "labels": []}
    assert client.post("/api/projects", json=body, headers={"origin": origin}).status_code == 403
    assert "stolen" not in client.get("/api/projects").text


def test_a_socket_of_another_site_is_refused(studio: Studio) -> None:
    key = base64.b64encode(b"0123456789abcdef").decode()
    headers = {
        "connection": "upgrade", "upgrade": "websocket", "sec-websocket-key": key, "sec-websocket-version": "13",
        "origin": "https://evil.example",
    }  # fmt: skip
    assert httpx.get(f"{studio.base}/api/projects/x/live", headers=headers).status_code == 403


def test_forms_may_run_only_scripts_of_this_server_and_tools_none_made_of_text(client: httpx.Client) -> None:
    client.post("/api/projects", json={"kind": "photos", "title": "policy", "labels": ["a"]})
    forms = client.get("/p/policy").headers["content-security-policy"]
    tools = client.get("/p/policy/capture").headers["content-security-policy"]
    assert "default-src 'none'" in forms and "http" not in forms
    assert "script-src 'self';" in tools


def test_beyond_this_machine_it_asks_for_a_token(tmp_path: Path) -> None:
    made = started(tmp_path, "--host", "0.0.0.0")
    try:
        token = made.url.partition("?token=")[2]
        assert len(token) >= 16
        base = f"http://127.0.0.1:{made.base.rpartition(':')[2]}"
        with httpx.Client(base_url=base) as stranger:
            for path in ("/", "/api/projects", "/_nicegui/x", "/p/x/capture"):
                assert stranger.get(path).status_code == 403
            assert stranger.get("/?token=wrong").status_code == 403
            assert stranger.get("/static/base.css").status_code == 200
            assert stranger.get("/api/projects", headers={"authorization": "Bearer wrong"}).status_code == 403
            assert stranger.get("/api/projects", headers={"authorization": f"Bearer {token}"}).status_code == 200
            welcome = stranger.get(f"/?token={token}")
            assert welcome.status_code == 303 and "httponly" in welcome.headers["set-cookie"].lower()
            assert stranger.get("/api/projects").status_code == 200
    finally:
        assert stopped(made) == 0


def test_a_named_project_is_what_a_browser_opens(tmp_path: Path) -> None:
    workshop, path = Workshop.at(tmp_path)
    assert (workshop.folder, path) == (tmp_path, "/")
    name = workshop.create("boxes", "My cans!", ["up"])
    assert name == "my_cans"
    assert Workshop.at(tmp_path / name)[1] == "/p/my_cans"
    assert Workshop.at(tmp_path / "other")[1] == "/new/other"
    with pytest.raises(SettingsError, match="cannot be a project"):
        Workshop.at(tmp_path / "no" / "where")


def test_projects_are_kept_apart(tmp_path: Path) -> None:
    workshop, _ = Workshop.at(tmp_path)
    first, second = (workshop.create("photos", "Twice", ["a"]) for _ in range(2))
    assert first != second
    workshop.project(first).add(picture(1), "a", name="one.jpg")
    assert [len(workshop.project(name).items()) for name in (first, second)] == [1, 0]
    assert set(workshop.names()) == {first, second}


@pytest.mark.parametrize("name", ["..", ".", "a/b", "", "missing", "..\\x"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "project.toml").write_text('kind = "photos"\n')
    with pytest.raises(Exception, match="there is no project"):
        Workshop(tmp_path / "shelf").project(name)
