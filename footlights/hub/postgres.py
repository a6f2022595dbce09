"""A PostgreSQL that is somewhere else: its address, and waiting until it is there."""

import logging
import socket
import time
from itertools import chain, repeat
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from footlights.core.errors import InstallError, SettingsError

log = logging.getLogger(__name__)

PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds between two tries to reach it; the last one from then on
ANSWER = 3  # seconds in which it answers, or it is away


def engine(address: str) -> Engine:
    """Connections to it, none of which is made yet. Raises SettingsError: this is no address; InstallError."""
    _driver()
    return create_engine(_url(address), pool_pre_ping=True, pool_size=8)


def await_server(address: str) -> None:
    """Wait until it answers: after a power cut, for example, it may start later than its hub.

    What is wrong with a name or a password, says who opens the database then: no waiting helps there.

    Raises:
        SettingsError: this is no address; InstallError: the driver is missing.
    """
    url, pauses = _url(address), chain(PAUSES, repeat(PAUSES[-1]))
    if not _is_away(address):
        return
    place = f"{url.host or 'this machine'}:{url.port or 5432}"
    log.warning("the database at %s is away. This goes on when it is there; Ctrl+C ends it.", place)
    while _is_away(address):
        time.sleep(next(pauses))
    log.info("the database is there")


def _url(address: str) -> URL:
    scheme, _, rest = address.partition("://")
    if scheme not in ("postgresql", "postgres"):
        raise SettingsError(f"a database is the path of a file or postgresql://user@host/name, not {scheme}://")
    try:
        url = make_url(f"postgresql+psycopg://{rest}")
        if not 0 < (url.port or 5432) < 65536:
            raise ValueError
    except (ArgumentError, ValueError):  # whose words repeat parts of it: a password may be among them
        raise SettingsError("this is no address of a database; one is postgresql://user:password@host/name") from None
    return url


def _is_away(address: str) -> bool:
    """Whether nothing answers there, or a server that starts just now."""
    psycopg = _driver()
    try:
        facts = psycopg.conninfo.conninfo_to_dict(address)
        said = psycopg.pq.PGconn.ping(psycopg.conninfo.make_conninfo(address, connect_timeout=ANSWER).encode())
    except psycopg.Error:
        return False  # as opening it will say
    hosts = [host for host in str(facts.get("host", "")).split(",") if host and not host.startswith("/")]
    if said == psycopg.pq.Ping.NO_RESPONSE:
        return not hosts or not all(map(_is_unknown, hosts))
    return bool(said == psycopg.pq.Ping.REJECT)


def _is_unknown(host: str) -> bool:
    """Whether those who know names say that there is none such; they may be away as well."""
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        return error.errno == socket.EAI_NONAME
    return False


def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        raise InstallError("PostgreSQL needs its driver: pip install 'footlights[postgresql]'") from None
    return psycopg
