import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import av
import pytest

from footlights.core.errors import SettingsError
from footlights.media import reconnect
from footlights.media.encoder import Unit
from footlights.media.publish import Publisher
from footlights.media.rtsp import recording
from footlights.media.rtsp.recording import Recording, Refused
from tests.media.moving import Ticking, counting, read


@pytest.fixture
def encoder() -> Iterator[Ticking]:
    made = Ticking(counting(), fps=50, name="numbers")
    yield made
    made.close()


@pytest.fixture
def listen(needs: Callable[[str], str], free_port: int, tmp_path: Path) -> Callable[[str], subprocess.Popen[bytes]]:
    """Starts FFmpeg as a server that takes one publication, half a second of it, into a file."""

    def start(name: str) -> subprocess.Popen[bytes]:
        url = f"rtsp://127.0.0.1:{free_port}/live"
        command = [needs("ffmpeg"), "-v", "error", "-rtsp_flags", "listen", "-i", url, "-t", "1", "-c", "copy", "-y"]
        return subprocess.Popen([*command, str(tmp_path / name)], stderr=subprocess.DEVNULL)

    return start


def test_a_server_gets_the_video_and_gets_it_again_when_it_comes_back(
    encoder: Ticking,
    listen: Callable[[str], subprocess.Popen[bytes]],
    free_port: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnect, "LONGEST_DELAY", 0.5)
    publisher = Publisher(encoder, f"rtsp://127.0.0.1:{free_port}/live")
    try:
        for name in ("first.mp4", "second.mp4"):
            assert listen(name).wait(60) == 0
            with av.open(tmp_path / name) as opened:
                seen = [read(frame.to_ndarray(format="rgb24")) for frame in islice(opened.decode(video=0), 20)]
            assert seen == list(range(seen[0], seen[0] + 20))
        assert publisher.sent > 40
    finally:
        publisher.close()
    assert not encoder.watched


def test_a_server_that_is_not_there_is_tried_again_and_said_once(
    encoder: Ticking, free_port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(reconnect, "LONGEST_DELAY", 0.02)
    publisher = Publisher(encoder, f"rtsp://eve:secret@127.0.0.1:{free_port}/live")
    before = encoder.encoded
    deadline = time.monotonic() + 20
    while encoder.encoded < before + 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    publisher.close()
    assert "refuses the connection" in publisher.message
    assert caplog.text.count("refuses the connection") == 1
    assert "secret" not in caplog.text


def answering(answers: list[bytes], reads: threading.Event | None = None) -> tuple[int, list[bytes], threading.Thread]:
    """A server that gives these answers, whatever it is asked, and then reads on, once it may; its port, and what it
    was asked.
    """
    listener, heard = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        with listener, listener.accept()[0] as player:
            for answer in answers:
                heard.append(player.recv(4096))
                player.sendall(answer)
            if reads is not None:
                reads.wait()
            with suppress(ConnectionError):
                while player.recv(4096):
                    pass

    thread = threading.Thread(target=serve)
    thread.start()
    return int(listener.getsockname()[1]), heard, thread


def test_a_server_that_asks_for_a_password_gets_it() -> None:
    challenge = b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n'
    fine = b"RTSP/1.0 200 OK\r\nSession: 7;timeout=60\r\nContent-Length: 2\r\n\r\nok"
    port, heard, thread = answering([challenge, fine, fine, fine])
    with Recording(f"rtsp://eve:secret@127.0.0.1:{port}/live", b"\x67abc", b"\x68d"):
        pass
    thread.join()
    assert [request.split()[0] for request in heard] == [b"ANNOUNCE", b"ANNOUNCE", b"SETUP", b"RECORD"]
    assert all(b'Digest username="eve"' in request for request in heard[1:])
    assert all(b"Session: 7\r\n" in request for request in heard[2:])
    assert b"secret" not in b"".join(heard)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"RTSP/1.0 401 Unauthorized\r\n\r\n", "asks for a user"),
        (b"RTSP/1.0 404 Not Found\r\n\r\n", "nothing under this path"),
        (b"RTSP/1.0 500 Oh\r\n\r\n", "ANNOUNCE: 500"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "no RTSP server"),
    ],
)
def test_a_server_that_says_no_is_understood(answer: bytes, words: str) -> None:
    port, _, thread = answering([answer])
    with pytest.raises(Refused, match=words):
        Recording(f"rtsp://127.0.0.1:{port}/live", b"\x67abc", b"\x68d")
    thread.join()


def test_a_server_that_takes_nothing_any_more_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "TIMEOUT", 0.3)
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, pytest.raises(TimeoutError):
        Recording(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live", b"\x67abc", b"\x68d")
    reads = threading.Event()
    port, _, thread = answering([b"RTSP/1.0 200 OK\r\n\r\n"] * 3, reads)
    server = Recording(f"rtsp://127.0.0.1:{port}/live", b"\x67abc", b"\x68d")
    with pytest.raises(TimeoutError):
        for pts in range(1000):
            server.send(Unit(b"\0\0\1\x65" + bytes([1]) * 1_000_000, pts, True))
    server._socket.close()
    reads.set()
    thread.join()


@pytest.mark.parametrize(
    "url", ["http://host/live", "rtsp://host:99999/live", "rtsp://host", "rtsp:///live", "mediamtx", ""]
)
def test_what_is_no_address_of_a_server_is_refused(encoder: Ticking, url: str) -> None:
    with pytest.raises(SettingsError, match="rtsp://HOST/PATH"):
        Publisher(encoder, url)
