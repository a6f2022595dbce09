"""Who looks on while something is trained, and may stop it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from footlights.core.errors import FootlightsError

Line = dict[str, Any]  # of one epoch: epoch, epochs, loss, what was measured on valid, seconds, left (seconds)
Count = Callable[[int, int], None]  # told what is done, and how many there are


def _nothing(done: int, count: int) -> None:
    pass


@dataclass(frozen=True)
class Watcher:
    """Who wants to be told. Every function is called from the thread that trains."""

    look: Count = _nothing  # of pictures or clips looked at, before it learns
    step: Count = _nothing  # of the batches of this epoch
    epoch: Callable[[Line], None] = lambda line: None  # when one is over
    say: Callable[[str], None] = lambda line: None  # of what is worth a line
    stop: Callable[[], bool] = lambda: False  # asked after every step: True to stop

    def check(self) -> None:
        """Raises StoppedError where it is to stop."""
        if self.stop():
            raise StoppedError("stopped; the training can be resumed")


class StoppedError(FootlightsError):
    """Somebody asked a training to stop. What was learned up to the last epoch is kept."""
