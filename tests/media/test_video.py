import itertools
import logging
import struct
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.errors import SourceEmptyError, SourceError
from footlights.media.open import open_source
from tests.media.conftest import grey, noise, write_clip


def one_line(raised: pytest.ExceptionInfo[SourceError]) -> str:
    text = str(raised.value)
    assert "\n" not in text
    assert "Errno" not in text
    return text


def test_every_frame_at_its_own_time(clip: Path) -> None:
    source = open_source(str(clip))
    frames = list(source.frames())
    assert (source.name, source.live) == ("brighter", False)
    assert source.duration == pytest.approx(2.0, abs=0.05)
    assert [frame.index for frame in frames] == list(range(50))
    assert [frame.time for frame in frames] == pytest.approx([index / 25 for index in range(50)])
    assert all(frame.arrived is None and frame.stream == "brighter" for frame in frames)
    levels = [float(frame.rgb(8, 6).mean()) for frame in frames]
    assert levels == pytest.approx([20 + 4 * index for index in range(50)], abs=4)


def test_the_same_file_gives_the_same_pictures_again(clip: Path) -> None:
    source = open_source(str(clip))
    first, second = ([(frame.time, frame.rgb(16, 12).tobytes()) for frame in source.frames()] for _ in range(2))
    assert first == second


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.15, 0.9, 2.0]
    path = write_clip(tmp_path / "uneven.mkv", [grey(50 * index) for index in range(5)], times)
    assert [frame.time for frame in open_source(str(path)).frames()] == pytest.approx(times, abs=0.001)


def test_a_looped_file_goes_on_and_on_with_growing_times(clip: Path) -> None:
    source = open_source(f"file:{clip}", loop=True)
    assert source.duration is None
    times = []
    for frame in source.frames():
        times.append(frame.time)
        if frame.index == 119:
            source.close()
    assert len(times) == 120
    assert times == pytest.approx([index / 25 for index in range(120)])


def test_a_raw_stream_without_any_time_grows(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "raw.h264", [grey(20 * index) for index in range(10)], format="h264")
    times = [frame.time for frame in open_source(str(path)).frames()]
    assert times == pytest.approx([index / 25 for index in range(10)])


def test_phone_films_stand_upright(tmp_path: Path) -> None:
    picture = grey(30, 64, 48)
    picture[:, :16] = 220  # left as stored: becomes the top when turned clockwise
    path = write_clip(tmp_path / "phone.mp4", [picture] * 3)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44  # ISO 14496-12, 8.3.2, version 0
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
    path.write_bytes(data)
    frame = next(open_source(str(path)).frames())
    assert (frame.width, frame.height) == (48, 64)
    assert float(frame.rgb()[4:12].mean()) > 200
    assert float(frame.rgb()[24:].mean()) < 50


def test_an_animated_gif_is_a_film(tmp_path: Path) -> None:
    path = tmp_path / "dance.gif"
    with av.open(path, "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb8"
        for level in (0, 128, 255):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey(level, 32, 24), format="rgb24")))
        container.mux(stream.encode(None))
    frames = list(open_source(str(path)).frames())
    assert [frame.time for frame in frames] == pytest.approx([0.0, 0.1, 0.2])
    assert [float(frame.rgb().mean()) for frame in frames] == pytest.approx([0, 128, 255], abs=25)


def test_close_ends_a_running_source_from_another_thread(clip: Path) -> None:
    source = open_source(str(clip), loop=True)
    running = threading.Event()

    def read() -> None:
        for _ in source.frames():
            running.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert running.wait(10)
    source.close()
    source.close()
    thread.join(10)
    assert not thread.is_alive()


def test_a_missing_file_offers_its_neighbour(clip: Path) -> None:
    with pytest.raises(SourceError) as raised:
        open_source(str(clip.with_name("brigther.mp4")))
    assert "does not exist" in one_line(raised)
    assert "Did you mean 'brighter.mp4'?" in one_line(raised)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("nothing.mp4", b"", "is empty (0 bytes)"),
        ("notes.txt", b"bring the lights\n" * 50, "not a video"),
        ("noise.mp4", bytes(range(256)) * 40, "not a video"),
        ("page.html", b"<html><body>404</body></html>", "not a video"),
    ],
)
def test_what_is_no_video_says_so(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as raised:
        open_source(str(path))
    assert says in one_line(raised)
    assert name in one_line(raised)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    with av.open(path, "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(SourceError) as raised:
        open_source(str(path))
    assert "holds no video" in one_line(raised)


def test_a_file_cut_off_before_its_index_says_so(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(SourceError) as raised:
        open_source(str(path))
    assert "cut off" in one_line(raised)


def test_a_file_cut_off_later_plays_to_there_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = write_clip(tmp_path / "whole.mp4", noise(100), options={"movflags": "faststart"})
    path = tmp_path / "half.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        frames = list(open_source(str(path)).frames())
    assert 30 < len(frames) < 70
    assert sum("cut off" in message for message in caplog.messages) == 1
    assert all("half.mp4" in message for message in caplog.messages)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_flipped_bytes_cost_some_pictures_and_one_warning(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = write_clip(tmp_path / f"whole.{suffix}", noise(100))
    data = bytearray(whole.read_bytes())
    chance = np.random.default_rng(3)
    for place in chance.integers(len(data) * 4 // 10, len(data) * 6 // 10, 400):
        data[place] ^= 0xFF
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        times = [frame.time for frame in open_source(str(path)).frames()]
    assert len(times) > 60
    assert all(late > early for early, late in itertools.pairwise(times))
    assert sum("is damaged" in message for message in caplog.messages) == 1


def test_a_file_without_a_whole_picture_is_empty(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", noise(3), options={"movflags": "faststart"})
    data = bytearray(whole.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path = tmp_path / "void.mp4"
    path.write_bytes(data)
    with pytest.raises(SourceEmptyError) as raised:
        list(open_source(str(path)).frames())
    assert "holds no picture" in one_line(raised)


def test_a_folder_that_is_no_file_and_a_socket_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SourceEmptyError, match="holds no picture"):
        list(open_source(str(tmp_path)).frames())
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        open_source("file:/dev/null")
