"""Hours without actions."""

from datetime import datetime

import pytest

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions.dispatch import Dispatcher
from footlights.engine.actions.osc import Osc
from footlights.engine.actions.quiet import QuietHours


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-29T{clock}")


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [
        ("22:00-06:00", ["22:00", "23:59:59", "00:00", "05:59:59"], ["06:00", "12:00", "21:59:59"]),
        ("12:30-13:00", ["12:30", "12:59:59"], ["12:29:59", "13:00", "00:00"]),
        ("0:00 - 6:15", ["00:00", "06:14"], ["06:15", "23:59"]),
        ("23:00-00:00", ["23:00", "23:59:59"], ["00:00", "22:59"]),
    ],
)
def test_quiet_hours_hold_over_midnight_too(hours: str, inside: list[str], outside: list[str]) -> None:
    quiet = QuietHours.parse(hours)
    assert [quiet.hold(at(clock)) for clock in inside] == [True] * len(inside)
    assert [quiet.hold(at(clock)) for clock in outside] == [False] * len(outside)


@pytest.mark.parametrize("text", ["", "22-6", "22:00", "24:00-06:00", "22:60-06:00", "22:00-06:00:00", "ten to six"])
def test_what_is_no_time_is_one_line(text: str) -> None:
    with pytest.raises(SettingsError, match="quiet hours are written as '22:00-06:00', not"):
        QuietHours.parse(text)


def test_hours_that_end_when_they_begin_are_refused() -> None:
    with pytest.raises(SettingsError, match="end when they begin"):
        QuietHours.parse("06:00-06:00")


def test_nothing_is_set_off_and_the_log_says_why() -> None:
    now = ["23:59"]
    actions = [Osc("127.0.0.1", 9, "/a"), Osc("127.0.0.1", 9, "/b")]
    dispatcher = Dispatcher(actions, cooldown=3600, quiet=QuietHours.parse("22:00-06:00"), clock=lambda: at(now[0]))
    dispatcher.handle(Event("trigger", "line", 1.0))
    dispatcher.handle(Event("other", "line", 1.0))
    now[0] = "06:00"
    dispatcher.handle(Event("trigger", "line", 2.0))
    dispatcher.close()
    outcomes = [(record.time, record.outcome) for record in dispatcher.log.records()]
    assert sorted(outcomes) == [(1.0, "quiet")] * 2 + [(2.0, "ok")] * 2, "and the cool-down has not begun"
