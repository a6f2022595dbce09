"""Where a web page of footlights listens: a free port, a name for its address, a server that is careful."""

import ipaddress
import socket
import ssl
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from footlights.core.errors import SettingsError, SinkError
from footlights.media.page.browser import MOST_BYTES

MOST_CONNECTIONS = 400
TRIES = 20  # ports that are tried after the one that was asked for
SEND_BUFFER = 256 * 1024  # bytes that the system keeps for one viewer: more would hide that it is slow


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at the port, or at the next one that is free.

    Raises:
        SettingsError: the host or the port cannot be one. SinkError: no port is free.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SettingsError(
            f"cannot listen at '{host}': {error.strerror}; use 127.0.0.1, or 0.0.0.0 for all"
        ) from error
    if not 0 <= port <= 65535:
        raise SettingsError(f"a port is a number from 0 to 65535, not {port}")
    problem = ""
    for candidate in [*range(port, min(port + TRIES, 65536)), 0] if port else [0]:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            listener.bind((str(place[0]), candidate))
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            problem = f"{error.strerror}"
    raise SinkError(f"the page cannot listen at {host}:{port}: {problem}; choose another host or port")


def reachable(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The name for a url: for "every address" the one through which this machine reaches others."""
    if address.is_unspecified:
        target = ("192.0.2.1", 9) if address.version == 4 else ("2001:db8::1", 9)
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(target)  # sends nothing: it only chooses the way
                address = ipaddress.ip_address(probe.getsockname()[0])
            except OSError:
                address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"[{address}]" if address.version == 6 else str(address)


def web_server(app: ASGIApp, tls: tuple[Path, Path] | None, lifespan: Literal["on", "off"] = "off") -> uvicorn.Server:
    """A server that writes no log, trusts no proxy and takes no message larger than a picture."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    return uvicorn.Server(config)


def check_certificate(tls: tuple[Path, Path] | None) -> None:
    """Raises SettingsError where a certificate and its key cannot be used."""
    if tls is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*tls)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the certificate {tls[0]} and its key {tls[1]} cannot be used: {error}") from error
