"""A thread that looks again and again, whatever goes wrong."""

import logging
import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from footlights.core.errors import SinkError
from footlights.hub.rounds import Rounds
from tests.hub.conftest import eventually

NEVER = 3600.0  # seconds


def test_the_first_round_is_at_the_start_or_after_a_pause() -> None:
    done = threading.Event()
    now, later = Rounds("now", done.set, lambda: NEVER), Rounds("later", done.set, lambda: NEVER, at_start=False)
    later.start()
    later.close()
    assert not done.is_set()
    now.start()
    eventually(done.is_set)
    now.close()


def test_it_looks_when_it_is_woken_and_goes_on_while_there_is_more() -> None:
    left = [0]

    def work() -> bool:
        left[0] -= left[0] > 0
        return left[0] > 0

    rounds = Rounds("more", work, lambda: NEVER)
    rounds.start()
    left[0] = 5
    rounds.wake()
    eventually(lambda: left[0] == 0)
    rounds.close()


@pytest.mark.parametrize(
    "error", [OperationalError("", {}, RuntimeError("connection refused")), SinkError("nobody listens")]
)
def test_what_goes_wrong_is_said_and_tried_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    tried = []

    def work() -> None:
        tried.append("again")
        if len(tried) < 3:
            raise error

    rounds = Rounds("tries", work, lambda: 0.01)
    with caplog.at_level(logging.WARNING):
        rounds.start()
        eventually(lambda: len(tried) > 3)
        rounds.close()
    assert len(caplog.records) == 2


def test_what_never_began_ends() -> None:
    close: Callable[[], None] = Rounds("idle", list, lambda: NEVER).close
    close()
