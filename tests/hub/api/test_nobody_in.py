"""Who is not to get in, and what nobody is to do: other sites, guesses, paths, SQL, bodies of any form."""

import json
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footlights.hub.api.application import application
from footlights.hub.hub import Hub, Place
from footlights.hub.mosquitto import Address
from footlights.hub.mosquitto import answers as answers_at
from footlights.hub.pages.session import OneSite, Sessions
from footlights.hub.patience import Patience
from footlights.wire import keys
from tests.hub.conftest import eventually
from tests.hub.test_authority import request
from tests.hub.test_nonsense import ANYTHING, PLAIN
from tests.ports import free_port

SQL = ("x'; DROP TABLE devices; --", "a' OR '1'='1", 'a" OR 1=1 --', "a'); DELETE FROM users; --", "%", "_")
PATHS = (
    "..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/authority/authority.key", "....//", "\\..\\",
    "/etc/passwd", "%00", "a" * 2000, "authority.key\n",
)  # fmt: skip
CHANGES = (
    ("POST", "/sign-in"), ("POST", "/sign-out"), ("POST", "/api/users"), ("DELETE", "/api/users/a"),
    ("PATCH", "/api/devices/a/twin"), ("POST", "/api/enrolment/x/a"),
)  # fmt: skip
OTHERS = (
    {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
    {"origin": "http://testserver.evil.example"},
)  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that does not run: who asks has no broker to talk to."""
    made = Hub(Place(tmp_path_factory.mktemp("hub"), port=free_port()))
    made.registry.make_group("line")
    made.registry.add("a")
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def app(hub: Hub) -> FastAPI:
    return application(hub)


@pytest.fixture(scope="module")
def token(hub: Hub) -> str:
    return hub.people.first_admin() or ""


@pytest.fixture(scope="module")
def server(app: FastAPI, hub: Hub) -> Iterator[str]:
    """The address of the hub's interface and door, without pages."""
    sessions = Sessions(hub.people, Later(app), tls=True)  # type: ignore[arg-type]
    sessions.add_to(app)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(OneSite(app, sessions), port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


class Later:
    """The patience that the application has now: each test begins with a new one."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app.state.patience, name)


@pytest.fixture
def outside(server: str, app: FastAPI) -> Iterator[httpx.Client]:
    """Somebody without a token, at the door."""
    app.state.patience = Patience(tries=10**9)
    with httpx.Client(base_url=server, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def admin(outside: httpx.Client, token: str) -> httpx.Client:
    outside.headers["authorization"] = f"Bearer {token}"
    return outside


def operations(app: FastAPI) -> Iterator[tuple[str, str, list[str]]]:
    """Every method and path, with the names that its body may have."""
    described = app.openapi()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            name = content.get("$ref", "").rpartition("/")[2]
            found = described["components"]["schemas"].get(name, {}).get("properties", {})
            yield method.upper(), path, sorted(found)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_bodies_of_any_form_are_answered(admin: httpx.Client, app: FastAPI, data: st.DataObject) -> None:
    for method, path, names in operations(app):
        if method == "GET" or path == "/api/devices/{device}/block":
            continue
        fields = st.fixed_dictionaries({}, optional=dict.fromkeys(names, PLAIN | ANYTHING))
        body = json.dumps(data.draw(fields if names else ANYTHING, label=path)).encode("utf-8", "surrogatepass")
        url = re.sub(r"{(\w+)}", lambda found: "1" if found[1] in ("number", "version") else "nobody", path)
        answer = admin.request(method, url, content=body, headers={"content-type": "application/json"})
        assert answer.status_code < 500 or answer.status_code == 503, (method, path, answer.text)
    assert admin.get("/api/me").json() == {"name": "admin", "role": "admin"}


def _kept(hub: Hub) -> tuple[list[str], list[str]]:
    """Every device and group."""
    return [device.id for device in hub.registry.devices()], [group.id for group in hub.registry.groups()]


@pytest.mark.parametrize("name", [*SQL[:3], *PATHS[1:4], PATHS[-2]])
def test_names_are_texts_and_nothing_else(admin: httpx.Client, app: FastAPI, hub: Hub, name: str) -> None:
    before = _kept(hub)
    for method, path, names in operations(app):
        url = re.sub(r"{(\w+)}", lambda _: name if "%" in name else quote(name, safe="/"), path)
        body = dict.fromkeys(names, name)
        answer = admin.request(method, url + f"?name={quote(name)}&stream={quote(name)}", json=body)
        assert answer.status_code < 500 or answer.status_code == 503, (method, path, answer.text)
        assert "PRIVATE KEY" not in answer.text and "root:" not in answer.text
    assert _kept(hub) == before
    assert [user.name for user in hub.people.users()] == ["admin"]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out(outside: httpx.Client, path: str) -> None:
    for before in ("/static/", "/", "/api/", "/api/authority.crt/"):
        answer = outside.get(before + path.replace("\n", "%0a").replace("\\", "%5c"))
        assert answer.status_code in (303, 307, 401, 404, 405, 414), (before, path)
        assert "PRIVATE KEY" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize("other", OTHERS)
def test_another_site_can_do_nothing(outside: httpx.Client, token: str, other: dict[str, str]) -> None:
    entered = outside.post("/sign-in", data={"token": token})
    outside.headers["cookie"] = entered.headers["set-cookie"].partition(";")[0]
    assert outside.get("/").status_code == 404  # there are no pages here, and nobody is sent to the door
    for method, path in CHANGES:
        answer = outside.request(method, path, headers=other)
        assert answer.status_code == 403 and "another site" in answer.text, (method, path)
    assert "access-control-allow-origin" not in outside.options("/api/users", headers=other).headers


def test_the_cookie_is_for_this_site_only_and_no_door_to_the_interface(outside: httpx.Client, token: str) -> None:
    entered = outside.post("/sign-in", data={"token": token})
    outside.headers["cookie"] = entered.headers["set-cookie"].partition(";")[0]
    parts = {part.strip().lower() for part in entered.headers["set-cookie"].split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts and "__Host-" in entered.headers["set-cookie"]
    assert outside.get("/api/users").status_code == 401  # a program shows a token: no page can make a browser ask


def test_guessing_ends_everywhere(outside: httpx.Client, app: FastAPI, hub: Hub) -> None:
    app.state.patience, door = Patience(), outside
    assert {door.post("/sign-in", data={"token": "fl_guess"}).status_code for _ in range(10)} == {403}
    assert door.post("/sign-in", data={"token": "fl_guess"}).status_code == 429
    assert door.get("/api/me", headers={"authorization": "Bearer fl_guess"}).status_code == 429
    assert door.post(f"/api/enrolment/{hub.registry.scope}/a", json={"request": ""}).status_code == 429


def test_guessing_sessions_ends_and_shuts_nobody_out_who_was_in(
    outside: httpx.Client, app: FastAPI, hub: Hub, token: str
) -> None:
    def ask(cookie: str) -> int:
        return outside.get("/nowhere", headers={"cookie": f"__Host-footlights-hub={cookie}"}).status_code

    app.state.patience = Patience()
    fresh = hub.people.make_token("admin", "another")
    assert ask(token) == 404  # in, and there is no such page
    assert {ask("fl_left-open") for _ in range(30)} == {303}  # a tab whose token ended guesses nothing
    assert {ask(f"fl_{number}") for number in range(9)} == {303}
    assert ask("fl_10") == 429 and ask(fresh) == 429 and ask(token) == 404
    assert outside.get("/sign-in").status_code == 200 and outside.get("/").status_code == 303
    bearer = {"authorization": f"Bearer {fresh}"}
    assert outside.get("/api/me", headers=bearer).status_code == 429


def test_an_enrolment_that_somebody_heard_is_not_taken_again(outside: httpx.Client, hub: Hub) -> None:
    key = keys.derived_key(hub.registry.groups()[0].key, "jetson-07")
    body = json.dumps({"request": request("jetson-07").decode()}).encode()
    what = keys.resource(hub.registry.scope, "jetson-07")
    said = {
        "url": f"/api/enrolment/{hub.registry.scope}/jetson-07", "content": body,
        "headers": {"authorization": keys.sign(key, what, int(time.time()) + 300, body)},
    }  # fmt: skip
    try:
        assert outside.post(**said).status_code == 200
        again = outside.post(**said)
        assert again.status_code == 403 and "certificate" not in again.json()
        other = {**said, "content": json.dumps({"request": request("thief").decode()}).encode()}
        assert outside.post(**other).status_code == 403
    finally:
        hub.registry.block("jetson-07")


def test_a_body_without_end_is_not_read(admin: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b'{"' + b"x" * 2**20

    for method, path in (("POST", "/api/users"), ("PATCH", "/api/devices/a/twin"), ("POST", "/api/enrolment/x/a")):
        answer = admin.request(method, path, content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code == 413, (method, path)


def test_outside_of_this_machine_everything_goes_by_tls(mosquitto: str, tmp_path: Path) -> None:
    port, broker = free_port(), Address("localhost", free_port())
    where = ["--data", str(tmp_path), "--port", str(port), "--broker-port", str(broker.port)]
    command = [sys.executable, "-m", "footlights", "hub", *where, "--host", "0.0.0.0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:

            def answers() -> bool:
                try:
                    trusted = ssl.create_default_context(cafile=tmp_path / "authority/authority.crt")
                    return httpx.get(f"https://localhost:{port}/healthz", verify=trusted).is_success
                except (httpx.HTTPError, OSError):
                    return False

            eventually(answers, 60)
            with pytest.raises(httpx.HTTPError):
                httpx.get(f"http://localhost:{port}/healthz")
            configuration = (tmp_path / "broker/mosquitto.conf").read_text()
            assert configuration.count("listener ") == 1 and "require_certificate true" in configuration
        finally:
            process.terminate()
            process.wait(30)
    assert not answers_at(broker), "the broker ends with its hub"
