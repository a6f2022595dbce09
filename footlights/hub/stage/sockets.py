"""What happens on the WebSockets of a stage."""

import asyncio
import hmac

from starlette.types import Receive, Scope, Send

from footlights.core.errors import SettingsError
from footlights.hub.stage.room import Member, RefusedError
from footlights.hub.stage.running import Running
from footlights.hub.stage.seat import NO_MESSAGE, NOT_LET_IN, Seat, SeatClosedError
from footlights.wire.fleet import MessageError
from footlights.wire.stage import Answer, Control, Hello, Moderate, Ping, Pong, Refused, read_said

HELLO_WITHIN = 10.0  # seconds
WRONG = 20  # messages that are none, after which a connection is closed


async def serve_member(running: Running, scope: Scope, receive: Receive, send: Send) -> None:
    """One member, from the handshake to the end."""
    address = scope["client"][0] if scope.get("client") else "unknown"
    await receive()  # the handshake
    if not running.arrives(address):
        await send({"type": "websocket.close", "code": NOT_LET_IN})
        return
    await send({"type": "websocket.accept"})
    seat = Seat(receive, send, running.clock)
    try:
        member = await _let_in(running, seat, address)
    except SeatClosedError:
        return
    try:
        await _member_speaks(running, seat, member)
    except SeatClosedError:
        return
    finally:
        running.leave(member, seat)


async def _let_in(running: Running, seat: Seat, address: str) -> Member:
    """The member that says hello. Raises SeatClosedError."""
    try:
        async with asyncio.timeout(HELLO_WITHIN):
            hello = read_said(await seat.listen())
        if not isinstance(hello, Hello):
            raise MessageError("the first message is hello")
    except (MessageError, TimeoutError):
        await seat.close(NO_MESSAGE)
        raise SeatClosedError from None
    try:
        member, welcome = running.join_room(hello, address, seat)
    except RefusedError as error:
        await seat.say(Refused("hello", "", str(error)))
        await seat.close(NOT_LET_IN)
        raise SeatClosedError from None
    try:
        await seat.say(welcome)
    except SeatClosedError:
        running.leave(member, seat)
        raise
    return member


async def _member_speaks(running: Running, seat: Seat, member: Member) -> None:
    """Answer everything that a member says. Ends with SeatClosedError."""
    wrong = 0
    while True:
        text = await seat.listen()
        if not running.speaks(member):
            await seat.say(Refused("message", "", "too much comes from your network address: wait a moment"))
            continue
        try:
            said = read_said(text)
        except MessageError as error:
            wrong += 1
            if wrong > WRONG:
                await seat.close(NO_MESSAGE)
                raise SeatClosedError from None
            await seat.say(Refused("message", "", str(error)))
            continue
        if isinstance(said, Ping):
            await seat.say(Pong(said.t0, running.clock()))
        elif isinstance(said, Answer):
            counted = running.answer(member, said)
            await running.turns.wait()
            await seat.say(counted)
        else:
            await seat.say(Refused("message", "", "members ask for the time and answer; nothing else"))


async def serve_wall(running: Running, scope: Scope, receive: Receive, send: Send, *, producer: bool) -> None:
    """One wall of somebody who has the key."""
    await receive()
    await send({"type": "websocket.accept"})
    seat = Seat(receive, send, running.clock)
    if not running.add_wall(seat):
        await seat.close(NOT_LET_IN)
        return
    try:
        await seat.say(running.opening(producer=producer))
        while True:
            await _wall_speaks(running, seat)
    except SeatClosedError:
        return
    finally:
        running.remove_wall(seat)


async def _wall_speaks(running: Running, seat: Seat) -> None:
    about = "message"
    try:
        said = read_said(await seat.listen())
        about = type(said).__name__.lower()
        if isinstance(said, Ping):
            await seat.say(Pong(said.t0, running.clock()))
        elif isinstance(said, Control):
            await running.control(said)
        elif isinstance(said, Moderate):
            running.moderate(said)
        else:
            raise MessageError("a wall says control, moderate and ping")
    except (MessageError, SettingsError) as error:
        await seat.say(Refused(about, "", str(error)))


def same(given: str | None, key: str) -> bool:
    """Whether this is the key, in a time that tells nothing."""
    return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())
