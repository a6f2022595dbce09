"""A hub, asked from a program.

    from footlights.hub.client import HubClient

    with HubClient("https://hub.example.com:8700", token=Path("hub.token"), pin="3f0c...") as hub:
        for device in hub.devices():
            print(device.id, "online" if device.online else "away")
        hub.patch_twin("jetson-07", {"settings": {"interval": 2}}, why="it has two streams now")

Needs nothing but footlights itself: no extra.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from footlights.core.errors import SettingsError, SinkError
from footlights.wire.pinned import authority_context

TIMEOUT = 15.0  # seconds for an answer, besides what a command is waited for
PIECE = 64 * 1024  # bytes that an export is written in
Made = TypeVar("Made")


class RefusedError(SettingsError):
    """The hub says no. `status` is that of HTTP."""

    def __init__(self, line: str, status: int) -> None:
        super().__init__(line)
        self.status = status


@dataclass(frozen=True)
class Device:
    """One device of the fleet."""

    id: str
    title: str
    group: str | None
    state: str  # waiting, active, blocked
    online: bool
    seen: float | None  # seconds since 1970
    place: Mapping[str, Any] | None  # latitude and longitude, or plan, x and y, or both


@dataclass(frozen=True)
class Twin:
    """What a device is to be, and what it says it is."""

    version: int  # of the desired document
    desired: Mapping[str, Any]
    reported: Mapping[str, Any]
    acknowledged: Mapping[str, Any]  # {property: {value, code, version, text}}

    @property
    def agrees(self) -> bool:
        """Whether the device has taken the newest document."""
        return bool(self.reported.get("desiredVersion", 0) == self.version)


@dataclass(frozen=True)
class Edition:
    """One version of a desired document."""

    version: int
    document: Mapping[str, Any]
    time: float  # seconds since 1970
    by: str
    why: str


@dataclass(frozen=True)
class Command:
    """A command and what became of it."""

    id: str
    device: str
    name: str
    answered: float | None  # seconds since 1970; None: not yet
    code: int | None  # as in HTTP
    answer: Any

    @property
    def done(self) -> bool:
        """Whether the device did it."""
        return self.code is not None and self.code < 300


@dataclass(frozen=True)
class Measured:
    """A measurement over a minute or an hour."""

    start: float  # seconds since 1970
    count: int
    total: float
    lowest: float
    highest: float
    last: float

    @property
    def mean(self) -> float:
        """Of the values."""
        return self.total / max(1, self.count)


@dataclass(frozen=True)
class Newest:
    """The newest value of a measurement."""

    stream: str  # empty: of the device as a whole
    name: str
    value: float | int | str | bool
    time: float  # seconds since 1970


@dataclass(frozen=True)
class Happened:
    """An event."""

    id: int
    device: str
    time: float  # seconds since 1970
    kind: str
    stream: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A rule; where its actions go is only described."""

    id: int
    title: str
    enabled: bool
    rule: Mapping[str, Any]  # "when" and "then"
    muted_until: float | None


@dataclass(frozen=True)
class Firing:
    """What a rule did."""

    id: int
    rule: int
    device: str
    stream: str
    time: float
    value: float
    text: str
    done: float | None
    failed: str
    acknowledged: float | None


class HubClient:
    """Asks a hub. May be used by several threads.

    Args:
        url: of the hub, "https://hub.example.com:8700".
        token: of a user, or the file that holds it.
        pin: SHA-256 of the hub's own authority, as the hub shows it; None: it has a public certificate.

    Raises:
        SettingsError: there is no token; SinkError: the hub does not answer, or is not the one that the pin names.
    """

    def __init__(self, url: str, token: str | Path, pin: str | None = None, timeout: float = TIMEOUT) -> None:
        self._url, self._timeout = url.rstrip("/"), timeout
        secret = _read(token) if isinstance(token, Path) else token
        self._http = httpx.Client(
            base_url=self._url,
            headers={"authorization": f"Bearer {secret.strip()}"},
            timeout=timeout,
            verify=authority_context(self._url, pin),
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def devices(self) -> list[Device]:
        """Every device of the fleet, by name."""
        return [_make(Device, row) for row in self._ask("GET", "devices")]

    def approve(self, device: str) -> None:
        """Say yes to a device that waits."""
        self._ask("POST", f"devices/{_name(device)}/approve")

    def block(self, device: str) -> None:
        """Let a device in no more."""
        self._ask("POST", f"devices/{_name(device)}/block")

    def place(self, device: str, **place: float) -> None:
        """Put a device somewhere: `latitude` and `longitude`, or `plan`, `x` and `y` (0..1). Nothing: nowhere."""
        self._ask("PUT", f"devices/{_name(device)}/place", json=place)

    def twin(self, device: str) -> Twin:
        """What a device is to be, and what it says it is."""
        row = self._ask("GET", f"devices/{_name(device)}/twin")
        desired = row["desired"]
        return Twin(desired["version"], desired["document"], row["reported"], row["acknowledged"])

    def patch_twin(self, device: str, patch: Mapping[str, Any], why: str = "") -> int:
        """Change what a device is to be, by a JSON merge patch (RFC 7396); the new version."""
        body = {"patch": dict(patch), "why": why}
        return int(self._ask("PATCH", f"devices/{_name(device)}/twin", json=body)["version"])

    def history(self, device: str) -> list[Edition]:
        """Every version of the desired document, the newest first."""
        return [_make(Edition, row) for row in self._ask("GET", f"devices/{_name(device)}/twin/history")]

    def roll_back(self, device: str, version: int) -> int:
        """Make an earlier document the desired one again; the new version."""
        found = self._ask("POST", f"devices/{_name(device)}/twin/roll-back", params={"version": version})
        return int(found["version"])

    def command(self, device: str, name: str, arguments: Mapping[str, Any] | None = None, wait: float = 0.0) -> Command:
        """Tell a device to do something, and wait at most so many seconds (up to 60) for its answer."""
        body = {"name": name, "arguments": dict(arguments or {}), "wait": wait}
        row = self._ask("POST", f"devices/{_name(device)}/commands", json=body, timeout=self._timeout + wait)
        return _make(Command, row)

    def newest(self, device: str) -> list[Newest]:
        """The newest value of every measurement of a device."""
        return [_make(Newest, row) for row in self._ask("GET", f"devices/{_name(device)}/newest")]

    def totals(self, group: str | None = None) -> dict[str, float]:
        """Live figures of the fleet or of a group: devices online and away, newest values summed over who is there."""
        return dict(self._ask("GET", "totals", params=_given(group=group)))

    def telemetry(self, device: str, name: str, stream: str = "", seconds: int = 60, most: int = 60) -> list[Measured]:
        """A measurement by minute (`seconds=60`) or hour (3600), the newest last."""
        asked = {"name": name, "stream": stream, "seconds": seconds, "most": most}
        return [_make(Measured, row) for row in self._ask("GET", f"devices/{_name(device)}/telemetry", params=asked)]

    def events(self, device: str, most: int = 100) -> Iterator[Happened]:
        """The events of a device, the newest first, read as they are needed."""
        before: int | None = None
        while most > 0:
            asked = _given(kind="event", most=min(most, 500), before=before)
            rows = self._ask("GET", f"devices/{_name(device)}/messages", params=asked)
            for row in rows:
                body = row["body"]
                kind, stream = str(body.get("kind", "")), str(body.get("stream", ""))
                yield Happened(row["id"], row["device"], row["time"], kind, stream, body.get("data") or {})
            most -= len(rows)
            if not rows:
                return
            before = rows[-1]["id"]

    def rules(self) -> list[Rule]:
        """Every rule."""
        return [_make(Rule, row) for row in self._ask("GET", "rules")]

    def add_rule(self, title: str, when: Mapping[str, Any], then: Mapping[str, Any] | None = None) -> int:
        """Make a rule; its number."""
        body = {"title": title, "definition": {"when": dict(when), "then": dict(then or {})}}
        return int(self._ask("POST", "rules", json=body)["id"])

    def change_rule(self, number: int, **change: Any) -> None:
        """Change `title`, `definition`, `enabled` or `muted_until` of a rule."""
        self._ask("PATCH", f"rules/{number}", json=change)

    def remove_rule(self, number: int) -> None:
        """Forget a rule and what it did."""
        self._ask("DELETE", f"rules/{number}")

    def firings(self, most: int = 100, *, open_only: bool = False) -> list[Firing]:
        """What rules did, the newest first."""
        asked = {"most": most, "open_only": open_only}
        return [_make(Firing, row) for row in self._ask("GET", "firings", params=asked)]

    def acknowledge(self, firing: int) -> None:
        """Somebody has seen it."""
        self._ask("POST", f"firings/{firing}/acknowledge")

    def export(
        self,
        target: Path,
        what: str = "telemetry",
        since: str = "0",
        until: str | None = None,
        devices: Sequence[str] = (),
        group: str | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Write telemetry, events, minutes or hours into a file (.csv or .parquet), as it comes.

        Times are ISO 8601 (UTC where they name no zone) or seconds since 1970. What was there stays until the file is
        whole. Raises SinkError: it cannot be written.
        """
        form = target.suffix.removeprefix(".")
        asked = {
            **_given(what=what, form=form, to=until, group=group), "from": since,
            "device": list(devices), "name": list(names),
        }  # fmt: skip
        beside = target.with_name(f"{target.name}.new")
        try:
            with self._http.stream("GET", "/api/export", params=asked) as answer:
                if not answer.is_success:
                    answer.read()
                    self._check(answer)
                with beside.open("wb") as file:
                    for piece in answer.iter_bytes(PIECE):
                        file.write(piece)
            beside.replace(target)
        except httpx.HTTPError as error:
            raise self._away(error) from None
        except OSError as error:
            raise SinkError(f"{target} cannot be written: {error.strerror}") from None
        finally:
            beside.unlink(missing_ok=True)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._http.request(method, f"/api/{path}", **more)
            self._check(answer)
            return answer.json() if answer.content else None
        except httpx.HTTPError as error:
            raise self._away(error) from None
        except ValueError as error:
            if isinstance(error, SettingsError):
                raise
            raise SinkError(f"{self._url} answers, and not as a hub does: is this its address?") from None

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        try:
            said = answer.json()["error"]
        except (ValueError, LookupError, TypeError):
            said = answer.reason_phrase
        line = f"{urlsplit(self._url).netloc} answered {answer.status_code}: {' '.join(str(said).split())[:300]}"
        raise RefusedError(line, answer.status_code)

    def _away(self, error: httpx.HTTPError) -> SinkError:
        return SinkError(f"{urlsplit(self._url).netloc} does not answer: {type(error).__name__}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"the token in {path} cannot be read: {error.strerror}") from None


def _name(device: str) -> str:
    return quote(device, safe="")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _make(kind: type[Made], row: Mapping[str, Any]) -> Made:
    """What a row says, without what a newer hub may say besides."""
    return kind(**{field.name: row[field.name] for field in fields(kind)})  # type: ignore[arg-type]
