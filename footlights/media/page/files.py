"""Answers from files: the page's own, kept in memory, and registered media, read piece by piece by ranges."""

import asyncio
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib import resources
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from footlights.media.page.shows import MediaFile
from footlights.media.page.viewers import first_of, until_closed

PIECE = 256 * 1024  # bytes read at once
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_TYPES = {".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of the page."""

    body: bytes
    media_type: str
    etag: str

    def answer(self, request: Request) -> Response:
        """The file, or 304 where the browser has it already."""
        headers = {"etag": self.etag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type=self.media_type)


def static_files(package: str = "footlights.media.page") -> Mapping[str, StaticFile]:
    """Every file of a package's page, by name. What is not here cannot be asked for."""
    files = {}
    for file in resources.files(package).joinpath("static").iterdir():
        if file.is_file():
            body = file.read_bytes()
            suffix = file.name[file.name.rfind(".") :]
            media_type = _TYPES.get(suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
            files[file.name] = StaticFile(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    return files


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of a `Range` header (RFC 9110, 14.1.2); None where none is understood.

    Raises:
        ValueError: the range lies outside of the file.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
    if start >= end:
        raise ValueError(f"bytes {header} of {size}")
    return start, end


class MediaAnswer:
    """A registered file, or the range of it that the browser asks for."""

    def __init__(self, file: MediaFile, threads: Executor) -> None:
        self._file = file
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        try:
            opened = await loop.run_in_executor(self._threads, self._file.path.open, "rb")
        except OSError:
            await PlainTextResponse("this file is gone\n", 404)(scope, receive, send)
            return
        try:
            size = await loop.run_in_executor(self._threads, opened.seek, 0, 2)
            await self._answer(Request(scope, receive), opened, size, send)
        finally:
            opened.close()

    async def _answer(self, request: Request, opened: BinaryIO, size: int, send: Send) -> None:
        try:
            part = byte_range(request.headers.get("range"), size)
        except ValueError:
            await PlainTextResponse("", 416, {"content-range": f"bytes */{size}"})(request.scope, request.receive, send)
            return
        start, end = part or (0, size)
        headers = {
            "content-type": self._file.media_type,
            "content-length": str(end - start),
            "accept-ranges": "bytes",
            "cache-control": "no-cache",
        }
        if part is not None:
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 206 if part else 200, "headers": raw})
        if request.method != "HEAD":
            await first_of(self._pieces(opened, start, end, send), until_closed(request.receive))
        await send({"type": "http.response.body", "body": b""})

    async def _pieces(self, opened: BinaryIO, start: int, end: int, send: Send) -> None:
        loop = asyncio.get_running_loop()

        def read(at: int) -> bytes:
            opened.seek(at)
            return opened.read(min(PIECE, end - at))

        while start < end and (piece := await loop.run_in_executor(self._threads, read, start)):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            start += len(piece)
