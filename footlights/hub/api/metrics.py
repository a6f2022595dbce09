"""What Prometheus reads."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from sqlalchemy import func, select

from footlights.hub import schema
from footlights.hub.api.access import Viewer
from footlights.hub.hub import Hub

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, user: Viewer) -> str:
    """The state of the hub in the text format of Prometheus. Needs a token, as everything here."""
    hub: Hub = request.app.state.hub
    devices = hub.registry.devices()
    with hub.database.read() as connection:
        last = connection.scalar(select(func.max(schema.messages.c.id))) or 0
        waiting = connection.scalar(
            select(func.count()).select_from(schema.firings).where(schema.firings.c.done.is_(None))
        )
    figures = (
        ("footlights_hub_broker_up", "Whether the broker runs.", int(hub.mosquitto.runs())),
        ("footlights_hub_devices", "Devices of the fleet.", len(devices)),
        ("footlights_hub_devices_online", "Devices that are connected.", sum(device.online for device in devices)),
        ("footlights_hub_messages_total", "Messages that were ever stored.", last),
        ("footlights_hub_messages_refused_total", "Messages that were none.", hub.ingest.refused),
        ("footlights_hub_firings_waiting", "Rules that fired and whose actions are not done.", waiting or 0),
    )
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}\n{name} {value}\n"
        for name, text, value in figures
    )
