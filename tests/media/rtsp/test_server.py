import json
import re
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.errors import SettingsError
from footlights.media.picture import AvPicture, from_planes
from footlights.media.rtsp import connection, sessions
from footlights.media.rtsp.server import RtspServer
from tests.media.moving import Ticking, counting, read

Serve = Callable[..., RtspServer]
Needs = Callable[[str], str]


def numbers(url: str, count: int, **options: str) -> list[int]:
    """What the first pictures show."""
    with av.open(url, options={"rtsp_transport": "tcp", **options}, timeout=(10, 10)) as opened:
        return [read(frame.to_ndarray(format="rgb24")) for frame in islice(opened.decode(video=0), count)]


class Player:
    """Speaks RTSP as it is told to."""

    def __init__(self, server: RtspServer) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self._file = self._socket.makefile("rb")
        self.url = server.url("numbers")

    def ask(self, method: str, url: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {url or self.url} RTSP/1.0", "CSeq: 7", *(f"{k}: {v}" for k, v in headers.items())]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        return self.answer()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        first = self._file.read(1)
        while first == b"$":
            channel_and_length = self._file.read(3)
            self._file.read(int.from_bytes(channel_and_length[1:]))
            first = self._file.read(1)
        status = int((first + self._file.readline()).split()[1])
        headers = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        return status, headers, self._file.read(int(headers.get("Content-Length", 0)))

    def ended(self) -> bool:
        """True where the server has closed the connection; waits for it."""
        try:
            while self._file.read(4096):
                pass
        except ConnectionError:
            return True
        return True

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture
def player(serve: Serve):
    made = Player(serve())
    yield made
    made.close()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_pictures_move_in_order_and_none_is_missing(serve: Serve, transport: str) -> None:
    seen = numbers(serve().url("numbers"), 40, rtsp_transport=transport)
    assert seen == list(range(seen[0], seen[0] + 40))


def test_time_stamps_are_those_of_the_clock(serve: Serve) -> None:
    with av.open(serve().url("numbers"), options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as opened:
        stamps = [frame.time for frame in islice(opened.decode(video=0), 60) if frame.time is not None]
    steps = [after - before for before, after in pairwise(stamps)]
    assert min(steps) > 0
    assert sum(steps) / len(steps) == pytest.approx(0.02, rel=0.5)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_ffprobe_knows_what_it_sees(serve: Serve, needs: Needs, transport: str) -> None:
    command = [needs("ffprobe"), "-v", "error", "-rtsp_transport", transport, "-show_streams", "-of", "json"]
    done = subprocess.run([*command, serve().url("numbers")], capture_output=True, check=True, timeout=60)
    (stream,) = json.loads(done.stdout)["streams"]
    assert (stream["codec_name"], stream["profile"]) == ("h264", "Constrained Baseline")
    assert (stream["width"], stream["height"]) == (192, 96)
    assert not done.stderr


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_gstreamer_gets_pictures_that_move(serve: Serve, needs: Needs, tmp_path: Path, transport: str) -> None:
    gst, got = needs("gst-launch-1.0"), tmp_path / "got.h264"
    if subprocess.run([needs("gst-inspect-1.0"), "rtspsrc"], capture_output=True, check=False).returncode:
        pytest.skip("GStreamer has no rtspsrc; apt-get install gstreamer1.0-plugins-good to run this test")
    source = ["rtspsrc", f"location={serve().url('numbers')}", f"protocols={transport}", "latency=100"]
    caps = "video/x-h264,stream-format=byte-stream,alignment=au"
    sink = ["filesink", "buffer-mode=2", f"location={got}"]
    command = [gst, "-q", *source, "!", "rtph264depay", "!", caps, "!", *sink]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while (not got.exists() or got.stat().st_size < 5_000) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        running.kill()
        running.wait()
    with av.open(got) as opened:
        seen = [read(frame.to_ndarray(format="rgb24")) for frame in islice(opened.decode(video=0), 20)]
    assert seen == list(range(seen[0], seen[0] + 20))


def test_it_listens_at_the_newer_internet_protocol_too(serve: Serve) -> None:
    if not socket.has_ipv6 or not _has_loopback_6():
        pytest.skip("this machine has no IPv6; enable it to run this test")
    url = serve(host="::1").url("numbers")
    assert url.startswith("rtsp://[::1]:")
    for transport in ("tcp", "udp"):
        assert len(numbers(url, 3, rtsp_transport=transport)) == 3


def _has_loopback_6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_two_paths_are_two_videos_and_another_is_none(serve: Serve) -> None:
    server = serve()
    large = Ticking(counting(width=384), fps=50)
    try:
        server.mount("/a camera/große", large)
        url = server.url("a camera/große")
        assert " " not in url
        with av.open(url, options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as opened:
            assert next(opened.decode(video=0)).width == 384
        with pytest.raises(SettingsError, match="already"):
            server.mount("numbers", large)
        with pytest.raises(av.error.HTTPNotFoundError):
            numbers(server.url("nothing"), 1)
    finally:
        large.close()


def test_who_does_not_know_the_password_sees_nothing(serve: Serve, encoder: Ticking) -> None:
    server = serve(user="eve", password="öpen: sesame")
    url = server.url("numbers")
    for wrong in (url, url.replace("//", "//eve:wrong@"), url.replace("//", "//adam:%C3%B6pen%3A%20sesame@")):
        with pytest.raises(av.error.HTTPUnauthorizedError):
            numbers(wrong, 1)
    assert encoder.encoded == 0
    right = url.replace("//", "//eve:%C3%B6pen%3A%20sesame@")
    assert len(numbers(right, 3)) == 3


def test_ffprobe_gives_the_password(serve: Serve, needs: Needs) -> None:
    server = serve(password="secret")
    url = server.url("numbers").replace("//", "//footlights:secret@")
    command = [needs("ffprobe"), "-v", "error", "-rtsp_transport", "tcp", "-show_streams", url]
    assert b"h264" in subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def test_whoever_tries_passwords_is_sent_away(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WRONG_PASSWORDS", 2)
    player = Player(serve(password="secret"))
    status, headers, _ = player.ask("DESCRIBE")
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="footlights"')
    assert player.ask("DESCRIBE", Authorization="Basic Zm9vdGxpZ2h0czp3cm9uZw==")[0] == 401
    assert player.ask("DESCRIBE", Authorization="Digest nonsense")[0] == 401
    assert player.ended()
    player.close()


def test_a_session_from_beginning_to_end(player: Player) -> None:
    status, headers, _ = player.ask("OPTIONS")
    assert status == 200
    assert "PLAY" in headers["Public"]
    status, headers, body = player.ask("DESCRIBE", Accept="application/sdp")
    assert (status, headers["Content-Type"]) == (200, "application/sdp")
    assert re.search(rb"sprop-parameter-sets=Z[\w+/=]+,[\w+/=]+\r\n", body)
    track = headers["Content-Base"] + "trackID=0"
    status, headers, _ = player.ask("SETUP", track, Transport="RTP/AVP/TCP;unicast;interleaved=2-3")
    assert status == 200
    assert "interleaved=2-3" in headers["Transport"]
    session = headers["Session"].partition(";")[0]
    assert player.ask("PLAY", Session="another")[0] == 454
    assert player.ask("PLAY", Session=session)[0] == 200
    assert player._file.read(2) in (b"$\x02", b"$\x03")
    length = int.from_bytes(player._file.read(2))
    player._file.read(length)
    assert player.ask("SETUP", track, Transport="RTP/AVP/TCP;unicast;interleaved=0-1")[0] == 455
    assert player.ask("GET_PARAMETER", Session=session)[0] == 200
    assert player.ask("PAUSE", Session=session)[0] == 200
    assert player.ask("PLAY", Session=session)[0] == 200
    assert player.ask("TEARDOWN", Session=session)[0] == 200
    assert player.ended()


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("RECORD", {}, 405),
        ("PLAY", {}, 454),
        ("SETUP", {"Transport": "RAW/RAW/UDP;unicast"}, 461),
        ("SETUP", {"Transport": "RTP/AVP;multicast;client_port=5000-5001"}, 461),
        ("SETUP", {"Transport": "RTP/AVP;unicast;client_port=53-54"}, 461),
        ("SETUP", {}, 461),
        ("DESCRIBE", {"Content-Length": "9999"}, 413),
    ],
)
def test_what_cannot_be_done_is_answered(player: Player, method: str, headers: dict[str, str], status: int) -> None:
    assert player.ask(method, **headers)[0] == status


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", 400),
        (b"OPTIONS * RTSP/2.0\r\nCSeq: 3\r\n\r\n", 505),
        (b"OPTIONS * RTSP/1.0\r\nCSeq: 3\r\nLong: " + b"x" * 20_000, 413),
        (b"OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n", 400),
    ],
)
def test_nonsense_is_answered_and_the_connection_closed(player: Player, data: bytes, status: int) -> None:
    player.send(data)
    assert player.answer()[0] == status
    assert player.ended()


def test_whoever_takes_for_ever_to_ask_is_sent_away(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    monkeypatch.setattr(connection, "IDLE", 0.2)
    server = serve()
    for beginning in (b"", b"OPTIONS * RTSP/1.0\r\nCSeq: ", b"$\x00\x10\x00half"):
        slow = Player(server)
        slow.send(beginning)
        assert slow.ended()
        slow.close()


def test_only_so_many_connections_from_one_address(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footlights.media.rtsp.server.MOST_OF_ONE", 3)
    server = serve()
    players = [Player(server) for _ in range(3)]
    assert [player.ask("OPTIONS")[0] for player in players] == [200, 200, 200]
    surplus = Player(server)
    assert surplus.ended()
    for player in (*players, surplus):
        player.close()


def test_only_so_many_viewers(serve: Serve) -> None:
    server = serve(most_viewers=1)
    players = [Player(server), Player(server)]
    answers = [each.ask("SETUP", Transport="RTP/AVP/TCP;unicast;interleaved=0-1")[0] for each in players]
    assert answers == [200, 453]
    for player in players:
        player.close()


def test_a_viewer_that_never_reads_loses_pictures_and_nobody_else_does(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_LAG", 0.2)
    noisy = Ticking(_noise(), fps=50, bitrate=40_000_000)
    server = serve()
    server.mount("noise", noisy)
    stuck = Player(server)
    stuck.url = server.url("noise")
    session = stuck.ask("SETUP", Transport="RTP/AVP/TCP;unicast;interleaved=0-1")[1]["Session"].partition(";")[0]
    assert stuck.ask("PLAY", Session=session)[0] == 200
    with av.open(stuck.url, options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as opened:
        stamps = [packet.pts for packet in islice(opened.demux(video=0), 100)]
    assert next(each.dropped for each in server.stats() if each.path == "/noise") > 30
    steps = [after - before for before, after in pairwise(stamps[1:])]
    assert max(steps) < 45_000  # half a second: nothing is missing
    stuck.close()
    noisy.close()


def _noise() -> Callable[[], AvPicture]:
    chance = np.random.default_rng(1)
    pictures = [chance.integers(16, 235, (288 * 3 // 2, 384), np.uint8) for _ in range(8)]
    turn = iter(range(10**9))
    return lambda: from_planes(pictures[next(turn) % 8].copy(), "bt601")


def test_fifty_viewers_share_one_encode(serve: Serve, encoder: Ticking) -> None:
    server = serve()
    with ThreadPoolExecutor(50) as threads:
        seen = list(threads.map(lambda _: numbers(server.url("numbers"), 10), range(50)))
    assert all(each == list(range(each[0], each[0] + 10)) for each in seen)
    assert encoder.encoded < 50 * 10
    assert encoder.stats().viewers == 1


def test_the_encoder_rests_when_nobody_looks(serve: Serve, encoder: Ticking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footlights.media.rtsp.mount.LINGER", 0.0)
    monkeypatch.setattr("footlights.media.rtsp.server.REAP_EVERY", 0.05)
    server = serve()
    assert not encoder.watched
    numbers(server.url("numbers"), 2)
    deadline = time.monotonic() + 20
    while encoder.watched and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not encoder.watched
    assert len(numbers(server.url("numbers"), 2)) == 2


def test_a_udp_viewer_that_is_gone_is_found_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footlights.media.rtsp.server.TIMEOUT", -5)
    monkeypatch.setattr("footlights.media.rtsp.server.REAP_EVERY", 0.05)
    player = Player(serve())
    status, headers, _ = player.ask("SETUP", Transport="RTP/AVP;unicast;client_port=40000-40001")
    assert status == 200
    assert "server_port=" in headers["Transport"]
    assert player.ended()
    player.close()


def test_viewers_are_sent_away_where_a_video_ends(serve: Serve) -> None:
    server = serve()
    player = Player(server)
    session = player.ask("SETUP", Transport="RTP/AVP/TCP;unicast;interleaved=0-1")[1]["Session"].partition(";")[0]
    assert player.ask("PLAY", Session=session)[0] == 200
    server.unmount("numbers")
    assert player.ended()
    player.close()
    assert server.stats() == []


def test_a_taken_port_is_not_the_end(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    first = serve()
    second = RtspServer(port=first.port)
    assert second.port != first.port
    assert f"port {first.port} is taken" in caplog.text
    second.close()
    second.close()


@pytest.mark.parametrize(
    "settings", [{"password": ""}, {"user": "a:b", "password": "x"}, {"host": "no.such.host.invalid"}]
)
def test_wrong_settings_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        RtspServer(port=0, **settings)
