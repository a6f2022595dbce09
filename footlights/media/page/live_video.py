"""Video on the page: HLS playlists and segments, WebRTC calls as WHEP wants them, pictures of what happened."""

import asyncio
from typing import Protocol
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from footlights.core.errors import SettingsError, SinkError
from footlights.media.hls import Hls
from footlights.media.snapshot import PastPictures

MOST_OFFER = 64 * 1024  # bytes
_FRESH = {"cache-control": "no-store"}


class Calls(Protocol):
    """Who answers the offers of browsers; `media.webrtc` does."""

    def answer(self, name: str, offer: str) -> tuple[str, str]:
        """The number of the call and the answer. Raises SettingsError and SinkError."""

    def hang_up(self, number: str) -> None:
        """End a call. Does nothing where there is none of this number."""


class LiveVideoRoutes:
    """What the page offers of video: nothing until `hls`, `webrtc` or `past` is set."""

    def __init__(self) -> None:
        self.hls: Hls | None = None
        self.webrtc: Calls | None = None
        self.past: PastPictures | None = None

    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/hls/{name:path}/{file}", self._file),
            Route("/whep/{name:path}", self._call, methods=["POST"]),
            Route("/calls/{number}", self._hang_up, methods=["DELETE"]),
            Route("/snapshots/{stream}/{file}", self._snapshot),
        ]

    async def _file(self, request: Request) -> Response:
        """A playlist or a segment. Players send no cookie: the token that they were given stands behind every name."""
        token = request.query_params.get("token")
        query = "?" + urlencode({"token": token}) if token else ""
        name, file = request.path_params["name"], request.path_params["file"]
        answer = await asyncio.to_thread(self.hls.answer, name, file, query) if self.hls is not None else None
        if answer is None:
            return PlainTextResponse("there is no such live video\n", 404)
        return Response(answer.body, headers=_FRESH, media_type=answer.media_type)

    async def _snapshot(self, request: Request) -> Response:
        """The picture of a moment at which something happened."""
        stream, file = request.path_params["stream"], request.path_params["file"]
        picture = self.past.at(f"/snapshots/{quote(stream, safe='')}/{file}") if self.past is not None else None
        if picture is None:
            return PlainTextResponse("there is no such picture any more\n", 404)
        return Response(picture, headers={"cache-control": "private, max-age=86400"}, media_type="image/jpeg")

    async def _call(self, request: Request) -> Response:
        """An offer (SDP) in, an answer out."""
        if self.webrtc is None:
            return PlainTextResponse("there is no live video over WebRTC here\n", 404)
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/sdp":
            return PlainTextResponse("send an offer with Content-Type: application/sdp\n", 415)
        offer = b""
        async for piece in request.stream():
            offer += piece
            if len(offer) > MOST_OFFER:
                return PlainTextResponse(f"an offer may have {MOST_OFFER} bytes\n", 413)
        name = request.path_params["name"]
        try:
            number, answer = await asyncio.to_thread(self.webrtc.answer, name, offer.decode("utf-8", "replace"))
        except SettingsError as fault:
            return PlainTextResponse(f"{fault}\n", 400)
        except SinkError as fault:
            return PlainTextResponse(f"{fault}\n", 503)
        headers = {**_FRESH, "location": f"/calls/{quote(number)}"}
        return Response(answer, 201, headers, media_type="application/sdp")

    async def _hang_up(self, request: Request) -> Response:
        if self.webrtc is not None:
            await asyncio.to_thread(self.webrtc.hang_up, request.path_params["number"])
        return Response(status_code=204)
