"""What one person does, and when: motions in a row, each time a little differently, drawn from a seed."""

from dataclasses import dataclass, replace

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.motion import Curve, Key, Motion, Span, curve, perform, vary
from footlights.media.rehearsal.posture import TRUNK, rest

_LEAST_ROUND = 20.0  # seconds that a person does before it begins again from the start
_BLINK = 0.16  # seconds that a blink takes


@dataclass(frozen=True, eq=False)
class Score:
    """One person's performance. It repeats after `length` seconds without a seam."""

    curve: Curve
    spans: tuple[Span, ...]  # in the order of time, of one round
    length: float  # seconds
    sway: Reals  # (4, 3) amplitude, rate (turns a round) and phase of the small movements nobody can suppress
    blinks: Reals  # (B,) seconds at which a blink begins, growing

    def postures(self, times: Reals) -> Reals:
        """(T, SIZE) postures at (T,) seconds, at any time however late."""
        times = np.mod(times, self.length)
        out = self.curve.at(times)
        wave = self.sway[:, 0] * np.sin(2 * np.pi * (times[:, None] / self.length * self.sway[:, 1] + self.sway[:, 2]))
        out[:, TRUNK["place"].start] += wave[:, 0]
        out[:, TRUNK["spine"].start + 1] += wave[:, 1]
        out[:, TRUNK["neck"].start] += wave[:, 2]
        out[:, TRUNK["neck"].start + 1] += wave[:, 3]
        eye = TRUNK["face"].start + 3
        out[:, eye] *= 1 - self._lids(times)
        return out

    def _lids(self, times: Reals) -> Reals:
        """(T,) how far the lids are closed, 0..1."""
        last = np.clip(np.searchsorted(self.blinks, times, side="right") - 1, 0, None)
        since = (times - self.blinks[last]) / _BLINK
        return np.asarray(np.where((since >= 0) & (since <= 1), np.sin(np.pi * np.clip(since, 0, 1)), 0))

    def doing(self, time: float) -> Span | None:
        """The labelled span that `time` seconds falls into."""
        start = time // self.length * self.length
        return next((shifted(s, start) for s in self.spans if s.label and s.begin <= time - start <= s.end), None)

    def until(self, end: float) -> list[Span]:
        """Every span that begins before `end` seconds, in the order of time."""
        found: list[Span] = []
        for turn in range(int(end // self.length) + 1):
            at = turn * self.length
            found += [shifted(span, at) for span in self.spans if span.begin + at < end]
        return found


def shifted(span: Span, seconds: float) -> Span:
    """The same span so much later."""
    return replace(
        span,
        begin=span.begin + seconds,
        end=span.end + seconds,
        repeats=tuple(moment + seconds for moment in span.repeats),
    )


def compose(
    motions: tuple[Motion, ...], rng: np.random.Generator, *, pace: float | None = None, repeats: int | None = None,
    mirror: bool | None = None, shuffled: bool = False,
) -> Score:  # fmt: skip
    """A round of at least `_LEAST_ROUND` seconds in which the motions are done one after the other.

    `pace`, `repeats` and `mirror` fix what is otherwise drawn for each performance. `shuffled`: in a drawn order.
    """
    keys, now = [Key(0.0, rest())], 0.0
    spans: list[Span] = []
    while now < _LEAST_ROUND or not spans:
        order = rng.permutation(len(motions)) if shuffled else range(len(motions))
        for chosen in (motions[index] for index in order):
            how = vary(chosen, rng, pace, repeats)
            done, span = perform(chosen, how if mirror is None else replace(how, mirror=mirror and chosen.one_sided))
            pause = float(rng.uniform(0.3, 0.8))
            spans.append(shifted(span, now + pause))
            keys += [Key(pause, rest()), *done]
            now += pause + sum(key.seconds for key in done)
    keys.append(Key(0.4, rest()))
    now += 0.4
    amplitudes = np.array([0.008, 0.6, 4.0, 1.5]) * rng.uniform(0.6, 1.2, 4)
    rates = np.round(now * rng.uniform([0.10, 0.22, 0.08, 0.12], [0.2, 0.3, 0.16, 0.25]))
    sway = np.stack([amplitudes, rates, rng.uniform(0, 1, 4)], 1)
    blinks = np.cumsum(rng.uniform(1.8, 5.0, int(now / 1.8) + 1))
    blinks = np.concatenate([[0.9], blinks + 0.9])
    return Score(curve(keys), tuple(spans), now, sway, blinks[blinks < now - _BLINK])
