"""`footlights studio`: the web server of the studio."""

import ipaddress
import secrets
import signal
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from starlette.types import ASGIApp

from footlights.media.page.guard import Guard
from footlights.media.page.listening import check_certificate, listen, reachable, web_server
from footlights.studio.web.app import make_app
from footlights.studio.web.workshop import Workshop

OPEN_AFTER = 0.8  # seconds until a browser is opened: the server listens by then


def serve(
    workshop: Workshop,
    host: str,
    port: int,
    *,
    tls: tuple[Path, Path] | None = None,
    token: str | None = None,
    browser: bool = True,
    path: str = "/",
    say: Callable[[str], None] = print,
) -> None:
    """Serve the studio until it is interrupted; trainings that run are stopped and can be resumed.

    Anything but loopback asks for a token, which is told once, in the address. `path` is what a browser opens.

    Raises:
        SettingsError: the host or the certificate cannot be used. SinkError: no port is free.
    """
    check_certificate(tls)
    listener = listen(host, port)
    taken = int(listener.getsockname()[1])
    address = ipaddress.ip_address(listener.getsockname()[0])
    if token is None and not address.is_loopback:
        token = secrets.token_urlsafe(16)
    url = f"{'https' if tls else 'http'}://{reachable(address)}:{taken}"
    url += f"{path}?token={token}" if token else path
    say(f"the studio is at {url}")
    server = web_server(guarded(workshop, token, taken, path), tls, lifespan="on")
    if browser:
        opener = Timer(OPEN_AFTER, webbrowser.open, [url])
        opener.daemon = True
        opener.start()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:  # uvicorn gives the signal back once everything is closed
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        workshop.close()
        listener.close()


def guarded(workshop: Workshop, token: str | None, port: int, path: str = "/") -> ASGIApp:
    """The studio behind its guard: foreign names, foreign sites and people without the token are refused."""
    return Guard(make_app(workshop), token, f"footlights_studio_{port}", {"/", path})
