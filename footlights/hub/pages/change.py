"""A change for many devices: who, what, what it would do to each, and how it goes through the fleet."""

from collections.abc import Mapping
from typing import Any

import yaml
from fastapi import FastAPI, Request
from nicegui import run, ui

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.settings_form import SettingsForm
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.hub.registry import ACTIVE, Device
from footlights.hub.rollouts import AT_ONCE, Change, Plan, Selection
from footlights.media.page.forms import button, markup, note, telling, text
from footlights.wire.fields import describe

ROWS = 25  # of the list of devices
NAMED = 12  # devices that are named in a line
COLUMNS = [
    {"name": name, "label": label, "field": name, "align": "left", "sortable": True}
    for name, label in (("id", "Device"), ("title", "Title"), ("group", "Group"), ("state", "State"))
]


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /change; `?model=hub:...` and `?group=` begin it."""

    @ui.page("/change")
    def change(request: Request, model: str = "", group: str = "") -> None:
        user = sessions.inside(request)
        with page("Change many", user, "/rollouts"):
            markup('<h1 class="title">Change many devices</h1>')
            if not user.may("operator"):
                note("this needs the role operator", "bad")
                return
            ChangePage(hub, user, {"settings": {"model": model}} if model else {}, group)


class ChangePage:
    """Nothing is sent before it was shown what it would do."""

    def __init__(self, hub: Hub, user: User, patch: dict[str, Any], group: str) -> None:
        self._hub, self._user, self._patch = hub, user, patch
        self._app: str | None = None
        self._form: SettingsForm | None = None
        with ui.element("div").classes("device"):
            with ui.element("section").classes("panel"):
                markup("<h2>Who</h2>")
                self._draw_devices(group)
            with ui.element("section").classes("panel"):
                markup("<h2>What is to be another way</h2>")
                self._draw_patch()
        with ui.element("section").classes("panel"):
            button("Show what would change", self._preview, look="primary")
            self._shown = ui.element("div").classes("preview")

    def _draw_devices(self, group: str) -> None:
        devices = [device for device in self._hub.registry.devices() if device.state == ACTIVE]
        rows = [
            {
                "id": device.id, "title": device.title, "group": device.group or "",
                "state": _presence(device),
            }
            for device in devices
        ]  # fmt: skip
        groups = sorted({row["group"] for row in rows if row["group"]})
        with ui.element("div").classes("row"):
            chosen = ui.select(groups, label="All of a group", clearable=True).props("outlined")
            search = ui.input("Search").props("outlined clearable")
        self._table = ui.table(rows=rows, columns=COLUMNS, row_key="id", selection="multiple", pagination=ROWS)
        self._table.props("dense")
        self._table.bind_filter_from(search, "value")
        self._table.on_select(self._forget)

        def choose(name: str | None) -> None:
            self._table.selected = [row for row in rows if name and row["group"] == name]
            self._forget()

        chosen.on_value_change(lambda e: choose(e.value))
        if group in groups:
            chosen.value = group

    def _draw_patch(self) -> None:
        with ui.tabs().classes("kinds") as tabs:
            form, source = ui.tab("Form"), ui.tab("YAML")
        with ui.tab_panels(tabs, value=source if self._patch else form).classes("panels"):
            with ui.tab_panel(form), ui.element("div").classes("form"):
                apps = ui.select(app_names(), label="App", clearable=True).props("outlined")
                apps.on_value_change(lambda e: self._choose_app(e.value))
                self._settings = ui.element("div").classes("settings")
            with ui.tab_panel(source):
                shown = yaml.safe_dump(self._patch, sort_keys=False) if self._patch else ""
                self._yaml = ui.codemirror(shown, language="YAML", theme="vscodeDark", on_change=self._forget)
                self._yaml.classes("source")
                markup(
                    '<p class="help">Only what is written here changes; <code>null</code> takes a setting away. '
                    "Sources are a list, which is put in the place of the whole.</p>"
                )

    def _choose_app(self, name: str | None) -> None:
        self._app = name
        self._settings.clear()
        self._form = None
        if name:
            with self._settings:
                self._form = SettingsForm(
                    describe(load_app(name).Settings), {}, self._write, self._hub.models.references()
                )
        self._write()

    def _write(self) -> None:
        """What the form says, as the patch."""
        settings = self._form.values() if self._form is not None else {}
        patch = {**({"app": self._app} if self._app else {}), **({"settings": settings} if settings else {})}
        self._yaml.value = yaml.safe_dump(patch, sort_keys=False, allow_unicode=True) if patch else ""
        self._forget()

    def _forget(self) -> None:
        """What was shown holds no more."""
        self._shown.clear()

    def _read(self) -> tuple[Selection, dict[str, Any]]:
        """Who and what. Raises SettingsError."""
        try:
            patch = yaml.safe_load(self._yaml.value or "")
        except yaml.YAMLError as error:
            raise SettingsError(str(error).splitlines()[0]) from None
        if not isinstance(patch, dict) or not patch:
            raise SettingsError("say what is to be another way")
        return Selection(tuple(row["id"] for row in self._table.selected)), patch

    async def _preview(self) -> None:
        with telling():
            selection, patch = self._read()
            changes = await run.io_bound(self._hub.rollouts.preview, selection, patch)
            self._shown.clear()
            with self._shown:
                self._draw_preview(selection, patch, changes or [])

    def _draw_preview(self, selection: Selection, patch: dict[str, Any], changes: list[Change]) -> None:
        markup(preview(changes))
        willing = [change for change in changes if not change.refusal]
        if not willing:
            return
        if away := sum(not change.online for change in willing):
            markup(f'<p class="help">{away} of them away now: they get it when they come, and hold nobody up.</p>')
        with ui.element("div").classes("row"):
            title = ui.input("What this is", placeholder="new thresholds").props("outlined").classes("wide")
            stages = ui.input("Stages, %", value=", ".join(map(str, Plan().stages))).props("outlined")
            settle = ui.number("Healthy for, s", value=Plan().settle, min=0).props("outlined")
            threshold = ui.number("May fail, %", value=Plan().threshold, min=0, max=100).props("outlined")

        async def send(at_once: bool) -> None:
            with telling():
                plan = {
                    **(AT_ONCE if at_once else {"stages": _shares(stages.value)}), "settle": float(settle.value or 0),
                    "threshold": float(threshold.value or 0),
                }  # fmt: skip
                words = title.value or f"change of {', '.join(map(str, patch))}"
                start, by = self._hub.rollouts.start, self._user.name
                number = await run.io_bound(start, words, selection, patch, by, plan, leave_out=True)
                self._hub.people.note(self._user.name, "began a roll-out", f"{number} {words}")
                self._hub.rollout_steps.wake()
                ui.navigate.to(f"/rollouts/{number}")

        with ui.element("div").classes("row"):
            count = f"{len(willing)} device{'s' if len(willing) > 1 else ''}"
            button(f"Roll out to {count} in stages", lambda: send(at_once=False), look="primary")
            button(f"Send to {count} at once", lambda: send(at_once=True))


def _presence(device: Device) -> str:
    if device.seen is None:
        return "never seen"
    return "online" if device.online else f"away, seen {ago(device.seen)}"


def preview(changes: list[Change]) -> str:
    """Markup of what a change would do: those for whom it does the same stand together, those who refuse come first."""
    refused: dict[str, list[str]] = {}
    same: dict[str, list[str]] = {}
    for change in changes:
        if change.refusal:
            refused.setdefault(change.refusal, []).append(change.device)
        else:
            same.setdefault(_shown(change.difference), []).append(change.device)
    parts = [
        f'<p class="note bad"><span><b>{_named(devices)} would refuse it</b><br>{text(why)}</span></p>'
        for why, devices in refused.items()
    ]
    for shown, devices in sorted(same.items(), key=lambda item: -len(item[1])):
        inner = f"<pre>{text(shown)}</pre>" if shown else "<p>It is so already.</p>"
        parts.append(f'<div class="difference"><b>{_named(devices)}</b>{inner}</div>')
    return "".join(parts)


def _shown(difference: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(difference), sort_keys=False, allow_unicode=True) if difference else ""


def _named(devices: list[str]) -> str:
    more = f" and {len(devices) - NAMED} more" if len(devices) > NAMED else ""
    return text(", ".join(devices[:NAMED]) + more)


def _shares(words: str) -> list[int]:
    """Raises SettingsError."""
    try:
        return [int(part) for part in words.replace("%", "").split(",")]
    except ValueError:
        raise SettingsError("stages are shares that grow to 100, such as 10, 50, 100") from None
