"""Mosquitto, as a child of the hub or run by somebody else: its configuration, its rights, its start and its end."""

import getpass
import logging
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from footlights.core.errors import InstallError, SinkError
from footlights.hub.authority import SERVER_DAYS, Authority
from footlights.wire import fleet
from footlights.wire.secret_file import write_secret

log = logging.getLogger(__name__)

# Names of the hub's own clients hold a point, which no device id does.
SERVER = "hub.server"
WORKER = "hub.worker."  # and a name
DEVICE_WRITES = ("status", "messages", "certificate/request")
DEVICE_READS = ("received", "desired", "command", "certificate/granted")
MOST_CONNECTIONS = 20_000
MOST_QUEUED = 100_000  # messages for one client that is slow or away; beyond that the newest get lost here,
MOST_QUEUED_BYTES = 128 * 2**20  # and their devices, which were not told that they are stored, say them again
MOST_UNDER_WAY = 4000  # messages sent to one client that it has not acknowledged
READY = 10.0  # seconds in which it must answer
FAREWELL = 5.0  # seconds for it to write down what it holds
PLACES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")  # where it lies besides the PATH


@dataclass(frozen=True)
class Address:
    """Where the broker listens."""

    host: str
    port: int


@dataclass(frozen=True)
class Rights:
    """Who may do what, and whose certificate holds no more."""

    revocation_list: str  # PEM
    servers: tuple[str, ...] = (SERVER,)  # clients of the hub that may do everything
    workers: tuple[str, ...] = ()  # clients of the hub that hear what devices say, and tell them that it is stored

    def text(self) -> str:
        """As Mosquitto reads them: the hub's clients what they need, each device its own topics."""
        lines = [f"user {name}\ntopic readwrite footlights/#\n" for name in self.servers]
        for name in self.workers:
            heard, told = fleet.topic("+", "messages"), fleet.topic("+", "received")
            lines.append(f"user {name}\ntopic read {heard}\ntopic write {told}\n")
        lines += [f"pattern write {fleet.topic('%u', name)}\n" for name in DEVICE_WRITES]
        lines += [f"pattern read {fleet.topic('%u', name)}\n" for name in DEVICE_READS]
        return "".join(lines)


class Mosquitto:
    """A broker that lets devices see nothing but their own topics.

    A client is who its certificate says: its common name is its user name and its client id, so that nobody takes over
    another's connection. Devices may write and read the topics of `wire.fleet`; the hub's own clients all of them.
    """

    def __init__(self, folder: Path, authority: Authority, address: Address, names: Sequence[str]) -> None:
        self.folder = folder
        self.address = address
        self._authority = authority
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._renew_own(names)

    def start(self, rights: Rights) -> None:
        """Write the configuration, start the program and wait until it answers.

        Raises:
            InstallError: the program is not installed.
            SinkError: it does not start; the error holds its last words.
        """
        program = find()
        self._end_orphan()
        self.write_rights(rights)
        (self.folder / "mosquitto.conf").write_text(
            configuration(self.folder, self.address, self._own()), encoding="utf-8"
        )
        with (self.folder / "mosquitto.log").open("ab") as words:
            self._process = subprocess.Popen(
                [program, "-c", str(self.folder / "mosquitto.conf")], stdout=words, stderr=words, cwd=self.folder
            )
        deadline = time.monotonic() + READY
        while not answers(self.address):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise SinkError(f"mosquitto does not start: {self._last_words()}")
            time.sleep(0.02)

    def write_rights(self, rights: Rights) -> None:
        """What a running broker reads by `reload`."""
        write_rights(self.folder, rights)

    def reload(self) -> None:
        """Take new rights and a new revocation list. Connections that are open stay open: see `restart`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def restart(self, rights: Rights) -> None:
        """End every connection and begin again with a new list: what a revoked device needs."""
        self.close()
        self.start(rights)

    def runs(self) -> bool:
        """Whether the program is there."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """End it in good order; it keeps what it holds for clients that are away."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _end_orphan(self) -> None:
        """End the broker of a hub that was killed: it would still hold the port."""
        try:
            number = int((self.folder / "mosquitto.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        deadline = time.monotonic() + FAREWELL
        while str(self.folder / "mosquitto.conf") in _command_line(number):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.05)

    def _renew_own(self, names: Sequence[str]) -> None:
        """The broker's certificate, made anew in time and where it has another name now."""
        now, wanted = datetime.now(UTC), " ".join(sorted(names))
        mark = self.folder / "server.names"
        lasts = mark.exists() and now.timestamp() - mark.stat().st_mtime < (SERVER_DAYS - 30) * 86400
        if lasts and mark.read_text(encoding="utf-8") == wanted:
            return
        key, certificate = self._authority.server(list(names), now)
        write_secret(self.folder / "server.key", key)
        (self.folder / "server.crt").write_text(certificate.pem, encoding="utf-8")
        (self.folder / "authority.crt").write_text(self._authority.pem, encoding="utf-8")
        mark.write_text(wanted, encoding="utf-8")

    def _own(self) -> dict[str, object]:
        # Where root starts it, it would become somebody who cannot read the folder.
        return {"user": getpass.getuser(), "pid_file": self.folder / "mosquitto.pid", "log_dest": "stderr"}

    def _last_words(self) -> str:
        lines = (self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace").strip().split("\n")
        return lines[-1][-200:] or "it says nothing"


class Elsewhere(Mosquitto):
    """A broker that somebody else runs, with the configuration that `write_configuration` writes.

    The hub keeps rights and revocation list in its folder as they are to be; the broker's keeper brings them there.
    """

    def start(self, rights: Rights) -> None:
        """Write what the broker is to have."""
        self.write_rights(rights)

    def reload(self) -> None:
        """The broker's keeper does that."""

    def restart(self, rights: Rights) -> None:
        """Write what the broker is to have; its keeper must bring it there."""
        self.write_rights(rights)
        log.warning("the broker needs the new %s, and a restart ends open connections", self.folder / "revoked.pem")

    def runs(self) -> bool:
        """Whether it answers."""
        return answers(self.address)

    def close(self) -> None:
        """It goes on."""


def write_configuration(
    folder: Path, authority: Authority, address: Address, names: Sequence[str], rights: Rights
) -> Path:
    """Everything that a broker on another machine needs, in a folder; the path of its configuration."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key, certificate = authority.server(list(names), datetime.now(UTC))
    write_secret(folder / "server.key", key)
    (folder / "server.crt").write_text(certificate.pem, encoding="utf-8")
    write_rights(folder, rights)
    (folder / "authority.crt").write_text(authority.pem, encoding="utf-8")
    path = folder / "mosquitto.conf"
    path.write_text(configuration(folder, address, {}), encoding="utf-8")
    return path


def write_rights(folder: Path, rights: Rights) -> None:
    """The two files that change while a broker runs."""
    write_secret(folder / "revoked.pem", rights.revocation_list)
    write_secret(folder / "rights", rights.text())


def configuration(folder: Path, address: Address, more: Mapping[str, object]) -> str:
    """What Mosquitto is told; its other files lie in the same folder."""
    lines = {
        "per_listener_settings": "false",
        "allow_anonymous": "false",
        "acl_file": folder / "rights",
        "persistence": "true",
        "persistence_location": f"{folder}/",
        "autosave_interval": "30",
        "persistent_client_expiration": "14d",
        "max_queued_messages": MOST_QUEUED,
        "max_queued_bytes": MOST_QUEUED_BYTES,
        "max_inflight_messages": MOST_UNDER_WAY,
        "message_size_limit": fleet.LARGEST + 1024,
        "log_type": "error",
        "connection_messages": "false",
        **more,
        "listener": f"{address.port} {address.host}",
        "max_connections": MOST_CONNECTIONS,
        "cafile": folder / "authority.crt",
        "certfile": folder / "server.crt",
        "keyfile": folder / "server.key",
        "crlfile": folder / "revoked.pem",
        "tls_version": "tlsv1.2",
        "require_certificate": "true",
        "use_identity_as_username": "true",
        "use_username_as_clientid": "true",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def answers(address: Address) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((address.host, address.port), 0.5):
            return True
    except OSError:
        return False


def find() -> str:
    """The program. Raises InstallError where it is not on this machine."""
    found = shutil.which("mosquitto") or next(
        (path for place in PLACES if (path := shutil.which("mosquitto", path=place))), None
    )
    if found is None:
        raise InstallError(
            "the broker mosquitto is not installed: sudo apt install mosquitto (macOS: brew install mosquitto)"
        )
    return found


def _command_line(number: int) -> str:
    """How a process was started; empty where there is none of this number."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    asked = subprocess.run(["ps", "-o", "command=", "-p", str(number)], capture_output=True, text=True, check=False)
    return asked.stdout


def client_context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """How a client shows who it is, and knows the broker."""
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(str(certificate), str(key))
    return context
