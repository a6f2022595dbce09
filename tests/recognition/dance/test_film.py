from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.recognition.dance.film import FilmSettings, Show, film
from footlights.recognition.dance.stills import save_picture, sheet
from tests.recognition.dance.performed import a_dance, a_song
from tests.recognition.dance.show.test_movie import write_wav


def test_a_film_has_the_music_and_every_frame(tmp_path: Path) -> None:
    rate = 48_000
    write_wav(tmp_path / "song.wav", 0.4 * np.sin(np.arange(2 * rate) * 0.05)[None], rate)
    dance = a_dance(2.0, song=a_song(2.0, path=tmp_path / "song.wav"))
    told: list[float] = []
    film(dance, tmp_path / "f.mp4", FilmSettings("9:16", 160, 25.0, 2), workers=1, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    with av.open(str(tmp_path / "f.mp4")) as made:
        video = made.streams.video[0]
        assert (video.width, video.height, video.frames) == (90, 160, 50)
        assert float(video.average_rate) == 25.0
        assert float(video.duration * video.time_base) == 2.0
        assert abs(float(made.streams.audio[0].duration * made.streams.audio[0].time_base) - 2.0) < 0.03
        pictures = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    assert pictures[25].mean() > pictures[0].mean()  # it begins in the dark
    assert np.abs(pictures[30].astype(int) - pictures[20]).mean() > 1


def test_a_dance_without_music_becomes_a_silent_film(tmp_path: Path) -> None:
    film(a_dance(1.0), tmp_path / "f.mp4", FilmSettings(height=96, fps=10.0), workers=1)
    with av.open(str(tmp_path / "f.mp4")) as made:
        assert len(made.streams.audio) == 0
        assert made.streams.video[0].frames == 10


def test_frame_by_frame_it_is_the_dance() -> None:
    dance = a_dance(6.0, fps=60.0)
    show = Show(dance, FilmSettings(height=96, fps=30.0))
    for index, moment in zip(range(70, 75), show.moments(70, 75), strict=True):
        np.testing.assert_allclose(moment.joints[0].wrists, dance.joints.wrists[2 * index], atol=1e-9)
        assert moment.lighting.time == pytest.approx(index / 30)
        assert moment.index == index


@pytest.mark.parametrize(
    ("aspect", "height", "size"),
    [
        ("16:9", None, (1280, 720)),
        ("9:16", None, (720, 1280)),
        ("1:1", None, (960, 960)),
        ("16:9", 1080, (1920, 1080)),
        ("16:9", 101, (180, 100)),
    ],
)
def test_sizes(aspect: str, height: int | None, size: tuple[int, int]) -> None:
    assert FilmSettings(aspect, height).size == size


def test_wrong_settings_are_one_line(tmp_path: Path) -> None:
    dance = a_dance(1.0)
    for settings, line in (
        (FilmSettings("4:3"), "a film is 16:9, 9:16, 1:1; not '4:3'"),
        (FilmSettings(height=9999), "64 to 2160 pixels high, not 9999"),
        (FilmSettings(fps=0), "1 to 120 frames a second, not 0"),
        (FilmSettings(colours="black"), "no lights 'black'; there are club"),
    ):
        with pytest.raises(SettingsError, match=line):
            film(dance, tmp_path / "f.mp4", settings)
    gone = replace(dance, song=a_song(1.0, path=tmp_path / "gone.mp3"))
    with pytest.raises(SourceError, match=r"gone\.mp3"):
        film(gone, tmp_path / "f.mp4", FilmSettings(height=96), workers=1)
    assert not (tmp_path / "f.mp4").exists()


def test_the_shortest_dance_can_be_filmed(tmp_path: Path) -> None:
    film(a_dance(0.1), tmp_path / "f.mp4", FilmSettings(height=96), workers=1)
    with av.open(str(tmp_path / "f.mp4")) as made:
        assert made.streams.video[0].frames == 3


def test_a_sheet_of_stills(tmp_path: Path) -> None:
    dance = a_dance(12.0)
    told: list[float] = []
    made = sheet(dance, FilmSettings(height=144), told.append)
    assert made.shape[1] == 4 * 256 + 5 * 6
    assert len(told) == 12
    stills = made[6 : 6 + 144].reshape(144, -1, 3)
    assert np.abs(stills[:, 6:262].astype(int) - stills[:, 268:524]).mean() > 2
    save_picture(made, tmp_path / "s.png")
    assert (tmp_path / "s.png").stat().st_size > 10_000
    with pytest.raises(SinkError, match=r"name it s\.png"):
        save_picture(made, tmp_path / "s.txt")
    with pytest.raises(SinkError, match="folder"):
        save_picture(made, tmp_path / "no" / "s.png")
