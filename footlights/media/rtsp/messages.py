"""Requests and answers of RTSP 1.0 (RFC 2326) as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

MOST_HEAD = 8192  # bytes of a request's head
MOST_BODY = 4096  # bytes of a request's body
METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN")
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid In This State",
    461: "Unsupported Transport",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
}


class BadRequest(Exception):  # noqa: N818 a wrong request is an answer, not a fault of ours
    """A request that cannot be understood; `status` is the answer to it, `sequence` the number it had."""

    def __init__(self, status: int = 400, sequence: str = "0") -> None:
        super().__init__(REASONS[status])
        self.status = status
        self.sequence = sequence


@dataclass(frozen=True, slots=True)
class Request:
    """One request without its body."""

    method: str
    url: str
    headers: Mapping[str, str]  # names in lower case
    length: int  # bytes of the body that follows

    @property
    def sequence(self) -> str:
        """The CSeq to repeat in the answer."""
        return self.headers["cseq"]

    @property
    def path(self) -> str:
        """The path without host, query and the name of the one track."""
        return mount_path(self.url)

    @property
    def session(self) -> str:
        """The session it belongs to; empty where it names none."""
        return self.headers.get("session", "").partition(";")[0].strip()


def parse(head: bytes) -> Request:
    """Read the head of a request, up to and with the empty line. Raises BadRequest."""
    lines = head.decode("latin-1").replace("\r\n", "\n").strip("\n").split("\n")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name.strip().isascii():
            raise BadRequest()
        headers.setdefault(name.strip().lower(), value.strip())
    sequence = headers.setdefault("cseq", "0")
    if not (sequence.isascii() and sequence.isdigit()) or len(sequence) > 10:
        raise BadRequest()
    words = lines[0].split(" ")
    if len(words) != 3 or not words[0] or not words[1].isprintable():
        raise BadRequest(sequence=sequence)
    if words[2] != "RTSP/1.0":
        raise BadRequest(505 if words[2].startswith("RTSP/") else 400, sequence)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise BadRequest(sequence=sequence)
    if len(length) > 6 or int(length) > MOST_BODY:
        raise BadRequest(413, sequence)
    return Request(words[0], words[1], headers, int(length))


def answer(status: int, sequence: str, headers: Mapping[str, str] | None = None, body: str = "") -> bytes:
    """An answer as bytes."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {sequence}", "Server: footlights"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    content = body.encode()
    if content:
        lines.append(f"Content-Length: {len(content)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


def mount_path(url: str) -> str:
    """The path of an RTSP address as mounts are named: "/wall"."""
    rest = url.split("://", 1)[-1] if "://" in url else url
    path = "/" + rest.partition("/")[2] if "://" in url else "/" + rest.lstrip("/")
    path = unquote(path.partition("?")[0]).rstrip("/").removesuffix("/trackID=0")
    return path or "/"


@dataclass(frozen=True, slots=True)
class Transport:
    """How a viewer wants to get its packets."""

    channel: int | None = None  # on the connection itself: RTP on this one, RTCP on the next
    ports: tuple[int, int] | None = None  # of the viewer, for UDP: RTP and RTCP


def choose_transport(header: str) -> Transport | None:
    """The first of the offered transports that is supported, or None."""
    for offer in header.split(",")[:8]:
        protocol, *parameters = (part.strip() for part in offer.split(";"))
        values = dict(parameter.partition("=")[::2] for parameter in parameters)
        if "multicast" in values:
            continue
        if protocol.upper() == "RTP/AVP/TCP":
            channels = _pair(values.get("interleaved", "0-1"), 255)
            if channels is not None:
                return Transport(channel=channels[0])
        elif protocol.upper() in ("RTP/AVP", "RTP/AVP/UDP"):
            ports = _pair(values.get("client_port", ""), 65535)
            if ports is not None and min(ports) > 1023:  # lower ones belong to services, and no player asks for them
                return Transport(ports=ports)
    return None


def _pair(text: str, most: int) -> tuple[int, int] | None:
    first, dash, second = text.partition("-")
    if not (first.isascii() and first.isdigit()) or len(first) > 5:
        return None
    if dash and (not (second.isascii() and second.isdigit()) or len(second) > 5):
        return None
    low = int(first)
    high = int(second) if dash else low + 1
    return (low, high) if high == low + 1 and high <= most else None
