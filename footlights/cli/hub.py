"""`footlights hub`: one server that looks after a fleet of devices."""

import ipaddress
import logging
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footlights.cli.console import set_up_logging

if TYPE_CHECKING:
    from footlights.hub.hub import Hub

log = logging.getLogger(__name__)
FOLDER = click.Path(file_okay=False, path_type=Path)


def data_folder() -> Path:
    """Where a hub keeps what it knows, unless it is told another place."""
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    return base / "footlights" / "hub"


@click.group(name="hub", invoke_without_command=True)
@click.option("--data", type=FOLDER, help="Folder of everything that the hub keeps.  [default: in your home]")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; beyond this machine by TLS."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8700, show_default=True, help="Of pages and programs.")
@click.option("--broker-port", type=click.IntRange(1, 65535), default=8883, show_default=True, help="Of devices.")
@click.option("--name", "names", multiple=True, help="Another name of this machine, as devices call it.")
@click.option("--database", metavar="postgresql://…", help="A PostgreSQL database in the place of SQLite.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.pass_context
def command(
    context: click.Context,
    data: Path | None,
    host: str,
    port: int,
    broker_port: int,
    names: tuple[str, ...],
    database: str | None,
    verbose: bool,
) -> None:
    """Look after a fleet of devices: enrolment, desired state, commands, telemetry.

    Needs the extra `hub` (pip install 'footlights[hub]') and the broker mosquitto, which is started and configured by
    itself. The token of the first administrator is printed once.

    \b
    footlights hub
    footlights hub --host 0.0.0.0 --name hub.example.com
    """
    from footlights.hub.extra import check_extra

    check_extra()
    if context.invoked_subcommand is not None:
        context.obj = data or data_folder()
        return
    set_up_logging(verbose=verbose, quiet=False)
    from footlights.hub.hub import Hub, Place

    local = ipaddress.ip_address(host).is_loopback
    own = () if local else (socket.gethostname(), *_addresses(host))
    place = Place(data or data_folder(), host, broker_port, ("localhost", "127.0.0.1", *own, *names), database)
    hub = Hub(place)
    try:
        hub.start()
        _announce(hub)
        _serve(hub, host, port, tls=not local)
    finally:
        hub.close()


@command.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def backup(data: Path, target: Path) -> None:
    """Write everything that the hub keeps into TARGET (.tar.gz), also while it runs. It holds the authority's key."""
    from footlights.hub.housekeeping import back_up

    back_up(data, target)
    click.echo(f"{target}: whoever has this file can be the hub. Keep it like a key.")


@command.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def restore(data: Path, source: Path) -> None:
    """Make a hub out of a backup."""
    from footlights.hub.housekeeping import restore as take

    take(source, data)
    click.echo(f"the hub is in {data}. Start it: footlights hub --data {data}")


@command.command()
@click.argument("user")
@click.option("--role", help="Make the user, who is viewer, operator or admin.")
@click.pass_obj
def token(data: Path, user: str, role: str | None) -> None:
    """Print a new token of USER. For who has lost the last one: it works on the hub's own machine only."""
    from footlights.hub.database import Database
    from footlights.hub.people import People

    database = Database(data / "hub.sqlite")
    try:
        people = People(database)
        if role is not None:
            people.add(user, role)
        click.echo(people.make_token(user, "made on the hub's machine"))
    finally:
        database.close()


def _addresses(host: str) -> tuple[str, ...]:
    """What a browser may call this machine, where it listens on everything."""
    return () if ipaddress.ip_address(host).is_unspecified else (host,)


def _announce(hub: "Hub") -> None:
    token = hub.people.first_admin()
    if token is not None:
        click.echo(f"The token of the first administrator, shown this once:\n\n    {token}\n")
    if not hub.registry.groups():
        hub.registry.make_group("fleet", "The whole fleet")
    log.info("scope %s, pin %s", hub.registry.scope, hub.authority.fingerprint)


def _serve(hub: "Hub", host: str, port: int, *, tls: bool) -> None:
    from footlights.hub.pages.site import site
    from footlights.media.page.listening import listen, web_server

    listener, own = listen(host, port), hub.mosquitto.folder
    name = hub.place.names[-1] if tls else "localhost"
    log.info("the hub: http%s://%s:%d   Ctrl+C ends it.", "s" if tls else "", name, listener.getsockname()[1])
    secrets = (own / "server.crt", own / "server.key") if tls else None
    with suppress(KeyboardInterrupt):  # the server raises it again once everything is closed
        web_server(site(hub, tls=tls), secrets, lifespan="on").run(sockets=[listener])
