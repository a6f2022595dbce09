"""`footlights dance` as its user types it."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import av
import cv2
import httpx
import numpy as np
import pytest

from tests.cli.command import footlights
from tests.recognition.dance.show.test_movie import write_wav

RATE = 22_050


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of clicks at 120 beats a minute, louder on the first of four."""
    samples = np.zeros(12 * RATE)
    for beat in range(24):
        first = beat * RATE // 2
        loud = 0.9 if beat % 4 == 0 else 0.5
        samples[first : first + 600] = loud * np.sin(np.arange(600) * 0.3) * np.exp(-np.arange(600) / 150)
    path = tmp_path_factory.mktemp("music") / "clicks.wav"
    write_wav(path, samples[None], RATE)
    return path


def test_a_song_becomes_a_film_and_files(song: Path, tmp_path: Path) -> None:
    done = footlights(
        "dance", song, "-o", tmp_path / "d.mp4", "--bvh", tmp_path / "d.bvh", "--gltf", tmp_path / "d.glb",
        "--json", tmp_path / "d.json", "--preview", tmp_path / "d.png", "--height", "144", "--fps", "10",
        "--look", "mei, Kofi", "--seed", "3", "--workers", "1",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "4/4" in done.err
    with av.open(str(tmp_path / "d.mp4")) as film:
        assert film.streams.video[0].frames == 120
        assert len(film.streams.audio) == 1
    assert (tmp_path / "d.bvh").read_text().startswith("HIERARCHY")
    content = (tmp_path / "d.glb").read_bytes()
    assert content[:4] == b"glTF"
    assert b"1 Mei" in content
    assert b"2 Kofi" in content
    table = json.loads((tmp_path / "d.json").read_text())
    assert abs(table["song"]["tempo"] - 120) < 2
    assert table["phrases"]
    sheet = cv2.imread(str(tmp_path / "d.png"))
    assert sheet is not None
    assert sheet.std() > 10


def test_one_phrase_can_be_watched_without_a_song(tmp_path: Path) -> None:
    done = footlights(
        "dance", "--phrase", "step_touch", "-o", tmp_path / "p.mp4", "--height", "96", "--fps", "5", "--workers", "1"
    )
    assert done.code == 0, done.err
    with av.open(str(tmp_path / "p.mp4")) as film:
        assert film.streams.video[0].frames > 60


@pytest.mark.parametrize("asked", [["--phrase", "step_touch", "--live"], ["--mic"]])
def test_the_page_is_served_until_it_is_interrupted(asked: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "footlights", "dance", *asked, "--page", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "http://" in line)
        url = re.findall(r"http://\S+", line)[0]
        facts = httpx.get(f"{url}facts", timeout=20).json()
        assert facts["ear"] is ("--mic" in asked)
        assert httpx.get(f"{url}dance.glb", timeout=20).content[:4] == b"glTF"
        if "--mic" not in asked:
            before = facts["title"]
            assert httpx.post(f"{url}another", timeout=60).json()["title"] != before  # the next of the library
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert process.returncode == 0
    assert "The dance is over." in rest
    assert "Traceback" not in rest


def test_the_library_is_listed() -> None:
    done = footlights("dance", "--list")
    assert done.code == 0
    assert "step_touch" in done.out
    assert "styles" in done.out


def test_help_shows_how() -> None:
    done = footlights("dance", "--help")
    assert "footlights dance song.mp3 -o dance.mp4 --dancers 5 --aspect 9:16" in done.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "give a song: footlights dance song.mp3"),
        (["nowhere.mp3"], "nowhere.mp3: there is no such file"),
        (["SONG", "--style", "tangoo"], "no style 'tangoo'"),
        (["--phrase", "step_tuch"], "did you mean 'step_touch'"),
        (["SONG", "--phrase", "step_touch"], "--phrase takes no song"),
        (["SONG", "--look", "Nobody"], "there is no look 'Nobody'; there are Nova"),
        (["SONG", "-o", "no/folder/d.mp4"], "there is no such folder"),
        (["SONG", "-o", "d.avi"], "name it d.mp4"),
        (["--mic", "--dancers", "3"], "one dancer of the library dances to the microphone"),
        (["SONG", "--mic"], "--mic takes no song"),
        (["SONG", "-o", "SONG"], "would be written over the song"),
        (["SONG", "--model", "gone.onnx"], "gone.onnx"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], complaint: str, tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    given = [str(tmp_path / "song.wav") if word == "SONG" else word for word in arguments]
    done = footlights("dance", *given)
    assert done.code != 0
    assert complaint in done.complaint
