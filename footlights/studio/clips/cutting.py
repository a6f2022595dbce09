"""Clips cut out of recordings, and mirrored ones; written as H.264 MP4 without sound."""

import itertools
import re
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from footlights.core.errors import SettingsError, SinkError
from footlights.core.frame import Image
from footlights.media.container import Container
from footlights.media.faults import meaning
from footlights.media.video import VideoFile
from footlights.recognition.clip_classes import BACKGROUND
from footlights.studio.clips.tags import Segment, read_tags
from footlights.studio.manifest import Item
from footlights.studio.project import Project

LONGEST_SIDE = 1280  # pixels of a clip: landmarks need no more
PIECE = 4.0  # seconds: background is cut into clips of about this length
QUALITY = "20"  # of x264, constant rate factor: hardly to be told from the original
CLOCK = 90_000  # ticks a second
_TICK = Fraction(1, CLOCK)


def cut_tagged(project: Project, item: Item) -> list[Item]:
    """Cut a recording at its tags into clips of its labels, and add them; labels that are new become classes.

    The clips are of one recording, so that a split never parts them. What was cut before is left out.
    """
    recording = project.file(item)
    segments = read_tags(recording)
    if not segments:
        raise SettingsError(f"{item.name} has no tags yet; tag some moments of it first")
    for label in dict.fromkeys(segment.label for segment in segments):
        if label not in project.labels:
            project.add_label(label)
    there = {known.name.partition(".")[0] for known in project.items()}
    made: list[Item] = []
    with tempfile.TemporaryDirectory(prefix=".cutting-", dir=project.folder) as place:
        for segment in _pieces(segments):
            name = f"{recording.stem}_{round(100 * segment.begin):06}_{segment.label}"
            if name in there:
                continue
            draft = cut(recording, segment.begin, segment.end, Path(place) / f"{len(made)}.mp4")
            made.append(
                project.add(draft, segment.label, name=f"{name}.mp4", recording=recording.stem, split=item.split)
            )
    return made


def _pieces(segments: list[Segment]) -> Iterator[Segment]:
    for one in segments:
        count = max(1, round((one.end - one.begin) / PIECE)) if one.label == BACKGROUND else 1
        step = (one.end - one.begin) / count
        for number in range(count):
            yield Segment(one.begin + number * step, one.begin + (number + 1) * step, one.label)


def mirrored(project: Project, item: Item) -> Item:
    """Add the mirror image of a clip, on the same side; left and right change places in its label."""
    label = other_side(item.label)
    if label != item.label and label not in project.labels:
        project.add_label(label)
    with tempfile.TemporaryDirectory(prefix=".cutting-", dir=project.folder) as place:
        draft = flip(project.file(item), Path(place) / "mirrored.mp4")
        name = f"{item.name.rpartition('.')[0]}_mirrored.mp4"
        return project.add(draft, label, name=name, recording=item.recording, split=item.split)


def other_side(label: str) -> str:
    """With left and right exchanged."""
    sides = {"left": "right", "right": "left"}
    return re.sub(r"(?<![a-zA-Z])(left|right)(?![a-zA-Z])", lambda found: sides[found[0]], label)


def frame_rate(path: Path) -> float:
    """Frames a second, as the file says. Raises SourceError."""
    with Container(str(path), path.name) as container:
        return 1 / container.step


def cut(source: Path, begin: float, end: float, target: Path) -> Path:
    """The frames from `begin` up to `end`, seconds, as a clip. Raises SourceError, SinkError, SettingsError."""
    _write(((image, time - begin) for image, time in _frames(source, begin, end)), frame_rate(source), target)
    if not target.is_file():
        raise SettingsError(f"{source.name} has no frame from {begin:.2f} to {end:.2f} s")
    return target


def flip(source: Path, target: Path) -> Path:
    """A clip as a mirror shows it. Raises SourceError, SinkError."""
    frames = _frames(source, 0.0, np.inf)
    _write(((np.ascontiguousarray(image[:, ::-1]), time) for image, time in frames), frame_rate(source), target)
    return target


def _frames(source: Path, begin: float, end: float) -> Iterator[tuple[Image, float]]:
    for frame in VideoFile(str(source), source.stem, source.name).frames():
        if frame.time >= end - 1e-6:
            return
        if frame.time >= begin - 1e-6:
            scale = min(1.0, LONGEST_SIDE / max(frame.width, frame.height))
            yield frame.rgb(_even(frame.width * scale), _even(frame.height * scale)), frame.time


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _write(frames: Iterator[tuple[Image, float]], rate: float, target: Path) -> None:
    first = next(frames, None)
    if first is None:
        return
    height, width = first[0].shape[:2]
    try:
        with av.open(str(target), "w") as container:
            stream = container.add_stream("libx264", round(rate), options={"crf": QUALITY, "preset": "veryfast"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.time_base = stream.time_base = _TICK
            for image, time in itertools.chain([first], frames):
                picture = av.VideoFrame.from_ndarray(image, "rgb24")
                picture.pts, picture.time_base = round(time * CLOCK), _TICK
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
    except (av.FFmpegError, OSError) as error:
        raise SinkError(f"{target.name} cannot be written: {meaning(error)}") from error
