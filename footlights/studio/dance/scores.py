"""What a model's dances are worth: every measure with its control, as a table."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.learned import danced
from footlights.recognition.dance.metrics.measures import Distance, Measures, distance, measures
from footlights.recognition.dance.tokens import grid
from footlights.studio.dance.corpus import Pair


@dataclass(frozen=True)
class Means:
    """Means over a set of dances, each dance by its length; the peak is the highest of all."""

    dances: int
    minutes: float
    beats_met: float
    beats_met_shifted: float
    beats_kept: float
    beats_kept_shifted: float
    motion_beats: float  # a minute
    skate: float
    skate_low: float
    peak_speed: float
    pfc: float
    last_to_first: float


@dataclass(frozen=True)
class Scores:
    """Dances of a model against those that are known."""

    mine: Means
    real: Means
    apart: Distance

    def table(self) -> dict[str, Any]:
        """As JSON can hold it."""
        sets = {name: asdict(getattr(self, name)) for name in ("mine", "real", "apart")}
        return {name: plain_numbers(values) for name, values in sets.items()}

    def text(self) -> str:
        """For people."""
        rows = [("", "model", "data", "control")]
        mine, real, apart = self.mine, self.real, self.apart
        rows += [
            _row("FID_k", apart.fid_k, float("nan"), f"{apart.halves_fid_k:.2f}: half of the data to the other half"),
            _row("FID_g", apart.fid_g, float("nan"), f"{apart.halves_fid_g:.2f}: half of the data to the other half"),
            _row("Div_k", apart.div_k, apart.reference_div_k), _row("Div_g", apart.div_g, apart.reference_div_g),
            _row("beats met (Bailando)", mine.beats_met, real.beats_met, f"{mine.beats_met_shifted:.3f}: shifted"),
            _row("beats kept (AIST++)", mine.beats_kept, real.beats_kept,
                 f"{mine.beats_kept_shifted:.3f}: shifted"),
            _row("motion beats a minute", mine.motion_beats, real.motion_beats),
            _row("foot skate, m/s", mine.skate, real.skate),
            _row("of feet near the floor", mine.skate_low, real.skate_low),
            _row("peak speed, m/s", mine.peak_speed, real.peak_speed), _row("PFC", mine.pfc, real.pfc),
            _row("last quarter to first", mine.last_to_first, real.last_to_first),
        ]  # fmt: skip
        lines = [f"{name:<24}{one:>10}{other:>10}  {note}".rstrip() for name, one, other, note in rows]
        counts = f"{mine.dances} dances, {mine.minutes:.1f} min, against {real.dances}, {real.minutes:.1f} min"
        return "\n".join([counts, *lines])


def plain_numbers(values: dict[str, Any]) -> dict[str, Any]:
    """With None for what could not be measured: JSON has no word for it."""
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}


def _row(name: str, mine: float, real: float, note: str = "") -> tuple[str, str, str, str]:
    return name, "–" if np.isnan(mine) else f"{mine:.3f}", "" if np.isnan(real) else f"{real:.3f}", note


def score(dances: Sequence[Dance], real: Sequence[Dance]) -> Scores:
    """Of dances against known ones; at least two of each, or one that is long."""
    mine, true = [measures(dance, n) for n, dance in enumerate(dances)], [measures(d, n) for n, d in enumerate(real)]
    return Scores(means(mine), means(true), distance(mine, true))


def means(of: Sequence[Measures]) -> Means:
    """Means of measured dances."""
    weights = np.array([one.seconds for one in of])

    def mean(values: list[float]) -> float:
        return float(np.average(values, weights=weights))

    return Means(
        dances=len(of), minutes=float(weights.sum() / 60), beats_met=mean([one.beats.met for one in of]),
        beats_met_shifted=mean([one.beats.met_shifted for one in of]),
        beats_kept=mean([one.beats.kept for one in of]),
        beats_kept_shifted=mean([one.beats.kept_shifted for one in of]),
        motion_beats=float(60 * sum(one.beats.motion_beats for one in of) / weights.sum()),
        skate=mean([one.skate.mean for one in of]), skate_low=mean([one.skate_low.mean for one in of]),
        peak_speed=max(one.peak_speed for one in of), pfc=mean([one.pfc for one in of]),
        last_to_first=mean([one.last_to_first for one in of]),
    )  # fmt: skip


def corpus_dances(pairs: Sequence[Pair]) -> list[Dance]:
    """The dances of a corpus, as they come back from its numbers, danced by the model body, untouched otherwise."""
    return [danced(pair.motion.astype(np.float64), pair.song, grid(pair.song), Body(), lock=False) for pair in pairs]
