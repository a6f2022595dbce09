"""`footlights agent`: this device becomes one of a fleet."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from footlights.cli.console import set_up_logging
from footlights.core.errors import InstallError

log = logging.getLogger(__name__)
SERVICE = "footlights-agent"
FOLDER = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of this device's identity and outbox."
)


def data_folder() -> Path:
    """Where a device keeps who it is, unless it is told another place."""
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    return base / "footlights" / "agent"


def _degrees(context: click.Context, param: click.Parameter, value: str | None) -> tuple[float, float] | None:
    """A place on the earth: degrees north and east."""
    if value is None:
        return None
    try:
        latitude, longitude = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"'{value}' is no place: write 48.21,16.37 (degrees north and east)") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise click.BadParameter(f"'{value}' is not on the earth")
    return latitude, longitude


@click.group(name="agent")
def command() -> None:
    """Make this device one of a fleet. Needs the extra `agent`: pip install 'footlights[agent]'."""


@command.command()
@click.argument("url")
@click.option("--scope", required=True, help="Scope id, as the hub shows it.")
@click.option("--id", "device", required=True, help="What this device is called.")
@click.option("--key", required=True, envvar="FOOTLIGHTS_ENROL_KEY", help="Key of the group, or of this device.")
@click.option("--individual", is_flag=True, help="The key is this device's own.")
@click.option("--pin", help="SHA-256 of the hub's authority, as the hub shows it.")
@click.option("--wait", type=click.FloatRange(0), default=600.0, show_default=True, help="Seconds to wait for a yes.")
@FOLDER
def enrol(
    url: str, scope: str, device: str, key: str, individual: bool, pin: str | None, wait: float, data: Path | None
) -> None:
    """Get a certificate from the hub at URL.

    The device makes its key itself; the hub signs it. `--key` may also stand in FOOTLIGHTS_ENROL_KEY, where other
    users of this machine cannot read it.
    """
    _check_extra()
    from footlights.agent.enrol import Invitation
    from footlights.agent.enrol import enrol as ask
    from footlights.agent.identity import Identity

    identity = Identity(data or data_folder())
    told = False

    def waiting() -> None:
        nonlocal told
        if not told:
            click.echo(f"waiting until somebody at the hub says yes to {device} ...", err=True)
        told = True

    hub = ask(Invitation(url.rstrip("/"), scope, device, key, individual, pin), identity, waiting, wait)
    click.echo(f"{hub.device} is enrolled; its broker is {hub.broker}:{hub.port}. Now: footlights agent run")


@command.command()
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("--private", is_flag=True, envvar="FOOTLIGHTS_PRIVATE", help="No picture leaves this device.")
@click.option("--place", callback=_degrees, metavar="LATITUDE,LONGITUDE", help="Where it is, for the hub's map.")
@FOLDER
def run(verbose: bool, private: bool, place: tuple[float, float] | None, data: Path | None) -> None:
    """Be what the hub wants this device to be, and say what happens here."""
    set_up_logging(verbose=verbose, quiet=False)
    _check_extra()
    from footlights.agent.agent import Agent
    from footlights.agent.identity import Identity
    from footlights.cli.production import Production

    identity = Identity(data or data_folder())
    hub = identity.hub()
    agent = Agent(identity, private=private, place=place)
    production = Production(identity.folder, agent.tell)

    def stop(number: int, frame: FrameType | None) -> None:
        agent.stop.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    log.info("this is %s; its hub is %s. Ctrl+C ends it.", hub.device, hub.url)
    try:
        agent.run(production)
    finally:
        production.close()


@command.command()
@click.option("--install", is_flag=True, help="Write it, and start it now and with the machine.")
@click.option("--account", help="A service of the system that runs as this account.  [default: of this user]")
@FOLDER
def service(install: bool, account: str | None, data: Path | None) -> None:
    """Print the systemd unit of this agent, or install it. `footlights agent remove` takes it away."""
    from footlights.cli.service import Service, home

    folder = data or (home(account) / ".local/share/footlights/agent" if account else data_folder())
    arguments = ("agent", "run", "--data", str(folder.absolute()))
    unit = Service(SERVICE, "footlights agent: this device is one of a fleet", arguments, folder.absolute(), account)
    if not install:
        click.echo(unit.text(), nl=False)
        return
    unit.install()
    click.echo(f"{unit.path} is started. What it says: journalctl {'-u' if account else '--user -u'} {SERVICE}")
    if not account:
        click.echo("It runs while you are signed in; always: loginctl enable-linger")


@command.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@FOLDER
def remove(yes: bool, data: Path | None) -> None:
    """Forget the hub: service, key, certificate, its models and everything that waits to be sent. Films stay."""
    _check_extra()
    from footlights.agent.identity import Identity
    from footlights.cli import service as service_of
    from footlights.models.from_hub import forget_unwanted

    folder = data or data_folder()
    for unit in service_of.remove(SERVICE):
        click.echo(f"{unit} is gone.")
    if not Identity(folder).enrolled:
        click.echo("this device is not enrolled.")
        return
    if not yes and not click.confirm(f"Forget the hub and everything in {folder}?"):
        sys.exit(1)
    Identity(folder).remove()
    for name in (
        "outbox.sqlite",
        "outbox.sqlite-wal",
        "outbox.sqlite-shm",
        "desired.json",
        "footlights.yaml",
        "wanted.yaml",
    ):
        (folder / name).unlink(missing_ok=True)
    forget_unwanted((), 0)
    click.echo("this device belongs to no fleet any more.")


def _check_extra() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise InstallError("an agent needs one more package: pip install 'footlights[agent]'") from None
