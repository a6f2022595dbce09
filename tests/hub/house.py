"""A hub with its server and one device that runs, over TLS, as it is at work. See the fixture `house`."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from websockets.sync.client import ClientConnection, connect

from footlights.agent.agent import Agent
from footlights.agent.enrol import Invitation, enrol
from footlights.agent.identity import Identity
from footlights.core.errors import SettingsError
from footlights.engine.watch import StreamReport
from footlights.hub.api.application import application
from footlights.hub.hub import Hub, Place
from footlights.hub.pages import happenings, live
from footlights.hub.pages.session import OneSite, Sessions
from tests.hub.conftest import eventually
from tests.ports import free_port

DEVICE = "camera-1"


@dataclass
class Stage:
    """A stage whose picture says how often it was looked at."""

    looks: int = 0
    documents: list[Mapping[str, Any]] = field(default_factory=list)

    def apply(self, document: Mapping[str, Any]) -> None:
        self.documents.append(document)

    def report(self) -> list[StreamReport]:
        return [StreamReport("line-1", "running", "", 10, 0, 29.5, None, None, 2, {}, 1.0, None)]

    def restart(self) -> None:
        raise NotImplementedError

    def record(self, stream: str, seconds: float, megabytes: int) -> str:
        raise NotImplementedError

    def stop_recording(self, stream: str) -> Mapping[str, Any]:
        raise NotImplementedError

    def picture(self, stream: str) -> bytes:
        if stream != "line-1":
            raise SettingsError("there is no such stream")
        self.looks += 1
        return b"\xff\xd8 %d" % self.looks


@dataclass
class House:
    """A hub, its server, and one device."""

    hub: Hub
    port: int
    app: Any
    tokens: dict[str, str]
    agent: Agent
    stage: Stage

    @contextmanager
    def looking(self, who: str | None, stream: str = "line-1") -> Iterator[ClientConnection]:
        headers = {"cookie": f"__Host-footlights-hub={self.tokens[who]}"} if who else {}
        with self.connect(f"/live/{DEVICE}?stream={stream}", headers) as socket:
            yield socket

    def connect(self, path: str, headers: Mapping[str, str]) -> ClientConnection:
        context = ssl.create_default_context(cafile=str(self.hub.authority.path))
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # this client reads and writes at once; 1.3 does not bear it
        address = f"wss://localhost:{self.port}{path}"
        return connect(address, ssl=context, additional_headers=headers, proxy=None, close_timeout=1)


@contextmanager
def running_house(folder: Path) -> Iterator[House]:
    """A house whose hub and device are kept in a folder."""
    hub = Hub(Place(folder / "hub", port=free_port()))
    hub.start()
    app, port = application(hub), free_port()
    sessions = Sessions(hub.people, app.state.patience, tls=True)
    live.add(app, hub, sessions)
    happenings.add(app, hub)
    tls = {"ssl_keyfile": hub.mosquitto.folder / "server.key", "ssl_certfile": hub.mosquitto.folder / "server.crt"}
    config = uvicorn.Config(
        OneSite(app, sessions), port=port, log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=1, **tls
    )
    server = uvicorn.Server(config)
    threads = [threading.Thread(target=server.run)]
    threads[0].start()
    eventually(lambda: server.started)
    tokens = {"admin": hub.people.first_admin() or ""}
    for role in ("operator", "viewer"):
        hub.people.add(role, role)
        tokens[role] = hub.people.make_token(role)
    identity, group = Identity(folder / "agent"), hub.registry.make_group("hall")
    where = f"https://localhost:{port}"
    enrol(Invitation(where, hub.registry.scope, DEVICE, group.key, pin=hub.authority.fingerprint), identity)
    agent, stage = Agent(identity), Stage()
    threads.append(threading.Thread(target=agent.run, args=(stage,)))
    threads[1].start()
    eventually(lambda: hub.overview.device(DEVICE).online)  # type: ignore[union-attr]
    yield House(hub, port, app, tokens, agent, stage)
    agent.stop.set()
    threads[1].join()
    server.should_exit = True
    threads[0].join()
    hub.close()
