"""The default dancer, and models, to every clip of music at hand and to songs made to order: is each target met?

    python bench/quality/dance.py [MODEL…] [--out FOLDER]

Music: the folder `dance/music` below FOOTLIGHTS_DATA. Targets, song by song, for the planner: beats met (Bailando) at
least 0.30 and 0.10 above the same for shifted beats, feet skate at most 0.05 m/s in contact, no joint above 9 m/s.
For a model: skate at most 0.10 m/s, the last quarter at least 0.8 of the first one's energy. Exit status 1: a miss.
"""

import argparse
import os
import sys
from pathlib import Path

from footlights.studio.dance.evaluation import PLANNER, Evaluation, evaluate, write_evaluation


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=Path("dance-score"))
    given = parser.parse_args()
    music = Path(os.environ["FOOTLIGHTS_DATA"]) / "dance" / "music"
    missed = 0
    for name, folder in (("clips", music), ("made", None)):
        found = evaluate(folder, given.models)
        print(write_evaluation(found, given.out / name))
        missed += len(misses(found))
        print(*misses(found), sep="\n")
    return 1 if missed else 0


def misses(found: Evaluation) -> list[str]:
    """What does not hold."""
    out = []
    for row in found.rows:
        one, where = row.measures, f"{row.dancer}, {row.song}"
        if row.dancer == PLANNER:
            if one.beats.met < 0.30 or one.beats.met < one.beats.met_shifted + 0.10:
                out.append(f"{where}: beats met {one.beats.met:.3f}, shifted {one.beats.met_shifted:.3f}")
            if one.skate.mean > 0.05:
                out.append(f"{where}: skate {one.skate.mean:.3f} m/s")
            if one.peak_speed > 9:
                out.append(f"{where}: a joint at {one.peak_speed:.1f} m/s")
        else:
            if one.skate.mean > 0.10:
                out.append(f"{where}: skate {one.skate.mean:.3f} m/s")
            if one.last_to_first < 0.8:
                out.append(f"{where}: last quarter {one.last_to_first:.2f} of the first")
    return out


if __name__ == "__main__":
    sys.exit(main())
