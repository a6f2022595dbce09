"""What follows where a rule has fired: mails, webhooks, messages and commands, each once, tried again for a while."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from footlights.core.errors import FootlightsError, SettingsError
from footlights.core.event import Event
from footlights.engine.actions import read
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.hub.rounds import Rounds
from footlights.hub.rules import Kept, Rules
from footlights.hub.switchboard import Switchboard

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds
GIVE_UP = 3600.0  # seconds after which an action that fails is not tried any more
PAUSES = (1.0, 60.0)  # seconds between two tries, the first and the longest
MOST_AT_ONCE = 100


class Consequences:
    """A thread that does what is written down. A firing is done when all its actions were done or given up."""

    def __init__(self, database: Database, rules: Rules, switchboard: Switchboard) -> None:
        self._database = database
        self._rules = rules
        self._switchboard = switchboard
        self._tries: dict[tuple[int, str], tuple[int, float]] = {}  # (firing, action): tries, and when the next one is
        self._first: dict[int, float] = {}  # when an action of a firing failed first; devices' clocks do not count
        self._finished: dict[int, set[str]] = {}  # actions of a firing that need not be done again
        self._rounds = Rounds("consequences", self._look, lambda: LOOK_EVERY)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def wake(self) -> None:
        """Look now: a rule may have fired."""
        self._rounds.wake()

    def close(self) -> None:
        """Stop; what is not done is done after the next start."""
        self._rounds.close()

    def _look(self) -> None:
        table = schema.firings
        wanted = select(table).where(table.c.done.is_(None)).order_by(table.c.id).limit(MOST_AT_ONCE)
        with self._database.read() as connection:
            firings = [dict(row) for row in connection.execute(wanted).mappings()]
        if not firings:
            return
        rules = {kept.id: kept for kept in self._rules.all()}
        for firing in firings:
            if self._rounds.closing:
                return
            if (kept := rules.get(firing["rule"])) is not None:
                self._follow(kept, firing)

    def _follow(self, kept: Kept, firing: Mapping[str, Any]) -> None:
        """Do what is not done yet of one firing."""
        number, failed, waits = int(firing["id"]), [], False
        for name, act in self._deeds(kept, firing).items():
            if name in self._finished.setdefault(number, set()):
                continue
            tries, due = self._tries.get((number, name), (0, 0.0))
            if time.monotonic() < due:
                waits = True
                continue
            try:
                act()
            except (FootlightsError, OSError) as error:
                first = self._first.setdefault(number, time.monotonic())
                if not isinstance(error, SettingsError) and time.monotonic() - first < GIVE_UP:
                    pause = min(PAUSES[1], PAUSES[0] * 2.0 ** min(tries, 16))
                    self._tries[number, name] = (tries + 1, time.monotonic() + pause)
                    waits = True
                    continue
                log.warning("rule '%s': %s", kept.title, error)
                failed.append(f"{name}: {error}")
            self._finished[number].add(name)
            self._tries.pop((number, name), None)
        if not waits:
            self._finished.pop(number, None)
            self._first.pop(number, None)
            values = {"done": time.time(), "failed": "; ".join(failed)[:400]}
            with self._database.write() as connection:
                connection.execute(update(schema.firings).where(schema.firings.c.id == number), values)

    def _deeds(self, kept: Kept, firing: Mapping[str, Any]) -> dict[str, Any]:
        """Everything that is to be done, by a name of its own."""
        event = Event(
            "rule",
            str(firing["device"]),
            float(firing["time"]),
            None,
            {
                "by": kept.title, "text": firing["text"], "value": firing["value"], "stream": firing["stream"],
                "firing": firing["id"],  # what is told twice, because somebody died in between, has the same number
            },
        )  # fmt: skip
        deeds: dict[str, Any] = {}
        for kind, texts in kept.rule.texts().items():
            for place, text in enumerate(texts, start=1):
                deeds[f"{kind} {place}"] = lambda kind=kind, text=text: _act(
                    kind, self._rules.in_full(kind, text), event
                )
        if kept.rule.then.command is not None:
            command, device = kept.rule.then.command, str(firing["device"])
            arguments = {"stream": firing["stream"]} if firing["stream"] else {}
            deeds["command"] = lambda: self._switchboard.command(device, command, arguments, f"rule {kept.id}")
        return deeds


def _act(kind: str, text: str, event: Event) -> None:
    (action,) = read({kind: text})
    try:
        action.fire(event)
    finally:
        action.close()
