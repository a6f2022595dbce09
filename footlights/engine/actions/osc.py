"""`--osc HOST:PORT/ADDRESS`: a message to lighting desks, media servers and music programs."""

import socket
from typing import ClassVar, Self

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions import message
from footlights.engine.actions.action import Action
from footlights.engine.actions.address import host_and_port, parse

EXAMPLE = "osc://192.168.0.20:9000/stage/effect"
PATTERN = set(" #*,?[]{}")  # not allowed in an address (OSC 1.0)


class Osc(Action):
    """Sends one Open Sound Control 1.0 message by UDP, which nobody confirms.

    Arguments, always these: the gesture, or the event's kind where there is none (string); track, or -1 (integer);
    confidence 0..1 (float); stream (string); media time in seconds (float).
    """

    flag: ClassVar[str] = "osc"
    help: ClassVar[str] = "Send an OSC message by UDP: gesture, track, confidence, stream, seconds."
    metavar: ClassVar[str] = "HOST:PORT/ADDRESS"

    def __init__(self, host: str, port: int, address: str) -> None:
        self.host = host
        self.port = port
        self.address = address

    @classmethod
    def from_text(cls, text: str) -> Self:
        parts = parse(cls.flag, text if "://" in text else f"osc://{text.strip()}", ("osc",), EXAMPLE)
        if parts.port is None:
            raise SettingsError(f"--osc '{text}' has no port: did you mean '{host_and_port(parts, 9000)}{parts.path}'?")
        address = text[text.index("/", text.find("://") + 3) :] if parts.path else ""
        if len(address) < 2:
            raise SettingsError(f"--osc '{text}' has no OSC address: did you mean '{text.rstrip('/')}/footlights'?")
        if PATTERN & set(address) or not address.isascii():
            raise SettingsError(
                f"--osc: the OSC address '{address}' must be ASCII without blanks and # * , ? [ ] {{ }}"
            )
        return cls(parts.hostname or "", parts.port, address)

    def fire(self, event: Event) -> None:
        from pythonosc.osc_message_builder import OscMessageBuilder

        builder = OscMessageBuilder(self.address)
        builder.add_arg(message.name(event), OscMessageBuilder.ARG_TYPE_STRING)
        builder.add_arg(-1 if event.track is None else event.track, OscMessageBuilder.ARG_TYPE_INT)
        builder.add_arg(message.confidence(event), OscMessageBuilder.ARG_TYPE_FLOAT)
        builder.add_arg(event.stream, OscMessageBuilder.ARG_TYPE_STRING)
        builder.add_arg(event.time, OscMessageBuilder.ARG_TYPE_FLOAT)
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)
        # "localhost" is IPv4 and IPv6, UDP cannot tell which of them is heard, and most OSC programs listen on IPv4
        family, kind, protocol, _, place = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        with socket.socket(family, kind, protocol) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(builder.build().dgram, place)

    def prepare(self) -> None:
        import pythonosc.osc_message_builder  # noqa: F401

    def describe(self) -> str:
        return f"osc {self.host}:{self.port}{self.address}"
