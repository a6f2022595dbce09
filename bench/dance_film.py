"""How fast a dance is drawn, without the encoder's share.

    python bench/dance_film.py [--seconds 8] [--dancers 1] [--aspect 16:9] [--workers 2]

Prints the processor time of a frame in one process, which other programs disturb little, and how many frames a second
several processes draw by the clock on the wall. The music is a steady beat, the dance what the planner makes of it.
"""

import argparse
import time
from dataclasses import replace

import cv2

from footlights.recognition.dance.film import FilmSettings, Show
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.planner import Wishes, plan
from footlights.recognition.dance.show.crew import Crew
from footlights.recognition.dance.show.troupe import casting
from footlights.recognition.dance.song import steady

WARM = 30  # frames: faces are painted when they first come


def shown(seconds: float, settings: FilmSettings) -> Show:
    """A dance to a lively beat."""
    song = steady(118.0, seconds + WARM / settings.fps, title="bench")
    song = replace(song, sections=tuple(replace(part, energy=0.9) for part in song.sections), energy=song.energy + 0.6)
    return Show(perform(plan(song, Wishes(seed=settings.seed)), song, settings.cast[0].body()), settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--dancers", type=int, default=1)
    parser.add_argument("--aspect", default="16:9")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    show = shown(given.seconds, FilmSettings(given.aspect, dancers=given.dancers, cast=casting((), given.dancers, 1)))
    artist = show.scenery.artist()
    for moment in show.moments(0, WARM):
        artist.draw(moment)
    start = time.process_time()
    for moment in show.moments(WARM, len(show)):
        artist.draw(moment)
    each = (time.process_time() - start) / (len(show) - WARM)
    size = f"{show.width} x {show.height}, {given.dancers} dancing"
    print(f"{size}: {each * 1e3:.1f} ms a frame, {1 / each:.0f} fps a core")
    with Crew(show.scenery, given.workers) as crew:
        for index, _ in enumerate(crew.planes(show.moments())):
            if index == WARM:
                begin = time.perf_counter()
    rate = (len(show) - WARM) / (time.perf_counter() - begin)
    print(f"{given.workers} processes, with conversion to 4:2:0: {rate:.0f} fps by the clock on the wall")


if __name__ == "__main__":
    main()
