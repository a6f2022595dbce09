"""The other side: hands a live video to a media server over RTSP (ANNOUNCE, SETUP, RECORD), interleaved over TCP."""

import secrets
import select
import socket
import ssl
import time
from types import TracebackType
from urllib.parse import unquote, urlsplit

from footlights.media.encoder import Unit
from footlights.media.h264 import split_nals
from footlights.media.rtsp.auth import credentials
from footlights.media.rtsp.rtp import Numbering, description, interleaved

TIMEOUT = 8.0  # seconds for which the server may neither answer nor take anything
REPORT_EVERY = 5.0  # seconds between sender reports
MOST_ANSWER = 64 * 1024  # bytes
_PORTS = {"rtsp": 554, "rtsps": 322}
_WORDS = {
    401: "asks for a user and a password; write them as SCHEME://USER:PASSWORD@HOST/…",
    403: "refuses this user (403); look at the rights on the server",
    404: "has nothing under this path (404); correct the path",
}


class Refused(Exception):  # noqa: N818 the server's word, said to whoever tries again
    """The server does not want the video; the message ends a sentence that begins with its address."""


class Recording:
    """One connection to a media server. A context manager; used by one thread.

    Raises Refused where the server says no, and OSError where the connection fails or stands still.
    """

    def __init__(self, url: str, sps: bytes, pps: bytes) -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        shown_host = f"[{host}]" if ":" in host else host
        self._url = f"{parts.scheme}://{shown_host}:{port}{parts.path}"
        self._user = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._sequence = 0
        self._session = ""
        self._challenges: list[str] = []
        self._numbering = Numbering(secrets.randbits(32), secrets.randbits(16))
        self._offset = secrets.randbits(32)
        self._reported = 0.0
        self._socket = socket.create_connection((host, port), TIMEOUT)
        try:
            if parts.scheme == "rtsps":
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            self._ask("ANNOUNCE", self._url, description("footlights", host, sps, pps), content="application/sdp")
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record"
            self._ask("SETUP", f"{self._url.rstrip('/')}/trackID=0", lines=[transport])
            self._ask("RECORD", self._url, lines=["Range: npt=0.000-"])
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> "Recording":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is None:
            self._socket.sendall(self._request("TEARDOWN", self._url, "", []))
        self._socket.close()

    def send(self, unit: Unit) -> None:
        """Send one picture."""
        stamp, now = unit.pts + self._offset, time.monotonic()
        packets = self._numbering.packets_of(split_nals(unit.data), stamp)
        whole = b"".join(interleaved(0, packet) for packet in packets)
        if now - self._reported > REPORT_EVERY:
            self._reported = now
            whole = interleaved(1, self._numbering.report(stamp)) + whole
        self._socket.sendall(whole)
        while select.select([self._socket], [], [], 0)[0]:  # its reports are not needed, but must be taken
            if not self._socket.recv(4096):
                raise ConnectionResetError("the server ended the connection")

    def _ask(self, method: str, url: str, body: str = "", content: str = "", lines: list[str] | None = None) -> None:
        lines = [*(lines or []), *([f"Content-Type: {content}"] if content else [])]
        for again in (True, False):
            self._socket.sendall(self._request(method, url, body, lines))
            status, headers = self._answer()
            self._session = headers.get("session", [self._session])[-1].partition(";")[0]
            if status == 200:
                return
            self._challenges = headers.get("www-authenticate", [])
            if status != 401 or not again or not self._user[0]:
                raise Refused(_WORDS.get(status, f"does not want the video ({method}: {status}); look at the server"))

    def _request(self, method: str, url: str, body: str, lines: list[str]) -> bytes:
        self._sequence += 1
        head = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", "User-Agent: footlights", *lines]
        if self._session:
            head.append(f"Session: {self._session}")
        if self._challenges:
            head.append(f"Authorization: {credentials(self._challenges, method, url, *self._user)}")
        content = body.encode()
        if content:
            head.append(f"Content-Length: {len(content)}")
        return ("\r\n".join(head) + "\r\n\r\n").encode() + content

    def _answer(self) -> tuple[int, dict[str, list[str]]]:
        """Status and headers, names in lower case. An answer has no body here that matters."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._socket.recv(1)
            if not piece or len(data) > MOST_ANSWER:
                raise ConnectionResetError("the server ended the connection")
            data += piece
        first, *lines = data.decode("latin-1").strip().split("\r\n")
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        length = int(headers.get("content-length", ["0"])[0])
        while length > 0:
            length -= len(self._socket.recv(min(length, 4096))) or length
        words = first.split()
        if len(words) < 2 or not words[0].startswith("RTSP/") or not words[1].isdecimal():
            raise Refused("is no RTSP server; correct the port")
        return int(words[1]), headers
