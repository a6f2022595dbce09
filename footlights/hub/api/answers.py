"""The forms of answers, where they are not those of the hub's own classes."""

from typing import Any

from pydantic import BaseModel, Field

from footlights.hub.registry import Group


class Groups(BaseModel):
    """Every group, and what all of them have in common."""

    scope: str = Field(description="the scope id, of this hub")
    pin: str = Field(description="SHA-256 of the hub's authority, hexadecimal")
    groups: list[Group]


class NewKey(BaseModel):
    """A device that was made, with its key."""

    id: str
    key: str = Field(description="base64")


class NewNumber(BaseModel):
    """What was made, by its number."""

    id: int


class Shown(BaseModel):
    """Something that is shown once."""

    token: str


class NewUserToken(Shown):
    """A user who was made, with the first token."""

    name: str


class Command(BaseModel):
    """A command and what became of it."""

    id: str
    device: str
    name: str
    arguments: dict[str, Any]
    time: float
    expires: float
    by: str
    answered: float | None = Field(description="when; null: not yet")
    code: int | None = Field(description="as in HTTP")
    answer: Any = None


class Rollup(BaseModel):
    """A measurement over a minute or an hour."""

    device: str
    stream: str = Field(description="empty: of the device as a whole")
    name: str
    seconds: int
    start: int
    count: int
    total: float
    lowest: float
    highest: float
    last: float
    last_at: float


class Message(BaseModel):
    """Something that a device said."""

    id: int
    device: str
    session: str
    sequence: int
    after: int
    kind: str
    time: float = Field(description="of the device")
    arrived: float
    body: dict[str, Any]


class Newest(BaseModel):
    """The newest value of a measurement."""

    stream: str
    name: str
    value: float | int | str | bool
    time: float


class Template(BaseModel):
    """What a device template holds, and what of it is not understood here."""

    telemetry: list[str]
    properties: list[str]
    writable: list[str]
    commands: list[str]
    unknown: list[str]


class Firing(BaseModel):
    """What a rule did."""

    id: int
    rule: int
    device: str
    stream: str
    time: float
    value: float
    text: str
    session: str
    sequence: int
    done: float | None
    failed: str
    acknowledged: float | None
    acknowledged_by: str | None


class ShownRule(BaseModel):
    """A rule; where its actions go is described."""

    id: int
    title: str
    enabled: bool
    rule: dict[str, Any]
    muted_until: float | None


class Deed(BaseModel):
    """A line of the book of what was done."""

    id: int
    time: float
    user: str
    deed: str
    what: str


class Alive(BaseModel):
    """The hub answers."""

    status: str = "ok"


class Ready(BaseModel):
    """Whether each part is there."""

    ready: bool
    database: bool
    broker: bool


class Place(BaseModel):
    """Where the broker is."""

    host: str
    port: int


class Granted(BaseModel):
    """What a device gets: its certificate, the authority by which it knows the hub, and where the broker is."""

    certificate: str = Field(description="PEM")
    authority: str = Field(description="PEM")
    broker: Place


class Waiting(BaseModel):
    """Somebody must say yes to this device first."""

    state: str = "waiting"
