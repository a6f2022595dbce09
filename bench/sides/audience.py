"""A member of an audience that costs little: as much of a WebSocket as joining and answering needs, on asyncio."""

import asyncio
import json
import struct
from collections.abc import Callable
from typing import Any, cast

KEY = "Zm9vdGxpZ2h0cyBiZW5jaA=="
Heard = Callable[[dict[str, Any]], None]


class Member(asyncio.Protocol):
    """One connection, which says `hello` first. `heard` gets every message; who was cut off says so by `lost`."""

    def __init__(self, path: str, hello: dict[str, Any], heard: Heard, lost: Callable[[], None] = lambda: None) -> None:
        self._hello = hello
        self._path = path
        self._heard = heard
        self._lost = lost
        self._data = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        lines = [
            f"GET {self._path} HTTP/1.1",
            "Host: localhost",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {KEY}",
            "Sec-WebSocket-Version: 13",
            "User-Agent: Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
            "Accept-Encoding: gzip, deflate, br",
            "Accept-Language: en-GB,en;q=0.9",
        ]
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._upgraded:
            head, mark, rest = self._data.partition(b"\r\n\r\n")
            if not mark:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise ValueError(head.split(b"\r\n")[0].decode())
            self._upgraded, self._data = True, rest
            self.say(**self._hello)
        while (frame := self._frame()) is not None:
            if frame:
                self._heard(json.loads(frame))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()

    def say(self, **message: Any) -> None:
        """Send a message, in one frame, masked with zeros."""
        payload = json.dumps(message, separators=(",", ":")).encode()
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        assert self._transport is not None
        self._transport.write(b"\x81" + length + bytes(4) + payload)

    def close(self) -> None:
        """Go without saying goodbye."""
        if self._transport is not None:
            self._transport.close()

    def _frame(self) -> bytes | None:
        """The next text; empty for other frames; None: not all of it is here."""
        data = self._data
        if len(data) < 2:
            return None
        length, begin = data[1], 2
        if length == 126:
            length, begin = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, begin = int.from_bytes(data[2:10], "big"), 10
        if len(data) < begin + length:
            return None
        self._data = data[begin + length :]
        return data[begin : begin + length] if data[0] & 0x0F == 1 else b""
