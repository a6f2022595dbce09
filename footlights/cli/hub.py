"""`footlights hub`: one server that looks after a fleet of devices."""

import ipaddress
import logging
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from footlights.cli.console import set_up_logging
from footlights.core.errors import SettingsError

if TYPE_CHECKING:
    from footlights.hub.database import Database
    from footlights.hub.hub import Hub, Place

log = logging.getLogger(__name__)
AGAIN = 1.0  # seconds until a start that failed is tried again
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
@click.option("--broker", metavar="mqtts://HOST", help="A broker that somebody else runs, see `hub broker-config`.")
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
    broker: str | None,
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
    from footlights.hub.hub import Place

    local = ipaddress.ip_address(host).is_loopback
    own = () if local else (socket.gethostname(), *_addresses(host))
    place = Place(data or data_folder(), host, broker_port, ("localhost", "127.0.0.1", *own, *names), database, broker)
    # The web server takes a signal, ends, and raises it again: the broker is to be ended as well then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hub = _started(place)
    try:
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
@click.option("--database", metavar="postgresql://…", help="The hub's database.")
@click.pass_obj
def token(data: Path, user: str, role: str | None, database: str | None) -> None:
    """Print a new token of USER. For who has lost the last one: it works on the hub's own machine only."""
    from footlights.hub.people import People

    opened = _database(data, database)
    try:
        people = People(opened)
        if role is not None:
            people.add(user, role)
        click.echo(people.make_token(user, "made on the hub's machine"))
    finally:
        opened.close()


@command.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--what", default="telemetry", show_default=True, help="telemetry, events, minutes or hours.")
@click.option("--from", "since", default="0", metavar="TIME", help="2026-11-21T13:30 (UTC), or seconds since 1970.")
@click.option("--to", "until", metavar="TIME", help="Likewise.  [default: now]")
@click.option("--device", "devices", multiple=True, help="Only of this device; may be said more than once.")
@click.option("--group", help="Only of the devices of this group.")
@click.option("--name", "names", multiple=True, help="Only this measurement, or kind of event.")
@click.option("--database", metavar="postgresql://…", help="Where the hub keeps everything in PostgreSQL.")
@click.pass_obj
def export(
    data: Path,
    target: Path,
    what: str,
    since: str,
    until: str | None,
    devices: tuple[str, ...],
    group: str | None,
    names: tuple[str, ...],
    database: str | None,
) -> None:
    """Write what was measured and what happened into TARGET (.csv or .parquet), also while the hub runs."""
    from time import time

    from footlights.hub.database import Database
    from footlights.hub.export import Wanted, moment, write

    if database is None and not (data / "hub.sqlite").exists():
        raise SettingsError(f"there is no hub in {data}; name its folder: footlights hub --data FOLDER export ...")
    opened = Database(database or data / "hub.sqlite")
    try:
        wanted = Wanted(what, moment(since), time() if until is None else moment(until), devices, group, names)
        click.echo(f"{target}: {write(opened, wanted, target)} rows")
    finally:
        opened.close()


@command.command()
@click.argument("name")
@click.option("--to", "folder", type=FOLDER, help="Folder to write to.  [default: workers/NAME in the hub's]")
@click.option("--remove", is_flag=True, help="Let it work no more.")
@click.option("--database", metavar="postgresql://…", help="The hub's database.")
@click.pass_obj
def worker(data: Path, name: str, folder: Path | None, remove: bool, database: str | None) -> None:
    """Make key and certificate of a worker, which `footlights hub ingest --as NAME` shows the broker."""
    from footlights.hub.authority import Authority
    from footlights.hub.workers import Workers

    opened = _database(data, database)
    try:
        workers = Workers(opened, Authority(data / "authority"))
        if remove:
            workers.remove(name)
            click.echo(f"{name} may work no more.")
        else:
            made = workers.make(name, folder or data / "workers" / name)
            click.echo(f"{made} is the identity of {name}: keep it like a key.")
    finally:
        opened.close()


@command.command()
@click.option("--as", "name", required=True, help="Name of this worker: each has its own.")
@click.option("--broker", required=True, metavar="mqtts://HOST", help="Where the broker is.")
@click.option("--database", required=True, metavar="postgresql://…", help="The hub's database.")
@click.option("--identity", type=FOLDER, help="What `hub worker NAME` wrote.  [default: workers/NAME in the hub's]")
@click.pass_obj
def ingest(data: Path, name: str, broker: str, database: str, identity: Path | None) -> None:
    """Store what devices say, beside the hub and other workers: as many as wanted, on any machine."""
    from threading import Event

    from footlights.hub.workers import worker as make

    set_up_logging(verbose=False, quiet=False)
    _await(database)
    opened, ended = _database(data, database), Event()
    try:
        working = make(name, identity or data / "workers" / name, opened, broker)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        working.start()
        log.info("%s works. Ctrl+C ends it.", name)
        ended.wait()
        working.close()
    finally:
        opened.close()


@command.command("broker-config")
@click.argument("target", type=FOLDER)
@click.option("--host", default="0.0.0.0", show_default=True, help="Address that the broker is to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8883, show_default=True)
@click.option("--name", "names", multiple=True, required=True, help="Name of the broker's machine, as devices call it.")
@click.option("--database", metavar="postgresql://…", help="The hub's database.")
@click.pass_obj
def broker_config(data: Path, target: Path, host: str, port: int, names: tuple[str, ...], database: str | None) -> None:
    """Write everything that a Mosquitto on another machine needs into TARGET."""
    from footlights.hub.authority import Authority
    from footlights.hub.mosquitto import Address, write_configuration
    from footlights.hub.registry import Registry
    from footlights.hub.workers import Workers, rights

    opened = _database(data, database)
    try:
        authority = Authority(data / "authority")
        may = rights(Registry(opened, authority), Workers(opened, authority))
        path = write_configuration(target.absolute(), authority, Address(host, port), names, may)
    finally:
        opened.close()
    click.echo(f"mosquitto -c {path}")
    click.echo(
        "revoked.pem is past its date in a week, and a worker more changes rights: bring both anew and send SIGHUP."
    )


@command.command(context_settings={"ignore_unknown_options": True})
@click.option("--install", is_flag=True, help="Write it, and start it now and with the machine.")
@click.option("--remove", is_flag=True, help="End it and forget it; what the hub keeps stays.")
@click.option("--account", help="A service of the system that runs as this account.  [default: of this user]")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def service(data: Path, install: bool, remove: bool, account: str | None, options: tuple[str, ...]) -> None:
    """Print the systemd unit of this hub, or install it. OPTIONS are those of `footlights hub`.

    \b
    footlights hub --data /srv/hub service --install --account hub -- --host 0.0.0.0 --name hub.example.com
    """
    from footlights.cli.service import Service, home
    from footlights.cli.service import remove as take_away

    if remove:
        for path in take_away("footlights-hub"):
            click.echo(f"{path} is gone.")
        return
    own = account is None or data != data_folder()
    folder = data.absolute() if own else home(str(account)) / ".local/share/footlights/hub"
    unit = Service("footlights-hub", "footlights hub", ("hub", "--data", str(folder), *options), folder, account)
    if not install:
        click.echo(unit.text(), nl=False)
        return
    unit.install()
    click.echo(f"{unit.path} is started. What it says: journalctl {'-u' if account else '--user -u'} footlights-hub")


def _database(data: Path, address: str | None) -> "Database":
    """The database of a hub that there is."""
    from footlights.hub.database import Database

    if address is None and not (data / "hub.sqlite").exists():
        raise SettingsError(f"there is no hub in {data}; name its folder: footlights hub --data FOLDER ...")
    return Database(address or data / "hub.sqlite")


def _await(address: str | None) -> None:
    """Wait for a database that is elsewhere; whoever interrupts that wants nothing more."""
    from footlights.hub.postgres import await_server

    try:
        if address is not None and "://" in address:
            await_server(address)
    except KeyboardInterrupt:
        raise click.exceptions.Exit from None


def _started(place: "Place") -> "Hub":
    """A hub that runs. A database elsewhere that goes away meanwhile is waited for once more."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    from footlights.hub.hub import Hub

    while True:
        _await(place.database)
        hub = Hub(place)
        try:
            hub.start()
            _announce(hub)
            return hub
        except (OperationalError, InterfaceError) as error:
            hub.close()
            if hub.database.embedded:
                raise SettingsError(f"the database cannot be used: {error.orig}") from None
            log.warning("the database went away while the hub started: %s. It starts again.", type(error.orig).__name__)
            time.sleep(AGAIN)
        except BaseException:
            hub.close()
            raise


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
    from footlights.hub.stage.serving import AUDIENCE, make_room
    from footlights.media.page.listening import listen, web_server

    listener, own = listen(host, port), hub.mosquitto.folder
    name = hub.place.names[-1] if tls else "localhost"
    log.info("the hub: http%s://%s:%d   Ctrl+C ends it.", "s" if tls else "", name, listener.getsockname()[1])
    secrets = (own / "server.crt", own / "server.key") if tls else None
    with suppress(KeyboardInterrupt):  # the server raises it again once everything is closed
        server = web_server(site(hub, tls=tls), secrets, lifespan="on")
        make_room(server, AUDIENCE)
        server.run(sockets=[listener])
