"""Nicknames that may stand on the wall, tickets, and how often somebody may speak."""

import asyncio
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.hub.stage.limits import A_ROUND, MOST_ADDRESSES, Addresses, Bucket, Turns
from footlights.hub.stage.moderation import LONGEST, Names
from footlights.hub.stage.tickets import Tickets


@pytest.mark.parametrize(
    ("wished", "shown"),
    [
        ("Ann", "Ann"), ("  Ann \t Lee\n", "Ann Lee"), ("Zoë 👋", "Zoë 👋"), ("李雷", "李雷"),
        ("x" * 50, "x" * LONGEST),
        ("A\x00n\x1b[31mn", "An[31mn"), ("\u202egnp.exe", "gnp.exe"), ("a\u200bb", "ab"), ("\ud800A", "A"),
        ("", ""),
        ("e" + "\u0301" * 30, "é\u0301\u0301"),
        ("<script>alert(1)</script>", "<script>alert(1)</script"),
        ("rude", ""), ("R U D E", ""), ("rüde", ""), ("ru.de!", ""), ("xXrUd3Xx", ""),
        ("ｒｕｄｅ", ""), ("crudest", ""),
    ],
)  # fmt: skip
def test_a_nickname_is_cleaned_or_not_shown(wished: str, shown: str) -> None:
    name, note = Names(["rude", ""]).cleaned(wished)
    assert name == shown
    assert (note == "") == (shown == wished.strip())


@given(st.text(max_size=200))
def test_whatever_is_wished_one_short_line_is_shown(wished: str) -> None:
    name, _ = Names([]).cleaned(wished)
    assert len(name) <= LONGEST and name == name.strip()
    assert not any(unicodedata.category(letter)[0] in "CZ" and letter != " " for letter in name)
    assert name.encode().decode() == name


def test_a_word_is_hidden_from_now_on() -> None:
    names = Names([])
    assert names.may("Ann")
    names.hide(" aNN ")
    assert not names.may("Joanna") and names.may("Bob")
    names.hide("!!")
    assert names.may("Bob"), "nothing that could be found everywhere"


def test_tickets_are_worth_nothing_elsewhere() -> None:
    here, there = Tickets(), Tickets()
    ticket = here.ticket(17)
    assert here.number(ticket) == 17 and there.number(ticket) is None
    assert here.number(f"18.{ticket.partition('.')[2]}") is None


def test_a_bucket_fills_up_again_with_time() -> None:
    bucket = Bucket(2.0, 0.0)
    assert [bucket.take(2.0, 1.0, 0.0) for _ in range(3)] == [True, True, False]
    assert bucket.take(2.0, 1.0, 1.0)
    assert not bucket.take(2.0, 1.0, 1.5)
    assert [bucket.take(2.0, 1.0, 100.0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(2.0, 1.0, 50.0), "a clock that goes back fills nothing"


def test_addresses_are_forgotten_when_there_are_too_many() -> None:
    addresses = Addresses(1.0, 0.0)
    assert addresses.take("first", 0.0) and not addresses.take("first", 0.0)
    for number in range(MOST_ADDRESSES):
        addresses.take(str(number), 0.0)
    assert addresses.take("first", 0.0) and len(addresses._buckets) == MOST_ADDRESSES


def test_who_waits_goes_in_order_and_a_few_in_each_round() -> None:
    async def play() -> list[int]:
        turns, gone, rounds = Turns(), list[int](), list[int]()

        async def come(number: int) -> None:
            await turns.wait()
            gone.append(number)

        coming = [asyncio.create_task(come(number)) for number in range(3 * A_ROUND + 1)]
        coming[5].cancel()
        while len(gone) < 3 * A_ROUND:
            await asyncio.sleep(0)
            rounds.append(len(gone))
        assert gone == [number for number in range(3 * A_ROUND + 1) if number != 5]
        await turns.wait()
        return [after - before for before, after in pairwise(rounds)]

    assert 0 < max(asyncio.run(play())) <= A_ROUND
