"""Which phrase is danced when: a walk over the repertoire that fits the song (beam search)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.phrase import Phrase
from footlights.recognition.dance.repertoire import BEATS, Repertoire, gaps, repertoire
from footlights.recognition.dance.song import Song

BEAM = 16  # walks that are followed at once
NOMINAL = 115.0  # beats a minute that phrases are written for; they are danced at 0.7 to 1.4 times this
WALTZ = 210.0  # the fastest of three beats
_TAILS = 24  # beginnings of phrases that are looked at where a bar is too short for a whole one
_MEMORY = 12  # phrases after which one may come back without a cost
_WEIGHTS = {"seam": 1.0, "strain": 1.2, "energy": 3.0, "style": 1.5, "again": 1.0, "stage": 0.8, "facing": 0.8,
            "accent": 0.8, "fast": 1.0, "chance": 0.35}  # fmt: skip
_SWELL = 0.6  # of how much louder a part of a block is, that its phrases are wilder
_BRISK = 5.0  # metres a second that a joint may reach without a cost
_HOME = 0.4  # metres from the middle of the stage that are still the middle


@dataclass(frozen=True)
class Wishes:
    """What somebody wants of a dance."""

    style: str | None = None  # a style of the library; None: what suits the song
    energy: float | None = None  # 0 calm .. 1 wild; None: as the music
    seed: int = 0  # another number, another dance


@dataclass(frozen=True, eq=False)
class Placed:
    """A phrase at its place."""

    phrase: Phrase  # as it is danced: a mirrored one is already reflected, one cut short has fewer keys
    beat: float  # of the dance, at which it begins
    mirror: bool = False
    amplitude: float = 1.0  # how large, 1: as written


@dataclass(frozen=True, eq=False)
class Plan:
    """A dance before anybody dances it.

    The dance has beats of its own: those of the song, or every second, or twice as many, so that phrases are danced
    about as fast as they were meant.
    """

    placed: tuple[Placed, ...]  # in the order of time, one after the other
    rate: float = 1.0  # beats of the dance to a beat of the song: 0.5, 1 or 2

    def time(self, song: Song, beat: Reals) -> Reals:
        """(B,) seconds at beats of the dance; its beat 0 is the song's."""
        return song.time(np.asarray(beat) / self.rate)


@dataclass(frozen=True)
class Block:
    """A stretch of whole bars that one section covers."""

    begin: float  # beats of the dance
    end: float
    label: str
    energy: float  # 0..1 that the dance should have


@dataclass(frozen=True, eq=False)
class Walk:
    """A dancer in the middle of a dance: what was danced, and where that led."""

    steps: tuple[int, ...] = ()  # indices into the repertoire
    beat: float = 0.0
    spot: tuple[float, float] = (0.0, 0.0)  # metres x, z
    yaw: float = 0.0  # degrees to the left
    cost: float = 0.0

    def taken(self, index: int, cost: float, of: Repertoire) -> "Walk":
        """The walk with one more phrase."""
        cos, sin = np.cos(np.radians(self.yaw)), np.sin(np.radians(self.yaw))
        left, ahead = of.travel[index]
        spot = self.spot[0] + left * cos + ahead * sin, self.spot[1] + ahead * cos - left * sin
        return Walk(
            (*self.steps, index), self.beat + int(of.beats[index]), spot, self.yaw + of.turn[index], self.cost + cost
        )


@dataclass(frozen=True, eq=False)
class Taste:
    """What a dancer likes in this song, besides what follows well."""

    styles: Reals  # (styles,) cost of each
    chance: Reals  # (V,) a little for and against each, drawn from the seed
    seconds: float  # of a beat of the dance
    accents: Reals = field(default_factory=lambda: np.zeros(BEATS))  # strength of the music's beats from the block on
    swell: Reals = field(default_factory=lambda: np.zeros(BEATS))  # how much more energy they have than the block


def plan(song: Song, wishes: Wishes) -> Plan:
    """A dance to the song. The same label gets the same phrases; another seed another dance."""
    rate = rate_for(song.tempo, song.meter)
    if wishes.energy is not None and not 0 <= wishes.energy <= 1:
        raise SettingsError(f"dance: energy must lie from 0 (calm) to 1 (wild), got {wishes.energy!r}")
    of = repertoire(song.meter, wishes.style)
    rng = np.random.default_rng(wishes.seed)
    blocks = blocks_of(song, rate, wishes.energy)
    taste = taste_of(of, blocks, 60 / (song.tempo * rate), rng)
    walk, known, placed = Walk(), dict[str, tuple[int, ...]](), list[Placed]()
    for index, block in enumerate(blocks):
        ahead = known.get(blocks[index + 1].label, ()) if index + 1 < len(blocks) else ()
        heard = replace(taste, accents=_beats(song.accents[:, 0], block, rate), swell=_swell(song, block, rate))
        begun = replace(walk, beat=block.begin)
        walk = filled(begun, block, known.get(block.label, ()), ahead, heard, of)
        taken = walk.steps[len(begun.steps) :]
        if len(taken) > len(known.get(block.label, ())):
            known[block.label] = taken
        placed += _placed(taken, block, of)
        walk, rest = finished(walk, block, heard, of)
        placed += rest
    return Plan(tuple(placed), rate)


def rate_for(tempo: float, meter: int) -> float:
    """Beats of the dance to a beat of music of this tempo."""
    if tempo < 0.7 * NOMINAL:
        return 2.0
    return 0.5 if tempo > (WALTZ if meter == 3 else 1.4 * NOMINAL) else 1.0


def blocks_of(song: Song, rate: float, energy: float | None) -> list[Block]:
    """The song's sections in beats of the dance, from the first bar on, cut where a bar is cut short."""
    starts = set(song.downbeats.tolist())
    drive = drive_of(float(song.accents.mean()), song.tempo * rate)
    middle = float(np.average([s.energy for s in song.sections], weights=[s.end - s.begin for s in song.sections]))
    found = []
    for section in song.sections:
        beats = [beat for beat in range(section.begin, section.end) if beat in starts] or [section.begin]
        cuts = [beats[0]] + [b for a, b in pairwise(beats) if b - a != song.meter]
        cuts = [cut for index, cut in enumerate(cuts) if index == 0 or cut - cuts[index - 1] >= song.meter]
        target = section.energy * drive if energy is None else energy + 0.4 * (section.energy - middle)
        for begin, end in zip(cuts, [*cuts[1:], section.end], strict=True):
            found.append(Block(begin * rate, end * rate, section.label, float(np.clip(target, 0, 1))))
    return found


def drive_of(accents: float, tempo: float) -> float:
    """0.4 a ballad .. 1 a dance floor: how strong the onsets are on the mean, 0..1, and how fast the dance's beat."""
    return float(np.clip(0.35 + 1.1 * accents + 0.4 * (tempo / NOMINAL - 1), 0.4, 1))


def taste_of(of: Repertoire, blocks: Sequence[Block], seconds: float, rng: np.random.Generator) -> Taste:
    """One style that suits the song's energy and a second one beside it, drawn."""
    wanted = float(np.average([b.energy for b in blocks], weights=[b.end - b.begin for b in blocks])) if blocks else 0.4
    usual = np.array([of.energy[of.style == index].mean() for index in range(len(of.styles))])
    order = np.argsort(np.abs(usual - wanted) + rng.gumbel(0, 0.12, len(usual)))
    cost = np.full(len(of.styles), 1.0)
    for rank, index in enumerate(order[:2]):
        cost[index] = 0.45 * rank
    chance = rng.normal(0, 1, int(of.name.max()) + 1)[of.name] + rng.normal(0, 0.4, len(of.phrases))
    return Taste(cost, chance, seconds)


def _beats(values: Reals, block: Block, rate: float) -> Reals:
    """Values of the song's beats at the dance's beats from the block's first on; 0 between them and at the end."""
    places = np.arange(block.begin / rate, len(values), 1 / rate)
    whole = np.floor(places + 1e-6).astype(int)
    return np.concatenate([np.where(places - whole < 1e-3, values[whole], 0.0), np.zeros(BEATS)])


def _swell(song: Song, block: Block, rate: float) -> Reals:
    """How much louder than the block each of its beats is, smoothly."""
    begin, end = int(block.begin / rate), max(int(block.end / rate), int(block.begin / rate) + 1)
    away = song.energy[begin:end] - song.energy[begin:end].mean()
    smooth = np.convolve(np.pad(away, 4, mode="edge"), np.ones(9) / 9, "valid")
    places = np.arange(0, len(smooth), 1 / rate)
    return np.concatenate([np.interp(places, np.arange(len(smooth)), smooth), np.zeros(BEATS)])


def filled(
    walk: Walk, block: Block, again: tuple[int, ...], ahead: tuple[int, ...], taste: Taste, of: Repertoire
) -> Walk:
    """The walk through a block: first what was danced here before, then what suits; no more than fits in.

    `ahead`: the phrases of the block that follows, where they are known already.
    """
    for index in again:
        if walk.beat + of.beats[index] > block.end + 1e-6 or third(walk.steps, index, of):
            break
        walk = walk.taken(index, 0.0, of)
    begun = walk.cost
    beam, done = [walk], list[Walk]()
    while beam:
        reached = list[Walk]()
        for one in beam:
            costs = cost_of(one, block, taste, of)
            fits = one.beat + of.beats <= block.end + 1e-6
            fits &= [not third(one.steps, index, of) for index in range(len(fits))] if len(one.steps) > 1 else True
            choices = np.flatnonzero(fits)
            if not len(choices):
                done.append(one)
            best = choices[np.argsort(costs[choices])[:BEAM]]
            reached += [one.taken(int(index), float(costs[index]) * int(of.beats[index]), of) for index in best]
        beam = sorted(reached, key=lambda each: (each.cost - begun) / max(each.beat - block.begin, 1))[:BEAM]
    fine = [
        one for one in done if not ahead or not third((*one.steps, ahead[0]), ahead[1] if len(ahead) > 1 else -1, of)
    ]
    fine = [one for one in fine if not ahead or not third(one.steps, ahead[0], of)] or done
    return min(fine, key=lambda each: (each.cost - begun) / max(each.beat - block.begin, 1) + _moved(walk, each))


def _moved(walk: Walk, end: Walk) -> float:
    """What it costs that a block ends elsewhere than it began: when it comes again, it goes on from there."""
    away = np.hypot(end.spot[0] - walk.spot[0], end.spot[1] - walk.spot[1])
    return float(_WEIGHTS["stage"] * away + _WEIGHTS["facing"] * abs((end.yaw - walk.yaw + 180) % 360 - 180) / 180)


def third(steps: tuple[int, ...], index: int, of: Repertoire) -> bool:
    """Whether this would be the same phrase for the third time in a row, whichever side."""
    return index >= 0 and len(steps) > 1 and of.name[steps[-1]] == of.name[steps[-2]] == of.name[index]


def cost_of(walk: Walk, block: Block, taste: Taste, of: Repertoire) -> Reals:
    """(V,) how ill each phrase would follow now, for a beat of it."""
    last = walk.steps[-1] if walk.steps else None
    entry = of.start if last is None else of.entry[last]
    strain = np.zeros(len(entry)) if last is None else of.strain[last]
    seam = 1.6 * entry / taste.seconds  # metres a second at the fastest
    fast = np.maximum(np.maximum(seam, 1.6 * of.effort / taste.seconds) - _BRISK, 0)
    cos, sin = np.cos(np.radians(walk.yaw)), np.sin(np.radians(walk.yaw))
    x = walk.spot[0] + of.travel[:, 0] * cos + of.travel[:, 1] * sin
    z = walk.spot[1] + of.travel[:, 1] * cos - of.travel[:, 0] * sin
    facing = np.abs((walk.yaw + of.turn + 180) % 360 - 180) / 180
    now = int(walk.beat - block.begin)
    heard = of.accents @ taste.accents[now : now + BEATS]
    energy = np.clip(block.energy + _SWELL * taste.swell[now : now + 8].mean(), 0, 1)
    cost = {
        "seam": (seam / 4) ** 2 / of.beats,
        "strain": np.maximum(strain - 0.1, 0) * 4 / of.beats,
        "energy": np.abs(of.energy - energy),
        "style": taste.styles[of.style],
        "again": _again(walk.steps, of),
        "stage": np.maximum(np.hypot(x, z) - _HOME, 0),
        "facing": facing,
        "accent": -heard,
        "fast": fast,
        "chance": taste.chance,
    }
    return np.asarray(sum(_WEIGHTS[name] * value for name, value in cost.items()))


def _again(steps: tuple[int, ...], of: Repertoire) -> Reals:
    """(V,) cost of what was danced a short while ago; the other side of what was just danced is welcome."""
    cost = np.zeros(len(of.name))
    for ago, index in enumerate(reversed(steps[-_MEMORY:])):
        cost[of.name == of.name[index]] += 1 - ago / _MEMORY
    if steps:
        other = (of.name == of.name[steps[-1]]) & (np.array(of.mirrors) != of.mirrors[steps[-1]])
        cost[other] -= 0.9
    return cost


def _placed(steps: tuple[int, ...], block: Block, of: Repertoire) -> list[Placed]:
    """The steps of a block at their beats."""
    beat, found = block.begin, list[Placed]()
    for index in steps:
        found.append(Placed(of.phrases[index], beat, of.mirrors[index], _amplitude(block)))
        beat += int(of.beats[index])
    return found


def _amplitude(block: Block) -> float:
    return 0.85 + 0.25 * block.energy


def finished(walk: Walk, block: Block, taste: Taste, of: Repertoire) -> tuple[Walk, list[Placed]]:
    """What is left of a block, less than a bar most often, is filled with the beginning of a phrase that stays here."""
    left = block.end - walk.beat
    if left < 1:
        return walk, []
    order = np.argsort(cost_of(walk, block, taste, of))
    tails = [(index, short) for index in order.tolist() if (short := cut_to(of.phrases[index], left)) is not None]
    fine = [
        (index, short)
        for index, short in tails
        if short.turn == 0 and np.hypot(*short.travel) < 0.1 and not third(walk.steps, index, of)
    ][:_TAILS]
    if not fine:
        return walk, []
    off = gaps([short.last for _, short in fine], [of.phrases[index].last for index, _ in fine])
    index, short = fine[int((off + 0.02 * np.arange(len(fine))).argmin())]
    return replace(walk, steps=(*walk.steps, index)), [Placed(short, walk.beat, of.mirrors[index], _amplitude(block))]


def cut_to(phrase: Phrase, beats: float) -> Phrase | None:
    """The beginning of a phrase, up to its last key within so many beats; None where there is no such key."""
    keys = tuple(key for key in phrase.keys if key.beat <= beats + 1e-6)
    if not keys:
        return None
    return replace(
        phrase, beats=int(np.ceil(keys[-1].beat)), keys=keys, accents=tuple(a for a in phrase.accents if a <= beats)
    )
