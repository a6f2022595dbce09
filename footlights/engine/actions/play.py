"""`--play FILE_OR_URL`: full screen on the page, or in the system's player where there is no page."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import SplitResult, unquote, urlsplit

from footlights.core.cue import Show
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions.action import Action
from footlights.engine.actions.address import parse, shown, without_query
from footlights.engine.actions.browser import open_in_browser


class Play(Action):
    """Plays a file or an address. `show` is the page's way to do it, put there by whoever builds the page.

    A file is given to the page as a file:// address with the whole path.
    """

    flag: ClassVar[str] = "play"
    help: ClassVar[str] = "Play this file or address full screen on the page, without a page in the system's player."
    metavar: ClassVar[str] = "FILE_OR_URL"

    def __init__(self, address: SplitResult, show: Callable[[Show], None] | None = None) -> None:
        self.address = address
        self.show = show

    @property
    def path(self) -> Path | None:
        """The file, where it is one, so that a page can be allowed to serve it."""
        return Path(unquote(self.address.path)) if self.address.scheme == "file" else None

    @classmethod
    def from_text(cls, text: str) -> Self:
        if "://" in text and not text.startswith("file://"):
            return cls(parse(cls.flag, text, ("https", "http"), "show.mp4 or https://example.com/show.mp4"))
        path = Path(text.removeprefix("file://")).expanduser()
        if not path.is_file():
            raise SettingsError(f"--play: there is no file '{path}'; {_meant(path, text)}")
        return cls(urlsplit(path.resolve().as_uri()))

    def fire(self, event: Event) -> None:
        if self.show is not None:
            self.show(Show(self.address.geturl()))
        else:
            open_in_browser(self.address.geturl())

    def describe(self) -> str:
        return f"play {self.path.name if self.path is not None else without_query(self.address)}"


def _meant(path: Path, text: str) -> str:
    first = text.partition("/")[0]
    if not path.parent.is_dir() and "." in first.strip("."):
        return f"did you mean 'https://{shown(text)}'?"
    siblings = [file.name for file in path.parent.iterdir() if file.is_file()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, 1)
    return (
        f"did you mean '{path.parent / near[0]}'?" if near else "for example show.mp4 or https://example.com/show.mp4"
    )
