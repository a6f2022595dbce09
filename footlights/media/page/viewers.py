"""How viewers are served: events over a WebSocket, pictures over a WebSocket or as MJPEG."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from footlights.media.page.feed import as_json
from footlights.media.page.pictures import LiveView
from footlights.media.page.state import PageState, View

IDLE = 10.0  # seconds without news after which a viewer is told that all is well
MOST_VIEWERS = 100  # of events
MOST_LOOKING = 32  # at one picture
IN_FLIGHT = 2  # pictures that a viewer may have on the way before it says that it has shown one
PATIENCE = 2.0  # seconds to say goodbye to a viewer that does not read

GOING_AWAY = 1001
TRY_LATER = 1013
_BOUNDARY = b"footlights-picture"


async def first_of(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run until one of them ends, then stop the others. Raises what the ended one raised."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def until_gone(socket: WebSocket) -> None:
    """Read and forget whatever a viewer says, until it goes."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def close(socket: WebSocket, code: int, reason: str) -> None:
    """Close with a reason, without waiting long for somebody who does not read."""
    short = reason.encode()[:120].decode(errors="ignore")  # a WebSocket's reason has 123 bytes at most
    try:
        await asyncio.wait_for(socket.close(code, short), PATIENCE)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return  # it is gone already, or stands still: the connection is dropped when this returns


async def watch_events(state: PageState, socket: WebSocket) -> None:
    """Everything that happens, as JSON: `hello`, the recent events, then what comes."""
    if len(state.feed.viewers) >= MOST_VIEWERS:
        await socket.accept()
        await close(socket, TRY_LATER, f"{MOST_VIEWERS} viewers watch already")
        return
    state.catch_up()
    viewer = state.feed.join()  # before it is told that it is connected: from then on it misses nothing

    async def speak() -> None:
        await socket.send_text(as_json(state.hello()))
        while True:
            message = await viewer.next(IDLE)
            await socket.send_text(message or '{"type":"tick"}')

    async def fallen() -> None:
        await viewer.fell.wait()

    try:
        await socket.accept()
        await first_of(speak(), until_gone(socket), fallen())
    except WebSocketDisconnect:
        return
    finally:
        state.feed.viewers.discard(viewer)
    if viewer.reason:
        await close(socket, GOING_AWAY if state.closing else TRY_LATER, viewer.reason)


async def watch_stream(state: PageState, socket: WebSocket, view: View = "painted") -> None:
    """One stream as binary messages: JPEG, or JSON for cards. The viewer answers each with any text: slow ones skip."""
    await socket.accept()
    state.catch_up()
    picture = state.view(socket.path_params["name"], view)
    if picture is None or picture.viewers >= MOST_LOOKING:
        await close(socket, TRY_LATER, "no such stream" if picture is None else f"{MOST_LOOKING} look already")
        return
    free = asyncio.Semaphore(IN_FLIGHT)

    async def speak() -> None:
        number = 0
        await free.acquire()
        while (newer := await picture.next(number)) is not None:
            number, rendered = newer
            await socket.send_bytes(rendered)
            await free.acquire()

    async def listen() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            free.release()

    picture.viewers += 1
    try:
        await first_of(speak(), listen())
    except WebSocketDisconnect:
        return
    finally:
        picture.viewers -= 1
    await close(socket, GOING_AWAY, "this stream has ended")


class PictureStream:
    """One stream's pictures as `multipart/x-mixed-replace`, which <img> and most players show."""

    def __init__(self, picture: LiveView) -> None:
        self._picture = picture

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content_type = b"multipart/x-mixed-replace; boundary=" + _BOUNDARY
        headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._picture.viewers += 1
        try:
            await first_of(self._speak(send), until_closed(receive))
        finally:
            self._picture.viewers -= 1
        await send({"type": "http.response.body", "body": b""})

    async def _speak(self, send: Send) -> None:
        number, head = 0, b"--" + _BOUNDARY
        await send({"type": "http.response.body", "body": head, "more_body": True})
        while (newer := await self._picture.next(number)) is not None:
            number, jpeg = newer
            # The boundary follows each picture at once: browsers show a picture only when they have seen its end.
            part = b"\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
            await send({"type": "http.response.body", "body": part + jpeg + b"\r\n" + head, "more_body": True})


async def picture_stream(state: PageState, request: Request) -> Any:
    """The MJPEG answer for `/streams/NAME.mjpeg`."""
    state.catch_up()
    picture = state.view(request.path_params["name"])
    if picture is None:
        return PlainTextResponse("there is no such stream\n", 404)
    if picture.viewers >= MOST_LOOKING:
        return PlainTextResponse(f"{MOST_LOOKING} look already\n", 503)
    return PictureStream(picture)


async def until_closed(receive: Receive) -> None:
    """Return when whoever asked over HTTP is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
