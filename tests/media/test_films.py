"""Films that end by themselves."""

from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SettingsError, SinkError
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media import films as module
from footlights.media.films import Films
from footlights.media.picture import ArrayPicture
from tests.media.test_recorder import pictures

NOISE = np.random.default_rng(1).integers(0, 255, (96, 128, 3), np.uint8)


def play(films: Films, stream: str, start: float, seconds: float) -> None:
    for step in range(round(seconds * 10)):
        moment = start + step / 10
        scene = Scene(Frame(ArrayPicture(np.roll(NOISE, step, 1)), moment, stream, 0, moment))
        if films.wants(scene):
            films.write(scene)


def test_a_film_of_one_stream_until_somebody_says_so(tmp_path: Path) -> None:
    films = Films()
    films.start("one", tmp_path / "new/one.mp4", 60.0, 10**8)
    with pytest.raises(SettingsError, match=r"recorded already: one\.mp4"):
        films.start("one", tmp_path / "new/again.mp4", 60.0, 10**8)
    for stream in ("one", "two"):
        play(films, stream, 5.0, 2.0)
    film = films.stop("")
    assert (film.file, film.seconds, film.ended) == ("one.mp4", 1.9, "asked")
    assert len(pictures(tmp_path / "new/one.mp4")) == 20 and film.bytes == (tmp_path / "new/one.mp4").stat().st_size
    with pytest.raises(SettingsError, match="no film of 'one' is made"):
        films.stop("one")


def test_a_film_ends_by_its_length_or_its_size_and_says_so_once(tmp_path: Path) -> None:
    films = Films()
    films.start("long", tmp_path / "long.mp4", 1.0, 10**8)
    films.start("large", tmp_path / "large.mp4", 60.0, 100_000)
    for stream in ("long", "large"):
        play(films, stream, 0.0, 5.0)
    assert films.stop("long").ended == "length" and len(pictures(tmp_path / "long.mp4")) == 10
    film = films.stop("large")
    assert film.ended == "size" and 100_000 <= film.bytes < 300_000
    with pytest.raises(SettingsError):
        films.stop("long")


def test_what_ends_the_stream_ends_its_film(tmp_path: Path) -> None:
    films = Films()
    films.start("one", tmp_path / "one.mp4", 60.0, 10**8)
    play(films, "one", 0.0, 1.0)
    films.close()
    assert films.stop("one").ended == "stream" and len(pictures(tmp_path / "one.mp4")) == 10


def test_old_films_make_room_and_the_disk_is_never_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 3000)
    for number in range(3):
        (tmp_path / f"{number}.mp4").write_bytes(b"x" * 1000)
    films = Films()
    films.start("one", tmp_path / "one.mp4", 1.0, 2000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.mp4", "one.mp4"]
    films.close()
    with pytest.raises(SinkError, match="no room for a film"):
        films.start("two", tmp_path / "two.mp4", 1.0, 1 << 60)
