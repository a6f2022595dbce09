"""Rules: when something that devices say meets a condition, somebody is told. What rules are, and when they fire."""

import operator
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from footlights.core.errors import SettingsError
from footlights.engine.actions import read
from footlights.hub import schema
from footlights.hub.archive import Arrived
from footlights.hub.database import Database
from footlights.hub.post import Post
from footlights.hub.safe import LostKeyError
from footlights.hub.switchboard import COMMANDS
from footlights.wire.near_miss import near_miss
from footlights.wire.settings import validate

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
WINDOWS = ("now", "for", "average", "count")
ACTIONS = ("mail", "webhook", "mqtt")
REREAD = 1.0  # seconds after which rules that somebody changed are read again
MOST_RULES = 1000


@dataclass(frozen=True)
class Condition:
    """What must be so. Where it becomes so the rule fires, and again only after it was not so in between."""

    on: Literal["telemetry", "event"] = field(default="telemetry", metadata={"help": "What is looked at."})
    name: str = field(default="", metadata={"help": "A measurement, or the kind of an event."})
    operator: str = field(default=">", metadata={"choices": tuple(OPERATORS)})
    value: float = field(default=1.0, metadata={"help": "What it is compared with."})
    window: str = field(
        default="now",
        metadata={"choices": WINDOWS, "help": "now; for: it holds so long; average or count over so long."},
    )
    seconds: float = field(default=0.0, metadata={"min": 0.0, "max": 86400.0, "unit": "s"})
    where: dict[str, str] = field(default_factory=dict)  # of an event: what its data must hold
    devices: tuple[str, ...] = ()  # none: all
    group: str | None = None
    stream: str | None = None


@dataclass(frozen=True)
class Consequence:
    """What happens then. The texts are those of the actions of the same name."""

    mail: tuple[str, ...] = ()
    webhook: tuple[str, ...] = ()
    mqtt: tuple[str, ...] = ()
    command: str | None = None  # to the device it is about
    cooldown: float = field(default=60.0, metadata={"min": 0.0, "unit": "s"})  # between two firings for one stream


@dataclass(frozen=True)
class Rule:
    """A condition and what follows from it."""

    when: Condition
    then: Consequence = field(default_factory=Consequence)

    def texts(self) -> dict[str, list[str]]:
        """The actions by kind."""
        return {name: list(getattr(self.then, name)) for name in ACTIONS if getattr(self.then, name)}


@dataclass(frozen=True)
class Kept:
    """A rule as the hub keeps it."""

    id: int
    title: str
    enabled: bool
    rule: Rule
    muted_until: float | None


class Rules:
    """The rules in the hub's database. Addresses of actions hold passwords: they are sealed there."""

    def __init__(self, database: Database, post: Post | None = None) -> None:
        self._database = database
        self._post = post or Post(database)
        self._safe = self._post.safe

    def add(self, title: str, definition: Mapping[str, Any]) -> int:
        """A new rule; its number. Raises SettingsError: it is not valid, or there are too many."""
        self._check(definition)
        with self._database.write() as connection:
            if (connection.scalar(select(func.count()).select_from(schema.rules)) or 0) >= MOST_RULES:
                raise SettingsError(f"there are {MOST_RULES} rules already")
            new = {"title": title[:200], "enabled": True, "definition": self._sealed(definition)}
            row = {**new, "changed": time.time()}
            made = connection.execute(insert(schema.rules).returning(schema.rules.c.id), row)
            return int(made.scalar_one())

    def change(self, number: int, **values: Any) -> None:
        """Change title, enabled, definition or muted_until. Raises SettingsError: not valid, or no such rule."""
        if "definition" in values:
            self._check(values["definition"])
            values["definition"] = self._sealed(values["definition"])
        with self._database.write() as connection:
            self._database.overwrite(connection)
            changed = update(schema.rules).where(schema.rules.c.id == number)
            if connection.execute(changed, {**values, "changed": time.time()}).rowcount == 0:
                raise SettingsError(f"there is no rule {number}")

    def remove(self, number: int) -> None:
        """Forget a rule and what it did."""
        with self._database.write() as connection:
            connection.execute(delete(schema.rules).where(schema.rules.c.id == number))

    def all(self) -> list[Kept]:
        """Every rule, in the order in which they were made."""
        with self._database.read() as connection:
            return _all(connection)

    def acknowledge(self, firing: int, by: str) -> None:
        """Somebody has seen it. Raises SettingsError: there is no such firing."""
        table = schema.firings
        with self._database.write() as connection:
            values = {"acknowledged": time.time(), "acknowledged_by": by}
            if connection.execute(update(table).where(table.c.id == firing), values).rowcount == 0:
                raise SettingsError(f"nothing with the number {firing} has happened")

    def history(self, most: int = 100, *, open_only: bool = False) -> list[Mapping[Any, Any]]:
        """What rules did, the newest first."""
        wanted = select(schema.firings).order_by(schema.firings.c.id.desc()).limit(most)
        if open_only:
            wanted = wanted.where(schema.firings.c.acknowledged.is_(None))
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def in_full(self, kind: str, text: str) -> str:
        """An action as `engine.actions` reads it. Raises SettingsError: a mail without a mail server, or a lost key."""
        return self._post.expanded({kind: [self._safe.open(text)]})[kind][0]

    def described(self, rule: Rule) -> dict[str, list[str]]:
        """The same as anybody may read it."""
        return {kind: [self._described(kind, text) for text in texts] for kind, texts in rule.texts().items()}

    def seal(self) -> int:
        """Seal what an earlier version kept as it is; how many rules hold something that cannot be read any more."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.rules.c.id, schema.rules.c.definition)).all()
        for number, definition in rows:
            if (sealed := self._sealed(definition)) != definition:
                with self._database.write() as connection:
                    self._database.overwrite(connection)
                    connection.execute(update(schema.rules).where(schema.rules.c.id == number), {"definition": sealed})
        return sum(self._is_lost(kept.rule) for kept in self.all())

    def _sealed(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """A definition in which nobody reads where its actions go; mail addresses alone are no secret."""
        then = dict(definition.get("then") or {})
        for kind in then.keys() & set(ACTIONS):
            texts = [then[kind]] if isinstance(then[kind], str) else then[kind] or ()
            then[kind] = [self._safe.seal(text) if "://" in text else text for text in texts]
        return {**definition, "then": then}

    def _described(self, kind: str, text: str) -> str:
        try:
            return self._post.described({kind: [self._safe.open(text)]})[kind][0]
        except LostKeyError as error:
            return f"{kind}: {error}"

    def _is_lost(self, rule: Rule) -> bool:
        try:
            for texts in rule.texts().values():
                for text in texts:
                    self._safe.open(text)
        except LostKeyError:
            return True
        return False

    def _check(self, definition: Mapping[str, Any]) -> None:
        """Raises SettingsError for a rule that could never fire, or whose actions are not understood."""
        rule = validate(Rule, definition)
        if not rule.when.name:
            raise SettingsError("a rule needs the name of a measurement or the kind of an event")
        if rule.when.window != "now" and rule.when.seconds <= 0:
            raise SettingsError(f"the window '{rule.when.window}' needs a length in seconds")
        if rule.then.command is not None and rule.then.command not in COMMANDS:
            raise SettingsError(f"there is no command '{rule.then.command}'; {near_miss(rule.then.command, COMMANDS)}")
        for action in read(self._post.expanded(rule.texts())):
            action.close()


class Judge:
    """Judges new messages within the transaction that stores them: a rule fires once for what is stored once."""

    def __init__(self) -> None:
        self._rules: dict[tuple[str, str], list[Kept]] = {}
        self._groups: dict[str, str | None] = {}
        self._read_at = -REREAD

    def __call__(self, connection: Connection, new: Sequence[Arrived]) -> None:
        """Look at what was just stored, and write down which rules fire."""
        self._reread(connection)
        if not self._rules:
            return
        for arrived in new:
            for kept, value in self._concerned(arrived):
                self._judge(connection, kept, arrived, value)

    def _reread(self, connection: Connection) -> None:
        if time.monotonic() - self._read_at < REREAD:
            return
        self._read_at = time.monotonic()
        self._rules = defaultdict(list)
        for kept in _all(connection):
            if kept.enabled:
                self._rules[kept.rule.when.on, kept.rule.when.name].append(kept)
        if self._rules:
            rows = connection.execute(select(schema.devices.c.id, schema.devices.c.group))
            self._groups = {row.id: row.group for row in rows}

    def _concerned(self, arrived: Arrived) -> Iterable[tuple[Kept, float]]:
        """The rules that a message is about, each with the value that it gives."""
        message = arrived.message
        if message.kind == "telemetry":
            for name, value in message.body["values"].items():
                if not isinstance(value, str):
                    for kept in self._rules.get(("telemetry", name), ()):
                        if self._means(kept.rule.when, arrived):
                            yield kept, float(value)
        elif message.kind == "event":
            data = message.body.get("data")
            for kept in self._rules.get(("event", str(message.body.get("kind"))), ()):
                where = kept.rule.when.where.items()
                fits = all(isinstance(data, Mapping) and str(data.get(name)) == text for name, text in where)
                if fits and self._means(kept.rule.when, arrived):
                    yield kept, 1.0

    def _means(self, condition: Condition, arrived: Arrived) -> bool:
        """Whether a condition is about this device and stream."""
        stream = condition.stream in (None, _stream(arrived))
        group = condition.group in (None, self._groups.get(arrived.device))
        return stream and group and (not condition.devices or arrived.device in condition.devices)

    def _judge(self, connection: Connection, kept: Kept, arrived: Arrived, value: float) -> None:
        table, stream, now = schema.rule_states, _stream(arrived), arrived.message.time
        mine = (table.c.rule == kept.id, table.c.device == arrived.device, table.c.stream == stream)
        state = connection.execute(select(table).where(*mine).with_for_update()).mappings().one_or_none()
        condition = kept.rule.when
        measured = _measured(connection, condition, arrived, value)
        holds = OPERATORS[condition.operator](measured, condition.value)
        since = None if not holds else state["since"] if state and state["since"] is not None else now
        last, told = (state["fired"], state["told"] and holds) if state else (None, False)
        long_enough = since is not None and (condition.window != "for" or now - since >= condition.seconds)
        rested = last is None or now - last >= kept.rule.then.cooldown
        again = condition.on == "event" and condition.window == "now"  # every such event is a new one
        if long_enough and rested and (again or not told):
            told, last = True, now
            _fire(connection, kept, arrived, measured)
        values = {"since": since, "told": told, "fired": last}
        if state is None:
            connection.execute(insert(table), {"rule": kept.id, "device": arrived.device, "stream": stream, **values})
        else:
            connection.execute(update(table).where(*mine), values)


def _stream(arrived: Arrived) -> str:
    return str(arrived.message.body.get("stream") or "")[:80]


def _measured(connection: Connection, condition: Condition, arrived: Arrived, value: float) -> float:
    """What is compared: the value itself, or what was said within the window before it."""
    if condition.window not in ("average", "count"):
        return value
    table, now = schema.messages.c, arrived.message.time
    wanted = select(table.body).where(
        table.device == arrived.device,
        table.kind == arrived.message.kind,
        table.time > now - condition.seconds,
        table.time <= now,
    )
    bodies = [body for body in connection.scalars(wanted) if str(body.get("stream") or "")[:80] == _stream(arrived)]
    if condition.on == "event":
        return float(sum(_fits(condition, body) for body in bodies))
    said = (body["values"].get(condition.name) for body in bodies)
    values = [float(one) for one in said if isinstance(one, int | float)]
    return float(len(values)) if condition.window == "count" else sum(values) / max(1, len(values))


def _fits(condition: Condition, body: Mapping[str, Any]) -> bool:
    data = body.get("data")
    return body.get("kind") == condition.name and all(
        isinstance(data, Mapping) and str(data.get(name)) == text for name, text in condition.where.items()
    )


def _fire(connection: Connection, kept: Kept, arrived: Arrived, value: float) -> None:
    if kept.muted_until is not None and arrived.time < kept.muted_until:
        return
    message, condition = arrived.message, kept.rule.when
    what = {"average": f"average of {condition.name}", "count": f"number of {condition.name}"}
    said = what.get(condition.window, condition.name)
    row = {
        "rule": kept.id, "device": arrived.device, "stream": _stream(arrived), "time": message.time, "value": value,
        "text": f"{said} is {value:g} ({condition.operator} {condition.value:g})"[:400],
        "session": message.session, "sequence": message.sequence, "done": None, "failed": "",
    }  # fmt: skip
    connection.execute(insert(schema.firings), row)


def _all(connection: Connection) -> list[Kept]:
    rows = connection.execute(select(schema.rules).order_by(schema.rules.c.id)).mappings()
    return [
        Kept(row["id"], row["title"], row["enabled"], validate(Rule, row["definition"]), row["muted_until"])
        for row in rows
    ]
