"""`footlights evaluate dance`: every dancer to every song, all measures with their controls, a table and plots."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.hearing import hear
from footlights.recognition.dance.learned import generate, open_model
from footlights.recognition.dance.metrics.measures import Distance, Measures, distance, measures
from footlights.recognition.dance.music import RATE, read_sound
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.planner import Wishes, plan
from footlights.recognition.dance.song import Song
from footlights.studio.dance.scores import Means, means, plain_numbers
from footlights.studio.dance.tracks import made_track
from footlights.studio.dance.videos import MUSIC

PLANNER = "planner"
MADE = 4  # songs made to order, where no music is given


@dataclass(frozen=True, eq=False)
class Row:
    """One dancer to one song."""

    song: str
    dancer: str
    tempo: float
    measures: Measures
    work: float  # seconds to make the dance, for each second of it, on this machine


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All rows, and each dancer against the planner with another seed."""

    rows: tuple[Row, ...]
    dancers: tuple[str, ...]
    apart: dict[str, Distance]

    def means(self, dancer: str) -> Means:
        """Over all songs."""
        return means([row.measures for row in self.rows if row.dancer == dancer])

    def table(self) -> dict[str, Any]:
        """As JSON can hold it."""
        rows = [
            {"song": row.song, "dancer": row.dancer, "tempo": row.tempo, "work": row.work, **plain(row.measures)}
            for row in self.rows
        ]
        sets = {
            name: {"means": asdict(self.means(name)), "apart": plain_numbers(asdict(self.apart[name]))}
            for name in self.dancers
        }
        return {"rows": rows, "dancers": sets}

    def text(self) -> str:
        """A table in Markdown."""
        head = ("song", "dancer", "s", "bpm", "beats met", "shifted", "beats kept", "shifted", "skate", "near floor",
                "peak", "PFC", "last/first")  # fmt: skip
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for row in self.rows:
            one = row.measures
            lines.append(_line([row.song, row.dancer, f"{one.seconds:.0f}", f"{row.tempo:.0f}"], means([one])))
        for name in self.dancers:
            lines.append(_line(["**all**", name, f"{60 * self.means(name).minutes:.0f}", ""], self.means(name)))
        lines += ["", "| dancer | FID_k | FID_g | Div_k | Div_g | clips | work |", "|" + "---|" * 7]
        for name in self.dancers:
            far = self.apart[name]
            work = np.mean([row.work for row in self.rows if row.dancer == name])
            lines.append(
                f"| {name} | {_cells(far.fid_k, far.fid_g, far.div_k, far.div_g)} | {far.clips} | {work:.1%} |"
            )
        far = next(iter(self.apart.values()))
        lines.append(
            "| planner, one half to the other | "
            f"{_cells(far.halves_fid_k, far.halves_fid_g, far.reference_div_k, far.reference_div_g)} "
            f"| {far.reference_clips} | |"
        )
        return "\n".join(lines)


def _cells(*numbers: float) -> str:
    """A dash for what there were too few clips for."""
    return " | ".join("–" if math.isnan(number) else f"{number:.2f}" for number in numbers)


def _line(first: list[str], of: Means) -> str:
    numbers = [of.beats_met, of.beats_met_shifted, of.beats_kept, of.beats_kept_shifted, of.skate, of.skate_low]
    cells = [*first, *(f"{value:.3f}" for value in numbers), f"{of.peak_speed:.1f}", f"{of.pfc:.3f}"]
    return "| " + " | ".join([*cells, f"{of.last_to_first:.2f}"]) + " |"


def plain(of: Measures) -> dict[str, Any]:
    """What JSON can hold of them: all but the features."""
    return {name: value for name, value in asdict(of).items() if name not in ("kinetic", "manual")}


def evaluate(
    music: Path | None, models: Sequence[Path] = (), seed: int = 0, told: Callable[[str], None] | None = None
) -> Evaluation:
    """The planner and models to every song of a folder; without one, to songs made to order."""
    songs = songs_of(music)
    dancers: dict[str, Callable[[Song, Any, int], Dance]] = {
        PLANNER: lambda song, _, number: perform(plan(song, Wishes(seed=number)), song)
    }
    for path in models:
        opened = open_model(path)
        dancers[path.stem] = lambda song, sound, number, opened=opened: generate(  # type: ignore[misc]
            opened, song, Wishes(seed=number), sound=sound, rate=RATE
        )
    if len(dancers) <= len(models):
        raise SettingsError("two models have the same name, or one is called planner; rename a file")
    rows, reference = [], []
    for number, (song, sound) in enumerate(songs):
        reference.append(measures(perform(plan(song, Wishes(seed=seed + number + 1000)), song)))
        for name, make in dancers.items():
            if told:
                told(f"{song.title}: {name}")
            begun = time.perf_counter()
            dance = make(song, sound, seed + number)
            work = (time.perf_counter() - begun) / dance.seconds
            rows.append(Row(song.title, name, song.tempo, measures(dance, number), work))
    apart = {name: distance([row.measures for row in rows if row.dancer == name], reference) for name in dancers}
    return Evaluation(tuple(rows), tuple(dancers), apart)


def songs_of(music: Path | None) -> list[tuple[Song, Any]]:
    """Songs with their sound. Raises SourceError where a folder holds no music."""
    if music is None:
        made = [made_track(number) for number in range(MADE)]
        return [(one.song, one.sound) for one in made]
    files = sorted(path for path in music.iterdir() if path.suffix.lower() in MUSIC)
    if not files:
        raise SourceError(f"{music} holds no music; give a folder with {', '.join(sorted(MUSIC))}")
    return [(hear(path), read_sound(path)) for path in files]


def write_evaluation(found: Evaluation, out: Path) -> str:
    """Write evaluation.md, .json and plots into a folder; gives the table."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "evaluation.json").write_text(json.dumps(found.table(), indent=1) + "\n", encoding="utf-8")
        (out / "evaluation.md").write_text(found.text() + "\n", encoding="utf-8")
        _plot(found, out / "evaluation.png")
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error
    return found.text()


def _plot(found: Evaluation, path: Path) -> None:
    """Beat alignment beside its control, and feet and speeds, song by song."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, 1, figsize=(9, 9), layout="constrained", sharex=True)
    songs = list(dict.fromkeys(row.song for row in found.rows))
    width = 0.8 / len(found.dancers)
    for place, name in enumerate(found.dancers):
        rows = [row for row in found.rows if row.dancer == name]
        at = np.arange(len(rows)) + (place - (len(found.dancers) - 1) / 2) * width
        axes[0].bar(at, [row.measures.beats.met for row in rows], width * 0.9, label=name)
        axes[0].plot(at, [row.measures.beats.met_shifted for row in rows], "k_", ms=14)
        axes[1].bar(at, [row.measures.skate_low.mean for row in rows], width * 0.9)
        axes[2].bar(at, [row.measures.peak_speed for row in rows], width * 0.9)
    axes[0].set_ylabel("beats met; line: beats shifted")
    axes[0].legend()
    axes[1].set_ylabel("skate of feet near the floor, m/s")
    axes[2].set_ylabel("peak joint speed, m/s")
    axes[2].set_xticks(range(len(songs)), songs, rotation=30, ha="right")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
