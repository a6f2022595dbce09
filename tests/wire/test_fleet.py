import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.wire import fleet
from footlights.wire.fleet import Command, Desired, Message, MessageError, Received, Status

SESSION = "0123456789abcdef"
TELEMETRY = {"stream": "line-1", "values": {"fps": 29.7, "people": 3, "state": "running", "gate": True}}
GOOD = {"session": SESSION, "sequence": 1, "time": 1.5, "kind": "telemetry", "body": TELEMETRY}


def test_messages_come_back_as_they_were_sent() -> None:
    message = Message(SESSION, 7, 4, 1.8e9, "telemetry", TELEMETRY)
    assert fleet.read_message(fleet.encode(message)) == message
    assert fleet.read_received(fleet.encode(Received(SESSION, 7))) == Received(SESSION, 7)
    assert fleet.read_status(fleet.encode(Status(True, SESSION))) == Status(True, SESSION)
    desired = Desired(3, {"app": "inspect", "settings": {"interval": 4}})
    assert fleet.read_desired(fleet.encode(desired)) == desired
    for command in (Command("1", "ping"), Command("2", "pull-model", {"hash": "ab"}, 1.8e9)):
        assert fleet.read_command(fleet.encode(command)) == command


def test_a_message_follows_the_one_before_it_unless_it_says_otherwise() -> None:
    assert fleet.read_message(json.dumps(GOOD | {"sequence": 9}).encode()).after == 8


def test_a_command_without_an_end_is_valid_for_ever() -> None:
    assert fleet.read_command(b'{"id":"1","name":"ping"}').expires == math.inf


def test_topics_name_their_device() -> None:
    assert fleet.topic("jetson-07", "messages") == "footlights/devices/jetson-07/messages"
    assert fleet.device_of("footlights/devices/jetson-07/messages", "messages") == "jetson-07"
    assert fleet.device_of("footlights/devices/a/b/messages", "messages") is None
    assert fleet.device_of("footlights/devices/jetson-07/status", "messages") is None
    assert fleet.device_of("footlights/devices/a/certificate/request", "certificate/request") == "a"


@pytest.mark.parametrize(
    "change",
    [
        {"session": "x"}, {"session": 5}, {"sequence": 0}, {"sequence": -1}, {"sequence": 1.5}, {"sequence": True},
        {"sequence": 2**53}, {"after": 1}, {"after": -1}, {"after": "0"},
        {"time": "now"}, {"time": -1}, {"time": 1e12}, {"kind": "shell"}, {"kind": ["event"]},
        {"body": []}, {"body": {}}, {"body": {"values": []}}, {"body": {"values": {"a": None}}},
        {"body": {"values": {"a": [1]}}}, {"body": {"values": {"'; drop table": 1}}}, {"body": {"values": {"": 1}}},
        {"body": {"values": {"a" * 81: 1}}}, {"body": {"values": {}, "stream": 5}},
        {"body": {"values": {f"v{n}": n for n in range(201)}}},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change: dict) -> None:
    fleet.read_message(json.dumps(GOOD).encode())
    with pytest.raises(MessageError):
        fleet.read_message(json.dumps(GOOD | change).encode())


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"1", b"\xff", b"null", b'{"a": NaN}', b"[" * 100_000, b'{"a":' * 20 + b"1" + b"}" * 20,
     b'{"a": "' + b"x" * fleet.LARGEST + b'"}'],
)  # fmt: skip
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        fleet.decode(payload)


@given(st.binary(max_size=200))
def test_noise_is_refused_in_order(payload: bytes) -> None:
    for read in (fleet.read_message, fleet.read_received, fleet.read_status, fleet.read_desired, fleet.read_command):
        with pytest.raises(MessageError):
            read(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_any_json_is_read_or_refused(change: dict) -> None:
    try:
        message = fleet.read_message(json.dumps(GOOD | change).encode())
    except MessageError:
        return
    assert message.kind in fleet.KINDS and message.sequence >= 1 and math.isfinite(message.time)
