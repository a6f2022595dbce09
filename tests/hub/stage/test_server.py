"""The stage over HTTP and WebSockets, as members, walls and those who should not be there find it."""

import asyncio
import json
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from footlights.core.errors import SettingsError
from footlights.hub.stage.replay import replays
from footlights.hub.stage.running import Running
from footlights.hub.stage.seat import PATIENCE, RATE, WORDS
from footlights.hub.stage.serving import server_of
from footlights.hub.stage.sockets import WRONG, serve_member
from footlights.media.page.listening import listen
from footlights.recognition.definitions import library
from footlights.wire.show import load, parse, to_document
from footlights.wire.stage import Control
from tests.hub.stage.conftest import SHOW

SONG = bytes(range(256)) * 40


class House:
    """A stage that is served, and those who come."""

    def __init__(self, folder: Path) -> None:
        (folder / "film.mp4").write_bytes(b"film")
        (folder / "song.ogg").write_bytes(SONG)
        (folder / "secret.yaml").write_text("secret")
        self.path = folder / "evening.yaml"
        self.path.write_text(SHOW.replace("length: 1:00", "song: song.ogg\nlength: 1:00"))
        self.running = Running(self.path, load(self.path), library())
        listener = listen("127.0.0.1", 0)
        self.place = f"127.0.0.1:{listener.getsockname()[1]}"
        self.client = httpx.Client(base_url=f"http://{self.place}", timeout=20)
        self.server = server_of(self.running)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def member(self, ticket: str = "", **hello: Any) -> "Voice":
        voice = Voice(connect(f"ws://{self.place}/stage/evening/member"))
        voice.say(type="hello", ticket=ticket, **hello)
        return voice

    def wall(self, key: str | None = None, **headers: str) -> "Voice":
        key = self.running.keys.artist if key is None else key
        return Voice(connect(f"ws://{self.place}/stage/evening/wall?key={key}", additional_headers=headers))

    def play_at(self, at: float) -> float:
        """Let the show play there; the show time is given back."""
        with self.wall() as wall:
            wall.say(type="control", do="start", at=at)
            wall.until("playing")
        return at

    def close(self) -> None:
        self.client.close()
        self.server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive()


class Voice:
    """One end of a WebSocket."""

    def __init__(self, connecting: ClientConnection) -> None:
        self._connecting = connecting
        self.connection = connecting.__enter__()

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(self.connection.recv(timeout=20))
        return heard

    def until(self, kind: str, when: Callable[[dict[str, Any]], bool] = lambda heard: True) -> dict[str, Any]:
        while (heard := self.hear())["type"] != kind or not when(heard):
            pass
        return heard

    def closed(self) -> int:
        """The code with which the server closes."""
        try:
            while True:
                self.connection.recv(timeout=20)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code

    def __enter__(self) -> "Voice":
        return self

    def __exit__(self, *given: object) -> None:
        self._connecting.__exit__(None, None, None)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("stage"))
    yield made
    made.close()


def test_a_member_answers_and_the_wall_shows_it_at_once(house: House) -> None:
    house.play_at(10.5)
    with house.wall() as wall, house.member(name="Ann", section="left") as ann, house.member(section="right") as other:
        opening = wall.until("opening")
        assert (opening["title"], opening["producer"], len(opening["cues"])) == ("A show", False, 2)
        welcome = ann.until("welcome")
        assert (welcome["name"], welcome["section"], welcome["sections"]) == ("Ann", "left", ["left", "right"])
        assert welcome["media"] == {"kind": "song", "url": "/stage/evening/media", "offset": 0.0, "length": 60.0}
        other.until("welcome")
        ann.say(type="ping", t0=12.25)
        pong = ann.until("pong")
        playing = welcome["playing"]
        at = playing["at"] + pong["t"] - playing["t"]
        assert pong["t0"] == 12.25 and 10.5 <= at < 15
        ann.say(type="answer", cue="cross", gesture="x_arms", at=at)
        assert ann.until("confirmed")["count"] == 1
        seen = wall.until("wall", lambda heard: heard["answered"] == 1)
        assert (seen["cue"], seen["present"], seen["share"]) == ("cross", 2, 0.5)
        assert seen["quickest"][0]["name"] == "Ann"
        other.say(type="answer", cue="cross", gesture="x_arms", at=at)
        seen = wall.until("wall", lambda heard: heard["answered"] == 2)
        assert [(fired["name"], fired["play"]) for fired in seen["effects"]] == [
            ("confetti", ""), ("spot", "/stage/evening/effect/film.mp4"),
        ]  # fmt: skip
        ann.say(type="answer", cue="cross", gesture="x_arms", at=at)
        assert ann.until("refused") == {
            "type": "refused", "about": "answer", "cue": "cross", "why": "you have answered this already",
        }  # fmt: skip


def test_a_member_that_comes_back_is_the_same_and_takes_the_place_of_its_old_connection(house: House) -> None:
    with house.member(name="Ann") as first:
        ticket = first.until("welcome")["ticket"]
        present = house.running.room.present
        with house.member(ticket, name="Ann") as again:
            assert again.until("welcome")["ticket"] == ticket
            assert first.closed() == 4000
            again.say(type="ping", t0=1)
            again.until("pong")
            assert house.running.room.present == present


def test_an_artist_runs_the_show_and_everybody_hears_it(house: House) -> None:
    with house.wall() as wall, house.member() as member:
        member.until("welcome")
        wall.say(type="control", do="start", at=30)
        assert member.until("playing")["at"] == 30
        wall.say(type="control", do="pause")
        assert member.until("playing")["state"] == "paused"
        wall.say(type="control", do="seek", at=99)
        assert wall.until("refused")["why"] == "this time is not within the show"
        wall.say(type="moderate", open=False)
        wall.until("wall", lambda heard: not heard["open"])
        with house.member() as late:
            assert late.until("refused")["why"] == "nobody else is let in just now"
            assert late.closed() == 4003
        wall.say(type="moderate", open=True)
        wall.until("wall", lambda heard: heard["open"])


def test_members_cannot_run_the_show(house: House) -> None:
    with house.member() as member:
        member.until("welcome")
        state = house.running.room.timeline.playing
        for message in ({"type": "control", "do": "end"}, {"type": "moderate", "open": False}, {"type": "hello"}):
            member.say(**message)
            assert member.until("refused")["about"] == "message"
        assert house.running.room.timeline.playing == state and house.running.room.open


def test_the_wall_needs_its_key(house: House) -> None:
    for key in ("", "x", "ü", house.running.keys.artist[:-1]):
        with pytest.raises(InvalidStatus) as refused:
            house.wall(key)
        assert refused.value.response.status_code == 403
        assert house.client.get("/stage/evening/artist", params={"key": key}).status_code == 403
    for path in ("artist", "producer", "show", "replay", "effect/film.mp4"):
        assert house.client.get(f"/stage/evening/{path}").status_code == 403
    assert house.client.put("/stage/evening/show", json={"title": "mine"}).status_code == 403
    artist = {"key": house.running.keys.artist}
    assert house.client.get("/stage/evening/producer", params=artist).status_code == 403
    assert house.client.get("/stage/evening/show", params=artist).status_code == 403


@pytest.fixture
def besieged(tmp_path: Path) -> Iterator[House]:
    """A house of its own, for what is guessed there counts for all who come from here."""
    made = House(tmp_path)
    yield made
    made.close()


def test_guessing_keys_ends_and_costs_the_artist_nothing(besieged: House) -> None:
    house = besieged

    def ask(key: str, role: str = "artist") -> int:
        return httpx.get(f"http://{house.place}/stage/evening/{role}", params={"key": key}).status_code

    keys = house.running.keys
    assert ask(keys.artist) == 303
    assert {ask(keys.artist, "producer") for _ in range(20)} == {403}  # a key, though not for this
    assert {ask("an-old-one") for _ in range(20)} == {403}
    for number in range(5):
        with pytest.raises(InvalidStatus):
            house.wall(f"guess-{number}")
    assert {ask(f"guess-{number}") for number in range(5, 9)} == {403}
    assert ask("guess-9") == 429 and ask(keys.producer, "producer") == 429
    with pytest.raises(InvalidStatus):
        house.wall(keys.producer)
    with house.wall() as wall:
        assert wall.until("opening") and ask(keys.artist) == 303
    assert house.client.get("/stage/evening/").status_code == 200  # the audience has no key


def test_the_key_moves_from_the_address_into_a_cookie(house: House) -> None:
    with httpx.Client(base_url=f"http://{house.place}") as browser:
        answer = browser.get("/stage/evening/artist", params={"key": house.running.keys.artist})
        assert (answer.status_code, answer.headers["location"]) == (303, "/stage/evening/artist")
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert browser.get("/stage/evening/artist").status_code == 200
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with house.wall("", Cookie=cookie) as wall:
        assert wall.until("opening")["producer"] is False


def test_one_browser_may_be_artist_and_producer(house: House) -> None:
    with httpx.Client(base_url=f"http://{house.place}") as browser:
        for role in ("producer", "artist"):
            browser.get(f"/stage/evening/{role}", params={"key": house.running.keys.of(role)})
        assert browser.get("/stage/evening/show").status_code == 200
        assert browser.get("/stage/evening/artist").status_code == 200


def test_another_site_gets_no_socket_and_changes_nothing(house: House) -> None:
    for path in ("member", f"wall?key={house.running.keys.artist}"):
        with pytest.raises(InvalidStatus) as refused:
            Voice(connect(f"ws://{house.place}/stage/evening/{path}", origin=Origin("https://evil.example")))
        assert refused.value.response.status_code == 403
    foreign = {"origin": "https://evil.example"}
    key = {"key": house.running.keys.producer}
    assert house.client.put("/stage/evening/show", params=key, json={"title": "x"}, headers=foreign).status_code == 403
    answer = house.client.get("/stage/evening/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/stage/evening/effect/secret.yaml", "/stage/evening/effect/../secret.yaml", "/stage/evening/effect/%2e%2e/x",
        "/stage/evening/effect//etc/passwd", "/stage/..%2f..%2fetc/", "/stage/%2e%2e/media", "/stage/nothing/",
        "/stage/static/..%2f__init__.py", "/stage/static/%2e%2e", "/stage/figures/..%2f..%2fx", "/stage/runtime/x/y",
    ],
)  # fmt: skip
def test_nothing_but_what_the_show_plays_is_served(house: House, path: str) -> None:
    answer = house.client.get(path, params={"key": house.running.keys.producer}, follow_redirects=True)
    assert answer.status_code == 404 and b"secret" not in answer.content


def test_the_song_comes_in_ranges(house: House) -> None:
    answer = house.client.get("/stage/evening/media", headers={"range": "bytes=256-511"})
    assert (answer.status_code, answer.content) == (206, bytes(range(256)))
    assert answer.headers["content-range"] == f"bytes 256-511/{len(SONG)}"
    key = {"key": house.running.keys.artist}
    assert house.client.get("/stage/evening/effect/film.mp4", params=key, follow_redirects=True).content == b"film"


def test_the_producer_changes_the_show_and_everybody_hears_the_new_cues(house: House) -> None:
    key = {"key": house.running.keys.producer}
    with httpx.Client(base_url=f"http://{house.place}") as producer, house.member() as member:
        member.until("welcome")
        document = producer.get("/stage/evening/show", params=key, follow_redirects=True).json()
        assert document["cues"][1] == {"id": "wave", "from": 20.0, "to": 25.0, "expect": "wave"}
        before = house.path.read_text()
        document["cues"][1]["text"] = "Wave!"
        assert producer.put("/stage/evening/show", json=document).status_code == 204
        assert member.until("cues")["cues"][1]["text"] == "Wave!"
        assert load(house.path).cues[1].text == "Wave!" and house.path.read_text() != before
        kept = house.path.read_text()
        wave = document["cues"][1]
        for wrong, line in (
            ({"colour": 1}, "unknown setting 'colour'"),
            ({"cues": [{**wave, "expect": "wvae"}]}, "the cue 'wave' expects 'wvae': did you mean 'wave'?"),
            ({"song": "../../etc/passwd"}, "does not lie beside the show"),
            ({"song": "gone.ogg"}, "there is no file 'gone.ogg'"),
            ({"cues": [{**wave, "effects": [{"at": 1, "actions": {"play": "/etc/passwd"}}]}]}, "beside the show"),
            ({"cues": [{**wave, "effects": [{"at": 1, "actions": {"ocs": "x"}}]}]}, "did you mean 'osc'?"),
        ):
            answer = producer.put("/stage/evening/show", json={**document, **wrong})
            assert answer.status_code == 400 and line in answer.json()["problems"][0], answer.text
        for body, status in ((b"x" * 300_000, 413), (b"[]", 400), (b"{", 400)):
            told = {"content-type": "application/json"}
            assert producer.put("/stage/evening/show", content=body, headers=told).status_code == status
        assert house.path.read_text() == kept


def test_who_is_served_what(house: House) -> None:
    about = house.client.get("/stage/evening/about").json()
    assert about == {"title": "A show", "sections": ["left", "right"], "buttons": False, "media": "song"}
    names = {gesture["name"] for gesture in house.client.get("/stage/gestures").json()["gestures"]}
    assert {"x_arms", "wave"} <= names
    assert house.client.get("/stage/evening/qr.svg").content.lstrip().startswith(b"<")
    assert house.client.get("/", follow_redirects=False).headers["location"] == "/stage/evening/"
    assert house.client.get("/stage/evening").headers["location"] == "/stage/evening/"


def test_a_show_ends_with_its_song(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "song.wav"), "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(2)
        song.setframerate(8000)
        song.writeframes(bytes(2 * 8000 * 3))
    show = parse("title: x\nsong: song.wav\noffset: 0.5")
    running = Running(tmp_path / "x.yaml", show, library())
    assert running.media.length == 2.5 and running.room.timeline.end == 2.5
    assert to_document(running.show) == {"title": "x", "song": "song.wav", "offset": 0.5}


def test_a_folder_that_cannot_be_written_to_ends_no_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running(tmp_path / "x.yaml", parse("title: x"), library())

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("footlights.hub.stage.running.write_replay", full)
    monkeypatch.setattr("footlights.hub.stage.running.write_show", full)

    async def play() -> None:
        with pytest.raises(SettingsError, match="cannot be written: No space left"):
            await running.change({"title": "y"})
        await running.control(Control("start"))
        await running.control(Control("end"))

    asyncio.run(play())
    assert running.show.title == "y" and running.room.timeline.playing.state == "ended"


# Those who should not be there


def test_who_floods_is_slowed_down_and_then_cut_off(house: House) -> None:
    with house.member() as member, house.member() as other:
        member.until("welcome")
        other.until("welcome")
        for n in range(int(WORDS + RATE * 30) + PATIENCE + 50):
            try:
                member.say(type="ping", t0=n)
            except ConnectionClosed:
                break
        assert member.closed() == 4008
        other.say(type="ping", t0=1)
        other.until("pong")


def test_who_says_nothing_that_is_a_message_is_cut_off(house: House) -> None:
    with house.member() as member:
        member.until("welcome")
        for _ in range(WRONG + 1):
            member.connection.send("nonsense")
        assert member.closed() == 4009
    with house.member() as member:
        member.until("welcome")
        member.connection.send(b"\x00\x01")
        assert member.closed() == 4009
    with Voice(connect(f"ws://{house.place}/stage/evening/member")) as stranger:
        stranger.say(type="ping", t0=1)
        assert stranger.closed() == 4009
    with house.member() as member:
        member.until("welcome")
        member.connection.send('{"type":"hello","name":"' + "x" * 100_000 + '"}')
        assert member.closed() in (1009, 4009)


@hypothesis_settings(deadline=None, max_examples=25)
@given(st.lists(st.binary(max_size=300), max_size=6), st.booleans())
def test_random_bytes_on_the_line_never_end_the_server(house: House, pieces: list[bytes], upgraded: bool) -> None:
    host, _, port = house.place.partition(":")
    with socket.create_connection((host, int(port)), 20) as line:
        if upgraded:
            key = "Zm9vdGxpZ2h0cyBiZW5jaA=="
            line.sendall(
                f"GET /stage/evening/member HTTP/1.1\r\nHost: {house.place}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            assert b" 101 " in line.recv(4096)
        try:
            for piece in pieces:
                line.sendall(piece)
        except OSError:
            pass  # cut off already
    assert house.client.get("/healthz").status_code == 200


def in_the_room(messages: list[dict[str, Any]], running: Running) -> list[dict[str, Any]]:
    """What the server sends to somebody who sends these events."""
    sent: list[dict[str, Any]] = []

    async def play() -> None:
        waiting = iter([{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect", "code": 1006}])

        async def receive() -> dict[str, Any]:
            return next(waiting)

        async def send(message: Any) -> None:
            sent.append(message)

        await serve_member(running, {"type": "websocket", "client": ("192.0.2.7", 1)}, receive, send)

    asyncio.run(play())
    return sent


HELLO = {"type": "websocket.receive", "text": '{"type":"hello"}'}
deep = st.integers(1, 1500).map(lambda depth: '{"type":' * depth + "[" * depth)
texts = st.one_of(
    st.text(max_size=60), deep, st.sampled_from(['"' * 3000, "[" * 3000, "{}", "null", "1e999", "\ud800"])
)
answers = st.fixed_dictionaries(
    {"type": st.sampled_from(["answer", "ping", "hello", "control"])},
    optional={
        "cue": st.sampled_from(["cross", "\ud800", "", 7]), "gesture": st.sampled_from(["x_arms", None]),
        "at": st.one_of(st.floats(), st.integers(), st.text(max_size=3)), "t0": st.floats(), "do": st.text(max_size=3),
        "people": st.integers(), "name": st.text(max_size=30), "ticket": st.text(max_size=130),
    },
)  # fmt: skip
frames = st.one_of(
    texts.map(lambda text: {"type": "websocket.receive", "text": text}),
    st.binary(max_size=40).map(lambda body: {"type": "websocket.receive", "bytes": body}),
    answers.map(lambda said: {"type": "websocket.receive", "text": json.dumps(said)}),
)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("quiet") / "quiet.yaml"
    (path.parent / "film.mp4").write_bytes(b"film")
    made = Running(path, parse(SHOW), library())
    made.begin_at_once = True
    yield made
    asyncio.run(made.close())


@hypothesis_settings(deadline=None, max_examples=80)
@pytest.mark.parametrize("polite", [True, False])
@given(said=st.lists(frames, max_size=30))
def test_whatever_a_member_says_it_is_answered_or_cut_off(
    quiet: Running, polite: bool, said: list[dict[str, Any]]
) -> None:
    sent = in_the_room([HELLO, *said] if polite else said, quiet)
    kinds = [json.loads(message["text"])["type"] for message in sent if message["type"] == "websocket.send"]
    assert set(kinds) <= {"welcome", "pong", "confirmed", "refused"}
    assert not polite or kinds[0] == "welcome"
    assert quiet.room.present == 0, "who is gone is not counted"


def test_one_address_does_not_open_connections_without_end(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    running = Running(path, parse("title: x\nmoderation: {per_address: 2}"), library())
    ended = [in_the_room([HELLO], running)[-1] for _ in range(60)]
    assert [message.get("code") for message in ended][-1] == 4003
    assert sum("text" in message for message in ended) <= 30


def test_who_does_not_read_gets_the_newest_state_and_no_queue(quiet: Running) -> None:
    from footlights.hub.stage.seat import Seat

    async def play() -> list[str]:
        sent: list[str] = []
        reading = asyncio.Event()

        async def send(message: Any) -> None:
            await reading.wait()
            sent.append(message["text"])

        async def receive() -> Any:
            await asyncio.Event().wait()

        seat = Seat(receive, send, time.monotonic)
        for n in range(1000):
            seat.tell("wall", f"wall {n}")
            seat.tell("playing", f"playing {n}")
            await asyncio.sleep(0)
        reading.set()
        for _ in range(20):
            await asyncio.sleep(0)
        return sent

    sent = asyncio.run(play())
    assert len(sent) == 3 and set(sent[1:]) == {"wall 999", "playing 999"}


def test_who_says_nothing_for_long_is_gone(tmp_path: Path) -> None:
    clock = [0.0]
    running = Running(tmp_path / "x.yaml", parse("title: x"), library(), clock=lambda: clock[0])

    async def play() -> list[Any]:
        sent: list[Any] = []
        inbox: asyncio.Queue[Any] = asyncio.Queue()
        for message in ({"type": "websocket.connect"}, HELLO):
            inbox.put_nowait(message)

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "websocket.close":
                inbox.put_nowait({"type": "websocket.disconnect"})

        serving = asyncio.create_task(serve_member(running, {"type": "websocket"}, inbox.get, send))
        running.start()
        while running.room.present == 0:
            await asyncio.sleep(0.01)
        clock[0] = 151.0
        await serving
        await running.close()
        return sent

    assert asyncio.run(play())[-1]["type"] == "websocket.close"
    assert running.room.present == 0


def test_after_the_show_numbers_stay_and_no_names(house: House) -> None:
    house.play_at(10.5)
    with house.wall() as wall, house.member(name="Zebulon", section="left") as member:
        welcome = member.until("welcome")
        member.say(type="answer", cue="cross", gesture="x_arms", at=10.6)
        member.until("confirmed")
        wall.say(type="control", do="end")
        assert member.until("playing", lambda heard: heard["state"] == "ended")
        with house.member(welcome["ticket"]) as late:
            assert late.until("refused")["why"] == "the show is over"
    key = {"key": house.running.keys.artist}
    while not (kept := replays(house.path)):
        time.sleep(0.01)
    replay = json.loads(kept[-1].read_text())
    assert replay == house.client.get("/stage/evening/replay", params=key, follow_redirects=True).json()
    assert (replay["cues"][0]["answered"], replay["cues"][0]["sections"]) == (1, {"left": 1, "right": 0})
    assert [moment["cue"] for moment in replay["moments"]] == ["cross"] and sum(replay["answers"]) == 1
    everything = kept[-1].read_text() + "".join(file.name for file in house.path.parent.iterdir())
    assert "Zebulon" not in everything and "127.0.0.1" not in everything
    assert not any(member.name for member in house.running.room._members.values())
