"""The studio as one application: pages of forms and tables by NiceGUI, hand-written pages, and what both ask for."""

import logging
from collections.abc import Mapping
from importlib import resources
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from nicegui import ui
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footlights.core.errors import FootlightsError, InstallError, ModelError, SettingsError, SinkError, SourceError
from footlights.media.page.files import StaticFile, static_files
from footlights.studio.web import api, boxes, clips, live, pages, runs
from footlights.studio.web.workshop import Workshop

TOOLS = {  # hand-written pages of a project: the kinds of projects that have them
    "capture": ("photos",),
    "record": ("clips",),
    "tag": ("clips",),
    "draw": ("boxes",),
    "live": ("photos", "clips", "boxes"),
}
STATUS: Mapping[type[FootlightsError], int] = {
    SettingsError: 400, SourceError: 404, SinkError: 507, ModelError: 409, InstallError: 501,
}  # fmt: skip
# NiceGUI builds its pages from templates in the browser: scripts of this server may be made of text there.
FORMS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def make_app(workshop: Workshop) -> ASGIApp:
    """Every page and every route of the studio. NiceGUI allows one in a process."""
    logging.getLogger("nicegui").setLevel(logging.ERROR)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(FootlightsError, _told)
    app.add_exception_handler(RequestValidationError, _misread)
    for routes in (api.api, boxes.api, clips.api, runs.api, live.api):
        app.include_router(routes(workshop))
    _add_files(app, {**static_files(), **static_files("footlights.studio.web")}, workshop)
    pages.add(workshop)
    icon = resources.files("footlights.media.page").joinpath("static/icon.svg").read_text(encoding="utf-8")
    ui.run_with(app, title="footlights studio", dark=True, tailwind=False, favicon=icon, show_welcome_message=False)
    return _Policies(app)


def _add_files(app: FastAPI, files: Mapping[str, StaticFile], workshop: Workshop) -> None:
    @app.get("/static/{name}")
    def static(name: str, request: Request) -> Response:
        file = files.get(name)
        return PlainTextResponse("there is no such file\n", 404) if file is None else file.answer(request)

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    for tool in TOOLS:
        app.add_api_route(f"/p/{{name}}/{tool}", _tool(tool, files, workshop), methods=["GET"])


def _tool(tool: str, files: Mapping[str, StaticFile], workshop: Workshop) -> Any:
    def page(name: str, request: Request) -> Response:
        kind = workshop.project(name).kind
        if kind not in TOOLS[tool]:
            raise SourceError(f"a project of {kind} has no page {tool!r}")
        return files[f"{tool}.html"].answer(request)

    return page


async def _told(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 409)
    return api.problem(str(error).splitlines()[0], status)


async def _misread(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return api.problem(f"{where or 'the request'}: {first['msg']}", 400)


class _Policies:
    """Gives NiceGUI's pages their own content policy; all others get the strict one of the guard."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        mine = path.startswith(("/api/", "/static/")) or path.rpartition("/")[2] in TOOLS

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("content-security-policy", FORMS_POLICY)
            await send(message)

        await self._app(scope, receive, send if mine or scope["type"] != "http" else with_policy)
