"""What a device and its hub say to each other over MQTT: topics, and the form of every message.

footlights/devices/DEVICE/
    status       device   retained, its last will as well: is it there
    messages     device   numbered messages, kept by the device until the hub has stored them
    received     hub      up to which number they are stored
    desired      hub      retained: the whole desired document with its version
    command      hub      one command, with an id and an end of validity
    certificate/request   device   a certificate signing request, before the old certificate ends
    certificate/granted   hub      the new certificate

Everything is JSON. What comes from the network is checked here and nowhere else: what does not fit raises
`MessageError`, which says what was wrong and holds nothing that was sent.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard, get_args

from footlights.core.errors import FootlightsError

ROOT = "footlights/devices"
Kind = Literal["telemetry", "event", "state", "reported", "answer", "picture", "refused"]
KINDS: tuple[str, ...] = get_args(Kind)[:-1]  # what a device says; the hub writes what it refused in its place
LARGEST = 256 * 1024  # bytes of a message
DEEPEST = 16  # levels of JSON
LONGEST_NAME = 80  # characters of the name of a measurement
MOST_VALUES = 200  # measurements in one message
LARGEST_VALUE = 1e18  # of a measurement: sums of them stay numbers
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/ -]*")
_SESSION = re.compile(r"[0-9a-f]{16}")
Value = float | int | str | bool


@dataclass(frozen=True)
class Message:
    """One numbered message of a device. `session` names its outbox, where numbers grow by one.

    `after` is the number of the message before it that the device still holds, 0 where it holds none: then there is
    nothing before it to wait for, be it stored or forgotten because the outbox was full.
    """

    session: str  # 16 hexadecimal digits
    sequence: int  # from 1
    after: int
    time: float  # seconds since 1970, UTC, of the device
    kind: Kind
    body: Mapping[str, Any]


class MessageError(FootlightsError, ValueError):
    """A message that is not what the topic says. `instead` is what can be stored in its place, where it has a number:
    the messages behind it are not to wait for it.
    """

    def __init__(self, text: str, instead: Message | None = None) -> None:
        super().__init__(text)
        self.instead = instead


@dataclass(frozen=True)
class Received:
    """Everything of this outbox up to this number is stored."""

    session: str
    sequence: int


@dataclass(frozen=True)
class Status:
    """Whether a device is there; the broker says the last one for it."""

    online: bool
    session: str


@dataclass(frozen=True)
class Desired:
    """The document that a device is to have. It is always whole, so that nothing is missing after an absence."""

    version: int
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Acknowledged:
    """What became of one property of the desired document, as IoT Plug and Play has it: value, code, version, text."""

    value: Any
    code: int  # as in HTTP: 200 done, 202 under way, 400 not valid, 500 failed
    version: int  # of the desired document
    text: str = ""


@dataclass(frozen=True)
class Command:
    """Something to do, once, now or never."""

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    expires: float = math.inf  # seconds since 1970, UTC


def topic(device: str, name: str) -> str:
    """The topic of a device."""
    return f"{ROOT}/{device}/{name}"


def device_of(topic_name: str, name: str) -> str | None:
    """The device that a topic belongs to, where it ends in `name`."""
    found = re.fullmatch(rf"{ROOT}/([^/]+)/{re.escape(name)}", topic_name)
    return found[1] if found else None


def encode(message: Message | Received | Status | Desired | Command | Mapping[str, Any]) -> bytes:
    """A message as it travels."""
    content = dict(message if isinstance(message, Mapping) else vars(message))
    if content.get("expires") == math.inf:
        del content["expires"]
    return _WRITER.encode(content).encode()


def read_message(payload: bytes) -> Message:
    """A numbered message. Raises MessageError."""
    content = _parse(payload)
    session, sequence = _numbered(content)
    after = content.get("after", sequence - 1)
    if sequence < 1 or not _whole(after) or after >= sequence:
        raise MessageError("sequence begins with 1, and after lies before it")
    moment = _time(content, "time")
    try:
        _check_content(content, escaped=b"\\u" in payload)
        return Message(session, sequence, after, moment, *_kind_and_body(content))
    except MessageError as error:
        raise MessageError(str(error), refused(session, sequence, after, moment, str(error))) from None


def refused(session: str, sequence: int, after: int, moment: float, why: str) -> Message:
    """What is stored in the place of a message that cannot be."""
    return Message(session, sequence, after, moment, "refused", {"why": why})


def check(kind: Kind, body: Mapping[str, Any]) -> None:
    """Raises MessageError where a hub would refuse this."""
    try:
        payload = encode(Message("0" * 16, 2**52, 0, 0.0, kind, body))
    except (ValueError, TypeError, RecursionError):
        raise MessageError("no JSON") from None
    read_message(payload)


def read_received(payload: bytes) -> Received:
    """Up to where the hub has stored. Raises MessageError."""
    return Received(*_numbered(decode(payload)))


def read_status(payload: bytes) -> Status:
    """Whether a device is there. Raises MessageError."""
    content = decode(payload)
    if not isinstance(content.get("online"), bool):
        raise MessageError("online is neither true nor false")
    return Status(content["online"], _session(content))


def read_desired(payload: bytes) -> Desired:
    """The desired document. Raises MessageError."""
    content = decode(payload)
    version, document = content.get("version"), content.get("document")
    if not _whole(version) or not isinstance(document, dict):
        raise MessageError("a desired document has a version and a document")
    return Desired(version, document)


def read_command(payload: bytes) -> Command:
    """A command. Raises MessageError."""
    content = decode(payload)
    identity, name, arguments = content.get("id"), content.get("name"), content.get("arguments", {})
    if not isinstance(identity, str) or not isinstance(name, str) or not isinstance(arguments, dict):
        raise MessageError("a command has an id, a name and arguments")
    expires = _time(content, "expires") if "expires" in content else math.inf
    return Command(identity[:64], name[:64], arguments, expires)


def decode(payload: bytes) -> dict[str, Any]:
    """The object that a payload holds. Raises MessageError: too large, too deep, no JSON, no object, or with texts and
    numbers that cannot be stored.
    """
    content = _parse(payload)
    _check_content(content, escaped=b"\\u" in payload)
    return content


def _parse(payload: bytes) -> dict[str, Any]:
    if len(payload) > LARGEST:
        raise MessageError(f"{len(payload)} bytes; at most {LARGEST} are taken")
    try:
        content = _READER.decode(payload.decode())
    except (ValueError, RecursionError):
        raise MessageError("no JSON") from None
    if not isinstance(content, dict):
        raise MessageError("no JSON object")
    return content


def _kind_and_body(content: Mapping[str, Any]) -> tuple[Kind, dict[str, Any]]:
    kind, body = content.get("kind"), content.get("body")
    if kind not in KINDS:
        raise MessageError(f"kind is none of {', '.join(KINDS)}")
    if not isinstance(body, dict):
        raise MessageError("body is no object")
    if kind == "telemetry":
        _check_values(body)
    return kind, body


def _numbered(content: Mapping[str, Any]) -> tuple[str, int]:
    sequence = content.get("sequence")
    if not _whole(sequence):
        raise MessageError("sequence is no whole number")
    return _session(content), sequence


def _session(content: Mapping[str, Any]) -> str:
    session = content.get("session")
    if not isinstance(session, str) or not _SESSION.fullmatch(session):
        raise MessageError("session is not 16 hexadecimal digits")
    return session


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _time(content: Mapping[str, Any], name: str) -> float:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise MessageError(f"{name} is no number of seconds since 1970")
    return float(value)


def _check_values(body: Mapping[str, Any]) -> None:
    """Telemetry is `{"values": {name: number, text, true or false}, "stream": name or nothing}`."""
    values, stream = body.get("values"), body.get("stream")
    if not isinstance(values, dict) or len(values) > MOST_VALUES:
        raise MessageError(f"telemetry has values, at most {MOST_VALUES}")
    if stream is not None and not (isinstance(stream, str) and len(stream) <= LONGEST_NAME):
        raise MessageError("stream is no name")
    for name, value in values.items():
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise MessageError("a measurement has a name that cannot be used")
        if not isinstance(value, Value) or (isinstance(value, str) and len(value) > 1000):
            raise MessageError("a measurement is no number, text, true or false")
        if not isinstance(value, str) and abs(value) > LARGEST_VALUE:
            raise MessageError("a measurement that is too large")


def _check_content(content: Any, *, escaped: bool, level: int = 1) -> None:
    """Refuse what is too deep, and what databases do not take: numbers without end; zero bytes and halves of
    characters, which only an escape (`escaped`) can bring into a text.
    """
    if isinstance(content, str):
        if escaped and ("\0" in content or _halved(content)):
            raise MessageError("a text with a zero byte or half a character")
    elif isinstance(content, float):
        if math.isinf(content):
            raise MessageError("a number that is too large")
    elif isinstance(content, dict | list):
        if level > DEEPEST:
            raise MessageError(f"more than {DEEPEST} levels deep")
        for inner in content:  # the names of an object, or the members of a list
            _check_content(inner, escaped=escaped, level=level + 1)
        if isinstance(content, dict):
            for inner in content.values():
                _check_content(inner, escaped=escaped, level=level + 1)


def _halved(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_READER = json.JSONDecoder(parse_constant=_refuse_constant)
