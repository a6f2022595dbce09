"""A folder of dances to learn from: what was heard, what was danced to it, and which songs are kept to judge by.

    corpus.json      styles, and for each dance its name, song, split and seconds
    dances/NAME.npz  music (4 C, 163), motion (16 C, 152), styles (4 C,), song (JSON)

Songs are split, never parts of a song: what is danced twice to one song is on one side.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.music import Sound, music_tokens
from footlights.recognition.dance.song import Song
from footlights.recognition.dance.tokens import (
    CONTACTS,
    LEFTWARD,
    ROTATIONS,
    STEP,
    TICKS,
    TURNING,
    features,
    grid,
)

FORMAT = "footlights-dances-2"
VALID = 5  # one song in so many is kept to judge by
_MIRRORED = np.array([0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22])


@dataclass(frozen=True, eq=False)
class Pair:
    """One dance to one song, on the song's grid."""

    name: str
    split: str  # train, valid
    music: NDArray[np.float32]  # (4 C, 163)
    motion: NDArray[np.float32]  # (16 C, 152)
    styles: NDArray[np.int64]  # (4 C,) index of the style; their number: not known
    song: Song

    @property
    def seconds(self) -> float:
        """How long the dance is."""
        times = grid(self.song).tokens
        return float(times[len(self.styles)] - times[0])


@dataclass(frozen=True, eq=False)
class Corpus:
    """All of them."""

    styles: tuple[str, ...]
    pairs: tuple[Pair, ...]

    def split(self, name: str) -> tuple[Pair, ...]:
        """Those of one split."""
        return tuple(pair for pair in self.pairs if pair.split == name)

    def style_of(self, pair: Pair) -> str | None:
        """The style that a dance is mostly in; None: not known."""
        counts = np.bincount(pair.styles, minlength=len(self.styles) + 1)[:-1]
        return self.styles[int(counts.argmax())] if counts.any() else None


class Writer:
    """Writes a corpus, dance by dance; what is there already stays."""

    def __init__(self, folder: Path, styles: Sequence[str]) -> None:
        self.folder, self._index = folder, folder / "corpus.json"
        known = self._index.exists()  # its styles stay, too: the dances that are there count on their order
        self.table: dict[str, Any] = (
            _index(folder) if known else {"format": FORMAT, "styles": sorted(set(styles)), "dances": []}
        )
        try:
            (folder / "dances").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"{folder} cannot be written to: {error.strerror or error}") from error

    def __contains__(self, name: str) -> bool:
        return any(entry["name"] == name for entry in self.table["dances"])

    def add(self, name: str, dance: Dance, sound: Sound | None, rate: int, key: str = "", split: str = "") -> None:
        """A dance with its song's sound. `key` tells songs apart (without it the title); `split` is drawn by it."""
        song = dance.song
        beats = grid(song)
        ticks = beats.ticks[:-1]
        count = int((ticks <= dance.seconds).sum()) // TICKS
        if count < 4:
            raise SourceError(f"{name}: {dance.seconds:.1f} s of dance are not four counts of its song")
        motion = features(dance, beats.ticks)[: count * TICKS]
        heard = music_tokens(sound, rate, beats)[: count * TICKS // STEP]
        np.savez_compressed(
            self.folder / "dances" / f"{name}.npz", music=heard.astype(np.float16), motion=motion.astype(np.float32),
            styles=self._styles(dance, beats.tokens[: len(heard)]), song=np.array(json.dumps(song.json())),
        )  # fmt: skip
        self.table["dances"].append(
            {
                "name": name,
                "song": key or song.title,
                "split": split or split_of(key or song.title),
                "seconds": round(float(ticks[count * TICKS - 1] - ticks[0]), 2),
            }
        )
        self._index.write_text(json.dumps(self.table, indent=1) + "\n", encoding="utf-8")

    def _styles(self, dance: Dance, times: Reals) -> NDArray[np.int64]:
        styles: list[str] = self.table["styles"]
        found = np.full(len(times), len(styles))
        for span in dance.phrases:
            if span.style in styles:
                found[(times >= span.begin - 1e-6) & (times < span.end - 1e-6)] = styles.index(span.style)
        return found


def split_of(key: str) -> str:
    """Train or valid, by the song's name alone: the same on every machine."""
    return "valid" if int(hashlib.sha256(key.encode()).hexdigest(), 16) % VALID == 0 else "train"


def read(folder: Path) -> Corpus:
    """The corpus of a folder. Raises SourceError where it is none, SettingsError where a split is empty."""
    table = _index(folder)
    pairs = []
    for entry in table["dances"]:
        path = folder / "dances" / f"{entry['name']}.npz"
        try:
            with np.load(path) as held:
                pairs.append(
                    Pair(
                        entry["name"],
                        entry["split"],
                        held["music"].astype(np.float32),
                        held["motion"],
                        held["styles"].astype(np.int64),
                        Song.from_json(json.loads(str(held["song"]))),
                    )
                )
        except (OSError, KeyError, ValueError) as fault:
            raise SourceError(f"{path} cannot be read: {fault}; make the data again") from fault
    corpus = Corpus(tuple(table["styles"]), tuple(pairs))
    if not corpus.split("train"):
        raise SettingsError(f"{folder} holds no dance to train on")
    return corpus


def _index(folder: Path) -> dict[str, Any]:
    try:
        table = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise SourceError(f"{folder} holds no corpus.json; make one with: footlights data dance") from fault
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise SourceError(f"{folder / 'corpus.json'} is not of the form {FORMAT}; make the data again")
    return table


def mirrored(motion: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 152) the same dance as a mirror shows it."""
    out = motion.copy()
    parts = motion[..., :ROTATIONS].reshape(*motion.shape[:-1], 24, 2, 3)[..., _MIRRORED, :, :] * [-1, 1, 1]
    out[..., :ROTATIONS] = parts.reshape(*motion.shape[:-1], ROTATIONS)
    out[..., LEFTWARD] *= -1
    out[..., TURNING] *= -1
    out[..., CONTACTS:] = motion[..., CONTACTS:][..., [2, 3, 0, 1]]
    return out
