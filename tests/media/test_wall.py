import threading
from pathlib import Path

import av
import numpy as np
import pytest

from footlights.core.cue import Badge, Bar, Figure, Outline, Overlay, Strip, Text
from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Pose, Region, Scene, Track
from footlights.media.page.control import StreamStats
from footlights.media.picture import ArrayPicture
from footlights.media.recorder import Recorder
from footlights.media.veil import veiled
from footlights.media.wall import MOST_TILES, SMALLEST, Wall, WallFeed
from tests.media.moving import numbered, read, scene


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def image(wall: Wall) -> np.ndarray:
    return wall.picture().rgb(wall.width, wall.height).astype(int)


def middle(wall: Wall, row: int, column: int) -> np.ndarray:
    """The colour in the middle of a tile."""
    rows, columns = wall.grid
    y, x = round((row + 0.5) * wall.height / rows), round((column + 0.5) * wall.width / columns)
    return image(wall)[y - 4 : y + 4, x - 4 : x + 4].mean(axis=(0, 1))


def filled(count: int, **settings: object) -> Wall:
    wall = Wall(**settings)  # type: ignore[arg-type]
    for index in range(count):
        wall.write(scene(f"s{index}", 40 + 10 * index))
    return wall


@pytest.mark.parametrize(
    ("streams", "grid"),
    [(0, (1, 1)), (1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (4, (2, 2)), (5, (2, 3)), (9, (3, 3)), (16, (4, 4))],
)
def test_the_grid_grows_with_the_streams(streams: int, grid: tuple[int, int]) -> None:
    wall = filled(streams)
    assert wall.grid == grid
    for index in range(streams):
        assert np.abs(middle(wall, *divmod(index, grid[1])) - (40 + 10 * index)).max() < 4


@pytest.mark.parametrize(
    ("rows", "columns", "grid"), [(1, None, (1, 3)), (None, 1, (3, 1)), (2, 3, (2, 3)), (3, None, (3, 1))]
)
def test_rows_and_columns_may_be_set(rows: int | None, columns: int | None, grid: tuple[int, int]) -> None:
    wall = filled(3, rows=rows, columns=columns)
    assert wall.grid == grid
    assert np.abs(middle(wall, *divmod(2, grid[1])) - 60).max() < 4


def test_every_tile_keeps_its_shape() -> None:
    wall = Wall(width=640, height=360)
    wall.write(scene("wide", 200, width=320, height=90))
    wall.write(scene("tall", 200, width=90, height=320))
    bright = image(wall).max(axis=2) > 150
    wide, tall = bright[:, :320], bright[:, 320:]
    assert wide[180].sum() / wide[:, 200].sum() == pytest.approx(320 / 90, rel=0.05)
    assert tall[180].sum() / tall[:, 120].sum() == pytest.approx(90 / 320, rel=0.05)


def test_more_streams_than_there_is_room_for(caplog: pytest.LogCaptureFixture) -> None:
    wall = filled(4, rows=1, columns=2)
    assert wall.grid == (1, 2)
    assert np.abs(middle(wall, 0, 1) - 50).max() < 4
    assert caplog.text.count("room for 2 streams") == 1
    wall.remove("s0")
    assert np.abs(middle(wall, 0, 0) - 50).max() < 4


def test_only_what_changed_is_drawn_again() -> None:
    wall = filled(4)
    wall.picture()
    drawn: list[str] = []
    inner = wall._draw
    wall._draw = lambda cell, tile, *rest: (drawn.append(tile.name), inner(cell, tile, *rest))  # type: ignore[method-assign]
    wall.write(scene("s2", 200))
    assert np.abs(middle(wall, 1, 0) - 200).max() < 4
    assert drawn == ["s2"]
    wall.remove("s0")
    wall.picture()
    assert drawn[1:] == ["s1", "s2", "s3"]


def test_a_picture_that_was_given_stays_as_it_was() -> None:
    wall = filled(1)
    before = wall.picture()
    wall.write(scene("s0", 220))
    wall.picture()
    assert np.abs(before.rgb(1280, 720)[360, 640].astype(int) - 40).max() < 4


def test_a_stream_that_fails_is_dimmed_and_says_since_when_and_comes_back() -> None:
    clock = Clock()
    wall = Wall(clock=clock)
    wall.write(scene("hall", 200))
    clock.now += 5
    wall.state("hall", "retrying", "hall gave no answer in time")
    assert middle(wall, 0, 0).max() < 110
    lost = wall._tiles["hall"].since
    for state in ("connecting", "retrying"):
        clock.now += 5
        wall.state("hall", state)  # type: ignore[arg-type]
    assert wall._tiles["hall"].since == lost
    plate = image(wall)[40:80, 500:780]
    assert (plate[..., 0] - plate[..., 1]).max() > 100  # red: an alarm
    wall.write(scene("hall", 180))
    assert np.abs(middle(wall, 0, 0) - 180).max() < 4


def test_a_live_stream_that_stands_still_is_found_out() -> None:
    clock = Clock()
    wall = Wall(clock=clock)
    wall.write(scene("camera", 200, arrived=1.0))
    wall.write(scene("film", 200))
    clock.now += 10
    assert middle(wall, 0, 0).max() < 110
    assert middle(wall, 0, 1).min() > 190
    wall.write(scene("camera", 200, arrived=2.0))
    assert middle(wall, 0, 0).min() > 190


def test_the_last_picture_of_a_film_stays_dimmed() -> None:
    wall = filled(1)
    wall.write(scene("s0", 200, closing=True))
    assert 40 < middle(wall, 0, 0).max() < 110


def test_a_report_brings_states_and_takes_streams_away() -> None:
    wall = filled(2)
    wall.report({"s0": StreamStats("s0"), "s1": StreamStats("s1"), "new": StreamStats("new", state="connecting")})
    assert wall.names() == ["s0", "s1", "new"]
    wall.write(scene("just begun", 90))
    wall.report({"s0": StreamStats("s0")})
    assert wall.names() == ["s0", "just begun"]
    wall.report({"s0": StreamStats("s0")})
    assert wall.names() == ["s0"]


def test_boxes_names_counts_and_cues_are_drawn() -> None:
    track = Track(3, "can", np.array([40, 30, 80, 70], np.float32), 0.9, 0.0, 0.0)
    plain, known = Wall(width=640, height=360), Wall(width=640, height=360)
    plain.write(scene("line", 90))
    cues = [Badge(3, "down", "alarm"), Bar("full", 0.7, 3), Bar("line", 0.4, None, "top right"), Text("4 fell", "top")]
    known.write(scene("line", 90, tracks=[track], cues=cues))
    changed = np.abs(image(plain) - image(known)).max(axis=2) > 30
    assert changed[120, 160:320].mean() > 0.9  # the upper edge of the box: y 30 of 90, x 40 to 80 of 160
    assert changed[330:, :120].any()  # the count
    assert changed[:40, 250:390].any()  # the text
    assert changed[:60, 500:].any()  # the bar
    assert not changed[150:250, 200:280].any()  # the inside of the box


def test_zones_timelines_and_large_figures_are_drawn() -> None:
    plain, known = Wall(width=640, height=360), Wall(width=640, height=360)
    plain.write(scene("gym", 90))
    zone = Outline(((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)), "door", "alarm")
    strip = Strip(0.0, 10.0, ((1.0, 4.0, "squat"),), ((0.0, 0.2), (9.0, 0.8)), "now")
    broken = Outline(((float("nan"), 0.1), (0.2, 0.2)))
    known.write(scene("gym", 90, cues=[zone, Figure("12", "Squats", "top right"), strip, broken]))
    changed = np.abs(image(plain) - image(known)).max(axis=2) > 30
    assert changed[144, 320:380].mean() > 0.9  # the upper edge of the zone
    assert changed[210:216, 300:340].any()  # its lower edge
    assert changed[:80, 520:].mean() > 0.2  # the figure
    assert changed[330:].mean() > 0.5  # the timeline
    assert not changed[175:205, 310:370].any()  # the inside of the zone


def test_skeletons_are_drawn_where_they_are_seen() -> None:
    xy = np.full((33, 2), np.nan, np.float32)
    xy[[11, 12]] = (40, 45), (120, 45)
    visible = np.zeros(33, np.float32)
    visible[[11, 12]] = 1
    floats = np.zeros((33, 3), np.float32)
    pose = Pose(xy, floats[:, 0], visible, floats, 1.0, Region(80, 45, 90, 0))
    track = Track(1, "person", np.array([20, 10, 140, 80], np.float32), 0.9, 0.0, 0.0, pose=pose)
    wall = Wall(width=640, height=360)
    wall.write(scene("gym", 90, tracks=[track]))
    shown = image(wall)
    assert np.ptp(shown[174:188, 320].max(axis=1)) > 60
    assert np.ptp(shown[280:300, 320].max(axis=1)) < 20


def test_overlays_are_laid_over_the_picture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    svg = tmp_path / "dot.svg"
    svg.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#f00"/></svg>'
    )
    wall = Wall(width=640, height=360, pictures={"dot": svg})
    cues = [Overlay("dot", 80, 45, 20), Overlay("missing.png", 20, 20, 10), Overlay("dot", float("nan"), 1, 9)]
    for _ in range(2):
        wall.write(scene("party", 90, cues=cues))
        shown = image(wall)
    assert shown[180, 320, 0] > 230
    assert shown[180, 320, 1] < 30
    assert shown[180, 380, 0] < 120
    assert caplog.text.count("missing.png") == 1


def test_streams_of_both_colour_matrices_look_alike() -> None:
    wall = Wall()
    picture = np.full((90, 160, 3), (200, 40, 60), np.uint8)
    wall.write(Scene(Frame(numbered(0), 0.0, "decoded", 0)))
    wall.write(Scene(Frame(ArrayPicture(picture), 0.0, "drawn", 0)))
    for matrix in ("bt601", "bt709"):
        wall.matrix = matrix  # type: ignore[assignment]
        wall._layout = None
        assert np.abs(middle(wall, 0, 1) - (200, 40, 60)).max() <= 5
        assert wall.picture().matrix == matrix


def test_what_is_veiled_stays_veiled() -> None:
    whole = numbered(0b101010101010, width=192, height=96)
    behind = Scene(Frame(veiled(whole, [np.array([0, 48, 192, 96], np.float32)]), 0.0, "hall", 0))
    open_wall, wall = Wall(width=384, height=192), Wall(width=384, height=192)
    open_wall.write(Scene(Frame(whole, 0.0, "hall", 0)))
    wall.write(behind)
    assert np.ptp(image(open_wall)[100:190].max(axis=2), axis=1).max() > 150
    assert np.ptp(image(wall)[110:180, 10:370].max(axis=2), axis=1).max() < 60


@pytest.mark.parametrize("size", [(63, 64), (641, 360), (640, 5000)])
def test_sizes_that_cannot_be_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(SettingsError, match="even numbers"):
        Wall(width=size[0], height=size[1])


@pytest.mark.parametrize("grid", [{"rows": 0}, {"rows": 23}, {"columns": 41}])
def test_grids_that_cannot_be_are_refused(grid: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="a wall of 1280x720 has 1 to"):
        Wall(**grid)


@pytest.mark.parametrize("size", [(64, 64), (1280, 64), (64, 720), (160, 160), (1280, 720)])
@pytest.mark.parametrize("grid", [{}, {"rows": 1}, {"columns": 1}, {"rows": 2, "columns": 2}])
def test_a_wall_of_any_size_holds_any_number(size: tuple[int, int], grid: dict[str, int]) -> None:
    wall = Wall(width=size[0], height=size[1], **grid)
    for index in range(70):
        wall.write(scene(f"s{index}", 100, width=16, height=9))
        rows, columns = wall.grid
        assert rows * columns <= MOST_TILES + columns
        assert size[0] / columns >= SMALLEST
        assert size[1] / rows >= SMALLEST
    assert wall.picture().width == size[0]


def test_many_threads_may_write_while_one_looks() -> None:
    wall = Wall(width=320, height=180)
    faults: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for index in range(60):
                wall.write(scene(name, index))
                if index % 20 == 19:
                    wall.remove(name)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(f"s{index}",)) for index in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        wall.picture()
    assert not faults
    assert wall.names() == []


def test_the_wall_can_be_recorded(tmp_path: Path) -> None:
    path = tmp_path / "wall.mp4"
    feed = WallFeed(Wall(width=384, height=96), [Recorder(path)], fps=25)
    for index in range(50):
        feed.write(Scene(Frame(numbered(index), index / 25, "left", index)))
        feed.write(Scene(Frame(numbered(2000 + index), index / 25, "right", index)))
    feed.close()
    with av.open(path) as opened:
        frames = list(opened.decode(video=0))
    shown = [frame.to_ndarray(format="rgb24") for frame in frames]
    assert len(shown) == 50
    assert frames[-1].time == pytest.approx(49 / 25, abs=0.01)
    assert [read(picture[:, :192]) for picture in shown[1:]] == list(range(1, 50))
    assert [read(picture[:, 192:]) for picture in shown[1:]] == list(range(2000, 2049))  # it came after the picture


def test_a_recording_of_a_fast_camera_keeps_the_walls_rate(tmp_path: Path) -> None:
    counted: list[float] = []

    class Count:
        def write(self, scene: Scene) -> None:
            assert scene.frame.stream == "wall"
            counted.append(scene.frame.time)

        def close(self) -> None:
            counted.append(-1.0)

    feed = WallFeed(Wall(width=64, height=64), [Count()], fps=10)
    for index in range(120):
        feed.write(scene("fast", 90, arrived=100 + index / 60))
    feed.close()
    assert counted.pop() == -1.0
    assert len(counted) == 20
    assert counted[0] == 0
    assert max(np.diff(counted)) < 0.13
