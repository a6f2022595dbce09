"""What is to run: the configuration file, with the options of the command line before it."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from footlights.cli.alarm import wished
from footlights.cli.broadcast import Broadcast, tiles
from footlights.cli.build import Wish
from footlights.core.app import App
from footlights.core.errors import SettingsError
from footlights.wire.document import Document, Outputs, SourceEntry, load
from footlights.wire.settings import validate

log = logging.getLogger(__name__)
CAMERA = Path("/dev/video0")
LIVE = ("rtsp", "rtsp_password", "publish", "wall", "webrtc", "stage")  # options of what goes out live


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
    record_wall: Path | None = None,
    decode: str | None = None,
    **others: Any,
) -> Wish:
    """Join file and options, and check all of it; `others`: of live video and `alarm.wished`. Raises SettingsError."""
    document = load(config) if config is not None else Document(app=name)
    if config is not None and document.app not in (None, name):
        raise SettingsError(f"{config} is for the app '{document.app}', not for '{name}'")
    outputs = document.outputs
    given = tuple(SourceEntry(url=address, loop=loop) for address in (*sources, *more))
    entries, chosen = given or document.sources, {**document.settings, **settings}
    if not entries:
        entries, chosen = _rehearsed(app, loop, chosen)
    port = None if no_page else page if page is not None else outputs.page
    record = record or (Path(outputs.record).expanduser() if outputs.record else None)
    journal = journal or (Path(outputs.journal).expanduser() if outputs.journal else None)
    live = {name: others.pop(name) for name in LIVE if name in others}
    broadcast, alarm = _broadcast(outputs, record_wall, **live), wished(document, **others)
    written = record or journal or save_pictures or alarm.evidence or record_wall
    return Wish(
        name=name,
        app=app,
        settings=validate(app.Settings, chosen),
        sources=entries,
        page=port,
        host=host or "127.0.0.1",
        tls=tls or None,
        record=record,
        journal=journal,
        pictures=save_pictures,
        paced=realtime if realtime is not None else port is not None and not written,
        seconds=seconds,
        actions={**document.actions, **actions},
        on=on or app.sets_off,
        config=config,
        alarm=alarm,
        broadcast=broadcast,
        decode=decode or document.decode,
    )


def _rehearsed(
    app: type[App], loop: bool, settings: dict[str, object]
) -> tuple[tuple[SourceEntry, ...], dict[str, object]]:
    """What plays where no source is given; the rehearsal with its own settings, where none of them is given."""
    entries = tuple(SourceEntry(url=address, loop=loop) for address in default_source(app).split())
    rehearses = entries[0].url != "0" and not app.rehearsed.keys() & settings.keys()
    return entries, {**settings, **app.rehearsed} if rehearses else settings


def _broadcast(
    outputs: Outputs,
    record: Path | None,
    *,
    rtsp: int | None = None,
    rtsp_password: str | None = None,
    publish: Sequence[str] = (),
    wall: str | None = None,
    webrtc: bool = False,
    stage: str | None = None,
) -> Broadcast:
    grid = wall or outputs.wall
    return Broadcast(
        rtsp=rtsp or outputs.rtsp,
        password=rtsp_password,
        publish=tuple(publish) or outputs.publish,
        tiles=tiles(grid) if grid else None,
        record=record,
        webrtc=webrtc or outputs.webrtc,
        stage=stage,
    )


def default_source(app: type[App]) -> str:
    """Camera 0 if there is one, else the app's rehearsal."""
    if CAMERA.exists():
        return "0"
    log.info("no camera here: a rehearsal takes its place")
    return app.rehearsal
