"""Whether anything is lost where somebody kills -9 hub, worker, broker, database and agents at random moments.

    python bench/killing.py [--minutes 5] [--seed 1] [--agents 4] [--rate 20]

In the end every message that a device put into its outbox is stored once, every device is what the hub wants it to be
and the hub knows it, and a rule has fired once for each time its condition became true.
"""

import argparse
import collections
import random
import tempfile
import time
from pathlib import Path

from bench.sides.fire import VICTIMS, Fleet, edited

PAUSE = (1.0, 12.0)  # seconds between two kills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--rate", type=float, default=20.0, help="events a second and device")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(Path(folder), arguments.agents, arguments.rate, arguments.seed)
        try:
            with edited(fleet):
                until = time.monotonic() + 60 * arguments.minutes
                while time.monotonic() < until:
                    time.sleep(draw.uniform(*PAUSE))
                    fleet.kill(draw.choice(VICTIMS))
            began = time.monotonic()
            fleet.settle()
            settled = time.monotonic() - began
            found = fleet.check()
        finally:
            fleet.close()
    print(", ".join(f"{count} x {name}" for name, count in sorted(collections.Counter(fleet.kills).items())))
    print(", ".join(f"{name} {count}" for name, count in found.items()))
    print(f"settled in {settled:.1f} s; ended by themselves and started again: {fleet.deaths or 'nobody'}")


if __name__ == "__main__":
    main()
