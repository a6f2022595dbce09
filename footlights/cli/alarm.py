"""What goes out when something happens, besides events: evidence, pictures in messages, Home Assistant."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions.action import Action
from footlights.engine.actions.mail import Mail
from footlights.engine.actions.quiet import QuietHours
from footlights.engine.actions.webhook import Webhook
from footlights.engine.home_assistant import read_address
from footlights.engine.watch import StreamReport
from footlights.media.snapshot import Snapshots
from footlights.wire.document import Document, SourceEntry

if TYPE_CHECKING:
    from footlights.cli.build import Performance

PICTURED = ("anomaly.", "detection.")  # kinds of events that a picture belongs to: what fixed cameras tell
LETTING_GO = 10.0  # seconds that a stream may need until its name is free again


@dataclass(frozen=True)
class Alarm:
    """What is wished for."""

    evidence: Path | None = None  # folder
    unsure: Path | None = None  # folder, or a project of the studio
    home_assistant: str | None = None  # address of the broker
    quiet: QuietHours | None = None  # hours in which there are no actions
    cooldown: float = 0.0  # seconds of media time between two actions of one kind for one stream


def wished(
    document: Document,
    evidence: Path | None = None,
    home_assistant: str | None = None,
    quiet_hours: str | None = None,
    action_cooldown: float | None = None,
    unsure: Path | None = None,
) -> Alarm:
    """Join the file with the options, which go before it. Raises SettingsError for what cannot be."""
    outputs = document.outputs
    home_assistant = home_assistant or outputs.home_assistant
    if home_assistant is not None:
        read_address(home_assistant)
    hours = quiet_hours or document.quiet
    return Alarm(
        evidence=evidence or (Path(outputs.evidence).expanduser() if outputs.evidence else None),
        unsure=unsure,
        home_assistant=home_assistant,
        quiet=QuietHours.parse(hours) if hours else None,
        cooldown=document.cooldown if action_cooldown is None else action_cooldown,
    )


def photographed(actions: Iterable[Action]) -> Snapshots | None:
    """What takes pictures for those actions that can send them; None where none can."""
    senders = [action for action in actions if isinstance(action, Mail | Webhook)]
    if not senders:
        return None
    snapshots = Snapshots()
    for sender in senders:
        sender.picture = snapshots.of
    return snapshots


def pictured(event: Event) -> bool:
    """True for events that a picture belongs to."""
    return event.kind.startswith(PICTURED)


class House:
    """What Home Assistant may see and change of a performance."""

    def __init__(self, performance: "Performance") -> None:
        self._performance = performance
        self._stopped: dict[str, SourceEntry] = {}

    def report(self) -> list[StreamReport]:
        """How every stream is doing."""
        return self._performance.report()

    def stopped(self) -> Sequence[str]:
        """Streams that were switched off, and can be switched on."""
        return list(self._stopped)

    def stop_stream(self, name: str) -> None:
        """Switch a stream off. Raises SettingsError where there is none that runs."""
        if name in self._stopped:
            return
        address, engine = self._performance.addresses.get(name, ""), self._performance.engine
        # Before it goes: without any stream the engine would end, and this one may come back.
        stays, engine.stay = engine.stay, True
        try:
            engine.remove(name)
        except SettingsError:
            engine.stay = stays
            raise
        loop = any(entry.loop and entry.url == address for entry in self._performance.wish.sources)
        self._stopped[name] = SourceEntry(url=address, name=name, loop=loop)

    def start_stream(self, name: str) -> None:
        """Switch a stream on again. Raises SettingsError or SourceError; it can be tried again then."""
        entry = self._stopped.get(name)
        if entry is None:
            return
        engine, patience = self._performance.engine, time.monotonic() + LETTING_GO
        while name in engine.names():
            if time.monotonic() > patience:
                raise SettingsError(f"'{name}' has not let go yet; try again")
            time.sleep(0.02)
        self._performance.add(entry)
        del self._stopped[name]
        engine.stay = bool(self._stopped) or self._performance.wish.page is not None

    def setting(self, name: str) -> Any:
        """A setting of the app as it is now; None where it has none of this name."""
        return getattr(self._performance.settings, name, None)

    def change(self, values: Mapping[str, object]) -> None:
        """Change settings of the app. Raises FootlightsError."""
        self._performance.change(values)
