"""Settings of the hub: where its mails go, and the groups that devices come by."""

from fastapi import FastAPI, Request
from nicegui import run, ui

from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import page
from footlights.hub.people import User
from footlights.hub.post import MailServer
from footlights.hub.registry import Group
from footlights.media.page.forms import button, markup, note, telling, text

SECURITY = {"starttls": "STARTTLS", "tls": "TLS from the beginning", "none": "none (this network only)"}


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /settings."""

    @ui.page("/settings")
    def settings(request: Request) -> None:
        user = sessions.inside(request)
        with page("Settings", user, "/settings"):
            markup('<h1 class="title">Settings</h1>')
            if not user.may("admin"):
                note("only administrators see this", "bad")
                return
            with ui.element("div").classes("device"):
                with ui.element("section").classes("panel"):
                    _mail(hub, user)
                with ui.element("section").classes("panel"):
                    markup("<h2>Groups</h2><p class='help'>Devices of a group enrol with its key.</p>")
                    listed = ui.element("div").classes("rules")
                    _groups(hub, user, listed)
                    _new_group(hub, user, listed)


def _mail(hub: Hub, user: User) -> None:
    kept = hub.post.server() or MailServer("")
    markup("<h2>Mail server</h2><p class='help'>Rules then need nothing but an address.</p>")
    if hub.post.lost:
        note("the password cannot be read any more, for the hub's key is another one: enter it again", "bad")
    with ui.element("div").classes("settings"):
        host = ui.input("Host", value=kept.host, placeholder="mail.example.com")
        port = ui.number("Port", value=kept.port, min=1, max=65535, format="%d")
        security = ui.select(SECURITY, value=kept.security, label="Encryption")
        name = ui.input("User", value=kept.user)
        password = ui.input("Password", password=True, placeholder="kept" if hub.post.has_password else "")
        sender = ui.input("Sender", value=kept.sender, placeholder="hub@example.com")
        recipient = ui.input("Recipient, where a rule names none", value=kept.recipient)
    for made in (host, port, security, name, password, sender, recipient):
        made.props('outlined autocomplete="new-password"' if made is password else "outlined")
    said = markup("")

    def save() -> None:
        with telling():
            values = {
                "host": (host.value or "").strip(), "port": int(port.value or 0), "security": security.value,
                "user": (name.value or "").strip(), "sender": (sender.value or "").strip(),
                "recipient": (recipient.value or "").strip(),
            }  # fmt: skip
            hub.post.change(values, password.value or None)
            hub.people.note(user.name, "changed the mail server", values["host"])
            password.value = ""
            said.set_content('<p class="help">Kept.</p>')

    async def test() -> None:
        said.set_content('<p class="help">…</p>')
        with telling():
            to = await run.io_bound(hub.post.test, (recipient.value or "").strip())
            hub.people.note(user.name, "sent a test mail", str(to))
            said.set_content(f'<p class="help">A mail is on its way to {text(to)}.</p>')
            return
        said.set_content("")

    with ui.element("div").classes("row"):
        button("Keep these", save, look="primary")
        button("Send a test mail", test)


def _groups(hub: Hub, user: User, listed: ui.element) -> None:
    listed.clear()
    with listed:
        for group in hub.registry.groups():
            _group(hub, user, group, listed)


def _group(hub: Hub, user: User, group: Group, listed: ui.element) -> None:
    def change(*, again: bool = False, **values: object) -> None:
        with telling():
            hub.registry.change_group(group.id, **values)  # type: ignore[arg-type]
            hub.people.note(user.name, "changed a group", group.id)
            if again:
                _groups(hub, user, listed)

    devices = sum(device.group == group.id for device in hub.registry.devices())
    with ui.element("div").classes("rule group"):
        markup(f"<span><b>{text(group.title)}</b><small>{text(group.id)}, {devices} devices</small></span>")
        title = ui.input("Title", value=group.title).props("outlined")
        title.on("blur", lambda: change(title=title.value or group.id))
        ui.switch("Takes new devices", value=group.open, on_change=lambda e: change(opened=e.value))
        ui.switch("Somebody says yes to each", value=group.by_hand, on_change=lambda e: change(by_hand=e.value))
        button("New key", lambda: change(new_key=True, again=True), look="quiet small").tooltip(
            "The old key enrols nobody any more; devices that are in stay in."
        )


def _new_group(hub: Hub, user: User, listed: ui.element) -> None:
    with ui.element("div").classes("row"):
        name = ui.input("Name of a new group", placeholder="line-3").props("outlined")

        def save() -> None:
            with telling():
                hub.registry.make_group((name.value or "").strip())
                hub.people.note(user.name, "made a group", name.value)
                name.value = ""
                _groups(hub, user, listed)

        button("Make it", save)
