"""The whole site of a hub: the interface for programs, the pages for people, and the door before both."""

import logging
from importlib import resources

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from nicegui import ui
from starlette.types import ASGIApp

from footlights.hub import pages
from footlights.hub.api.application import application
from footlights.hub.hub import Hub
from footlights.hub.pages.session import OneSite, Sessions
from footlights.hub.stage.server import mounted
from footlights.media.page.files import static_files


def site(hub: Hub, *, tls: bool) -> ASGIApp:
    """Everything that the hub answers over HTTP. NiceGUI allows one in a process."""
    logging.getLogger("nicegui").setLevel(logging.ERROR)
    app = application(hub)
    sessions = Sessions(hub.people, app.state.patience, tls=tls)
    sessions.add_to(app)
    files = {**static_files(), **static_files("footlights.hub.pages")}

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str, request: Request) -> Response:
        file = files.get(name)
        return PlainTextResponse("there is no such file\n", 404) if file is None else file.answer(request)

    pages.add(app, hub, sessions)
    icon = resources.files("footlights.media.page").joinpath("static/icon.svg").read_text(encoding="utf-8")
    ui.run_with(app, title="footlights hub", dark=True, tailwind=False, favicon=icon, show_welcome_message=False)
    stage = app.state.shows.stage
    stage.operator = sessions.operates
    return mounted(stage, OneSite(app, sessions))
