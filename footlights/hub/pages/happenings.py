"""Newest events with their pictures, as markup."""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from sqlalchemy import select

from footlights.hub import schema
from footlights.hub.hub import Hub
from footlights.hub.overview import Happened
from footlights.hub.pages.shell import ago
from footlights.media.page.forms import text

FOREVER = "private, max-age=86400, immutable"


def add(app: FastAPI, hub: Hub) -> None:
    """The pictures of events at /events/DEVICE/SESSION/SEQUENCE.jpg."""

    @app.get("/events/{device}/{session}/{sequence}.jpg", include_in_schema=False)
    def picture(device: str, session: str, sequence: int) -> Response:
        table = schema.pictures.c
        mine = (table.device == device, table.session == session, table.event == min(sequence, 2**53))
        with hub.database.read() as connection:
            jpeg = connection.scalar(select(table.jpeg).where(*mine).order_by(table.id.desc()).limit(1))
        if jpeg is None:
            raise HTTPException(404, "there is no picture of this event")
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": FOREVER})


def newest_of(hub: Hub, device: str, most: int) -> list[Happened]:
    """The newest events of a device, from the database: the newest first."""
    table = schema.messages.c
    wanted = select(table.device, table.session, table.sequence, table.time, table.body).where(
        table.device == device, table.kind == "event"
    )
    with hub.database.read() as connection:
        rows = connection.execute(wanted.order_by(table.time.desc()).limit(most)).all()
        numbers = [row.sequence for row in rows]
        pictures = schema.pictures.c
        seen = select(pictures.session, pictures.event).where(pictures.device == device, pictures.event.in_(numbers))
        pictured = {(session, event) for session, event in connection.execute(seen)}
    return [Happened(*row, picture=(row.session, row.sequence) in pictured) for row in rows]


def event_list(events: list[Happened], *, named: bool) -> str:
    """Markup of events; `named`: with the device of each."""
    if not events:
        return '<p class="empty">Nothing has happened yet.</p>'
    return f'<ul class="events">{"".join(_line(event, named) for event in events)}</ul>'


def _line(event: Happened, named: bool) -> str:
    device = f'<a href="/devices/{text(event.device)}">{text(event.device)}</a> ' if named else ""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(event.time))
    shown = ""
    if event.picture:
        place = f"/events/{text(event.device)}/{event.session}/{event.sequence}.jpg"
        shown = f'<a href="{place}" target="_blank"><img src="{place}" alt="what was seen" loading="lazy"></a>'
    return (
        f'<li>{shown}<span><time title="{when} UTC">{ago(event.time)}</time> {device}'
        f"<b>{text(event.body.get('kind', ''))}</b> {text(_words(event.body))}</span></li>"
    )


def _words(body: Mapping[str, Any]) -> str:
    data = body.get("data")
    told = ", ".join(f"{key} {value}" for key, value in list(data.items())[:3]) if isinstance(data, Mapping) else ""
    return f"on {body.get('stream', '')}{': ' if told else ''}{told}"[:160]
