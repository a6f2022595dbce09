"""All that the page knows, kept on its event loop."""

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import asdict
from typing import Any, Literal

from footlights.core.cue import Badge, Bar, Figure, Text
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.media.page.cards import MOST_FPS as MOST_CARDS_FPS
from footlights.media.page.cards import CardPictures, Cards
from footlights.media.page.control import StreamStats
from footlights.media.page.feed import Feed
from footlights.media.page.pictures import LiveView, Paint, as_jpeg
from footlights.media.page.shows import Shows
from footlights.media.painter import TRACK_COLOURS

View = Literal["painted", "raw", "cards"]  # what there is of a stream to look at


class PageState:
    """Pictures, events, cues and figures of every stream. Without `raw`, nothing that shows a face as it is is made."""

    def __init__(
        self,
        title: str,
        shows: Shows,
        new_paint: Callable[[], Paint],
        threads: Executor,
        history: int,
        *,
        raw: bool = True,
    ) -> None:
        self.title = title
        self.raw = raw
        self.card_pictures = CardPictures()
        self.run = secrets.token_hex(4)  # tells one start of the page from another
        self.shows = shows
        self.feed = Feed(history)
        self.stats: dict[str, StreamStats] = {}
        self.closing = False
        self.catch_up: Callable[[], None] = lambda: None  # takes over what the engine has left
        self._new_paint = new_paint
        self._threads = threads
        self._views: dict[str, dict[View, LiveView]] = {}
        self._cues: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._say_streams()

    def hello(self) -> dict[str, Any]:
        """What a viewer is told first."""
        colours = [f"rgb({red} {green} {blue})" for red, green, blue in TRACK_COLOURS]
        return {"type": "hello", "run": self.run, "title": self.title, "colours": colours, "raw": self.raw}

    def looked_at(self, stream: str) -> bool:
        """True where a new scene of this stream matters to somebody now. May be asked from any thread."""
        views = self._views.get(stream)
        return views is None or bool(self.feed.viewers) or any(view.viewers > 0 for view in views.values())

    def view(self, stream: str, view: View = "painted") -> LiveView | None:
        """One way to look at a stream; None where there is no such stream, or it may not be looked at so."""
        return self._views.get(stream, {}).get(view)

    def picture(self, scene: Scene) -> None:
        """Take the newest scene of a stream."""
        stream = scene.frame.stream
        if stream not in self._views:
            self._views[stream] = self._new_views()
            self._say_streams()
        for view in self._views[stream].values():
            view.offer(scene)
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
            for view in self._views.pop(stream, {}).values():
                view.close()
            self._cues.pop(stream, None)
            self.feed.forget(f"cues {stream}")
        self.stats = dict(stats)
        self._say_streams()

    def streams(self) -> list[dict[str, Any]]:
        """Every stream with its figures, for JSON."""
        names = [*self.stats, *(name for name in self._views if name not in self.stats)]
        return [
            {**asdict(self.stats.get(name, StreamStats(name))), "stream": name, "picture": name in self._views}
            for name in names
        ]

    def close(self) -> None:
        """End every viewer."""
        self.closing = True
        self.feed.close("the page is closing")
        for views in self._views.values():
            for view in views.values():
                view.close()

    def choice(self, chosen: str, choices: list[str]) -> None:
        """Say what is chosen now."""
        self.feed.state("choice", {"type": "choice", "chosen": chosen, "choices": choices})

    def settings(self, answer: Mapping[str, Any]) -> None:
        """Say what is set now."""
        self.feed.state("settings", {"type": "settings", **answer})

    def _new_views(self) -> dict[View, LiveView]:
        views: dict[View, LiveView] = {
            "painted": LiveView(as_jpeg(self._new_paint()), self._threads),
            "cards": LiveView(Cards(self.card_pictures, crops=self.raw), self._threads, MOST_CARDS_FPS),
        }
        if self.raw:
            views["raw"] = LiveView(as_jpeg(lambda scene: scene.frame.rgb()), self._threads)
        return views

    def _say_streams(self) -> None:
        self.feed.state("streams", {"type": "streams", "streams": self.streams()})


def _cues_message(scene: Scene) -> dict[str, Any]:
    def all_of(kind: type[Badge] | type[Bar] | type[Figure] | type[Text]) -> list[dict[str, Any]]:
        return [asdict(cue) for cue in scene.cues if isinstance(cue, kind)]

    return {
        "type": "cues",
        "stream": scene.frame.stream,
        "badges": all_of(Badge),
        "bars": all_of(Bar),
        "texts": all_of(Text),
        "figures": all_of(Figure),
    }
