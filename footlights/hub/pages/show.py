"""One show: its doors and who gets which address, what it plays, and its end."""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse
from nicegui import run, ui
from nicegui.events import UploadEventArguments

from footlights.core.errors import SettingsError
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import page
from footlights.hub.pages.shows import REFRESH, look, state_in_words, upload
from footlights.hub.people import User
from footlights.hub.shows import KnownShow, Shows
from footlights.hub.stage.shelf import LARGEST_FILE, KeptShow
from footlights.media.page.forms import button, markup, note, telling, text

ADDRESSES = (
    ("audience", "The audience", "for everybody, on a telephone or laptop"),
    ("artist", "The artist", "the wall: starts the show, sees the answers; holds a key"),
    ("producer", "The producer", "the timeline with its cues; holds a key, and changes the show"),
)


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /shows/NAME, and the show as a file."""
    known: Shows = app.state.shows

    @app.get("/shows/{name}/show.yaml", include_in_schema=False)
    def written(request: Request, name: str) -> PlainTextResponse:
        user = sessions.who(request)
        if user is None or not user.may("operator"):
            raise HTTPException(403, "this is for operators")  # effects may hold addresses with passwords
        headers = {"content-disposition": "attachment; filename=show.yaml", "cache-control": "no-store"}
        return PlainTextResponse(known.shelf.text(name), headers=headers, media_type="application/yaml")

    @ui.page("/shows/{name}")
    def show(request: Request, name: str) -> None:
        user = sessions.inside(request)
        with page(name, user, "/shows"):
            try:
                found = known.one(name)
            except SettingsError as error:
                note(str(error), "bad")
                button("All shows", to="/shows")
                return
            head = markup(_head(found))
            with ui.element("div").classes("device"):
                doors = _Doors(known, user, name, str(request.base_url).rstrip("/"))
                files = _Files(known, user, name)

            async def refresh() -> None:
                try:
                    found = await run.io_bound(known.one, name)
                except SettingsError:
                    ui.navigate.to("/shows")  # somebody removed it
                    return
                if found is not None:
                    head.set_content(_head(found))
                    doors.follow()
                    files.follow(found.kept)

            ui.timer(REFRESH, refresh, immediate=False)


def _head(show: KnownShow) -> str:
    return (
        f'<div class="heading"><h1 class="title">{text(show.kept.title)}</h1>'
        f'<span class="state" data-look="{look(show)}">{text(state_in_words(show))}</span></div>'
    )


class _Doors:
    """Opens and ends the show; while it runs, who finds it where."""

    def __init__(self, shows: Shows, user: User, name: str, base: str) -> None:
        self._shows, self._user, self._name, self._base = shows, user, name, base
        self._drawn: bool | None = None
        self._panel = ui.element("section").classes("panel")
        self.follow()

    def follow(self) -> None:
        """Draw what is possible now, where that changed."""
        runs = self._name in self._shows.stage.shows
        if runs == self._drawn:
            return
        self._drawn = runs
        self._panel.clear()
        with self._panel:
            markup("<h2>The doors</h2>")
            if not self._user.may("operator"):
                markup(f'<p class="help">{"They are open." if runs else "They are closed."} Operators open them.</p>')
            elif runs:
                self._open()
            else:
                self._closed()

    def _closed(self) -> None:
        markup(
            "<p class='help'>Closed. Once they are open people may come in, and the artist starts the show. Cues are "
            "set on the producer's page, which opens them, too.</p>"
        )
        with ui.element("div").classes("row"):
            button("Open the doors", self._run, look="primary")
            button("Set cues on its timeline", self._edit, icon="timeline")
            remove = _asked("Remove this show?", "What it plays and its replays go with it.", "Remove it", self._remove)
            button("Remove", remove.open, look="quiet small")

    def _open(self) -> None:
        found = self._shows.addresses(self._name)
        markup(f'<img class="join" src="/stage/{self._name}/qr.svg" alt="{text(found.audience)} as a QR code">')
        if _only_here(found.audience):
            note("this address means this machine only: open the hub by a name that the audience can reach")
        for which, who, what in ADDRESSES:
            address = getattr(found, which)
            with ui.element("div").classes("rule"):
                shown = f"<small><code>{text(address)}</code></small>" if which == "audience" else ""
                markup(
                    f'<span><a href="{text(address)}" target="_blank" rel="noopener"><b>{who}</b></a>'
                    f"<small>{what}</small>{shown}</span>"
                )
                button("Copy", lambda address=address: _copy(address), look="quiet small").tooltip("Copy the address")
        end = _asked("End this show?", "Its doors close, and everybody is let go.", "End it", self._end)
        button("End the show", end.open)

    async def _run(self) -> None:
        with telling():
            await self._shows.open(self._name, self._base, self._user.name)
            self.follow()

    async def _edit(self) -> None:
        with telling():
            await self._shows.open(self._name, self._base, self._user.name)
            ui.navigate.to(f"/stage/{self._name}/producer")

    async def _end(self) -> None:
        await self._shows.end(self._name, self._user.name)
        self.follow()

    async def _remove(self) -> None:
        await run.io_bound(self._shows.remove, self._name, self._user.name)
        ui.navigate.to("/shows")


class _Files:
    """What it plays, and the show as a file."""

    def __init__(self, shows: Shows, user: User, name: str) -> None:
        self._shows, self._user, self._name = shows, user, name
        self._drawn: KeptShow | None = None
        with ui.element("section").classes("panel"):
            markup("<h2>What it plays</h2>")
            self._listed = ui.element("div").classes("rules")
            self._follow()
            if not user.may("operator"):
                return
            self._chooser = ui.upload(
                label="Choose a song, a film or a show.yaml, or drop it here",
                auto_upload=True,
                max_file_size=LARGEST_FILE,
            )
            self._chooser.on_upload(self._take).props("flat bordered color=dark").classes("chooser")
            markup(f'<p class="help"><a href="/shows/{name}/show.yaml">show.yaml</a> holds its cues and effects.</p>')

    def follow(self, kept: KeptShow) -> None:
        """List what there is, where that changed."""
        if kept == self._drawn:
            return
        self._drawn = kept
        self._listed.clear()
        with self._listed:
            if not kept.files:
                markup('<p class="empty">Nothing yet. A show may also do without.</p>')
            for file in kept.files:
                with ui.element("div").classes("rule"):
                    along = "<small>the show runs along it</small>" if file == kept.plays else ""
                    markup(f"<span>{text(file)}{along}</span>")
                    if self._user.may("operator"):
                        button("Remove", lambda file=file: self._remove(file), look="quiet small")
            if kept.plays and kept.plays not in kept.files:
                note(f"{kept.plays} is to be played, and is not here yet", "bad")
            if kept.replays:
                markup(f'<p class="help">Replays: {len(kept.replays)}, the newest {text(kept.replays[-1])}.</p>')

    async def _take(self, e: UploadEventArguments) -> None:
        with telling():
            await upload(self._shows, self._name, self._user, e)
            self._follow()
        self._chooser.reset()

    def _remove(self, file: str) -> None:
        with telling():
            self._shows.shelf.remove_file(self._name, file)
            self._follow()

    def _follow(self) -> None:
        self.follow(self._shows.one(self._name).kept)


def _asked(question: str, what: str, yes: str, act: Callable[[], Awaitable[None]]) -> ui.dialog:
    """A question before something that cannot be taken back."""
    with ui.dialog() as dialog, ui.card():
        markup(f"<h2>{text(question)}</h2><p>{text(what)}</p>")

        async def do() -> None:
            dialog.close()
            with telling():
                await act()

        with ui.element("div").classes("row"):
            button(yes, do, look="primary")
            button("Not now", dialog.close, look="quiet")
    return dialog


def _copy(address: str) -> None:
    ui.clipboard.write(address)
    ui.notify("copied", position="bottom")


def _only_here(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
