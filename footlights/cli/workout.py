"""What a workout leaves behind: a table on the terminal, a JSON file, a picture."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from footlights.cli.build import recording_path
from footlights.core.errors import SinkError
from footlights.core.event import Event


class Leavings:
    """Keeps the summaries among the events of a performance, and writes them at its end."""

    def __init__(self, settings: Any) -> None:
        self._json: Path | None = _given(settings, "summary")
        self._picture: Path | None = _given(settings, "picture")
        self._summaries: list[Event] = []

    def watch(self, event: Event) -> None:
        """Take an event."""
        if event.kind == "workout.summary":
            self._summaries.append(event)

    def write(self, *, table: bool) -> None:
        """Write and print what there is. Raises SinkError where a file cannot be written."""
        try:
            if self._json is not None:
                every = [{"stream": event.stream, **event.data} for event in self._summaries]
                self._json.write_text(json.dumps(every, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            if self._picture is not None:
                self._draw(self._picture)
        except OSError as fault:
            raise SinkError(f"the workout cannot be written: {fault}") from None
        if table:
            for event in self._summaries:
                _print(event)

    def _draw(self, path: Path) -> None:
        from footlights.media.workout_picture import save_workout

        several = len(self._summaries) > 1
        for event in self._summaries:
            name = f"{event.stream}-{event.data['number']}"
            save_workout(event.data, recording_path(path, name, several=several))


def _given(settings: Any, name: str) -> Path | None:
    path = getattr(settings, name, None)
    return path.expanduser() if isinstance(path, Path) else None


def _print(event: Event) -> None:
    from rich.console import Console
    from rich.table import Table

    data: Mapping[str, Any] = event.data
    table = Table(title=f"Workout: {event.stream}, {_clock(data['seconds'])}", title_justify="left")
    for name in ("Exercise", "Sets", "Repetitions", "Time", "kcal"):
        table.add_column(name, justify="left" if name == "Exercise" else "right")
    for row in data["exercises"]:
        reps = str(row["reps"]) if row["reps"] else ""
        table.add_row(row["title"], str(row["sets"]), reps, _clock(row["seconds"]), f"{row['kcal']:.1f}")
    rest = data["kcal"] - sum(row["kcal"] for row in data["exercises"])
    table.add_row("Between them", "", "", "", f"{rest:.1f}", style="dim")
    table.add_section()
    table.add_row("Together", "", "", _clock(data["seconds"]), f"{data['kcal']:.1f}", style="bold")
    console = Console(file=sys.stdout)
    console.print(table)
    console.print(
        f"{data['kcal_above_rest']:.1f} kcal above rest; {data['mean_met']:.1f} MET on average, "
        f"{data['mean_corrected_met']:.1f} corrected for this person",
        highlight=False,
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
