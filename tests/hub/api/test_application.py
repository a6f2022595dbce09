import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from footlights.hub.api.application import application
from footlights.hub.hub import Hub
from footlights.hub.patience import Patience
from tests.hub.conftest import eventually
from tests.ports import free_port


class Client:
    """Asks as somebody of a role."""

    def __init__(self, hub: Hub, app: FastAPI, http: httpx.Client) -> None:
        self.hub, self.app, self.http = hub, app, http
        self.tokens = {"admin": hub.people.first_admin() or ""}
        for role in ("operator", "viewer"):
            hub.people.add(role, role)
            self.tokens[role] = hub.people.make_token(role)

    def ask(self, method: str, path: str, role: str = "admin", **more: Any) -> Any:
        return self.http.request(method, path, headers={"authorization": f"Bearer {self.tokens[role]}"}, **more)


@pytest.fixture
def client(hub: Hub) -> Iterator[Client]:
    app, port = application(hub), free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as http:
        yield Client(hub, app, http)
    server.should_exit = True
    thread.join()


READS = [
    "/api/devices",
    "/api/commands",
    "/api/rules",
    "/api/firings",
    "/api/rollouts",
    "/api/models",
    "/api/me",
    "/metrics",
]
ACTS = [
    ("POST", "/api/devices/a/approve", None), ("PATCH", "/api/devices/a/twin", {"patch": {}}),
    ("POST", "/api/devices/a/commands", {"name": "ping"}), ("POST", "/api/rules", {"title": "", "definition": {}}),
    ("POST", "/api/firings/1/acknowledge", None), ("DELETE", "/api/rules/1", None),
    ("POST", "/api/rollouts", {"patch": {}}), ("POST", "/api/rollouts/1/stop", None),
    ("POST", "/api/rollouts/1/resume", None), ("POST", "/api/rollouts/1/roll-back", None),
    ("POST", "/api/models/x", None), ("DELETE", f"/api/models/x/{'0' * 64}", None),
]  # fmt: skip
ADMINISTERS = [
    ("GET", "/api/groups", None), ("POST", "/api/groups", {"id": "x"}), ("POST", "/api/devices", {"id": "x"}),
    ("POST", "/api/devices/a/block", None), ("GET", "/api/users", None),
    ("POST", "/api/users", {"name": "x", "role": "viewer"}),
    ("DELETE", "/api/users/viewer", None), ("POST", "/api/tokens", {"user": "viewer"}), ("GET", "/api/audit", None),
    ("PATCH", "/api/groups/x", {}), ("PATCH", "/api/devices/x", {}), ("GET", "/api/mail-server", None),
    ("PUT", "/api/mail-server", {"host": "x"}), ("POST", "/api/mail-server/test", {}),
]  # fmt: skip


def test_everything_needs_a_token_and_a_role(client: Client) -> None:
    client.app.state.patience = Patience(tries=1000)
    for path in READS:
        assert client.http.get(path).status_code == 401, path
        assert client.ask("GET", path, "viewer").status_code == 200, path
    for method, path, body in ACTS:
        assert client.http.request(method, path, json=body).status_code == 401, path
        assert client.ask(method, path, "viewer", json=body).status_code == 403, path
        assert client.ask(method, path, "operator", json=body).status_code not in (401, 403), path
    for method, path, body in ADMINISTERS:
        assert client.ask(method, path, "operator", json=body).status_code == 403, path


def test_every_path_of_the_interface_is_behind_the_token_or_named_here(client: Client) -> None:
    open_paths = {"/healthz", "/readyz", "/api/authority.crt", "/api/authority.crl", "/api/enrolment/{scope}/{device}"}
    described = client.http.get("/api/openapi.json").json()["paths"]
    client.app.state.patience = Patience(tries=1000)
    for path, methods in described.items():
        for method in methods:
            answer = client.http.request(method, path.replace("{number}", "1"), json={})
            assert (answer.status_code == 401) == (path not in open_paths), (method, path, answer.status_code)


def test_guessing_ends(client: Client) -> None:
    for _ in range(10):
        assert client.http.get("/api/devices", headers={"authorization": "Bearer fl_guess"}).status_code == 401
    assert client.http.get("/api/devices", headers={"authorization": "Bearer fl_guess"}).status_code == 429


def test_patience_comes_back_and_remembers_few() -> None:
    now = [0.0]
    patience = Patience(tries=3, window=60, clock=lambda: now[0])
    for _ in range(3):
        patience.wrong("a")
    assert patience.exhausted("a") and not patience.exhausted("b")
    now[0] = 61.0
    assert not patience.exhausted("a")
    for number in range(11_000):
        patience.wrong(str(number))
    assert len(patience._wrong) <= 10_000


def test_a_device_from_its_birth_to_its_end(client: Client) -> None:
    assert client.ask("POST", "/api/devices", json={"id": "a", "title": "By the door"}).status_code == 201
    assert client.ask("PATCH", "/api/devices/a/twin", json={"patch": {"app": "gestures"}}).json()["version"] == 1
    wrong = client.ask("PATCH", "/api/devices/a/twin", json={"patch": {"app": "gesture"}})
    assert wrong.status_code == 422 and "did you mean 'gestures'" in wrong.json()["error"]
    assert client.ask("GET", "/api/devices/a/twin/history").json()[0]["by"] == "admin"
    command = client.ask("POST", "/api/devices/a/commands", json={"name": "ping"}).json()
    assert command["device"] == "a" and command["answered"] is None
    long = client.ask("POST", "/api/devices/a/commands", json={"name": "ping", "arguments": {"x": "x" * 20_000}})
    assert long.status_code == 422 and "at most 16384 are sent" in long.json()["error"]
    assert client.ask("GET", "/api/devices/a/messages").json() == []
    assert client.ask("GET", "/api/devices/a/telemetry?name=fps").json() == []
    assert client.ask("POST", "/api/devices/a/block").status_code == 204
    assert client.ask("GET", "/api/devices").json()[0]["state"] == "blocked"
    deeds = [row["deed"] for row in client.ask("GET", "/api/audit").json()]
    assert deeds == ["blocked", "command ping", "twin version 1", "added a device"]


def test_a_rule_shows_no_password(client: Client) -> None:
    mail = "smtps://hub:secret@mail.example.com/operator@example.com?from=hub@example.com"
    definition = {"when": {"name": "fps"}, "then": {"mail": [mail], "webhook": ["https://example.com/hook/t0ken"]}}
    assert client.ask("POST", "/api/rules", json={"title": "slow", "definition": definition}).status_code == 201
    shown = client.ask("GET", "/api/rules", "viewer")
    assert "mail.example.com" in shown.text and "secret" not in shown.text and "t0ken" not in shown.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"request": 1}', b"\xff" * 100, b"x" * 100_000])
def test_enrolment_takes_no_nonsense(client: Client, body: bytes) -> None:
    answer = client.http.post("/api/enrolment/ft-1/a", content=body)
    assert answer.status_code in (400, 403, 413) and "error" in answer.json()
    assert client.hub.registry.devices() == []


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "a'%20or%201=1--", "%00", "x" * 500])
def test_names_out_of_this_world(client: Client, name: str) -> None:
    for path in (f"/api/devices/{name}/twin", f"/api/devices/{name}/messages", f"/api/enrolment/{name}/{name}"):
        assert client.ask("GET", path).status_code in (200, 404, 405, 422)
    assert client.ask("PATCH", f"/api/devices/{name}/twin", json={"patch": {"app": "gestures"}}).status_code in (
        404,
        422,
    )


def test_prometheus_reads_it(client: Client) -> None:
    text = client.ask("GET", "/metrics", "viewer").text
    assert "footlights_hub_broker_up 1\n" in text and "footlights_hub_devices_online 0\n" in text


def test_the_last_administrator_stays(client: Client) -> None:
    answer = client.ask("DELETE", "/api/users/admin")
    assert answer.status_code == 422 and "last administrator" in answer.json()["error"]
    assert client.ask("DELETE", "/api/users/viewer").status_code == 204
    assert client.ask("GET", "/api/me", "viewer").status_code == 401


def test_tokens_end(client: Client) -> None:
    client.tokens["old"] = client.hub.people.make_token("viewer", until=1.0)
    assert client.ask("GET", "/api/me", "old").status_code == 401
    assert json.dumps(client.ask("GET", "/api/users").json()).count("fl_") == 0


def test_a_change_of_many_by_the_interface(client: Client) -> None:
    for name in ("a", "b"):
        client.ask("POST", "/api/devices", json={"id": name})
    client.ask("PATCH", "/api/devices/b/twin", json={"patch": {"app": "inspect", "settings": {"interval": 3}}})
    body = {"devices": ["a", "b"], "patch": {"app": "gestures"}}
    shown = client.ask("POST", "/api/rollouts/preview", "viewer", json=body).json()
    assert shown[0]["difference"] == {"app": "gestures"} and "interval" in shown[1]["refusal"]
    refused = client.ask("POST", "/api/rollouts", json=body)
    assert refused.status_code == 422 and refused.json()["error"].startswith("b: ")
    number = client.ask("POST", "/api/rollouts", json={**body, "leave_out": True, "plan": {"stages": [100]}}).json()[
        "id"
    ]
    eventually(lambda: client.ask("GET", f"/api/rollouts/{number}").json()["state"] == "done")
    found = client.ask("GET", f"/api/rollouts/{number}", "viewer").json()
    assert [(member["device"], member["state"]) for member in found["devices"]] == [("a", "away")]
    assert client.ask("GET", "/api/devices/a/twin").json()["desired"]["document"] == {"app": "gestures"}
    assert client.ask("POST", f"/api/rollouts/{number}/roll-back").json() == {"kept": []}
    assert client.ask("GET", "/api/devices/a/twin").json()["desired"]["document"] == {}
    assert client.ask("GET", "/api/rollouts/99").status_code == 422


def test_the_mail_server_shows_no_password(client: Client) -> None:
    assert client.ask("GET", "/api/mail-server").json() is None
    body = {"host": "mail.example.com", "user": "hub", "password": "s3cret", "recipient": "a@example.com"}
    assert client.ask("PUT", "/api/mail-server", json=body).json()["password"] is True
    assert "s3cret" not in client.ask("GET", "/api/mail-server").text + client.ask("GET", "/api/audit").text
    rule = {"title": "two", "definition": {"when": {"name": "fps"}, "then": {"mail": ["ada@example.com"]}}}
    assert client.ask("POST", "/api/rules", json=rule).status_code == 201
    assert client.ask("GET", "/api/rules", "viewer").json()[0]["rule"]["then"]["mail"] == ["ada@example.com"]
    wrong = client.ask("PUT", "/api/mail-server", json={**body, "security": "ssl"})
    assert wrong.status_code == 422 and "s3cret" not in wrong.text
