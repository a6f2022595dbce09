"""Frames of any source, taken into a project as pictures."""

import re
from collections.abc import Iterator

from footlights.core.app import Source
from footlights.core.errors import SettingsError, SourceError
from footlights.media.open import open_source
from footlights.media.snapshot import jpeg
from footlights.studio.manifest import Item
from footlights.studio.project import Project

QUALITY = 92  # of JPEG


def grab(project: Project, source: str, count: int, every: float, label: str = "") -> Iterator[Item | str]:
    """Each frame as it is taken, one in so many seconds of the source's time; or a line on why it was not.

    Raises SourceError where the source cannot be opened or fails, SettingsError where the project holds no pictures.
    """
    opened = opened_for(project, source)
    try:
        yield from frames_of(project, opened, source, count, every, label)
    finally:
        opened.close()


def opened_for(project: Project, source: str) -> Source:
    """A source whose frames a project can take. Raises as `grab`."""
    if project.medium != "picture":
        raise SettingsError("frames can be grabbed into a project of photos or boxes")
    return open_source(source)


def frames_of(
    project: Project, opened: Source, called: str, count: int, every: float, label: str = ""
) -> Iterator[Item | str]:
    """As `grab`, of a source that somebody else opened and may close at any moment."""
    recording = re.sub(r"[^A-Za-z0-9]+", "-", called).strip("-")[-40:] or "source"
    taken, due = 0, -1.0
    for frame in opened.frames():
        if frame.time < due - 1e-6:
            continue
        due, taken = frame.time + every, taken + 1
        name = f"{recording}-{frame.index:06}.jpg"
        try:
            yield project.add(jpeg(frame.rgb(), QUALITY), label, name=name, recording=recording)
        except SourceError as error:  # a picture that stands still comes again and again
            yield str(error)
        if taken >= count:
            return
