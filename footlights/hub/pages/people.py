"""Who may use the hub, and what was done."""

from fastapi import FastAPI
from nicegui import ui
from starlette.requests import Request

from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import ROLES, User
from footlights.media.page.forms import button, markup, note, telling, text


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /people."""

    @ui.page("/people")
    def people(request: Request) -> None:
        user = sessions.inside(request)
        with page("People", user, "/people"):
            if not user.may("admin"):
                note("only administrators see this", "bad")
                return
            markup('<h1 class="title">People</h1>')
            listed = ui.element("section").classes("rules")
            _list(hub, user, listed)
            _new(hub, user, listed)
            markup("<h2>What was done</h2>")
            lines = "".join(
                f"<li><time>{ago(row['time'])}</time> <b>{text(row['user'])}</b> {text(row['deed'])} "
                f"{text(row['what'])}</li>"
                for row in hub.people.book(60)
            )
            markup(f'<ul class="events">{lines}</ul>')


def _list(hub: Hub, user: User, listed: ui.element) -> None:
    listed.clear()

    def remove(name: str) -> None:
        with telling():
            hub.people.remove(name)
            hub.people.note(user.name, "removed a user", name)
            _list(hub, user, listed)

    with listed:
        for one in hub.people.users():
            with ui.element("div").classes("rule"):
                markup(f"<span><b>{text(one.name)}</b><small>{one.role}</small></span>")
                button("Remove", lambda name=one.name: remove(name), look="quiet small")


def _new(hub: Hub, user: User, listed: ui.element) -> None:
    with ui.element("section").classes("panel"):
        markup("<h2>Somebody new</h2>")
        with ui.element("div").classes("row"):
            name = ui.input("Name").props("outlined")
            role = ui.select(list(ROLES), value="viewer", label="Role").props("outlined")
            shown = ui.label().classes("token")

            def save() -> None:
                with telling():
                    hub.people.add(name.value.strip(), role.value)
                    shown.text = f"Shown this once: {hub.people.make_token(name.value.strip(), 'first')}"
                    hub.people.note(user.name, "added a user", name.value.strip())
                    _list(hub, user, listed)

            button("Add", save, look="primary")
