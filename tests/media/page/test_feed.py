import asyncio
import json

import pytest

from footlights.media.page.feed import Feed, Viewer, as_json


async def heard(viewer: Viewer, count: int) -> list[object]:
    return [json.loads(await viewer.next(5) or "null") for _ in range(count)]


def test_a_viewer_hears_the_recent_history_then_the_states_then_what_comes() -> None:
    async def scenario() -> list[object]:
        feed = Feed(history=2)
        feed.state("fps", {"fps": 1})
        for number in range(4):
            feed.event({"event": number})
        feed.state("fps", {"fps": 2})
        viewer = feed.join()
        before = await heard(viewer, 3)
        feed.event({"event": 4})
        return before + await heard(viewer, 1)

    assert asyncio.run(scenario()) == [{"event": 2}, {"event": 3}, {"fps": 2}, {"event": 4}]


def test_states_replace_each_other_and_events_do_not() -> None:
    async def scenario() -> list[object]:
        feed = Feed(history=10)
        viewer = feed.join()
        for number in range(3):
            feed.state("fps", {"fps": number})
            feed.event({"event": number})
        return [*await heard(viewer, 4), await viewer.next(0.001)]

    assert asyncio.run(scenario()) == [{"event": 0}, {"event": 1}, {"event": 2}, {"fps": 2}, None]


def test_a_viewer_that_lets_too_much_wait_falls_out_and_the_others_hear_everything() -> None:
    async def scenario() -> tuple[str, bool, list[object]]:
        feed = Feed(history=0, waiting=3)
        slow, quick = feed.join(), feed.join()
        got = []
        for number in range(5):
            feed.event({"event": number})
            got += await heard(quick, 1)
        return slow.reason, slow.fell.is_set(), got

    reason, fell, got = asyncio.run(scenario())
    assert fell and "too slow" in reason
    assert got == [{"event": number} for number in range(5)]


def test_a_show_is_not_remembered() -> None:
    async def scenario() -> str | None:
        feed = Feed(history=5)
        feed.event({"type": "show"}, remember=False)
        return await feed.join().next(0.001)

    assert asyncio.run(scenario()) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "null"),
        ([float("inf"), 1.5], "[null,1.5]"),
        ({"ü": (True, None)}, '{"ü":[true,null]}'),
        ({1: {2}}, '{"1":"{2}"}'),
    ],
)
def test_json_is_what_every_browser_reads(value: object, text: str) -> None:
    assert as_json(value) == text
