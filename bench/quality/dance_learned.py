"""What a learned dancer must hold, on the songs of its data that were kept from it.

    footlights data dance --planned 300 --music SONGS DATA
    footlights train dance DATA --out DANCER
    python bench/quality/dance_learned.py DATA DANCER/dancer.onnx

Targets: FID_k at most 1.3 times that of one half of the kept dances to the other, beats met within 10 % of the data's
own, feet skate at most 0.10 m/s, the last quarter of a song of three minutes has 0.8 of the first one's energy, and
dancing takes a twentieth of the song's length on one core. Every song is danced in the styles that the data dance it
in: sets of dances compare only where their styles are alike. The codec alone is scored beside it: no model on top of it
can be better. Exit status 1: a miss.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.learned import DanceModel, danced, generate, open_model
from footlights.recognition.dance.metrics.measures import measures
from footlights.recognition.dance.planner import Wishes
from footlights.recognition.dance.tokens import grid
from footlights.studio import checkpoint
from footlights.studio.dance.corpus import Pair, read
from footlights.studio.dance.net import Codec
from footlights.studio.dance.scores import Scores, corpus_dances, score
from footlights.studio.dance.tracks import made_track

TURNS = 2  # dances to each song


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    given = parser.parse_args()
    model, corpus = open_model(given.model), read(given.data)
    pairs = corpus.split("valid")
    real = corpus_dances(pairs)
    kept = given.model.parent / "checkpoint.pt"
    if kept.exists():
        print("the codec alone", score(rebuilt(kept, pairs), real).text(), sep="\n")
    turns = [pair for pair in pairs for _ in range(TURNS)]
    mine = [
        generate(model, pair.song, Wishes(corpus.style_of(pair), seed=seed), tokens=pair.music)
        for seed, pair in enumerate(turns, 1)
    ]
    scores = score(mine, real)
    print("the dancer", scores.text(), sep="\n")
    lasting, pace = long_songs(model)
    print(f"three minutes: last quarter {lasting:.2f} of the first; {pace:.0f} times as fast as the music, one core")
    missed = misses(scores, lasting, pace)
    print(*missed, sep="\n")
    return 1 if missed else 0


def rebuilt(kept: Path, pairs: tuple[Pair, ...]) -> list[Dance]:
    """The data's own dances, through the codec and back."""
    import torch

    state = checkpoint.read(kept)
    codec = Codec(state["settings"]["channels"]).eval()
    codec.load_state_dict(state["codec"]["average"])
    out = []
    for pair in pairs:
        with torch.no_grad():
            numbers = codec(torch.from_numpy(pair.motion[None]))[0].numpy().astype(np.float64)
        out.append(danced(numbers, pair.song, grid(pair.song), Body()))
    return out


def long_songs(model: DanceModel) -> tuple[float, float]:
    """Means over four made songs: energy of the last quarter to the first, and how much faster than the music."""
    lasting, spent, seconds = [], 0.0, 0.0
    for number in range(4):
        made = made_track(900 + number, 180)
        begun = time.process_time()
        dance = generate(model, made.song, Wishes(seed=number), sound=made.sound, rate=made.rate)
        spent += time.process_time() - begun
        seconds += dance.seconds
        lasting.append(measures(dance).last_to_first)
    return float(np.mean(lasting)), seconds / spent


def misses(scores: Scores, lasting: float, pace: float) -> list[str]:
    """What does not hold."""
    out, ratio = [], scores.apart.fid_k / scores.apart.halves_fid_k
    if ratio > 1.3:
        out.append(f"MISS FID_k is {ratio:.2f} times that of the halves")
    if abs(scores.mine.beats_met / scores.real.beats_met - 1) > 0.10:
        out.append(f"MISS beats met {scores.mine.beats_met:.3f}, in the data {scores.real.beats_met:.3f}")
    if scores.mine.skate > 0.10:
        out.append(f"MISS skate {scores.mine.skate:.3f} m/s")
    if lasting < 0.8:
        out.append(f"MISS the last quarter has {lasting:.2f} of the first one's energy")
    if pace < 20:
        out.append(f"MISS {pace:.0f} times as fast as the music")
    return out


if __name__ == "__main__":
    sys.exit(main())
