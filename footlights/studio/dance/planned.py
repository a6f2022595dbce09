"""Data without a single video: the planner dances to music made to order, and to whatever music is given.

A model that learns from it dances like the library of phrases, no better; it shows that the whole way works, and it is
what one's own videos can be added to.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from footlights.recognition.dance.hearing import hear
from footlights.recognition.dance.music import RATE, read_sound
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.phrase import styles
from footlights.recognition.dance.planner import Wishes, plan
from footlights.studio.dance.corpus import Writer
from footlights.studio.dance.tracks import made_track

LONG = 90.0  # seconds of a made song


def write_planned(
    out: Path, minutes: float, music: Sequence[Path] = (), seed: int = 1, told: Callable[[float], None] | None = None
) -> float:
    """Fill a folder with at least so many minutes of dance; gives how many. What is there already stays.

    Each given song is danced in four ways; the rest are made songs, danced once, in the styles by turns.
    """
    known = styles()
    writer = Writer(out, known)
    done = sum(entry["seconds"] for entry in writer.table["dances"])
    for path in music:
        song, sound = None, None
        for turn in range(4):
            name = f"{path.stem}-{turn}"
            if name in writer:
                continue
            if song is None or sound is None:
                song, sound = hear(path), read_sound(path)
            wishes = Wishes(style=known[(turn + len(path.stem)) % len(known)], seed=seed + turn)
            writer.add(name, perform(plan(song, wishes), song), sound, RATE, key=path.stem)
            done += writer.table["dances"][-1]["seconds"]
            if told:
                told(done / 60)
    number = 0
    while done < 60 * minutes:
        name = f"made-{seed}-{number:04}"
        if name not in writer:
            made = made_track(seed * 10_000 + number, LONG)
            wishes = Wishes(style=known[number % len(known)], seed=number)
            writer.add(name, perform(plan(made.song, wishes), made.song), made.sound, made.rate, key=name)
            done += writer.table["dances"][-1]["seconds"]
            if told:
                told(done / 60)
        number += 1
    return float(done / 60)
