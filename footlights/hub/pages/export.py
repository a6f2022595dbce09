"""A button that exports what was measured and what happened."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from nicegui import ui

from footlights.hub.api.export import answer, wish
from footlights.hub.export import FORMS
from footlights.hub.hub import Hub
from footlights.media.page.forms import button, markup

KINDS = {"telemetry": "each measurement", "events": "events", "minutes": "by minute", "hours": "by hour"}


def add(app: FastAPI, hub: Hub) -> None:
    """The file at /export, for who has signed in."""

    @app.get("/export", include_in_schema=False)
    def file(
        what: str,
        form: str,
        since: Annotated[str, Query(alias="from")] = "0",
        until: Annotated[str | None, Query(alias="to")] = None,
        device: str = "",
        group: str = "",
    ) -> StreamingResponse:
        return answer(hub, form, wish(what, since, until, (device,) if device else (), group))


def export_button(*, device: str = "", group: str = "") -> None:
    """A button that asks what, from when to when, and in which form."""
    now = datetime.now(UTC)
    with ui.dialog() as dialog, ui.card().classes("export"):
        markup("<h2>Export</h2>")
        what = ui.select(KINDS, value="hours", label="What").props("outlined")
        since, until = (
            ui.input(label, value=moment.strftime("%Y-%m-%dT%H:%M")).props("outlined type=datetime-local stack-label")
            for label, moment in (("From (UTC)", now - timedelta(days=7)), ("To (UTC)", now + timedelta(minutes=1)))
        )
        form = ui.select(list(FORMS), value="csv", label="Form").props("outlined")

        def get() -> None:
            asked = {
                "what": what.value, "form": form.value, "from": since.value, "to": until.value,
                "device": device, "group": group,
            }  # fmt: skip
            ui.download.from_url(f"/export?{urlencode(asked)}")
            dialog.close()

        button("Download", get, look="primary", icon="download")
    button("Export", dialog.open, look="small", icon="download")
