import asyncio
import json
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.websockets import WebSocket

from footlights.media.page.shows import Shows
from footlights.media.page.state import PageState
from footlights.media.page.viewers import watch_events
from tests.media.page.stand_ins import plain


def test_what_happens_while_a_viewer_connects_is_not_lost() -> None:
    """A show is said once: a viewer that is told of its connection before it is on the list would miss it."""

    async def scenario() -> list[str]:
        said: list[str] = []
        heard = asyncio.Event()
        words = iter([{"type": "websocket.connect"}])

        async def receive() -> MutableMapping[str, Any]:
            for word in words:
                return word
            await heard.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "websocket.accept":
                state.show("encore", None)
            else:
                said.append(json.loads(message["text"])["type"])
            if "show" in said:
                heard.set()

        with ThreadPoolExecutor(1) as threads:
            state = PageState("the test stage", Shows(), lambda: plain, threads, 10)
            await asyncio.wait_for(watch_events(state, WebSocket({"type": "websocket"}, receive, send)), 10)
            assert not state.feed.viewers
        return said

    said = asyncio.run(scenario())
    assert said[0] == "hello" and "show" in said
