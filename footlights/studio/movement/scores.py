"""How good a net is on generated sequences of seeds that it has never seen: what it finds, and how quiet it stays.

A performed span is found where its label is above its threshold for at least `HELD` during it, and for longer than any
other label that is not performed at the same time. A false event is a stretch of at least `HELD` above the threshold in
a stream of everyday movements, in which nothing that has a label is ever done; pauses under `MERGED` do not part it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Sequence as Ordered
from dataclasses import dataclass, field

import numpy as np

from footlights.core.scene import Floats
from footlights.recognition.movement.sight import RATE, Bools
from footlights.studio.movement.generator import AFTER, Sequence
from footlights.studio.movement.library import POSTURE

HELD = 3  # steps
MERGED = 10  # steps
GRID = np.round(np.arange(0.30, 0.86, 0.05), 2)  # thresholds to choose from
ALIKE = 0.01  # worth of thresholds that differ by less: the lowest is taken, for real pictures make a net less sure
FALSE_COST = 0.6  # of recall, that one false event a minute of one label costs when its threshold is chosen

Net = Callable[[Floats], Floats]  # (T, D) features -> (T, L) probabilities


@dataclass(slots=True)
class Tally:
    """What happened to one label."""

    performed: int = 0
    found: int = 0
    taken_for: Counter[str] = field(default_factory=Counter)  # where it was not found: what was up instead
    false: int = 0  # events in everyday streams

    @property
    def recall(self) -> float:
        return self.found / self.performed if self.performed else float("nan")


@dataclass(slots=True)
class Score:
    """All figures of a net."""

    labels: dict[str, Tally]
    minutes: float = 0.0  # of everyday streams

    @property
    def recall(self) -> float:
        """Of all spans together."""
        performed = sum(tally.performed for tally in self.labels.values())
        return sum(tally.found for tally in self.labels.values()) / max(performed, 1)

    @property
    def false_a_minute(self) -> float:
        return sum(tally.false for tally in self.labels.values()) / self.minutes if self.minutes else float("nan")


def score(
    net: Net, labels: Ordered[str], thresholds: Floats, busy: Iterable[Sequence], quiet: Iterable[Sequence] = ()
) -> Score:
    """Figures on sequences in which things are done, and on others in which nothing is."""
    told = Score({label: Tally() for label in labels if not label.startswith(POSTURE)})
    for item in busy:
        _count(told, labels, held(net(item.inputs) >= thresholds), item)
    for item in quiet:
        up = net(item.inputs) >= thresholds
        told.minutes += len(up) / RATE / 60
        for index, label in enumerate(labels):
            if label in told.labels:
                told.labels[label].false += len(events(up[:, index]))
    return told


def _count(told: Score, labels: Ordered[str], up: Bools, item: Sequence) -> None:
    place = {label: index for index, label in enumerate(labels)}
    for span in item.performed:
        stretch = slice(span.begin, span.end + round(AFTER * RATE))
        lengths = up[stretch].sum(0)
        others = np.array([
            0 if label.startswith(POSTURE) or item.wanted[stretch, index].any() else lengths[index]
            for index, label in enumerate(labels)
        ])  # fmt: skip
        tally, own = told.labels[span.label], lengths[place[span.label]]
        tally.performed += 1
        if own > 0 and own >= others.max():
            tally.found += 1
        else:
            tally.taken_for[labels[int(others.argmax())] if others.max() > 0 else "nothing"] += 1


def held(up: Bools) -> Bools:
    """(T, L) without what does not last for `HELD` steps."""
    kept = np.zeros_like(up)
    for index in range(up.shape[1]):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], up[:, index].astype(np.int8), [0]])))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            kept[begin:end, index] = end - begin >= HELD
    return kept


def events(up: Bools) -> list[tuple[int, int]]:
    """(begin, end) of the events of one label, steps."""
    found: list[tuple[int, int]] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], up.astype(np.int8), [0]])))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - begin >= HELD:
            if found and begin - found[-1][1] < MERGED:
                found[-1] = found[-1][0], end
            else:
                found.append((begin, end))
    return found


def choose_thresholds(net: Net, labels: Ordered[str], busy: list[Sequence], quiet: list[Sequence]) -> Floats:
    """(L,) for each label the threshold that finds most and cries least: recall minus the price of false events."""
    answers = [net(item.inputs) for item in busy]
    calm = [net(item.inputs) for item in quiet]
    minutes = max(sum(len(item) for item in calm) / RATE / 60, 1e-9)
    active = max(sum(len(item) for item in answers) / RATE / 60, 1e-9)
    chosen = np.full(len(labels), 0.5, np.float32)
    for index, label in enumerate(labels):
        spans = [(n, s) for n, item in enumerate(busy) for s in item.performed if s.label == label]
        if not spans:
            continue
        worth = []
        for threshold in GRID:
            hit = sum(bool(events(answers[n][s.begin : s.end + 7, index] >= threshold)) for n, s in spans)
            false = sum(len(events(item[:, index] >= threshold)) for item in calm)
            wrong = sum(
                len(events((item[:, index] >= threshold) & is_wrong(told, index)))
                for item, told in zip(answers, busy, strict=True)
            )
            worth.append(hit / len(spans) - FALSE_COST * (false / minutes + 0.5 * wrong / active))
        chosen[index] = GRID[np.flatnonzero(np.array(worth) >= max(worth) - ALIKE)[0]]
    return chosen


def is_wrong(told: Sequence, index: int) -> Bools:
    """(T,) where the label would be wrong."""
    return np.asarray((told.wanted[:, index] < 1) & (told.counted[:, index] > 0))


def as_text(told: Score, title: str) -> str:
    """The figures, to read: the weakest label first."""
    lines = [
        f"{title}: {told.recall:.1%} of {sum(t.performed for t in told.labels.values())} found, "
        f"{told.false_a_minute:.2f} false events a minute in {told.minutes:.0f} minutes of everyday movements"
    ]
    for label, tally in sorted(told.labels.items(), key=lambda pair: (pair[1].recall, pair[0])):
        instead = ", ".join(f"{name} {count}" for name, count in tally.taken_for.most_common(4))
        lines.append(f"  {label:<32} {tally.found:>4} of {tally.performed:<4} {tally.false:>3} false   {instead}")
    return "\n".join(lines)
