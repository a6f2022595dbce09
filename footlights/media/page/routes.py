"""The addresses of the page."""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from footlights.core.errors import FootlightsError
from footlights.media.page.asked import asked
from footlights.media.page.cards import POLICY as CARD_POLICY
from footlights.media.page.files import MediaAnswer, StaticFile, static_files
from footlights.media.page.guard import Guard
from footlights.media.page.live_video import LiveVideoRoutes
from footlights.media.page.metrics import CONTENT_TYPE, metrics
from footlights.media.page.senders import CameraDoor
from footlights.media.page.settings import SettingRoutes
from footlights.media.page.sources import Sources, one_line
from footlights.media.page.state import PageState
from footlights.media.page.viewers import picture_stream, watch_events, watch_stream

MOST_BODY = 4096  # bytes of a request
_FRESH = {"cache-control": "no-store"}


class Routes:
    """Answers requests from the state of the page."""

    def __init__(
        self,
        state: PageState,
        sources: Sources,
        door: CameraDoor,
        threads: Executor,
        home: str,
        live: LiveVideoRoutes,
    ) -> None:
        self._state = state
        self._live = live
        self._sources = sources
        self._settings = SettingRoutes(sources, state)
        self._door = door
        self._threads = threads
        self._home = home  # the file that is the page
        self._static: Mapping[str, StaticFile] = static_files()

    def app(self, token: str | None, cookie: str) -> ASGIApp:
        """The whole application behind its guard."""
        routes = [
            Route("/", self._page(self._home)),
            Route("/camera", self._page("camera.html")),
            Route("/favicon.ico", self._page("icon.svg")),
            Route("/static/{name}", self._static_file),
            Route("/healthz", self._health),
            Route("/media/{token}", self._media),
            Route("/show/{token}", self._show),
            Route("/api/shows/{token}", self._show_facts),
            Route("/cards/{token}", self._card_picture),
            *self._live.routes(),
            *self._settings.routes(),
            Route("/api/stats", self._stats),
            Route("/metrics", self._metrics),
            Route("/api/choice", self._choice, methods=["GET"]),
            Route("/api/choice", self._choose, methods=["POST"]),
            Route("/api/sources", self._list_sources, methods=["GET"]),
            Route("/api/sources", self._add_source, methods=["POST"]),
            Route("/api/sources/{name:path}", self._remove_source, methods=["DELETE"]),
            Route("/streams/{name:path}.mjpeg", self._picture_stream),
            WebSocketRoute("/streams/{name:path}/raw", self._raw_socket),
            WebSocketRoute("/streams/{name:path}/cards", self._cards_socket),
            WebSocketRoute("/streams/{name:path}", self._picture_socket),
            WebSocketRoute("/events", self._events_socket),
            WebSocketRoute("/camera/{name}", self._camera_socket),
        ]
        return Guard(Starlette(routes=routes), token, cookie)

    def _page(self, name: str) -> Any:
        async def answer(request: Request) -> Response:
            return self._static[name].answer(request)

        return answer

    async def _static_file(self, request: Request) -> Response:
        file = self._static.get(request.path_params["name"])
        return PlainTextResponse("there is no such file\n", 404) if file is None else file.answer(request)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_FRESH)

    async def _media(self, request: Request) -> Any:
        file = self._state.shows.file(request.path_params["token"])
        return PlainTextResponse("there is no such file\n", 404) if file is None else MediaAnswer(file, self._threads)

    async def _card_picture(self, request: Request) -> Response:
        picture = self._state.card_pictures.file(request.path_params["token"])
        if picture is None:
            return PlainTextResponse("there is no such file\n", 404)
        headers = {"content-security-policy": CARD_POLICY, "cache-control": "private, max-age=86400"}
        return Response(picture.body, headers=headers, media_type=picture.media_type)

    async def _show(self, request: Request) -> Response:
        """The player, which may load from the one address that its show names and from nowhere else."""
        show = self._state.shows.get(request.path_params["token"])
        if show is None:
            return PlainTextResponse("this show is over\n", 404)
        response = self._static["player.html"].answer(request)
        foreign = f" {show.origin}" if show.origin else ""
        frames = show.origin or "'none'"
        response.headers["content-security-policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
            f"img-src 'self'{foreign}; media-src 'self'{foreign}; frame-src {frames}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
        # YouTube plays only for a page that says where it is embedded.
        response.headers["referrer-policy"] = "strict-origin-when-cross-origin"
        return response

    async def _show_facts(self, request: Request) -> Response:
        show = self._state.shows.get(request.path_params["token"])
        if show is None:
            return _problem("this show is over", 404)
        return JSONResponse(
            {"kind": show.kind, "src": show.src, "link": show.link, "title": show.title}, headers=_FRESH
        )

    async def _stats(self, request: Request) -> Response:
        return JSONResponse({"streams": self._state.streams()}, headers=_FRESH)

    async def _metrics(self, request: Request) -> Response:
        return Response(metrics(self._state.stats.values()), headers={**_FRESH, "content-type": CONTENT_TYPE})

    async def _list_sources(self, request: Request) -> Response:
        answer = {"fixed": self._sources.fixed, "sources": await self._sources.states()}
        return JSONResponse(answer, headers=_FRESH)

    async def _add_source(self, request: Request) -> Response:
        try:
            url = await _asked(request, "url", "0")
            return JSONResponse({"name": await self._sources.add(url)}, 201)
        except FootlightsError as error:
            return _problem(one_line(error), 409)
        except ValueError as error:
            return _problem(str(error), 400)

    async def _remove_source(self, request: Request) -> Response:
        try:
            await self._sources.remove(request.path_params["name"])
        except FootlightsError as error:
            return _problem(one_line(error), 404)
        return Response(status_code=204)

    async def _choice(self, request: Request) -> Response:
        chosen, choices = await self._sources.choice()
        return JSONResponse({"chosen": chosen, "choices": choices}, headers=_FRESH)

    async def _choose(self, request: Request) -> Response:
        try:
            await self._sources.choose(await _asked(request, "name", "blazeface"))
            chosen, choices = await self._sources.choice()
        except FootlightsError as error:
            return _problem(one_line(error), 409)
        except ValueError as error:
            return _problem(str(error), 400)
        self._state.choice(chosen, choices)
        return JSONResponse({"chosen": chosen, "choices": choices}, headers=_FRESH)

    async def _picture_stream(self, request: Request) -> Any:
        return await picture_stream(self._state, request)

    async def _picture_socket(self, socket: WebSocket) -> None:
        await watch_stream(self._state, socket)

    async def _raw_socket(self, socket: WebSocket) -> None:
        await watch_stream(self._state, socket, "raw")

    async def _cards_socket(self, socket: WebSocket) -> None:
        await watch_stream(self._state, socket, "cards")

    async def _events_socket(self, socket: WebSocket) -> None:
        await watch_events(self._state, socket)

    async def _camera_socket(self, socket: WebSocket) -> None:
        await self._door(socket)


async def _asked(request: Request, key: str, example: str) -> str:
    """The text under a key of a JSON body.

    Raises:
        ValueError: the body is too long or is something else.
    """
    found = (await asked(request, MOST_BODY, f'{{"{key}": "{example}"}}')).get(key)
    if not isinstance(found, str):
        raise ValueError(f'send {{"{key}": "..."}}')
    return found


def _problem(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status, headers=_FRESH)
