"""Models and commands, from the hub's interface to a device that runs: one hub, one agent, over TLS."""

import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from footlights.agent import model_pull
from footlights.agent.agent import Agent
from footlights.agent.enrol import Invitation, enrol
from footlights.agent.identity import Identity
from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.engine.watch import StreamReport
from footlights.hub.api.access import Patience
from footlights.hub.api.application import application
from footlights.hub.hub import Hub, Place
from footlights.models import cache
from footlights.models.bundle import open_bundle
from footlights.models.from_hub import find_kept, part_of, read_reference
from footlights.wire import signed_request
from tests.hub.conftest import CUT_OFF, WAIT, eventually, mosquitto  # noqa: F401  (a fixture)
from tests.ports import free_port

pytestmark = CUT_OFF
ONNX = (cache.WEIGHTS / "hand_shapes.onnx").read_bytes()


@dataclass
class FakeStage:
    """A stage that opens the model that it is given, and writes down the rest."""

    models: list[str] = field(default_factory=list)
    films: list[tuple[str, float, int]] = field(default_factory=list)

    def apply(self, document: Mapping[str, Any]) -> None:
        model = document.get("settings", {}).get("model")
        if model is not None:
            self.models.append(str(open_bundle(model).path))

    def report(self) -> list[StreamReport]:
        return []

    def restart(self) -> None:
        pass

    def picture(self, stream: str) -> bytes:
        return b"\xff\xd8"

    def record(self, stream: str, seconds: float, megabytes: int) -> str:
        self.films.append((stream, seconds, megabytes))
        return "one-1.mp4"

    def stop_recording(self, stream: str) -> Mapping[str, Any]:
        if not self.films:
            raise SettingsError(f"no film of '{stream}' is made")
        return {"file": "one-1.mp4", "seconds": 2.0, "bytes": 99}


@dataclass
class World:
    hub: Hub
    url: str
    token: str
    identity: Identity
    stage: FakeStage
    context: Any
    patience: Patience

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        with httpx.Client(base_url=self.url, verify=self.context, timeout=WAIT) as http:
            return http.request(method, path, headers=headers, **more)

    def upload(self, name: str, content: bytes) -> str:
        answer = self.ask("POST", f"/api/models/{name}", content=content)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def want(self, **settings: Any) -> int:
        body = {"patch": {"app": "inspect", "settings": settings}}
        answer = self.ask("PATCH", "/api/devices/jetson-07/twin", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["version"])

    def taken(self, version: int) -> dict[str, Any]:
        def there() -> Any:
            twin = self.hub.twins.twin("jetson-07")
            return twin.reported.get("desiredVersion") == version and twin

        return dict(vars(eventually(there)))

    def command(self, name: str, **arguments: Any) -> tuple[int, Any]:
        body = {"name": name, "arguments": arguments, "wait": 20}
        row = self.ask("POST", "/api/devices/jetson-07/commands", json=body).json()
        return row["code"], row["answer"]

    def signed(self, path: str, identity: Identity | None = None, now: float | None = None) -> str:
        folder = (identity or self.identity).folder
        key, crt = (folder / "device.key").read_bytes(), (folder / "device.crt").read_bytes()
        return signed_request.sign(key, crt, "GET", path, now or time.time())

    def fetch(self, digest: str, header: str | None = None) -> httpx.Response:
        path = f"/api/device/models/{digest}"
        return self.ask("GET", path, headers={"authorization": header or self.signed(path)})


@pytest.fixture(scope="module")
def world(mosquitto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:  # noqa: F811
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOOTLIGHTS_CACHE", str(folder / "cache"))
        hub = Hub(Place(folder / "hub", port=free_port()))
        hub.start()
        port, own = free_port(), hub.mosquitto.folder
        app = application(hub)
        server = uvicorn.Server(uvicorn.Config(
            app, port=port, log_config=None, ssl_keyfile=own / "server.key", ssl_certfile=own / "server.crt"
        ))  # fmt: skip
        thread = threading.Thread(target=server.run)
        thread.start()
        eventually(lambda: server.started)
        url, group = f"https://localhost:{port}", hub.registry.make_group("line")
        identity = Identity(folder / "agent")
        enrol(Invitation(url, hub.registry.scope, "jetson-07", group.key, pin=hub.authority.fingerprint), identity)
        agent, stage = Agent(identity), FakeStage()
        running = threading.Thread(target=agent.run, args=(stage,))
        running.start()
        eventually(lambda: hub.registry.devices()[0].online)
        token = hub.people.first_admin() or ""
        yield World(hub, url, token, identity, stage, identity.context(), app.state.patience)
        agent.stop.set()
        running.join()
        server.should_exit = True
        thread.join()
        hub.close()


def test_a_model_is_uploaded_once_and_runs_where_the_document_says(world: World) -> None:
    reference = world.upload("defects", ONNX)
    digest = hashlib.sha256(ONNX).hexdigest()
    assert reference == f"hub:defects@sha256:{digest}" == world.upload("defects", ONNX)
    world.taken(world.want(model=reference))
    path = find_kept(read_reference(reference))
    assert path.read_bytes() == ONNX and world.stage.models[-1] == str(path)
    (kept,) = world.ask("GET", "/api/models").json()
    assert (kept["wanted"], kept["runs"], kept["kind"]) == (["jetson-07"], ["jetson-07"], "onnx")
    refused = world.ask("DELETE", f"/api/models/defects/{digest}")
    assert refused.status_code == 422 and "jetson-07 are to run defects" in refused.json()["error"]


def archive(content: bytes, **more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("model.onnx", content)
        for name, text in more.items():
            file.writestr(f"{name}.txt", text)
    return out.getvalue()


def test_an_archive_brings_its_labels_and_is_unpacked_on_the_device(world: World) -> None:
    reference = world.upload("bolts", archive(ONNX, labels="good\nbad\n"))
    world.taken(world.want(model=reference))
    assert open_bundle(reference).labels == ("good", "bad") and world.stage.models[-1].endswith("model.onnx")
    found = next(kept for kept in world.ask("GET", "/api/models").json() if kept["name"] == "bolts")
    assert found["labels"] == ["good", "bad"] and found["runs"] == ["jetson-07"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page", b"<!doctype html><p>Not found", "not a model"),
        ("nothing", b"", "empty"),
        ("half", ONNX[: len(ONNX) // 2], "not a model"),
        ("two", archive(b"x", **{"../evil": "x"}), "outside of itself"),
        ("Bad Name", ONNX, "cannot be the name"),
    ],
)
def test_what_is_no_model_is_not_taken(world: World, name: str, content: bytes, said: str) -> None:
    answer = world.ask("POST", f"/api/models/{name}", content=content)
    assert answer.status_code == 422 and said in answer.json()["error"], answer.text
    assert not list((world.hub.place.folder / "models").glob(".upload*"))
    assert name not in {kept["name"] for kept in world.ask("GET", "/api/models").json()}


def test_a_model_that_is_too_long_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footlights.hub.model_library.LARGEST", 1000)
    answer = world.ask("POST", "/api/models/long", content=ONNX)
    assert answer.status_code == 422 and "a model may have" in answer.json()["error"]
    assert not list((world.hub.place.folder / "models").glob(".upload*"))


def test_a_document_names_no_model_that_the_hub_lacks(world: World) -> None:
    patch = {"settings": {"model": f"hub:ghost@sha256:{'0' * 64}"}}
    answer = world.ask("PATCH", "/api/devices/jetson-07/twin", json={"patch": patch})
    assert answer.status_code == 422 and "upload it first" in answer.json()["error"]


def test_only_a_device_that_has_to_do_with_it_gets_a_model(world: World, tmp_path: Path) -> None:
    world.patience._tries = 1000
    secret = read_reference(world.upload("secret", archive(ONNX, labels="secret\n")))
    path = f"/api/device/models/{secret.digest}"
    assert world.fetch(secret.digest).status_code == 404  # nobody told it to have it
    world.ask(
        "POST", "/api/devices/jetson-07/commands", json={"name": "pull-model", "arguments": {"model": str(secret)}}
    )
    assert world.fetch(secret.digest).status_code == 200
    assert world.fetch("../../hub.sqlite").status_code in (401, 404)
    other = Identity(tmp_path / "other")
    group = world.hub.registry.groups()[0]
    enrol(
        Invitation(world.url, world.hub.registry.scope, "other", group.key, pin=world.hub.authority.fingerprint), other
    )
    assert world.fetch(secret.digest, world.signed(path, other)).status_code == 404
    mixed = Identity(tmp_path / "mixed")  # another's certificate with one's own key
    mixed.folder.mkdir()
    (mixed.folder / "device.key").write_bytes((other.folder / "device.key").read_bytes())
    (mixed.folder / "device.crt").write_bytes((world.identity.folder / "device.crt").read_bytes())
    for header in (
        "Bearer x", world.token, world.signed("/api/device/models/other"), world.signed(path, now=1e9),
        world.signed(path, mixed), world.signed(path)[:-10],
    ):  # fmt: skip
        assert world.fetch(secret.digest, header).status_code == 401, header[:40]
    world.hub.registry.block("other")
    assert world.fetch(secret.digest, world.signed(path, other)).status_code == 401


def test_what_was_cut_off_goes_on_and_what_is_wrong_is_thrown_away(world: World) -> None:
    content = archive(ONNX, labels="cut\n")
    model = read_reference(world.upload("cut", content))
    asked: list[int] = []
    pull = model_pull.ModelPull(world.identity)
    write, device = pull._write, pull._identity.hub().device

    def heard(answer: httpx.Response, part: Path, there: int) -> None:
        asked.append(there)
        write(answer, part, there)

    pull._write = heard  # type: ignore[method-assign]
    world.command("pull-model", model=str(model))
    find_kept(model).unlink()
    part_of(model, device).write_bytes(content[:1000])
    pull._get(model)
    assert asked == [1000] and find_kept(model).read_bytes() == content
    find_kept(model).unlink()
    part_of(model, device).write_bytes(content)  # all of it came, and nobody looked
    pull._get(model)
    assert find_kept(model).read_bytes() == content
    find_kept(model).unlink()
    part_of(model, device).write_bytes(b"x" * 1000)
    with pytest.raises(ModelCorruptError, match="nothing was kept"):
        pull._get(model)
    with pytest.raises(ModelMissingError):
        find_kept(model)
    pull._get(model)
    find_kept(model).write_bytes(b"damaged")
    assert model_pull.lacking([model]) == (model,)
    pull._get(model)
    assert find_kept(model).read_bytes() == content


def test_commands_are_answered_with_a_code_and_words(world: World) -> None:
    assert world.command("start-recording", stream="one", seconds=5) == (
        200, {"file": "one-1.mp4", "seconds": 5.0}
    )  # fmt: skip
    assert world.stage.films == [("one", 5.0, 256)]
    assert world.command("stop-recording", stream="one")[1]["bytes"] == 99
    for arguments, said in (
        ({"seconds": 1e9}, "from 1 to 3600"), ({"megabytes": True}, "from 1 to 1024"), ({"stream": 3}, "name of one"),
        ({"secnds": 3}, "did you mean 'seconds'"), ({"path": "/etc/passwd"}, "takes no 'path'"),
    ):  # fmt: skip
        code, answer = world.command("start-recording", **arguments)
        assert code == 400 and said in answer
    code, answer = world.command("pull-model", model="https://evil.example/x.onnx")
    assert code == 400 and "no model of a hub" in answer
    code, answer = world.command("pull-model", model=f"hub:ghost@sha256:{'0' * 64}")
    assert code == 500 and "404" in answer


def test_a_hub_that_is_away_for_a_moment_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_pull, "PAUSES", (0.01, 0.01))
    model = read_reference(world.upload("late", archive(ONNX, labels="late\n")))
    tried: list[str] = []
    context = Identity.web_context

    def fail_twice(self: Identity) -> Any:
        tried.append("again")
        if len(tried) < 3:
            raise httpx.ConnectError("away")
        return context(self)

    monkeypatch.setattr(Identity, "web_context", fail_twice)
    assert world.command("pull-model", model=str(model)) == (200, {"bytes": find_kept(model).stat().st_size})
    assert len(tried) == 3


def test_a_document_whose_model_does_not_come_is_acknowledged_so_and_taken_when_it_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = world.upload("slow", archive(ONNX, labels="slow\n"))
    with monkeypatch.context() as away:
        away.setattr(model_pull, "PAUSES", (0.01, 0.01))
        away.setattr(model_pull, "GIVE_UP", 0.0)
        away.setattr(Identity, "web_context", _refuse)
        version = world.want(model=reference)
        twin = world.taken(version)
        assert (
            twin["acknowledged"]["settings"]["code"] == 500
            and "does not come" in twin["acknowledged"]["settings"]["text"]
        )
        assert reference not in twin["reported"]["models"]
    eventually(lambda: reference in world.hub.twins.twin("jetson-07").reported["models"])
    assert world.hub.twins.twin("jetson-07").acknowledged["settings"]["code"] == 200


def _refuse(identity: Identity) -> Any:
    raise httpx.ConnectError("away")
