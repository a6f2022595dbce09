"""The shows of the hub: which there are, how they run, and how another one is made."""

from pathlib import Path

from fastapi import FastAPI, Request
from nicegui import run, ui
from nicegui.events import UploadEventArguments

from footlights.core.errors import SettingsError
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import page
from footlights.hub.people import User
from footlights.hub.shows import CLOSED, PLAYED, KnownShow, Shows, file_name, short_name
from footlights.hub.stage.shelf import LARGEST_FILE, LARGEST_SHOW
from footlights.media.page.forms import button, markup, telling, text
from footlights.media.page.shows import media_file
from footlights.wire.show import Show, parse, to_yaml

REFRESH = 2.0  # seconds
STATES = {
    CLOSED: "closed", "waiting": "doors open", "playing": "plays", "paused": "paused", "ended": "is over"
}  # fmt: skip
LOOKS = {CLOSED: "closed", "playing": "online", "ended": "closed"}  # of the others: away


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /shows."""
    known: Shows = app.state.shows

    @ui.page("/shows")
    def shows(request: Request) -> None:
        user = sessions.inside(request)
        with page("Shows", user, "/shows"):
            markup('<h1 class="title">Shows</h1>')
            cards = markup(_cards(known.all()))
            if user.may("operator"):
                _new(known, user)

            async def refresh() -> None:
                if (found := await run.io_bound(known.all)) is not None:
                    cards.set_content(_cards(found))

            ui.timer(REFRESH, refresh, immediate=False)


def state_in_words(show: KnownShow) -> str:
    """How it runs, and who is there."""
    there = "" if show.state == CLOSED else f" · {show.present} there"
    return STATES[show.state] + there


def look(show: KnownShow) -> str:
    """The colour of its state."""
    return LOOKS.get(show.state, "away")


async def upload(shows: Shows, name: str, user: User, e: UploadEventArguments) -> None:
    """Take what somebody chose for a show: a song, a film, or a show.yaml in the place of its own.

    Raises SettingsError: the show runs, or it is none of these.
    """
    if is_yaml(e.file.name):
        text = await _text(e)
        await run.io_bound(lambda: shows.put(name, text, user.name))
        return
    file = _media(e)
    piecewise = await run.io_bound(shows.upload, name, file)
    assert piecewise is not None
    try:
        async for piece in e.file.iterate():
            await run.io_bound(piecewise.write, piece)
        await run.io_bound(piecewise.keep)
    finally:
        piecewise.close()
    await run.io_bound(shows.take, name, file, user.name)


def _new(shows: Shows, user: User) -> None:
    with ui.element("section").classes("panel"):
        markup(
            "<h2>A new one</h2><p class='help'>Give its song or film: cues are set on its timeline afterwards. Or a "
            "show.yaml that you have.</p>"
        )
        with ui.element("div").classes("row"):
            title = ui.input("Title", placeholder="Midnight Carousel").props("outlined").classes("wide")
            short = ui.input("Name in its address", placeholder="made from the title").props("outlined")

        def begin(show: Show, text: str | None = None) -> str:
            """Keep a new show; its name."""
            name = (short.value or "").strip() or short_name(show.title) or "show"
            shows.put(name, text or to_yaml(show), user.name, new=True)
            return name

        async def take(e: UploadEventArguments) -> None:
            with telling():
                if is_yaml(e.file.name):
                    text = await _text(e)
                    name = begin(parse(text, e.file.name), text)
                else:
                    _media(e)  # or nothing is begun
                    name = begin(Show((title.value or "").strip() or e.file.name.rpartition(".")[0][:120]))
                    await upload(shows, name, user, e)
                ui.navigate.to(f"/shows/{name}")
            chooser.reset()

        def make() -> None:
            with telling():
                ui.navigate.to(f"/shows/{begin(Show((title.value or '').strip()))}")

        chooser = ui.upload(
            label="Choose its song or film, or drop it here", auto_upload=True, max_file_size=LARGEST_FILE
        )
        chooser.on_upload(take).props("flat bordered color=dark").classes("chooser")
        button("Make it without one", make)


def _cards(shows: list[KnownShow]) -> str:
    """Markup of a card for each show."""
    if not shows:
        return '<p class="empty">No show yet.</p>'
    return f'<section class="cards">{"".join(map(_card, shows))}</section>'


def _card(show: KnownShow) -> str:
    kept = show.kept
    plays = f" · {text(kept.plays)}" if kept.plays else ""
    return (
        f'<a class="card" data-look="{look(show)}" href="/shows/{text(kept.name)}"><strong>{text(kept.title)}</strong>'
        f"<span>{text(kept.name)}{plays}</span><p>{text(state_in_words(show))}</p></a>"
    )


def is_yaml(name: str) -> bool:
    """Whether a file is a show.yaml."""
    return name.lower().endswith((".yaml", ".yml"))


async def _text(e: UploadEventArguments) -> str:
    if e.file.size() > LARGEST_SHOW:
        raise SettingsError(f"a show.yaml may have {LARGEST_SHOW // 1024} kB")
    return (await e.file.read()).decode("utf-8", "replace")


def _media(e: UploadEventArguments) -> str:
    """What a chosen file is called on the shelf. Raises SettingsError: too large, or nothing that a show plays."""
    if e.file.size() > LARGEST_FILE:
        raise SettingsError(f"a file may have {LARGEST_FILE // 1024**3} GB")
    file = file_name(e.file.name)
    if media_file(Path(file)).kind not in PLAYED:
        raise SettingsError(f"{file} is neither a song nor a film")
    return file
