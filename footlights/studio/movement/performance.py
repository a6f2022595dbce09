"""A made-up stretch of somebody's time: acts of the whole body, and acts of arms and head laid over them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.motion import Key, Motion, Span, curve
from footlights.media.rehearsal.posture import ARMS, TRUNK, rest
from footlights.studio.movement.acts import Act, act, at, broken_off, fidget, may_be_slow, pause, seated, steps, unmeant
from footlights.studio.movement.library import FLOOR, LOW, Library

Rng = np.random.Generator
_CHAIN = 0.25  # how often one act follows on another without coming to rest
_SEATED = 0.25  # how often somebody sits all the time, while arms and head do this and that
_SLOW = 0.2  # how often an exercise is done slowly on purpose
_BLEND = 0.25  # seconds in which arms change from one track to the other


@dataclass(frozen=True, eq=False)
class Placed:
    """An act and when it begins, seconds."""

    act: Act
    start: float

    @property
    def stop(self) -> float:
        return self.start + self.act.seconds

    @property
    def span(self) -> Span | None:
        return at(self.act, self.start)


@dataclass(frozen=True, eq=False)
class Performance:
    """What a person does for some time, counted from the first moment that is seen."""

    base: tuple[Placed, ...]  # of the whole body, without gaps
    arms: tuple[Placed, ...]  # instead of the arms of the base
    head: tuple[Placed, ...]  # on top of the head of the base
    sway: Callable[[Reals], Reals]  # (T,) seconds -> (T, SIZE) small movements that nobody can suppress

    @property
    def acts(self) -> tuple[Placed, ...]:
        return (*self.base, *self.arms, *self.head)

    def rows(self, times: Reals) -> Reals:
        """(T, SIZE) postures."""
        out = played(self.base, times)
        for laid in windows(self.arms):
            over, weight = played(laid, times), weights(laid, times)
            out[:, ARMS] += weight * (over[:, ARMS] - out[:, ARMS])
            for part in ("spine", "neck", "face"):
                out[:, TRUNK[part]] += weight * (over[:, TRUNK[part]] - rest()[TRUNK[part]])
        for laid in windows(self.head):
            out[:, TRUNK["neck"]] += weights(laid, times) * played(laid, times)[:, TRUNK["neck"]]
        return np.asarray(out + self.sway(times))


def played(acts: tuple[Placed, ...], times: Reals) -> Reals:
    """(T, SIZE) postures of acts that follow one another without gaps."""
    keys = [Key(0.0, rest()), *(key for item in acts for key in item.act.keys)]
    return curve(keys).at(times - acts[0].start)


def windows(acts: tuple[Placed, ...]) -> Iterator[tuple[Placed, ...]]:
    """Runs of acts without gaps."""
    run: list[Placed] = []
    for item in acts:
        if run and item.start - run[-1].stop > 1e-6:
            yield tuple(run)
            run = []
        run.append(item)
    if run:
        yield tuple(run)


def weights(acts: tuple[Placed, ...], times: Reals) -> Reals:
    """(T, 1) 1 within a run of acts, 0 outside, soft at both ends."""
    inside = np.minimum(times - acts[0].start, acts[-1].stop - times) / _BLEND
    share = np.clip(inside, 0, 1)[:, None]
    return np.asarray(share * share * (3 - 2 * share))


def compose(library: Library, camera: str, seconds: float, rng: Rng, quiet: bool = False) -> Performance:
    """Somebody's time before a camera (of `motion.CAMERAS`, or `FLOOR`); it begins in the middle of something.

    `quiet`: nothing is done that has a label.
    """
    sloppy = float(rng.uniform(0.2, 1.0))
    own = {"gestures": _for_gestures, "exercises": _for_exercises}[library.net]
    pick = _everyday if quiet else _on_the_floor if camera == FLOOR else own
    base: list[Placed] = []
    seat = seated(rng) if library.net == "gestures" and rng.random() < _SEATED else None
    now = -float(rng.uniform(0, 6)) * float(rng.random() < 0.7)
    while now < seconds:
        chosen = pick(library, camera, sloppy, rng) if seat is None else pause(float(rng.uniform(4, 12)), seat)
        if chosen.motion is not None and chosen.motion.leave and rng.random() < _CHAIN:
            chosen = _cut_short(chosen)
        base.append(Placed(chosen, now))
        now = base[-1].stop
        if rng.random() < 0.6:
            still = pause(float(rng.uniform(0.05, 0.9)), chosen.keys[-1].row)
            base.append(Placed(still, now))
            now = base[-1].stop
    laid = [item for place in base for item in _laid_over(place, library, camera, sloppy, rng, quiet)]
    nods = [item for place in base for item in _nods(place, library, sloppy, rng) if not quiet]
    return Performance(tuple(base), tuple(laid), tuple(nods), _sway(seconds, rng))


def _for_gestures(library: Library, camera: str, sloppy: float, rng: Rng) -> Act:
    chance = rng.random()
    if chance < 0.42:
        return pause(float(rng.uniform(2, 9)), rest())
    if chance < 0.46:
        return pause(float(rng.uniform(3, 8)), seated(rng))
    if chance < 0.54:
        return steps(float(rng.uniform(2, 8)), rng)
    if chance < 0.60:
        free = [item for item in library.others if "arms" in item.free and item.posture in ("standing", "squatting")]
        return act(_one(free, rng), rng, sloppy) if free else pause(3.0, rest())
    if chance < 0.76 and library.quiet:
        return unmeant(_one(library.quiet, rng), rng, sloppy)
    return act(_taught(library, camera, rng), rng, sloppy)


def _on_the_floor(library: Library, camera: str, sloppy: float, rng: Rng) -> Act:
    low = [item for item in library.quiet if item.posture in LOW]
    if rng.random() < 0.15 and low:
        return unmeant(_one(low, rng), rng, sloppy)
    chosen = _taught(library, camera, rng)
    return broken_off(chosen, rng) if rng.random() < 0.08 else _exercise(chosen, rng, sloppy)


def _everyday(library: Library, camera: str, sloppy: float, rng: Rng) -> Act:
    chance = rng.random()
    if chance < 0.25:
        return pause(float(rng.uniform(2, 9)), rest())
    if chance < 0.32:
        return pause(float(rng.uniform(3, 8)), seated(rng))
    if chance < 0.42 or not library.quiet:
        return steps(float(rng.uniform(2, 8)), rng)
    return unmeant(_one(library.quiet, rng), rng, sloppy)


def _for_exercises(library: Library, camera: str, sloppy: float, rng: Rng) -> Act:
    chance = rng.random()
    if chance < 0.10:
        row = rest() if rng.random() < 0.7 else seated(rng)
        return pause(float(rng.uniform(1, 6)), row)
    if chance < 0.16:
        return steps(float(rng.uniform(2, 8)), rng)
    if chance < 0.24:
        return act(_one(library.others, rng), rng, sloppy)
    if chance < 0.48 and library.quiet:
        return unmeant(_one(library.quiet, rng), rng, sloppy)
    if chance < 0.52:
        return broken_off(_taught(library, camera, rng), rng)
    return _exercise(_taught(library, camera, rng), rng, sloppy)


def _exercise(chosen: Motion, rng: Rng, sloppy: float) -> Act:
    return act(chosen, rng, sloppy, slow=may_be_slow(chosen) and rng.random() < _SLOW)


def _taught(library: Library, camera: str, rng: Rng, part: str = "") -> Motion:
    """One of the net's own motions, every label as often; with a part: one that leaves it free."""
    shown = library.showing(camera) or library.taught
    if part:
        shown = {label: tuple(m for m in motions if part in m.free) for label, motions in shown.items()}
        shown = {label: motions for label, motions in shown.items() if motions} or library.taught
    labels = list(shown)
    return _one(shown[labels[rng.integers(len(labels))]], rng)


def _one(motions: tuple[Motion, ...] | list[Motion], rng: Rng) -> Motion:
    return motions[rng.integers(len(motions))]


def _cut_short(done: Act) -> Act:
    """The act without its way back to rest."""
    assert done.motion is not None
    kept = done.keys[: -len(done.motion.leave)] or done.keys
    short = replace(done, keys=kept)
    if done.span is None:
        return short
    return replace(short, span=replace(done.span, end=min(done.span.end, short.seconds)))


def _laid_over(place: Placed, library: Library, camera: str, sloppy: float, rng: Rng, quiet: bool) -> Iterator[Placed]:
    """Acts of the arms while the base leaves them free."""
    likely = {"gestures": 0.95, "exercises": 0.35}[library.net]
    if not place.act.frees("arms") or place.act.seconds < 1.5 or rng.random() > likely:
        return
    now = place.start + float(rng.uniform(0, 1))
    for _ in range(12):
        chosen = _aimless(library, sloppy, rng) if quiet else _of_arms(library, camera, sloppy, rng)
        if now + chosen.seconds > place.stop:
            break
        yield Placed(chosen, now)
        now += chosen.seconds
        if rng.random() < 0.6:
            still = pause(float(rng.uniform(0.05, 0.7)), rest())
            if now + still.seconds > place.stop:
                break
            yield Placed(still, now)
            now += still.seconds


def _of_arms(library: Library, camera: str, sloppy: float, rng: Rng) -> Act:
    chance = rng.random()
    gestures = library.net == "gestures"
    if chance < (0.56 if gestures else 0.45):
        if gestures:
            return act(_taught(library, camera, rng, "legs"), rng, sloppy)
        return act(_one([m for m in library.others if "legs" in m.free] or list(library.others), rng), rng, sloppy)
    if chance < 0.90:
        return _aimless(library, sloppy, rng)
    return broken_off(_taught(library, camera, rng) if gestures else _one(library.others, rng), rng)


def _aimless(library: Library, sloppy: float, rng: Rng) -> Act:
    """Arms that mean nothing."""
    free = [item for item in library.quiet if "legs" in item.free]
    return unmeant(_one(free, rng), rng, sloppy) if free and rng.random() < 0.65 else fidget(rng)


def _nods(place: Placed, library: Library, sloppy: float, rng: Rng) -> Iterator[Placed]:
    """Now and then, nodding and the like at the same time."""
    own = [motion for motions in library.taught.values() for motion in motions if "arms" in motion.free]
    heads = [motion for motion in own if library.net == "gestures"]
    if not heads or not place.act.frees("head") or rng.random() > 0.15:
        return
    chosen = act(_one(heads, rng), rng, sloppy)
    start = place.start + float(rng.uniform(0, 1)) * max(place.act.seconds - chosen.seconds, 0)
    if start + chosen.seconds <= place.stop:
        yield Placed(chosen, start)


def _sway(seconds: float, rng: Rng) -> Callable[[Reals], Reals]:
    """Slow noise on trunk and head."""
    sizes = np.zeros(len(rest()))
    sizes[TRUNK["place"]], sizes[TRUNK["spine"]], sizes[TRUNK["neck"]] = 0.006, 1.2, (5.0, 2.5, 1.5)
    sizes *= rng.uniform(0.3, 1.4)
    step = float(rng.uniform(0.7, 1.6))
    knots = rng.normal(0, 1, (int(seconds / step) + 3, len(sizes))) * sizes

    def sway(times: Reals) -> Reals:
        place = np.clip(times / step, 0, len(knots) - 1.001)
        first = place.astype(int)
        share = (place - first)[:, None]
        share = share * share * (3 - 2 * share)
        return np.asarray(knots[first] * (1 - share) + knots[first + 1] * share)

    return sway
