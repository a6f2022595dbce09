"""Moments with labels: as CSV, as Label Studio and CVAT write them, and cut into clips."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.core.errors import SettingsError, SourceError
from footlights.media.video import VideoFile
from footlights.studio.clips.cutting import cut_tagged, mirrored, other_side
from footlights.studio.clips.tags import (
    Form,
    Segment,
    checked,
    from_csv,
    from_json,
    painted,
    read_form,
    read_tags,
    to_csv,
    to_form,
    write_tags,
)
from footlights.studio.project import Project
from tests.studio.test_project import clip

FPS = 25.0


@st.composite
def segments(draw: st.DrawFn) -> list[Segment]:
    """Segments on whole frames that do not overlap."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(3, 60)), min_size=1, max_size=6))
    found, now = [], 0
    for gap, length in lengths:
        label = draw(st.sampled_from(["up", "down, or so", 'with "quotes"', "background"]))
        found.append(Segment(round((now + gap) / FPS, 4), round((now + gap + length) / FPS, 4), label))
        now += gap + length + 1
    return found


@given(segments(), st.sampled_from(["csv", "label-studio", "cvat"]))
def test_every_form_gives_back_what_it_was_given(found: list[Segment], form: Form) -> None:
    text = to_form(found, form, FPS, "film.mp4")
    back = from_csv(text) if form == "csv" else from_json(text, form, FPS)
    assert back == sorted(found)


def test_what_label_studio_and_cvat_write_is_read() -> None:
    told = [{"data": {"video": "a.mp4"}, "annotations": [{"result": [
        {"type": "timelinelabels", "value": {"ranges": [{"start": 26, "end": 50}], "timelinelabels": ["up"]}},
        {"type": "labels", "value": {"start": 3.5, "end": 4.25, "labels": ["down"]}},
        {"type": "choices", "value": {"choices": ["good"]}},
    ]}]}]  # fmt: skip
    assert from_json(json.dumps(told), "label-studio", FPS) == [Segment(1.0, 2.0, "up"), Segment(3.5, 4.25, "down")]
    shape = {"type": "rectangle", "points": [0, 0, 9, 9]}
    job: Any = [{"version": 0, "shapes": [], "tags": [{"frame": n, "label": "up"} for n in (5, 6, 7, 8, 30, 31, 32)],
             "tracks": [{"label": "down", "frame": 50, "shapes": [
                 {**shape, "frame": 50, "outside": False}, {**shape, "frame": 75, "outside": True}]}]}]  # fmt: skip
    assert from_json(json.dumps(job), "cvat", FPS) == [
        Segment(0.2, 0.36, "up"), Segment(1.2, 1.32, "up"), Segment(2.0, 3.0, "down"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["[", "{}", '[{"annotations": [{"result": [{"value": 3}]}]}]', "[3]"])
@pytest.mark.parametrize("form", ["label-studio", "cvat"])
def test_something_else_is_refused_in_one_line(tmp_path: Path, text: str, form: Form) -> None:
    (tmp_path / "tags.json").write_text(text)
    with pytest.raises(SettingsError, match=r"tags\.json") as caught:
        read_form(tmp_path / "tags.json", form, FPS)
    assert "\n" not in str(caught.value)


def test_painting_makes_segments_that_last_to_the_next_moment() -> None:
    moments = [(1.0, "up"), (2.0, "background"), (3.0, ""), (4.5, "up")]
    assert painted(moments, 6.0) == [Segment(1, 2, "up"), Segment(2, 3, "background"), Segment(4.5, 6, "up")]


def test_segments_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SettingsError, match="shorter than"):
        checked([Segment(1.0, 1.02, "up")])
    with pytest.raises(SettingsError, match=r"overlap at 1\.50 s"):
        checked([Segment(1, 2, "up"), Segment(1.5, 3, "background")])
    with pytest.raises(SettingsError, match="begin and an end"):
        checked([Segment(float("nan"), 2, "up")])
    with pytest.raises(SettingsError, match="line 3 is not"):
        from_csv("begin,end,label\n0,1,up\nx,2,up\n")
    with pytest.raises(SourceError, match="cannot be read"):
        read_form(Path("nowhere.csv"), "csv", FPS)


def test_a_recording_is_cut_at_its_tags_and_each_clip_once(tmp_path: Path) -> None:
    project = Project.create(tmp_path / "project", "clips", labels=("wave_left",))
    item = project.add(clip(tmp_path / "long.mp4", 1, frames=60))
    with pytest.raises(SettingsError, match="no tags yet"):
        cut_tagged(project, item)
    found = [Segment(0, 1, "background"), Segment(1, 1.5, "wave_left"), Segment(2, 3, "jump")]
    write_tags(project.file(item), found)
    assert read_tags(project.file(item)) == found
    assert to_csv(found).splitlines()[2] == "1,1.5,wave_left"
    made = cut_tagged(project, item)
    assert [one.label for one in made] == ["background", "wave_left", "jump"]
    assert {one.recording for one in made} == {"long"} and project.labels == ("wave_left", "background", "jump")
    assert [len(list(VideoFile(str(project.file(one)), "x", "x").frames())) for one in made] == [20, 10, 20]
    assert cut_tagged(project, item) == []


def test_a_mirror_image_is_one_and_its_label_says_the_other_side(tmp_path: Path) -> None:
    import av

    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", 20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            image = np.zeros((48, 64, 3), np.uint8)
            image[:, :20] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())
    project = Project.create(tmp_path / "project", "clips", labels=("wave_left", "x"))
    item = mirrored(project, project.add(path, "wave_left", split="valid"))
    assert (item.label, item.split, item.recording) == ("wave_right", "valid", "film")
    picture = next(iter(VideoFile(str(project.file(item)), "x", "x").frames())).rgb()
    assert picture[:, -15:].mean() > 240 and picture[:, :40].mean() < 15
    assert other_side("left_hook, leftover, right") == "right_hook, leftover, left"
