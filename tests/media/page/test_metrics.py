"""What Prometheus reads."""

import re

import httpx
import pytest

from footlights.media.page.control import StreamStats
from footlights.media.page.metrics import metrics
from footlights.media.page.server import Page

STATS = StreamStats(
    "line-1", fps=24.5, frames=1000, looks=200, skipped=800, dropped=3, latency_ms=41.5, people=4, raised=1,
    spent_ms={"detect": 4.25, "apps": 0.5}, media_time=40.0, events={"count": 7, "anomaly.raised": 1},
    waiting={"source": 1, "recorder": 5},
)  # fmt: skip
SAMPLE = re.compile(r'([a-z][a-z0-9_]*)\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[0-9.e+-]+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def parse(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels. Refuses what the text format 0.0.4 does not know."""
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == helped, "the help stands before the type"
            assert name not in kinds, "a metric is one group"
            kinds[name] = kind
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == list(kinds)[-1], "samples stand below their own type"
            assert (kinds[sample[1]] == "counter") == sample[1].endswith("_total")
            key = (sample[1], frozenset(LABEL.findall(sample[2])))
            assert key not in found, "no sample twice"
            found[key] = float(sample[3])
    return found


def sample(text: str, name: str, **labels: str) -> float:
    return parse(text)[f"footlights_{name}", frozenset(labels.items())]


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("frames_total", {}, 1000),
        ("frames_dropped_total", {}, 3),
        ("frames_skipped_total", {}, 800),
        ("detector_looks_total", {}, 200),
        ("events_total", {"kind": "count"}, 7),
        ("frames_per_second", {}, 24.5),
        ("step_seconds", {"step": "detect"}, 0.00425),
        ("latency_seconds", {"quantile": "0.95"}, 0.0415),
        ("media_time_seconds", {}, 40),
        ("tracked_things", {}, 4),
        ("alerts_raised", {}, 1),
        ("queue_length", {"queue": "recorder"}, 5),
        ("stream_state", {"state": "running"}, 1),
        ("stream_state", {"state": "failed"}, 0),
    ],
)
def test_every_figure_is_there_in_base_units(name: str, labels: dict[str, str], value: float) -> None:
    text = metrics([STATS, StreamStats("line-2", state="failed")])
    assert sample(text, name, stream="line-1", **labels) == value


def test_names_with_quotes_and_line_breaks_are_escaped() -> None:
    text = metrics([StreamStats('a"b\\c\nd', fps=1.0)])
    assert sample(text, "frames_per_second", stream='a\\"b\\\\c\\nd') == 1


def test_a_stream_that_was_never_live_has_no_latency() -> None:
    assert not [name for name, _ in parse(metrics([StreamStats("a")])) if name == "footlights_latency_seconds"]


def test_without_streams_there_is_only_the_version() -> None:
    assert {name for name, _ in parse(metrics([]))} == {"footlights_build_info"}


def test_the_page_serves_what_was_reported_last(page: Page, client: httpx.Client) -> None:
    page.report({"line-1": STATS})
    answer = client.get("/metrics")
    while "line-1" not in answer.text:  # taken over by the page's thread
        answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert sample(answer.text, "frames_total", stream="line-1") == 1000


def test_the_token_of_the_page_guards_them() -> None:
    page = Page(port=0, token="sesame")
    try:
        address = f"http://127.0.0.1:{page.port}/metrics"
        assert httpx.get(address).status_code == 403
        assert httpx.get(address, params={"token": "other"}).status_code == 403
        assert "footlights_build_info" in httpx.get(address, params={"token": "sesame"}).text
    finally:
        page.close()
