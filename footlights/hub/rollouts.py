"""Changes of many devices: who would refuse one and why, and a roll-out that goes from stage to stage."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.registry import ACTIVE
from footlights.hub.twins import desired_in, patch_in, patched
from footlights.wire import merge_patch
from footlights.wire.fleet import Desired
from footlights.wire.settings import validate

RUNNING, STOPPED, DONE, BACK = "running", "stopped", "done", "back"
MEMBER_STATES = {  # of a device: what people read
    "waiting": "waiting",  # its turn has not come
    "sent": "on the way",  # it has a document to take
    "taken": "watched",  # it took it
    "good": "good",  # and stayed healthy
    "away": "away (gets it when it comes)",  # it was away when its turn came
    "failed": "failed",
    "left": "left behind",  # it failed, and somebody went on without it
    "changed": "changed by somebody",  # meanwhile: it is no more a part
    "back": "taken back",  # it has its old document again
}
ON_THE_WAY = ("sent", "taken")
MOST_LISTED = 200  # roll-outs
PORTION = 100  # devices that are sent their document in one transaction
Announce = Callable[[str, Desired], None]


@dataclass(frozen=True)
class Plan:
    """How a change goes through a fleet. A stage is over when all of its devices took it and stayed healthy."""

    stages: tuple[int, ...] = field(default=(10, 100), metadata={"unit": "%", "help": "Share that has it after each."})
    settle: float = field(
        default=60.0,
        metadata={"min": 0.0, "max": 86400.0, "unit": "s", "help": "For which a device must stay healthy."},
    )
    patience: float = field(
        default=600.0, metadata={"min": 1.0, "max": 604800.0, "unit": "s", "help": "In which a device must take it."}
    )
    grace: float = field(
        default=45.0,
        metadata={"min": 0.0, "max": 86400.0, "unit": "s", "help": "For which it may be away, or its streams fail."},
    )
    threshold: float = field(
        default=0.0, metadata={"min": 0.0, "max": 100.0, "unit": "%", "help": "Share of a stage that may fail."}
    )
    first: tuple[str, ...] = field(default=(), metadata={"help": "Devices that belong into the first stage."})


AT_ONCE = {"stages": [100]}


@dataclass(frozen=True)
class Selection:
    """Devices by name, those of a group, or both. Only active ones are meant."""

    devices: tuple[str, ...] = ()
    group: str | None = None


@dataclass(frozen=True)
class Change:
    """What a merge patch would do to one device."""

    device: str
    online: bool
    version: int  # of the document that it has
    difference: Mapping[str, Any]  # none: it is so already
    refusal: str  # why it cannot be; empty: it can


@dataclass(frozen=True)
class Member:
    """How a device of a roll-out stands."""

    device: str
    stage: int
    state: str
    at: float
    version: int | None
    said: str


@dataclass(frozen=True)
class Rollout:
    """One change of many devices, and how far it is."""

    id: int
    title: str
    by: str
    created: float
    patch: Mapping[str, Any]
    plan: Plan
    state: str  # running, stopped, done, back
    stage: int  # from 1
    since: float  # when this stage began
    why: str  # it stopped
    counts: Mapping[str, int]  # devices by state


class Rollouts:
    """The roll-outs in the hub's database. What they do next is in `rollout_steps`."""

    def __init__(self, database: Database, announce: Announce, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._announce = announce
        self._clock = clock

    def preview(self, selection: Selection, patch: Mapping[str, Any]) -> list[Change]:
        """What would happen to every device of a selection. Raises SettingsError: it holds nobody, or unknown ones."""
        with self._database.read() as connection:
            return [_change(connection, row, patch) for row in _chosen(connection, selection)]

    def start(
        self,
        title: str,
        selection: Selection,
        patch: Mapping[str, Any],
        by: str,
        plan: Mapping[str, Any] | None = None,
        *,
        leave_out: bool = False,
    ) -> int:
        """Begin a roll-out; its number. Devices that would refuse it are left out only where that is said.

        Raises:
            SettingsError: a plan or a selection that cannot be, devices that would refuse it, one line each, or that
                are part of another roll-out.
        """
        wanted, now, changes = _plan(plan or {}), self._clock(), self.preview(selection, patch)
        refused = [f"{change.device}: {change.refusal}" for change in changes if change.refusal]
        willing = [change for change in changes if not change.refusal]
        if refused and not (leave_out and willing):
            raise SettingsError("\n".join(refused))
        with self._database.write() as connection:
            _check_free(connection, [change.device for change in willing])
            row = {
                "title": (title or "a change")[:200], "by": by, "created": now, "patch": dict(patch),
                "plan": asdict(wanted), "state": RUNNING, "stage": 1, "since": now, "why": "",
            }  # fmt: skip
            made = connection.execute(insert(schema.rollouts).returning(schema.rollouts.c.id), row)
            number = int(made.scalar_one())
            connection.execute(insert(schema.rollout_devices), _members(number, willing, wanted, now))
        return number

    def stop(self, number: int, by: str) -> None:
        """Send it to no more devices. Raises SettingsError: it does not run."""
        with self._database.write() as connection:
            self._turn(connection, number, (RUNNING,), state=STOPPED, why=f"stopped by {by}")

    def resume(self, number: int) -> None:
        """Go on, without the devices that failed. Raises SettingsError: it is not stopped."""
        table = schema.rollout_devices
        mine = table.c.rollout == number
        with self._database.write() as connection:
            self._turn(connection, number, (STOPPED,), state=RUNNING, why="")
            connection.execute(update(table).where(mine, table.c.state == "failed"), {"state": "left"})
            _check_free(connection, list(connection.scalars(select(table.c.device).where(mine))), but=number)

    def roll_back(self, number: int, by: str) -> list[str]:
        """Give every device back the document that it had before; those that somebody changed meanwhile keep theirs and
        are returned. Raises SettingsError: there is nothing to take back.
        """
        with self._database.write() as connection:
            self._turn(connection, number, (RUNNING, STOPPED, DONE), state=BACK, why=f"taken back by {by}")
        self.take_back(number, by)
        return [member.device for member in self.members(number) if member.state == "changed"]

    def take_back(self, number: int, by: str = "hub") -> None:
        """Do what is left to do of a roll back: nothing, unless the hub ended in the midst of it."""
        table = schema.rollout_devices
        mine = select(table.c.device, table.c.version, table.c.before).where(
            table.c.rollout == number, table.c.version.is_not(None), table.c.state.not_in(("back", "changed"))
        )
        while True:
            told: dict[str, Desired] = {}
            with self._database.write() as connection:
                rows = connection.execute(mine.order_by(table.c.device).limit(PORTION)).all()
                for row in rows:
                    values = {"state": "back", "at": self._clock(), "said": ""}
                    try:
                        told[row.device] = _back(connection, row, by, number)
                    except SettingsError as error:
                        values |= {"state": "changed", "said": str(error)[:400]}
                    own = (table.c.rollout == number, table.c.device == row.device)
                    connection.execute(update(table).where(*own), values)
            if not rows:
                return
            for device, desired in told.items():
                self._announce(device, desired)

    def all(self) -> list[Rollout]:
        """The newest roll-outs, the last one first."""
        return self._read(select(schema.rollouts).order_by(schema.rollouts.c.id.desc()).limit(MOST_LISTED))

    def one(self, number: int) -> Rollout:
        """Raises SettingsError where there is no such roll-out."""
        found = self._read(select(schema.rollouts).where(schema.rollouts.c.id == number))
        if not found:
            raise SettingsError(f"there is no roll-out {number}")
        return found[0]

    def members(self, number: int) -> list[Member]:
        """Its devices, stage by stage."""
        table = schema.rollout_devices
        columns = [table.c[name] for name in Member.__dataclass_fields__]
        wanted = select(*columns).where(table.c.rollout == number).order_by(table.c.stage, table.c.device)
        with self._database.read() as connection:
            return [Member(*row) for row in connection.execute(wanted)]

    def _read(self, wanted: Select[Any]) -> list[Rollout]:
        """Roll-outs with their devices counted."""
        members = schema.rollout_devices.c
        with self._database.read() as connection:
            rows = connection.execute(wanted).mappings().all()
            mine = members.rollout.in_([row["id"] for row in rows])
            counted = select(members.rollout, members.state, func.count()).where(mine)
            counts: dict[int, dict[str, int]] = {}
            for number, state, count in connection.execute(counted.group_by(members.rollout, members.state)):
                counts.setdefault(number, {})[state] = count
        return [_rollout(row, counts.get(row["id"], {})) for row in rows]

    def _turn(self, connection: Connection, number: int, states: Sequence[str], **values: Any) -> None:
        """Another state, from one of these."""
        table = schema.rollouts
        mine = update(table).where(table.c.id == number, table.c.state.in_(states))
        if connection.execute(mine, {**values, "since": self._clock()}).rowcount == 0:
            state = connection.scalar(select(table.c.state).where(table.c.id == number))
            raise SettingsError(f"there is no roll-out {number}" if state is None else f"the roll-out is {state}")


def _plan(content: Mapping[str, Any]) -> Plan:
    """Raises SettingsError."""
    plan = validate(Plan, content)
    rising = all(before < after for before, after in zip((0, *plan.stages), plan.stages, strict=False))
    if not rising or not plan.stages or plan.stages[-1] != 100:
        raise SettingsError("stages are shares that grow to 100, such as 10, 50, 100")
    return plan


def _chosen(connection: Connection, selection: Selection) -> list[Any]:
    """The rows of the devices that are meant, by name."""
    table = schema.devices.c
    rows = connection.execute(select(table.id, table.group, table.state, table.online).order_by(table.id)).all()
    if missing := sorted(set(selection.devices) - {row.id for row in rows if row.state == ACTIVE}):
        raise SettingsError(f"there is no active device {', '.join(name[:64] for name in missing[:5])}")
    chosen = [row for row in rows if row.state == ACTIVE and _meant(row, selection)]
    if not chosen:
        raise SettingsError("nobody is chosen: name devices, or a group that holds some")
    return chosen


def _meant(row: Any, selection: Selection) -> bool:
    return row.id in selection.devices or (selection.group is not None and row.group == selection.group)


def _change(connection: Connection, row: Any, patch: Mapping[str, Any]) -> Change:
    now = desired_in(connection, row.id)
    try:
        wanted = patched(connection, now.document, patch)
    except SettingsError as error:
        return Change(row.id, row.online, now.version, {}, str(error))
    return Change(row.id, row.online, now.version, merge_patch.difference(now.document, wanted), "")


def _check_free(connection: Connection, devices: Iterable[str], but: int | None = None) -> None:
    """One device, one roll-out: two would each take the other's document for somebody's own change."""
    table, members = schema.rollouts.c, schema.rollout_devices.c
    busy = connection.execute(
        select(members.device, table.title)
        .join_from(schema.rollout_devices, schema.rollouts)
        .where(table.state == RUNNING, table.id != (but or 0), members.device.in_(list(devices)))
    ).first()
    if busy is not None:
        raise SettingsError(
            f"{busy.device} is part of the roll-out '{busy.title}', which runs: wait for it, or stop it"
        )


def _members(number: int, changes: Sequence[Change], plan: Plan, now: float) -> list[dict[str, Any]]:
    """Whose turn is when. Those that are there come first, and among them it is left to a hash."""

    def turn(change: Change) -> tuple[bool, bool, bytes]:
        digest = hashlib.sha256(f"{number} {change.device}".encode()).digest()
        return change.device not in plan.first, not change.online, digest

    ends = [max(ceil(share * len(changes) / 100), place) for place, share in enumerate(plan.stages, start=1)]
    ends[0] = max(ends[0], sum(change.device in plan.first for change in changes))
    return [
        {
            "rollout": number, "device": change.device, "state": "waiting", "at": now, "before": None, "version": None,
            "stage": next(stage for stage, end in enumerate(ends, start=1) if place < max(end, ends[0])),
            "streams": {}, "ill_since": None, "said": "",
        }
        for place, change in enumerate(sorted(changes, key=turn))
    ]  # fmt: skip


def _back(connection: Connection, row: Any, by: str, number: int) -> Desired:
    """Give one device its old document. Raises SettingsError: it is somebody else's now, or was valid only then."""
    now = desired_in(connection, row.device)
    if now.version != row.version:
        raise SettingsError(f"version {now.version} is somebody else's")
    patch = merge_patch.difference(now.document, row.before)
    return patch_in(connection, row.device, patch, by, f"roll-out {number} is taken back")


def _rollout(row: Mapping[Any, Any], counts: Mapping[str, int]) -> Rollout:
    values = {name: row[name] for name in Rollout.__dataclass_fields__ if name not in ("plan", "counts")}
    return Rollout(**values, plan=validate(Plan, row["plan"]), counts=counts)
