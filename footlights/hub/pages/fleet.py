"""The first page: every device at a glance, newcomers, and how another one comes in."""

import io
from typing import Any

import segno
from fastapi import FastAPI
from nicegui import ui
from starlette.requests import Request

from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.hub.registry import Device
from footlights.media.page.forms import button, markup, telling, text

REFRESH = 2.0  # seconds
STATES = {"waiting": "waits for a yes", "blocked": "blocked"}


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /."""

    @ui.page("/")
    def fleet(request: Request) -> None:
        user = sessions.who(request)
        assert user is not None  # the door lets nobody else through
        with page("Fleet", user, "/"):
            _heading(hub, user, str(request.base_url).rstrip("/"))
            figures = markup("")
            newcomers = ui.element("section").classes("newcomers")
            cards = markup("")
            shown: dict[str, Any] = {}

            def refresh() -> None:
                devices = hub.registry.devices()
                figures.set_content(_figures(hub, devices))
                cards.set_content(_cards(devices))
                waiting = [device.id for device in devices if device.state == "waiting"]
                if shown.get("waiting") != waiting:
                    shown["waiting"] = waiting
                    newcomers.clear()
                    with newcomers:
                        for name in waiting:
                            _newcomer(hub, user, name, refresh)

            refresh()
            ui.timer(REFRESH, refresh)


def _heading(hub: Hub, user: User, address: str) -> None:
    with ui.element("div").classes("heading"):
        markup('<h1 class="title">The fleet</h1>')
        if user.may("admin"):
            dialog = _invitation(hub, address)
            button("Add a device", dialog.open, look="primary", icon="add")


def _figures(hub: Hub, devices: list[Device]) -> str:
    """Markup of the numbers that matter first."""
    online = sum(device.online for device in devices)
    alarms = len(hub.rules.history(1000, open_only=True))
    rows = (
        (f"{online} of {sum(device.state == 'active' for device in devices)}", "devices online", ""),
        (str(alarms), "open alarms", "bad" if alarms else ""),
        ("runs" if hub.mosquitto.runs() else "is down", "the broker", "" if hub.mosquitto.runs() else "bad"),
    )
    inner = "".join(f'<div class="figure {look}"><b>{value}</b><span>{name}</span></div>' for value, name, look in rows)
    return f'<section class="figures">{inner}</section>'


def _cards(devices: list[Device]) -> str:
    """Markup of a card for each device."""
    active = [device for device in devices if device.state != "waiting"]
    if not active:
        return '<p class="empty">No device yet. Add one: it takes a minute.</p>'
    return f'<section class="cards">{"".join(map(_card, active))}</section>'


def _card(device: Device) -> str:
    look = "blocked" if device.state == "blocked" else "online" if device.online else "away"
    said = STATES.get(device.state) or ("online" if device.online else f"last seen {ago(device.seen)}")
    return (
        f'<a class="card" data-look="{look}" href="/devices/{text(device.id)}"><strong>{text(device.title)}</strong>'
        f"<span>{text(device.id)}{f' · {text(device.group)}' if device.group else ''}</span><p>{text(said)}</p></a>"
    )


def _newcomer(hub: Hub, user: User, name: str, refresh: Any) -> None:
    def say(yes: bool) -> None:
        with telling():
            if yes:
                hub.registry.approve(name)
            else:
                hub.registry.block(name)
            hub.people.note(user.name, "approved" if yes else "refused", name)
            refresh()

    with ui.element("div").classes("newcomer"):
        markup(f"<span><b>{text(name)}</b> wants to join</span>")
        if user.may("operator"):
            button("Let it in", lambda: say(True), look="primary small")
            button("Refuse", lambda: say(False), look="quiet small")


def _invitation(hub: Hub, address: str) -> ui.dialog:
    """What somebody types on a device to make it one of the fleet."""
    with ui.dialog() as dialog, ui.card():
        markup("<h2>Add a device</h2><p class='help'>Type this on the device, with a name of your own for it:</p>")
        for group in hub.registry.groups():
            line = (
                f"footlights agent enrol {address} --scope {hub.registry.scope} --id NAME "
                f"--key {group.key} --pin {hub.authority.fingerprint}"
            )
            with ui.element("div").classes("invitation"):
                markup(f"<b>{text(group.title)}</b>")
                ui.code(line, language="bash").classes("command")
                markup(_code(line))
    return dialog


def _code(line: str) -> str:
    """Markup of a QR code."""
    out = io.BytesIO()
    segno.make(line, error="m", micro=False).save(out, kind="svg", scale=4, border=3, xmldecl=False, light="#fff")
    return f'<div class="qr">{out.getvalue().decode()}</div>'
