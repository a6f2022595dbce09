"""H.264 in RTP packets (RFC 3550, RFC 6184 packetisation mode 1), its description (SDP), and sender reports (RTCP)."""

import base64
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from footlights.media.h264 import DELIMITER, PPS, SEI, SPS, nal_type

PAYLOAD = 96  # dynamic payload type
MOST_PAYLOAD = 1400  # bytes: with all headers it fits an Ethernet frame, also through a tunnel
_STAP_A, _FU_A = 24, 28
_NTP = 2_208_988_800  # seconds from 1900 to 1970


def payloads(nals: Iterable[bytes], most: int = MOST_PAYLOAD) -> list[bytes]:
    """The payloads of one picture's packets: parameter sets together (STAP-A), large NAL units in pieces (FU-A)."""
    out: list[bytes] = []
    small: list[bytes] = []
    for nal in nals:
        kind = nal_type(nal)
        if kind in (DELIMITER, SEI):
            continue
        if kind in (SPS, PPS) and sum(map(len, small)) + 2 * len(small) + len(nal) + 3 <= most:
            small.append(nal)
            continue
        if small:
            out.append(_together(small))
            small = []
        out.extend([nal] if len(nal) <= most else _pieces(nal, most))
    return [*out, _together(small)] if small else out


def _together(nals: list[bytes]) -> bytes:
    if len(nals) == 1:
        return nals[0]
    importance = max(nal[0] & 0x60 for nal in nals)
    return bytes([importance | _STAP_A]) + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def _pieces(nal: bytes, most: int) -> Iterator[bytes]:
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal_type(nal)
    body, size = memoryview(nal)[1:], most - 2
    for offset in range(0, len(body), size):
        edge = (offset == 0) << 7 | (offset + size >= len(body)) << 6
        yield bytes((indicator, edge | kind)) + body[offset : offset + size]


@dataclass(slots=True)
class Numbering:
    """What the packets of one stream are numbered with."""

    ssrc: int
    sequence: int  # of the next packet
    packets: int = 0
    octets: int = 0

    def packets_of(self, nals: Iterable[bytes], stamp: int) -> list[bytes]:
        """The RTP packets of one picture; the last one bears the marker."""
        parts = payloads(nals)
        packets = []
        for index, payload in enumerate(parts):
            marker = (index == len(parts) - 1) << 7
            head = struct.pack(">BBHII", 0x80, PAYLOAD | marker, self.sequence, stamp & 0xFFFFFFFF, self.ssrc)
            packets.append(head + payload)
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.octets += len(payload)
        self.packets += len(packets)
        return packets

    def report(self, stamp: int) -> bytes:
        """A sender report: the RTP time stamp of now, and the clock; and the name of the sender."""
        now = time.time() + _NTP
        report = struct.pack(
            ">BBHIIIIII",
            *(0x80, 200, 6, self.ssrc, int(now) & 0xFFFFFFFF, int(now % 1 * 2**32), stamp & 0xFFFFFFFF),
            *(self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF),
        )
        name = b"\x01\x0afootlights"
        item = name + b"\x00" * (4 - len(name) % 4)
        return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, self.ssrc) + item


def description(name: str, host: str, sps: bytes, pps: bytes) -> str:
    """The SDP (RFC 4566) of one live picture."""
    sets = ",".join(base64.b64encode(each).decode() for each in (sps, pps))
    family = "IP6" if ":" in host else "IP4"
    anywhere = "::" if family == "IP6" else "0.0.0.0"
    lines = [
        "v=0",
        f"o=- 0 1 IN {family} {host}",
        f"s={''.join(letter for letter in name if letter.isprintable()) or '-'}",
        f"c=IN {family} {anywhere}",
        "t=0 0",
        "a=type:broadcast",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD}",
        f"a=rtpmap:{PAYLOAD} H264/90000",
        f"a=fmtp:{PAYLOAD} packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};sprop-parameter-sets={sets}",
        "a=control:trackID=0",
    ]
    return "\r\n".join(lines) + "\r\n"


def interleaved(channel: int, packet: bytes) -> bytes:
    """A packet as it goes over the RTSP connection itself."""
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet
