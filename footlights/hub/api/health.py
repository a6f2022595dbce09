"""For those who watch over the hub: whether it lives, whether it can work, and what Prometheus reads."""

import os
import threading
import time
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from footlights import __version__
from footlights.hub import schema
from footlights.hub.api import answers
from footlights.hub.api.access import Viewer
from footlights.hub.hub import Hub

router = APIRouter(tags=["health"])
HOLD = 1.0  # seconds for which an answer about readiness holds: nobody keeps the database busy by asking
STARTED = time.time()
STATM = Path("/proc/self/statm")
Figure = tuple[str, str, dict[str, float]]  # name, what it is, value by label


class Readiness:
    """Whether the parts of a hub are there, looked at once in `HOLD`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._looked = 0.0  # monotonic clock
        self._found = answers.Ready(ready=False, database=False, broker=False)

    def look(self) -> answers.Ready:
        """What is there."""
        with self._lock:
            if not self._looked or time.monotonic() - self._looked > HOLD:
                database, broker = self._database(), self._hub.mosquitto.runs()
                self._found = answers.Ready(ready=database and broker, database=database, broker=broker)
                self._looked = time.monotonic()
            return self._found

    def _database(self) -> bool:
        try:
            with self._hub.database.read() as connection:
                connection.execute(select(1))
        except SQLAlchemyError:
            return False
        return True


@router.get("/healthz")
def alive() -> answers.Alive:
    """Whether the hub answers. Needs no token and says nothing else."""
    return answers.Alive()


@router.get("/readyz", responses={503: {"model": answers.Ready, "description": "A part is not there."}})
def ready(request: Request, response: Response) -> answers.Ready:
    """Whether the hub can work: its database and its broker are there. Needs no token; 503 where one is not."""
    readiness: Readiness = request.app.state.readiness
    found = readiness.look()
    response.status_code = 200 if found.ready else 503
    return found


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, user: Viewer) -> str:
    """The state of the hub in the text format of Prometheus. Needs a token, as everything here."""
    hub: Hub = request.app.state.hub
    figures = [*_fleet(hub), *_work(hub), *_process()]
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}\n"
        + "".join(f"{name}{label} {value:.17g}\n" for label, value in values.items())
        for name, text, values in figures
    )


def _fleet(hub: Hub) -> list[Figure]:
    devices = hub.overview.devices()
    states = {f'{{state="{state}"}}': 0.0 for state in ("waiting", "active", "blocked")}
    for device in devices:
        states[f'{{state="{device.state}"}}'] += 1
    forgotten = sum(hub.overview.number(device.id, "forgotten") for device in devices)
    totals = hub.overview.totals()
    return [
        ("footlights_hub_devices", "Devices of the fleet.", states),
        ("footlights_hub_devices_online", "Devices that are connected.", {"": sum(one.online for one in devices)}),
        ("footlights_hub_people", "People in view of all devices.", {"": totals["people"]}),
        ("footlights_hub_pictures_per_second", "Pictures that all devices look at.", {"": totals["fps"]}),
        ("footlights_hub_alarms_open", "Rules that fired, and that nobody has seen.", {"": hub.overview.alarms()}),
        ("footlights_hub_outbox_forgotten", "Messages that devices had no room for, ever.", {"": forgotten}),
    ]


def _work(hub: Hub) -> list[Figure]:
    with hub.database.read() as connection:
        last = connection.scalar(select(func.max(schema.messages.c.id))) or 0
        unfinished = schema.firings.c.done.is_(None)
        waiting = connection.scalar(select(func.count()).select_from(schema.firings).where(unfinished)) or 0
    heard = {f'{{kind="{kind}"}}': float(count) for kind, count in sorted(hub.overview.heard().items())}
    return [
        ("footlights_hub_broker_up", "Whether the broker runs.", {"": hub.mosquitto.runs()}),
        ("footlights_hub_messages_total", "Messages that were ever stored, by all workers.", {"": last}),
        ("footlights_hub_messages_heard_total", "Messages that were looked at since the start, by kind.", heard),
        ("footlights_hub_messages_refused_total", "Messages that were none.", {"": hub.ingest.refused}),
        ("footlights_hub_messages_waiting", "Messages that wait to be stored by the hub.", {"": hub.ingest.waiting}),
        ("footlights_hub_lag_seconds", "From the newest message's time to its storing.", {"": hub.overview.lag}),
        ("footlights_hub_firings_waiting", "Rules that fired and whose actions are not done.", {"": waiting}),
        ("footlights_hub_live_streams", "Live streams on their way.", {"": hub.relay.streams}),
        ("footlights_hub_live_viewers", "Who looks at them.", {"": hub.relay.viewers}),
        ("footlights_hub_database_bytes", "Size of the database.", {"": hub.database.size()}),
    ]


def _process() -> list[Figure]:
    spent = os.times()
    try:
        pages = int(STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        pages = 0  # this system does not say
    return [
        ("footlights_hub_info", "The version.", {f'{{version="{__version__}"}}': 1}),
        ("process_cpu_seconds_total", "Processor time of the hub.", {"": spent.user + spent.system}),
        ("process_resident_memory_bytes", "Memory of the hub.", {"": pages * os.sysconf("SC_PAGE_SIZE")}),
        ("process_start_time_seconds", "When the hub was started, since 1970.", {"": STARTED}),
    ]
