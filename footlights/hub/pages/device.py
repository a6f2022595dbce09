"""One device: what it sees, how it is, what it is to be, what it said, what it can be told."""

import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from nicegui import run, ui
from sqlalchemy import select

from footlights.hub import schema
from footlights.hub.hub import Hub
from footlights.hub.overview import Marks, Newest, Place
from footlights.hub.pages.belonging import belonging
from footlights.hub.pages.charts import Charts
from footlights.hub.pages.export import export_button
from footlights.hub.pages.happenings import event_list, newest_of
from footlights.hub.pages.live import LiveButton
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.pages.telling import tell
from footlights.hub.pages.twin_editor import TwinEditor
from footlights.hub.people import User
from footlights.hub.registry import Device
from footlights.media.page.forms import button, markup, note, telling, text

REFRESH = 0.5  # seconds
EVENTS = 12  # that are listed
USUAL = ("fps", "people")  # measurements that are charted first
MODULES = {"stModuleState": "agent", "stPipelineState": "pipeline"}  # states of the device as a whole
FIGURES = ("fps", "people", "raised", "dropped")  # of a stream
ASK_AGAIN = 5.0  # seconds after which another one's change of the twin is seen
SILENT = 60.0  # seconds after which a state is an old one


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
        user = sessions.inside(request)
        known = hub.overview.device(name)
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
                    export_button(device=name)
                with ui.element("section").classes("panel"):
                    markup("<h2>What it said</h2>")
                    said = markup("")
            if user.may("admin"):
                belonging(hub, user, known)
                _ending(hub, user, name)

            shown: list[Marks] = []
            asked = [0.0]  # monotonic clock: when the twin was looked at last

            def refresh() -> None:
                if (found := hub.overview.device(name)) is not None:
                    head.set_content(_head(found))
                marks = hub.overview.marks(name)
                before = shown[0] if shown else None
                if before is None or (marks.event, marks.picture) != (before.event, before.picture):
                    said.set_content(event_list(newest_of(hub, name, EVENTS), named=False))
                health.refresh(said=before is None or marks.twin != before.twin)
                if before is None or marks.twin != before.twin or time.monotonic() - asked[0] > ASK_AGAIN:
                    asked[0] = time.monotonic()
                    editor.refresh()
                shown[:] = [marks]

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
    live = ui.element("div").classes("live-place")
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

    wanted = hub.twins.twin(name).desired.document.get("sources", ())
    streams = sorted({place[0] for place in hub.overview.values(name) if place[0]})
    streams = streams or [str(entry.get("name", "")) for entry in wanted]
    stream: ui.select | None = None
    if hub.twins.twin(name).reported.get("private"):
        note("This device is private: it sends no pictures.")
    elif user.may("operator"):
        with ui.element("div").classes("row"):
            stream = ui.select(streams or [""], value=(streams or [""])[0], label="Stream").props("outlined dense")
            stream.set_visibility(len(streams) > 1)
            button(
                "Take a picture", lambda: ask("snapshot", {"stream": stream.value}), look="primary", icon="photo_camera"
            )
            LiveButton(name, lambda: str(stream.value), live, image)
    if user.may("operator"):
        with ui.element("div").classes("row"):
            button("Ping", lambda: ask("ping", {}), look="small")
            button("Restart the pipeline", lambda: ask("restart-pipeline", {}), look="small")
            for label, what in (("Record a minute", "start-recording"), ("End the film", "stop-recording")):
                button(label, lambda what=what: ask(what, {"stream": stream.value if stream else ""}), look="small")


class Health:
    """What the device says of itself, how its streams are, and charts."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name
        self._facts = markup("")
        self._modules = markup("")
        self._charts = Charts(
            lambda: hub.measurements.names(name), lambda what, span: hub.measurements.series(name, what, span), USUAL
        )

    def refresh(self, *, said: bool) -> None:
        """Draw what is new; `said`: the device has said something of itself."""
        if said:
            reported = self._hub.twins.twin(self._name).reported
            lines = sorted(reported.items())
            facts = "".join(f"<dt>{text(key)}</dt><dd>{text(_said(value))}</dd>" for key, value in lines)
            self._facts.set_content(f'<dl class="facts">{facts}</dl>')
        self._modules.set_content(_modules(self._hub.overview.values(self._name)))
        self._charts.refresh()


def _said(value: object) -> str:
    """What a device reports, as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(inner)}" for key, inner in value.items()) or "none"
    return str(value)


def _modules(values: Mapping[Place, Newest]) -> str:
    """Markup of the states of the agent and of every stream, with their newest figures."""
    now = time.time()
    states = {
        stream or MODULES[name]: newest
        for (stream, name), newest in sorted(values.items())
        if (stream and name == "state") or (not stream and name in MODULES)
    }
    if not states:
        return '<p class="empty">It has not measured anything yet.</p>'
    rows = ""
    for title, newest in states.items():
        old = now - newest.time > SILENT
        look = "away" if old else "online" if newest.value == "running" else "blocked"
        state = f"{newest.value}, {ago(newest.time)}" if old else str(newest.value)
        figures = ", ".join(
            f"{name} {values[title, name].value:g}" for name in FIGURES
            if isinstance(getattr(values.get((title, name)), "value", None), int | float)
        )  # fmt: skip
        rows += f'<li data-look="{look}"><b>{text(title)}</b> <i>{text(state)}</i> <span>{text(figures)}</span></li>'
    return f'<ul class="modules">{rows}</ul>'


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
