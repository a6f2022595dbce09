"""From a file of music to a dance, in one line."""

from pathlib import Path

from footlights.media.rehearsal.body import Body
from footlights.recognition.dance.dance import FPS, Dance
from footlights.recognition.dance.hearing import Progress, hear
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.planner import Wishes, plan


def dance(
    path: str | Path, wishes: Wishes | None = None, *, body: Body | None = None, fps: float = FPS,
    progress: Progress | None = None,
) -> Dance:  # fmt: skip
    """The dance to a song. Raises SourceError where the file cannot be heard, SettingsError where a wish is unknown."""
    song = hear(path, progress)
    return perform(plan(song, wishes or Wishes()), song, body, fps)
