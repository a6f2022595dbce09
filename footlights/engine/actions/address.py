"""Reading the addresses that actions are given, and showing them without what is secret in them."""

import difflib
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit, urlunsplit

from footlights.core.errors import SettingsError


def parse(flag: str, text: str, schemes: Sequence[str], example: str) -> SplitResult:
    """The parts of a URL whose scheme is one of those given, the most likely first.

    Raises:
        SettingsError: no scheme or another one, no host, a port that is none, blanks or control characters inside.
    """
    text = text.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        raise SettingsError(f"--{flag} '{shown(text)}' has no scheme: did you mean '{schemes[0]}://{shown(text)}'?")
    if scheme.lower() not in schemes:
        near = difflib.get_close_matches(scheme.lower(), schemes, 1)
        hint = f"did you mean '{shown(f'{near[0]}://{rest}')}'?" if near else f"for example {example}"
        raise SettingsError(f"--{flag} takes {' and '.join(schemes)} addresses, not '{scheme}': {hint}")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise SettingsError(f"--{flag} '{shown(text)}' has a blank inside: write it as %20")
    try:
        parts = urlsplit(text)
        good_port = parts.port != 0
    except ValueError:  # a port that is no number, or an open [ of an IPv6 address
        good_port = False
    if not good_port:
        raise SettingsError(
            f"--{flag}: the port must be a number from 1 to 65535, and / : @ in a password are written as %2F %3A %40; "
            f"for example {example}"
        )
    if not parts.hostname:
        raise SettingsError(f"--{flag} '{shown(text)}' names no host; for example {example}")
    return parts


def shown(text: str) -> str:
    """The beginning of an address, to be printed: no password, and nothing behind the host, where tokens may stand."""
    scheme, mark, rest = text.partition("://") if "://" in text else ("", "", text)
    place, slash, more = rest.partition("/")
    place, query, _ = place.partition("?")
    _, _, host = place.rpartition("@")
    return f"{scheme}{mark}{host}{'/…' if (slash and more) or query else slash}"


def host_and_port(parts: SplitResult, default: int) -> str:
    """'host:port', an IPv6 address in brackets."""
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or default}"


def without_query(parts: SplitResult) -> str:
    """The address without user, password, query and fragment."""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "…" if parts.query else "", ""))
