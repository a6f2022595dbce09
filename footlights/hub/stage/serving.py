"""The web server of a stage that runs alone."""

import logging
import resource
import socket
import threading
from contextlib import suppress
from pathlib import Path

import uvicorn

from footlights.core.errors import ModelError
from footlights.hub.stage.browser import pull_runtime, ready
from footlights.hub.stage.running import Running
from footlights.hub.stage.server import Stage, alone
from footlights.media.page.listening import web_server

log = logging.getLogger(__name__)

LARGEST_FRAME = 64 * 1024  # bytes that the server takes before it looks
AUDIENCE = 20_000  # members of all shows of a hub
OTHERS = 400  # connections besides those of members: pages, walls, strangers
WAITING = 1024  # connections that the system keeps until the server has time for them


def serve(running: Running, listener: socket.socket, tls: tuple[Path, Path] | None, *, proxied: bool) -> None:
    """Serve this show until somebody ends it."""
    listener.listen(WAITING)
    server_of(running, tls, proxied=proxied).run(sockets=[listener])


def server_of(running: Running, tls: tuple[Path, Path] | None = None, *, proxied: bool = False) -> uvicorn.Server:
    """The server of one show."""
    stage = Stage(running.gestures)
    stage.shows[running.name] = running
    server = web_server(alone(stage, f"/stage/{running.name}/"), tls, lifespan="on")
    server.config.ws_max_size = LARGEST_FRAME
    make_room(server, running.show.moderation.most)
    server.config.ws_ping_interval = None  # members ask for the time; who says nothing for long is dismissed
    if proxied:
        server.config.proxy_headers = True  # those of a proxy on this machine only
    return server


def make_room(server: uvicorn.Server, members: int) -> None:
    """Let a server have so many members, with a file for each, as far as the system allows."""
    server.config.limit_concurrency = members + OTHERS
    low, high = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = members + 2 * OTHERS
    if low < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if high < 0 else min(wanted, high), high))


def get_runtime() -> None:
    """Get what recognises gestures in browsers, where it is not here, on a thread of its own.

    Members join without it, too: then they answer with a button, or a device answers for them.
    """
    threading.Thread(target=_get_runtime, name="runtime", daemon=True).start()


def _get_runtime() -> None:
    if ready():
        return
    log.info("getting what recognises gestures in browsers")
    try:
        pull_runtime()
        log.info("browsers recognise gestures now; who is there already opens the page again")
    except ModelError as error:
        log.warning("browsers cannot recognise gestures: %s", error)
