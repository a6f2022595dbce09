"""The page as programs see it, over real connections."""

import json
import logging
import shutil
import socket as sockets
import ssl
import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import cv2
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from footlights.core.cue import Badge, Bar, Show, Text
from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.media.page import viewers
from footlights.media.page.browser import BrowserCamera, BrowserCameras
from footlights.media.page.control import StreamStats
from footlights.media.page.server import HISTORY, Page
from tests.media.page.stand_ins import Sources, jpeg, plain, scene, socket


def messages_until(connection: ClientConnection, kind: str, **fields: object) -> list[dict]:
    """Everything heard up to the first message of this type with these fields."""
    heard = []
    while True:
        message = json.loads(connection.recv(timeout=20))
        heard.append(message)
        if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
            return heard


def hit(number: int, stream: str = "cam") -> Event:
    return Event("gesture.begin", stream, number / 10, 1, {"gesture": "x_arms", "number": number})


def test_events_reach_those_who_watch_and_those_who_come_later(page: Page) -> None:
    page.write(scene(events=(hit(1), hit(2))))
    with socket(page, "/events") as early:
        hello = messages_until(early, "hello")[0]
        assert hello["title"] == "the test stage"
        page.write(scene(index=1, events=(hit(3),)))
        got = [m for m in messages_until(early, "event", time=0.3) if m["type"] == "event"]
    assert [m["data"]["number"] for m in got] == [1, 2, 3]
    assert got[0] == {
        "type": "event",
        "id": f"{hello['run']}-1",
        "kind": "gesture.begin",
        "stream": "cam",
        "time": 0.1,
        "track": 1,
        "data": {"gesture": "x_arms", "number": 1},
    }
    with socket(page, "/events") as late:
        again = [m for m in messages_until(late, "event", time=0.3) if m["type"] == "event"]
    assert again == got


def test_only_the_recent_history_is_kept(page: Page) -> None:
    page.write(scene(events=tuple(hit(number) for number in range(HISTORY + 50))))
    with socket(page, "/events") as late:
        got = [m for m in messages_until(late, "event", time=(HISTORY + 49) / 10) if m["type"] == "event"]
    assert [m["data"]["number"] for m in got] == list(range(50, HISTORY + 50))


def test_cues_streams_and_figures_are_said_as_they_are_now(page: Page) -> None:
    with socket(page, "/events") as watching:
        page.write(scene("left", cues=(Badge(3, "X", "good"), Bar("power", 0.5), Text("hello"))))
        cues = messages_until(watching, "cues")[-1]
        assert cues["badges"] == [{"track": 3, "text": "X", "tone": "good"}]
        assert (cues["bars"][0]["value"], cues["texts"][0]["text"]) == (0.5, "hello")
        page.report({"left": StreamStats("left", 29.5, 2, 41.0, 1), "right": StreamStats("right", state="connecting")})
        while len(streams := messages_until(watching, "streams")[-1]["streams"]) < 2:
            pass
    assert [(s["stream"], s["fps"], s["state"], s["picture"]) for s in streams] == [
        ("left", 29.5, "running", True),
        ("right", 0.0, "connecting", False),
    ]


def test_a_stream_that_is_reported_no_more_is_forgotten(page: Page, client: httpx.Client) -> None:
    page.write(scene("left"))
    page.write(scene("new"))
    page.report({"left": StreamStats("left")})
    with socket(page, "/streams/left") as looking:
        looking.recv(timeout=20)
        page.report({})
        with pytest.raises(ConnectionClosed, match="ended"):
            while True:
                looking.send("shown")
                looking.recv(timeout=20)
    assert [s["stream"] for s in client.get("/api/stats").json()["streams"]] == ["new"]


def test_a_show_is_said_once_for_as_long_as_it_is_asked_for_and_again_next_time(page: Page, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"x")
    page.serve(film)
    with socket(page, "/events") as watching:
        messages_until(watching, "hello")
        for index, asked in enumerate([True, True, False, True]):
            page.write(scene(index=index, cues=(Show(str(film)),) if asked else ()))
        page.write(scene(index=9, events=(Event("show", "cam", 0.3, None, {"url": "https://youtu.be/dQw4w9WgXcQ"}),)))
        page.show("https://example.org/a.webm")
        page.write(scene(index=10, events=(hit(99),)))
        heard = messages_until(watching, "event", time=9.9)
    assert [m["title"] for m in heard if m["type"] == "show"] == ["film", "film", "YouTube", "a"]
    with socket(page, "/events") as late:
        assert "show" not in [m["type"] for m in messages_until(late, "event", time=9.9)]


def test_a_show_of_something_forbidden_says_why(page: Page) -> None:
    with socket(page, "/events") as watching:
        messages_until(watching, "hello")
        page.write(scene(cues=(Show("/etc/passwd"),)))
        assert "cannot show '/etc/passwd'" in messages_until(watching, "notice")[-1]["text"]
    with pytest.raises(SettingsError, match="cannot show"):
        page.show("javascript:alert(1)")


def test_the_player_may_load_its_show_and_nothing_else(page: Page, client: httpx.Client) -> None:
    with socket(page, "/events") as watching:
        messages_until(watching, "hello")
        page.show("https://cdn.example.org/a.webm")
        address = messages_until(watching, "show")[-1]["address"]
    policy = client.get(address).headers["content-security-policy"]
    assert "media-src 'self' https://cdn.example.org;" in policy and "script-src 'self';" in policy
    facts = client.get(address.replace("/show/", "/api/shows/")).json()
    assert (facts["kind"], facts["src"]) == ("video", "https://cdn.example.org/a.webm")
    assert client.get("/show/unknown").status_code == 404


def test_pictures_over_a_socket_are_answered_one_by_one(page: Page) -> None:
    page.write(scene(index=1))
    with socket(page, "/streams/cam") as looking:
        greys = []
        for index in range(2, 6):
            data = np.frombuffer(looking.recv(timeout=20), np.uint8)
            greys.append(int(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).mean()) // 16)
            looking.send("shown")
            page.write(scene(index=index))
    assert greys == [1, 2, 3, 4]


def test_mjpeg_gives_whole_pictures_and_their_boundary_at_once(page: Page, client: httpx.Client) -> None:
    page.write(scene(index=3))
    with client.stream("GET", "/streams/cam.mjpeg") as answer:
        boundary = answer.headers["content-type"].partition("boundary=")[2].encode()
        body = b""
        for piece in answer.iter_bytes():
            body += piece
            if body.count(b"--" + boundary) == 2:
                break
    part = body.split(b"--" + boundary)[1]
    head, _, data = part.partition(b"\r\n\r\n")
    length = int(head.split(b"Content-Length: ")[1])
    assert cv2.imdecode(np.frombuffer(data[:length], np.uint8), cv2.IMREAD_COLOR).shape == (120, 160, 3)
    assert client.get("/streams/none.mjpeg").status_code == 404


def test_sources_are_listed_added_and_removed(client: httpx.Client, control: Sources) -> None:
    assert client.get("/api/sources").json() == {"fixed": False, "sources": []}
    assert client.post("/api/sources", json={"url": " rtsp://me:secret@10.0.0.2/a?token=abc&b=1 "}).status_code == 201
    (source,) = client.get("/api/sources").json()["sources"]
    assert source["url"] == "rtsp://***@10.0.0.2/a?token=***&b=1"
    assert control.urls[source["name"]] == "rtsp://me:secret@10.0.0.2/a?token=abc&b=1"
    answer = client.post("/api/sources", json={"url": "broken"})
    assert answer.status_code == 409 and answer.json() == {"error": "there is no camera 'broken'; found: 0, 2"}
    assert client.delete(f"/api/sources/{quote(source['name'], safe='')}").status_code == 204
    assert client.delete("/api/sources/none").json() == {"error": "there is no source 'none'"}
    assert control.urls == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"url": 3}', b'{"url": "' + b"x" * 5000 + b'"}', b"\xff", b'{"url": " "}']
)
def test_bad_requests_are_refused_in_one_line(client: httpx.Client, control: Sources, body: bytes) -> None:
    answer = client.post("/api/sources", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 409) and len(answer.json()["error"].splitlines()) == 1
    assert control.urls == {}


def test_without_control_the_sources_are_fixed() -> None:
    page = Page(port=0, new_paint=lambda: plain)
    try:
        assert httpx.get(page.url + "api/sources").json() == {"fixed": True, "sources": []}
        assert "fixed" in httpx.post(page.url + "api/sources", json={"url": "0"}).json()["error"]
    finally:
        page.close()


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        (None, 200, slice(None)),
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=1000-", 206, slice(1000, None)),
        ("bytes=-10", 206, slice(-10, None)),
        ("bytes=500000-9999999", 206, slice(500000, None)),
        ("bytes=600000-", 416, slice(0)),
        ("bytes=5-4", 416, slice(0)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_media_is_served_by_ranges(
    page: Page, client: httpx.Client, tmp_path: Path, asked: str | None, status: int, expected: slice
) -> None:
    content = np.random.default_rng(1).bytes(600_000)
    film = tmp_path / "film.webm"
    film.write_bytes(content)
    answer = client.get(page.serve(film), headers={"range": asked} if asked else {})
    assert (answer.status_code, answer.content) == (status, content[expected])
    if status == 206:
        start = len(content) - len(content[expected]) if asked != "bytes=0-99" else 0
        assert answer.headers["content-range"] == f"bytes {start}-{start + len(answer.content) - 1}/600000"
        assert answer.headers["content-type"] == "video/webm"


def test_media_that_is_gone_or_unknown(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    film = tmp_path / "film.webm"
    film.write_bytes(b"x")
    address = page.serve(film)
    assert client.head(address).headers["content-length"] == "1"
    film.unlink()
    assert client.get(address).status_code == 404
    assert client.get("/media/unknown").status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/media/../x"]
)
def test_no_path_leads_outside(page: Page, path: str) -> None:
    with sockets.create_connection(("127.0.0.1", page.port), 20) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 404")


def test_the_files_of_the_page_are_its_own_and_name_no_other_host(client: httpx.Client) -> None:
    for path in ("/", "/camera", "/static/player.html", "/static/base.css", "/static/page.css", "/static/camera.js"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "//cdn" not in answer.text and 'src="http' not in answer.text and "url(http" not in answer.text
        assert client.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert client.get("/static/figtree-latin.woff2").headers["content-type"] == "font/woff2"
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_viewer_that_does_not_read_is_dropped_with_a_reason_and_nobody_else_is(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "PATIENCE", 0.05)
    long = {"text": "x" * 20_000}
    with socket(page, "/events") as quick, socket(page, "/events", max_queue=1) as slow:
        messages_until(quick, "hello")
        for number in range(1200):
            page.write(scene(index=number, events=(Event("note", "cam", float(number), None, long),)))
            messages_until(quick, "event", time=float(number))
        got = 0
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                got += json.loads(slow.recv(timeout=20))["type"] == "event"
        assert got < 1200
        assert closed.value.rcvd is None or "too slow" in closed.value.rcvd.reason
    with socket(page, "/events") as again:
        assert len([m for m in messages_until(again, "event", time=1199.0) if m["type"] == "event"]) == HISTORY


def test_a_browser_camera_is_added_sends_and_is_told_of_its_removal(
    page: Page, control: Sources, cameras: BrowserCameras
) -> None:
    opened: list[BrowserCamera] = []
    control.opened = lambda name, url: opened.append(BrowserCamera(name, cameras=cameras))
    with socket(page, "/camera/phone?key=a") as phone:
        assert json.loads(phone.recv(timeout=20)) == {"type": "ready", "stream": "phone"}
        assert control.urls == {"phone": "browser:phone"}
        for grey in (50, 150):
            phone.send(jpeg(grey=grey))
            frame = next(opened[0].frames())
            assert abs(int(frame.rgb().mean()) - grey) < 3
            assert json.loads(phone.recv(timeout=20)) == {"type": "ack", "problem": ""}
        phone.send(b"no picture")
        assert "not a whole JPEG" in json.loads(phone.recv(timeout=20))["problem"]
        with socket(page, "/camera/phone?key=b") as other, pytest.raises(ConnectionClosed) as refused:
            other.recv(timeout=20)
        assert refused.value.rcvd is not None and "somebody else" in refused.value.rcvd.reason
        opened[0].close()
        with pytest.raises(ConnectionClosed) as removed:
            phone.recv(timeout=20)
        assert removed.value.rcvd is not None and removed.value.rcvd.reason == "this camera was removed"


def test_a_camera_that_cannot_be_added_is_told_why(page: Page, control: Sources) -> None:
    control.urls["phone"] = "0"  # the name is another source's
    for name, reason in (("phone", "already"), ("NO", "cannot name")):
        with socket(page, f"/camera/{name}") as phone, pytest.raises(ConnectionClosed) as refused:
            phone.recv(timeout=20)
        assert refused.value.rcvd is not None and reason in refused.value.rcvd.reason


def test_a_camera_that_left_is_removed_after_its_grace(
    page: Page, control: Sources, cameras: BrowserCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page._door, "_grace", 0.0)
    control.opened = lambda name, url: BrowserCamera(name, cameras=cameras) and None
    with socket(page, "/camera/phone?key=a") as phone:
        phone.recv(timeout=20)
        control.changed.clear()
    assert control.changed.wait(20)
    assert control.urls == {}


def test_a_picture_that_is_too_big_ends_the_connection(page: Page, control: Sources) -> None:
    with socket(page, "/camera/phone") as phone:
        phone.recv(timeout=20)
        phone.send(b"\xff" * 2_000_000)
        with pytest.raises(ConnectionClosed) as refused:
            phone.recv(timeout=20)
    assert refused.value.rcvd is not None and refused.value.rcvd.code == 1009


def test_a_taken_port_gives_the_next_free_one_and_says_so(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        other = Page(port=page.port, new_paint=lambda: plain)
    other.close()
    assert other.port != page.port
    assert f"port {page.port} is taken: the page is at port {other.port}" in caplog.text


@pytest.mark.parametrize(("host", "port"), [("no.such.host.invalid", 0), ("127.0.0.1", 70000)])
def test_where_it_cannot_listen_it_says_so(host: str, port: int) -> None:
    with pytest.raises(SettingsError):
        Page(host, port)
    with pytest.raises(SinkError, match="cannot listen"):
        Page("192.0.2.1", 0)


def test_closing_ends_every_viewer_and_every_thread(control: Sources) -> None:
    before = set(threading.enumerate())
    cameras = BrowserCameras()
    page = Page(port=0, control=control, cameras=cameras, new_paint=lambda: plain)
    page.write(scene())
    with (
        socket(page, "/events") as events,
        socket(page, "/streams/cam") as pictures,
        socket(page, "/camera/phone") as phone,
        sockets.create_connection(("127.0.0.1", page.port)) as stalled,
    ):
        stalled.sendall(b"GET /streams/cam.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stalled.recv(1) and events.recv(timeout=20) and pictures.recv(timeout=20) and phone.recv(timeout=20)
        page.close()
        page.close()
        assert set(threading.enumerate()) - before <= {
            thread for thread in threading.enumerate() if "connection" in thread.name or "recv_events" in thread.name
        }
        for connection in (events, pictures, phone):
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    connection.recv(timeout=20)
            assert closed.value.rcvd is not None and closed.value.rcvd.code in (1001, 1012)
    with pytest.raises(SinkError, match="closed"):
        page.write(scene())
    assert set(threading.enumerate()) <= before


def test_phones_are_served_over_tls(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    page = Page(port=0, tls=(certificate, key), new_paint=lambda: plain)
    try:
        trusting = ssl.create_default_context(cafile=certificate)
        assert page.url.startswith("https://")
        assert httpx.get(page.url, verify=trusting).status_code == 200
    finally:
        page.close()
    with pytest.raises(SettingsError, match="certificate"):
        Page(port=0, tls=(key, certificate))
