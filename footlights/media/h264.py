"""H.264 as a byte stream (ITU-T H.264, Annex B): its NAL units."""

from collections.abc import Iterator

SLICE, IDR, SEI, SPS, PPS, DELIMITER = 1, 5, 6, 7, 8, 9  # nal_unit_type


def nal_type(nal: bytes) -> int:
    """The nal_unit_type of a NAL unit without its start code."""
    return nal[0] & 0x1F


def split_nals(data: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream, without start codes; empty ones are left out."""
    start = data.find(b"\x00\x00\x01")
    while start >= 0:
        end = data.find(b"\x00\x00\x01", start + 3)
        nal = data[start + 3 : end] if end >= 0 else data[start + 3 :]
        nal = nal.rstrip(b"\x00")  # zero bytes at the end belong to no NAL unit
        if nal:
            yield nal
        start = end
