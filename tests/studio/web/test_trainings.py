"""Trainings in a process of their own: progress, stop, resume, failure; one at a time."""

import sys
import time
from pathlib import Path

import pytest

from footlights.core.errors import SettingsError
from footlights.studio.project import Project
from footlights.studio.web.training import Trainings
from tests.studio.web.conftest import picture

LEARNS = """
import json, signal, sys, time
stopped = []
signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
print(json.dumps({"look": [2, 4]}), flush=True)
print(json.dumps({"say": "careful: it leaks"}), flush=True)
for epoch in range(1, EPOCHS + 1):
    print(json.dumps({"epoch": epoch, "epochs": EPOCHS, "loss": 1 / epoch, "left": EPOCHS - epoch}), flush=True)
    while HOLD and not stopped:
        time.sleep(0.01)
    if stopped:
        print("footlights: stopped", flush=True)
        sys.exit(1)
"""
FAILS = "print('a line'); print('footlights: there is nothing to learn'); raise SystemExit(2)"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "p", "photos", "p", ["x", "y"])
    for number, (label, side) in enumerate([("x", "train"), ("y", "train"), ("x", "valid"), ("y", "valid")]):
        made.add(picture(number), label, name=f"r{number}_1.jpg", split=side)  # type: ignore[arg-type]
    return made


def trainings(code: str) -> Trainings:
    return Trainings(lambda folder: [sys.executable, "-c", code])


def until(found: Trainings, *phases: str) -> None:
    deadline = time.monotonic() + 30
    while found.progress.phase not in phases:
        assert time.monotonic() < deadline, found.progress
        time.sleep(0.01)


def test_its_progress_is_heard(project: Project) -> None:
    found = trainings(LEARNS.replace("EPOCHS", "3").replace("HOLD", "False"))
    found.start(project)
    until(found, "ended")
    assert [line["epoch"] for line in found.progress.epochs] == [1, 2, 3]
    assert list(found.progress.lines) == ["careful: it leaks"]
    assert found.progress.share == 1.0 and found.progress.doing == "done"


def test_it_is_stopped_by_an_interrupt_and_only_one_runs(project: Project) -> None:
    found = trainings(LEARNS.replace("EPOCHS", "3").replace("HOLD", "True"))
    found.start(project)
    with pytest.raises(SettingsError, match="runs already"):
        found.start(project)
    while not found.progress.epochs:
        time.sleep(0.01)
    assert 0.15 < found.progress.share < 0.6
    found.stop()
    until(found, "stopped")
    assert found.progress.problem == ""


def test_what_went_wrong_is_told_in_one_line(project: Project) -> None:
    found = trainings(FAILS)
    found.start(project)
    until(found, "failed")
    assert found.progress.problem == "there is nothing to learn"


def test_the_end_of_the_studio_ends_it(project: Project) -> None:
    found = trainings(LEARNS.replace("EPOCHS", "3").replace("HOLD", "True"))
    found.start(project)
    while not found.progress.epochs:
        time.sleep(0.01)
    found.close()
    until(found, "stopped")


def test_an_empty_project_is_refused_before_anything_starts(tmp_path: Path) -> None:
    found = trainings(FAILS)
    with pytest.raises(SettingsError, match="add some first"):
        found.start(Project.create(tmp_path / "p", "photos", "p", ["x", "y"]))
    assert found.progress.phase == "idle"
