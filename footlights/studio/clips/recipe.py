"""A whole training: from clips in class folders to a recogniser that the engine loads, with its report."""

import hashlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from footlights.core.errors import SinkError
from footlights.core.frame import Image
from footlights.media.snapshot import jpeg
from footlights.studio import report as reports
from footlights.studio.checkpoint import read, save
from footlights.studio.clips.dataset import Clip, SeenClip, check, labels_of, look, scarce
from footlights.studio.clips.export import export
from footlights.studio.clips.net import ClipStepper
from footlights.studio.clips.scores import Judged, alarms, begins, choose_thresholds
from footlights.studio.clips.seeing import PeopleEye, PictureEye, frames, rows_of
from footlights.studio.clips.training import Run, Settings
from footlights.studio.emotion import measures
from footlights.studio.report import Mistake, Report
from footlights.studio.trained_net import keep
from footlights.studio.watching import Count, Watcher

QUIET_CLIPS, QUIET_SECONDS = 15, 20.0  # of generated everyday movements, on which false alarms are counted
COLDEST = 0.5  # temperature of the calibration: few clips, all of them right, would make it sure of everything
STRIP, TALL = 5, 180  # pictures of a mistake, and pixels of their height


def train(
    train_clips: Sequence[Clip], valid_clips: Sequence[Clip], out: Path, cache: Path, settings: Settings,
    watcher: Watcher, order: Sequence[str] = (), threads: int = 2,
) -> Report:  # fmt: skip
    """Train on clips, or go on with the checkpoint in `out`. `order`: of the classes. `cache`: where it is kept what is
    seen in clips. Writes checkpoint.pt, model.onnx, model.zip, its card and labels, report.json, curves.csv, worst/.

    Raises SettingsError (nothing to learn; a checkpoint of other settings), SinkError (`out`), ModelError.
    """
    torch.set_num_threads(threads)
    check(train_clips, valid_clips)
    for text in scarce(train_clips):
        watcher.say(text)
    labels = labels_of(train_clips, order)
    clips = [*train_clips, *valid_clips]
    view, began = settings.backbone, time.monotonic()
    seen = look(clips, view, cache, watcher.look, watcher.say, threads)
    learned, judged_on = ([one for one in seen if one.clip in part] for part in (train_clips, valid_clips))
    check([one.clip for one in learned], [one.clip for one in judged_on])
    try:
        out.mkdir(parents=True, exist_ok=True)
        run = Run(settings, labels, learned, judged_on)
        checkpoint = out / "checkpoint.pt"
        if checkpoint.exists():
            run.restore(read(checkpoint))
        while not run.ended:
            line = run.epoch(_checking(watcher))
            save(checkpoint, run.state())
            watcher.epoch({**line, "epochs": settings.epochs})
        return finish(run, clips, out, time.monotonic() - began)
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error


def _checking(watcher: Watcher) -> Count:
    def step(done: int, steps: int) -> None:
        watcher.step(done, steps)
        watcher.check()

    return step


def finish(run: Run, clips: Sequence[Clip], out: Path, seconds: float) -> Report:
    """Calibrate, write the files and measure."""
    net, settings = run.average.eval(), run.settings
    judged = run.judged()
    told = np.log(np.maximum(judged.probabilities, 1e-9))
    net.temperature.fill_(max(COLDEST, measures.fit_temperature(told, judged.kinds)))
    judged = run.judged()
    people = settings.backbone == "people"
    quiet = alarms(net, settings.seed, QUIET_CLIPS, QUIET_SECONDS, run.rate) if people and settings.everyday else []
    levels = choose_thresholds(judged, quiet, run.rate)
    judged = replace(judged, thresholds=levels)
    data = _digest(clips)
    rows = [rows_of(one.found, settings.backbone) for one in run.valid]
    difference, ms = export(net, run.labels, levels, settings.backbone, rows, data, out)
    keep(ClipStepper(net), out)
    minutes = sum(map(len, quiet)) / run.rate / 60
    false = sum(begins(quiet, kind, levels[kind], run.rate) for kind in range(len(run.labels) - 1))
    report = Report(
        kind="clips",
        labels=run.labels,
        settings=vars(settings),
        data=data,
        valid={
            "examples": len(judged.kinds),
            "accuracy": round(judged.accuracy, 4),
            "false_a_minute": round(false / minutes, 2) if minutes else None,
        },
        classes=reports.classes(run.labels, judged.kinds, judged.answers),
        confusion=reports.confusion(run.labels, judged.kinds, judged.answers),
        calibration=reports.calibration(_certainty(judged), judged.answers == judged.kinds),
        speed={**reports.speed(_frame_ms(run.valid[0].clip, people) + ms, "a frame, seeing included"), "net_ms": ms},
        parity={"onnx": difference},
        training={"seconds": round(seconds, 1), "epochs": run.history},
        mistakes=tuple(mistakes(judged, run.valid, out)),
    )
    report.write(out)
    return report


def _certainty(judged: Judged) -> np.ndarray:
    """(N,) how sure each answer is."""
    return np.asarray(judged.probabilities[np.arange(len(judged.kinds)), judged.answers])


def _digest(clips: Sequence[Clip]) -> str:
    rows = sorted(f"{clip.digest} {clip.label}\n" for clip in clips)
    return hashlib.sha256("".join(rows).encode()).hexdigest()


def _frame_ms(clip: Clip, people: bool) -> float:
    """Time to see what is in a frame, ms, over the first two seconds of a clip."""
    eye = PeopleEye() if people else PictureEye()
    began, count = time.perf_counter(), 0
    for _ in itertools.islice(eye.scenes(clip.path) if isinstance(eye, PeopleEye) else eye.rows(clip.path), 60):
        count += 1
    return 1e3 * (time.perf_counter() - began) / max(1, count)


def mistakes(judged: Judged, clips: Sequence[SeenClip], out: Path) -> list[Mistake]:
    """The mistakes of which it was surest, each with a strip of pictures that ends where it was surest."""
    wrong = np.flatnonzero(judged.answers != judged.kinds)
    certainty = _certainty(judged)
    wrong = wrong[np.argsort(-certainty[wrong], kind="stable")][: reports.WORST]
    found = []
    folder = out / "worst"
    for place, index in enumerate(wrong.tolist(), start=1):
        folder.mkdir(exist_ok=True)
        moment = float(judged.moments[index])
        name = f"worst/{place:02}.jpg"
        (out / name).write_bytes(jpeg(strip(clips[index].clip.path, moment)))
        found.append(
            Mistake(
                clips[index].clip.name,
                judged.labels[judged.kinds[index]],
                judged.labels[judged.answers[index]],
                round(float(certainty[index]), 4),
                name,
                round(moment, 2),
            )
        )
    return found


def strip(path: Path, moment: float) -> Image:
    """(TALL, W, 3) pictures of a clip up to a moment, a quarter of a second apart."""
    wanted = [max(0.0, moment - 0.25 * back) for back in range(STRIP - 1, -1, -1)]
    shown: list[Image] = []
    for frame in frames(path):
        while len(shown) < len(wanted) and frame.time >= wanted[len(shown)] - 1e-6:
            shown.append(frame.rgb(round(frame.width * TALL / frame.height), TALL))
        if len(shown) == len(wanted):
            break
    return np.asarray(cv2.hconcat(shown), np.uint8)
