"""The desired document of a device, as a form and as YAML: what would change, what became of it, the way back."""

from typing import Any

import yaml
from nicegui import ui

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app
from footlights.hub.hub import Hub
from footlights.hub.pages.settings_form import SettingsForm
from footlights.hub.pages.shell import ago
from footlights.hub.people import User
from footlights.hub.twins import check
from footlights.media.page.forms import button, markup, note, telling, text
from footlights.wire import merge_patch
from footlights.wire.fields import describe


class TwinEditor:
    """Edits one device's document; nothing is sent before somebody says so."""

    def __init__(self, hub: Hub, user: User, device: str) -> None:
        self._hub, self._user, self._device = hub, user, device
        self._document: dict[str, Any] = dict(hub.twins.twin(device).desired.document)
        self._version = hub.twins.twin(device).desired.version
        with ui.tabs().classes("kinds") as tabs:
            form, source, past = (ui.tab(name) for name in ("Form", "YAML", "History"))
        with ui.tab_panels(tabs, value=form).classes("panels") as panels:
            with ui.tab_panel(form):
                self._form_place = ui.element("div").classes("form")
            with ui.tab_panel(source):
                self._yaml = ui.codemirror(self._text(), language="YAML", theme="vscodeDark", on_change=self._typed)
                self._yaml.classes("source")
            with ui.tab_panel(past):
                self._history = ui.element("div").classes("history")
        panels.on_value_change(self._show)
        self._difference = markup("")
        if user.may("operator"):
            self._apply = button("Apply", self._send, look="primary")
        self._state = markup("")
        self._settings: SettingsForm | None = None
        self._show()

    def refresh(self) -> None:
        """Show what became of the document, and what others have changed meanwhile."""
        twin = self._hub.twins.twin(self._device)
        if twin.desired.version != self._version and not self._changes():
            self._document, self._version = dict(twin.desired.document), twin.desired.version
            self._show()
        rows = "".join(
            f'<li data-good="{int(said["code"]) < 300}"><b>{text(name)}</b> version {said["version"]}: '
            f"{'taken' if int(said['code']) < 300 else text(said['text'])}</li>"
            for name, said in sorted(twin.acknowledged.items())
        )
        wanted, there = twin.desired.version, twin.reported.get("desiredVersion", 0)
        agree = "the device has it" if wanted == there else f"the device has version {there}"
        head = f"Version {wanted}; {agree}." if wanted else "Nothing is wanted of this device yet."
        self._state.set_content(f'<div class="agreement"><p>{text(head)}</p><ul>{rows}</ul></div>')

    def _text(self) -> str:
        return yaml.safe_dump(self._document, sort_keys=False, allow_unicode=True) if self._document else ""

    def _show(self) -> None:
        """The document in every form."""
        self._form_place.clear()
        with self._form_place:
            self._draw_form()
        if self._yaml.value.strip() != self._text().strip():
            self._yaml.value = self._text()
        self._history.clear()
        with self._history:
            self._draw_history()
        self._show_difference()
        self.refresh_soon()

    def refresh_soon(self) -> None:
        """Show the state a moment later, when all of the page is there."""
        ui.timer(0.05, self.refresh, once=True)

    def _draw_form(self) -> None:
        app = self._document.get("app")
        ui.select(app_names(), label="App", value=app, on_change=lambda e: self._choose_app(e.value)).props("outlined")
        sources = "\n".join(_source_line(entry) for entry in self._document.get("sources", ()))
        ui.textarea(
            "Sources, one a line: NAME = ADDRESS", value=sources, on_change=lambda e: self._take_sources(e.value)
        ).props('outlined autogrow placeholder="line-1 = rtsp://10.0.0.21/stream1"')
        self._settings = None
        if app in app_names():
            with ui.expansion("Settings of the app", value=True), ui.element("div").classes("settings"):
                fields = describe(load_app(app).Settings)
                self._settings = SettingsForm(
                    fields, self._document.get("settings", {}), self._take_settings, self._hub.models.references()
                )

    def _draw_history(self) -> None:
        editions = self._hub.twins.history(self._device)
        if not editions:
            note("No version yet.")
        for edition in editions:
            with ui.element("div").classes("edition"):
                why = f": {text(edition.why)}" if edition.why else ""
                markup(f"<span><b>{edition.version}</b> by {text(edition.by)}, {ago(edition.time)}{why}</span>")
                if edition.version != self._version and self._user.may("operator"):
                    button("Go back to this", lambda n=edition.version: self._roll_back(n), look="quiet small")

    def _choose_app(self, app: str | None) -> None:
        self._document = {**self._document, "app": app, "settings": {}}
        self._document = {name: value for name, value in self._document.items() if value not in (None, {})}
        self._show()

    def _take_sources(self, lines: str) -> None:
        entries = [_source(line) for line in lines.splitlines() if line.strip()]
        self._take("sources", entries)

    def _take_settings(self) -> None:
        if self._settings is not None:
            self._take("settings", self._settings.values())

    def _take(self, name: str, value: Any) -> None:
        self._document = {**self._document, name: value}
        if not value:
            del self._document[name]
        self._yaml.value = self._text()
        self._show_difference()

    def _typed(self) -> None:
        try:
            content = yaml.safe_load(self._yaml.value) or {}
        except yaml.YAMLError as error:
            self._difference.set_content(f'<p class="note bad">{text(str(error).splitlines()[0])}</p>')
            return
        if isinstance(content, dict) and not merge_patch.same(content, self._document):
            self._document = content
            self._show_difference()

    def _changes(self) -> dict[str, Any]:
        before = self._hub.twins.twin(self._device).desired.document
        return merge_patch.difference(before, merge_patch.without_nulls(self._document))

    def _show_difference(self) -> None:
        changes = self._changes()
        if not changes:
            self._difference.set_content("")
            return
        try:
            check(merge_patch.without_nulls(self._document))
        except SettingsError as error:
            lines = "".join(f"<li>{text(line)}</li>" for line in str(error).splitlines())
            self._difference.set_content(f'<ul class="note bad">{lines}</ul>')
            return
        shown = yaml.safe_dump(changes, sort_keys=False, allow_unicode=True)
        self._difference.set_content(f'<div class="difference"><b>What would change</b><pre>{text(shown)}</pre></div>')

    def _send(self) -> None:
        with telling():
            desired = self._hub.twins.replace(self._device, self._document, self._user.name)
            self._announce(desired.version)

    def _roll_back(self, version: int) -> None:
        with telling():
            desired = self._hub.twins.roll_back(self._device, version, self._user.name)
            self._document = dict(desired.document)
            self._announce(desired.version)

    def _announce(self, version: int) -> None:
        desired = self._hub.twins.twin(self._device).desired
        self._hub.switchboard.say_desired(self._device, desired)
        self._hub.people.note(self._user.name, f"twin version {version}", self._device)
        self._version = version
        self._show()


def _source_line(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    name = f"{entry['name']} = " if entry.get("name") else ""
    return f"{name}{entry.get('url', '')}"


def _source(line: str) -> dict[str, Any]:
    name, divided, address = (part.strip() for part in line.partition(" = "))
    return {"url": address, "name": name} if divided else {"url": name}
