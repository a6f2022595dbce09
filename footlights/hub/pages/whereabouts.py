"""Where the devices are: on the earth, drawn without any map of others, and on plans that somebody uploads."""

import hashlib
import json
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from nicegui import ui
from starlette.concurrency import run_in_threadpool

from footlights.core.errors import SettingsError
from footlights.hub import places
from footlights.hub.api.places import answer
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.hub.places import Plan
from footlights.hub.registry import Device
from footlights.media.page.asked import TooLongError, asked, body_of
from footlights.media.page.forms import button, markup, telling, text

LARGEST = 1000  # bytes of what is asked
EXAMPLE = '{"device": "camera-1", "latitude": 48.2, "longitude": 16.4}'


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /map, and what it asks for."""
    _add_answers(app, hub, sessions)

    @ui.page("/map")
    def look(request: Request, plan: int = 0) -> None:
        user = sessions.inside(request)
        plans = hub.places.plans()
        shown = next((one for one in plans if one.id == plan), None)
        with page("Map", user, "/map"):
            ui.add_head_html('<script type="module" src="/static/map.js"></script>')
            with ui.element("div").classes("heading"):
                markup('<h1 class="title">Where they are</h1>')
                _choices(plans, shown)
                if user.may("operator"):
                    ui.element("plan-upload").props('src="/map/plans"')
            area = ui.element("fleet-map").props(f'src="/map/devices.json?plan={shown.id if shown else 0}"')
            if shown is not None:
                area.props(f'picture="/map/plans/{shown.id}.jpg" width="{shown.width}" height="{shown.height}"')
            if user.may("operator"):
                area.props("editable")
                markup('<p class="help">Drag a device to where it is; one that has no place from the list.</p>')
                if shown is not None:
                    _removal(hub, user, shown)


def _choices(plans: list[Plan], shown: Plan | None) -> None:
    links = "".join(
        f'<a href="/map{where}"{" aria-current=page" if current else ""}>{text(title)}</a>'
        for where, title, current in (
            ("", "The earth", shown is None), *((f"?plan={one.id}", one.title, one == shown) for one in plans)
        )
    )  # fmt: skip
    markup(f'<nav class="steps plans" aria-label="Plans">{links}</nav>')


def _removal(hub: Hub, user: User, plan: Plan) -> None:
    def remove() -> None:
        with telling():
            hub.places.remove(plan.id)
            hub.people.note(user.name, "removed a plan", plan.title)
            ui.navigate.to("/map")

    with ui.dialog() as dialog, ui.card():
        markup(f"<h2>Remove {text(plan.title)}?</h2><p>Devices stand on it no more.</p>")
        button("Remove it", remove, look="primary")
        button("Keep it", dialog.close, look="quiet")
    button("Remove this plan", dialog.open, look="quiet small")


def _add_answers(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    def operator(request: Request) -> User:
        user = sessions.who(request)
        if user is None or not user.may("operator"):
            raise HTTPException(403, "this is for operators")
        return user

    @app.get("/map/devices.json", include_in_schema=False)
    def devices(request: Request, plan: int = 0) -> Response:
        body = json.dumps([_shown(device, plan) for device in hub.overview.devices()], ensure_ascii=False).encode()
        mark = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"etag": mark, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    @app.get("/map/plans/{plan}.jpg", include_in_schema=False)
    def picture(plan: int) -> Response:
        return answer(hub, plan)

    @app.post("/map/place", include_in_schema=False)
    async def place(request: Request) -> Response:
        user = await run_in_threadpool(operator, request)
        try:
            wanted = await asked(request, LARGEST, EXAMPLE)
        except TooLongError:
            raise
        except ValueError as error:
            raise SettingsError(str(error)) from None
        device = str(wanted.pop("device", ""))
        found = await run_in_threadpool(hub.places.place, device, wanted, user.name)
        await run_in_threadpool(hub.people.note, user.name, "placed", device)
        hub.overview.look_again()
        return JSONResponse(found)

    @app.post("/map/plans", include_in_schema=False)
    async def add_plan(request: Request, title: str = "") -> Response:
        user = await run_in_threadpool(operator, request)
        content = await body_of(request, places.LARGEST)
        made = await run_in_threadpool(hub.places.add, title, content)
        await run_in_threadpool(hub.people.note, user.name, "added a plan", made.title)
        return JSONResponse({"id": made.id}, 201)


def _shown(device: Device, plan: int) -> dict[str, Any]:
    """What the map knows of a device: `at` on the earth or on the plan."""
    place = device.place or {}
    on_plan = plan and place.get("plan") == plan
    at = [place["x"], place["y"]] if on_plan else None
    if not plan and "latitude" in place:
        at = [place["longitude"], place["latitude"]]
    look = device.state if device.state != "active" else "online" if device.online else "away"
    said = "online" if look == "online" else device.state if look != "away" else f"last seen {ago(device.seen)}"
    return {"id": device.id, "title": device.title, "look": look, "said": said, "at": at}
