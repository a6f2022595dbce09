"""The film's file: sound in step with the picture, the music from its first sample, nothing left where it fails."""

import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.errors import SinkError, SourceError
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import posture
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.film import FilmSettings, Show
from footlights.recognition.dance.show.crew import Crew
from footlights.recognition.dance.show.movie import SOUND_RATE, Movie, sound_of, write_sound
from footlights.recognition.dance.show.troupe import casting
from tests.recognition.dance.performed import a_song

CLAPS = np.array([0.717, 1.633, 2.402, 3.251])  # seconds: between frames, as claps are
SECONDS = 4.0


def write_wav(path: Path, samples: np.ndarray, rate: int = 44_100) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.T * 32767).astype("<i2").tobytes())


def _clicks(rate: int = 44_100) -> np.ndarray:
    samples = np.zeros((2, round(SECONDS * rate)))
    for clap in CLAPS:
        first = round(clap * rate)
        samples[:, first : first + 200] = 0.9 * np.sin(np.arange(200) * 0.9) * np.exp(-np.arange(200) / 60)
    return samples


def _clapping(path: Path) -> Dance:
    """Arms that swing together at an even speed, meet at each clap, and swing apart."""
    wide = posture({"arms": {"reach": [0.95, 0.0, 0.2], "palm": "forward"}})
    near = posture({"arms": {"reach": [0.0, 0.0, 0.75], "across": 1.0, "palm": "in"}})
    times = np.arange(round(SECONDS * 120)) / 120
    gap = np.clip(np.abs(times[:, None] - CLAPS).min(1) / 0.3, 0, 1)[:, None]
    body = casting(("Mei",))[0].body()
    joints = solve(near * (1 - gap) + wide * gap, body)
    return Dance(120.0, joints, body, np.ones((len(times), 2), bool), a_song(SECONDS, path=path))


def _width(picture: np.ndarray, empty: np.ndarray) -> float:
    """How wide the dancer is in a picture, pixels."""
    columns = np.flatnonzero((np.abs(picture.astype(int) - empty).max(-1) > 45).sum(0) > 1)
    return float(np.ptp(columns)) if len(columns) else 0.0


def test_the_clap_is_heard_when_it_is_seen(tmp_path: Path) -> None:
    write_wav(tmp_path / "clicks.wav", _clicks())
    dance = _clapping(tmp_path / "clicks.wav")
    show = Show(dance, FilmSettings(height=240, cast=casting(("Mei",))))
    still = next(show.moments(0, 1))  # one light and one camera, so that only the dancer moves
    moments = [replace(one, camera=still.camera, lighting=show.lights.at(2.2)) for one in show.moments()]
    moments = [replace(one, index=0) for one in moments]
    empty = replace(show.scenery, dancers=()).artist().draw(replace(moments[0], joints=[], faces=[]))
    path = tmp_path / "claps.mp4"
    with (
        Movie(path, show.width, show.height, 30.0, SECONDS, Path(dance.song.path or "")) as movie,
        Crew(show.scenery, workers=1) as crew,
    ):
        for planes in crew.planes(iter(moments)):
            movie.add(planes)
    seen, heard = _seen(path, empty), _heard(path)
    np.testing.assert_allclose(heard, CLAPS, atol=0.002)
    assert len(seen) == len(CLAPS)
    assert np.abs(seen - heard).max() < 0.020  # seconds
    assert abs((seen - heard).mean()) < 0.010


def _seen(path: Path, empty: np.ndarray) -> np.ndarray:
    """When the hands meet: where the line on which they come crosses that on which they part."""
    with av.open(str(path)) as film:
        frames = [
            (float(frame.time), _width(frame.to_ndarray(format="rgb24"), empty)) for frame in film.decode(video=0)
        ]
    times, widths = np.array(frames).T
    found = []
    for clap in CLAPS:
        before = (times > clap - 0.22) & (times < clap - 0.05)
        after = (times > clap + 0.05) & (times < clap + 0.22)
        down, up = np.polyfit(times[before], widths[before], 1), np.polyfit(times[after], widths[after], 1)
        found.append((down[1] - up[1]) / (up[0] - down[0]))
    return np.array(found)


def _heard(path: Path) -> np.ndarray:
    with av.open(str(path)) as film:
        rate = film.streams.audio[0].rate
        pieces = [(frame.time, frame.to_ndarray()) for frame in film.decode(audio=0)]
    loud = np.abs(np.concatenate([piece for _, piece in pieces], axis=1)).max(0)
    at = np.flatnonzero(loud > 0.25)
    first = at[np.diff(at, prepend=-rate) > rate * 0.2]
    return first / rate + float(pieces[0][0])


def test_the_whole_music_is_in_the_film_from_its_first_sample(tmp_path: Path) -> None:
    rate = 22_050
    tone = 0.5 * np.sin(np.arange(3 * rate) * 2 * np.pi * 440 / rate)[None]
    write_wav(tmp_path / "tone.wav", tone, rate)  # mono, another rate than the film's
    with Movie(tmp_path / "f.mp4", 64, 48, 25.0, 2.0, tmp_path / "tone.wav") as movie:
        for _ in range(50):
            movie.add(np.full((72, 64), 90, np.uint8))
    with av.open(str(tmp_path / "f.mp4")) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.frames, video.width, video.height) == (50, 64, 48)
        assert float(video.start_time * video.time_base) == 0.0
        assert abs(float(audio.duration * audio.time_base) - 2.0) < 0.03
        sound = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    assert sound.shape[0] == 2
    assert np.abs(sound[:, : SOUND_RATE // 100]).max() > 0.2  # from the beginning
    quiet = np.abs(sound[:, SOUND_RATE * 2 - 2000 : SOUND_RATE * 2]).max()
    assert quiet < 0.1  # the film ends before the music, which fades


def test_music_as_it_comes_is_turned_into_even_pieces(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", _clicks())
    pieces = list(sound_of(tmp_path / "a.wav"))
    assert sum(piece.shape[1] for piece in pieces) == pytest.approx(SECONDS * SOUND_RATE, abs=64)
    write_sound(tmp_path / "a.wav", tmp_path / "a.m4a")
    again = sum(piece.shape[1] for piece in sound_of(tmp_path / "a.m4a"))
    assert again == pytest.approx(SECONDS * SOUND_RATE, abs=2100)


def test_what_cannot_be_written_or_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"name it film\.mp4"):
        Movie(tmp_path / "film.avi", 64, 48, 25.0, 1.0, None)
    with pytest.raises(SinkError, match="there is no such folder"):
        Movie(tmp_path / "no" / "film.mp4", 64, 48, 25.0, 1.0, None)
    (tmp_path / "silent.mp4").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"silent\.mp4"):
        list(sound_of(tmp_path / "silent.mp4"))


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here, which is always full")
    path = tmp_path / "film.mp4"
    path.symlink_to("/dev/full")
    noise = np.random.default_rng(1)
    with pytest.raises(SinkError, match="disk is full"), Movie(path, 640, 480, 25.0, 9.0, None) as movie:
        for _ in range(60):
            movie.add(noise.integers(16, 235, (720, 640), np.uint8))
    assert not path.is_symlink()


def test_a_film_that_fails_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with pytest.raises(RuntimeError), Movie(path, 64, 48, 25.0, 1.0, None) as movie:
        movie.add(np.full((72, 64), 90, np.uint8))
        raise RuntimeError
    assert not path.exists()


def test_a_body_of_its_own_has_hands_that_meet() -> None:
    dance = _clapping(Path("none.wav"))
    gap = np.linalg.norm(dance.joints.wrists[:, 0] - dance.joints.wrists[:, 1], axis=-1)
    assert gap[round(CLAPS[1] * 120)] < 0.2
    assert gap.max() > 1.0
    assert isinstance(dance.body, Body)
