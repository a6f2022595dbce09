"""A project on disk: what may enter it, and that nothing leaves it."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from footlights.core.errors import SettingsError, SourceError
from footlights.studio import intake
from footlights.studio.manifest import Item
from footlights.studio.project import Project

HOSTILE = (
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/abs/olute.jpg",
    "con.jpg",
    ".hidden",
    "a\x00b.jpg",
    "",
    "...",
    "ä/ö.png",
)


def picture(seed: int, form: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    rng = np.random.default_rng(seed)
    spots = rng.integers(0, 256, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Pillow.fromarray(spots).resize(size, Pillow.Resampling.NEAREST).save(out, form)
    return out.getvalue()


def clip(path: Path, seed: int, frames: int = 12) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            image = np.full((48, 64, 3), (seed * 37 + 9 * number) % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    return path


def photos(folder: Path, count: int = 12) -> Project:
    project = Project.create(folder / "project", "photos", "Crossed", ("x", "not_x"))
    for number in range(count):
        for kind, label in enumerate(project.labels):
            project.add(picture(1000 * kind + number), label, name=f"day{number // 3}-{number}.jpg")
    return project


def test_a_project_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = photos(tmp_path, 3)
    made.set_training({"epochs": 3, "crop": "person"})
    read = Project.open(made.folder)
    assert (read.kind, read.title, read.labels) == ("photos", "Crossed", ("x", "not_x"))
    assert read.training == {"epochs": 3, "crop": "person"}
    assert read.items() == made.items()
    assert read.items("x")[0].path == "photos/x/day0-0.jpg"
    assert read.items("x")[0].recording == "day0"
    assert all((read.folder / item.path).is_file() for item in read.items())


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leaves_the_project(tmp_path: Path, name: str) -> None:
    project = Project.create(tmp_path / "inner" / "project", "photos", labels=("x", "y"))
    item = project.add(picture(1), "x", name=name, recording=name)
    path = (project.folder / item.path).resolve()
    assert path.is_file() and path.parent == (project.folder / "photos" / "x").resolve()
    assert {found for found in tmp_path.rglob("*") if found.is_file()} == {
        path, project.folder / "project.toml", project.folder / "manifest.csv",
    }  # fmt: skip


@pytest.mark.parametrize("label", ["../up", "a/b", "", " ", ".", "nul", "x" * 61, "a\nb", 'a"b', "a,b"])
def test_a_label_is_a_plain_word(tmp_path: Path, label: str) -> None:
    with pytest.raises(SettingsError, match="cannot be a label"):
        Project.create(tmp_path / "project", "photos", labels=("x", label))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture(1)[:200],
    ],
    ids=["nothing", "text", "playlist", "svg", "half a picture"],
)
@pytest.mark.parametrize("kind", ["photos", "clips"])
def test_only_what_decodes_is_taken(tmp_path: Path, kind: str, content: bytes) -> None:
    project = Project.create(tmp_path / "project", kind, labels=("x", "y"))  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=r"holiday\.(jpg|mp4)"):
        project.add(content, "x", name="holiday.jpg" if kind == "photos" else "holiday.mp4")
    assert not project.items()
    assert sorted(path.name for path in project.folder.iterdir()) == ["manifest.csv", "project.toml"]


def test_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project.create(tmp_path / "project", "photos", labels=("x", "y"))
    monkeypatch.setitem(intake.LARGEST, "picture", 100)
    with pytest.raises(SourceError, match="a picture may have"):
        project.add(picture(1), "x")


def test_what_it_is_says_the_content_not_the_name(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "photos", labels=("x", "y"))
    assert project.add(picture(1, "PNG"), "x", name="really.exe").path == "photos/x/really.png"
    films = Project.create(tmp_path / "films", "clips", labels=("x", "y"))
    assert films.add(clip(tmp_path / "a.mkv", 1), "x", split="valid").path == "videos_valid/x/a.webm"
    assert films.add(clip(tmp_path / "b.mp4", 2)).path == "recordings/b.mp4"
    assert [item.name for item in films.examples()] == ["a.webm"]


def test_the_same_file_does_not_come_twice(tmp_path: Path) -> None:
    project = photos(tmp_path, 2)
    with pytest.raises(SourceError, match=r"in the project already: photos/x/day0-0\.jpg"):
        project.add(picture(0), "not_x", name="again.jpg")


def test_a_removal_can_be_undone(tmp_path: Path) -> None:
    project = photos(tmp_path, 4)
    before = {(item.label, item.sha256) for item in project.items()}
    assert project.remove_label("x") == 4
    assert project.labels == ("not_x",) and not list((project.folder / "photos" / "x").iterdir())
    assert len(project.undo()) == 4
    assert {(item.label, item.sha256) for item in project.items()} == before
    assert Project.open(project.folder).labels == ("not_x", "x")
    assert project.undo() == []


def test_boxes_follow_their_frame(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "boxes", labels=("can",))
    item = project.add(picture(1), name="line-0001.jpg")
    project.boxes_file(item).parent.mkdir()
    project.boxes_file(item).write_text("0 0.5 0.5 0.1 0.1\n")
    project.remove([item.path])
    assert not (project.folder / "labels" / "line-0001.txt").exists()
    project.undo()
    assert project.boxes_file(item).read_text() == "0 0.5 0.5 0.1 0.1\n"
    with pytest.raises(SettingsError, match="frames have no label of their own"):
        project.add(picture(2), "can")


def test_recordings_stay_on_one_side(tmp_path: Path) -> None:
    project = photos(tmp_path, 15)
    assert project.split(seed=3) == []
    sides: dict[str, set[str]] = {}
    for item in project.items():
        sides.setdefault(item.recording, set()).add(item.split)
    assert len(sides) == 5 and all(len(side) == 1 for side in sides.values())
    assert {item.split for item in project.items("x")} == {"train", "valid"}
    assert project.leaks() == []


def test_a_class_of_one_recording_is_cut_in_order_and_it_is_said(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "photos", labels=("x", "y"))
    for number in range(20):
        for kind, label in enumerate("xy"):
            project.add(picture(100 * kind + number), label, name=f"burst-{number}.jpg", recording=f"burst {label}")
    lines = project.split()
    assert len(lines) == 2 and "one recording" in lines[0]
    valid = [item.name for item in project.items("x") if item.split == "valid"]
    assert valid == [f"burst-{number}.jpg" for number in range(16, 20)]
    assert any("recording 'burst_x' of 'x' is in train and in valid" in line for line in project.leaks())


def test_leaks_are_found(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "photos", labels=("x", "y"))
    project.add(picture(1), "x", name="a.jpg", split="train")
    project.add(picture(1, "PNG", (200, 150)), "x", name="b.png", split="valid")
    project.add(picture(2), "y", name="c.jpg", split="train")
    project.add(picture(3), "y", name="d.jpg", split="valid")
    assert project.leaks() == [
        "nearly the same picture is in train and in valid, 1 times, such as photos/x/a.jpg and photos/x/b.png"
    ]


def test_the_same_clip_written_anew_is_a_leak(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "clips", labels=("x", "y"))
    project.add(clip(tmp_path / "a.mp4", 1), "x", split="train")
    project.add(clip(tmp_path / "b.mkv", 1), "x", split="valid")
    assert "nearly the same clip" in project.leaks()[0]


def test_clips_lie_where_their_side_is(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "clips", labels=("x", "y"))
    for seed in range(4):
        project.add(clip(tmp_path / f"film{'abcd'[seed]}.mp4", seed), "xy"[seed % 2])
    project.split(share=0.5)
    for item in project.items():
        assert item.path.startswith(f"videos_{item.split}/{item.label}/") and project.file(item).is_file()
    assert {item.split for item in project.items("x")} == {"train", "valid"}


@pytest.mark.parametrize(
    ("labels", "added", "line"),
    [
        ((), (), "holds no photos yet"),
        (("x", "y"), ("x",), "photos of 'x' only"),
        (("x", "y"), ("x", "y"), "no photos of .x. in valid"),
    ],
)
def test_sets_that_teach_nothing_are_refused_in_one_line(
    tmp_path: Path, labels: tuple[str, ...], added: tuple[str, ...], line: str
) -> None:
    project = Project.create(tmp_path / "project", "photos", "Mine", labels)
    for seed, label in enumerate(added):
        project.add(picture(seed), label)
    with pytest.raises(SettingsError, match=line) as caught:
        project.check()
    assert "\n" not in str(caught.value)


def test_files_put_there_by_hand_are_found(tmp_path: Path) -> None:
    project = photos(tmp_path, 2)
    (project.folder / "photos" / "third").mkdir()
    (project.folder / "photos" / "third" / "own-1.jpg").write_bytes(picture(77))
    (project.folder / "photos" / "third" / "broken.jpg").write_bytes(b"no")
    (project.folder / project.items("x")[0].path).unlink()
    new, gone, lines = project.refresh()
    assert [item.path for item in new] == ["photos/third/own-1.jpg"]
    assert gone == ["photos/x/day0-0.jpg"] and "broken.jpg" in lines[0]
    assert Project.open(project.folder).labels == ("x", "not_x", "third")


def test_a_label_is_renamed_with_its_folder(tmp_path: Path) -> None:
    project = photos(tmp_path, 2)
    project.rename_label("not_x", "nothing")
    assert project.labels == ("x", "nothing")
    assert [item.path for item in project.items("nothing")] == [
        "photos/nothing/day0-0.jpg",
        "photos/nothing/day0-1.jpg",
    ]
    with pytest.raises(SettingsError, match="cannot be called 'x'"):
        project.rename_label("nothing", "x")


def test_only_files_of_the_manifest_are_handed_out(tmp_path: Path) -> None:
    project = photos(tmp_path, 1)
    for wrong in ("project.toml", "../secret", "/etc/passwd", "photos/x/../../project.toml"):
        with pytest.raises(SourceError, match="has no file"):
            project.file(wrong)


def test_a_manifest_that_is_wrong_says_where(tmp_path: Path) -> None:
    project = photos(tmp_path, 1)
    path = project.folder / "manifest.csv"
    path.write_text(path.read_text().replace(",train,", ",test,"))
    with pytest.raises(SettingsError, match=r"manifest\.csv, line 2: the split is 'test'"):
        project.items()


def test_runs_are_numbered_and_an_interrupted_one_goes_on(tmp_path: Path) -> None:
    project = photos(tmp_path, 1)
    first = project.new_run()
    assert project.unfinished() is None
    (first.folder / "checkpoint.pt").write_bytes(b"x")
    assert project.unfinished() == first
    (first.folder / "model.zip").write_bytes(b"x")
    assert project.unfinished() is None and project.new_run().name == "002"


def test_the_digest_knows_content_and_label_but_no_names(tmp_path: Path) -> None:
    first, second = photos(tmp_path / "a", 3), Project.create(tmp_path / "b", "photos", labels=("x", "not_x"))
    for item in reversed(first.items()):
        second.add((first.folder / item.path).read_bytes(), item.label, name="other")
    assert first.digest() == second.digest()
    second.move([second.items("x")[0].path], label="not_x")
    assert first.digest() != second.digest()
    assert isinstance(second.items()[0], Item)
