import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.media.h264 import split_nals
from footlights.media.rtsp.rtp import Numbering, description, payloads
from footlights.media.rtsp.sessions import Packed

nal_units = st.builds(
    lambda head, body: bytes([head]) + body, st.sampled_from([0x67, 0x68, 0x65, 0x41]), st.binary(max_size=500)
)


def unpacked(parts: list[bytes]) -> list[bytes]:
    """The NAL units in RTP payloads, as RFC 6184 says."""
    out: list[bytes] = []
    for part in parts:
        kind = part[0] & 0x1F
        if kind == 24:
            rest = part[1:]
            while rest:
                length = struct.unpack(">H", rest[:2])[0]
                out.append(rest[2 : 2 + length])
                rest = rest[2 + length :]
        elif kind == 28:
            if part[1] & 0x80:
                out.append(bytes([part[0] & 0xE0 | part[1] & 0x1F]))
            out[-1] += part[2:]
        else:
            out.append(part)
    return out


@given(st.lists(nal_units, max_size=8), st.integers(40, 300))
def test_every_unit_arrives_and_no_packet_is_too_large(nals: list[bytes], most: int) -> None:
    parts = payloads(nals, most)
    assert unpacked(parts) == nals
    assert all(len(part) <= most for part in parts)


def test_delimiters_and_remarks_are_left_out() -> None:
    assert payloads([b"\x09\x10", b"\x06remark", b"\x41slice"]) == [b"\x41slice"]


def test_the_ends_of_a_unit_in_pieces_are_marked() -> None:
    parts = payloads([b"\x65" + bytes(250)], 100)
    assert [part[1] >> 6 for part in parts] == [0b10, 0, 0b01]
    assert {part[0] for part in parts} == {0x7C}


@given(st.lists(nal_units.filter(lambda nal: b"\0\0" not in nal and nal[-1]), min_size=1, max_size=5))
def test_a_byte_stream_is_split_into_its_units(nals: list[bytes]) -> None:
    assert list(split_nals(b"".join(b"\0\0\0\1" + nal for nal in nals))) == nals
    assert list(split_nals(b"".join(b"\0\0\1" + nal for nal in nals))) == nals


def test_packets_are_numbered_on_and_the_last_is_marked() -> None:
    numbering = Numbering(ssrc=7, sequence=65535)
    packets = numbering.packets_of([b"\x41" + bytes(3000)], 2**32 + 5)
    heads = [struct.unpack(">BBHII", packet[:12]) for packet in packets]
    assert [head[2] for head in heads] == [65535, 0, 1]
    assert [head[1] >> 7 for head in heads] == [0, 0, 1]
    assert {head[3] for head in heads} == {5}
    assert (numbering.packets, numbering.sequence) == (3, 2)


def test_a_report_is_a_compound_of_whole_words() -> None:
    report = Numbering(ssrc=7, sequence=1, packets=3, octets=9).report(2**32 + 90)
    lengths = []
    while report:
        length = 4 * (struct.unpack(">H", report[2:4])[0] + 1)
        lengths.append((report[1], length))
        assert len(report) >= length
        report = report[length:]
    assert [kind for kind, _ in lengths] == [200, 202]


def test_a_name_cannot_add_lines_to_the_description() -> None:
    text = description("a\r\nm=audio 1 x 0", "::1", b"\x67\x42\xc0\x1f", b"\x68")
    assert "\r\nm=audio" not in text
    assert "IN IP6 ::1" in text
    assert "profile-level-id=42C01F" in text


def test_packets_for_one_channel_are_made_once() -> None:
    packed = Packed([b"abc", b"d"], 0, True)
    assert packed.whole(2) == b"$\x02\x00\x03abc$\x02\x00\x01d"
    assert packed.whole(2) is packed.whole(2)


@pytest.mark.parametrize("data", [b"", b"\0\0\1", b"nothing", b"\0\0\1\0\0\1"])
def test_no_units_are_none(data: bytes) -> None:
    assert list(split_nals(data)) == []
