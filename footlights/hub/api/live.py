"""Live pictures: the door for devices, which come with a ticket."""

import asyncio

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from footlights.core.errors import SettingsError
from footlights.hub.patience import Patience, address_of
from footlights.hub.relay import EVERY, Channel, Relay
from footlights.media.page.viewers import close, first_of

router = APIRouter()
DONE, REFUSED, TOO_MUCH = 1000, 1008, 1009
SCHEME = "Ticket "


@router.websocket("/api/live/{device}")
async def feed(socket: WebSocket, device: str) -> None:
    """Pictures of a device that was asked for them: JPEG as binary messages, the next one when it is told so."""
    relay: Relay = socket.app.state.hub.relay
    patience: Patience = socket.app.state.patience
    given = socket.headers.get("authorization", "")
    channel = None
    if given.startswith(SCHEME) and not patience.exhausted(address_of(socket)):
        channel = relay.admit(device, given.removeprefix(SCHEME))
    if channel is None:
        patience.wrong(address_of(socket))
        await socket.close(REFUSED)  # before it is accepted: the answer is 403
        return
    await socket.accept()
    try:
        await first_of(_receive(socket, channel), channel.until_ended())
        channel.end("the device has ended it")
        await close(socket, DONE, channel.ended or "")
    except SettingsError as error:
        channel.end("the device sends no pictures")
        await close(socket, TOO_MUCH, str(error))
    except WebSocketDisconnect:
        channel.end("the device has ended it")


async def _receive(socket: WebSocket, channel: Channel) -> None:
    """One picture after the other; the device sends the next when it is told that it may."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            channel.end(str(message.get("reason") or "the device has ended it"))
            return
        channel.put(message.get("bytes") or b"")  # text is no picture
        await asyncio.sleep(EVERY)
        await socket.send_text("next")
