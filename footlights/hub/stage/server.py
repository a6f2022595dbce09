"""The stage as a web application: alone (`footlights stage`), or mounted by the hub. Needs neither its database nor its
pages.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footlights.core.errors import SettingsError
from footlights.hub.patience import WAIT, Patience, address_of
from footlights.hub.stage import browser
from footlights.hub.stage.doing import beside, films
from footlights.hub.stage.running import ROLES, Running
from footlights.hub.stage.sockets import same, serve_member, serve_wall
from footlights.media.page.asked import TooLongError, asked
from footlights.media.page.files import MediaAnswer, StaticFile, static_files
from footlights.media.page.guard import HEADERS as OF_EVERY_ANSWER
from footlights.media.page.guard import cookies, foreign, headed
from footlights.media.page.shows import media_file
from footlights.recognition.definitions import Definition
from footlights.wire.show import to_document

LARGEST_SHOW = 256 * 1024  # bytes of a show that the producer sends
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {**OF_EVERY_ANSWER, "content-security-policy": POLICY}
_SOCKET = re.compile(r"/stage/([a-z0-9-]{1,40})/(member|wall)")
_FRESH = {"cache-control": "no-store"}
T = TypeVar("T")
Answering = Callable[[Request, Running], Awaitable[Any]]


class Stage:
    """All shows that run here, by name. `known`: the library of gestures. `operator`: who needs no key."""

    def __init__(self, known: Mapping[str, Definition], patience: Patience | None = None) -> None:
        self.shows: dict[str, Running] = {}
        self.gestures = known
        self.operator: Callable[[HTTPConnection], bool] = lambda request: False
        self._patience = patience or Patience()
        self._threads = ThreadPoolExecutor(4, "stage files")
        self._static: Mapping[str, StaticFile] = {**static_files(), **static_files("footlights.hub.stage.pages")}
        self._pages = Starlette(routes=self._routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whatever lies below /stage/. WebSockets go straight to their show: 5 000 of them keep little."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        with_headers = headed(send, HEADERS)
        if foreign(HTTPConnection(scope)):
            await PlainTextResponse("another site may not use the stage\n", 403)(scope, receive, with_headers)
            return
        await self._pages(scope, receive, with_headers)

    async def end(self, name: str) -> None:
        """End a show. Raises SettingsError: it does not run."""
        if name not in self.shows:
            raise SettingsError(f"the show '{name[:60]}' does not run")
        await self.shows.pop(name).close()

    async def close(self) -> None:
        """End every show that runs."""
        for running in self.shows.values():
            await running.close()
        self._threads.shutdown(wait=False)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        found = _SOCKET.fullmatch(scope["path"])
        running = self.shows.get(found[1]) if found else None
        if found is None or running is None or foreign(request):
            await _refuse(receive, send)
            return
        running.start()
        if found[2] == "member":
            del request
            await serve_member(running, scope, receive, send)
        elif self._refusal(request, running, "artist") is None:
            producer = self._refusal(request, running, "producer") is None
            await serve_wall(running, scope, receive, send, producer=producer)
        else:
            await _refuse(receive, send)

    # Keys

    def _refusal(self, request: HTTPConnection, running: Running, role: str) -> Response | None:
        """What somebody is told who may not do what this role may; None: it may. Wrong keys are counted."""
        address, shown, held = address_of(request), _shown(request, running), set[str]()
        if self.operator(request):
            return None
        tried = [key for key in shown if not self._patience.exhausted(address, key)]
        for key in tried:
            fits = {which for which in ROLES if same(key, running.keys.of(which))}
            (self._patience.right if fits else self._patience.wrong)(address, key)
            held |= fits
        if held & {"producer", role}:
            return None
        if shown and not tried:
            return PlainTextResponse(f"{WAIT}\n", 429)
        return PlainTextResponse("this needs its key: open the whole address that was printed\n", 403)

    # Addresses

    def _routes(self) -> list[Route]:
        return [
            Route("/static/{name}", self._static_file),
            Route("/stage/static/{name}", self._static_file),
            Route("/stage/runtime/{digest}/{name}", self._runtime),
            Route("/stage/gestures", self._gestures),
            Route("/stage/figures/{name}", self._figure),
            Route("/stage/{show}", self._with_slash),
            Route("/stage/{show}/", self._for(self._page("audience.html"))),
            Route("/stage/{show}/artist", self._for(self._page("artist.html"), "artist")),
            Route("/stage/{show}/producer", self._for(self._page("producer.html"), "producer")),
            Route("/stage/{show}/media", self._for(self._media)),
            Route("/stage/{show}/effect/{name:path}", self._for(self._film, "artist")),
            Route("/stage/{show}/qr.svg", self._for(self._qr)),
            Route("/stage/{show}/about", self._for(self._about)),
            Route("/stage/{show}/replay", self._for(self._replay, "artist")),
            Route("/stage/{show}/show", self._for(self._show, "producer"), methods=["GET"]),
            Route("/stage/{show}/show", self._for(self._change, "producer"), methods=["PUT"]),
        ]

    def _for(self, answer: Answering, who: str = "") -> Callable[[Request], Awaitable[Any]]:
        """An answer about a show that runs, to somebody who has the key that it needs."""

        async def checked(request: Request) -> Any:
            running = self.shows.get(request.path_params["show"])
            if running is None:
                return PlainTextResponse("there is no such show\n", 404)
            if who and (refusal := self._refusal(request, running, who)) is not None:
                return refusal
            if who and request.query_params.get("key") and request.method == "GET":
                return _key_into_cookie(request, running)
            return await answer(request, running)

        return checked

    def _page(self, name: str) -> Answering:
        async def answer(request: Request, running: Running) -> Response:
            file = self._static.get(name)
            if file is None:
                return PlainTextResponse("this page is missing\n", 404)
            page = file.answer(request)
            page.headers["content-security-policy"] = browser.page_policy(POLICY, name)
            return page

        return answer

    async def _static_file(self, request: Request) -> Response:
        file = self._static.get(request.path_params["name"])
        return PlainTextResponse("there is no such file\n", 404) if file is None else file.answer(request)

    async def _with_slash(self, request: Request) -> Response:
        return RedirectResponse(f"/stage/{request.path_params['show']}/", 307)

    async def _media(self, request: Request, running: Running) -> Any:
        return self._file(running, running.show.media or "")

    async def _film(self, request: Request, running: Running) -> Any:
        name = request.path_params["name"]
        return self._file(running, name if name in films(running.show) else "")

    def _file(self, running: Running, name: str) -> Any:
        try:
            return MediaAnswer(media_file(beside(running.path.parent, name)), self._threads)
        except SettingsError as error:
            return PlainTextResponse(f"{error}\n" if name else "there is no such file\n", 404)

    async def _qr(self, request: Request, running: Running) -> Response:
        from footlights.hub.stage.qr import svg

        drawn = svg(running.join)
        if drawn is None:
            return PlainTextResponse("QR codes need segno: pip install segno\n", 404)
        return Response(drawn, media_type="image/svg+xml")

    async def _about(self, request: Request, running: Running) -> Response:
        show = running.show
        facts = {"title": show.title, "sections": show.sections, "buttons": show.buttons, "media": running.media.kind}
        return JSONResponse(facts, headers=_FRESH)

    async def _gestures(self, request: Request) -> Response:
        return JSONResponse(await self._in_thread(browser.catalogue, self.gestures), headers=_FRESH)

    async def _figure(self, request: Request) -> Response:
        return await self._in_thread(browser.figure_answer, request.path_params["name"], self.gestures)

    async def _runtime(self, request: Request) -> Response:
        parts = request.path_params
        return await self._in_thread(browser.runtime_answer, parts["digest"], parts["name"])

    async def _in_thread(self, work: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    async def _replay(self, request: Request, running: Running) -> Response:
        return JSONResponse(running.replay_now(), headers=_FRESH)

    async def _show(self, request: Request, running: Running) -> Response:
        return JSONResponse(to_document(running.show), headers=_FRESH)

    async def _change(self, request: Request, running: Running) -> Response:
        try:
            await running.change(await asked(request, LARGEST_SHOW, '{"title": "...", "cues": []}'))
        except TooLongError as error:
            return JSONResponse({"problems": [str(error)]}, 413)
        except ValueError as error:  # a SettingsError, too
            return JSONResponse({"problems": str(error).splitlines()}, 400)
        return Response(status_code=204)


def alone(stage: Stage, home: str) -> ASGIApp:
    """The stage on a server of its own, where "/" leads to the one show that there is."""

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        for running in stage.shows.values():
            running.start()
        yield

    async def to_show(request: Request) -> Response:
        return RedirectResponse(home, 307)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    rest = Starlette(routes=[Route("/", to_show), Route("/healthz", health)], lifespan=life)
    return mounted(stage, rest, ("/stage/", "/static/"))


def mounted(stage: Stage, app: ASGIApp, places: tuple[str, ...] = ("/stage/",)) -> ASGIApp:
    """The stage before another application, so that nothing of that is kept for thousands of connections."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def heard() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await stage.close()
            return message

        if scope["type"] == "lifespan":
            await app(scope, heard, send)
        else:
            await (stage if scope["path"].startswith(places) else app)(scope, receive, send)

    return answer


def _cookie(running: Running, role: str) -> str:
    return f"footlights-stage-{running.name}-{role}"


def _shown(request: HTTPConnection, running: Running) -> list[str]:
    """The keys that a request carries: in its address, and in cookies."""
    kept = cookies(request)
    given = [request.query_params.get("key"), *(kept.get(_cookie(running, role)) for role in ROLES)]
    return [key for key in given if key]


def _key_into_cookie(request: Request, running: Running) -> Response:
    """The key moves from the address, which others may see, into a cookie that no script can read."""
    answer = RedirectResponse(request.url.path, 303)
    for role in ROLES:
        if same(request.query_params["key"], key := running.keys.of(role)):
            # Lax: a link in a message opens the wall; nothing that another site sends carries the cookie.
            answer.set_cookie(
                _cookie(running, role),
                key,
                httponly=True,
                samesite="lax",
                secure=request.url.scheme == "https",
                path=f"/stage/{running.name}/",
            )
    return answer


async def _refuse(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})
