"""All that the page knows, kept on its event loop."""

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict
from typing import Any

from footlights.core.cue import Badge, Bar, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.media.page.control import StreamStats
from footlights.media.page.feed import Feed
from footlights.media.page.pictures import LivePicture, Paint
from footlights.media.page.shows import Shows
from footlights.media.painter import TRACK_COLOURS


class PageState:
    """Pictures, events, cues and figures of every stream."""

    def __init__(
        self, title: str, shows: Shows, new_paint: Callable[[], Paint], threads: Executor, history: int
    ) -> None:
        self.title = title
        self.run = secrets.token_hex(4)  # tells one start of the page from another
        self.shows = shows
        self.feed = Feed(history)
        self.pictures: dict[str, LivePicture] = {}
        self.stats: dict[str, StreamStats] = {}
        self.closing = False
        self.catch_up: Callable[[], None] = lambda: None  # takes over what the engine has left
        self._new_paint = new_paint
        self._threads = threads
        self._cues: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._say_streams()

    def hello(self) -> dict[str, Any]:
        """What a viewer is told first."""
        colours = [f"rgb({red} {green} {blue})" for red, green, blue in TRACK_COLOURS]
        return {"type": "hello", "run": self.run, "title": self.title, "colours": colours}

    def looked_at(self, stream: str) -> bool:
        """True where a new scene of this stream matters to somebody now. May be asked from any thread."""
        picture = self.pictures.get(stream)
        return picture is None or picture.viewers > 0 or bool(self.feed.viewers)

    def picture(self, scene: Scene) -> None:
        """Take the newest scene of a stream."""
        stream = scene.frame.stream
        if stream not in self.pictures:
            self.pictures[stream] = LivePicture(self._new_paint(), self._threads)
            self._say_streams()
        self.pictures[stream].offer(scene)
        cues = _cues_message(scene)
        if cues != self._cues.get(stream):
            self._cues[stream] = cues
            self.feed.state(f"cues {stream}", cues)

    def event(self, event: Event) -> None:
        """Say an event to every viewer, and remember it."""
        self._number += 1
        self.feed.event(
            {
                "type": "event",
                "id": f"{self.run}-{self._number}",
                "kind": event.kind,
                "stream": event.stream,
                "time": event.time,
                "track": event.track,
                "data": event.data,
            }
        )

    def show(self, url: str, stream: str | None) -> None:
        """Make every viewer play an address, or say why it cannot be played."""
        try:
            token = self.shows.open(url)
        except SettingsError as error:
            self.feed.event({"type": "notice", "text": str(error)}, remember=False)
            return
        show = self.shows.get(token)
        title = show.title if show is not None else ""
        message = {"type": "show", "address": f"/show/{token}", "title": title, "stream": stream}
        self.feed.event(message, remember=False)

    def report(self, stats: Mapping[str, StreamStats]) -> None:
        """Take the figures of every stream. A stream that was reported and is so no more is gone."""
        for stream in self.stats.keys() - stats.keys():
            if (picture := self.pictures.pop(stream, None)) is not None:
                picture.close()
            self._cues.pop(stream, None)
            self.feed.forget(f"cues {stream}")
        self.stats = dict(stats)
        self._say_streams()

    def streams(self) -> list[dict[str, Any]]:
        """Every stream with its figures, for JSON."""
        names = [*self.stats, *(name for name in self.pictures if name not in self.stats)]
        return [
            {**asdict(self.stats.get(name, StreamStats(name))), "stream": name, "picture": name in self.pictures}
            for name in names
        ]

    def close(self) -> None:
        """End every viewer."""
        self.closing = True
        self.feed.close("the page is closing")
        for picture in self.pictures.values():
            picture.close()

    def _say_streams(self) -> None:
        self.feed.state("streams", {"type": "streams", "streams": self.streams()})


def _cues_message(scene: Scene) -> dict[str, Any]:
    def all_of(kind: type[Badge] | type[Bar] | type[Text]) -> list[dict[str, Any]]:
        return [asdict(cue) for cue in scene.cues if isinstance(cue, kind)]

    return {
        "type": "cues",
        "stream": scene.frame.stream,
        "badges": all_of(Badge),
        "bars": all_of(Bar),
        "texts": all_of(Text),
    }
