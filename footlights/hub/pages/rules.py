"""Rules: a new one in a few clicks, those there are, and what they did."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from nicegui import ui
from starlette.requests import Request

from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.hub.rules import ACTIONS, OPERATORS, WINDOWS, Kept
from footlights.media.page.forms import button, markup, note, telling, text
from footlights.wire import well_known

REFRESH = 2.0  # seconds
EVERYBODY = "all"
QUIET = 3600.0  # seconds for which a rule is muted
WHERE = {
    "mail": "operator@example.com", "webhook": "https://example.com/hook", "mqtt": "mqtt://broker/topic",
    "command": "snapshot",
}  # fmt: skip
KNOWN_EVENTS = ("anomaly.raised", "gesture.begin", "trigger", "repetition")


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /rules."""

    @ui.page("/rules")
    def rules(request: Request) -> None:
        user = sessions.inside(request)
        with page("Rules", user, "/rules"):
            markup('<h1 class="title">When something happens</h1>')
            listed = ui.element("section").classes("rules")
            if user.may("operator"):
                RuleForm(hub, user, lambda: _list(hub, user, listed))
            markup("<h2>What happened</h2>")
            happened = ui.element("section").classes("firings")
            _list(hub, user, listed)
            shown: list[Any] = [None]

            def refresh() -> None:
                rows = hub.rules.history(50)
                if [dict(row) for row in rows] != shown:
                    shown[:] = [dict(row) for row in rows]
                    happened.clear()
                    with happened:
                        _firings(hub, user, shown, refresh)

            refresh()
            ui.timer(REFRESH, refresh)


def _measurements(hub: Hub) -> dict[str, str]:
    """Everything that was measured lately, and what every device measures, each with words for it."""
    measured = hub.overview.names()
    known = {name: well_known.words(name) for name in well_known.COUNTED}
    return {**known, **{name: name for name in sorted(measured - known.keys())}}


class RuleForm:
    """The form of a new rule. It opens with what is usual: a mail to the usual person, about every device."""

    def __init__(self, hub: Hub, user: User, done: Callable[[], None]) -> None:
        self._hub, self._user, self._done = hub, user, done
        server = hub.post.server()
        self._usual = server.recipient if server is not None else ""
        with ui.element("section").classes("panel new-rule"):
            markup("<h2>A new rule</h2>")
            with ui.element("div").classes("row"):
                self._draw_condition()
            with ui.element("div").classes("row"):
                self._draw_consequence()
            button("Save the rule", self._save, look="primary")
            if server is None and user.may("admin"):
                note("for mails, say first where they go: Settings")

    def _draw_condition(self) -> None:
        hub = self._hub
        self._on = ui.select({"telemetry": "a measurement", "event": "an event"}, value="telemetry", label="When")
        self._name = ui.select(
            _measurements(hub), label="Name", with_input=True, new_value_mode="add-unique", key_generator=str
        )
        self._operator = ui.select(list(OPERATORS), value=">", label="is")
        self._value = ui.number(value=1, label="Value")
        self._window = ui.select(list(WINDOWS), value="now", label="Over")
        self._seconds = ui.number(value=0, min=0, label="Seconds")
        whose = {EVERYBODY: "every device"}
        whose |= {f"group {group.id}": f"group {group.title}" for group in hub.registry.groups()}
        whose |= {f"device {device.id}": device.title for device in hub.registry.devices()}
        self._whose = ui.select(whose, value=EVERYBODY, label="Of", with_input=True)
        parts = (self._on, self._name, self._operator, self._value, self._window, self._seconds, self._whose)
        for made in parts:
            made.props("outlined")
        self._on.on_value_change(
            lambda e: self._name.set_options(
                _measurements(hub) if e.value == "telemetry" else {kind: kind for kind in KNOWN_EVENTS}
            )
        )

    def _draw_consequence(self) -> None:
        self._kind = ui.select([*ACTIONS, "command"], value="mail", label="Then").props("outlined")
        self._place = ui.input(label="Where to", value=self._usual, placeholder=WHERE["mail"]).props("outlined")
        self._place.classes("wide")

        def choose(kind: str) -> None:
            self._place.value = self._usual if kind == "mail" else ""
            self._place.props(f'label="{"Which" if kind == "command" else "Where to"}" placeholder="{WHERE[kind]}"')

        self._kind.on_value_change(lambda e: choose(e.value))

    def _definition(self) -> dict[str, Any]:
        """The rule as the hub keeps it."""
        when: dict[str, Any] = {
            "on": self._on.value, "name": self._name.value or "", "operator": self._operator.value,
            "value": self._value.value or 0, "window": self._window.value, "seconds": self._seconds.value or 0,
        }  # fmt: skip
        kind, _, whose = str(self._whose.value or EVERYBODY).partition(" ")
        if whose:
            when |= {"group": whose} if kind == "group" else {"devices": [whose]}
        place = (self._place.value or "").strip()
        if not place:
            return {"when": when}
        return {"when": when, "then": {self._kind.value: place if self._kind.value == "command" else [place]}}

    def _save(self) -> None:
        with telling():
            name, definition = well_known.words(self._name.value or ""), self._definition()
            title = f"{name} {self._operator.value} {self._value.value or 0:g}"
            self._hub.rules.add(title, definition)
            self._hub.people.note(self._user.name, "made a rule", title)
            self._name.value, self._whose.value = None, EVERYBODY
            self._place.value = self._usual if self._kind.value == "mail" else ""
            self._done()


def _list(hub: Hub, user: User, listed: ui.element) -> None:
    """Every rule, with its switch."""
    listed.clear()
    with listed:
        for kept in hub.rules.all():
            _rule(hub, user, kept, listed)


def _rule(hub: Hub, user: User, kept: Kept, listed: ui.element) -> None:
    when, then = kept.rule.when, kept.rule.then
    over = "" if when.window == "now" else f", {when.window} over {when.seconds:g} s"
    follows = ", ".join(kept.rule.texts()) + (f" {then.command}" if then.command else "") or "written down only"

    muted = kept.muted_until is not None and kept.muted_until > time.time()
    whose = f" of group {when.group}" if when.group else f" of {', '.join(when.devices)}" if when.devices else ""

    def change(**values: Any) -> None:
        with telling():
            hub.rules.change(kept.id, **values)
            hub.people.note(user.name, "changed a rule", kept.title)

    def mute() -> None:
        change(muted_until=None if muted else time.time() + QUIET)
        _list(hub, user, listed)

    def remove() -> None:
        hub.rules.remove(kept.id)
        hub.people.note(user.name, "removed a rule", kept.title)
        _list(hub, user, listed)

    with ui.element("div").classes("rule"):
        ui.switch(value=kept.enabled, on_change=lambda e: change(enabled=e.value)).set_enabled(user.may("operator"))
        state = ", muted" if muted else ""
        markup(
            f"<span><b>{text(kept.title)}</b>"
            f"<small>{when.on}{text(whose)}{over} → {text(follows)}{state}</small></span>"
        )
        if user.may("operator"):
            button("Hear it again" if muted else "Mute for an hour", mute, look="quiet small")
            button("Remove", remove, look="quiet small")


def _firings(hub: Hub, user: User, rows: list[dict[str, Any]], refresh: Any) -> None:
    titles = {kept.id: kept.title for kept in hub.rules.all()}
    if not rows:
        markup('<p class="empty">No rule has fired yet.</p>')

    def seen(number: int) -> None:
        with telling():
            hub.rules.acknowledge(number, user.name)
            refresh()

    for row in rows:
        with ui.element("div").classes("firing").props(f'data-open="{row["acknowledged"] is None}"'):
            state = "failed" if row["failed"] else "done" if row["done"] else "under way"
            where = f"{row['device']} {row['stream']}".strip()
            markup(
                f"<span><b>{text(titles.get(row['rule'], ''))}</b> {text(where)}: {text(row['text'])}"
                f"<small>{ago(row['time'])}, {state} {text(row['failed'])}</small></span>"
            )
            if row["acknowledged"] is None and user.may("operator"):
                button("Seen", lambda number=row["id"]: seen(number), look="small")
