"""Moments of a recording with a label, in seconds: as a CSV file beside it, and as other label tools write them.

A recording NAME.mp4 has its segments in NAME.tags.csv: begin, end, label. What has no label is not learned from; the
label `background` says that nothing of the kind happens there.
"""

import csv
import io
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from footlights.core.errors import SettingsError, SourceError
from footlights.recognition.clip_classes import BACKGROUND
from footlights.studio.manifest import replace_text

Form = Literal["csv", "label-studio", "cvat"]
SHORTEST = 0.1  # seconds of a segment
LARGEST = 32 << 20  # bytes of a file with segments


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A stretch of a recording in which one thing is done."""

    begin: float  # seconds
    end: float  # seconds
    label: str


def tags_path(recording: Path) -> Path:
    """Where the segments of a recording are kept."""
    return recording.with_suffix(".tags.csv")


def read_tags(recording: Path) -> list[Segment]:
    """The segments of a recording, in the order of time; none where nobody has tagged it."""
    path = tags_path(recording)
    return from_csv(path.read_text(encoding="utf-8-sig"), path.name) if path.is_file() else []


def write_tags(recording: Path, segments: Iterable[Segment]) -> None:
    """Keep the segments of a recording. Raises SettingsError where they are not in order, SinkError."""
    replace_text(tags_path(recording), to_csv(checked(segments)))


def checked(segments: Iterable[Segment], length: float | None = None) -> list[Segment]:
    """In the order of time, cut off at the end of the recording. Raises SettingsError for what makes no sense."""
    good = []
    for segment in sorted(segments):
        begin, end = max(0.0, segment.begin), segment.end if length is None else min(segment.end, length)
        if not (math.isfinite(segment.begin) and math.isfinite(end)) or not segment.label.strip():
            raise SettingsError(f"a segment needs a begin and an end in seconds and a label, not {segment}")
        if end - begin < SHORTEST - 1e-9:
            raise SettingsError(
                f"the segment of '{segment.label}' from {segment.begin:.2f} to {segment.end:.2f} s is shorter than "
                f"{SHORTEST} s"
            )
        good.append(Segment(round(begin, 4), round(end, 4), segment.label.strip()))
    for first, second in itertools.pairwise(good):
        if second.begin < first.end - 1e-6 and BACKGROUND in (first.label, second.label):
            raise SettingsError(f"'{first.label}' and '{second.label}' overlap at {second.begin:.2f} s")
    return good


def painted(moments: Sequence[tuple[float, str]], length: float) -> list[Segment]:
    """Segments from moments at which a label was set; it lasts to the next one. "" ends it."""
    ends = [*(time for time, _ in sorted(moments)[1:]), length]
    whole = [Segment(time, end, label) for (time, label), end in zip(sorted(moments), ends, strict=True)]
    return checked(segment for segment in whole if segment.label and segment.end - segment.begin >= SHORTEST)


def read_form(path: Path, form: Form, fps: float) -> list[Segment]:
    """The segments in a file of a label tool. Raises SourceError, SettingsError."""
    try:
        if path.stat().st_size > LARGEST:
            raise SourceError(f"{path} is larger than {LARGEST >> 20} MB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    return from_csv(text, path.name) if form == "csv" else from_json(text, form, fps, path.name)


def to_form(segments: Sequence[Segment], form: Form, fps: float, video: str) -> str:
    """The segments as a label tool takes them. `video`: its file's name."""
    if form == "csv":
        return to_csv(segments)
    told = _to_label_studio(segments, fps, video) if form == "label-studio" else _to_cvat(segments, fps)
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def to_csv(segments: Iterable[Segment]) -> str:
    """begin, end, label."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("begin", "end", "label"))
    table.writerows((f"{one.begin:g}", f"{one.end:g}", one.label) for one in segments)
    return out.getvalue()


def from_csv(text: str, name: str = "the CSV") -> list[Segment]:
    """Raises SettingsError that says the line."""
    found = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        try:
            found.append(Segment(float(row["begin"]), float(row["end"]), row["label"]))
        except (KeyError, TypeError, ValueError):
            raise SettingsError(f"{name}, line {number} is not begin,end,label with seconds") from None
    return checked(found)


def from_json(text: str, form: Form, fps: float, name: str = "the JSON") -> list[Segment]:
    """Segments of Label Studio (regions of TimelineLabels in frames, of Labels in seconds) or of a CVAT task's
    annotations (tags of frames; tracks). Raises SettingsError.
    """
    try:
        told = json.loads(text)
        found = list(_label_studio(told, fps) if form == "label-studio" else _cvat(told, fps))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SettingsError(f"{name} is not what {form} writes: {type(error).__name__} {error}") from None
    if not found:
        raise SettingsError(f"{name} holds no segment of {form}")
    return checked(found)


def _label_studio(told: Any, fps: float) -> Iterator[Segment]:
    for task in told if isinstance(told, list) else [told]:
        for done in (task.get("annotations") or task.get("completions") or [])[:1]:
            for region in done["result"]:
                value = region["value"]
                for span in value.get("ranges", ()) if region["type"] == "timelinelabels" else ():
                    first, last = float(span["start"]), float(span["end"])  # frames, counted from 1
                    yield Segment((first - 1) / fps, last / fps, value["timelinelabels"][0])
                if region["type"] == "labels":
                    yield Segment(float(value["start"]), float(value["end"]), value["labels"][0])


def _to_label_studio(segments: Sequence[Segment], fps: float, video: str) -> list[dict[str, Any]]:
    regions = []
    for number, one in enumerate(segments, 1):
        first = round(one.begin * fps) + 1
        span = {"start": first, "end": max(first, round(one.end * fps))}
        regions.append({
            "id": f"segment{number}", "type": "timelinelabels", "from_name": "timelineLabels", "to_name": "video",
            "origin": "manual", "value": {"ranges": [span], "timelinelabels": [one.label]},
        })  # fmt: skip
    return [{"data": {"video": video}, "annotations": [{"result": regions}]}]


def _cvat(told: Any, fps: float) -> Iterator[Segment]:
    for job in told if isinstance(told, list) else [told]:
        frames: dict[str, set[int]] = {}
        for tag in job.get("tags", ()):
            frames.setdefault(tag["label"], set()).add(int(tag["frame"]))
        for label, chosen in frames.items():
            for first, last in _runs(sorted(chosen)):
                yield Segment(first / fps, (last + 1) / fps, label)
        for track in job.get("tracks", ()):
            shapes = sorted(track["shapes"], key=lambda shape: int(shape["frame"]))
            end = next((int(shape["frame"]) for shape in shapes if shape.get("outside")), int(shapes[-1]["frame"]) + 1)
            yield Segment(int(shapes[0]["frame"]) / fps, end / fps, track["label"])


def _runs(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of numbers that follow one another."""
    first = None
    for frame, after in itertools.zip_longest(frames, frames[1:]):
        first = frame if first is None else first
        if after != frame + 1:
            yield first, frame
            first = None


def _to_cvat(segments: Sequence[Segment], fps: float) -> list[dict[str, Any]]:
    tags = [
        {"frame": frame, "label": one.label, "group": 0, "source": "manual", "attributes": []}
        for one in segments
        for frame in range(round(one.begin * fps), max(round(one.begin * fps) + 1, round(one.end * fps)))
    ]
    return [{"version": 0, "tags": tags, "shapes": [], "tracks": []}]
