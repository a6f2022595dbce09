"""Something happened: small, ready for JSON, true without the picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a stream at a moment.

    `kind` is dotted, from the general to the particular ("gesture.begin"). Floats in `data` are rounded by whoever
    makes the event, so that the same file gives the same bytes.
    """

    kind: str
    stream: str
    time: float  # media time, seconds
    track: int | None = None
    data: Mapping[str, Value] = field(default_factory=dict)
