"""`--open URL`: the system's browser."""

from typing import ClassVar, Self
from urllib.parse import SplitResult

from footlights.core.event import Event
from footlights.engine.actions.action import Action
from footlights.engine.actions.address import parse, without_query
from footlights.engine.actions.browser import open_in_browser


class Open(Action):
    """Opens a web address in a new tab of the system's browser."""

    flag: ClassVar[str] = "open"
    help: ClassVar[str] = "Open this address in the system's browser."
    metavar: ClassVar[str] = "URL"

    def __init__(self, address: SplitResult) -> None:
        self.address = address

    @classmethod
    def from_text(cls, text: str) -> Self:
        return cls(parse(cls.flag, text, ("https", "http"), "https://example.com/show"))

    def fire(self, event: Event) -> None:
        open_in_browser(self.address.geturl())

    def describe(self) -> str:
        return f"open {without_query(self.address)}"
