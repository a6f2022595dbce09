"""One viewer's way to its packets: over the connection itself (TCP) or as datagrams (UDP)."""

import asyncio
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from footlights.core.errors import SinkError
from footlights.media.rtsp.rtp import interleaved

MOST_LAG = 1.0  # seconds for which something may wait; then a viewer gets nothing until it has caught up
REPORT_EVERY = 5.0  # seconds between sender reports
BURST = 16  # datagrams at once ...
PAUSE = 0.004  # ... and seconds between bursts: a large keyframe then fits into the buffers on its way
MOST_DATAGRAMS = 4000  # that wait for one viewer


@dataclass(slots=True, eq=False)
class Packed:
    """One encoded picture in RTP packets, made once for everybody."""

    packets: list[bytes]
    stamp: int  # RTP time
    key: bool
    _whole: dict[int, bytes] = field(default_factory=dict)  # by channel

    def whole(self, channel: int) -> bytes:
        """All packets in one piece for a connection."""
        if channel not in self._whole:
            self._whole[channel] = b"".join(interleaved(channel, packet) for packet in self.packets)
        return self._whole[channel]


class Way(Protocol):
    """How packets reach one viewer. Nothing here ever waits."""

    def waits(self) -> bool:
        """True while something that was sent before is not gone yet."""

    def send(self, packed: Packed) -> None:
        """Send one picture."""

    def control(self, packet: bytes) -> None:
        """Send one RTCP packet."""

    def close(self) -> None:
        """Send no more."""


class Connected:
    """Over the RTSP connection."""

    def __init__(self, transport: asyncio.WriteTransport, channel: int) -> None:
        self._transport = transport
        self._channel = channel

    def waits(self) -> bool:
        return self._transport.get_write_buffer_size() > 0

    def send(self, packed: Packed) -> None:
        if not self._transport.is_closing():
            self._transport.write(packed.whole(self._channel))

    def control(self, packet: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(interleaved(self._channel + 1, packet))

    def close(self) -> None:
        """The connection has its own end."""


class Datagrams:
    """Over UDP, to the two ports of one viewer, large pictures in bursts."""

    def __init__(self, door: "Door", host: str, ports: tuple[int, int]) -> None:
        self.host, self.ports = host, ports
        self._door = door
        self._waiting: deque[bytes] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def waits(self) -> bool:
        return bool(self._waiting)

    def send(self, packed: Packed) -> None:
        if len(self._waiting) + len(packed.packets) <= MOST_DATAGRAMS:
            self._waiting.extend(packed.packets)
        if self._timer is None:
            self._burst()

    def control(self, packet: bytes) -> None:
        self._door.send(1, packet, (self.host, self.ports[1]))

    def close(self) -> None:
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _burst(self) -> None:
        for _ in range(min(BURST, len(self._waiting))):
            self._door.send(0, self._waiting.popleft(), (self.host, self.ports[0]))
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self._burst) if self._waiting else None


class Door:
    """The two UDP ports of the server, RTP and RTCP, for all viewers. Belongs to the server's loop.

    `heard` is called with the address and port of everybody who sends something to the RTCP port.
    """

    def __init__(self, family: int, host: str, heard: Callable[[str, int], None]) -> None:
        self._heard = heard
        self._sockets = _port_pair(family, host)
        self.ports = tuple(int(each.getsockname()[1]) for each in self._sockets)
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.add_reader(each, self._read, each)

    def send(self, which: int, packet: bytes, place: tuple[str, int]) -> None:
        """Send a datagram; one that finds no room is lost, as datagrams are."""
        with suppress(OSError):
            self._sockets[which].sendto(packet, place)

    def close(self) -> None:
        """Let the ports go."""
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            each.close()

    def _read(self, each: socket.socket) -> None:
        with suppress(OSError):
            for _ in range(100):  # then others have their turn
                _, place = each.recvfrom(2048)
                if each is self._sockets[1]:
                    self._heard(str(place[0]), int(place[1]))


class Session:
    """One viewer of one mount. Belongs to the server's loop.

    A viewer for whom something waits longer than a second is left out until all of it is gone, and goes on at the next
    keyframe: it loses pictures, and costs nobody else anything.
    """

    def __init__(self, way: Way, want_keyframe: Callable[[], None]) -> None:
        self.id = secrets.token_hex(8)
        self.way = way
        self.playing = False
        self.heard = time.monotonic()  # when it gave its last sign of life
        self.clear = self.heard  # when nothing waited for it
        self.sent = 0  # pictures
        self.dropped = 0  # pictures
        self._want_keyframe = want_keyframe
        self._needs_key = True
        self._late = False
        self._reported = 0.0

    def play(self) -> None:
        """Begin, or go on, at the next keyframe."""
        self.playing = self._needs_key = True
        self.clear = time.monotonic()
        self._want_keyframe()

    def offer(self, packed: Packed, report: Callable[[], bytes]) -> None:
        """Send a picture, or leave it out."""
        now = time.monotonic()
        if not self.way.waits():
            self.clear = now
        if now - self.clear > MOST_LAG:
            self._needs_key = self._late = True
        elif self._late:
            self._late = False
            self._want_keyframe()
        if self._late or (self._needs_key and not packed.key):
            self.dropped += bool(self.sent)  # waiting for the first keyframe is no loss
            return
        self._needs_key = False
        if now - self._reported > REPORT_EVERY:
            self._reported = now
            self.way.control(report())
        self.way.send(packed)
        self.sent += 1


def _port_pair(family: int, host: str) -> tuple[socket.socket, socket.socket]:
    """Two neighbouring UDP ports, the first of them even, as RTP wants it."""
    for _ in range(100):
        first = _udp(family, host, 0)
        port = int(first.getsockname()[1])
        if port % 2 == 0 and port < 65535:
            with suppress(OSError):
                return first, _udp(family, host, port + 1)
        first.close()
    raise SinkError(f"there are no two neighbouring UDP ports free at {host}; end other programs")


def _udp(family: int, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
