"""A workout, from the command that a user types."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.command import footlights

SQUATS = "rehearsal:squat?reps=4&pace=1.2&seconds=11&fps=15&width=320&height=240"


@pytest.fixture
def needed(models: Callable[..., None]) -> None:
    models("pose_detection", "pose_landmark_lite", "pose_landmark_full")


@pytest.mark.usefixtures("needed")
def test_a_film_becomes_a_table_a_json_file_and_a_picture(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"workout.{name}" for name in ("json", "png", "mp4")}
    done = footlights(
        "run", "fitness", SQUATS, "--weight", "65", "--age", "30", "--height", "170", "--gender", "female", "--no-page",
        "--record", paths["mp4"], "--summary", paths["json"], "--picture", paths["png"],
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "Workout: squat, 0:1" in done.out and "kcal above rest" in done.out
    (workout,) = json.loads(paths["json"].read_text())
    assert workout["stream"] == "squat" and workout["person"]["gender"] == "female"
    assert workout["kcal"] == pytest.approx(workout["curve"][-1][2], abs=0.2)
    assert sum(row["reps"] for row in workout["exercises"]) in (5, 6)  # 4, and 2 of the next round
    with Image.open(paths["png"]) as picture:
        assert picture.size[0] == 1200
    assert paths["mp4"].stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--weight", "0"), "'weight' must be a number from 20 to 350 (kg), got '0'"),
        (("--age", "old"), "'age' must be a number from 5 to 110 (years), got 'old'"),
        (("--weight", "20", "--height", "80", "--age", "110"), "do not belong to one person"),
        (("--summary", "/nowhere/at/all.json"), "there is no folder /nowhere/at"),
    ],
)
def test_nonsense_is_refused_with_one_line(options: tuple[str, ...], complaint: str) -> None:
    done = footlights("run", "fitness", SQUATS, "--no-page", *options)
    assert done.code == 2
    assert complaint in done.complaint


def test_an_unknown_gender_names_the_choices() -> None:
    done = footlights("run", "calories", SQUATS, "--gender", "none")
    assert done.code == 2 and "'female', 'male', 'unsaid'" in done.err
