"""What devices measured and said."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.api import answers
from footlights.hub.api.access import Viewer
from footlights.hub.hub import Hub
from footlights.hub.rollups import GRAINS

router = APIRouter(prefix="/api", tags=["telemetry"])
MOST = 1000  # rows of one answer


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.get("/totals")
def totals(request: Request, user: Viewer, group: str | None = None) -> dict[str, float]:
    """Live figures of the fleet or of a group: devices online and away, and newest values summed over who is there."""
    return _hub(request).overview.totals(group)


@router.get("/devices/{device}/newest")
def newest(request: Request, user: Viewer, device: str) -> list[answers.Newest]:
    """The newest value of every measurement of a device."""
    found = sorted(_hub(request).overview.values(device).items())
    return [
        answers.Newest(stream=stream, name=name, value=value.value, time=value.time) for (stream, name), value in found
    ]


@router.get("/devices/{device}/telemetry")
def telemetry(
    request: Request,
    user: Viewer,
    device: str,
    name: str,
    stream: str = "",
    seconds: Annotated[int, Query(description="of a row: 60 or 3600")] = 60,
    most: Annotated[int, Query(ge=1, le=MOST)] = 60,
) -> list[answers.Rollup]:
    """One measurement by minute or hour, the newest last."""
    if seconds not in GRAINS:
        raise SettingsError(f"there are measurements by minute (60) and by hour (3600), not by {seconds} seconds")
    table = schema.rollups.c
    mine = (table.device == device, table.stream == stream, table.name == name, table.seconds == seconds)
    with _hub(request).database.read() as connection:
        wanted = select(schema.rollups).where(*mine).order_by(table.start.desc()).limit(most)
        return [answers.Rollup(**row) for row in reversed(connection.execute(wanted).mappings().all())]


@router.get("/devices/{device}/messages")
def messages(
    request: Request,
    user: Viewer,
    device: str,
    kind: str | None = None,
    before: int | None = None,
    most: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> list[answers.Message]:
    """What a device said, the newest first; `before` takes the id of the last row of the answer before."""
    table = schema.messages.c
    wanted = select(schema.messages).where(table.device == device).order_by(table.id.desc()).limit(most)
    if kind is not None:
        wanted = wanted.where(table.kind == kind)
    if before is not None:
        wanted = wanted.where(table.id < before)
    with _hub(request).database.read() as connection:
        return [answers.Message(**row) for row in connection.execute(wanted).mappings()]
