"""Learns what is normal for a camera, from clips in which nothing is wrong. Needs neither labels nor PyTorch."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Frame
from footlights.core.scene import Floats
from footlights.media.open import open_source
from footlights.perception.image_features import ImageFeatures
from footlights.recognition.normal import GRID, REDUCED, WIDTH, Bank, describe

LEAST = 12  # pictures to learn from
MOST = 600  # pictures, of all clips together
HELD = 0.25  # of each clip, its end, from which the threshold is set
DRAWN = 30_000  # spots from which the coreset is chosen
MARGIN = 1.05  # of the threshold above the most unusual spot of what was held out

Watch = Callable[[int], None]  # told the pictures looked at


@dataclass(frozen=True)
class Settings:
    """How a normal scene is learned."""

    every: float = 0.5  # seconds between two pictures
    seconds: float = 300.0  # of each clip, at most
    spots: int = 1500  # of the bank
    seed: int = 1


@dataclass(frozen=True)
class Learned:
    """What was made of the clips."""

    bank: Bank
    pictures: int  # learned from
    held: int  # pictures that set the threshold
    scores: tuple[float, ...]  # of these


def learn(clips: Sequence[str], settings: Settings, watch: Watch = lambda done: None) -> Learned:
    """A bank from clips, or any other source, with normal pictures only.

    Raises SourceError (a clip that cannot be read), SettingsError (too few pictures), ModelMissingError.
    """
    rng = np.random.default_rng(settings.seed)
    projection = np.asarray(rng.standard_normal((WIDTH, REDUCED)) / np.sqrt(REDUCED), np.float16).astype(np.float32)
    backbone, digest = ImageFeatures(), hashlib.sha256()
    known: list[np.ndarray] = []
    held: list[np.ndarray] = []
    done = 0
    for clip in clips:
        spots = []
        for frame in _sampled(clip, settings, MOST // len(clips)):
            picture = backbone.look(frame)
            digest.update(picture.tobytes())
            spots.append(describe(backbone.maps(picture), projection).astype(np.float16))
            done += 1
            watch(done)
        end = max(1, round(HELD * len(spots)))
        known += spots[:-end]
        held += spots[-end:]
    if len(known) + len(held) < LEAST:
        raise SettingsError(
            f"{len(known) + len(held)} pictures are too few to learn what is normal: at least {LEAST}, one every "
            f"{settings.every:g} s; give longer clips, or a smaller --every"
        )
    bank = coreset(_drawn(known, rng), settings.spots, rng).astype(np.float16).astype(np.float32)
    plain = Bank(bank, projection, 1.0, 1.0, backbone.card.sha256)
    distances = [plain.distances(picture.astype(np.float32)) for picture in held]
    threshold = MARGIN * max(float(heat.max()) for heat in distances)
    usual = max(float(np.median(heat)) for heat in distances)
    learned = Bank(bank, projection, threshold, usual, backbone.card.sha256, digest.hexdigest())
    return Learned(learned, len(known), len(held), tuple(float(heat.max()) / threshold for heat in distances))


def _sampled(clip: str, settings: Settings, most: int) -> Iterator[Frame]:
    """A picture every so many seconds, from the first on."""
    source, count, due = open_source(clip), 0, 0.0
    try:
        for frame in source.frames():
            if frame.time >= settings.seconds or count >= most:
                return
            if frame.time >= due - 1e-6:
                count, due = count + 1, frame.time + settings.every
                yield frame
    finally:
        source.close()


def _drawn(pictures: Sequence[np.ndarray], rng: np.random.Generator) -> Floats:
    """Spots of all pictures, no more than the coreset can be chosen from in seconds."""
    each = max(1, min(GRID * GRID, DRAWN // len(pictures)))
    parts = [picture[rng.choice(GRID * GRID, each, replace=False)] for picture in pictures]
    return np.concatenate(parts).astype(np.float32)


def coreset(spots: Floats, count: int, rng: np.random.Generator) -> Floats:
    """So many of (N, D) spots that none is far from the nearest: greedily, the furthest next."""
    chosen = [int(rng.integers(len(spots)))]
    squares, nearest = (spots**2).sum(axis=1), np.full(len(spots), np.inf, np.float32)
    while len(chosen) < min(count, len(spots)):
        last = spots[chosen[-1]]
        nearest = np.minimum(nearest, squares - 2 * spots @ last + last @ last)
        chosen.append(int(nearest.argmax()))
    return spots[chosen]
