"""CPU time of decoding a film and making the small picture that a model takes: three ways, in one run.

    python bench/decode.py clip.mp4 [WIDTH HEIGHT]

Prints milliseconds of CPU a frame and the ratio to decoding alone.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2

from footlights.core.frame import Frame
from footlights.media.open import open_source


def ours(path: Path) -> Iterator[Frame]:
    yield from open_source(str(path)).frames()


def decode_only(path: Path, size: tuple[int, int]) -> Iterator[object]:
    yield from ours(path)


def straight(path: Path, size: tuple[int, int]) -> Iterator[object]:
    for frame in ours(path):
        yield frame.rgb(*size)


def full_then_resize(path: Path, size: tuple[int, int]) -> Iterator[object]:
    for frame in ours(path):
        yield cv2.resize(frame.rgb(), size, interpolation=cv2.INTER_AREA)


def opencv(path: Path, size: tuple[int, int]) -> Iterator[object]:
    capture = cv2.VideoCapture(str(path))
    while True:
        given, bgr = capture.read()
        if not given:
            return
        yield cv2.cvtColor(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def milliseconds(way: Callable[[Path, tuple[int, int]], Iterator[object]], path: Path, size: tuple[int, int]) -> float:
    start = time.process_time()
    count = sum(1 for _ in way(path, size))
    return (time.process_time() - start) * 1000 / max(1, count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("size", type=int, nargs="*", default=[456, 256])
    given = parser.parse_args()
    cv2.setNumThreads(1)
    ways = (decode_only, straight, full_then_resize, opencv)
    spent = {way.__name__: milliseconds(way, given.film, tuple(given.size)) for way in ways}
    for name, each in spent.items():
        print(f"{name:18} {each:6.2f} ms  {each / spent['decode_only']:5.2f}")


if __name__ == "__main__":
    main()
