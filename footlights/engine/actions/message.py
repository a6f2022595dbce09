"""Events as other programs read them: plain JSON, CloudEvents 1.0, and words."""

from datetime import UTC, datetime
from typing import Any

from footlights.core.event import Event


def cloud_event(event: Event, identity: str, moment: datetime) -> dict[str, Any]:
    """The event in the structured mode of CloudEvents 1.0, as in the journal, ready for JSON.

    `identity` is the same whenever the same event is sent again; `moment` is a time on the clock, since media time,
    which is in the data, begins anew with every run.
    """
    from footlights.media import journal  # brings the video library along

    time = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**journal.cloud_event(event, 1), "id": identity, "time": time}


def plain(event: Event) -> dict[str, Any]:
    """The event ready for JSON: kind, stream, time in seconds of media time, track where there is one, and its data."""
    from footlights.media import journal

    names: dict[str, Any] = {"kind": event.kind, "stream": event.stream}
    data: Any = journal.cloud_event(event, 1)["data"]
    return {**names, **data, **names}  # first for the order, last because data of the same name must not cover them


def name(event: Event) -> str:
    """What happened, in few words: the gesture, what set it off, the alert that is raised, or else the event's kind."""
    alert = event.data.get("alert") if event.kind == "anomaly.raised" else None
    return str(event.data.get("gesture") or event.data.get("by") or alert or event.kind)


def confidence(event: Event) -> float:
    """0..1 where the event says how sure it is, otherwise 1."""
    value = event.data.get("confidence", 1.0)
    return float(value) if isinstance(value, int | float) else 1.0
