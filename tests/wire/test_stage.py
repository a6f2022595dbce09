"""show.yaml, and what a stage, its members and its wall say."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.wire import stage as wire
from footlights.wire.fleet import MessageError
from footlights.wire.settings import validate
from footlights.wire.show import MOST_CUES, Effect, Moderation, Show, ShowCue, load, parse, to_document, to_yaml

quick = hypothesis_settings(deadline=None, max_examples=60)

WHOLE = """
title: An evening
song: song.ogg
offset: 0:01.5
length: 3:20
sections: [left, right]
buttons: yes
moderation: {words: [rude], per_address: 3000, people: 4}
cues:
  - id: cross
    from: 1:57
    to: 2:05
    expect: x_arms
    text: Cross your arms!
    effects:
      - {at: 80 %, name: confetti, actions: {play: show.mp4, osc: ["127.0.0.1:9000/go"]}, cooldown: 5}
      - at: 500
  - {id: wave, from: 0:05, to: 12.5, expect: wave}
"""


def test_the_whole_show(tmp_path: Path) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(WHOLE)
    confetti = Effect("80 %", {"play": "show.mp4", "osc": ("127.0.0.1:9000/go",)}, "confetti", 5.0)
    assert load(path) == Show(
        title="An evening",
        song="song.ogg",
        offset=1.5,
        length=200.0,
        sections=("left", "right"),
        buttons=True,
        moderation=Moderation(words=("rude",), per_address=3000, people=4),
        cues=(
            ShowCue("cross", 117.0, 125.0, "x_arms", "Cross your arms!", (confetti, Effect("500"))),
            ShowCue("wave", 5.0, 12.5, "wave"),
        ),
    )


WRONG = [
    ("", "show.yaml is empty: it needs at least 'title' and 'cues'"),
    ("cues: []", "show.yaml:1: setting 'title' is missing"),
    ("title: x\ncues:\n  - {id: a, form: 3, to: 4, expect: x}", "show.yaml:3: unknown setting 'cues[0].form': did you mean 'from'?"),  # noqa: E501
    ("title: x\ncues:\n  - {id: a, from: 3:xx, to: 4, expect: x}", "show.yaml:3: setting 'cues[0].from' must be seconds or m:ss"),  # noqa: E501
    ("title: x\ncues:\n  - {id: A b, from: 3, to: 4, expect: x}", "show.yaml:3: setting 'cues[0]' 'id' must"),
    ("title: x\ncues:\n  - {id: a, from: 0:09, to: 4, expect: x}", "show.yaml:3: setting 'cues[0]' the cue 'a' ends at 0:04, not after 0:09"),  # noqa: E501
    ("title: x\ncues:\n  - {id: a, from: 1, to: 4, expect: x, effects: [{at: 101 %}]}", "show.yaml:3: setting 'cues[0].effects[0]' 'at' must be a share"),  # noqa: E501
    ("title: x\ncues:\n  - {id: a, from: 1, to: 4, expect: x}\n  - {id: a, from: 5, to: 6, expect: x}", "show.yaml:1: the cue 'a' is given twice"),  # noqa: E501
    ('title: "a\\nb"', "show.yaml:1: the show holds"),
    ("title: x\nsong: a\nvideo: b", "show.yaml:1: a show has a 'song' or a 'video', not both"),
    ("title: x\nsections: [a, a]", "show.yaml:1: the section 'a' is given twice"),
    ("title: x\nlength: .nan", "show.yaml:2: setting 'length' must be seconds or m:ss"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_what_is_not_valid_gives_one_line_with_its_number(text: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse(text)
    assert str(raised.value).startswith(line)


def test_too_many_cues_are_refused() -> None:
    cues = [{"id": f"c{n}", "from": n, "to": n + 1, "expect": "wave"} for n in range(MOST_CUES + 1)]
    with pytest.raises(SettingsError, match="at most 500 cues"):
        validate(Show, {"title": "x", "cues": cues})


def test_a_plain_clock_ends_after_its_last_cue_and_a_song_when_it_ends() -> None:
    assert parse("title: x\ncues: [{id: a, from: 3, to: 10, expect: wave}]").end == 15.0
    assert parse("title: x\nsong: a.ogg\ncues: [{id: a, from: 3, to: 10, expect: wave}]").end is None


lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=9)
times = st.floats(0, 3600).map(lambda seconds: round(seconds, 3))
effects = st.builds(
    Effect,
    at=st.one_of(st.integers(1, 100).map(lambda share: f"{share} %"), st.integers(1, 9999).map(str)),
    actions=st.dictionaries(st.sampled_from(["osc", "webhook"]), st.text("abc:/é", min_size=1), max_size=2),
    name=st.text("ab é:'\"#", max_size=5),
    cooldown=st.floats(0, 99),
)


@st.composite
def shows(draw: st.DrawFn) -> Show:
    ids = draw(st.lists(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True), max_size=4, unique=True))
    cues = []
    for name in ids:
        begin, end = sorted(draw(st.lists(times, min_size=2, max_size=2, unique=True)))
        cues.append(ShowCue(name, begin, end, draw(st.sampled_from(["wave", "null", "no"])), draw(lines),
                            tuple(draw(st.lists(effects, max_size=2)))))  # fmt: skip
    title = draw(lines.filter(str.strip))
    return Show(title, length=draw(st.none() | st.floats(1, 999).map(lambda s: round(s, 3))), cues=tuple(cues))


@quick
@given(shows())
def test_what_is_written_is_read_back(show: Show) -> None:
    assert parse(to_yaml(show)) == show
    assert validate(Show, json.loads(json.dumps(to_document(show)))) == show


@pytest.mark.parametrize(
    ("at", "answered", "present", "crossed"),
    [("80 %", 7, 10, False), ("80 %", 8, 10, True), ("80 %", 0, 0, False), ("100%", 3, 3, True), ("3", 2, 2, False), ("3", 3, 9, True)],  # noqa: E501
)  # fmt: skip
def test_a_threshold_is_a_share_or_a_count(at: str, answered: int, present: int, crossed: bool) -> None:
    assert Effect(at).threshold.crossed(answered, present) is crossed


def test_every_message_comes_back_as_it_went() -> None:
    playing = wire.Playing("playing", 3.5, 100.0)
    media = wire.MediaPart("none", "", 0.0, None)
    cue = wire.CuePart("a", 1.0, 2.0, "wave", "Waving", "Wave 👋")
    said: list[wire.Said] = [wire.Hello("t", "Ann", "left", 2), wire.Ping(1.5),
            wire.Answer("a", "wave", 1.5, 0.9), wire.Control("seek", 3.0),
            wire.Moderate(open=False)]  # fmt: skip
    heard: list[wire.Heard] = [
        wire.Welcome("t", "Ann", "", "", ("left",), 1, "x", media, playing, (cue,), ("a",)),
        wire.Pong(1.0, 2.0), playing, wire.Cues((cue,)), wire.Confirmed("a", 0.5, 1, 2, 3),
        wire.Refused("answer", "a", "why"),
        wire.Wall(1.0, playing, 9, True, "a", 5, 0.5, 2.0, (wire.SectionPart("left", 4, 2),), 0.25, (1, 2), (0.5,), 3.0,
                  (wire.FiredPart("a", "x", 1.0, 5, 9, "/x"),), (wire.MomentPart("a", "t", 1.0, 5, 9),),
                  (wire.QuickPart("Ann", 0.4),), 7),
        wire.Opening("x", media, (cue,), ("left",), (0.1,), "http://x", producer=True),
    ]  # fmt: skip
    assert [wire.read_said(wire.encode(message)) for message in said] == said
    assert [wire.read_heard(wire.encode(message)) for message in heard] == heard


REFUSED = [
    ("[]", "no JSON object"),
    ("{", "no JSON"),
    ('{"type":"wave"}', "type is none of hello, ping"),
    ('{"type":["hello"]}', "type is none of"),
    ('{"type":"answer","cue":"a","gesture":"b"}', "answer has no at"),
    ('{"type":"answer","cue":"a","gesture":"b","at":"1"}', "answer.at is not what it must be"),
    ('{"type":"answer","cue":"a","gesture":"b","at":true}', "answer.at is not what it must be"),
    ('{"type":"answer","cue":"a","gesture":"b","at":1e400}', "too large|not what it must be"),
    ('{"type":"answer","cue":"a","gesture":"b","at":NaN}', "no JSON"),
    ('{"type":"answer","cue":"a","gesture":"b","at":1,"people":0}', "answer.people is not what it must be"),
    ('{"type":"answer","cue":"a","gesture":"b","at":1,"confidence":1.1}', "answer.confidence is not"),
    ('{"type":"hello","name":"' + "x" * 201 + '"}', "hello.name is not what it must be"),
    ('{"type":"control","do":"stop"}', "control.do is not what it must be"),
    ('{"type":"ping","t0":' + "9" * 400 + "}", "too large|not what it must be"),
    ("x" * 2049, "2049 characters; at most 2048 are taken"),
    ('{"type":' * 300 + "1" + "}" * 300, "at most 2048|levels deep|no JSON"),
    ("\ud800", "no Unicode"),
]


@pytest.mark.parametrize(("frame", "why"), REFUSED)
def test_what_is_no_message_is_refused_in_words_that_hold_nothing_of_it(frame: str, why: str) -> None:
    with pytest.raises(MessageError, match=why):
        wire.read_said(frame)


@quick
@given(st.one_of(st.text(), st.binary()))
def test_whatever_comes_is_a_message_or_refused(frame: str | bytes) -> None:
    with pytest.raises(MessageError):
        wire.read_said(frame)


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(
    st.sampled_from(["hello", "ping", "answer", "control", "moderate"]),
    st.dictionaries(
        st.sampled_from(["ticket", "name", "people", "t0", "at", "cue", "gesture", "do", "open", "hide"]), json_like
    ),
)
def test_whatever_a_message_holds_it_is_right_or_refused(kind: str, content: dict[str, object]) -> None:
    try:
        said = wire.read_said(json.dumps({"type": kind, **content}))
    except MessageError:
        return
    assert wire.read_said(wire.encode(said)) == said
