"""The list of sources: what the page asks of whoever runs the streams."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from footlights.core.errors import FootlightsError, SettingsError
from footlights.media.page.control import Chooser, Control

T = TypeVar("T")

LONGEST_URL = 2000  # characters
_SECRET = ("password", "passwd", "pwd", "token", "key", "secret", "auth")


class Sources:
    """Calls the control on a thread, one call at a time, so that a slow one never stops the page."""

    def __init__(self, control: Callable[[], Control | None], threads: Executor) -> None:
        self._control = control
        self._threads = threads
        self._turn = asyncio.Lock()

    @property
    def fixed(self) -> bool:
        """True where nothing can be added or removed."""
        return self._control() is None

    async def states(self) -> list[dict[str, Any]]:
        """Every source, for JSON; empty where there is no control."""
        if self.fixed:
            return []
        states = await self.call(lambda control: control.sources())
        return [{**asdict(state), "url": without_secrets(state.url)} for state in states]

    async def add(self, url: str) -> str:
        """Add a source; the name of its stream.

        Raises:
            FootlightsError: it cannot be added; one line for the reader.
        """
        url = url.strip()
        if not url or len(url) > LONGEST_URL or not url.isprintable():
            raise SettingsError(
                f"a source is 1 to {LONGEST_URL} printable characters, such as 0, film.mp4 or rtsp://..."
            )
        return await self.call(lambda control: control.add(url))

    async def remove(self, name: str) -> None:
        """Remove a source.

        Raises:
            FootlightsError: there is none of this name.
        """
        await self.call(lambda control: control.remove(name))

    async def choice(self) -> tuple[str, list[str]]:
        """What is chosen, and what can be; nothing where there is no choice."""

        def ask(control: Control) -> tuple[str, list[str]]:
            return (control.chosen(), control.choices()) if isinstance(control, Chooser) else ("", [])

        return ("", []) if self.fixed else await self.call(ask)

    async def choose(self, name: str) -> None:
        """Choose by name.

        Raises:
            FootlightsError: it cannot be chosen; one line for the reader.
        """

        def choose(control: Control) -> None:
            choices = control.choices() if isinstance(control, Chooser) else []
            if name not in choices:
                there = f"there are {', '.join(choices)}" if choices else "there is nothing to choose"
                raise SettingsError(f"'{name[:40]}' cannot be chosen; {there}")
            if isinstance(control, Chooser):
                control.choose(name)

        await self.call(choose)

    async def call(self, job: Callable[[Control], T]) -> T:
        """Let the control do something. Raises FootlightsError as the control does, and where there is none."""
        control = self._control()
        if control is None:
            raise SettingsError("the sources are fixed: this page was started without control over them")
        async with self._turn:
            return await asyncio.get_running_loop().run_in_executor(self._threads, job, control)


def one_line(error: FootlightsError) -> str:
    """The first line of an error."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def without_secrets(url: str) -> str:
    """An address without user, password and the values of query keys that sound secret."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "(hidden: this address cannot be read)"
    place = parts.netloc.rpartition("@")
    netloc = f"***@{place[2]}" if place[1] else parts.netloc
    if not any(_sounds_secret(key) for key, _ in query):
        return urlunsplit(parts._replace(netloc=netloc)) if place[1] else url
    shown = urlencode([(key, "***" if _sounds_secret(key) else value) for key, value in query], safe="*")
    return urlunsplit(parts._replace(netloc=netloc, query=shown))


def _sounds_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET)
