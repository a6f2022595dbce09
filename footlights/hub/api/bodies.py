"""How long a request may be: nobody, with a token or without, fills the hub's memory."""

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 2**20  # bytes of a body that is read whole: a desired document is much smaller


class Bounded:
    """Refuses bodies that are too long, of routes that take theirs whole. The others read piece by piece, and count."""

    def __init__(self, app: ASGIApp, most: int = LARGEST) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            # FastAPI writes down the route that it has found, and whether it reads the body for it.
            if size > self._most and getattr(scope.get("route"), "body_field", None) is not None:
                raise HTTPException(413, f"a request may have {self._most} bytes")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
