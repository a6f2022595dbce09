"""Dancing to what plays now: the planner's choice, one phrase at a time, on a beat that is followed."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.posture import TRUNK, rest
from footlights.media.rehearsal.skeleton import Joints
from footlights.recognition.dance.clearing import cleared
from footlights.recognition.dance.dance import FPS
from footlights.recognition.dance.footing import footed
from footlights.recognition.dance.listening import Listener
from footlights.recognition.dance.performing import alive, laid_out, slowed
from footlights.recognition.dance.phrase import METERS, Phrase
from footlights.recognition.dance.planner import (
    Block,
    Placed,
    Plan,
    Taste,
    Walk,
    Wishes,
    cost_of,
    cut_to,
    rate_for,
    taste_of,
    third,
)
from footlights.recognition.dance.repertoire import Repertoire, repertoire
from footlights.recognition.dance.song import steady
from footlights.recognition.dance.track import Track

_CONTEXT = 2  # phrases before it that are worked out again with each phrase, for the feet that stand in them
_SETTLE = 0.5  # beats over which what does not quite meet at a seam is made good
_STARTLED = 0.35  # of the energy: so great a change of the music ends a phrase at the next bar
_ON = 0.12  # beats after a beat that still are on it
_SPEED = 5.5  # metres a second between two keys: the clock may run faster than the tempo for a while
_HOMEWARD = 1.2  # seconds from a dance to rest when the music ends


@dataclass(frozen=True, eq=False)
class Moments:
    """Some moments of a dance that goes on."""

    times: Reals  # (T,) seconds since the first sound
    joints: Joints  # (T, ...)
    contacts: NDArray[np.bool_]  # (T, 2)
    face: Reals  # (T, 5)
    phrase: str  # what is danced at the last of them; empty: nothing yet


@dataclass(frozen=True, eq=False)
class _Stretch:
    """What is danced between two beats of the music."""

    placed: Placed
    begin: float  # beats of the music
    end: float
    rate: float  # beats of the dance to one of the music
    track: Track  # even moments from begin to end
    energy: float
    off: Track  # (1, ...) by how much its beginning misses what was shown before


class Improviser:
    """Dances to sound that comes in pieces. Used by one thread.

    Without a beat it stands and breathes. A great change of the music is answered at the next bar.
    """

    def __init__(self, wishes: Wishes | None = None, body: Body | None = None, fps: float = FPS) -> None:
        self.listener = Listener()
        self.body = body or Body()
        self._wishes, self._fps = wishes or Wishes(), fps
        self._frame = 0  # the next one to be shown
        self._shown = Track(rest()[None], np.zeros((1, 2)), np.zeros(1), np.ones((1, 2), bool))
        self._start = self._shown  # where the first phrase of the context begins
        self._context: list[Placed] = []
        self._walk = Walk()
        self._stretch: _Stretch | None = None
        self._tastes: dict[int, Taste] = {}
        self._known = {meter: repertoire(meter, self._wishes.style) for meter in METERS}
        self._of = self._known[4]

    def hear(self, samples: NDArray[np.float32]) -> Moments:
        """Take (N,) or (2, N) samples at 22050 a second; gives the moments that they lasted."""
        self.listener.hear(samples)
        last = max(self._frame, int(self.listener.time * self._fps))
        times = np.arange(self._frame, last) / self._fps
        self._frame = last
        tracks = [self._at(float(beat)) for beat in self.listener.beats(times)]
        track = _joined(tracks) if tracks else _part(self._shown, slice(0, 0))
        track = alive(track, times, np.full(len(times), self.listener.energy)) if tracks else track
        name = self._stretch.placed.phrase.name if self._stretch else ""
        return Moments(times, track.joints(self.body), track.contacts, track.rows[:, TRUNK["face"]], name)

    def _at(self, beat: float) -> Track:
        """(1, ...) what is shown at a beat of the music."""
        if self.listener.tempo is None:
            self._shown = self._homeward()
            return self._shown
        now = self._stretch
        if now is not None and self._startled(now, beat):
            now = self._interrupted(now, beat)
        if (now is None and beat % 1 < _ON) or (now is not None and beat >= now.end):
            now = self._stretch = self._chosen(float(np.floor(beat + 1e-6)))
        if now is not None:
            self._shown = _sampled(now, beat)
        return self._shown

    def _homeward(self) -> Track:
        """A little nearer to rest, where the music has ended."""
        if self._stretch is not None:
            self._stretch, self._context = None, []
            self._walk = replace(self._walk, steps=())
        share = min(1.0, 3 / (_HOMEWARD * self._fps))
        rows = self._shown.rows + share * (rest() - self._shown.rows)
        self._start = Track(rows, self._shown.spot, self._shown.yaw, np.ones((1, 2), bool))
        return self._start

    def _startled(self, now: _Stretch, beat: float) -> bool:
        """Whether the music has changed so much that the phrase is given up, at the beginning of a bar."""
        on_bar = beat % 1 < _ON and (int(beat) - self.listener.downbeat) % self.listener.meter == 0
        return on_bar and int(beat) > now.begin and abs(self.listener.energy - now.energy) > _STARTLED

    def _interrupted(self, now: _Stretch, beat: float) -> _Stretch:
        """The stretch, ended here."""
        short = cut_to(now.placed.phrase, (int(beat) - now.begin) * now.rate)
        if short is None:
            return now
        self._context[-1] = replace(now.placed, phrase=short)
        self._walk = self._arrived(self._walk.steps)
        return replace(now, end=float(int(beat)))

    def _chosen(self, begin: float) -> _Stretch:
        """The phrase that begins at this beat of the music: to the next bar where that is not where bars begin."""
        ear = self.listener
        assert ear.tempo is not None
        of, rate = self._known[ear.meter], rate_for(ear.tempo, ear.meter)
        if of is not self._of:
            self._of, self._walk = of, replace(self._walk, steps=())
        energy = ear.drive * ear.energy if self._wishes.energy is None else self._wishes.energy
        block = Block(0.0, 1.0, "", float(np.clip(energy, 0, 1)))
        taste = replace(self._taste(of, block), seconds=60 / (ear.tempo * rate))
        to_bar = (ear.downbeat - int(begin)) % ear.meter * rate
        index, phrase = self._fitting(cost_of(self._walk, block, taste, of), to_bar, of)
        beat = self._context[-1].beat + self._context[-1].phrase.keys[-1].beat if self._context else 0.0
        placed = Placed(phrase, beat, of.mirrors[index], 0.85 + 0.25 * block.energy)
        self._context.append(placed)
        track = self._worked_out(60 / (ear.tempo * rate))
        self._walk = self._arrived((*self._walk.steps[-16:], index))
        length = (to_bar if phrase is not of.phrases[index] else float(of.beats[index])) / rate
        off = Track(
            self._shown.rows - track.rows[:1], self._shown.spot - track.spot[:1], self._shown.yaw - track.yaw[:1],
            self._shown.contacts,
        )  # fmt: skip
        return _Stretch(placed, begin, begin + length, rate, track, ear.energy, off)

    def _taste(self, of: Repertoire, block: Block) -> Taste:
        """The same as long as the meter is."""
        if self.listener.meter not in self._tastes:
            rng = np.random.default_rng(self._wishes.seed)
            self._tastes[self.listener.meter] = taste_of(of, [block], 0.5, rng)
        return self._tastes[self.listener.meter]

    def _fitting(self, costs: Reals, to_bar: float, of: Repertoire) -> tuple[int, Phrase]:
        """The best phrase, or the best beginning of one that is so many beats long."""
        steps = self._walk.steps
        order = [index for index in np.argsort(costs).tolist() if not third(steps, index, of)]
        for index in order if to_bar else ():
            short = cut_to(of.phrases[index], to_bar)
            if short is not None and short.turn == 0 and to_bar - short.keys[-1].beat < 1:
                return index, short
        return order[0], of.phrases[order[0]]

    def _worked_out(self, seconds: float) -> Track:
        """Even moments of the last phrase of the context, danced after those before it, a beat lasting so long."""
        while len(self._context) > _CONTEXT + 1:
            self._start = self._after(self._context[:1])
            del self._context[0]
        placed = self._context[-1]
        first, end = self._context[0].beat, placed.beat + placed.phrase.keys[-1].beat
        song = steady(60 / seconds, (end + 4) * seconds)
        keys = slowed(laid_out(Plan(tuple(self._context)), song, self.body, self._start).settled(), self.body, _SPEED)
        times = np.arange(round(first * seconds * FPS), round(end * seconds * FPS) + 1) / FPS
        track = cleared(footed(keys.at(times), self.body, FPS, seconds), self.body, FPS)
        return _part(track, slice(round(placed.beat * seconds * FPS) - round(first * seconds * FPS), None))

    def _after(self, placed: list[Placed]) -> Track:
        """(1, ...) where the body is after some phrases from the start of the context."""
        keys = laid_out(Plan(tuple(placed)), steady(100, 1), self.body, self._start)
        return _part(keys.track, slice(-2, -1))

    def _arrived(self, steps: tuple[int, ...]) -> Walk:
        """Where the context leads."""
        end = self._after(self._context)
        return Walk(steps, 0.0, (float(end.spot[0, 0]), float(end.spot[0, 1])), float(end.yaw[0]))


def _part(track: Track, which: slice) -> Track:
    return Track(track.rows[which], track.spot[which], track.yaw[which], track.contacts[which])


def _joined(tracks: list[Track]) -> Track:
    return Track(
        np.concatenate([one.rows for one in tracks]), np.concatenate([one.spot for one in tracks]),
        np.concatenate([one.yaw for one in tracks]), np.concatenate([one.contacts for one in tracks]),
    )  # fmt: skip


def _sampled(stretch: _Stretch, beat: float) -> Track:
    """(1, ...) a moment of a stretch, what its beginning misses faded in."""
    track = stretch.track
    share = np.clip((beat - stretch.begin) / (stretch.end - stretch.begin), 0, 1) * (len(track.yaw) - 1)
    low = min(int(share), max(len(track.yaw) - 2, 0))
    one, other, part = _part(track, slice(low, low + 1)), _part(track, slice(low + 1, low + 2)), share - low
    past = float(np.clip((beat - stretch.begin) / _SETTLE, 0, 1))
    left = 1 - past * past * (3 - 2 * past)
    return Track(
        one.rows + part * (other.rows - one.rows) + left * stretch.off.rows,
        one.spot + part * (other.spot - one.spot) + left * stretch.off.spot,
        one.yaw + part * (other.yaw - one.yaw) + left * stretch.off.yaw,
        one.contacts if part < 0.5 else other.contacts,
    )
