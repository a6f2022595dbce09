"""Movements of one's own from four clips a class: how many new clips are known, and how long it takes to learn.

    python bench/quality/clips.py [FOLDER]

Five movements that no net of the package has a name for (`tests/studio/clips/motions`), drawn: four clips of each to
learn from, of five people in any room, seen down to the waist or the knees; six of each to judge with, of five other
people, also seen from further away. Everybody stands turned up to 35° to either side, and does it at their own pace.
FOLDER keeps what is made, so that a second run takes it from there.

Exit status 1 where less than 90 % of the new clips are known, or learning, seeing the clips included, takes more than
600 s of processor time, which two cores have in five minutes.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from footlights.studio.project import Project
from footlights.studio.report import told
from footlights.studio.train import train
from footlights.studio.watching import Watcher
from tests.studio.clips.films import LABELS, film

ASKED, SECONDS = 0.9, 600.0
TRAIN, VALID = 4, 6  # clips of each class


def main() -> int:
    if len(sys.argv) > 1:
        return measure(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder) / "project")


def measure(folder: Path) -> int:
    """Everything, printed; the exit status."""
    if not folder.is_dir():
        make(Project.create(folder, "clips", "Movements", LABELS))
    project = Project.open(folder)
    before, began = time.process_time(), time.monotonic()
    run = train(project, Watcher(say=print), resume=False)
    seconds, used = time.monotonic() - began, time.process_time() - before
    report = run.report
    assert report is not None
    print(f"{told(report)}\nlearning took {seconds:.0f} s, {used:.0f} s of processor time")
    print(f"{report['valid']['false_a_minute']} false beginnings a minute of generated everyday movements")
    return 0 if report["valid"]["accuracy"] >= ASKED and used <= SECONDS else 1


def make(project: Project) -> None:
    """Draw all clips."""
    with tempfile.TemporaryDirectory() as place:
        for kind, label in enumerate(LABELS):
            for number in range(TRAIN):
                name, framing = f"{label}_t{'abcd'[number]}", ("upper", "knees")[number % 2]
                path = film(Path(place) / f"{name}.mp4", label, 100 + 10 * kind + number, (number + kind) % 5, framing)
                project.add(path, label, split="train")
            for number in range(VALID):
                name, framing = f"{label}_v{'abcdef'[number]}", ("upper", "knees", "full")[number % 3]
                seed, look = 500 + 10 * kind + number, 5 + (number + kind) % 5
                project.add(film(Path(place) / f"{name}.mp4", label, seed, look, framing), label, split="valid")
            print(f"made clips of {label}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
