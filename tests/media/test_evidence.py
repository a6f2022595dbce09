"""Pictures of what happened, and a clip that begins before it."""

import errno
import json
import logging
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from cloudevents.http import from_json

from footlights.core.cue import Cue, Text
from footlights.core.errors import SinkError
from footlights.core.event import Event
from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.evidence import RATE, Evidence, Past, Witness
from footlights.media.picture import ArrayPicture
from footlights.media.recorder import Film

FPS = 25


def scene(index: int, *events: Event, stream: str = "line", size: tuple[int, int] = (320, 180)) -> Scene:
    """A grey picture whose brightness tells its second."""
    array = np.full((size[1], size[0], 3), 20 + 4 * (index // FPS % 50), np.uint8)
    cues: list[Cue] = [Text("down", "top right", "alarm")] if events else []
    return Scene(Frame(ArrayPicture(array), index / FPS, stream, index), events=list(events), cues=cues)


def raised(second: float, alert: str = "down", stream: str = "line", kind: str = "anomaly.raised") -> Event:
    return Event(kind, stream, second, 3, {"alert": alert, "label": "can"})


def play(witness: Witness, seconds: float, *events: Event, start: float = 0.0) -> None:
    at = {round(event.time * FPS): event for event in events}
    for index in range(round(start * FPS), round(seconds * FPS)):
        witness.write(scene(index, *([at[index]] if index in at else [])))


def film(path: Path) -> list[tuple[float, float]]:
    """Time and brightness of every picture of a clip."""
    with av.open(path) as container:
        return [
            (float(frame.time), float(frame.to_ndarray(format="gray").mean())) for frame in container.decode(video=0)
        ]


def second_of(brightness: float) -> float:
    return (brightness - 20) / 4


def test_a_clip_begins_before_the_moment_and_goes_on_after_it(tmp_path: Path) -> None:
    witness = Evidence(tmp_path).witness()
    play(witness, 30, raised(12.0), raised(13.0, kind="anomaly.cleared"))
    witness.close()
    piece = tmp_path / "line" / "000012.000-down"
    assert sorted(path.name for path in piece.iterdir()) == ["clip.mp4", "event.json", "plain.jpg", "snapshot.jpg"]
    pictures = film(piece / "clip.mp4")
    assert pictures[-1][0] == pytest.approx(13, abs=0.3), "8 s before and 5 s after"
    assert second_of(pictures[0][1]) == pytest.approx(4, abs=0.6)
    assert second_of(pictures[-1][1]) == pytest.approx(16, abs=1.1)
    assert len(pictures) / 13 == pytest.approx(RATE, rel=0.2)


def test_the_snapshot_shows_what_is_known_and_the_plain_one_does_not(tmp_path: Path) -> None:
    witness = Evidence(tmp_path).witness()
    play(witness, 3, raised(2.0))
    witness.close()
    piece = tmp_path / "line" / "000002.000-down"
    painted, plain = (cv2.imread(str(piece / name)) for name in ("snapshot.jpg", "plain.jpg"))
    assert painted.shape == plain.shape == (180, 320, 3)
    assert plain.std() < 2 < painted.std()


def test_the_event_is_a_cloud_event_that_names_its_files(tmp_path: Path) -> None:
    witness = Evidence(tmp_path).witness()
    play(witness, 3, raised(2.0))
    witness.close()
    event = from_json((tmp_path / "line" / "000002.000-down" / "event.json").read_text())
    assert (event["type"], event["source"], event["id"]) == (
        "dev.footlights.anomaly.raised", "/footlights/line", "000002.000-down",
    )  # fmt: skip
    assert event.data == {
        "time": 2.0, "track": 3, "alert": "down", "label": "can",
        "snapshot": "snapshot.jpg", "plain": "plain.jpg", "clip": "clip.mp4",
    }  # fmt: skip


def test_a_clip_lasts_while_the_alert_is_raised_but_not_for_ever(tmp_path: Path) -> None:
    witness = Evidence(tmp_path, before=2, after=1).witness()
    play(witness, 50, raised(5.0), raised(12.0, kind="anomaly.cleared"))
    clear = film(tmp_path / "line" / "000005.000-down" / "clip.mp4")
    assert clear[-1][0] == pytest.approx(9, abs=0.3), "2 s before, 7 s until it was over"
    play(witness, 110, raised(60.0, "gone"), start=50)
    witness.close()
    endless = film(tmp_path / "line" / "000060.000-gone" / "clip.mp4")
    assert endless[-1][0] == pytest.approx(32, abs=0.3), "30 s after the moment it ends"


def test_what_happens_meanwhile_shares_the_clip(tmp_path: Path) -> None:
    witness = Evidence(tmp_path, before=2, after=3).witness()
    events = [raised(5.0), raised(6.0, "person > 3"), raised(6.5, kind="anomaly.cleared")]
    play(witness, 20, *events, raised(7.0, "person > 3", kind="anomaly.cleared"))
    witness.close()
    second = tmp_path / "line" / "000006.000-person-3"
    assert json.loads((second / "event.json").read_text())["data"]["clip"] == "../000005.000-down/clip.mp4"
    assert not (second / "clip.mp4").exists()
    assert film(second / "../000005.000-down/clip.mp4")[-1][0] == pytest.approx(6, abs=0.3)


def test_only_wanted_kinds_are_kept(tmp_path: Path) -> None:
    witness = Evidence(tmp_path, kinds={"detection"}).witness()
    play(witness, 4, raised(1.0), Event("detection.new", "line", 2.0, 1, {"label": "can"}))
    witness.close()
    assert [path.name for path in (tmp_path / "line").iterdir()] == ["000002.000-can"]


def test_the_past_is_bounded_in_seconds_and_in_bytes() -> None:
    past = Past(2.0, most_bytes=1000)
    for index in range(100):
        past.add(index / 10, b"x" * 10)
    assert [time for time, _ in past.pictures()] == pytest.approx([7.9 + index / 10 for index in range(21)])
    for index in range(100, 200):
        past.add(index / 10, b"x" * 300)
    assert (len(past), past.bytes) == (3, 900)
    past.add(20.0, b"x" * 2000)
    assert (len(past), past.bytes) == (0, 0)
    past.add(21.0, b"x")
    past.add(1.0, b"x")
    assert [time for time, _ in past.pictures()] == [1.0], "the stream began anew"


def test_the_oldest_evidence_makes_room_that_of_earlier_runs_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for start in (0, 100):
        witness = Evidence(tmp_path, before=0.2, after=0.2, most=3).witness()
        with caplog.at_level(logging.INFO):
            play(witness, start + 10, *(raised(start + at) for at in (1.0, 3.0, 5.0)), start=start)
        witness.close()
        (tmp_path / "line" / "000005.000-down" / "mine.txt").touch() if start == 0 else None
    left = sorted(path.name for path in (tmp_path / "line").iterdir())
    assert left == ["000005.000-down", "000101.000-down", "000103.000-down", "000105.000-down"]
    assert [path.name for path in (tmp_path / "line" / left[0]).iterdir()] == ["mine.txt"], "not written here"
    assert sum("is deleted: more would be above the bound" in line for line in caplog.messages) == 3


def test_the_folder_is_bounded_in_bytes(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, before=0.2, after=0.2, most_bytes=20_000)
    witness = evidence.witness()
    play(witness, 20, *(raised(float(at)) for at in range(1, 20)))
    witness.close()
    assert 1 <= len(list((tmp_path / "line").iterdir())) < 10
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.*") if path.is_file()) <= 20_000


def test_without_raw_nothing_shows_the_bare_picture(tmp_path: Path) -> None:
    witness = Evidence(tmp_path, raw=False).witness()
    play(witness, 3, raised(2.0))
    witness.close()
    piece = tmp_path / "line" / "000002.000-down"
    assert sorted(path.name for path in piece.iterdir()) == ["clip.mp4", "event.json", "snapshot.jpg"]
    with av.open(piece / "clip.mp4") as container:
        stds = [frame.to_ndarray(format="gray").std() for frame in container.decode(video=0)]
    assert max(stds) > 2, "the picture of the moment has its text on it"


def test_a_folder_that_vanishes_is_one_line_and_the_next_event_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "evidence"
    witness = Evidence(folder, before=1, after=0.2).witness()
    shutil.rmtree(folder)
    folder.write_text("in the way")
    play(witness, 6, raised(1.0), raised(3.0), raised(5.0))
    assert len([line for line in caplog.messages if "is not whole" in line]) == 1
    folder.unlink()
    play(witness, 9, raised(7.0), start=6)
    witness.close()
    assert (folder / "line" / "000007.000-down" / "clip.mp4").stat().st_size > 1000


def test_a_full_disk_leaves_no_halves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Evidence(tmp_path, before=1, after=0.2).witness()

    def full(self: Path, text: str, encoding: str = "") -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        play(witness, 4, raised(1.0), raised(3.0))
    assert [line for line in caplog.messages if "the disk is full; free some space" in line] == caplog.messages[:1]
    assert list((tmp_path / "line").iterdir()) == []
    play(witness, 9, raised(7.0), start=4)
    witness.close()
    assert [path.name for path in (tmp_path / "line").iterdir()] == ["000007.000-down"]


def test_a_bad_folder_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="evidence cannot be kept in"):
        Evidence(tmp_path / "file")


def test_odd_names_stay_inside_the_folder(tmp_path: Path) -> None:
    witness = Evidence(tmp_path).witness()
    odd = raised(0.0, "../../x: y", stream="../a/b")
    for _ in range(2):
        witness.write(scene(0, odd, stream="../a/b"))
    witness.close()
    pieces = sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("event.json"))
    assert pieces == ["a-b/000000.000-x-y", "a-b/000000.000-x-y-2"]


def test_a_disk_that_fills_up_while_a_clip_is_written_ends_that_clip_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Evidence(tmp_path, before=1, after=2).witness()

    def full(self: Film, picture: np.ndarray, time: float) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    play(witness, 3, raised(2.0), raised(2.5, kind="anomaly.cleared"))
    with monkeypatch.context() as patch:
        patch.setattr(Film, "add", full)
        play(witness, 4, start=3)
    assert len([line for line in caplog.messages if "the disk is full; free some space" in line]) == 1
    play(witness, 9, raised(6.0), start=4)
    witness.close()
    lengths = {path.parent.name: film(path)[-1][0] for path in tmp_path.rglob("clip.mp4")}
    assert lengths == {"000002.000-down": pytest.approx(2, abs=0.3), "000006.000-down": pytest.approx(4, abs=0.4)}
