"""`footlights stage`: a show whose audience answers."""

import ipaddress
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from footlights.cli.console import set_up_logging
from footlights.core.errors import InstallError, SettingsError

if TYPE_CHECKING:
    from footlights.hub.stage.running import Running

log = logging.getLogger(__name__)
FILE = click.Path(dir_okay=False, path_type=Path)
PORT = 8710


@click.command(name="stage")
@click.argument("show", type=FILE)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; by TLS beyond this machine."
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option("--public-url", metavar="https://…", help="What the audience opens, where a proxy is in front.")
@click.option(
    "--tls", nargs=2, type=FILE, metavar="CERTIFICATE KEY", help="Serve by this certificate.  [default: one made here]"
)
@click.option("--start/--wait", default=False, help="Start the show at once, or wait for the artist.  [default: wait]")
@click.option(
    "--runtime/--no-runtime", default=True, help="Get what recognises gestures in browsers, where it is not here."
)
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
def command(
    show: Path,
    host: str,
    port: int,
    public_url: str | None,
    tls: tuple[Path, Path] | None,
    start: bool,
    runtime: bool,
    verbose: bool,
) -> None:
    """Run SHOW: the audience answers its cues with gestures, and the artist sees it.

    Prints the address for the audience, also as a QR code where segno is installed, and those for artist and producer,
    which hold a key. Beyond this machine phones open their camera by TLS only: give a certificate, or put a proxy that
    has one in front and name its address.

    \b
    footlights stage examples/evening.yaml
    footlights stage show.yaml --host 0.0.0.0
    footlights stage show.yaml --public-url https://show.example.com
    """
    set_up_logging(verbose=verbose, quiet=False)
    from footlights.hub.stage.running import Running
    from footlights.media.page.listening import check_certificate, listen
    from footlights.recognition.definitions import library
    from footlights.wire.show import load

    running = Running(show, load(show), library())
    check_certificate(tls)
    proxied = _proxied(public_url, host)
    local = _is_loopback(host)
    listener = listen(host, port)
    certificate = tls or (None if local or proxied else _own_certificate(show, host))
    address = public_url or _address(host, listener.getsockname()[1], tls=certificate is not None)
    running.join = f"{address.rstrip('/')}/stage/{running.name}/"
    _announce(running, made_here=certificate is not None and tls is None)
    running.begin_at_once = start
    from footlights.hub.stage.serving import get_runtime, serve

    if runtime:
        get_runtime()
    with suppress(KeyboardInterrupt):  # the server raises it again once everything is closed
        serve(running, listener, certificate, proxied=proxied)


def _announce(running: "Running", *, made_here: bool) -> None:
    from footlights.hub.stage.qr import terminal

    if (code := terminal(running.join)) is not None:
        click.echo(code)
    click.echo(f"audience   {running.join}")
    click.echo(f"artist     {running.join}artist?key={running.keys.artist}")
    click.echo(f"producer   {running.join}producer?key={running.keys.producer}")
    if made_here:
        click.echo("Browsers ask whether to trust the certificate that was made here; --tls takes one that they know.")
    click.echo("Ctrl+C ends it.")


def _proxied(public_url: str | None, host: str) -> bool:
    """Whether a proxy in front does TLS. Raises SettingsError: that is no address."""
    if public_url is None:
        return False
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"--public-url is an address such as https://show.example.com, got '{public_url}'")
    return parts.scheme == "https" and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(host: str, port: int, *, tls: bool) -> str:
    from footlights.media.page.listening import reachable

    with suppress(ValueError):
        host = "localhost" if _is_loopback(host) else reachable(ipaddress.ip_address(host))
    return f"http{'s' if tls else ''}://{host}:{port}"


def _own_certificate(show: Path, host: str) -> tuple[Path, Path]:
    """A certificate of the small authority that a hub makes, too. Raises InstallError: it needs `cryptography`."""
    try:
        from footlights.hub.authority import Authority
    except ImportError:
        raise InstallError(
            "beyond this machine a stage needs TLS: give --tls CERTIFICATE KEY, "
            "or let it make a certificate: pip install 'footlights[hub]'"
        ) from None
    import socket
    from datetime import UTC, datetime

    from footlights.media.page.listening import reachable
    from footlights.wire.secret_file import write_secret

    folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "footlights" / "stage"
    names = [socket.gethostname(), "localhost", "127.0.0.1"]
    with suppress(ValueError):
        names.append(reachable(ipaddress.ip_address(host)).strip("[]"))
    key, certificate = Authority(folder).server(names, datetime.now(UTC))
    write_secret(folder / "server.key", key)
    (folder / "server.crt").write_text(certificate.pem, encoding="utf-8")
    return folder / "server.crt", folder / "server.key"
