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
        user = sessions.inside(request)
        with page("Fleet", user, "/"):
            _heading(hub, user, str(request.base_url).rstrip("/"))
            figures = markup("")
            newcomers = ui.element("section").classes("newcomers")
            cards = markup("")
            shown: dict[str, Any] = {}

            def refresh() -> None:
                devices = hub.overview.devices()
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
        if user.may("operator"):
            button("Change many", to="/change")
        if user.may("admin"):
            dialog = _invitation(hub, address, user)
            button("Add a device", dialog.open, look="primary", icon="add")


def _figures(hub: Hub, devices: list[Device]) -> str:
    """Markup of the numbers that matter first."""
    online = sum(device.online for device in devices)
    alarms = hub.overview.alarms()
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
            hub.overview.look_again()
            refresh()

    with ui.element("div").classes("newcomer"):
        markup(f"<span><b>{text(name)}</b> wants to join</span>")
        if user.may("operator"):
            button("Let it in", lambda: say(True), look="primary small")
            button("Refuse", lambda: say(False), look="quiet small")


def _invitation(hub: Hub, address: str, user: User) -> ui.dialog:
    """What somebody types on a device to make it one of the fleet: by the key of a group, or by one of its own."""
    with ui.dialog() as dialog, ui.card():
        markup("<h2>Add a device</h2>")
        groups = {group.id: group for group in hub.registry.groups() if group.open}
        with ui.element("div").classes("row"):
            chosen = ui.select({name: group.title for name, group in groups.items()}, label="Group")
            name = ui.input("Its name", placeholder="jetson-07")
            for made in (chosen, name):
                made.props("outlined")
        own = ui.switch("It has a key of its own")
        markup('<p class="help">Type this on the device, or read it from there:</p>')
        shown = ui.element("div").classes("invitation")

        def show(key: str, *, individual: bool = False) -> None:
            flags = " --individual" if individual else ""
            line = (
                f"footlights agent enrol {address} --scope {hub.registry.scope} --id {name.value or 'NAME'} "
                f"--key {key}{flags} --pin {hub.authority.fingerprint}"
            )
            shown.clear()
            with shown:
                ui.code(line, language="bash").classes("command")
                markup(_code(line))

        def make() -> None:
            with telling():
                key = hub.registry.add((name.value or "").strip())
                hub.people.note(user.name, "added a device", name.value)
                if chosen.value:
                    hub.registry.change_device(name.value, group=chosen.value)
                show(key, individual=True)

        def again() -> None:
            shown.clear()
            if own.value:
                with shown:
                    button("Make its key, shown this once", make, look="primary")
            elif chosen.value:
                show(groups[chosen.value].key)

        for each in (chosen, name, own):
            each.on_value_change(again)
        chosen.value = next(iter(groups), None)
    return dialog


def _code(line: str) -> str:
    """Markup of a QR code."""
    out = io.BytesIO()
    segno.make(line, error="m", micro=False).save(out, kind="svg", scale=4, border=3, xmldecl=False, light="#fff")
    return f'<div class="qr">{out.getvalue().decode()}</div>'
