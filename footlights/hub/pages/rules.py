"""Rules: a new one in a few clicks, those there are, and what they did."""

from typing import Any

from fastapi import FastAPI
from nicegui import ui
from sqlalchemy import select
from starlette.requests import Request

from footlights.hub import schema
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.hub.rules import OPERATORS, WINDOWS, Kept
from footlights.media.page.forms import button, markup, telling, text

REFRESH = 2.0  # seconds
KNOWN_EVENTS = ("anomaly.raised", "gesture.begin", "trigger", "repetition")


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /rules."""

    @ui.page("/rules")
    def rules(request: Request) -> None:
        user = sessions.who(request)
        assert user is not None  # the door lets nobody else through
        with page("Rules", user, "/rules"):
            markup('<h1 class="title">When something happens</h1>')
            listed = ui.element("section").classes("rules")
            if user.may("operator"):
                _new(hub, user, lambda: _list(hub, user, listed))
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


def _measurements(hub: Hub) -> list[str]:
    """Everything that was ever measured."""
    with hub.database.read() as connection:
        return sorted(connection.scalars(select(schema.rollups.c.name).distinct()))


def _new(hub: Hub, user: User, done: Any) -> None:
    """The form of a new rule."""
    with ui.element("section").classes("panel new-rule"):
        markup("<h2>A new rule</h2>")
        with ui.element("div").classes("row"):
            on = ui.select({"telemetry": "a measurement", "event": "an event"}, value="telemetry", label="When")
            name = ui.select(_measurements(hub), label="Name", with_input=True, new_value_mode="add-unique")
            operator = ui.select(list(OPERATORS), value=">", label="is")
            value = ui.number(value=1, label="Value")
            window = ui.select(list(WINDOWS), value="now", label="Over")
            seconds = ui.number(value=0, min=0, label="Seconds")
        with ui.element("div").classes("row"):
            kind = ui.select(["mail", "webhook", "mqtt"], value="mail", label="Then")
            place = ui.input(label="Where to", placeholder="smtp://mail.example.com/operator@example.com")
            place.classes("wide")
        for made in (on, name, operator, value, window, seconds, kind, place):
            made.props("outlined")
        on.on_value_change(
            lambda e: name.set_options(_measurements(hub) if e.value == "telemetry" else list(KNOWN_EVENTS))
        )

        def save() -> None:
            when = {
                "on": on.value, "name": name.value or "", "operator": operator.value, "value": value.value or 0,
                "window": window.value, "seconds": seconds.value or 0,
            }  # fmt: skip
            then = {kind.value: [place.value]} if place.value else {}
            with telling():
                title = f"{name.value} {operator.value} {value.value:g}"
                hub.rules.add(title, {"when": when, "then": then})
                hub.people.note(user.name, "made a rule", title)
                place.value = ""
                done()

        button("Save the rule", save, look="primary")


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

    def change(**values: Any) -> None:
        with telling():
            hub.rules.change(kept.id, **values)
            hub.people.note(user.name, "changed a rule", kept.title)

    def remove() -> None:
        hub.rules.remove(kept.id)
        hub.people.note(user.name, "removed a rule", kept.title)
        _list(hub, user, listed)

    with ui.element("div").classes("rule"):
        ui.switch(value=kept.enabled, on_change=lambda e: change(enabled=e.value)).set_enabled(user.may("operator"))
        markup(f"<span><b>{text(kept.title)}</b><small>{when.on}{over} → {text(follows)}</small></span>")
        if user.may("operator"):
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
