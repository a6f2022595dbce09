"""Faces become emojis, from the command that a user types."""

import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.cli.command import PLAIN, footlights

FACES = "rehearsal:idle?people=2&camera=upper&seconds=4&fps=10&seed=3"


@pytest.fixture(autouse=True)
def needed(models: Callable[..., None]) -> None:
    models("face_detection_full_range_sparse")


def last_picture(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))[-1].to_ndarray(format="rgb24").astype(int)


def recorded(path: Path, *arguments: str | Path) -> tuple[np.ndarray, str]:
    """The last picture of what was recorded, and what was printed."""
    done = footlights("run", *arguments, FACES, "--no-page", "--json", "--record", path)
    assert done.code == 0, done.err
    return last_picture(path), done.out


@pytest.fixture
def plain(tmp_path: Path) -> np.ndarray:
    """The last picture as the camera sees it."""
    app = tmp_path / "plain.py"
    app.write_text(PLAIN)
    return recorded(tmp_path / "plain.mp4", app)[0]


def test_everybody_gets_an_emoji(plain: np.ndarray, tmp_path: Path) -> None:
    covered, out = recorded(tmp_path / "covered.mp4", "emoji")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["kind"] for event in events].count("face.appeared") == 2
    assert events[-1]["kind"] == "mood.summary"
    changed = np.abs(plain - covered).max(axis=2) > 40
    assert 0.004 < changed.mean() < 0.1


def test_with_privacy_nobody_can_be_known(plain: np.ndarray, tmp_path: Path) -> None:
    private, _ = recorded(tmp_path / "private.mp4", "emoji", "--privacy")

    def detail(picture: np.ndarray) -> float:
        below_the_faces = picture[300:].mean(axis=2)
        return float(np.abs(np.diff(below_the_faces, axis=1)).max())

    assert detail(private) < 0.2 * detail(plain)


def test_an_unknown_detector_is_named() -> None:
    done = footlights("run", "emoji", FACES, "--no-page", "--detector", "yunett")
    assert done.code == 2
    assert "yunet" in done.complaint
