"""A device that costs little: as much of MQTT 3.1.1 as publishing and listening needs, on asyncio."""

import asyncio
import json
import ssl
import struct
import time
from collections import deque


class Device:
    """One connection, and an outbox as the agent has it: what the hub has not confirmed is said again.

    Messages are published with quality of service 1; what the broker acknowledges, and what is said again, is counted.
    """

    def __init__(self, name: str, context: ssl.SSLContext) -> None:
        self.name = name
        self.acknowledged = 0
        self.again = 0
        self._context = context
        self._number = 0
        self._waiting: deque[tuple[int, bytes]] = deque()  # sequence, payload
        self._heard = 0.0  # monotonic clock: when the hub confirmed something, or was told again
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    async def connect(self, port: int) -> None:
        """Connect to the broker on this machine, and listen to what the hub confirms."""
        reader, writer = await asyncio.open_connection("localhost", port, ssl=self._context)
        writer.write(packet(0x10, text("MQTT") + bytes([4, 2]) + struct.pack(">H", 600) + text(self.name)))
        answer = await reader.readexactly(4)
        if answer != b"\x20\x02\x00\x00":
            raise ConnectionError(f"the broker answered {answer.hex()}")
        writer.write(packet(0x82, b"\x00\x01" + text(f"footlights/devices/{self.name}/received") + b"\x00"))
        self._writer = writer
        self._listener = asyncio.create_task(self._listen(reader))

    def say(self, sequence: int, payload: bytes) -> None:
        """Send a message; it is kept until the hub has confirmed it."""
        if not self._waiting:
            self._heard = time.monotonic()
        self._waiting.append((sequence, payload))
        self._publish(payload)

    def say_again(self, patience: float) -> None:
        """Send everything again that waits, where nothing was confirmed for so many seconds."""
        if self._waiting and time.monotonic() - self._heard > patience:
            self._heard = time.monotonic()
            for _, payload in self._waiting:
                self.again += 1
                self._publish(payload)

    async def close(self) -> None:
        """Say goodbye."""
        if self._listener is not None:
            self._listener.cancel()
        if self._writer is not None:
            self._writer.write(packet(0xE0, b""))
            self._writer.close()

    def _publish(self, payload: bytes) -> None:
        assert self._writer is not None
        self._number = self._number % 65535 + 1
        topic = text(f"footlights/devices/{self.name}/messages")
        self._writer.write(packet(0x32, topic + struct.pack(">H", self._number) + payload))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            kind = (await reader.readexactly(1))[0]
            body = await reader.readexactly(await length(reader))
            self.acknowledged += kind == 0x40
            if kind & 0xF0 == 0x30:
                self._confirmed(json.loads(body[2 + int.from_bytes(body[:2], "big") :])["sequence"])

    def _confirmed(self, sequence: int) -> None:
        self._heard = time.monotonic()
        while self._waiting and self._waiting[0][0] <= sequence:
            self._waiting.popleft()


def packet(kind: int, body: bytes) -> bytes:
    """A packet with its length before it."""
    size, left = b"", len(body)
    while True:
        left, part = divmod(left, 128)
        size += bytes([part | (0x80 if left else 0)])
        if not left:
            return bytes([kind]) + size + body


async def length(reader: asyncio.StreamReader) -> int:
    """The remaining length of a packet."""
    total, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        total |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return total
        shift += 7


def text(words: str) -> bytes:
    """Text with its length before it."""
    content = words.encode()
    return struct.pack(">H", len(content)) + content
