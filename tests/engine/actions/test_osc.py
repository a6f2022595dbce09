"""OSC against a real UDP socket, read with python-osc."""

import socket
from collections.abc import Iterator

import pytest
from pythonosc.osc_message import OscMessage

from footlights.core.event import Event
from footlights.engine.actions.osc import Osc
from tests.engine.actions.conftest import WAIT


@pytest.fixture
def desk() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(WAIT)
        yield sock


@pytest.mark.parametrize(
    "text", ["127.0.0.1:{port}/stage/x", "osc://127.0.0.1:{port}/stage/x", "localhost:{port}/stage/x"]
)
def test_python_osc_reads_what_arrives(desk: socket.socket, event: Event, text: str) -> None:
    Osc.from_text(text.format(port=desk.getsockname()[1])).fire(event)
    message = OscMessage(desk.recv(4096))
    assert message.address == "/stage/x"
    assert message.params == ["x_arms", 3, pytest.approx(0.93), "line 1", 12.5]


def test_the_types_of_the_arguments_are_always_the_same(desk: socket.socket) -> None:
    """A desk that was taught a message must understand the next one."""
    osc = Osc.from_text(f"127.0.0.1:{desk.getsockname()[1]}/x")
    osc.fire(Event("trigger", "a", 1))
    datagram = desk.recv(4096)
    assert b",sifsf" in datagram
    assert OscMessage(datagram).params == ["trigger", -1, 1.0, "a", 1.0]
    osc.fire(Event("gesture.begin", "a", 1.0, 7, {"gesture": "wave"}))
    assert OscMessage(desk.recv(4096)).params == ["wave", 7, 1.0, "a", 1.0]


def test_a_name_that_is_both_families_is_sent_to_the_older_one(
    desk: socket.socket, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody confirms a datagram, so a wrong guess would be silence."""
    port = desk.getsockname()[1]
    found = [
        (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", port, 0, 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    Osc.from_text(f"desk.local:{port}/x").fire(event)
    assert OscMessage(desk.recv(4096)).address == "/x"


def test_ipv6() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        sock.settimeout(WAIT)
        Osc.from_text(f"osc://[::1]:{sock.getsockname()[1]}/x").fire(Event("trigger", "a", 1.0))
        assert OscMessage(sock.recv(4096)).address == "/x"


def test_an_unknown_host_is_a_failure(event: Event) -> None:
    with pytest.raises(socket.gaierror):
        Osc.from_text("no-such-host.invalid:9000/x").fire(event)
