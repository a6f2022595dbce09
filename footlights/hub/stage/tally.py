"""What an audience has answered, as sums: those of several rooms add up to those of one that holds everybody.

Every member answers in one room only. So the sums of rooms merge by adding, in any order and grouping, and a stage
larger than one process is rooms whose sums are added for the wall. Nothing in here names a member.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

BIN = 0.25  # seconds of a column of the histogram
COLUMNS = 40  # the last one holds all that are slower
LONGEST = 6 * 3600  # seconds of show time that have a place in the curves


@dataclass(slots=True)
class CueSums:
    """The answers to one cue."""

    sections: list[int] = field(default_factory=list)  # votes by section; the last place is of those without one
    histogram: list[int] = field(default_factory=lambda: [0] * COLUMNS)  # votes by reaction time

    @property
    def answered(self) -> int:
        """Votes altogether."""
        return sum(self.sections)

    def add(self, section: int, reaction: float, votes: int) -> None:
        """Votes of one member, so many seconds after the beginning of the cue."""
        _put(self.sections, section, votes)
        self.histogram[min(int(max(0.0, reaction) / BIN), COLUMNS - 1)] += votes

    def median(self) -> float | None:
        """Seconds: the middle of the column in which half of the answers have come."""
        half, seen = self.answered / 2, 0
        for column, votes in enumerate(self.histogram):
            seen += votes
            if votes and seen >= half:
                return (column + 0.5) * BIN
        return None


@dataclass(slots=True)
class Tally:
    """The sums of a room."""

    cues: dict[str, CueSums] = field(default_factory=dict)
    present: list[int] = field(default_factory=list)  # votes that are there now, by section
    answers: list[int] = field(default_factory=list)  # votes by the second of show time
    presence: list[int] = field(default_factory=list)  # votes that were there, by the second of show time
    refused: int = 0

    def vote(self, cue: str, section: int, at: float, reaction: float, votes: int) -> None:
        """A valid answer, given at this show time."""
        self.cues.setdefault(cue, CueSums()).add(section, reaction, votes)
        _put(self.answers, _second(at), votes)

    def here(self, section: int, votes: int) -> None:
        """Somebody came, or with negative votes went."""
        _put(self.present, section, votes)

    def look(self, at: float) -> None:
        """Note how many are there at this show time."""
        second = _second(at)
        if len(self.presence) > second and self.presence[second]:
            return
        _put(self.presence, second, sum(self.present))

    def forget_from(self, at: float, cues: Iterable[str]) -> None:
        """The show goes back: what came after this time did not happen."""
        for cue in cues:
            self.cues.pop(cue, None)
        del self.answers[_second(at) :], self.presence[_second(at) :]

    def energy(self, begin: int = 0, end: int | None = None) -> list[float]:
        """Share of those present who answered in each second of show time, 0..1 with one camera a person."""
        answers, presence = self.answers[begin:end], self.presence[begin:end]
        return [round(votes / max(1, there, votes), 3) for votes, there in zip_longest(answers, presence, fillvalue=0)]

    def most_present(self, begin: float, end: float) -> int:
        """The most that were there between two show times."""
        return max(self.presence[_second(begin) : _second(end) + 1], default=0)


def merged(tallies: Iterable[Tally]) -> Tally:
    """The sums of several rooms as those of one."""
    whole = Tally()
    for part in tallies:
        for name, sums in part.cues.items():
            known = whole.cues.setdefault(name, CueSums())
            known.sections = _added(known.sections, sums.sections)
            known.histogram = _added(known.histogram, sums.histogram)
        whole.present = _added(whole.present, part.present)
        whole.answers = _added(whole.answers, part.answers)
        whole.presence = _added(whole.presence, part.presence)
        whole.refused += part.refused
    return whole


def _second(at: float) -> int:
    return min(max(0, int(at)), LONGEST)


def _put(sums: list[int], place: int, votes: int) -> None:
    if len(sums) <= place:
        sums.extend([0] * (place + 1 - len(sums)))
    sums[place] += votes


def _added(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip_longest(one, other, fillvalue=0)]
