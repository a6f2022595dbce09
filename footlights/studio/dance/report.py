"""What became of every video: one HTML file with pictures inside, to look at before training."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from footlights.core.errors import SinkError
from footlights.core.frame import Image
from footlights.core.scene import Floats
from footlights.core.skeleton import BODY_LINES
from footlights.recognition.dance.dance import joints24
from footlights.recognition.dance.metrics.beats import beat_alignment
from footlights.studio.dance.videos import Clip, Take

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.8rem; margin-bottom: 0; } h2 { margin-top: 2.5rem; }
section { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; width: 20rem; }
img { max-width: 100%; border-radius: .4rem; } figcaption, .note { color: #888; } li { color: #d9302c; }
"""


def write_report(path: Path, takes: Sequence[Take]) -> None:
    """One page for all of them. Raises SinkError where it cannot be written."""
    clips = sum(len(take.clips) for take in takes)
    seconds = sum(clip.end - clip.begin for take in takes for clip in take.clips)
    head = (
        f"<h1>Dances</h1><p class=note>{len(takes)} files, {clips} dances kept, {seconds / 60:.1f} min of "
        f"{sum(take.seconds for take in takes) / 60:.1f}. A beat alignment no higher than with the beats shifted means "
        "that the dance, or the beats, were not found well.</p>"
    )
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Dances</title><style>{STYLE}</style>"
    try:
        path.write_text(page + head + "\n".join(map(_section, takes)) + "</html>\n", encoding="utf-8")
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror or error}") from error


def _section(take: Take) -> str:
    shots = "1 shot" if take.shots == 1 else f"{take.shots} shots"
    others = f", {take.people} other people left out" if take.people else ""
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in take.refused)
    return (
        f"<h2>{escape(take.name)}</h2><p class=note>{take.seconds:.1f} s, {shots}{others}</p>"
        + (f"<p>Refused:</p><ul>{reasons}</ul>" if reasons else "")
        + f"<section>{''.join(map(_figure, take.clips))}</section>"
    )


def _figure(clip: Clip) -> str:
    beats = beat_alignment(joints24(clip.dance), clip.dance.fps, clip.dance.song.beats)
    words = (
        f"{clip.begin:.1f} to {clip.end:.1f} s, {clip.dance.song.tempo:.0f} beats a minute; beats met {beats.met:.2f}, "
        f"shifted {beats.met_shifted:.2f}"
    )
    picture = ""
    if clip.picture is not None and clip.landmarks is not None:
        _, encoded = cv2.imencode(
            ".jpg", drawn(clip.picture, clip.landmarks)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80]
        )
        picture = f'<img src="data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}" alt="">'
    return f"<figure>{picture}<figcaption>{words}</figcaption></figure>"


def drawn(picture: Image, landmarks: Floats) -> Image:
    """The picture with the dancer's landmarks on it."""
    out, points = np.ascontiguousarray(picture), np.round(landmarks).astype(int)
    for one, other in BODY_LINES:
        cv2.line(out, points[one].tolist(), points[other].tolist(), (242, 183, 5), 2, cv2.LINE_AA)
    return out
