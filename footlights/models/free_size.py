"""Lets a convolutional ONNX model take pictures of any size. No ONNX package: the few fields are edited in the file.

The numbers are those of `onnx.proto`, which never change.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count

GRAPH = 7  # ModelProto.graph
INPUT, OUTPUT, INSIDE = 11, 12, 13  # GraphProto.input, .output, .value_info
NAME, TYPE = 1, 2  # ValueInfoProto.name, .type
TENSOR, SHAPE, LENGTH, SYMBOL = 1, 2, 1, 2  # TypeProto.tensor_type, .shape, TensorShapeProto.dim, .dim_param

Change = Callable[[bytes], bytes | None]  # from one message to what stands in its place; None: nothing


def free_size(content: bytes, picture: str) -> bytes:
    """The same model, whose input `picture` (N, C, H, W) takes any height and width; so its outputs have any lengths.

    Whether the model makes sense of another size is for whoever asks to try: one that has a size among its constants
    does not. Raises ValueError where the content is no such file.
    """

    def graph(message: bytes) -> bytes:
        return _changed(
            message,
            {
                INPUT: lambda value: _freed(value, 2) if _name(value) == picture else value,
                OUTPUT: lambda value: _freed(value, 1),
                INSIDE: lambda value: None,
            },
        )

    return _changed(content, {GRAPH: graph})


def _freed(value: bytes, first: int) -> bytes:
    """A description of a tensor, whose lengths from the `first` on are any, each one for itself."""
    places, name = count(), _name(value)

    def length(message: bytes) -> bytes:
        place = next(places)
        return message if place < first else _field(SYMBOL, f"{name} {place}".encode())

    def inside(number: int, change: Change) -> Change:
        return lambda message: _changed(message, {number: change})

    return _changed(value, {TYPE: inside(TENSOR, inside(SHAPE, inside(LENGTH, length)))})


def _name(value: bytes) -> str:
    return next((value[begin:end].decode() for number, _, begin, end in _fields(value) if number == NAME), "")


def _changed(message: bytes, changes: Mapping[int, Change]) -> bytes:
    """A message with every field of these numbers changed or left out."""
    parts: list[bytes] = []
    for number, start, begin, end in _fields(message):
        if number not in changes:
            parts.append(message[start:end])
        elif (now := changes[number](message[begin:end])) is not None:
            parts.append(_field(number, now))
    return b"".join(parts)


def _fields(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Number, start, and where the content begins and ends, of each field."""
    place = 0
    while place < len(message):
        start = place
        tag, place = _read(message, place)
        kind, begin = tag & 7, place
        if kind == 0:
            place = _read(message, place)[1]
        elif kind == 2:
            length, begin = _read(message, place)
            place = begin + length
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise ValueError(f"field {tag >> 3} has the unknown wire type {kind}")
        if place > len(message):
            raise ValueError(f"field {tag >> 3} ends behind the end of its message")
        yield tag >> 3, start, begin, place


def _read(message: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value, shift = 0, 0
    while place < len(message) and shift < 64:
        byte = message[place]
        value |= (byte & 127) << shift
        place += 1
        if byte < 128:
            return value, place
        shift += 7
    raise ValueError("a number has no end")


def _field(number: int, content: bytes) -> bytes:
    return _written(number << 3 | 2) + _written(len(content)) + content


def _written(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
