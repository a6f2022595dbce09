"""The contract of everything that an event can set off."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Self

from footlights.core.event import Event

Picture = Callable[[Event], bytes | None]  # the JPEG that belongs to an event; may take a moment; None: there is none


def no_picture(event: Event) -> None:
    """Nobody takes pictures here."""


class Action(ABC):
    """One thing that an event sets off. Runs on a thread of its own (see `dispatch`), so `fire` may block.

    Commands on the machine are not an action: no action runs a shell or a program that the configuration names.
    """

    flag: ClassVar[str]  # name on the command line and in the configuration; the file is named after it
    help: ClassVar[str]  # one line
    metavar: ClassVar[str]  # what the text looks like, for the help

    @classmethod
    @abstractmethod
    def from_text(cls, text: str) -> Self:
        """The action that a text on the command line or in the configuration means.

        Raises:
            SettingsError: the text is not understood; the message names what was probably meant.
        """

    def prepare(self) -> None:  # noqa: B027 (nothing to do by default)
        """Import and connect. Called once before the first event, by the thread of `fire`, which works without."""

    @abstractmethod
    def fire(self, event: Event) -> None:
        """Do it, and return when it is done. Called by one thread only, again with the same event where it failed.

        Raises:
            SettingsError: it can never succeed like this (refused, not found): it is not tried again.
            FootlightsError, OSError: it did not succeed now: it is tried again.
        """

    def close(self) -> None:  # noqa: B027 (nothing to do by default)
        """Let go. May be called twice, and while another thread is in `fire`, which then should end soon."""

    @abstractmethod
    def describe(self) -> str:
        """What this does, in a few words for the log, without passwords, tokens and personal addresses."""
