import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.media.rtsp.messages import MOST_BODY, BadRequest, Transport, answer, choose_transport, mount_path, parse


def test_a_request_is_taken_apart() -> None:
    head = b"SETUP rtsp://host:8554/a%20b/trackID=0?x=1 RTSP/1.0\r\nCSeq: 3\r\nSession:  ab;timeout=60\r\n\r\n"
    request = parse(head)
    assert (request.method, request.sequence, request.session) == ("SETUP", "3", "ab")
    assert (request.path, request.length) == ("/a b", 0)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"PLAY\r\n\r\n", 400),
        (b"PLAY x RTSP/1.0 more\r\n\r\n", 400),
        (b"PLAY x RTSP/2.0\r\nCSeq: 1\r\n\r\n", 505),
        (b"PLAY x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PLAY x RTSP/1.0\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"PLAY x RTSP/1.0\r\nCSeq: 12345678901\r\n\r\n", 400),
        ("PLAY x RTSP/1.0\r\nCSeq: ²\r\n\r\n".encode("latin-1"), 400),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as wrong:
        parse(head)
    assert wrong.value.status == status


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_are_refused(noise: bytes) -> None:
    for head in (noise, b"PLAY rtsp://a/b RTSP/1.0\r\n" + noise + b"\r\n\r\n", b"PLAY " + noise + b" RTSP/1.0\r\n\r\n"):
        try:
            request = parse(head)
        except BadRequest as wrong:
            assert answer(wrong.status, wrong.sequence).startswith(b"RTSP/1.0 ")
            continue
        assert 0 <= request.length <= MOST_BODY
        assert request.path.startswith("/")
        reply = answer(200, request.sequence, {"Content-Base": request.url})
        assert reply.count(b"\r\n") == 5  # nothing that was sent makes a line of its own


@given(st.text(max_size=200) | st.from_regex(r"RTP/AVP(/TCP)?;unicast;(interleaved|client_port)=\d{1,6}-\d{1,6}"))
def test_any_transport_is_chosen_or_refused(header: str) -> None:
    chosen = choose_transport(header)
    if chosen is not None and chosen.ports is not None:
        assert 1024 <= chosen.ports[0] < chosen.ports[1] <= 65535
    elif chosen is not None:
        assert chosen.channel is not None
        assert 0 <= chosen.channel <= 254


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=4-5", Transport(channel=4)),
        ("RTP/AVP/TCP", Transport(channel=0)),
        ("RTP/AVP;unicast;client_port=5000-5001", Transport(ports=(5000, 5001))),
        ("RTP/AVP/UDP;unicast;client_port=5000", Transport(ports=(5000, 5001))),
        ("RTP/SAVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=0-1", Transport(channel=0)),
        ("RTP/AVP;unicast;client_port=5000-6000", None),
        ("RTP/AVP;unicast;client_port=65535-65536", None),
        ("RTP/AVP/TCP;interleaved=255-256", None),
    ],
)
def test_the_first_known_transport_is_chosen(header: str, chosen: Transport | None) -> None:
    assert choose_transport(header) == chosen


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("rtsp://h/wall", "/wall"),
        ("rtsp://h:1/wall/", "/wall"),
        ("rtsp://h", "/"),
        ("*", "/*"),
        ("/wall/trackID=0", "/wall"),
        ("rtsp://h/gro%C3%9Fe/kamera?a=/b", "/große/kamera"),
    ],
)
def test_the_path_of_an_address(url: str, path: str) -> None:
    assert mount_path(url) == path
