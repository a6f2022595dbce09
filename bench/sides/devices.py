"""A device that costs little: as much of MQTT 3.1.1 as publishing and listening needs, on asyncio."""

import asyncio
import ssl
import struct


class Device:
    """One connection. Messages are published with quality of service 1; what the broker acknowledges is counted."""

    def __init__(self, name: str, context: ssl.SSLContext) -> None:
        self.name = name
        self.acknowledged = 0
        self._context = context
        self._number = 0
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    async def connect(self, port: int) -> None:
        """Connect to the broker on this machine."""
        reader, writer = await asyncio.open_connection("localhost", port, ssl=self._context)
        writer.write(packet(0x10, text("MQTT") + bytes([4, 2]) + struct.pack(">H", 600) + text(self.name)))
        answer = await reader.readexactly(4)
        if answer != b"\x20\x02\x00\x00":
            raise ConnectionError(f"the broker answered {answer.hex()}")
        self._writer = writer
        self._listener = asyncio.create_task(self._listen(reader))

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message; it is not waited for."""
        assert self._writer is not None
        self._number = self._number % 65535 + 1
        self._writer.write(packet(0x32, text(topic) + struct.pack(">H", self._number) + payload))

    async def close(self) -> None:
        """Say goodbye."""
        if self._listener is not None:
            self._listener.cancel()
        if self._writer is not None:
            self._writer.write(packet(0xE0, b""))
            self._writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            kind = (await reader.readexactly(1))[0]
            await reader.readexactly(await length(reader))
            self.acknowledged += kind == 0x40


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
