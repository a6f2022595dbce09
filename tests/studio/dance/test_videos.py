"""Videos made to order: another person in the picture, a cut, nobody, no sound, only a head."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import InstallError, SourceError
from footlights.media.rehearsal.source import open_rehearsal
from footlights.recognition.dance.dance import joints24
from footlights.studio.dance import videos
from footlights.studio.dance.corpus import Writer
from footlights.studio.dance.report import write_report
from footlights.studio.dance.tracks import made_track
from footlights.studio.dance.videos import Take, captures_of, cut, distinct, take_capture, take_video, taken, videos_of
from footlights.studio.dance.watching import Person, Shot, difference, histogram, main_dancer
from tests.studio.dance.made_videos import write_video

LEGS = np.array([1, 2, 4, 5, 7, 8])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: Callable[..., None]) -> Path:
    models("pose_detection", "pose_landmark_full")
    place = tmp_path_factory.mktemp("videos")
    shots = ["squat?camera=full&seed=3&room=studio&yaw=0", "jumping_jack?people=2&camera=full&seed=9"]
    write_video(place / "two.mp4", shots, 5.0)
    write_video(place / "silent.mp4", ["squat?camera=full"], 0.5, sound=False)
    write_video(place / "wall.mp4", [""], 4.5)
    (place / "broken.mp4").write_bytes(b"not a video at all")
    return place


@pytest.fixture(scope="module")
def takes(folder: Path) -> dict[str, Take]:
    return {take.name: take for take in taken(videos_of(folder), take_video)}


def test_shots_are_cut_and_the_main_dancer_is_taken_from_each(takes: dict[str, Take]) -> None:
    take = takes["two"]
    assert take.shots == 2 and take.people == 1 and not take.refused
    assert [round(clip.begin) for clip in take.clips] == [0, 5]
    assert all(4.5 < clip.dance.seconds < 5.1 and clip.sound.shape[1] > 4 * videos.RATE for clip in take.clips)


def test_the_dance_is_that_of_the_puppet(takes: dict[str, Take]) -> None:
    """The bend of the knees goes down and up as it did on the stage."""
    source = open_rehearsal("squat?camera=full&seed=3&room=studio&yaw=0&width=320&height=240&fps=30&seconds=5", "")
    (person,) = source._people
    joints, _ = person.joints(np.arange(130) / 30)
    true = np.linalg.norm(joints.hips - joints.ankles, axis=-1).mean(1)
    places = joints24(takes["two"].clips[0].dance)[:130]
    mine = np.linalg.norm(places[:, 1:3] - places[:, 7:9], axis=-1).mean(1)
    assert np.corrcoef(true[: len(mine)], mine)[0, 1] > 0.9
    assert -0.1 < places[..., 1].min() < 0.1 and 1.4 < places[:10, 15, 1].mean() < 1.9


def test_what_cannot_be_learned_from_is_refused_with_its_reason(takes: dict[str, Take]) -> None:
    assert "no sound" in takes["silent"].refused[0]
    assert takes["wall"].refused == ["0.0 to 4.5 s: nobody is to be seen"]
    assert "broken.mp4" in takes["broken"].refused[0]
    assert not any(takes[name].clips for name in ("silent", "wall", "broken"))


def test_the_report_shows_what_was_kept_and_why_not(takes: dict[str, Take], tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", list(takes.values()))
    page = (tmp_path / "report.html").read_text()
    assert page.count("<img") == 2 and "nobody is to be seen" in page and "1 other people left out" in page


def person(x: float, height: float, seconds: float, begin: float = 0.0, moves: float = 2.0) -> Person:
    """Somebody in the picture, 30 frames a second."""
    rng, one = np.random.default_rng(1), Person()
    for index in range(round(seconds * 30)):
        xy = np.tile([x, 100.0], (33, 1))
        xy[:, 1] += np.linspace(0, height, 33)
        xy[11:] += rng.normal(0, moves, (22, 2))
        one.times.append(begin + index / 30)
        one.xy.append(xy.astype(np.float32))
        one.world.append(np.zeros((33, 3), np.float32))
        one.visibility.append(np.ones(33, np.float32))
    return one


def test_of_several_people_the_one_who_dances_is_followed() -> None:
    shot = Shot(0, 8, 640, 480)
    assert main_dancer(shot) is None
    shot.people = {1: person(600, 200, 8), 2: person(320, 200, 8), 3: person(300, 80, 8), 4: person(330, 220, 1)}
    assert main_dancer(shot) is shot.people[2]
    shot.people = {1: person(320, 200, 8, moves=0.0), 2: person(300, 190, 8)}
    assert main_dancer(shot) is shot.people[2]


def test_who_is_lost_and_found_again_is_one_dancer() -> None:
    shot = Shot(0, 8, 640, 480)
    shot.people = {1: person(320, 200, 3), 5: person(325, 200, 3, begin=3.3), 6: person(40, 200, 4, begin=3.2)}
    dancer = main_dancer(shot)
    assert dancer is not None and len(dancer.times) == 180
    assert videos.unbroken(dancer) == [(0.0, pytest.approx(6.27, abs=0.01))]
    dancer.times[90:] = [time + 5 for time in dancer.times[90:]]
    assert len(videos.unbroken(dancer)) == 2


def test_reasons_name_what_is_missing() -> None:
    shot = Shot(0, 8, 640, 480)
    assert "only 2.0 s" in videos.unusable(person(320, 200, 8), 0, 2, shot)
    assert "17% of the picture" in videos.unusable(person(320, 80, 8), 0, 8, shot)
    hidden = person(320, 200, 8)
    for seen in hidden.visibility:
        seen[28] = 0.0
    assert videos.unusable(hidden, 0, 8, shot) == "the right foot is out of sight for 100% of the time"


def test_a_cut_is_a_jump_of_colours() -> None:
    dark, light = np.full((36, 64, 3), 20, np.uint8), np.full((36, 64, 3), 200, np.uint8)
    assert difference(histogram(dark), histogram(light)) == 1 and difference(histogram(dark), histogram(dark)) == 0


def test_a_part_of_a_song_is_a_song() -> None:
    song = made_track(5, 40).song
    part = cut(song, 10.0, 20.0)
    assert part.beats[0] >= 0 and part.beats[-1] < 10 and part.seconds == 10
    assert part.sections[0].begin == 0 and part.sections[-1].end == len(part.beats) == len(part.energy)
    assert (part.beats[part.downbeats] + 10)[0] in song.beats[song.downbeats]
    with pytest.raises(SourceError, match="fewer than four beats"):
        cut(song, 10.0, 11.0)


def test_motion_capture_is_taken_with_and_without_music(tmp_path: Path) -> None:
    (tmp_path / "bad.bvh").write_text("HIERARCHY\nROOT x")
    assert captures_of(tmp_path) == [tmp_path / "bad.bvh"]
    take = take_capture(tmp_path / "bad.bvh")
    assert not take.clips and "bad.bvh" in take.refused[0]
    with pytest.raises(SourceError, match="holds no video"):
        videos_of(tmp_path)


def name_of(path: Path) -> Take:
    return Take(path.stem)


def test_several_processes_keep_the_order(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.mp4" for n in range(5)]
    assert [take.name for take in taken(paths, name_of, workers=2)] == ["0", "1", "2", "3", "4"]


def test_what_was_taken_is_kept_and_can_be_learned_from(takes: dict[str, Take], tmp_path: Path) -> None:
    writer = Writer(tmp_path, ["disco"])
    for _ in range(2):
        videos.keep(takes["two"], writer)
    assert [entry["name"] for entry in writer.table["dances"]] == ["two-0-0", "two-1-0"]
    for path in (tmp_path / "dances").iterdir():
        with np.load(path) as held:
            assert held["motion"].shape[1] == 152 and np.isfinite(held["motion"]).all() and held["music"].std() > 0.1
    assert Writer(tmp_path, ["waltz"]).table["styles"] == ["disco"]


def test_files_of_one_name_are_told_apart() -> None:
    takes = list(distinct([Take("a"), Take("b"), Take("a"), Take("a")]))
    assert [take.name for take in takes] == ["a", "b", "a.2", "a.3"]


def test_ray_is_asked_for_each_file_and_let_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[str] = []

    class Remote:
        def __init__(self, function: Callable[[Path], Take]) -> None:
            self.remote = function

    class Ray:
        init = staticmethod(lambda address, **_: told.append(f"init {address}"))
        remote = staticmethod(Remote)
        get = staticmethod(lambda reference: reference)
        shutdown = staticmethod(lambda: told.append("shutdown"))

    monkeypatch.setitem(__import__("sys").modules, "ray", Ray)
    takes = taken([tmp_path / "a.mp4", tmp_path / "b.mp4"], name_of, ray="ray://10.0.0.1:10001")
    assert [take.name for take in takes] == ["a", "b"]
    assert told == ["init ray://10.0.0.1:10001", "shutdown"]


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(InstallError, match=r"footlights\[ray\]"):
        list(taken([tmp_path / "a.mp4"], name_of, ray="local"))
