"""A show that is being run: its room, who is connected, what it sets off, and the clock that moves it on."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from footlights.core.errors import SettingsError
from footlights.hub.stage.doing import Doing, beside
from footlights.hub.stage.limits import Addresses, Turns
from footlights.hub.stage.replay import replay, write_replay
from footlights.hub.stage.room import Member, RefusedError, Room, place_of
from footlights.hub.stage.seat import OVER, REPLACED, Seat
from footlights.media.page.shows import media_file
from footlights.recognition.definitions import Definition
from footlights.wire import stage as wire
from footlights.wire.near_miss import near_miss
from footlights.wire.settings import validate
from footlights.wire.show import LONGEST, Show, to_yaml

log = logging.getLogger(__name__)

TICK = 0.1  # seconds between two looks at the room, and between two messages to a wall
STILL = 1.0  # seconds after which a wall hears again though nothing changed
SILENT = 150.0  # seconds after which who says nothing is gone; browsers let hidden pages speak once a minute
MOST_WALLS = 20
ROLES = ("artist", "producer")
RESERVED = {"static", "gestures", "figures", "runtime"}  # what else lies below /stage/
AT_ONCE = 250  # connections that news go to before others get their turn


@dataclass(frozen=True)
class Keys:
    """Who may see the wall, and who may change the show as well."""

    artist: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    producer: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    def of(self, role: str) -> str:
        """The key of one of `ROLES`."""
        return {"artist": self.artist, "producer": self.producer}[role]


class Running:
    """One show, from the first member to its end. Lives in one event loop.

    `kinds` are the actions that its effects may have besides `play`; None: all.
    """

    def __init__(
        self,
        path: Path,
        show: Show,
        gestures: Mapping[str, Definition],
        join: str = "",
        kinds: Sequence[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path  # of show.yaml; what the show plays lies beside it
        self.name = name_of(path)
        self.keys = Keys()
        self.clock = clock
        self.gestures = gestures
        self.join = join or f"/stage/{self.name}/"
        self.begin_at_once = False
        self._replay: dict[str, Any] | None = None  # once the show is over
        self._doing = Doing(path.parent, kinds)
        self.room = Room(show, self._understand(show))
        self._take(show)
        many = show.moderation.per_address
        self._arrivals = Addresses(many * 2.0 + 20, max(2.0, many / 5))
        self._speech = Addresses(many * 10.0 + 100, many * 5.0 + 20)
        self.turns = Turns()
        self._seats: dict[int, Seat] = {}  # members by number
        self._walls: set[Seat] = set()
        self._changed = True
        self._told = 0.0  # server time at which the walls heard last
        self._changing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def _understand(self, show: Show) -> float | None:
        """Whether everything in a show is possible; where it ends, in seconds. Raises SettingsError."""
        check(show, self.gestures)
        media = None if show.media is None else media_file(beside(self.path.parent, show.media)).path
        self._doing.prepare(show)
        return show.end if show.end is not None or media is None else _end_of(media, show.offset)

    def _take(self, show: Show) -> None:
        self.show = show
        self.cues = tuple(
            wire.CuePart(cue.id, cue.begin, cue.end, cue.expect, self.gestures[cue.expect].title, cue.text)
            for cue in sorted(show.cues, key=lambda cue: cue.begin)
        )

    @property
    def media(self) -> wire.MediaPart:
        """What is played."""
        kind = "song" if self.show.song else "video" if self.show.video else "none"
        url = f"/stage/{self.name}/media" if kind != "none" else ""
        return wire.MediaPart(kind, url, self.show.offset, self.room.timeline.end)  # type: ignore[arg-type]

    # Members

    def arrives(self, address: str) -> bool:
        """Whether this address may open one more connection now."""
        return self._arrivals.take(place_of(address), self.clock())

    def speaks(self, member: Member) -> bool:
        """Whether the address of this member may say something now."""
        return self._speech.take(member.place, self.clock())

    def join_room(self, hello: wire.Hello, address: str, seat: Seat) -> tuple[Member, wire.Welcome]:
        """Let somebody in. Raises RefusedError."""
        member, ticket, note = self.room.join(hello, address)
        former = self._seats.pop(member.number, None)
        if former is not None:
            former.dismiss(REPLACED)
        self._seats[member.number] = seat
        self._changed = True
        sections = self.show.sections
        welcome = wire.Welcome(
            ticket=ticket,
            name=member.name,
            note=note,
            section=sections[member.section] if member.section < len(sections) else "",
            sections=sections,
            people=member.people,
            title=self.show.title,
            media=self.media,
            playing=self.room.timeline.playing,
            cues=self.cues,
            answered=self.room.answered_by(member),
        )
        return member, welcome

    def leave(self, member: Member, seat: Seat) -> None:
        """One connection of a member has ended."""
        self.room.leave(member)
        self._changed = True
        if self._seats.get(member.number) is seat:
            del self._seats[member.number]

    def answer(self, member: Member, answer: wire.Answer) -> wire.Confirmed | wire.Refused:
        """Count an answer, and do what follows."""
        self._changed = True
        try:
            confirmed, fired = self.room.answer(member, answer, self.clock())
        except RefusedError as error:
            known = answer.cue if any(cue.id == answer.cue for cue in self.cues) else ""
            return wire.Refused("answer", known, str(error))
        for each in fired:
            self.room.note_fired(self._doing.do(each, self.name))
        return confirmed

    # The wall

    def opening(self, *, producer: bool) -> wire.Opening:
        """What a wall has to know once."""
        energy = tuple(self.room.tally.energy())
        return wire.Opening(
            self.show.title, self.media, self.cues, self.show.sections, energy, self.join, producer=producer
        )

    def add_wall(self, seat: Seat) -> bool:
        """A wall more; False: there are enough."""
        if len(self._walls) >= MOST_WALLS:
            return False
        self._walls.add(seat)
        self._changed = True
        return True

    def remove_wall(self, seat: Seat) -> None:
        """A wall less."""
        self._walls.discard(seat)

    async def control(self, wanted: wire.Control) -> None:
        """Run the show. Raises SettingsError."""
        playing = self.room.control(wanted, self.clock())
        self._changed = True
        if playing.state == "ended":
            await self._keep()
        else:
            self._replay = None
        await self._tell_all("playing", playing)

    def moderate(self, wanted: wire.Moderate) -> None:
        """Look after the room."""
        self.room.moderate(wanted)
        self._changed = True

    async def change(self, document: Mapping[str, object]) -> None:
        """The producer's new show, with the keys of show.yaml: checked, kept, told. Raises SettingsError."""
        show = validate(Show, document)
        async with self._changing:
            end = await asyncio.to_thread(self._understand, show)
            self.room.set_show(show, end)
            self._take(show)
            self._changed = True
            await self._tell_all("cues", wire.Cues(self.cues))
            try:
                await asyncio.to_thread(write_show, self.path, show)
            except OSError as error:
                raise SettingsError(
                    f"it holds for now, but {self.path.name} cannot be written: {error.strerror}"
                ) from None

    def replay_now(self) -> dict[str, Any]:
        """The show as it was, or as it is up to now."""
        return self._replay or replay(self.room, self.show)

    # The clock

    def start(self) -> None:
        """Begin to move. Called in the event loop."""
        if self._task is None:
            if self.begin_at_once:
                self.room.control(wire.Control("start"), self.clock())
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Let go of everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self.room.timeline.playing.state != "ended" and self.room.tally.cues:
            await self._keep()
        for seat in [*self._seats.values(), *self._walls]:
            seat.dismiss(OVER)
        await asyncio.to_thread(self._doing.close)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                await self._tick()
            except Exception:
                log.exception("the show '%s' goes on", self.name)

    async def _tick(self) -> None:
        t = self.clock()
        if self.room.tick(t):
            await self.control(wire.Control("end"))
        self._dismiss_silent(t)
        if self._walls and (self._changed or t - self._told >= STILL or self.room.busy(t)):
            self._changed, self._told = False, t
            text = wire.encode(self.room.wall(t))
            for seat in self._walls:
                seat.tell("wall", text)

    def _dismiss_silent(self, t: float) -> None:
        for number in [number for number, seat in self._seats.items() if t - seat.heard > SILENT]:
            self._seats.pop(number).dismiss(OVER)

    async def _tell_all(self, kind: str, message: wire.Heard) -> None:
        text = wire.encode(message)
        for place, seat in enumerate([*self._walls, *self._seats.values()]):
            seat.tell(kind, text)
            if place % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)

    async def _keep(self) -> None:
        """The show is over: numbers stay, people do not."""
        self._replay = replay(self.room, self.show)
        self.room.forget_people()
        try:
            await asyncio.to_thread(write_replay, self.path, self._replay)
        except OSError as error:
            log.error("the replay of '%s' cannot be written: %s", self.name, error.strerror)


def name_of(path: Path) -> str:
    """The name in addresses: of the file, or of its folder where the file is called show.yaml."""
    stem = path.resolve().parent.name if path.stem == "show" else path.stem
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem.lower())
    name = "-".join(part for part in kept.split("-") if part)[:40].strip("-")
    return f"the-{name or 'show'}" if name in RESERVED or not name else name


def check(show: Show, gestures: Mapping[str, Definition]) -> None:
    """Raises SettingsError where a cue expects a gesture that nobody can recognise."""
    known = {name for name, definition in gestures.items() if definition.kind == "gesture"}
    for cue in show.cues:
        if cue.expect not in known:
            raise SettingsError(f"the cue '{cue.id}' expects '{cue.expect}': {near_miss(cue.expect, known)}")


def _end_of(media: Path, offset: float) -> float | None:
    """Show time at which a song or video ends; None: it does not say how long it is."""
    try:
        with av.open(str(media)) as container:
            duration = container.duration
    except (av.FFmpegError, OSError):
        return None
    end = duration / av.time_base - offset if duration else 0.0
    return round(end, 3) if 0.0 < end <= LONGEST else None


def write_show(path: Path, show: Show) -> None:
    """Keep a show, whole or not at all."""
    fresh = path.with_suffix(f"{path.suffix}.new")
    fresh.write_text(to_yaml(show), encoding="utf-8")
    fresh.replace(path)
