"""Hears every song of a folder, dances to it and prints what was heard and how good the dance is, as a table.

python bench/dance_planner.py FOLDER [SEED]
"""

import sys
import time
from pathlib import Path

from footlights.recognition.dance.dance import joints24
from footlights.recognition.dance.hearing import hear
from footlights.recognition.dance.intersection import worst
from footlights.recognition.dance.metrics.beats import beat_alignment
from footlights.recognition.dance.metrics.feet import skate
from footlights.recognition.dance.metrics.motion import peak_speed
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.planner import Wishes, plan


def row(path: Path, seed: int) -> str:
    """One line of the table."""
    begun = time.process_time()
    song = hear(path)
    planned = plan(song, Wishes(seed=seed))
    share = (time.process_time() - begun) / song.seconds
    made = perform(planned, song)
    places = joints24(made)
    on_beat, slide = beat_alignment(places, made.fps, song.beats), skate(places, made.fps, made.contacts)
    form = "".join(section.label for section in song.sections)
    return (
        f"| {path.stem} | {song.tempo:.1f}, {song.meter}/4 | {form} | {share:.1%} | {on_beat.met:.2f} "
        f"({on_beat.met_shifted:.2f}) | {slide.worst:.3f} | {peak_speed(places, made.fps):.1f} | "
        f"{1000 * max(0.0, worst(made.joints, made.body)[0]):.0f} |"
    )


def main() -> None:
    """Print the table."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print("| song | heard | parts | processor | on the beat (shifted) | skate m/s | peak m/s | overlap mm |")
    print("|---|---|---|---|---|---|---|---|")
    for path in sorted(folder.iterdir()):
        print(row(path, seed), flush=True)


if __name__ == "__main__":
    main()
