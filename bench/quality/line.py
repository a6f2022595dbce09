"""Fallen cans on the rehearsal's production line: is each one told once, soon, and nothing else?

    python bench/quality/line.py [cans | MODEL] [--frames 10000]

Three streams together. Targets: every fallen can raises one anomaly within 0.5 s, none is invented.
"""

import argparse
from collections import defaultdict

import numpy as np

from footlights.apps.inspect import Inspect
from footlights.cli.build import Performance, Wish
from footlights.core.event import Event
from footlights.media.rehearsal.line.source import open_line
from footlights.wire.document import SourceEntry

SEEDS = (901, 902, 903)
SOON = 0.5  # seconds from when it lies wholly in the picture
LATEST = 3.0  # seconds after which it is another can's
EARLY = 1.5  # seconds before that: a can that falls at the edge is seen before it is wholly there


def paired(begins: list[float], told: list[float]) -> tuple[list[float | None], list[float]]:
    """For each can the alarm that is its own, the nearest ones first; and the alarms that are left."""
    pairs = sorted(
        (abs(time - begin), can, alarm)
        for can, begin in enumerate(begins)
        for alarm, time in enumerate(told)
        if -EARLY <= time - begin <= LATEST
    )
    own: dict[int, int] = {}
    for _, can, alarm in pairs:
        if can not in own and alarm not in own.values():
            own[can] = alarm
    left = [time for alarm, time in enumerate(told) if alarm not in own.values()]
    return [told[own[can]] if can in own else None for can in range(len(begins))], left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="cans")
    parser.add_argument("--frames", type=int, default=10_000, help="Of all streams together.")
    parser.add_argument("--interval", type=int, default=4)
    given = parser.parse_args()
    seconds = given.frames / len(SEEDS) / 30
    queries = {f"line-{seed}": f"seed={seed}&fallen=0.12&seconds={seconds:.3f}" for seed in SEEDS}
    entries = tuple(SourceEntry(url=f"rehearsal:line?{query}", name=name) for name, query in queries.items())
    raised: dict[str, list[float]] = defaultdict(list)

    def watch(event: Event) -> None:
        if event.kind == "anomaly.raised":
            raised[event.stream].append(event.time)

    settings = Inspect.Settings(model=given.model, alert=("down",), interval=given.interval, score=0.5)
    performance = Performance(Wish("inspect", Inspect, settings, entries, page=None), watch)
    performance.run()
    late, missed, invented, total, looks = [], 0, 0, 0, 0
    for name, query in queries.items():
        cans = open_line(query, name).belt.fallen(seconds - SOON)
        total += len(cans)
        told, left = paired([begin for _, begin, _ in cans], raised[name])
        for (can, begin, _), time in zip(cans, told, strict=True):
            if time is None:
                missed += 1
                print(f"{name}: can {can.id}, down at {begin:.2f} s, is not told")
                continue
            late.append(time - begin)
            if late[-1] > SOON:
                print(f"{name}: can {can.id}, down at {begin:.2f} s, is told {late[-1]:.2f} s later")
        for time in left:
            if time < seconds - SOON:
                invented += 1
                print(f"{name}: something is told at {time:.2f} s that is not there")
    for report in performance.report():
        looks += report.looks
    soon = sum(delay <= SOON for delay in late)
    print(f"{total} fallen cans: {len(late)} told, {soon} within {SOON} s, {missed} missed, {invented} invented")
    print(f"the median can is told after {np.median(late):.2f} s, the latest after {max(late):.2f} s")
    print(f"the detector looked {looks} times in {given.frames} frames")


if __name__ == "__main__":
    main()
