"""What is to run: the configuration file, with the options of the command line before it."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from footlights.cli.build import Wish
from footlights.core.app import App
from footlights.core.errors import SettingsError
from footlights.wire.document import Document, SourceEntry, load
from footlights.wire.settings import validate

log = logging.getLogger(__name__)
CAMERA = Path("/dev/video0")


def make_wish(
    name: str,
    app: type[App],
    *,
    settings: Mapping[str, object],
    actions: Mapping[str, Sequence[str]],
    sources: Sequence[str],
    more: Sequence[str],
    config: Path | None,
    page: int | None,
    no_page: bool,
    host: str | None,
    tls: tuple[Path, Path] | None,
    record: Path | None,
    save_pictures: Path | None,
    journal: Path | None,
    seconds: float | None,
    loop: bool,
    realtime: bool | None,
    on: str | None,
) -> Wish:
    """Join file and options, and check all of it. Raises SettingsError."""
    document = load(config) if config is not None else Document(app=name)
    if config is not None and document.app not in (None, name):
        raise SettingsError(f"{config} is for the app '{document.app}', not for '{name}'")
    outputs = document.outputs
    given = tuple(SourceEntry(url=address, loop=loop) for address in (*sources, *more))
    entries = given or document.sources or (SourceEntry(url=default_source(), loop=loop),)
    port = None if no_page else page if page is not None else outputs.page
    record = record or (Path(outputs.record).expanduser() if outputs.record else None)
    journal = journal or (Path(outputs.journal).expanduser() if outputs.journal else None)
    return Wish(
        name=name,
        app=app,
        settings=validate(app.Settings, {**document.settings, **settings}),
        sources=entries,
        page=port,
        host=host or "127.0.0.1",
        tls=tls or None,
        record=record,
        journal=journal,
        pictures=save_pictures,
        paced=realtime if realtime is not None else port is not None and not (record or journal or save_pictures),
        seconds=seconds,
        actions={**document.actions, **actions},
        on=on or "trigger",
    )


def default_source() -> str:
    """Camera 0 if there is one, else the rehearsal."""
    if CAMERA.exists():
        return "0"
    log.info("no camera here: a rehearsal with puppets takes its place")
    return "rehearsal:"
