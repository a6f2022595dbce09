"""What the user types to name a source: its kind, its default name, and how it is shown without secrets."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from footlights.core.errors import SourceError

Kind = Literal["camera", "file", "rtsp", "http", "rehearsal", "browser"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_KINDS: dict[str, Kind] = {
    "file": "file",
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "http": "http",
    "https": "http",
    "rehearsal": "rehearsal",
    "browser": "browser",
}
_FORMS = (
    "a camera (0 or /dev/video0), a file or a folder of pictures, rtsp://…, rtsps://…, http://…, https://…, "
    "rehearsal:MOTION or browser:NAME"
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart."""

    kind: Kind
    target: str  # what the kind's own opener takes: device, path, whole URL, or what follows the colon
    name: str  # default name of the stream: letters, digits, "_", "-" and "."; never a password


def parse_address(url: str) -> Address:
    """Take an address apart. Raises SourceError where it is of no known form. Looks at nothing outside, except that
    a file of exactly this name makes it a file.
    """
    url = url.strip()
    if not url:
        raise SourceError(f"the source is empty; give {_FORMS}")
    device = url.partition("?")[0]
    if device.isdecimal():
        return Address("camera", url, f"camera-{int(device)}")
    if device.startswith("/dev/"):
        return Address("camera", url, _slug(Path(device).name))
    scheme = _SCHEME.match(url)
    if scheme is None or Path(url).exists():
        return _file(url)
    kind = _KINDS.get(scheme.group(1).lower())
    rest = url[scheme.end() :]
    if kind is None:
        known = near_miss(scheme.group(1).lower(), list(_KINDS))
        raise SourceError(f"{shown(url)}: {scheme.group(1)!r} addresses are not known; give {_FORMS}.{known}")
    if kind == "file":
        return _file(unquote(rest.removeprefix("//")) if rest.startswith("//") else rest)
    if kind in ("rehearsal", "browser"):
        return Address(kind, rest, _slug(rest.partition("?")[0]) or kind)
    return Address(kind, url, _network_name(url))


def shown(url: str) -> str:
    """The address as it may stand in a message or a log: without user, password and query, which may hold a token."""
    if "://" not in url:
        return url
    scheme, _, rest = url.partition("://")
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def near_miss(name: str, known: list[str]) -> str:
    """A sentence that offers what was probably meant, or nothing: " Did you mean …?"."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def _file(path: str) -> Address:
    target = Path(path).expanduser()
    return Address("file", str(target), _slug(target.stem) or _slug(target.resolve().name) or "file")


def _network_name(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as fault:
        raise SourceError(f"{shown(url)} is not a valid address: {fault}") from None
    if not host:
        raise SourceError(f"{shown(url)} names no host; write {parts.scheme}://HOST/PATH")
    return _slug(f"{host}{parts.path.removesuffix('.m3u8')}")


def _slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")
