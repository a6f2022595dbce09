"""The RTSP server: a thread with an event loop, in which every viewer of every video is served."""

import asyncio
import ipaddress
import logging
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from footlights.core.errors import SettingsError, SinkError
from footlights.media.encoder import Encoder
from footlights.media.rtsp.auth import Gate
from footlights.media.rtsp.connection import TIMEOUT, Connection
from footlights.media.rtsp.messages import MOST_HEAD
from footlights.media.rtsp.mount import Mount
from footlights.media.rtsp.sessions import Datagrams, Door

log = logging.getLogger(__name__)

PORT = 8554
USER = "footlights"
MOST_CONNECTIONS = 200
MOST_OF_ONE = 100  # connections from one address
STALLED = 30.0  # seconds for which a TCP viewer may take nothing
REAP_EVERY = 2.0  # seconds
TRIES = 20  # ports that are tried after the one that was asked for
SEND_BUFFER = 128 * 1024  # bytes that the system keeps for one viewer: more would hide that it is slow


@dataclass(frozen=True, slots=True)
class MountStats:
    """How one live video is doing."""

    path: str
    viewers: int
    looks: bool  # at the encoder: also for a moment after the last viewer
    sent: int  # pictures to all viewers so far
    dropped: int  # pictures that slow viewers did not get
    encoded: int  # pictures so far
    fps: float  # encoded pictures a second, lately


class RtspServer:
    """Live videos at `rtsp://HOST:PORT/PATH`, each from one encoder, for any number of players and recorders.

    Mounts come and go while it runs. Only those who know the password may look, where there is one.

    Args:
        host: where to listen; 0.0.0.0 for every address of this machine.
        port: where to listen; the next free one where it is taken, any free one for 0.
        user, password: what players must give. Without a password everybody in reach may look.
        most_viewers: who may watch at the same time.

    Raises:
        SettingsError: the host cannot be used.
        SinkError: no port is free.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = PORT,
        *,
        user: str = USER,
        password: str | None = None,
        most_viewers: int = 64,
    ) -> None:
        if password is not None and (not password or not user or ":" in user):
            raise SettingsError("a user and a password have at least one character each, and a user has no colon")
        self.gate = Gate(user, password) if password is not None else None
        self.door: Door
        self._socket = _listen(host, port)
        self._address = ipaddress.ip_address(self._socket.getsockname()[0])
        self.port = int(self._socket.getsockname()[1])
        if port not in (0, self.port):
            log.warning("port %d is taken: live video is at port %d", port, self.port)
        if password is None and not self._address.is_loopback:
            log.warning("everybody who reaches port %d of this machine sees the video; set a password", self.port)
        self._most_viewers = most_viewers
        self._mounts: dict[str, Mount] = {}
        self._connections: dict[Connection, asyncio.Task[None] | None] = {}
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._serve, name=f"rtsp {self.port}", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._fault is not None:
            self._thread.join()
            raise self._fault

    def url(self, path: str, host: str | None = None) -> str:
        """The address of a mount, without the password."""
        name = host or ("127.0.0.1" if self._address.is_unspecified else str(self._address))
        name = f"[{name}]" if ":" in name else name
        return f"rtsp://{name}:{self.port}{quote(_path(path))}"

    def mount(self, path: str, encoder: Encoder) -> None:
        """Offer a live video at a path. Raises SettingsError where there is one already."""
        path = _path(path)
        if path in self._mounts:
            raise SettingsError(f"there is a live video at {path} already; choose another path")
        self._mounts[path] = Mount(path, encoder, self._loop)

    def unmount(self, path: str) -> None:
        """Offer it no more; its viewers are sent away. Does nothing where there is none."""
        mount = self._mounts.pop(_path(path), None)
        if mount is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end, mount)

    def stats(self) -> list[MountStats]:
        """How every mount is doing."""
        return [_stats(mount) for mount in list(self._mounts.values())]

    def close(self) -> None:
        """Send everybody away and end the thread. May be called twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def find(self, path: str) -> Mount | None:
        """What is at a path."""
        return self._mounts.get(path)

    def has_room(self) -> bool:
        """True while one more may watch."""
        return sum(connection.session is not None for connection in self._connections) < self._most_viewers

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        try:
            self.door = Door(self._socket.family, str(self._address), self._heard)
        except Exception as fault:
            self._fault = fault
            self._socket.close()
            return
        finally:
            if self._fault is not None:
                self._ready.set()
        server = await asyncio.start_server(self._client, sock=self._socket, limit=MOST_HEAD)
        self._ready.set()
        while not self._stop.is_set():
            try:
                async with asyncio.timeout(REAP_EVERY):
                    await self._stop.wait()
            except TimeoutError:
                self._reap()
        server.close()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.gather(*(task for task in self._connections.values() if task), return_exceptions=True)
        for mount in self._mounts.values():
            mount.close()
        self.door.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        alike = Counter(other.peer for other in self._connections)[connection.peer]
        if len(self._connections) >= MOST_CONNECTIONS or alike >= MOST_OF_ONE:
            connection.abort()
            return
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._connections[connection] = asyncio.current_task()
        try:
            await connection.run()
        finally:
            del self._connections[connection]
            writer.close()

    def _heard(self, host: str, port: int) -> None:
        for connection in self._connections:
            session = connection.session
            way = session.way if session is not None else None
            if session is not None and isinstance(way, Datagrams) and (way.host, way.ports[1]) == (host, port):
                session.heard = time.monotonic()

    def _reap(self) -> None:
        """Cut those who are gone without a word, and those who take nothing; let encoders rest."""
        now = time.monotonic()
        for connection in list(self._connections):
            session = connection.session
            if session is None:
                continue
            silent = isinstance(session.way, Datagrams) and now - session.heard > TIMEOUT + 5
            stalled = session.playing and session.way.waits() and now - session.clear > STALLED
            if silent or stalled:
                connection.abort()
        for mount in list(self._mounts.values()):
            mount.rest()

    def _end(self, mount: Mount) -> None:
        for connection in list(self._connections):
            if connection.session in mount.sessions:
                connection.abort()
        mount.close()


def _path(path: str) -> str:
    return "/" + path.strip("/")


def _stats(mount: Mount) -> MountStats:
    encoder, sessions = mount.encoder.stats(), list(mount.sessions)
    return MountStats(
        mount.path,
        len(sessions),
        mount.looks,
        mount.sent + sum(session.sent for session in sessions),
        mount.dropped + sum(session.dropped for session in sessions),
        encoder.encoded,
        encoder.fps,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket at the port, or at the next one that is free."""
    if not 0 <= port <= 65535:
        raise SettingsError(f"a port is a number from 0 to 65535, not {port}")
    try:
        family, _, _, _, place = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as fault:
        raise SettingsError(f"cannot listen at '{host}': {fault.strerror}; use 127.0.0.1, or 0.0.0.0 for all") from None
    problem: str | None = ""
    for candidate in range(port, min(port + TRIES, 65536)) if port else [0]:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((str(place[0]), candidate))
            listener.listen(64)
            return listener
        except OSError as fault:
            listener.close()
            problem = fault.strerror
    raise SinkError(f"live video cannot be offered at {host}:{port}: {problem}; choose another host or port")
