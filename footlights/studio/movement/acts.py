"""What somebody does in a row: acts of the library done sloppily, and what nobody has written down."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.motion import Key, Motion, Span, Variation, perform, vary
from footlights.media.rehearsal.posture import (
    ARM,
    LEG,
    SIZE,
    TRUNK,
    arms,
    hand_shapes,
    legs,
    mirrored,
    posture,
    rest,
)
from footlights.media.rehearsal.score import shifted

_SEATED = {
    "place": [0.0, -0.46, -0.06], "legs": {"floor": [0.16, 0.0, 0.44], "knee": [0.3, 0.2, 1.0]},
}  # fmt: skip
_LEAP = 0.02  # above rest, in the library's units, from which a body flies


@dataclass(frozen=True, eq=False)
class Act:
    """One performance, or a pause."""

    keys: tuple[Key, ...]
    motion: Motion | None = None
    span: Span | None = None  # counted from the beginning of the act
    path: bool = False  # the person walks about meanwhile

    @property
    def seconds(self) -> float:
        return float(sum(key.seconds for key in self.keys))

    def frees(self, part: str) -> bool:
        """True where a part of the body may do something else meanwhile."""
        return self.motion is None or part in self.motion.free


def act(motion: Motion, rng: np.random.Generator, sloppy: float, *, slow: bool = False) -> Act:
    """A motion done this time: wider ranges than it was written with, `sloppy` (0..1) form, `slow` on purpose."""
    how = vary(motion, rng)
    done = _slowly(motion, rng) if slow else motion
    cycle = sum(key.seconds for key in done.cycle) / how.pace
    if cycle > 0:  # long sets are cut, so that more acts fit into a sequence
        how = replace(how, repeats=int(np.clip(rng.uniform(3, 9) / cycle, 1, how.repeats)))
    how = replace(how, hold=min(how.hold, float(rng.uniform(1.0, 6.0))))
    pace = how.pace * float(np.exp(rng.normal(0, 0.16 * sloppy)))
    size = how.amplitude * float(np.exp(rng.normal(0, 0.10 * sloppy)))
    keys, span = perform(done, replace(how, pace=pace, amplitude=size))
    return Act(tuple(slack(keys, rng, sloppy)), motion, span)


def may_be_slow(motion: Motion) -> bool:
    """Whether an exercise can be done as slowly as one likes: it is repeated, and nobody leaves the floor."""
    highest = max((float(key.row[TRUNK["place"]][1]) for key in motion.cycle), default=0.0)
    return motion.exercise is not None and motion.exercise.counts > 0 and highest < _LEAP


def _slowly(motion: Motion, rng: np.random.Generator) -> Motion:
    """As strength is trained: every way takes longer, and what was reached is held for a moment."""
    pace, cycle = float(rng.uniform(0.4, 0.8)), list[Key]()
    for key in motion.cycle:
        cycle.append(replace(key, seconds=key.seconds / pace))
        if rng.random() < 0.5:
            cycle.append(Key(float(rng.uniform(0.2, 1.5)), key.row))
    return replace(motion, cycle=tuple(cycle))


def unmeant(motion: Motion, rng: np.random.Generator, sloppy: float) -> Act:
    """An everyday motion as nobody has written it: quicker or slower, smaller, looser, or begun in the middle."""
    done = act(motion, rng, sloppy)
    if rng.random() < 0.35:
        return done
    pace, size = float(np.exp(rng.normal(0, 0.22))), float(rng.uniform(0.6, 1.0))
    keys = slack(done.keys, rng, float(rng.uniform(0.2, 1.6)))
    keys = [Key(key.seconds / pace, rest() + size * (key.row - rest()), key.ease) for key in keys]
    if len(keys) > 2 and rng.random() < 0.25:
        keys = keys[int(rng.integers(1, len(keys) - 1)) :]
        keys[0] = replace(keys[0], seconds=max(keys[0].seconds, float(rng.uniform(0.3, 0.7))))
    return Act((*keys[:-1], Key(keys[-1].seconds, rest())), motion)


def _spread() -> Reals:
    """(SIZE,) how much each number of a posture varies from person to person."""
    out = np.zeros(SIZE)
    out[TRUNK["place"]], out[TRUNK["turn"]] = 0.015, (4.0, 3.0, 1.5)
    out[TRUNK["spine"]], out[TRUNK["neck"]] = (3.0, 3.5, 2.5), (5.0, 5.0, 3.5)
    arm, leg = arms(out), legs(out)
    arm[:, ARM["chest"]] = (0.06, 0.06, 0.06, 0, 0, 0)
    for frame in ("pelvis", "head", "floor"):
        arm[:, ARM[frame]] = (0.02, 0.02, 0.02, 0)
    arm[:, ARM["elbow"]], arm[:, ARM["palm"]], arm[:, ARM["aim"]] = 0.18, 0.2, (0.12, 0.12, 0.12, 0)
    arm[:, ARM["fingers"]], arm[:, ARM["spread"]], arm[:, ARM["thumb"]] = 0.08, 0.15, 0.08
    leg[:, LEG["floor"]], leg[:, LEG["pelvis"]] = (0.025, 0.0, 0.025, 0), (0.03, 0.03, 0.03, 0)
    leg[:, LEG["knee"]], leg[:, LEG["foot"]] = 0.08, 5.0
    return out


_SPREAD = _spread()


def slack(keys: Iterable[Key], rng: np.random.Generator, size: float) -> list[Key]:
    """The same keys done by somebody who is no model: a habit that all keys share, and a little of chance in each.

    Targets move as far as they count, so that nothing is reached for that was not meant.
    """
    habit = rng.normal(0, 0.8, SIZE)
    done = []
    for key in keys:
        offset = (habit + rng.normal(0, 0.5, SIZE)) * _SPREAD * size
        row, loose = key.row.copy(), offset
        for limb, place, frames in ((arms, ARM, ("chest", "pelvis", "head", "floor", "aim")), (legs, LEG, FRAMES_LEG)):
            mine, values = limb(row), limb(loose)
            for frame in frames:
                start = place[frame].start
                values[:, start : start + 3] *= mine[:, start + 3, None]
        row += loose
        hands = arms(row)
        hands[:, ARM["fingers"]] = np.clip(hands[:, ARM["fingers"]], 0, 1.05)
        done.append(Key(key.seconds * float(np.exp(rng.normal(0, 0.15 * size))), row, key.ease))
    return done


FRAMES_LEG = ("floor", "pelvis")


def pause(seconds: float, row: Reals) -> Act:
    """Standing or sitting still."""
    return Act((Key(seconds, row),))


def seated(rng: np.random.Generator) -> Reals:
    """(SIZE,) somebody who sits, hands in the lap or at the sides."""
    row = posture(_SEATED)
    lap = {"reach": [-0.12, -0.62, 0.44], "elbow": [0.7, -0.4, -0.5], "palm": "down"}
    row = posture({"arms": lap}, row) if rng.random() < 0.6 else row
    return slack([Key(1.0, row)], rng, 1.0)[0].row


def steps(seconds: float, rng: np.random.Generator) -> Act:
    """Walking, on the spot or about, arms swinging a little or not at all."""
    half, lift = float(rng.uniform(0.28, 0.75)), float(rng.uniform(0.03, 0.25))
    swing, bend = float(rng.uniform(0, 0.35)), float(rng.uniform(0, 0.3))
    keys: list[Key] = []
    while sum(key.seconds for key in keys) < seconds:
        out, up, ahead = 0.12, -0.95 + bend, 0.1 + bend
        leg = {"floor": [0.12, lift, 0.15 * swing]}
        row = posture({
            "right_leg": leg, "left_leg": {"floor": [0.12, 0.0, -0.1 * swing]},
            "left_arm": {"reach": [out, up, ahead + swing]},
            "right_arm": {"reach": [out, up, ahead - swing]}, "spine": [4 * swing, 2.0, 0.0],
        })  # fmt: skip
        keys.append(Key(half, row if len(keys) % 2 else mirrored(row), "through"))
    return Act(tuple(keys), path=True)


_MEANS_NOTHING = ("relaxed", "relaxed", "open", "flat", "cupped", "hooked", "bunched", "grip", "holding_pen")


def fidget(rng: np.random.Generator) -> Act:
    """Arms that go here and there for no reason: what no library holds, and no net may answer to."""
    shapes = [name for name in _MEANS_NOTHING if name in hand_shapes()]
    which = rng.choice(3, p=(0.35, 0.35, 0.3))  # left, right, both
    row, keys = rest(), []
    for _ in range(int(rng.integers(1, 6))):
        for side in (0, 1) if which == 2 else (which,):
            reach = rng.normal(0, 1, 3) * (0.5, 0.55, 0.45) + (0.1, -0.3, 0.35)
            reach[2] = max(reach[2], -0.2)
            arm = {
                "reach": list(reach * min(1.0, 0.97 / float(np.linalg.norm(reach)))),
                "elbow": [rng.uniform(0.2, 1), rng.uniform(-1, 0.2), rng.uniform(-0.6, 0.2)],
                "palm": list(rng.normal(0, 1, 3)), "hand": shapes[rng.integers(len(shapes))],
            }  # fmt: skip
            row = posture({("left_arm", "right_arm")[side]: arm}, row)
        row = posture({"neck": list(rng.normal(0, (8, 5, 3)))}, row)
        ease = "through" if rng.random() < 0.4 else "smooth"
        keys.append(Key(float(rng.uniform(0.2, 1.1)), row, ease))
        if rng.random() < 0.4:
            keys.append(Key(float(rng.uniform(0.1, 0.9)), row))
    return Act((*keys, Key(float(rng.uniform(0.3, 0.9)), rest())))


def broken_off(motion: Motion, rng: np.random.Generator) -> Act:
    """A motion that is begun and thought better of: half of the way there, and back."""
    mirror = motion.one_sided and rng.random() < 0.5
    keys, _ = perform(motion, Variation(pace=float(rng.uniform(0.7, 1.2)), mirror=mirror))
    share, first = float(rng.uniform(0.25, 0.6)), keys[0]
    halfway = rest() + share * (first.row - rest())
    return Act(tuple(slack([Key(first.seconds * share + 0.1, halfway), Key(0.4, rest())], rng, 1.0)))


def at(done: Act, start: float) -> Span | None:
    """The span of an act that begins so late."""
    return None if done.span is None else shifted(done.span, start)
