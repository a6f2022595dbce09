"""Live pictures for who has signed in, and the part of a page that shows them."""

import asyncio
from collections.abc import Callable
from urllib.parse import quote

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from nicegui import ui
from starlette.concurrency import run_in_threadpool

from footlights.core.errors import SettingsError
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.relay import Channel
from footlights.media.page.forms import button
from footlights.media.page.viewers import TRY_LATER, close, first_of

LOOK_AGAIN = 5.0  # seconds between two looks whether somebody is still signed in
ROLE = "operator"  # who may look
DONE, REFUSED = 1000, 1008


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The pictures at /live/DEVICE?stream=NAME."""

    @app.websocket("/live/{device}")
    async def look(socket: WebSocket, device: str, stream: str = "") -> None:
        user = await run_in_threadpool(sessions.who, socket)
        if user is None or not user.may(ROLE):
            await socket.close(REFUSED)  # before it is accepted: the answer is 403
            return
        known = await run_in_threadpool(hub.overview.device, device)
        await socket.accept()
        try:
            if known is None or not known.online:
                raise SettingsError("the device is away")
            channel = hub.relay.join(device, stream)
        except SettingsError as error:
            await close(socket, TRY_LATER, str(error))
            return
        try:
            await run_in_threadpool(hub.people.note, user.name, f"looked live at {stream}", device)
            await first_of(_show(socket, channel), _still_here(socket, sessions))
            await close(socket, DONE, channel.ended or "")
        except WebSocketDisconnect:
            return
        finally:
            hub.relay.leave(channel)


async def _show(socket: WebSocket, channel: Channel) -> None:
    """The newest picture, then the newest after the viewer has shown it: nobody gets an old one."""
    free = asyncio.Semaphore(1)

    async def speak() -> None:
        number = 0
        await free.acquire()
        while (newer := await channel.next(number)) is not None:
            number, picture = newer
            await socket.send_bytes(picture)
            await free.acquire()

    async def listen() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            free.release()

    await first_of(speak(), listen(), channel.until_ended())


async def _still_here(socket: WebSocket, sessions: Sessions) -> None:
    """Wait until somebody is signed in no more."""
    while (user := await run_in_threadpool(sessions.who, socket)) is not None and user.may(ROLE):
        await asyncio.sleep(LOOK_AGAIN)


class LiveButton:
    """Opens and closes the live picture of a stream in `place`, instead of the last picture."""

    def __init__(self, device: str, stream: Callable[[], str], place: ui.element, picture: ui.element) -> None:
        ui.add_head_html('<script type="module" src="/static/live.js"></script>')
        self._device, self._stream, self._place, self._picture = device, stream, place, picture
        self._shown: ui.element | None = None
        self._button = button("Live", self._press, icon="videocam")

    def _press(self) -> None:
        self._place.clear()
        opened, self._shown = self._shown, None
        if opened is None:
            with self._place:
                path = f"/live/{quote(self._device)}?stream={quote(self._stream())}"
                self._shown = ui.element("live-picture").props(f'src="{path}"')
        self._picture.set_visibility(opened is not None)
        self._button.set_text("Live" if opened is not None else "End live")
