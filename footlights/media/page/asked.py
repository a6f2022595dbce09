"""What a request asks for, read from its body."""

import json
from typing import Any

from starlette.requests import Request


class TooLongError(ValueError):
    """The body is longer than anything that may be asked."""


async def asked(request: Request, most: int, example: str) -> dict[str, Any]:
    """The JSON object of a request. Only JSON is read: another site cannot send it without being asked first.

    Raises:
        ValueError: the body is no JSON object; TooLongError: it has more than `most` bytes.
    """
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise ValueError(f"send JSON: {example} with Content-Type: application/json")
    body = await body_of(request, most)
    try:
        found = json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"send {example}")
    return found


async def body_of(request: Request, most: int) -> bytes:
    """The body of a request. Raises TooLongError as soon as it has more than `most` bytes."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise TooLongError(f"a request may have {most} bytes")
    return body


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number")
