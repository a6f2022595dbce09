"""Counts the people who pass a line across the picture, to the right and to the left.

footlights run examples/gate.py 0 --at 0.5 --mqtt mqtt://localhost/entrance
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from footlights.core.app import App
from footlights.core.cue import Badge, Cue, Text
from footlights.core.event import Event
from footlights.core.per_track import PerTrack
from footlights.core.scene import Scene


@dataclass
class Walk:
    """What is kept of one person."""

    side: str = ""  # "left" or "right" of the line, once it is clear


class Gate(App):
    """An entrance: who passes the line sets something off."""

    title = "Counts the people who pass a line"
    needs = frozenset({"pose"})

    @dataclass(frozen=True)
    class Settings:
        """Where the line is."""

        at: float = field(default=0.5, metadata={"help": "From the left, in picture widths.", "min": 0.0, "max": 1.0})
        slack: float = field(
            default=0.03, metadata={"help": "How far beyond counts, in picture widths.", "min": 0.0, "max": 0.5}
        )

    def __init__(self, settings: "Gate.Settings | None" = None) -> None:
        super().__init__(settings)
        self._walks: PerTrack[Walk] = PerTrack(Walk)
        self._passed = {"right": 0, "left": 0}

    def step(self, scene: Scene) -> Iterator[Event | Cue]:
        """A trigger for everybody who comes out on the other side."""
        self._walks.keep(track.id for track in scene.tracks)
        for track in scene.tracks:
            x = float(track.box[0] + track.box[2]) / 2 / scene.frame.width
            if abs(x - self.settings.at) < self.settings.slack:
                continue  # on the line: a person who sways there is counted once
            walk, side = self._walks[track.id], "right" if x > self.settings.at else "left"
            if walk.side not in ("", side):
                self._passed[side] += 1
                yield Event("trigger", scene.frame.stream, scene.frame.time, track.id, {"by": f"to_the_{side}"})
            walk.side = side
            yield Badge(track.id, side)
        yield Text(f"→ {self._passed['right']}   ← {self._passed['left']}", "top right")
