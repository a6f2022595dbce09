"""Shows that a hub keeps and runs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from websockets.sync.client import connect

from footlights.hub.api.application import application
from footlights.hub.hub import Hub, Place
from footlights.hub.shows import file_name, short_name
from footlights.hub.stage.server import mounted
from tests.hub.conftest import eventually
from tests.hub.stage.conftest import SHOW
from tests.ports import free_port

TEXT = SHOW.replace("play: film.mp4", "webhook: 'http://127.0.0.1:9/'").replace("length: 1:00", "song: song.ogg")


@dataclass
class Desk:
    hub: Hub
    app: FastAPI
    http: httpx.Client
    tokens: dict[str, str]

    def ask(self, method: str, path: str, role: str = "operator", **more: Any) -> httpx.Response:
        return self.http.request(method, path, headers={"authorization": f"Bearer {self.tokens[role]}"}, **more)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A hub with its interface, but without broker and pages."""
    hub = Hub(Place(tmp_path_factory.mktemp("hub"), port=free_port()))
    tokens = {"admin": hub.people.first_admin() or ""}
    for role in ("operator", "viewer"):
        hub.people.add(role, role)
        tokens[role] = hub.people.make_token(role)
    app, port = application(hub), free_port()
    config = uvicorn.Config(mounted(app.state.shows.stage, app), port=port, log_config=None, ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
        yield Desk(hub, app, http, tokens)
    server.should_exit = True
    thread.join()
    hub.database.close()


@pytest.fixture(autouse=True)
def no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched for browsers that do not come."""
    monkeypatch.setattr("footlights.hub.shows.get_runtime", lambda: None)


def test_an_operator_puts_a_show_on_and_ends_it(desk: Desk) -> None:
    assert desk.ask("PUT", "/api/shows/evening", content=TEXT).status_code == 204
    assert desk.ask("PUT", "/api/shows/evening/files/song.ogg", content=b"song" * 100).status_code == 204
    assert desk.ask("GET", "/api/shows", "viewer").json() == [
        {"name": "evening", "title": "A show", "plays": "song.ogg", "files": ["song.ogg"], "replays": [], "runs": False,
         "state": "closed", "present": 0}
    ]  # fmt: skip
    assert desk.http.get("/stage/evening/").status_code == 404
    places = desk.ask("POST", "/api/shows/evening/run").json()
    assert desk.ask("POST", "/api/shows/evening/run").json() == places
    assert places["audience"].endswith("/stage/evening/")
    assert desk.http.get("/stage/evening/about").json()["media"] == "song"
    assert desk.http.get("/stage/evening/media").content == b"song" * 100
    assert desk.http.get(places["artist"].replace("artist?key", "replay?key")).status_code == 303
    with connect(places["artist"].replace("http:", "ws:").replace("artist?", "wall?")) as wall:
        wall.send(json.dumps({"type": "control", "do": "start", "at": 11}))
        with connect(places["audience"].replace("http:", "ws:") + "member") as member:
            member.send(json.dumps({"type": "hello", "name": "Ann"}))
            at = json.loads(member.recv())["playing"]["at"]
            member.send(json.dumps({"type": "answer", "cue": "cross", "gesture": "x_arms", "at": max(at, 11)}))
            while (heard := json.loads(member.recv()))["type"] != "confirmed":
                assert heard["type"] == "playing"
            known = desk.ask("GET", "/api/shows", "viewer").json()[0]
            assert (known["runs"], known["state"], known["present"]) == (True, "playing", 1)
            assert desk.ask("PUT", "/api/shows/evening", content=TEXT).status_code == 409
            assert desk.ask("DELETE", "/api/shows/evening").status_code == 409
            assert desk.ask("DELETE", "/api/shows/evening/run").status_code == 204
    assert desk.http.get("/stage/evening/").status_code == 404
    kept = desk.ask("GET", "/api/shows", "viewer").json()[0]["replays"]
    assert desk.ask("GET", f"/api/shows/evening/replays/{kept[0]}", "viewer").json()["cues"][0]["answered"] == 1
    assert desk.ask("DELETE", "/api/shows/evening").status_code == 204
    assert desk.ask("GET", "/api/shows").json() == []


ACTS = [
    ("PUT", "/api/shows/x"), ("DELETE", "/api/shows/x"), ("PUT", "/api/shows/x/files/a.ogg"), ("GET", "/api/shows/x"),
    ("DELETE", "/api/shows/x/files/a.ogg"), ("POST", "/api/shows/x/run"), ("DELETE", "/api/shows/x/run"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ACTS)
def test_viewers_and_strangers_do_not_run_shows(desk: Desk, method: str, path: str) -> None:
    assert desk.ask(method, path, "viewer").status_code == 403
    assert desk.http.request(method, path).status_code == 401


WRONG = [
    ("PUT", "/api/shows/evening", "title: x\ncolour: red", "unknown setting 'colour'"),
    ("PUT", "/api/shows/evening", "title: x\ncues: [{id: a, from: 1, to: 2, expect: wvae}]", "did you mean 'wave'?"),
    ("PUT", "/api/shows/Evening!", "title: x", "cannot be called"),
    ("PUT", "/api/shows/static", "title: x", "cannot be called"),
    ("PUT", "/api/shows/..", "title: x", "Not Found"),
    ("PUT", "/api/shows/%2e%2e", "title: x", "cannot be called"),
    ("PUT", "/api/shows/..%2fhub", "title: x", "Not Found"),
    ("PUT", "/api/shows/small/files/..%2f..%2fhub.sqlite", "x", "Not Found"),
    ("PUT", "/api/shows/small/files/show.yaml", "x", "nothing a browser plays"),
    ("PUT", "/api/shows/small/files/.hidden.ogg", "x", "cannot be called"),
    ("PUT", "/api/shows/small/files/a..ogg", "x", "cannot be called"),
    ("DELETE", "/api/shows/small/files/gone.ogg", "", "no such file"),
    ("GET", "/api/shows/small/replays/show.yaml", "", "there is no replay"),
    ("GET", "/api/shows/nothing", "", "there is no show 'nothing'"),
    ("POST", "/api/shows/nothing/run", "", "there is no show 'nothing'"),
    ("DELETE", "/api/shows/small/run", "", "does not run"),
]


@pytest.mark.parametrize(("method", "path", "body", "why"), WRONG)
def test_what_cannot_be_done_is_said_in_words(desk: Desk, method: str, path: str, body: str, why: str) -> None:
    if "small" in path:
        desk.ask("PUT", "/api/shows/small", content="title: x")
    answer = desk.ask(method, path, content=body.encode())
    assert 400 <= answer.status_code < 500 and why in answer.json()["error"], answer.text


@pytest.mark.parametrize(
    ("actions", "why"),
    [("{key: space}", "the action 'key' is not possible here"), ("{open: 'https://example.com'}", "not possible here"),
     ("{play: /etc/hostname}", "does not lie beside the show")],
)  # fmt: skip
def test_a_show_does_nothing_on_the_hubs_own_machine(desk: Desk, actions: str, why: str) -> None:
    cue = f"cues: [{{id: a, from: 1, to: 2, expect: wave, effects: [{{at: 1, actions: {actions}}}]}}]"
    desk.ask("PUT", "/api/shows/sly", content=f"title: x\n{cue}")
    answer = desk.ask("POST", "/api/shows/sly/run")
    assert answer.status_code == 422 and why in answer.json()["error"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("Söng (1).wav", "Song -1.wav"), ("..hidden.mp3", "hidden.mp3"), ("_a..b.ogg", "a.b.ogg"),
     ("日本.mp4", "file.mp4"), ("x" * 200 + ".mp3", "x" * 70 + ".mp3"), ("a b.MP3", "a b.MP3")],
)  # fmt: skip
def test_what_people_call_their_files_finds_a_name_on_the_shelf(desk: Desk, given: str, kept: str) -> None:
    desk.ask("PUT", "/api/shows/small", content="title: x")
    assert file_name(given) == kept
    assert desk.ask("PUT", f"/api/shows/small/files/{kept}", content=b"x").status_code == 204
    assert desk.ask("DELETE", f"/api/shows/small/files/{kept}").status_code == 204


def test_titles_become_names() -> None:
    assert short_name("Midnight «Carousel» No. 3 — Björk!") == "midnight-carousel-no-3-bjork"
    assert short_name("日本") == "" and len(short_name("a " * 100)) <= 40
