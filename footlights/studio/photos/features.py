"""The features of all pictures of a set, made once and kept on disk: the backbone stays as it is."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.recognition.photo_classes import Crop
from footlights.studio.photos.dataset import Photo, PhotoSet
from footlights.studio.photos.looks import Eye, Seen

MOST = 20_000  # maps that are kept, 2 GB: of larger sets there are fewer variants
BODY_MORE = 4  # times as many variants of bodies, which are small

Watch = Callable[[int, int], None]  # told the pictures done, and how many there are


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Maps of the pictures in which there was something to see."""

    levels: Seen  # (N, 1 + variants, 14, 14, 512), or (N, 1 + variants, 198) of bodies: as it is, then its variants
    kinds: np.ndarray  # (N,) classes
    photos: tuple[Photo, ...]  # N
    missed: tuple[Photo, ...]  # those in which nobody was found

    def __len__(self) -> int:
        return len(self.photos)


def make_features(
    found: PhotoSet, crop: Crop, variants: int, mirror: bool, seed: int, path: Path, watch: Watch, threads: int = 2
) -> FeatureSet:
    """The features of a set; from `path` (`.npy`) where they lie there already, else made and put there."""
    variants *= BODY_MORE if crop == "body" else 1
    variants = min(variants, max(0, MOST // len(found.photos) - 1))
    eye = Eye(crop)
    wanted = [
        "" if crop == "body" else eye.backbone.card.sha256,
        crop,
        variants,
        mirror,
        seed,
        [photo.digest for photo in found.photos],
    ]
    key = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
    note = path.with_suffix(".json")
    if not (note.exists() and path.exists() and json.loads(note.read_text(encoding="utf-8"))["key"] == key):
        seen = _make(found, eye, variants, mirror, seed, path, watch, threads)
        note.write_text(json.dumps({"key": key, "seen": seen}), encoding="utf-8")
    seen = json.loads(note.read_text(encoding="utf-8"))["seen"]
    rows = np.flatnonzero(seen)
    levels: Seen = np.load(path, mmap_mode="r")[: len(rows)]
    kept = tuple(found.photos[row] for row in rows.tolist())
    missed = tuple(photo for photo, good in zip(found.photos, seen, strict=True) if not good)
    return FeatureSet(levels, np.array([photo.kind for photo in kept], int), kept, missed)


def _make(
    found: PhotoSet, eye: Eye, variants: int, mirror: bool, seed: int, path: Path, watch: Watch, threads: int
) -> list[bool]:
    """Write the maps one after the other; which pictures have one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = len(found.photos)
    levels = np.lib.format.open_memmap(path, "w+", eye.type, (count, 1 + variants, *eye.shape))
    seen: list[bool] = []
    with ThreadPoolExecutor(threads) as pool:
        jobs = pool.map(lambda n: eye.maps(found.photos[n], variants, mirror, (seed, n)), range(count))
        for done, maps in enumerate(jobs, start=1):
            if maps is not None:
                levels[sum(seen)] = maps
            seen.append(maps is not None)
            watch(done, count)
    levels.flush()
    return seen
