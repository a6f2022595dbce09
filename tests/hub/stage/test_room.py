"""The room: who is there, which answers count, what the artist sees."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.hub.stage.room import Member, RefusedError, Room, place_of
from footlights.hub.stage.tally import BIN, COLUMNS, Tally, merged
from footlights.wire.show import Moderation, Show, ShowCue, parse
from footlights.wire.stage import TOLERANCE, Answer, Control, Hello, Moderate, Wall
from tests.hub.stage.conftest import SHOW, Joining, cross

quick = hypothesis_settings(deadline=None, max_examples=60)


def test_the_wall_counts_everybody_who_answers_once(room: Room, join: Joining) -> None:
    people = [join(section="left"), join(section="left"), join(section="right"), join()]
    for late, member in enumerate(people[:3]):
        confirmed, _ = room.answer(member, cross(10.4 + late), 10.5 + late)
        assert (confirmed.reaction, confirmed.count, confirmed.answered) == (0.4 + late, late + 1, 1)
    with pytest.raises(RefusedError, match="already"):
        room.answer(people[0], cross(12.6), 12.6)
    wall = room.wall(12.7)
    assert (wall.cue, wall.answered, wall.present, wall.share, wall.refused) == ("cross", 3, 4, 0.75, 1)
    assert [(part.name, part.present, part.answered) for part in wall.sections] == [("left", 2, 2), ("right", 1, 1)]
    assert {place: votes for place, votes in enumerate(wall.histogram) if votes} == {1: 1, 5: 1, 9: 1}
    assert wall.rate == 1.0


FORGED = [
    (Answer("nothing", "x_arms", 11.0), 11.0, "there is no such cue"),
    (Answer("cross", "wave", 11.0), 11.0, "another gesture"),
    (cross(9.9), 10.0, "too early"),
    (cross(15.1), 15.2, "too late"),
    (cross(11.0), 9.0, "from the future"),
    (cross(14.9), 15.0 + TOLERANCE + 0.1, "too late"),
    (Answer("wave", "wave", 21.0), 11.0, "from the future"),
    (cross(-1e12), 11.0, "too early"),
]


@pytest.mark.parametrize(("answer", "t", "why"), FORGED)
def test_forged_events_do_not_count_and_are_told_why(
    room: Room, join: Joining, answer: Answer, t: float, why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        room.answer(join(), answer, t)
    assert room.tally.refused == 1 and not room.tally.cues


def test_an_answer_that_was_under_way_is_believed_up_to_the_tolerance(room: Room, join: Joining) -> None:
    assert room.answer(join(), cross(14.9), 15.0 + TOLERANCE - 0.2)[0].reaction == 4.9
    assert room.answer(join(), cross(11.0), 14.5)[0].reaction == 14.5 - TOLERANCE - 10
    assert room.answer(join(), cross(14.1), 14.0)[0].reaction == 4.0, "a clock that is a little ahead"


def test_nothing_counts_while_the_show_does_not_play(room: Room, join: Joining) -> None:
    room.control(Control("pause"), 11.0)
    with pytest.raises(RefusedError, match="does not play"):
        room.answer(join(), cross(11.0), 11.1)
    room.control(Control("start"), 100.0)
    assert room.answer(join(), cross(11.5), 100.5)[0].reaction == 1.5


def test_going_back_takes_back_what_came_after(room: Room, join: Joining) -> None:
    member = join()
    room.tick(11.0)
    room.answer(member, cross(11.0), 11.0)
    room.control(Control("seek", 5.0), 12.0)
    assert room.wall(12.0).answered == 0 and room.moments() == () and room.answered_by(member) == ()
    assert room.answer(member, cross(10.5), 17.5)[0].count == 1


def test_going_on_keeps_what_was(room: Room, join: Joining) -> None:
    room.answer(join(), cross(11.0), 11.0)
    room.control(Control("seek", 30.0), 12.0)
    assert [moment.answered for moment in room.moments()] == [1]


@pytest.mark.parametrize(
    ("control", "why"),
    [(Control("seek"), "seek where"), (Control("seek", 61.0), "not within"), (Control("seek", -1.0), "not within")],
)
def test_a_control_that_is_not_possible_is_refused(room: Room, control: Control, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        room.control(control, 1.0)


def test_the_show_ends_by_itself_and_can_be_started_anew(room: Room, join: Joining) -> None:
    member = join("Ann")
    room.answer(member, cross(11.0), 11.0)
    assert not room.tick(59.9)
    assert room.tick(60.1)
    room.control(Control("end"), 60.1)
    room.forget_people()
    assert member.name == ""
    with pytest.raises(RefusedError, match="over"):
        join()
    with pytest.raises(SettingsError, match="ended"):
        room.control(Control("seek", 3.0), 61.0)
    assert room.control(Control("start"), 70.0).at == 0.0
    assert room.answer(member, cross(10.5), 80.5)[0].count == 1


# Who is there


def test_a_ticket_brings_a_member_back_with_what_it_answered(room: Room) -> None:
    member, ticket, _ = room.join(Hello(name="Ann"), "192.0.2.1")
    room.answer(member, cross(10.5), 10.5)
    room.leave(member)
    assert room.present == 0
    again, same, _ = room.join(Hello(ticket, "Ann"), "198.51.100.9")
    assert again is member and same == ticket and room.present == 1
    assert room.answered_by(again) == ("cross",)
    with pytest.raises(RefusedError, match="already"):
        room.answer(again, cross(11.0), 11.0)


@pytest.mark.parametrize(
    "forged", ["1.", "1.00000000000000000000000000000000", "1", "x.y", "-1.", "\ud800.\ud800", "9" * 99]
)
def test_nobody_makes_up_a_ticket(room: Room, forged: str) -> None:
    member, ticket, _ = room.join(Hello(), "192.0.2.1")
    other, _, _ = room.join(Hello(forged), "192.0.2.1")
    assert other is not member
    assert room.join(Hello(ticket[:-1] + ("0" if ticket[-1] != "0" else "1")), "192.0.2.1")[0] is not member


def test_an_address_brings_so_many_members_and_no_more() -> None:
    room = Room(Show("x", moderation=Moderation(per_address=3)))
    here = [room.join(Hello(), "2001:db8:1:2::9")[0] for _ in range(3)]
    with pytest.raises(RefusedError, match="network address"):
        room.join(Hello(), "2001:db8:1:2:ffff::1")
    room.join(Hello(), "2001:db8:1:3::1")
    room.leave(here[0])
    room.join(Hello(), "2001:db8:1:2::5")  # in the place of the one that went and never answered


def test_who_answered_keeps_the_place_of_its_address(room: Room) -> None:
    small = Room(Show("x", moderation=Moderation(per_address=1), cues=(ShowCue("a", 0.0, 9.0, "wave"),)))
    small.control(Control("start"), 0.0)
    member, _, _ = small.join(Hello(), "192.0.2.1")
    small.answer(member, Answer("a", "wave", 1.0), 1.0)
    small.leave(member)
    with pytest.raises(RefusedError, match="network address"):
        small.join(Hello(), "192.0.2.1")


def test_a_full_room_and_a_closed_one_let_nobody_in() -> None:
    room = Room(Show("x", moderation=Moderation(most=1)))
    _, ticket, _ = room.join(Hello(), "192.0.2.1")
    with pytest.raises(RefusedError, match="full"):
        room.join(Hello(), "192.0.2.2")
    room = Room(Show("x"))
    _, ticket, _ = room.join(Hello(), "192.0.2.1")
    room.moderate(Moderate(open=False))
    with pytest.raises(RefusedError, match="nobody else"):
        room.join(Hello(), "192.0.2.2")
    room.join(Hello(ticket), "192.0.2.1")


def test_addresses_are_counted_as_households_have_them() -> None:
    assert place_of("2001:db8:1:2:3::4") == place_of("2001:db8:1:2::") != place_of("2001:db8:1:3::")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1") != place_of("192.0.2.2")
    assert place_of("unknown") == "unknown"


def test_several_people_before_one_camera_are_several_votes_where_the_show_allows_it(join: Joining) -> None:
    room = Room(parse(SHOW.replace("words: [rude]", "people: 3")))
    room.control(Control("start"), 0.0)
    member, _, _ = room.join(Hello(people=9), "192.0.2.1")
    assert (member.people, room.present) == (3, 1)
    assert room.answer(member, cross(10.5, people=2), 10.5)[0].count == 2
    with pytest.raises(RefusedError, match="already"):
        room.answer(member, cross(10.6, people=2), 10.6)
    assert room.answer(member, cross(10.7, people=9), 10.7)[0].count == 3
    assert (room.wall(10.8).answered, room.wall(10.8).present) == (3, 3)
    room.leave(member)
    assert room.present == 0


def test_one_camera_is_one_vote_otherwise(room: Room, join: Joining) -> None:
    assert room.answer(join(people=9), cross(10.5, people=9), 10.5)[0].count == 1


def test_sections_change_until_somebody_has_answered(room: Room, join: Joining) -> None:
    members = [join(section="left"), join(section="right"), join()]
    room.set_show(replace(room.show, sections=("balcony", "right")))
    assert [(part.name, part.present) for part in room.wall(1.0).sections] == [("balcony", 0), ("right", 1)]
    assert room.present == 3
    room.answer(members[1], cross(10.5), 10.5)
    assert room.wall(11.0).sections[1].answered == 1
    with pytest.raises(SettingsError, match="once somebody has answered"):
        room.set_show(replace(room.show, sections=()))
    room.set_show(replace(room.show, moderation=Moderation(words=("Ann",))))
    assert room.join(Hello(name="Joann"), "192.0.2.1")[0].name == ""


# The wall


def test_effects_fire_once_a_window_when_enough_have_answered(room: Room, join: Joining) -> None:
    people = [join() for _ in range(10)]
    fired = [
        (number + 1, each.effect.name) for number, member in enumerate(people)
        for each in room.answer(member, cross(10.5 + number / 10), 10.5 + number / 10)[1]
    ]  # fmt: skip
    assert fired == [(2, "spot"), (8, "confetti")]


def test_an_effect_rests_after_it_was_set_off(room: Room, join: Joining) -> None:
    people = [join() for _ in range(3)]
    room.answer(people[0], cross(10.5), 10.5)
    assert [each.effect.name for each in room.answer(people[1], cross(10.6), 10.6)[1]] == ["spot"]
    room.control(Control("seek", 10.0), 11.0)
    room.answer(people[0], cross(10.5), 11.5)
    assert not room.answer(people[1], cross(10.6), 11.6)[1], "it rests for ten seconds"
    room.control(Control("seek", 10.0), 21.0)
    room.answer(people[0], cross(10.5), 21.5)
    assert [each.effect.name for each in room.answer(people[1], cross(10.6), 21.6)[1]] == ["spot"]


def test_nicknames_of_the_quickest_stand_on_the_wall_until_they_are_hidden(room: Room, join: Joining) -> None:
    for name, at in (("Ann", 10.9), ("", 10.2), ("Bob", 10.6), ("Cy", 11.0), ("Di", 11.1)):
        room.answer(join(name), cross(at), 11.2)
    assert [(part.name, part.reaction) for part in room.wall(11.3).quickest] == [
        ("Bob", 0.6),
        ("Ann", 0.9),
        ("Cy", 1.0),
    ]
    room.moderate(Moderate(hide="BOB"))
    assert [part.name for part in room.wall(11.3).quickest] == ["Ann", "Cy", "Di"]
    room.moderate(Moderate(nicknames=False))
    assert room.wall(11.3).quickest == ()
    room.tick(20.1)
    assert room.wall(20.1).cue == "wave" and room.wall(20.1).answered == 0


def test_a_late_answer_does_not_bring_the_old_cue_back(join: Joining) -> None:
    room = Room(parse(SHOW.replace("from: 20", "from: 15.5")))
    room.control(Control("start"), 0.0)
    member, _, _ = room.join(Hello(), "192.0.2.1")
    assert room.answer(member, cross(14.9), 15.8)[0].count == 1
    assert (room.wall(15.8).cue, room.wall(15.8).answered) == ("wave", 0)
    assert room.moments()[0].answered == 1


def test_the_energy_is_the_share_of_those_present_who_answer_in_each_second(room: Room, join: Joining) -> None:
    people = [join() for _ in range(4)]
    for t in range(13):
        room.tick(t + 0.05)
    for member, at in zip(people, (10.2, 10.4, 11.1, 12.9), strict=True):
        room.answer(member, cross(at), 12.9)
    wall = room.wall(12.95)
    assert wall.energy[-3:] == (0.5, 0.25, 0.25) and wall.energy_until == 13.0
    assert room.tally.energy() == [*[0.0] * 10, 0.5, 0.25, 0.25]


def test_the_biggest_moment_comes_first(room: Room, join: Joining) -> None:
    people = [join() for _ in range(4)]
    room.tick(10.5)
    room.answer(people[0], cross(10.6), 10.6)
    room.tick(20.5)
    for member in people:
        room.answer(member, Answer("wave", "wave", 20.6), 20.6)
    assert [(moment.cue, moment.answered, moment.present) for moment in room.moments()] == [
        ("wave", 4, 4),
        ("cross", 1, 4),
    ]


# Properties


Said = tuple[int, str, float, float, int]
voices = st.lists(
    st.tuples(
        st.integers(0, 7),  # member
        st.sampled_from(["cross", "wave", "none"]),
        st.floats(-5, 65),  # at
        st.floats(0, 3),  # under way
        st.integers(1, 4),  # people
    ),
    max_size=60,
)


def played(voices: list[Said], keep: "set[int]") -> tuple[Room, set[tuple[int, str]]]:
    """A room of those members, and who answered what validly as the room told them."""
    room = Room(parse(SHOW))
    room.control(Control("start"), 0.0)
    members = {n: room.join(Hello("", "", ("left", "right", "")[n % 3]), "192.0.2.1")[0] for n in sorted(keep)}
    valid = set()
    moments = [(at + late, member, cue, at, people) for member, cue, at, late, people in voices if member in keep]
    for t, member, cue, at, people in sorted(moments):
        room.tick(max(0.0, t))
        try:
            room.answer(
                members[member], Answer(cue, {"cross": "x_arms"}.get(cue, "wave"), at, 1.0, people), max(0.0, t)
            )
        except RefusedError:
            continue
        assert (member, cue) not in valid, "one member, one vote"
        valid.add((member, cue))
    return room, valid


@quick
@given(voices)
def test_the_number_is_that_of_the_distinct_members_who_were_confirmed(voices: list[Said]) -> None:
    room, valid = played(voices, set(range(8)))
    for cue in ("cross", "wave"):
        sums = room.tally.cues.get(cue)
        count = sum(each == cue for _, each in valid)
        assert (sums.answered if sums else 0) == count == (sum(sums.histogram) if sums else 0)
    assert sum(room.tally.answers) == len(valid)


@quick
@given(voices, st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_the_sums_of_several_rooms_are_those_of_one(voices: list[Said], homes: list[int]) -> None:
    whole, _ = played(voices, set(range(8)))
    parts = [played(voices, {n for n in range(8) if homes[n] == home})[0].tally for home in range(3)]
    together = merged(parts)
    assert together.cues == whole.tally.cues and trimmed(together.answers) == trimmed(whole.tally.answers)
    assert trimmed(together.present) == trimmed(whole.tally.present) and together.refused == whole.tally.refused


def trimmed(sums: list[int]) -> list[int]:
    while sums and not sums[-1]:
        sums = sums[:-1]
    return sums


counts = st.lists(st.integers(0, 9), max_size=4)


@st.composite
def any_tally(draw: st.DrawFn) -> Tally:
    tally = Tally({}, draw(counts), draw(counts), draw(counts), draw(st.integers(0, 9)))
    for cue, section, reaction, votes in draw(
        st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.floats(0, 20), st.integers(1, 3)), max_size=6)
    ):
        tally.vote(cue, section, reaction, reaction, votes)
    return tally


@quick
@given(any_tally(), any_tally(), any_tally())
def test_merging_does_not_care_for_order_and_grouping(one: Tally, two: Tally, three: Tally) -> None:
    whole = merged([one, two, three])
    assert merged([three, one, two]) == whole
    assert merged([merged([one, two]), three]) == whole == merged([one, merged([two, three])])
    assert merged([whole, Tally()]) == whole == merged([whole])


def test_merging_leaves_the_parts_alone() -> None:
    one = Tally()
    one.vote("a", 0, 1.0, 0.5, 1)
    merged([one, one]).vote("a", 0, 1.0, 0.5, 1)
    assert one.cues["a"].answered == 1


def test_the_histogram_ends_in_a_column_of_all_that_are_slower() -> None:
    tally = Tally()
    for reaction in (-1.0, 0.0, BIN, 9.8, 1e9):
        tally.vote("a", 0, 1.0, reaction, 1)
    histogram = tally.cues["a"].histogram
    assert len(histogram) == COLUMNS and (histogram[0], histogram[1], histogram[-1]) == (2, 1, 2)
    assert tally.cues["a"].median() == 0.375


def test_a_crowd_of_thousands_stays_exact() -> None:
    room = Room(Show("x", moderation=Moderation(per_address=5000), cues=(ShowCue("a", 1.0, 9.0, "wave"),)))
    room.control(Control("start"), 0.0)
    members = [room.join(Hello(), "192.0.2.1")[0] for _ in range(5000)]
    chance = random.Random(5)
    told = list(confirmed(room, [chance.choice(members) for _ in range(9000)]))
    assert room.wall(3.0).answered == len({member.number for member in told}) == len(told)


def confirmed(room: Room, order: list[Member]) -> Iterator[Member]:
    for place, member in enumerate(order):
        t = 2.0 + place / 10_000
        try:
            room.answer(member, Answer("a", "wave", t), t)
        except RefusedError:
            continue
        yield member


def test_the_wall_stays_small(room: Room, join: Joining) -> None:
    from footlights.wire.stage import LARGEST_HEARD, encode, read_heard

    for n in range(500):
        room.answer(join("x" * 24), cross(10.0 + n / 100), 10.0 + n / 100)
    text = encode(room.wall(15.0))
    assert len(text) < LARGEST_HEARD / 20 and isinstance(read_heard(text), Wall)
