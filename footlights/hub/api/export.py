"""Export of what was measured and what happened."""

import threading
import time
from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import StreamingResponse

from footlights.hub import export
from footlights.hub.api.access import Viewer
from footlights.hub.hub import Hub

router = APIRouter(prefix="/api", tags=["telemetry"])
MOST = 3  # exports at a time
TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
running = threading.BoundedSemaphore(MOST)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"description": "The file.", "content": {kind.split(";")[0]: {} for kind in TYPES.values()}}},
)
def export_rows(
    request: Request,
    user: Viewer,
    what: Annotated[str, Query(description=", ".join(export.COLUMNS))] = "telemetry",
    form: Annotated[str, Query(description=" or ".join(export.FORMS))] = "csv",
    since: Annotated[str, Query(alias="from", description="ISO 8601, or seconds since 1970")] = "0",
    until: Annotated[str | None, Query(alias="to", description="likewise; none: now")] = None,
    device: Annotated[tuple[str, ...], Query(description="none: every device")] = (),
    group: str | None = None,
    name: Annotated[tuple[str, ...], Query(description="measurements or kinds of events; none: all")] = (),
) -> StreamingResponse:
    """Telemetry, events or roll-ups of devices, a group or the whole fleet, as CSV or Parquet."""
    hub: Hub = request.app.state.hub
    return answer(hub, form, wish(what, since, until, device, group, name))


def wish(
    what: str, since: str, until: str | None, devices: tuple[str, ...], group: str | None, names: tuple[str, ...] = ()
) -> export.Wanted:
    """What is asked for in words. Raises SettingsError."""
    end = time.time() if until in (None, "") else export.moment(str(until))
    return export.Wanted(what, export.moment(since or "0"), end, devices, group or None, names)


def answer(hub: Hub, form: str, wanted: export.Wanted) -> StreamingResponse:
    """The file, sent as it is read. Raises HTTPException 429: as many as may are under way."""
    write = export.writer_of(form)
    portions = export.rows(hub.database, wanted)
    first = next(portions, [])  # what is refused is refused before anything is sent
    if not running.acquire(blocking=False):
        raise HTTPException(429, f"{MOST} exports are under way: try again in a moment")

    def pieces() -> Iterator[bytes]:
        try:
            yield from write(chain((first,), portions), wanted.what)
        finally:
            running.release()

    stream, name = pieces(), f"footlights-{wanted.what}.{form}"
    begun = next(stream)  # from here on it lets go however it ends, also where nobody reads it
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chain((begun,), stream), media_type=TYPES[form], headers=headers)
