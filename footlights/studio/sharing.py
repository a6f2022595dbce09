"""Which examples are for valid: whole recordings, so that what is judged with is new."""

import re
from collections.abc import Sequence

import numpy as np

from footlights.core.errors import SettingsError
from footlights.studio.manifest import Item

TRIES = 200  # divisions that are drawn, of which the best is taken
_NUMBER = re.compile(r"(?:[\s_.-]*(?:frame|img)?[\s_.-]*)(\d+)$", re.IGNORECASE)


def number_free(stem: str) -> str:
    """A name without the number at its end: what was taken in one go is named so. "": nothing else is known of it."""
    return _NUMBER.sub("", stem)


def in_order(path: str) -> tuple[str, int, str]:
    """Sorts by the number at the end of names."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    found = _NUMBER.search(stem)
    return number_free(stem), int(found[1]) if found else 0, stem


def divided(items: Sequence[Item], seed: int, share: float) -> tuple[set[str], list[str]]:
    """The paths for valid, and a line for every class that one recording had to be cut for.

    Raises SettingsError where recordings hold classes in such a way that one of them is always missing on a side.
    """
    labels = sorted({item.label for item in items})
    groups, lines = {item.path: item.recording for item in items}, []
    for label in labels:
        mine = sorted((item for item in items if item.label == label), key=lambda item: in_order(item.path))
        if len({item.recording for item in mine}) > 1 or len(mine) < 2:
            continue
        last = mine[-max(1, round(share * len(mine))) :]
        for item in mine:
            groups[item.path] = f"{label}/{item.recording}/{'end' if item in last else 'beginning'}"
        what = f"of '{label}' come" if label else "come"
        lines.append(
            f"all {what} from one recording: the last {len(last)} are kept for valid, and the figures will look better "
            "than they are; take some at another time or place"
        )
    names = sorted(set(groups.values()))
    counts = np.zeros((len(names), len(labels)), int)
    for item in items:
        counts[names.index(groups[item.path]), labels.index(item.label)] += 1
    chosen = _choose(counts, share, np.random.default_rng(seed))
    return {item.path for item in items if chosen[names.index(groups[item.path])]}, lines


def _choose(counts: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """(N,) which of the recordings, (N, classes) counts, are for valid: each class nearest to its share."""
    total, best, least = counts.sum(axis=0), np.zeros(len(counts), bool), np.inf
    for _ in range(TRIES):
        order = rng.permutation(len(counts))
        sums = counts[order].cumsum(axis=0)
        off = np.abs(sums / total - share).max(axis=1) + 10 * ((sums == 0) | (sums == total)).any(axis=1)
        if off.min() < least:
            least, best = float(off.min()), np.zeros(len(counts), bool)
            best[order[: off.argmin() + 1]] = True
    if least > 10:
        raise SettingsError(
            "the recordings cannot be divided so that every class is on both sides; add examples from other recordings"
        )
    return best
