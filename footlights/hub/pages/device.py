"""One device: what it sees, how it is, what it is to be, what it said, what it can be told."""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from nicegui import run, ui
from sqlalchemy import select

from footlights.hub import schema
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.pages.telling import tell
from footlights.hub.pages.twin_editor import TwinEditor
from footlights.hub.people import User
from footlights.hub.registry import Device
from footlights.media.page.forms import button, markup, note, telling, text

REFRESH = 1.0  # seconds
EVENTS = 12  # that are listed
MINUTES = 60  # of the charts
CHARTED = ("fps", "people")


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /devices/NAME, and its pictures."""

    @app.get("/devices/{name}/picture.jpg", include_in_schema=False)
    def picture(name: str) -> Response:
        table = schema.pictures
        newest = select(table.c.jpeg).where(table.c.device == name).order_by(table.c.id.desc()).limit(1)
        with hub.database.read() as connection:
            jpeg = connection.scalar(newest)
        if jpeg is None:
            raise HTTPException(404, "there is no picture of this device yet")
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "no-store"})

    @ui.page("/devices/{name}")
    def device(request: Request, name: str) -> None:
        user = sessions.who(request)
        assert user is not None  # the door lets nobody else through
        known = next((found for found in hub.registry.devices() if found.id == name), None)
        with page(name, user, ""):
            if known is None:
                note(f"there is no device '{name[:80]}'", "bad")
                button("The fleet", to="/")
                return
            head = markup(_head(known))
            with ui.element("div").classes("device"):
                with ui.element("section").classes("panel"):
                    _sight(hub, user, name)
                with ui.element("section").classes("panel"):
                    markup("<h2>What it is to be</h2>")
                    editor = TwinEditor(hub, user, name)
                with ui.element("section").classes("panel"):
                    markup("<h2>How it is</h2>")
                    health = Health(hub, name)
                with ui.element("section").classes("panel"):
                    markup("<h2>What it said</h2>")
                    said = markup("")
            if user.may("admin"):
                _ending(hub, user, name)

            def refresh() -> None:
                found = next(found for found in hub.registry.devices() if found.id == name)
                head.set_content(_head(found))
                said.set_content(_said(hub, name))
                health.refresh()
                editor.refresh()

            refresh()
            ui.timer(REFRESH, refresh)


def _head(device: Device) -> str:
    look = "blocked" if device.state == "blocked" else "online" if device.online else "away"
    state = device.state if device.state != "active" else "online" if device.online else f"last seen {ago(device.seen)}"
    return (
        f'<div class="heading"><h1 class="title">{text(device.title)}</h1>'
        f'<span class="state" data-look="{look}">{text(state)}</span></div>'
    )


def _sight(hub: Hub, user: User, name: str) -> None:
    """The last picture, and what the device can be told."""
    with hub.database.read() as connection:
        seen = connection.scalar(select(schema.pictures.c.id).where(schema.pictures.c.device == name).limit(1))
    image = ui.image(f"/devices/{name}/picture.jpg" if seen else "").classes("sight")
    image.set_visibility(seen is not None)
    empty = markup("" if seen else '<p class="empty">No picture yet.</p>')
    answer = markup("")

    async def ask(what: str, arguments: Mapping[str, Any]) -> None:
        answer.set_content('<p class="help">…</p>')
        words = await run.io_bound(tell, hub, user, name, what, dict(arguments)) or ""
        answer.set_content(f'<p class="help">{text(what)}: {text(words)}</p>')
        if what == "snapshot" and words.startswith("done"):
            image.set_source(f"/devices/{name}/picture.jpg?v={time.time():.3f}")
            image.set_visibility(True)
            empty.set_content("")

    if user.may("operator"):
        streams = [str(entry.get("name", "")) for entry in hub.twins.twin(name).desired.document.get("sources", ())]
        chosen = streams[0] if streams else ""
        with ui.element("div").classes("row"):
            button("Take a picture", lambda: ask("snapshot", {"stream": chosen}), look="primary", icon="photo_camera")
            button("Ping", lambda: ask("ping", {}), look="small")
            button("Restart the pipeline", lambda: ask("restart-pipeline", {}), look="small")


class Health:
    """Charts of the last hour, and the newest figures."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name
        self._facts = markup("")
        self._charts = {what: ui.echart(_options(what)).classes("chart") for what in CHARTED}
        self._drawn: dict[str, Any] = {}

    def refresh(self) -> None:
        """Draw what is new."""
        reported = self._hub.twins.twin(self._name).reported
        facts = "".join(f"<dt>{text(key)}</dt><dd>{text(value)}</dd>" for key, value in sorted(reported.items()))
        self._facts.set_content(f'<dl class="facts">{facts}</dl>')
        for what, chart in self._charts.items():
            series = self._series(what)
            if series != self._drawn.get(what):
                self._drawn[what] = series
                chart.options["series"] = series
                chart.set_visibility(bool(series))
                chart.update()

    def _series(self, what: str) -> list[dict[str, Any]]:
        table = schema.rollups.c
        since = int(time.time()) - MINUTES * 60
        wanted = select(table.stream, table.start, table.total, table.count).where(
            table.device == self._name, table.name == what, table.seconds == 60, table.start >= since
        )
        streams: dict[str, list[list[float]]] = {}
        with self._hub.database.read() as connection:
            for stream, start, total, count in connection.execute(wanted.order_by(table.start)):
                streams.setdefault(stream, []).append([start * 1000, round(total / max(1, count), 2)])
        return [
            {"name": stream or "device", "type": "line", "showSymbol": len(points) < 3, "data": points}
            for stream, points in sorted(streams.items())
        ]


def _options(title: str) -> dict[str, Any]:
    line = {"lineStyle": {"color": "#ffffff22"}}
    return {
        "title": {"text": title, "textStyle": {"color": "#cbb9c9", "fontSize": 13}},
        "legend": {"right": 0, "top": 0, "textStyle": {"color": "#cbb9c9"}},
        "grid": {"left": 40, "right": 10, "top": 34, "bottom": 24},
        "xAxis": {"type": "time", "axisLine": line},
        "yAxis": {"type": "value", "min": 0, "splitLine": line},
        "tooltip": {"trigger": "axis"},
        "color": ["#ffb65c", "#7fe3b4", "#9cc7ff", "#ff8fab", "#d7e36b"],
        "series": [],
        "animation": False,
    }


def _said(hub: Hub, name: str) -> str:
    """Markup of the newest events."""
    table = schema.messages.c
    wanted = select(table.time, table.body).where(table.device == name, table.kind == "event")
    with hub.database.read() as connection:
        rows = connection.execute(wanted.order_by(table.id.desc()).limit(EVENTS)).all()
    if not rows:
        return '<p class="empty">Nothing has happened yet.</p>'
    lines = "".join(
        f"<li><time>{ago(moment)}</time> <b>{text(body.get('kind', ''))}</b> {text(_words(body))}</li>"
        for moment, body in rows
    )
    return f'<ul class="events">{lines}</ul>'


def _words(body: Mapping[str, Any]) -> str:
    data = body.get("data") or {}
    told = ", ".join(f"{key} {value}" for key, value in list(data.items())[:3])
    return f"on {body.get('stream', '')}: {told}"[:160]


def _ending(hub: Hub, user: User, name: str) -> None:
    """Letting the device in no more; asked twice."""
    with ui.dialog() as dialog, ui.card():
        markup(f"<h2>Block {text(name)}?</h2><p>Its connection ends, and it cannot come back by itself.</p>")

        async def block() -> None:
            dialog.close()
            with telling():
                await run.io_bound(hub.block, name)
                hub.people.note(user.name, "blocked", name)

        button("Block it", block, look="primary")
        button("Keep it", dialog.close, look="quiet")
    button("Block this device", dialog.open, look="quiet small")
