"""What makes roll-outs go on: a thread that looks at what devices say, and everything it knows is in the database."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.rollouts import BACK, DONE, ON_THE_WAY, PORTION, RUNNING, STOPPED, Announce, Plan, Rollouts
from footlights.hub.rounds import Rounds
from footlights.hub.twins import desired_in, patch_in
from footlights.wire.fleet import Desired
from footlights.wire.settings import validate

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds
NEWEST = 60  # messages of a device in which its streams are looked for
RECENT = 30.0  # seconds: what a device said of its streams is taken for true so long
Note = Callable[[str, str, str], None]  # who, did what, about what


class RolloutSteps:
    """Sends a change to the devices whose turn it is, and judges how they do.

    A device took it when it acknowledged that version without a refusal, and it is good when it was there and its
    streams ran for `settle` seconds from then. The hub's own absence counts against nobody.
    """

    def __init__(
        self,
        database: Database,
        rollouts: Rollouts,
        announce: Announce,
        note: Note,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._rollouts = rollouts
        self._announce = announce
        self._note = note
        self._clock = clock
        self._rounds = Rounds("roll-outs", self.look, lambda: LOOK_EVERY)

    def start(self) -> None:
        """Begin, where the hub ended last time."""
        self.begin_anew()
        self._rounds.start()

    def wake(self) -> None:
        """Look now."""
        self._rounds.wake()

    def close(self) -> None:
        """Stop; it goes on after the next start."""
        self._rounds.close()

    def begin_anew(self) -> None:
        """Forget for how long devices were away: nobody listened to them meanwhile."""
        table = schema.rollout_devices
        with self._database.write() as connection:
            on_the_way = update(table).where(table.c.state.in_(ON_THE_WAY))
            connection.execute(on_the_way, {"ill_since": None})
            connection.execute(on_the_way.where(table.c.state == "sent"), {"at": self._clock()})

    def look(self) -> bool:
        """One step of every roll-out that is under way; whether there is more to do at once."""
        table = schema.rollouts.c
        with self._database.read() as connection:
            running = list(connection.scalars(select(table.id).where(table.state == RUNNING)))
            members = schema.rollout_devices.c
            back = select(table.id).distinct().join_from(schema.rollouts, schema.rollout_devices)
            unfinished = back.where(
                table.state == BACK, members.version.is_not(None), members.state.not_in(("back", "changed"))
            )
            going_back = list(connection.scalars(unfinished))
        for number in going_back:
            self._rollouts.take_back(number)
        steps = [self._step(number) for number in running]
        return any(steps)

    def _step(self, number: int) -> bool:
        """Send what is to be sent, look at those who have it, and go on or stop; whether something has changed.

        Whoever stops it meanwhile wins.
        """
        told: list[tuple[str, Desired]] = []
        with self._database.write() as connection:
            table = schema.rollouts
            mine = select(table).where(table.c.id == number, table.c.state == RUNNING).with_for_update()
            row = connection.execute(mine).mappings().one_or_none()
            if row is None:
                return False
            now, plan = self._clock(), validate(Plan, row["plan"])
            told = _send(connection, row, now)
            _watch(connection, number, plan, now)
            values = _verdict(connection, row, plan, now)
            if values:
                connection.execute(update(table).where(table.c.id == number), {**values, "since": now})
        for device, desired in told:
            self._announce(device, desired)
        if values and "state" in values:
            deed = "roll-out is done" if values["state"] == DONE else f"roll-out stopped: {values['why']}"
            self._note("hub", deed, f"{number} {row['title']}")
        return bool(values or told)


def _send(connection: Connection, row: Mapping[Any, Any], now: float) -> list[tuple[str, Desired]]:
    """Give the document to some devices of this stage that have not got it; who, and which."""
    table, devices, told = schema.rollout_devices, schema.devices.c, []
    wanted = (
        select(table.c.device, table.c.state, devices.online)
        .join_from(table, schema.devices)
        .where(table.c.rollout == row["id"], table.c.stage <= row["stage"])
        .where((table.c.state == "waiting") | ((table.c.state == "away") & devices.online))
    )
    for device, state, online in connection.execute(wanted.order_by(table.c.device).limit(PORTION)).all():
        values: dict[str, Any] = {"state": "sent" if online else "away", "at": now}
        if state == "waiting":
            before = desired_in(connection, device)
            try:
                desired = patch_in(connection, device, row["patch"], row["by"], f"roll-out {row['id']}: {row['title']}")
            except SettingsError as error:
                values = {"state": "failed", "at": now, "said": str(error)[:400]}
            else:
                told.append((device, desired))
                streams = _streams(connection, device, now - RECENT) or {}
                values |= {"before": dict(before.document), "version": desired.version, "streams": streams}
        _put(connection, row["id"], device, values)
    return told


def _watch(connection: Connection, number: int, plan: Plan, now: float) -> None:
    """Look at every device that has the document."""
    table, devices, twins = schema.rollout_devices, schema.devices.c, schema.twins.c
    columns = (table, devices.online, twins.version.label("wanted"), twins.desired, twins.reported, twins.acknowledged)
    wanted = (
        select(*columns)
        .join_from(table, schema.devices)
        .join(schema.twins, twins.device == table.c.device)
        .where(table.c.rollout == number, table.c.state.in_(ON_THE_WAY))
    )
    for row in connection.execute(wanted).mappings().all():
        if values := _judged(connection, row, plan, now):
            _put(connection, number, row["device"], values)


def _judged(connection: Connection, row: Mapping[Any, Any], plan: Plan, now: float) -> dict[str, Any]:
    """What has changed about one device."""
    version, ill_since = row["version"], row["ill_since"]
    if row["wanted"] != version:
        return {"state": "changed", "at": now, "said": f"version {row['wanted']} is somebody else's"}
    if row["state"] == "sent":
        if _whole(row["reported"].get("desiredVersion")) >= version:
            refusals = _refusals(row["acknowledged"], version)
            return _failed(f"it refuses: {refusals}", now) if refusals else {"state": "taken", "at": now}
        if now - row["at"] > plan.patience:
            return _failed("it did not take it in time", now)
        illness = "" if row["online"] else "it went away before it took it"
    else:
        illness = _illness(connection, row, now)
        if not illness and now - row["at"] >= plan.settle:
            return {"state": "good", "at": now, "ill_since": None}
    if not illness:
        return {"ill_since": None} if ill_since is not None else {}
    if ill_since is None:
        return {"ill_since": now}
    return _failed(illness, now) if now - ill_since >= plan.grace else {}


def _refusals(acknowledged: Mapping[str, Any], version: int) -> str:
    """What a device said against a version, once for each reason; empty where it took all of it."""
    reasons = set()
    for said in acknowledged.values():  # as the device wrote it: it may be anything
        if isinstance(said, Mapping) and said.get("version") == version and _whole(said.get("code"), 500) >= 300:
            reasons.add(f"{said.get('text') or 'no reason'} ({_whole(said.get('code'), 500)})")
    return "; ".join(sorted(reasons))


def _whole(value: object, otherwise: int = 0) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _illness(connection: Connection, row: Mapping[Any, Any], now: float) -> str:
    """What is wrong with a device that took the document; empty where nothing is new about that."""
    if not row["online"]:
        return "it went away after it took it"
    before, streams = row["streams"], _streams(connection, row["device"], max(row["at"], now - RECENT))
    if streams is None:  # it says nothing just now
        return ""
    if failing := sorted(name for name, state in streams.items() if state == "failed" != before.get(name)):
        return f"streams fail: {', '.join(failing)[:200]}"
    worked = "running" in before.values() and row["desired"].get("app") is not None
    return "no stream runs on it any more" if worked and not streams else ""


def _streams(connection: Connection, device: str, since: float) -> dict[str, str] | None:
    """The newest state of each stream that a device spoke of since then; None where it said nothing."""
    table = schema.messages.c
    wanted = (
        select(table.body)
        .where(table.device == device, table.kind == "telemetry", table.arrived > since)
        .order_by(table.id.desc())
        .limit(NEWEST)
    )
    bodies = list(connection.scalars(wanted))
    found: dict[str, str] = {}
    for body in bodies:
        if body.get("stream") and "state" in body["values"]:
            found.setdefault(str(body["stream"]), str(body["values"]["state"]))
    return found if bodies else None


def _verdict(connection: Connection, row: Mapping[Any, Any], plan: Plan, now: float) -> dict[str, Any]:
    """Whether it stops, goes on or is over; nothing where it only waits."""
    table = schema.rollout_devices.c
    mine = (table.rollout == row["id"], table.stage <= row["stage"])
    counted = select(table.state, func.count().label("number")).where(*mine).group_by(table.state)
    counts: dict[str, int] = {each.state: each.number for each in connection.execute(counted)}
    total, failed = sum(counts.values()), counts.get("failed", 0)
    if failed and 100.0 * failed / total > plan.threshold:
        named = select(table.device, table.said).where(table.rollout == row["id"], table.state == "failed")
        words = "; ".join(f"{device}: {said}" for device, said in connection.execute(named.order_by(table.device)))
        return {"state": STOPPED, "why": f"{failed} of {total} devices failed in stage {row['stage']}: {words}"[:400]}
    if any(counts.get(state) for state in ("waiting", *ON_THE_WAY)):
        return {}
    last = row["stage"] >= len(plan.stages)
    if last:
        return {"state": DONE, "why": ""}
    if total and not counts.get("good") and set(counts) <= {"away"}:
        if now - row["since"] > plan.patience:
            return {"state": STOPPED, "why": f"none of the devices of stage {row['stage']} was there"}
        return {}
    return {"stage": row["stage"] + 1}


def _failed(words: str, now: float) -> dict[str, Any]:
    return {"state": "failed", "at": now, "said": words[:400]}


def _put(connection: Connection, number: int, device: str, values: Mapping[str, Any]) -> None:
    table = schema.rollout_devices
    connection.execute(update(table).where(table.c.rollout == number, table.c.device == device), dict(values))
