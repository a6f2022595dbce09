"""Trainings, as the same command that a user types, in a process of its own: the pages stay quick."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from footlights.core.errors import SettingsError
from footlights.studio.project import Kind, ModelRun, Project

log = logging.getLogger(__name__)
KEPT = 200  # lines that are kept of what a training says
LOOKING = 0.15  # share of the whole that looking at everything is taken for
JUDGING = "judging it, and writing the model"
FAREWELL = 20.0  # seconds that a training may take to stop, before it is ended
USUAL: Mapping[Kind, int] = {"photos": 20, "clips": 25, "boxes": 30}  # epochs where nothing is said
Phase = Literal["idle", "running", "stopping", "stopped", "ended", "failed"]


@dataclass
class Progress:
    """How far a training has come. Written by the thread that listens to it, read by everybody."""

    project: str = ""  # the project's folder
    phase: Phase = "idle"
    doing: str = ""  # what it does now, for people
    done: int = 0
    count: int = 0  # of what it does now
    planned: int = 0  # epochs
    epochs: list[dict[str, Any]] = field(default_factory=list)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))
    learning: bool = False  # False: it still looks at everything
    began: float = 0.0  # the first step, by the monotonic clock
    problem: str = ""  # why it failed

    @property
    def share(self) -> float:
        """0..1 of the whole."""
        if self.phase == "ended":
            return 1.0
        part = self.done / self.count if self.count else 0.0
        if not self.learning:
            return LOOKING * part
        over = int(self.epochs[-1]["epoch"]) if self.epochs else 0
        return min(0.98, LOOKING + (1 - LOOKING) * (over + part) / max(1, self.planned))

    @property
    def left(self) -> float | None:
        """Seconds until it is over, about; None while that cannot be told."""
        if self.doing == JUDGING:
            return None
        if self.epochs:
            return float(self.epochs[-1]["left"])
        if not self.learning or self.done < 2:
            return None
        return (time.monotonic() - self.began) / (self.done - 1) * (self.count * self.planned - self.done)


class Trainings:
    """One training at a time. Its process ends with this one. `command`: what is run for a project's folder."""

    def __init__(self, command: Callable[[Path], Sequence[str]] | None = None) -> None:
        self.progress = Progress()
        self._command = command or _command
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def running(self) -> bool:
        """True while a training runs or stops."""
        return self.progress.phase in ("running", "stopping")

    def start(self, project: Project) -> None:
        """Begin a training, or go on with the one that was stopped. Raises SettingsError where one runs already, or
        where there is nothing to learn from.
        """
        project.check(both=False)  # it divides the examples itself where they are not divided
        with self._lock:
            if self.running():
                raise SettingsError(f"a training runs already, of {Path(self.progress.project).name}; stop it first")
            before, goes_on = self.progress, project.unfinished() is not None
            self.progress = Progress(str(project.folder), "running", "starting")
            self.progress.planned = int(project.training.get("epochs", USUAL[project.kind]))
            if goes_on and before.project == self.progress.project:
                self.progress.epochs = before.epochs
            self._process = subprocess.Popen(
                self._command(project.folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # Ctrl-C in the terminal is for the studio, which then stops it
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        listener = threading.Thread(target=self._listen, args=(self._process, self.progress), name="training")
        listener.daemon = True
        listener.start()

    def stop(self) -> None:
        """Ask the training to stop; what it has learned is kept."""
        with self._lock:
            if self.progress.phase == "running" and self._process is not None:
                self.progress.phase, self.progress.doing = "stopping", "stopping"
                self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Stop, and wait until it has."""
        self.stop()
        process = self._process
        if process is None:
            return
        try:
            process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()

    def _listen(self, process: "subprocess.Popen[str]", progress: Progress) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with contextlib.suppress(KeyError, TypeError, ValueError):  # a line of another kind is only shown
                if _told(progress, json.loads(line)):
                    continue
            if line.strip():
                progress.lines.append(line.strip()[:500])
        process.stdout.close()
        code = process.wait()
        if code == 0:
            progress.phase, progress.doing = "ended", "done"
        elif progress.phase == "stopping":
            progress.phase, progress.doing = "stopped", "stopped; it can be resumed"
        else:
            progress.problem = progress.lines[-1] if progress.lines else f"it ended with {code}"
            progress.problem = progress.problem.removeprefix("footlights: ")
            progress.phase, progress.doing = "failed", "failed"


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "footlights", "studio", "train", str(folder), "--json"]


def _told(progress: Progress, told: dict[str, Any]) -> bool:
    """Take over what a line of progress says; False where it is none."""
    if "epoch" in told and "loss" in told:
        progress.epochs.append(told)
        progress.planned, progress.learning = int(told["epochs"]), True
        last = int(told["epoch"]) >= progress.planned
        progress.doing = JUDGING if last else f"epoch {told['epoch']} of {progress.planned}"
        progress.done, progress.count = 0, 0
    elif "look" in told:
        progress.doing, (progress.done, progress.count) = "looking at everything once", told["look"]
    elif "step" in told:
        if not progress.learning:
            progress.learning, progress.began, progress.doing = True, time.monotonic(), "the first epoch"
        progress.done, progress.count = told["step"]
    elif "say" in told:
        progress.lines.append(str(told["say"]))
    else:
        return False
    return True


def describe(run: ModelRun) -> str:
    """A training, for people: its number, how good it is, when it was made."""
    report = run.report
    if report is None:
        return f"{run.name}, not judged" if run.model is not None else f"{run.name}, not ended"
    valid = report["valid"]
    score = valid.get("accuracy", valid.get("map50", 0.0))
    what = "right" if "accuracy" in valid else "mAP50"
    return f"{run.name}: {score:.1%} {what}, {str(report['made'])[:16].replace('T', ' ')}"
