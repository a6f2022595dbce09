"""How the streams are doing, as Prometheus reads it: the text format 0.0.4, names and units by its conventions."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, get_args

from footlights import __version__
from footlights.media.page.control import State, StreamStats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_Sample = tuple[Mapping[str, str], float]
_Kind = Literal["counter", "gauge"]
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def metrics(streams: Iterable[StreamStats]) -> str:
    """Every metric of every stream, with its help and its type."""
    streams = list(streams)
    lines = list(_metric("build_info", "gauge", "What runs here; always 1.", [({"version": __version__}, 1)]))
    for name, kind, text, read in _METRICS:
        samples = [({"stream": one.stream, **labels}, value) for one in streams for labels, value in read(one)]
        lines += _metric(name, kind, text, samples)
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: _Kind, text: str, samples: Iterable[_Sample]) -> Iterator[str]:
    yield f"# HELP footlights_{name} {text}"
    yield f"# TYPE footlights_{name} {kind}"
    for labels, value in samples:
        inside = ",".join(f'{label}="{words.translate(_ESCAPES)}"' for label, words in labels.items())
        yield f"footlights_{name}{{{inside}}} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(round(float(value), 9))


def _states(stats: StreamStats) -> list[_Sample]:
    return [({"state": state}, float(stats.state == state)) for state in get_args(State)]


def _latency(stats: StreamStats) -> list[_Sample]:
    return [] if stats.latency_ms is None else [({"quantile": "0.95"}, stats.latency_ms / 1000)]


_METRICS: tuple[tuple[str, _Kind, str, Callable[[StreamStats], list[_Sample]]], ...] = (
    ("frames_total", "counter", "Frames processed.", lambda stats: [({}, stats.frames)]),
    ("frames_dropped_total", "counter", "Frames that a newer one replaced.", lambda stats: [({}, stats.dropped)]),
    ("frames_skipped_total", "counter", "Frames that the detector did not look at.",
     lambda stats: [({}, stats.skipped)]),
    ("detector_looks_total", "counter", "Frames that the detector looked at.", lambda stats: [({}, stats.looks)]),
    ("events_total", "counter", "Events, by kind.",
     lambda stats: [({"kind": kind}, count) for kind, count in stats.events.items()]),
    ("frames_per_second", "gauge", "Frames processed a second, now.", lambda stats: [({}, stats.fps)]),
    ("step_seconds", "gauge", "Mean time a frame for each step.",
     lambda stats: [({"step": step}, spent / 1000) for step, spent in stats.spent_ms.items()]),
    ("latency_seconds", "gauge", "From the arrival of a live frame to its events.", _latency),
    ("media_time_seconds", "gauge", "Media time of the newest frame.", lambda stats: [({}, stats.media_time)]),
    ("tracked_things", "gauge", "People or things that are followed now.", lambda stats: [({}, stats.people)]),
    ("alerts_raised", "gauge", "Anomalies that are raised now.", lambda stats: [({}, stats.raised)]),
    ("queue_length", "gauge", "What waits: frames of the source, scenes of a sink.",
     lambda stats: [({"queue": queue}, length) for queue, length in stats.waiting.items()]),
    ("stream_state", "gauge", "1 for the state in which the stream is.", _states),
)  # fmt: skip
