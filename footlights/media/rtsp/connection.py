"""One connection of a player: its requests, and what is answered."""

import asyncio
import struct
import time
from contextlib import suppress
from typing import Protocol

from footlights.media.rtsp.auth import Gate
from footlights.media.rtsp.messages import METHODS, BadRequest, Request, answer, choose_transport, parse
from footlights.media.rtsp.mount import Mount
from footlights.media.rtsp.rtp import description
from footlights.media.rtsp.sessions import Connected, Datagrams, Door, Session

PATIENCE = 10.0  # seconds in which a request that has begun must be complete
IDLE = 30.0  # seconds that a connection without a session may be silent
TIMEOUT = 60  # seconds after which a UDP viewer without a sign of life is gone
MOST_UNREAD = 256 * 1024  # bytes of answers that a player may leave unread
MOST_VIDEO = 8 * 1024 * 1024  # bytes of video that may wait beside them: more than the second that a session allows
WRONG_PASSWORDS = 5  # then the connection is closed
_DOLLAR = b"$"  # begins an interleaved packet


class House(Protocol):
    """What a connection needs of its server."""

    gate: Gate | None
    door: Door

    def find(self, path: str) -> Mount | None:
        """What is at a path."""

    def has_room(self) -> bool:
        """True while one more may watch."""


class Connection:
    """Answers one player until it goes, or has to."""

    def __init__(self, house: House, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.session: Session | None = None
        self._house = house
        self._reader = reader
        self._writer = writer
        self._mount: Mount | None = None  # of the session
        self._wrong = 0  # passwords

    @property
    def peer(self) -> str:
        """The address of the player."""
        return str((self._writer.get_extra_info("peername") or ("",))[0])

    async def run(self) -> None:
        """Until the player goes, sends something senseless or stands still."""
        try:
            while (request := await self._next()) is not None:
                if not await self._handle(request) or self._leaves_unread():
                    return
        except BadRequest as wrong:
            self._reply(wrong.status, wrong.sequence)
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            return
        finally:
            self._leave()

    def abort(self) -> None:
        """Cut it."""
        self._writer.transport.abort()

    async def _next(self) -> Request | None:
        """The next request; packets of the player in between are signs of life."""
        while True:
            async with asyncio.timeout(IDLE if self.session is None else None):
                first = await self._reader.readexactly(1)
            async with asyncio.timeout(PATIENCE):
                if first == _DOLLAR:
                    _, length = struct.unpack(">BH", await self._reader.readexactly(3))
                    await self._reader.readexactly(length)
                    if self.session is not None:
                        self.session.heard = time.monotonic()
                elif first not in b"\r\n":
                    return await self._read_request(first)

    async def _read_request(self, first: bytes) -> Request:
        try:
            request = parse(first + await self._reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError:
            raise BadRequest(413) from None
        await self._reader.readexactly(request.length)
        return request

    async def _handle(self, request: Request) -> bool:
        """Answer a request; False where the connection is over."""
        if self.session is not None:
            self.session.heard = time.monotonic()
        if request.method == "OPTIONS":
            self._reply(200, request.sequence, Public=", ".join(METHODS))
        elif request.method not in METHODS:
            self._reply(405, request.sequence, Allow=", ".join(METHODS))
        elif not await self._admitted(request):
            return self._wrong < WRONG_PASSWORDS
        elif request.method == "DESCRIBE":
            await self._describe(request)
        elif request.method == "SETUP":
            self._set_up(request)
        elif request.method in ("GET_PARAMETER", "SET_PARAMETER") and not request.session:
            self._reply(200, request.sequence)
        elif self.session is None or request.session != self.session.id:
            self._reply(454, request.sequence)
        else:
            return self._control(request, self.session)
        return True

    async def _admitted(self, request: Request) -> bool:
        gate = self._house.gate
        if gate is None:
            return True
        given = request.headers.get("authorization", "")
        if given and gate.passes(request.method, given):
            return True
        if given:
            self._wrong += 1
            await asyncio.sleep(0.3)  # whoever tries passwords needs time
        self._reply(401, request.sequence, WWW_Authenticate=gate.challenge())
        return False

    async def _describe(self, request: Request) -> None:
        mount = self._house.find(request.path)
        if mount is None:
            self._reply(404, request.sequence)
            return
        sets = await mount.parameter_sets()
        if sets is None:
            self._reply(503, request.sequence)
            return
        host = str(self._writer.get_extra_info("sockname")[0])
        base = request.url.partition("?")[0].rstrip("/") + "/"
        body = description(mount.path.strip("/"), host, *sets)
        self._reply(200, request.sequence, body, Content_Base=base, Content_Type="application/sdp")

    def _set_up(self, request: Request) -> None:
        mount = self._house.find(request.path)
        wanted = choose_transport(request.headers.get("transport", ""))
        if mount is None or wanted is None:
            self._reply(404 if mount is None else 461, request.sequence)
            return
        if self.session is not None and self.session.playing:
            self._reply(455, request.sequence)
            return
        if not self._house.has_room():
            self._reply(453, request.sequence)
            return
        self._leave()
        if wanted.channel is not None:
            self.session = Session(Connected(self._writer.transport, wanted.channel), mount.encoder.want_keyframe)
            spoken = f"RTP/AVP/TCP;unicast;interleaved={wanted.channel}-{wanted.channel + 1}"
        else:
            assert wanted.ports is not None
            way = Datagrams(self._house.door, self.peer, wanted.ports)
            self.session = Session(way, mount.encoder.want_keyframe)
            mine = "-".join(map(str, self._house.door.ports))
            spoken = f"RTP/AVP;unicast;client_port={wanted.ports[0]}-{wanted.ports[1]};server_port={mine}"
        self._mount = mount
        transport = f"{spoken};ssrc={mount.ssrc:08X}"
        self._reply(200, request.sequence, Transport=transport, Session=f"{self.session.id};timeout={TIMEOUT}")

    def _control(self, request: Request, session: Session) -> bool:
        assert self._mount is not None
        self._reply(200, request.sequence, Session=session.id, **_range(request))
        if request.method == "PLAY":
            self._mount.join(session)
        elif request.method == "PAUSE":
            self._mount.leave(session)
        elif request.method == "TEARDOWN":
            self._leave()
            return False
        return True

    def _leave(self) -> None:
        session, self.session = self.session, None
        if session is not None and self._mount is not None:
            self._mount.leave(session)
            session.way.close()

    def _leaves_unread(self) -> bool:
        """True for a player that asks and asks and reads no answer."""
        playing = self.session is not None and self.session.playing
        most = MOST_UNREAD + (MOST_VIDEO if playing else 0)
        return self._writer.transport.get_write_buffer_size() > most

    def _reply(self, status: int, sequence: str, body: str = "", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with suppress(ConnectionError):
            if not self._writer.transport.is_closing():
                self._writer.write(answer(status, sequence, named, body))


def _range(request: Request) -> dict[str, str]:
    return {"Range": "npt=now-"} if request.method == "PLAY" else {}
