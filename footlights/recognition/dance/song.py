"""What was heard in a piece of music: beats, bars, sections, accents and energy. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SettingsError

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]
TICKS = 4  # onset strengths to a beat
_FORMAT = "footlights-song-1"


@dataclass(frozen=True)
class Section:
    """A part of a song. Sections with the same label sound alike: verses, choruses."""

    begin: int  # index of its first beat
    end: int  # index of the beat after its last
    label: str  # "A", "B", ... in the order in which they come
    energy: float  # 0..1, against the rest of the song


@dataclass(frozen=True, eq=False)
class Song:
    """A piece of music on its own clock. B beats; the last one ends at `seconds`, or a beat's length after it began."""

    title: str
    path: str | None  # the file that it was heard from
    seconds: float
    beats: Reals  # (B,) seconds, growing; at least two
    downbeats: Whole  # (D,) indices into `beats`: the first beat of each bar
    meter: int  # beats to a bar: 3 or 4
    tempo: float  # beats a minute, the median
    sections: tuple[Section, ...]  # from beat 0 to beat B, without gaps
    accents: Reals  # (B, 4) strength of the onsets at each quarter of a beat, 0..1
    energy: Reals  # (B,) loudness against the rest of the song, 0..1
    notice: str = ""  # one line about what was not to be heard, such as a beat; empty: all was

    def time(self, beat: Reals) -> Reals:
        """Seconds at places on the beat grid, fractions and places outside it included."""
        index = np.arange(len(self.beats))
        first, last = self.beats[1] - self.beats[0], self.beats[-1] - self.beats[-2]
        inside = np.interp(beat, index, self.beats)
        return np.asarray(inside + np.minimum(beat, 0) * first + np.maximum(beat - index[-1], 0) * last)

    def beat(self, time: Reals) -> Reals:
        """The place on the beat grid at (T,) seconds: the inverse of `time`."""
        index = np.arange(len(self.beats), dtype=np.float64)
        first, last = self.beats[1] - self.beats[0], self.beats[-1] - self.beats[-2]
        inside = np.interp(time, self.beats, index)
        before, after = np.minimum(time - self.beats[0], 0), np.maximum(time - self.beats[-1], 0)
        return np.asarray(inside + before / first + after / last)

    def json(self) -> dict[str, Any]:
        """The song as a table that JSON can hold."""
        return {
            "format": _FORMAT, "title": self.title, "path": self.path, "seconds": round(self.seconds, 4),
            "meter": self.meter, "tempo": round(self.tempo, 3), "notice": self.notice,
            "beats": np.round(self.beats, 4).tolist(), "downbeats": self.downbeats.tolist(),
            "sections": [[s.begin, s.end, s.label, round(s.energy, 3)] for s in self.sections],
            "accents": np.round(self.accents, 3).tolist(), "energy": np.round(self.energy, 3).tolist(),
        }  # fmt: skip

    @staticmethod
    def from_json(table: Mapping[str, Any]) -> "Song":
        """The song of such a table. Raises SettingsError where it is none."""
        if table.get("format") != _FORMAT:
            raise SettingsError(f"not a song: its format must be {_FORMAT!r}, got {table.get('format')!r}")
        try:
            return Song(
                title=str(table["title"]), path=table["path"], seconds=float(table["seconds"]),
                beats=np.asarray(table["beats"], np.float64), downbeats=np.asarray(table["downbeats"], np.int64),
                meter=int(table["meter"]), tempo=float(table["tempo"]),
                sections=tuple(Section(int(b), int(e), str(n), float(x)) for b, e, n, x in table["sections"]),
                accents=np.asarray(table["accents"], np.float64), energy=np.asarray(table["energy"], np.float64),
                notice=str(table.get("notice", "")),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as fault:
            raise SettingsError(f"not a song: {fault!r}") from fault


def steady(
    tempo: float, seconds: float, meter: int = 4, title: str = "steady beat", path: str | None = None, notice: str = ""
) -> Song:
    """A song that nobody plays: an even beat from second 0 in one calm section."""
    count = max(2, int(np.ceil(seconds * tempo / 60)))
    return Song(
        title=title, path=path, seconds=seconds, beats=np.arange(count, dtype=np.float64) * (60.0 / tempo),
        downbeats=np.arange(0, count, meter), meter=meter, tempo=tempo,
        sections=(Section(0, count, "A", 0.3),),
        accents=np.tile([1.0, 0.0, 0.0, 0.0], (count, 1)), energy=np.full(count, 0.3), notice=notice,
    )  # fmt: skip
