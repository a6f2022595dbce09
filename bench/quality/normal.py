"""Faults that nobody labelled: a model of the line without fallen cans, asked about the same line with some.

    python bench/quality/normal.py [SEED…]

For each hall (seed; without any: 5, 6 and 7) the model learns from 60 s in which no can falls. Then it looks, every
half second, at 75 s of the same hall in which three in ten do, and at another hall. A picture is a fault where at least
half of a fallen can is seen, and normal where no part of one is. AUROC is that of the pictures' scores. A can counts as
found where one of the pictures in which it is seen lying is unusual.
"""

import sys
import time

import numpy as np

from footlights.media.rehearsal.line.source import open_line
from footlights.recognition.normal import NormalScene
from footlights.studio.normal import Settings, learn

SEEN = 0.5  # of a fallen can
HALF = 15  # frames: half a second
LOOKS = 150


def main() -> int:
    for seed in [int(text) for text in sys.argv[1:]] or [5, 6, 7]:
        before = time.process_time()
        learned = learn([f"rehearsal:line?seed={seed}&fallen=0&seconds=60"], Settings())
        taught = time.process_time() - before
        scene = NormalScene(learned.bank, "line")
        scores, faults, cans, milliseconds = watch(scene, seed)
        other = [scene.look(frame) for frame in open_line(f"seed={seed + 100}&fallen=0&fps=1&seconds=10", "b").frames()]
        good = faults >= 0
        print(
            f"hall {seed}: AUROC {auroc(scores[good], faults[good] == 1):.3f} of {int((faults == 1).sum())} faults and "
            f"{int((faults == 0).sum())} normal; of the pictures {(scores[faults == 1] >= 1).mean():.0%} found, "
            f"{(scores[faults == 0] >= 1).mean():.0%} false; {sum(cans.values())} of {len(cans)} fallen cans found; "
            f"{milliseconds:.1f} ms a look, {taught:.0f} s to learn (processor time); "
            f"another hall told in {sum(look.another for look in other)} of {len(other)}",
            flush=True,
        )
    return 0


def watch(scene: NormalScene, seed: int) -> tuple[np.ndarray, np.ndarray, dict[float, bool], float]:
    """Scores; 1: a fault, 0: normal, -1: neither; which fallen cans were found; ms a look."""
    line = open_line(f"seed={seed}&fallen=0.3&fps=2&seconds={LOOKS / 2 + 100}", "line")
    scores, faults, used = [], [], 0.0
    cans: dict[float, bool] = {}  # by when they came
    for frame in line.frames():
        if frame.index < 2 * 100:
            continue
        truth = line.truth(frame.index)
        frame.rgb(224, 224)
        before = time.process_time()
        look = scene.look(frame)
        used += time.process_time() - before
        pairs = zip(truth.cans, truth.visible, strict=True)
        fallen = {placed.can.enters: seen for placed, seen in pairs if placed.label == "down"}
        most = max(fallen.values(), default=0.0)
        scores.append(look.score)
        faults.append(1 if most >= SEEN else 0 if most == 0 else -1)
        for can, seen in fallen.items():
            if seen >= SEEN:
                cans[can] = cans.get(can, False) or look.score >= 1
    return np.array(scores), np.array(faults), cans, 1e3 * used / len(scores)


def auroc(scores: np.ndarray, faults: np.ndarray) -> float:
    """The chance that a fault scores higher than a normal picture."""
    higher = (scores[faults][:, None] > scores[~faults]).mean()
    return float(higher + 0.5 * (scores[faults][:, None] == scores[~faults]).mean())


if __name__ == "__main__":
    sys.exit(main())
