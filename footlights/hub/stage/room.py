"""The room: who is there, which cue is open, who has answered it. Pure state; every call says what the time is."""

import bisect
import ipaddress
import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from footlights.core.errors import FootlightsError, SettingsError
from footlights.hub.stage.effects import Effects
from footlights.hub.stage.moderation import Names
from footlights.hub.stage.tally import BIN, COLUMNS, CueSums, Tally
from footlights.hub.stage.tickets import Tickets
from footlights.hub.stage.timeline import Timeline
from footlights.wire.show import Effect, Show, ShowCue
from footlights.wire.stage import (
    TOLERANCE,
    Answer,
    Confirmed,
    Control,
    FiredPart,
    Hello,
    Moderate,
    MomentPart,
    Playing,
    QuickPart,
    SectionPart,
    Wall,
)

AHEAD = 0.25  # seconds that a clock may be wrong before its answer is one from the future
CURVE = 60  # seconds of the energy curve that the wall gets
MOST_FIRED = 200  # effects that are remembered
QUICKEST = 3
MOMENTS = 10


class RefusedError(FootlightsError):
    """Somebody or something does not count; the message is to be shown."""


@dataclass(slots=True)
class Member:
    """One camera with the people before it."""

    number: int
    place: str  # network address, as limits count it
    name: str
    section: int
    people: int  # votes that it may give
    seen: int = 1  # the most that it has given at once: so many are there
    connections: int = 0
    mask: int = 0  # bit i: the show's i-th cue is answered
    cue: str = ""  # the one answered last
    votes: int = 0  # given to it


@dataclass(frozen=True, slots=True)
class Fired:
    """An effect that is to be done."""

    cue: ShowCue
    effect: Effect
    at: float  # show time, seconds
    answered: int
    present: int


class Room:
    """All of a show's audience, or the part of it that one process looks after."""

    def __init__(self, show: Show, end: float | None = None) -> None:
        self.timeline = Timeline()
        self.tally = Tally()
        self.open = show.moderation.open
        self._nicknames = show.moderation.nicknames
        self._names = Names(show.moderation.words)
        self._tickets = Tickets()
        self._members: dict[int, Member] = {}
        self._next = 1
        self._places: Counter[str] = Counter()  # members by network address
        self._effects = Effects()
        self._fired: deque[FiredPart] = deque(maxlen=MOST_FIRED)
        self._lately: deque[tuple[float, int]] = deque(maxlen=20)  # votes by tenth of a second
        self._quickest: list[tuple[float, int]] = []  # reaction and member, to the cue that is open
        self._bits: dict[str, int] = {}
        self._last = ""  # the cue that is open or was the last
        self.sections = show.sections
        self.set_show(show, end)

    def set_show(self, show: Show, end: float | None = None) -> None:
        """The producer has changed the show: answers to cues that are still there stay. `end` is that of the media.

        Raises:
            SettingsError: other sections, and somebody has answered from one of them.
        """
        if show.sections != self.sections:
            self._set_sections(show.sections)
        for word in show.moderation.words:
            self._names.hide(word)
        self.show = show
        self._cues = {cue.id: cue for cue in show.cues}
        for cue in show.cues:
            self._bits.setdefault(cue.id, len(self._bits))
        self.timeline.end = show.end if show.end is not None else end
        self._begins = sorted((cue.begin, cue.id) for cue in show.cues)

    def _set_sections(self, sections: tuple[str, ...]) -> None:
        if self.tally.cues:
            raise SettingsError("the sections stay as they are once somebody has answered")
        before, self.sections = self.sections, sections
        self.tally.present.clear()
        for member in self._members.values():
            name = before[member.section] if member.section < len(before) else ""
            member.section = sections.index(name) if name in sections else len(sections)
            if member.connections:
                self.tally.here(member.section, member.seen)

    # Who is there

    def join(self, hello: Hello, address: str) -> tuple[Member, str, str]:
        """A member, its ticket, and a note about its name. Raises RefusedError."""
        member = self._members.get(self._tickets.number(hello.ticket) or 0)
        name, note = self._names.cleaned(hello.name)
        section = self.sections.index(hello.section) if hello.section in self.sections else len(self.sections)
        people = min(hello.people, self.show.moderation.people)
        if member is None:
            member = self._newcomer(place_of(address))
        elif member.connections:
            self.tally.here(member.section, -member.seen)
        member.name, member.section, member.people = name, section, max(people, member.votes)
        member.connections += 1
        self.tally.here(member.section, member.seen)
        return member, self._tickets.ticket(member.number), note

    def leave(self, member: Member) -> None:
        """One of its connections has ended."""
        member.connections -= 1
        if not member.connections:
            self.tally.here(member.section, -member.seen)

    def member(self, number: int) -> Member | None:
        """The member of this number."""
        return self._members.get(number)

    @property
    def present(self) -> int:
        """Votes that are there."""
        return sum(self.tally.present)

    def _newcomer(self, place: str) -> Member:
        if not self.open:
            raise RefusedError("nobody else is let in just now")
        if self.timeline.playing.state == "ended":
            raise RefusedError("the show is over")
        if self._places[place] >= self.show.moderation.per_address:
            self._forget_idle(place)
        if self._places[place] >= self.show.moderation.per_address:
            raise RefusedError("too many members come from this network address; use the phone's own network")
        if len(self._members) >= self.show.moderation.most:
            self._forget_idle(None)
        if len(self._members) >= self.show.moderation.most:
            raise RefusedError("the room is full")
        member = Member(self._next, place, "", 0, 1)
        self._members[member.number] = member
        self._places[place] += 1
        self._next += 1
        return member

    def _forget_idle(self, place: str | None) -> None:
        """Make room for one: those who went and never answered."""
        idle = (
            member
            for member in self._members.values()
            if not member.connections and not member.mask and place in (None, member.place)
        )
        for member in list(islice(idle, 1)):
            del self._members[member.number]
            self._places[member.place] -= 1

    def answered_by(self, member: Member) -> tuple[str, ...]:
        """The cues that this member has answered."""
        return tuple(cue.id for cue in self.show.cues if member.mask >> self._bits[cue.id] & 1)

    def names(self) -> list[str]:
        """The nicknames of those who were there and may be shown."""
        return sorted(
            {member.name for member in self._members.values() if member.name and self._names.may(member.name)}
        )

    # What they answer

    def answer(self, member: Member, answer: Answer, t: float) -> tuple[Confirmed, list[Fired]]:
        """Count an answer that arrived at server time `t`. Raises RefusedError: it does not count."""
        try:
            cue, at = self._checked(answer, t)
            votes = min(answer.people, member.people)
            known = member.votes if member.cue == cue.id else member.people * (member.mask >> self._bits[cue.id] & 1)
            if votes <= known:
                raise RefusedError("you have answered this already")
        except RefusedError:
            self.tally.refused += 1
            raise
        if votes > member.seen and member.connections:
            self.tally.here(member.section, votes - member.seen)
            member.seen = votes
        added, reaction = votes - known, at - cue.begin
        self.tally.vote(cue.id, member.section, at, reaction, added)
        self._count_lately(t, added)
        self._turn(self.timeline.at(t))
        member.mask |= 1 << self._bits[cue.id]
        if not known and cue.id == self._last:
            bisect.insort(self._quickest, (round(reaction, 3), member.number))
            del self._quickest[QUICKEST * 4 :]
        member.cue, member.votes = cue.id, votes
        answered = self.tally.cues[cue.id].answered
        begun = bisect.bisect_right(self._begins, (at, "\U0010ffff"))
        said = Confirmed(cue.id, round(reaction, 3), member.mask.bit_count(), begun, answered)
        return said, list(self._set_off(cue, at, answered, t))

    def _checked(self, answer: Answer, t: float) -> tuple[ShowCue, float]:
        """The cue that is answered, and the show time at which we believe that it was."""
        cue, now = self._cues.get(answer.cue), self.timeline.at(t)
        if self.timeline.playing.state != "playing":
            raise RefusedError("the show does not play")
        if cue is None:
            raise RefusedError("there is no such cue")
        if answer.gesture != cue.expect:
            raise RefusedError("this was another gesture")
        if answer.at > now + AHEAD:
            raise RefusedError("this answer is from the future: the clock is wrong")
        at = min(max(answer.at, now - TOLERANCE), now)
        if at < cue.begin:
            raise RefusedError("this was too early")
        if at > cue.end:
            raise RefusedError("this was too late")
        return cue, at

    def _set_off(self, cue: ShowCue, at: float, answered: int, t: float) -> Iterator[Fired]:
        present = self.present
        for effect in self._effects.crossed(cue, answered, present, t):
            yield Fired(cue, effect, at, answered, present)

    def note_fired(self, fired: FiredPart) -> None:
        """Show on the wall what was set off."""
        self._fired.append(fired)

    def _count_lately(self, t: float, votes: int) -> None:
        tick = math.floor(t * 10) / 10
        if self._lately and self._lately[-1][0] == tick:
            votes += self._lately.pop()[1]
        self._lately.append((tick, votes))

    # What the artist does and sees

    def control(self, wanted: Control, t: float) -> Playing:
        """Start, pause, seek, end. Raises SettingsError."""
        before, ended = self.timeline.at(t), self.timeline.playing.state == "ended"
        playing = self.timeline.control(wanted, t)
        if ended:
            self._take_back(0.0)
        elif playing.at < before:
            self._take_back(playing.at)
        return playing

    def moderate(self, wanted: Moderate) -> None:
        """What is None stays as it is."""
        self.open = self.open if wanted.open is None else wanted.open
        self._nicknames = self._nicknames if wanted.nicknames is None else wanted.nicknames
        if wanted.hide:
            self._names.hide(wanted.hide)

    def _take_back(self, at: float) -> None:
        """The show goes back to `at`: cues that begin after it are answered anew."""
        again = {cue.id for cue in self.show.cues if cue.end > at}
        keep = ~sum(1 << self._bits[cue] for cue in again)
        for member in self._members.values():
            member.mask &= keep
            if member.cue in again:
                member.cue, member.votes = "", 0
        self._effects.forget(again)
        self._quickest.clear()
        self._fired = deque((fired for fired in self._fired if fired.at < at), MOST_FIRED)
        self.tally.forget_from(at, again)

    def tick(self, t: float) -> bool:
        """Look at the clock, ten times a second: which cue is open, how many are there. True: the show is over."""
        if self.timeline.playing.state == "playing":
            at = self.timeline.at(t)
            self.tally.look(at)
            self._turn(at)
        return self.timeline.over(t)

    def _turn(self, at: float) -> None:
        """The cue that began last is the one that the wall shows."""
        place = bisect.bisect_right(self._begins, (at, "\U0010ffff"))
        newest = self._begins[place - 1][1] if place else ""
        if newest != self._last:
            self._quickest.clear()
            self._last = newest

    def busy(self, t: float) -> bool:
        """Whether the rate of answers falls just now, so that the wall changes though nothing comes."""
        return bool(self._lately) and t - self._lately[-1][0] < 1.5

    def wall(self, t: float) -> Wall:
        """The newest state."""
        sums = self.tally.cues.get(self._last, CueSums())
        answered, present, at = sums.answered, self.present, self.timeline.at(t)
        until = int(at) + 1
        energy = self.tally.energy(max(0, until - CURVE), until)
        return Wall(
            t=t,
            playing=self.timeline.playing,
            present=present,
            open=self.open,
            cue=self._last,
            answered=answered,
            share=round(min(1.0, answered / present), 4) if present else 0.0,
            rate=float(sum(votes for tick, votes in self._lately if tick > t - 1.0)),
            sections=tuple(
                SectionPart(name, _at(self.tally.present, place), _at(sums.sections, place))
                for place, name in enumerate(self.sections)
            ),
            bin=BIN,
            histogram=tuple(sums.histogram) if answered else (0,) * COLUMNS,
            energy=tuple(energy),
            energy_until=float(max(0, until - CURVE) + len(energy)),
            effects=tuple(islice(reversed(self._fired), 10))[::-1],
            moments=self.moments()[:MOMENTS],
            quickest=tuple(self._quick()) if self._nicknames else (),
            refused=self.tally.refused,
        )

    def moments(self) -> tuple[MomentPart, ...]:
        """Every cue that was answered, the biggest share first."""
        found = []
        for cue in self.show.cues:
            if (sums := self.tally.cues.get(cue.id)) is not None:
                present = max(self.tally.most_present(cue.begin, cue.end), sums.answered)
                found.append(MomentPart(cue.id, cue.text, cue.begin, sums.answered, present))
        return tuple(sorted(found, key=lambda moment: (-moment.answered / max(1, moment.present), moment.at)))

    @property
    def fired(self) -> tuple[FiredPart, ...]:
        """What was set off."""
        return tuple(self._fired)

    def _quick(self) -> Iterator[QuickPart]:
        named = (
            QuickPart(member.name, reaction)
            for reaction, number in self._quickest
            if (member := self._members.get(number)) is not None and member.name and self._names.may(member.name)
        )
        return islice(named, QUICKEST)

    def forget_people(self) -> None:
        """The show is over: nothing stays that names somebody, and old tickets are worth nothing."""
        self._tickets = Tickets()
        self._quickest.clear()
        self._places.clear()
        self._members = {number: member for number, member in self._members.items() if member.connections}
        for member in self._members.values():
            member.name = ""
            self._places[member.place] += 1


def place_of(address: str) -> str:
    """The network address as limits count it: of IPv6 the first 64 bits, which is what a household gets."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return address


def _at(sums: list[int], place: int) -> int:
    return sums[place] if place < len(sums) else 0
