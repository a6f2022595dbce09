"""Videos made to order: rehearsed people, with music made to order, shot after shot."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from footlights.core.frame import Image
from footlights.media.rehearsal.source import open_rehearsal
from footlights.studio.dance.tracks import RATE, made_track

FPS = 15
SIZE = "width=320&height=240"


def write_video(path: Path, shots: Sequence[str], seconds: float, sound: bool = True) -> None:
    """Each shot, the address of a rehearsal or nothing for an empty wall, lasts so many seconds; the music goes on."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "20"})
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        if sound:
            audio = container.add_stream("aac", rate=RATE, layout="stereo")
            samples = made_track(3, 40).sound[:, : int(RATE * seconds * len(shots))]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
            frame.rate, frame.time_base = RATE, Fraction(1, RATE)
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
        for address in shots:
            for picture in _pictures(address, seconds):
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))


def _pictures(address: str, seconds: float) -> Iterator[Image]:
    if not address:
        yield from [np.full((240, 320, 3), 90, np.uint8)] * round(seconds * FPS)
        return
    mark = "&" if "?" in address else "?"
    source = open_rehearsal(f"{address}{mark}{SIZE}&fps={FPS}&seconds={seconds}", "made")
    for frame in source.frames():
        yield frame.rgb(320, 240)
