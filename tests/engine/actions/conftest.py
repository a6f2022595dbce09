"""Real servers on loopback: HTTP, MQTT, SMTP; a certificate of an own authority; a browser that only writes down."""

import getpass
import queue
import shutil
import socket
import ssl
import subprocess
import threading
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from footlights.core.event import Event
from tests.ports import free_port

WAIT = 60  # seconds after which a test that waits for something is lost


@pytest.fixture
def event() -> Event:
    return Event("trigger", "line 1", 12.5, 3, {"by": "x_arms", "confidence": 0.93})


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Self-signed, for localhost and 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: sudo apt install openssl")
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    line = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE"]
    out = ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run([*line.split(), *names, *out], check=True, capture_output=True)
    return made


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Receiver:
    """An HTTP server that keeps what it is sent and answers as it is told, 200 by default."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.requests: queue.Queue[Request] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.requests.put(Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                answer = Answer() if receiver.answers.empty() else receiver.answers.get()
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            block_on_close = False

            def handle_error(self, *args: object) -> None:
                pass  # a client that does not trust the certificate hangs up

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def make_receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(port: int = 0, tls: ssl.SSLContext | None = None) -> Receiver:
        made.append(Receiver(port, tls))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


@pytest.fixture
def receiver(make_receiver: Callable[..., Receiver]) -> Receiver:
    return make_receiver()


class Broker:
    """Mosquitto as a child process."""

    def __init__(self, folder: Path, port: int, lines: list[str]) -> None:
        self.port = port
        self._config = folder / "mosquitto.conf"
        user = f"user {getpass.getuser()}"  # started by root it would become another one, who cannot read the files
        self._config.write_text("\n".join([f"listener {port} 127.0.0.1", user, *lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/sbin")
        assert program is not None
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        while self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=WAIT).close()
            except ConnectionRefusedError:
                threading.Event().wait(0.01)
            else:
                return
        raise AssertionError(f"mosquitto ended with {self._process.returncode}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    if shutil.which("mosquitto") is None and not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("mosquitto is not installed: sudo apt install mosquitto")
    made: list[Broker] = []

    def make(*lines: str, start: bool = True) -> Broker:
        made.append(Broker(tmp_path, free_port(), list(lines) or ["allow_anonymous true"]))
        if start:
            made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.stop()


class WritingBrowser(webbrowser.BaseBrowser):
    """Opens nothing, and writes every address into a file."""

    def __init__(self, path: Path) -> None:
        super().__init__("writing")
        self.path = path
        self.works = True

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        with self.path.open("a") as file:
            file.write(f"{url}\n")
        return self.works

    def opened(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WritingBrowser:
    made = WritingBrowser(tmp_path / "opened")
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    monkeypatch.setattr(webbrowser, "_browsers", {})
    webbrowser.register("writing", None, made, preferred=True)
    return made
