"""A thread of the hub that looks after something, again and again."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from footlights.core.errors import FootlightsError

log = logging.getLogger(__name__)


class Rounds:
    """Works whenever some seconds are over, or somebody wakes it. What goes wrong is said, and tried again next time.

    Args:
        name: of the thread.
        work: one round; true where there is more to do at once.
        pause: seconds until the next one.
        at_start: whether the first round is at the start, or after a pause.
    """

    def __init__(
        self, name: str, work: Callable[[], object], pause: Callable[[], float], *, at_start: bool = True
    ) -> None:
        self._work, self._pause = work, pause
        self._woken = threading.Event()
        self.closing = False
        if at_start:
            self._woken.set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def close(self) -> None:
        """Stop, after the round that is under way."""
        self.closing = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self.closing:
            self._woken.wait(self._pause())
            self._woken.clear()
            if self.closing:
                return
            try:
                if self._work():
                    self._woken.set()
            except DBAPIError as error:
                log.warning("the database is away: %s", type(error.orig).__name__)
            except FootlightsError as error:
                log.error("%s: %s", self._thread.name, error)
