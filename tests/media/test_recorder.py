import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from cloudevents.http import from_json

from footlights.core.cue import Text
from footlights.core.errors import SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.container import Samples
from footlights.media.open import open_source
from footlights.media.picture import ArrayPicture
from footlights.media.recorder import Recorder
from footlights.media.sound import LiveSound
from tests.media.conftest import RATE, grey, tone, write_clip


def a_scene(picture: np.ndarray, moment: float, *, arrived: float | None = None, stream: str = "stage") -> Scene:
    return Scene(Frame(ArrayPicture(picture), moment, stream, 0, arrived))


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    """What a player shows: moment and (H, W, 3) RGB of every picture, as far as the file plays."""
    shown: list[tuple[float, np.ndarray]] = []
    with av.open(path) as container, contextlib.suppress(av.FFmpegError):  # the end that is missing
        shown.extend((float(frame.time), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0))
    return shown


def heard(path: Path) -> tuple[np.ndarray, int]:
    """What a player plays: (N,) loudness from time 0 on, and the samples a second."""
    with av.open(path) as container:
        rate = container.streams.audio[0].rate
        track = np.zeros(60 * rate, np.float32)
        end = 0
        for frame in container.decode(audio=0):
            values = np.abs(frame.to_ndarray()).max(axis=0)
            start = round(float(frame.time) * rate)
            values = values[max(0, -start) :]
            track[max(0, start) : max(0, start) + len(values)] = values
            end = max(0, start) + len(values)
    return track[:end], rate


def record(path: Path, source_path: Path, loop_until: float | None = None) -> Recorder:
    source = open_source(str(source_path), loop=loop_until is not None)
    recorder = Recorder(path, source)
    for frame in source.frames():
        if loop_until is not None and frame.time > loop_until:
            break
        recorder.write(Scene(frame))
    recorder.close()
    return recorder


def test_a_film_keeps_its_pictures_and_their_moments(tmp_path: Path) -> None:
    moments = [5.0, 5.1, 5.15, 5.9, 7.5]
    recorder = Recorder(tmp_path / "out.mp4")
    for index, moment in enumerate(moments):
        recorder.write(a_scene(grey(40 * index + 20), moment))
    recorder.close()
    shown = pictures(tmp_path / "out.mp4")
    assert recorder.frames == 5
    assert [moment for moment, _ in shown] == pytest.approx([moment - 5.0 for moment in moments], abs=0.001)
    assert [float(picture.mean()) for _, picture in shown] == pytest.approx([20, 60, 100, 140, 180], abs=3)


def test_what_is_known_is_painted_on(tmp_path: Path) -> None:
    scene = a_scene(grey(200, 320, 240), 0.0)
    scene.cues.append(Text("HELLO"))
    recorder = Recorder(tmp_path / "out.mp4")
    recorder.write(scene)
    recorder.close()
    [(_, picture)] = pictures(tmp_path / "out.mp4")
    assert int(picture[:40, :100].min()) < 90
    assert int(picture[100:].min()) > 190


@pytest.mark.parametrize("colour", [(220, 40, 40), (40, 200, 60), (30, 60, 220), (255, 255, 255), (0, 0, 0)])
def test_colours_are_those_of_the_picture(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    recorder.write(a_scene(np.full((720, 1280, 3), colour, np.uint8), 0.0))
    recorder.close()
    [(_, picture)] = pictures(tmp_path / "out.mp4")
    assert picture[360, 640].tolist() == pytest.approx(colour, abs=6)


@pytest.mark.parametrize("size", [(641, 481), (33, 17), (10, 10), (2, 2), (1, 1)])
def test_odd_and_tiny_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    recorder.write(a_scene(grey(90, *size), 0.0))
    recorder.close()
    [(_, picture)] = pictures(tmp_path / "out.mp4")
    assert abs(picture.shape[1] - size[0]) <= 1
    assert abs(picture.shape[0] - size[1]) <= 1
    assert float(picture.mean()) == pytest.approx(90, abs=4)


def test_another_size_in_the_middle_is_fitted_in(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    recorder.write(a_scene(grey(200, 320, 240), 0.0))
    recorder.write(a_scene(grey(200, 120, 160), 0.1))
    recorder.write(a_scene(grey(200, 640, 480), 0.2))
    recorder.close()
    first, tall, large = (picture for _, picture in pictures(tmp_path / "out.mp4"))
    assert first.shape == tall.shape == large.shape == (240, 320, 3)
    assert float(tall[:, 80:240].mean()) > 190
    assert float(tall[:, :60].mean()) < 10
    assert float(large.mean()) > 190


def test_times_that_run_back_still_make_a_film(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    for moment in (0.0, 1.0, 0.5, 0.5, 2.0):
        recorder.write(a_scene(grey(90), moment))
    recorder.close()
    assert len(pictures(tmp_path / "out.mp4")) == 5


def test_sound_stays_with_its_picture(tmp_path: Path) -> None:
    sound = np.zeros((2, 4 * RATE))
    flashes, beeps = [1.0, 2.4], [round(1.0 * RATE), round(2.4 * RATE)]
    for start in beeps:
        sound[:, start : start + RATE // 10] = tone(0.1)
    levels = [255 if any(flash <= index / 25 < flash + 0.1 for flash in flashes) else 0 for index in range(100)]
    source = write_clip(tmp_path / "source.mp4", [grey(level) for level in levels], sound=sound)
    record(tmp_path / "out.mp4", source)
    shown = pictures(tmp_path / "out.mp4")
    bright = np.array([float(picture.mean()) > 128 for _, picture in shown])
    seen = [shown[index][0] for index in range(1, len(bright)) if bright[index] and not bright[index - 1]]
    loudness, rate = heard(tmp_path / "out.mp4")
    loud = (loudness > 0.1).nonzero()[0] / rate
    onsets = [loud[0], loud[loud > loud[0] + 0.5][0]]
    assert seen == pytest.approx(flashes, abs=0.001)
    assert onsets == pytest.approx(flashes, abs=0.015)
    assert len(loudness) / rate == pytest.approx(4.0, abs=0.05)


def test_a_film_that_begins_later_has_the_sound_of_that_moment(clip: Path, tmp_path: Path) -> None:
    sound = np.concatenate([np.zeros((2, RATE)), tone(1)], axis=1)
    clip = write_clip(tmp_path / "source.mp4", [grey(99)] * 50, sound=sound)
    source = open_source(str(clip))
    recorder = Recorder(tmp_path / "out.mp4", source)
    for frame in source.frames():
        if frame.time >= 0.8:
            recorder.write(Scene(frame))
    recorder.close()
    loudness, rate = heard(tmp_path / "out.mp4")
    assert (loudness > 0.1).nonzero()[0][0] / rate == pytest.approx(0.2, abs=0.015)


def test_the_sound_of_a_loop_comes_again(tmp_path: Path) -> None:
    sound = np.zeros((2, RATE))
    sound[:, RATE // 2 : RATE // 2 + RATE // 10] = tone(0.1)
    source = write_clip(tmp_path / "source.mp4", [grey(99)] * 25, sound=sound)
    record(tmp_path / "out.mp4", source, loop_until=2.99)
    loudness, rate = heard(tmp_path / "out.mp4")
    loud = (loudness > 0.1).nonzero()[0] / rate
    onsets = [loud[loud > after][0] for after in (0.0, 1.0, 2.0)]
    assert onsets == pytest.approx([0.5, 1.5, 2.5], abs=0.03)


def test_live_sound_that_is_late_or_missing_leaves_silence(tmp_path: Path) -> None:
    class Camera:
        sound = LiveSound()

        def listen(self) -> LiveSound:
            return self.sound

    def hear(start: float, seconds: float) -> None:
        Camera.sound.put(Samples(tone(seconds).astype(np.float32), RATE, start))

    Camera.sound.rate = RATE
    recorder = Recorder(tmp_path / "out.mp4", Camera())
    hear(9.5, 1.0)  # half of it before the first picture
    hear(14.0, 1.0)
    for index in range(100):
        recorder.write(a_scene(grey(99), 10.0 + index / 10, arrived=1.0))
    hear(11.0, 0.5)  # far too late
    recorder.close()
    loudness, rate = heard(tmp_path / "out.mp4")

    def loud(start: float, end: float) -> bool:
        return bool((loudness[round(start * rate) : round(end * rate)] > 0.1).mean() > 0.5)

    assert [loud(at, at + 0.4) for at in (0.05, 1.0, 3.0, 4.3, 5.2, 9.0)] == [True, False, False, True, False, False]
    assert len(loudness) / rate == pytest.approx(9.9, abs=0.1)


def test_a_source_without_sound_makes_a_silent_film(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "source.mp4", [grey(99)] * 5)
    record(tmp_path / "out.mp4", source)
    with av.open(tmp_path / "out.mp4") as container:
        assert not container.streams.audio


def test_a_recording_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    Recorder(tmp_path / "out.mp4").close()
    assert not (tmp_path / "out.mp4").exists()


def test_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="there is no such folder; make it first"):
        Recorder(tmp_path / "none" / "out.mp4")
    with pytest.raises(SinkError, match=r"an MP4 file, not 'out\.mkv'; name it out\.mp4"):
        Recorder(tmp_path / "out.mkv")


def test_one_film_holds_one_stream(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4")
    recorder.write(a_scene(grey(1), 0.0, stream="left"))
    with pytest.raises(SinkError, match="give 'right' a file of its own"):
        recorder.write(a_scene(grey(1), 0.0, stream="right"))
    recorder.close()


RECORD_NOISE = """
import resource, sys
from pathlib import Path
from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.media.journal import Journal
from footlights.media.recorder import Recorder
from tests.media.conftest import noise
from tests.media.test_recorder import a_scene

path, most = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
recorder, journal = Recorder(path), Journal(path.with_suffix(".jsonl"))
full = False
for index, picture in enumerate(noise(100)):
    scene = a_scene(picture, index / 25)
    scene.events.append(Event("tick", "stage", index / 25))
    journal.write(scene)
    try:
        if not full:
            recorder.write(scene)
    except SinkError as fault:
        full = True
        print(fault, flush=True)
if not full:
    print("written", flush=True)
    sys.stdin.read()
recorder.close()
journal.close()
"""


def program(path: Path, most: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", RECORD_NOISE, str(path), str(most)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(arguments, **pipes, text=True, cwd=Path(__file__).parents[2])


def test_a_full_disk_is_one_line_and_the_film_plays_to_there(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with program(path, 300_000) as process:
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors == ""
    assert said.count("\n") == 1
    assert "the disk is full; free some space or choose another disk" in said
    assert path.stat().st_size <= 300_000
    assert 10 < len(pictures(path)) < 100
    events = [from_json(line) for line in path.with_suffix(".jsonl").read_bytes().splitlines()]
    assert len(events) == 100


def test_a_film_plays_to_the_moment_of_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with program(path, 10**9) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    shown = pictures(path)
    assert shown[0][0] == pytest.approx(0, abs=0.001)
    assert shown[-1][0] > 2.0
