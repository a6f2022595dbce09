"""Live pictures from a device's agent through a hub to who looks, over TLS, as it is at work."""

import asyncio
import time

import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.hub import relay, schema
from footlights.hub.pages import happenings, live
from footlights.hub.patience import Patience
from tests.hub.conftest import CUT_OFF, WAIT, eventually
from tests.hub.house import DEVICE, House

pytestmark = CUT_OFF


def pictures(socket: ClientConnection, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        found.append(bytes(socket.recv(timeout=WAIT)))
        socket.send("shown")
    return found


def why(socket: ClientConnection) -> str:
    """Why a connection ends, whatever comes before."""
    try:
        while True:
            socket.recv(timeout=WAIT)
            socket.send("shown")
    except ConnectionClosed as closed:
        return closed.rcvd.reason if closed.rcvd else ""


def test_many_look_at_one_stream_and_it_ends_when_nobody_does(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LINGER", 0.3)
    with house.looking("operator") as one:
        began = time.monotonic()
        first = pictures(one, 4)
        with house.looking("admin") as other:
            assert len({*pictures(other, 2), *first}) >= 5  # each is a new one
            assert (house.hub.relay.streams, house.hub.relay.viewers) == (1, 2)
        assert time.monotonic() - began > 3 * relay.EVERY  # not faster than agreed
    assert all(picture.startswith(relay.JPEG) for picture in first)
    eventually(lambda: house.hub.relay.streams == 0)
    looks = house.stage.looks
    time.sleep(2 * relay.EVERY)
    assert house.stage.looks == looks
    with house.looking("operator") as again:  # with a new ticket
        assert pictures(again, 1)[0] not in first
    kept = house.hub.database
    with kept.read() as connection:
        asked = connection.scalars(select(schema.commands.c.arguments).where(schema.commands.c.name == "live")).all()
        deeds = connection.execute(select(schema.audit.c.user, schema.audit.c.deed)).all()
    assert asked and all("ticket" not in arguments for arguments in asked)
    assert ("operator", "looked live at line-1") in deeds


def test_nobody_looks_who_may_not(house: House) -> None:
    for who in (None, "viewer"):
        with pytest.raises(InvalidStatus) as refused, house.looking(who):
            pass
        assert refused.value.response.status_code == 403
    own = {"cookie": f"__Host-footlights-hub={house.tokens['operator']}", "origin": "https://evil.example"}
    with pytest.raises(InvalidStatus), house.connect(f"/live/{DEVICE}?stream=line-1", own):
        pass


def test_who_is_signed_in_no_more_sees_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_AGAIN", 0.1)
    house.hub.people.add("guest", "operator")
    house.tokens["guest"] = house.hub.people.make_token("guest")
    with house.looking("guest") as socket:
        pictures(socket, 1)
        house.hub.people.remove("guest")
        why(socket)


def test_a_stream_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LONGEST", 1.0)
    with house.looking("operator") as socket:
        assert "ask again" in why(socket)


def test_nobody_waits_for_a_device_that_is_away(house: House) -> None:
    own = {"cookie": f"__Host-footlights-hub={house.tokens['operator']}"}
    with house.connect("/live/nobody?stream=line-1", own) as socket:
        assert why(socket) == "the device is away"


def test_what_cannot_be_shown_is_said(house: House) -> None:
    with house.looking("operator", "line-9") as socket:
        assert "there is no such stream" in why(socket)


def test_a_private_device_shows_nothing_and_says_so(house: House) -> None:
    house.agent._sight._own_wish = True
    try:
        looks = house.stage.looks
        with house.looking("operator") as socket:
            assert "this device is private" in why(socket)
        command = house.hub.switchboard.command(DEVICE, "snapshot", {"stream": "line-1"}, "admin")
        assert house.hub.switchboard.answer(command.id, WAIT)["code"] == 403
        house.agent.tell(Event("trigger", "line-1", 0.5, None, {"by": "x_arms"}))
        eventually(lambda: [one.body["kind"] for one in house.hub.overview.events(1)] == ["trigger"])
        assert house.stage.looks == looks
    finally:
        house.agent._sight._own_wish = False


def test_who_becomes_private_while_somebody_looks_says_so(house: House) -> None:
    with house.looking("operator") as socket:
        pictures(socket, 1)
        house.agent._sight._own_wish = True
        try:
            assert "this device is private" in why(socket)
        finally:
            house.agent._sight._own_wish = False


def test_a_document_can_ask_for_privacy(house: House) -> None:
    desired = house.hub.twins.patch(DEVICE, {"app": "emoji", "settings": {"privacy": True}}, "admin")
    house.hub.switchboard.say_desired(DEVICE, desired)
    eventually(lambda: house.hub.twins.twin(DEVICE).reported.get("private") is True)
    with house.looking("operator") as socket:
        assert "this device is private" in why(socket)
    desired = house.hub.twins.patch(DEVICE, {"settings": None}, "admin")
    house.hub.switchboard.say_desired(DEVICE, desired)
    eventually(lambda: house.hub.twins.twin(DEVICE).reported.get("private") is False)


def test_an_event_comes_with_its_picture_now_and_then(house: House) -> None:
    for number in range(3):
        house.agent.tell(Event("gesture.begin", "line-1", float(number), 1, {"gesture": "wave"}))

    def seen() -> list[bool]:
        return [one.picture for one in reversed(happenings.newest_of(house.hub, DEVICE, 3))]

    eventually(lambda: seen() == [True, False, False])
    eventually(lambda: sorted(one.picture for one in house.hub.overview.events(3)) == [False, False, True])


@pytest.mark.parametrize("nonsense", ["text", b"", b"GIF89a", b"\xff\xd8" + bytes(relay.LARGEST)])
def test_a_device_that_sends_no_pictures_is_let_go(
    house: House, monkeypatch: pytest.MonkeyPatch, nonsense: str | bytes
) -> None:
    tickets: list[str] = []
    monkeypatch.setattr(house.hub.relay, "_ask", lambda device, stream, ticket, seconds: tickets.append(ticket))
    with house.looking("operator", f"forged-{len(nonsense)}") as viewer:
        eventually(lambda: tickets)
        with house.connect(f"/api/live/{DEVICE}", {"authorization": f"Ticket {tickets[0]}"}) as device:
            device.send(relay.JPEG + b" one")
            assert pictures(viewer, 1) == [relay.JPEG + b" one"]
            device.recv(timeout=WAIT)
            device.send(nonsense)
            assert "a live picture is a JPEG" in why(device)
        assert why(viewer) == "the device sends no pictures"
        used = {"authorization": f"Ticket {tickets[0]}"}
        with pytest.raises(InvalidStatus), house.connect(f"/api/live/{DEVICE}", used):
            pass


def test_a_device_that_says_yes_and_does_not_come(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.hub.relay, "_ask", lambda device, stream, ticket, seconds: None)
    monkeypatch.setattr(relay, "TICKET", 0.2)
    with house.looking("operator", "never") as viewer:
        assert "can it reach this hub by HTTPS?" in why(viewer)


def test_a_device_that_is_blocked_is_seen_no_more(house: House) -> None:
    with house.looking("operator") as viewer:
        pictures(viewer, 1)
        house.hub.relay.end("another", "the device was blocked")
        pictures(viewer, 1)
        house.hub.relay.end(DEVICE, "the device was blocked")
        assert why(viewer) == "the device was blocked"


@pytest.mark.parametrize("ticket", ["", "Ticket ", "Ticket guess", "Bearer guess"])
def test_no_device_comes_without_a_ticket(house: House, ticket: str) -> None:
    house.app.state.patience = Patience()
    for device in (DEVICE, "camera-2", "..%2f"):
        with pytest.raises(InvalidStatus), house.connect(f"/api/live/{device}", {"authorization": ticket}):
            pass


def test_a_ticket_opens_one_door_once_and_soon(house: House) -> None:
    seen: list[str] = []
    now = [100.0]
    own = relay.Relay(lambda device, stream, ticket, seconds: seen.append(ticket), lambda: now[0])
    house.app.state.patience = Patience()

    async def live_and_let_go() -> None:
        channel = own.join("a", "s")
        while not seen:
            await _moment()
        assert own.admit("b", seen[0]) is None  # another device's; and it is spent
        assert own.admit("a", seen[0]) is None
        channel.end("")
        other = own.join("a", "t")
        while len(seen) < 2:
            await _moment()
        now[0] += relay.TICKET + 1
        assert own.admit("a", seen[1]) is None  # too late
        other.end("")
        third = own.join("a", "u")
        while len(seen) < 3:
            await _moment()
        assert own.admit("a", seen[2]) is third
        for picture in (b"", b"GIF89a", b"\xff\xd8" + bytes(relay.LARGEST)):
            with pytest.raises(SettingsError, match="JPEG"):
                third.put(picture)
        third.end("")
        while own.streams:
            await _moment()
        for number in range(relay.MOST_STREAMS):
            own.join("many", str(number))
        with pytest.raises(SettingsError, match="on their way already"):
            own.join("many", "more")

    async def _moment() -> None:
        await asyncio.sleep(0.01)

    asyncio.run(live_and_let_go())
