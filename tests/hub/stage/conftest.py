"""A room, and what is said in it."""

from collections.abc import Callable

import pytest

from footlights.hub.stage.room import Member, Room
from footlights.wire.show import parse
from footlights.wire.stage import Answer, Control, Hello

SHOW = """
title: A show
length: 1:00
sections: [left, right]
moderation: {words: [rude], per_address: 1000}
cues:
  - id: cross
    from: 10
    to: 15
    expect: x_arms
    text: Cross your arms
    effects:
      - {at: 80 %, name: confetti, actions: {webhook: "http://127.0.0.1:9/confetti"}}
      - {at: 2, name: spot, actions: {play: film.mp4}}
  - {id: wave, from: 20, to: 25, expect: wave}
"""
Joining = Callable[..., Member]


@pytest.fixture
def room() -> Room:
    """A room whose show has played since server time 0."""
    made = Room(parse(SHOW))
    made.control(Control("start"), 0.0)
    return made


@pytest.fixture
def join(room: Room) -> Joining:
    def join(name: str = "", section: str = "", people: int = 1, address: str = "192.0.2.1") -> Member:
        return room.join(Hello("", name, section, people), address)[0]

    return join


def cross(at: float, people: int = 1) -> Answer:
    return Answer("cross", "x_arms", at, 1.0, people)
