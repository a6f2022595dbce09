"""Definitions of gestures: the library, one's own files, and what is said about mistakes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import footlights
from footlights.core.errors import SettingsError
from footlights.recognition.definitions import Condition, choose, full_names, library, read_definitions, told_with
from footlights.recognition.features import BODY_FEATURES, HALF_FEATURES
from footlights.recognition.history import MEASURES

GOOD = """
[lean_back]
title = "Lean back"
when = [{feature = "lean", enter = 20, leave = 15}]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


NAMES = {
    "drinking", "sleeping", "come_closer", "cover_ears", "cover_eyes", "dab", "doing_nothing", "doing_other_things",
    "facepalm", "no_person", "nod", "point_left", "point_right", "point_at_camera", "finger_to_mouth", "roll_hand",
    "scratch", "shake_head", "middle_finger", "swipe_down", "swipe_down_two_hands", "swipe_left", "swipe_right",
    "swipe_up", "swipe_up_two_hands", "thumb_down", "thumb_up", "wave", "zoom_in", "zoom_out", "x_arms", "arms_up",
    "clap", "heart", "victory", "fist", "open_palm", "ok",
}  # fmt: skip


def test_the_library_holds_all_gestures_with_titles_and_help() -> None:
    known = library()
    assert known.keys() == NAMES
    assert len(known) == 38
    assert all(definition.title and definition.help for definition in known.values())


def test_own_definitions_are_added_and_replace(tmp_path: Path) -> None:
    known = library(written(tmp_path, GOOD + '[wave]\ntitle = "My wave"\nwhen = [{feature="lean", enter=1, leave=0}]'))
    assert known["lean_back"].when == (Condition("lean", 20.0, 15.0),)
    assert known["wave"].title == "My wave"
    assert "clap" in known


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[g]\nwhen = [{feature = "wrist_apart", enter = 1, leave = 0}]', "'wrists_apart'"),
        ('[g]\nwhen = [{feature = "wrist_height", enter = 1, leave = 0}]', "belongs to a side"),
        ('[g]\nwhen = [{feature = "both.wrist_hight", enter = 1, leave = 0}]', "'both.wrist_height'"),
        ('[g]\nwhen = [{feature = "lean", enter = 1, leave = 1}]', "must differ"),
        ('[g]\nwhen = [{feature = "lean", enter = 1}]', "lacks leave"),
        ('[g]\nwhen = [{feature = "lean", enter = "much", leave = 1}]', "must be a number"),
        ('[g]\nwhen = [{feature = "lean", enter = 1, leaf = 0}]', "'leave'"),
        ('[g]\nwhen = [{feature = "lean", measure = "stroke", window = 1, enter = 1, leave = 0}]', "'strokes'"),
        ('[g]\nwhen = [{feature = "lean", measure = "span", enter = 1, leave = 0}]', "belong together"),
        ('[g]\nwhen = [{feature = "lean", window = 1, enter = 1, leave = 0}]', "belong together"),
        ('[g]\nwhen = [{feature = "lean", measure = "strokes", window = 1, enter = 1, leave = 0}]', "smallest stroke"),
        ('[g]\nkind = "rset"', "did you mean 'rest'"),
        ("[g]\nlearned = 1", "must be true or false"),
        ('[g]\nhold = -1\nwhen = [{feature = "lean", enter = 1, leave = 0}]', "negative"),
        ("[g]\nwhen = []", "at least one condition"),
        ('[g]\ntitle = "no conditions"', "at least one condition"),
        ("[g]\nwhen = [1]", "must be a table"),
        ("g = 1", "must be a table"),
        ("[g", "not valid TOML"),
    ],
)
def test_mistakes_are_told_with_file_and_way_out(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_definitions(written(tmp_path, text))
    assert says in str(told.value)
    assert "mine.toml" in str(told.value)
    assert "\n" not in str(told.value).strip() or "TOML" in str(told.value)


def test_the_documentation_names_everything_and_its_example_works(tmp_path: Path) -> None:
    page = (Path(footlights.__file__).parents[1] / "docs" / "gestures.md").read_text("utf-8")
    for name in [*library(), *BODY_FEATURES, *HALF_FEATURES, *MEASURES]:
        assert f"`{name}`" in page, name
    example = page.split("```toml\n")[1].split("```")[0]
    assert read_definitions(written(tmp_path, example)).keys() == {"hands_on_hips"}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        library(tmp_path / "none.toml")


def test_what_must_be_known_of_a_person_follows_from_the_conditions() -> None:
    known = library()
    assert known["arms_up"].needs == {"pose"}
    assert known["x_arms"].needs == {"pose", "arms"}
    assert known["thumb_up"].needs == known["dab"].needs == {"pose", "hands"}
    assert known["no_person"].needs == {"pose"}


def test_what_is_told_besides_costs_nothing_more(tmp_path: Path) -> None:
    known = library()
    assert set(told_with(["wave"], known)) == {"x_arms", "arms_up", "wave", "clap"}
    told = told_with(["thumb_up"], known)
    assert told[0] == "thumb_up"
    assert "victory" in told
    assert not any(known[name].asks_net for name in told)
    assert "heart" in told_with(["dab"], known)


def test_choosing_names_the_near_miss() -> None:
    assert choose(["wave", "clap", "wave"], library()) == ("wave", "clap")
    with pytest.raises(SettingsError, match="did you mean 'x_arms'"):
        choose(["x_arm"], library())


def test_sides() -> None:
    assert full_names("wrists_apart", "left") == ("wrists_apart",)
    assert full_names("both.wrist_height", "left") == ("left.wrist_height", "right.wrist_height")
    assert full_names("one.wrist_height", "right") == ("right.wrist_height",)
    assert full_names("other.wrist_height", "right") == ("left.wrist_height",)
    assert full_names("left.wrist_height", "right") == ("left.wrist_height",)


@given(enter=st.floats(-5, 5), width=st.floats(0.01, 3), high=st.booleans(), value=st.floats(-9, 9))
def test_membership_is_half_at_enter_and_nothing_at_leave(enter: float, width: float, high: bool, value: float) -> None:
    sign = 1 if high else -1
    condition = Condition("lean", enter, enter - sign * width)
    assert condition.membership(enter) == pytest.approx(0.5)
    assert condition.membership(enter - sign * width) == pytest.approx(0.0, abs=1e-9)
    assert condition.membership(enter + sign * width) == pytest.approx(1.0)
    assert 0.0 <= condition.membership(value) <= condition.membership(value + sign * 0.1) <= 1.0
