"""Settings from text, YAML and JSON."""

import enum
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.wire.near_miss import near_miss
from footlights.wire.settings import Field, InvalidError, describe, schema, validate


class Mode(enum.Enum):
    FAST = "fast"
    GOOD = "good"


@dataclass(frozen=True)
class Alarm:
    label: str
    count: int = field(default=1, metadata={"min": 1})


@dataclass(frozen=True)
class Settings:
    cooldown: float = field(default=2.0, metadata={"help": "Pause after it.", "unit": "s", "min": 0.0, "max": 60.0})
    count: int = field(default=3, metadata={"min": 1})
    sure: bool = False
    title: str = "x"
    model: Path = Path("a.onnx")
    levels: tuple[float, ...] = field(default=(0.1, 0.9), metadata={"min": 0, "max": 1})
    size: tuple[int, int] = (640, 480)
    mode: Mode = Mode.FAST
    look: Literal["plain", "neon"] = "plain"
    rate: Literal[25, 30] = 25
    limit: float | None = field(default=None, metadata={"min": 0})
    classes: tuple[str, ...] = field(default=("person",), metadata={"choices": ("person", "car")})
    steps: int = field(default=2, metadata={"choices": (2, 4)})
    alarm: Alarm = Alarm("down")
    second: Alarm | None = None
    zones: tuple[Alarm, ...] = ()
    json: str = ""  # a name that pydantic's own models would not like
    weights: dict[str, float] = field(default_factory=dict)


def test_nothing_given_is_the_defaults() -> None:
    assert validate(Settings, {}) == Settings()


def test_values_of_the_right_type_are_taken_as_they_are() -> None:
    made = validate(
        Settings,
        {"cooldown": 1, "count": 4, "sure": True, "levels": [0.2], "size": [1, 2], "limit": None, "weights": {"a": 1}},
    )
    assert made == Settings(1.0, 4, True, levels=(0.2,), size=(1, 2), weights={"a": 1.0})
    assert isinstance(made.cooldown, float)
    assert isinstance(made.levels, tuple)


TEXTS: list[tuple[str, str, Any]] = [
    ("cooldown", "1e1", 10.0),
    ("cooldown", " 0.5 ", 0.5),
    ("count", "4", 4),
    ("sure", "yes", True),
    ("sure", "off", False),
    ("sure", "0", False),
    ("title", "5", "5"),
    ("model", "b/c.onnx", Path("b/c.onnx")),
    ("levels", "0.2, 0.3", (0.2, 0.3)),
    ("levels", "", ()),
    ("size", "3,4", (3, 4)),
    ("mode", "good", Mode.GOOD),
    ("look", "neon", "neon"),
    ("rate", "30", 30),
    ("limit", "5", 5.0),
    ("limit", "none", None),
    ("classes", "car,person", ("car", "person")),
    ("steps", "4", 4),
    ("alarm", "label=up,count=2", Alarm("up", 2)),
    ("second", "label=up", Alarm("up")),
    ("second", "none", None),
    ("alarm.count", "7", Alarm("down", 7)),
    ("second.label", "up", Alarm("up")),
]


@pytest.mark.parametrize(("name", "text", "value"), TEXTS)
def test_text_of_the_command_line_becomes_a_value(name: str, text: str, value: object) -> None:
    assert getattr(validate(Settings, {name: text}), name.partition(".")[0]) == value


WRONG: list[tuple[Mapping[str, object], str]] = [
    ({"cooldwon": 1}, "unknown setting 'cooldwon': did you mean 'cooldown'? Valid: alarm, classes, cooldown, count,"),
    ({"look-": 1}, "unknown setting 'look-': did you mean 'look'?"),
    ({"xyzzy": 1}, "unknown setting 'xyzzy': Valid: alarm, classes,"),
    ({"cooldown": -1}, "setting 'cooldown' must be a number from 0 to 60 (s), got -1"),
    ({"cooldown": "61"}, "setting 'cooldown' must be a number from 0 to 60 (s), got '61'"),
    ({"cooldown": "1,5"}, "setting 'cooldown' must be a number from 0 to 60 (s), got '1,5'"),
    ({"cooldown": float("nan")}, "setting 'cooldown' must be a number from 0 to 60 (s), got nan"),
    ({"cooldown": None}, "setting 'cooldown' must be a number from 0 to 60 (s), got None"),
    ({"cooldown": True}, "setting 'cooldown' must be a number from 0 to 60 (s), got True"),
    ({"limit": "inf"}, "setting 'limit' must be a number of at least 0, got 'inf'"),
    ({"count": "1.5"}, "setting 'count' must be a whole number of at least 1, got '1.5'"),
    ({"count": True}, "setting 'count' must be a whole number of at least 1, got True"),
    ({"sure": "maybe"}, "setting 'sure' must be yes or no, got 'maybe'"),
    ({"title": 5}, "setting 'title' must be text, got 5"),
    ({"levels": "0.1,7"}, "setting 'levels[1]' must be a number from 0 to 1, got '7'"),
    ({"levels": 3}, "setting 'levels' must be a list, each a number from 0 to 1, got 3"),
    ({"size": "1"}, "setting 'size' must be 2 values, each a whole number, got ['1']"),
    ({"mode": "god"}, "setting 'mode' must be one of fast, good, got 'god': did you mean 'good'?"),
    ({"look": "noen"}, "setting 'look' must be one of plain, neon, got 'noen': did you mean 'neon'?"),
    ({"rate": 26}, "setting 'rate' must be one of 25, 30, got 26"),
    ({"classes": ["persn"]}, "setting 'classes[0]' must be one of person, car, got 'persn': did you mean 'person'?"),
    ({"steps": 3}, "setting 'steps' must be one of 2, 4, got 3"),
    ({"alarm": {"lable": "x"}}, "unknown setting 'alarm.lable': did you mean 'label'? Valid: count, label"),
    ({"alarm.count": 0}, "setting 'alarm.count' must be a whole number of at least 1, got 0"),
    ({"alarm": 3}, "setting 'alarm' must be a mapping of label, count, got 3"),
    ({"alarm": "down"}, "setting 'alarm' must be a mapping of label, count, got 'down'"),
    ({"second.count": 2}, "setting 'second.label' is missing"),
    ({"zones": [{"label": "a"}, {"count": 2}]}, "setting 'zones[1].label' is missing"),
    ({"alarm": 1, "alarm.label": "x"}, "setting 'alarm.label' cannot be given together with 'alarm'"),
    ({"weights": {"a": "x"}}, "setting 'weights.a' must be a number, got 'x'"),
    ({"weights": 3}, "setting 'weights' must be a mapping of names to values, got 3"),
]


@pytest.mark.parametrize(("values", "line"), WRONG)
def test_what_is_not_valid_gives_one_line_with_the_value_and_what_is_right(
    values: Mapping[str, object], line: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        validate(Settings, values)
    assert str(raised.value).startswith(line)
    assert "\n" not in str(raised.value)


def test_every_problem_is_told_at_once_with_its_place() -> None:
    with pytest.raises(InvalidError) as raised:
        validate(Settings, {"cooldown": -1, "zones": [{"label": "a", "count": 0}]})
    assert [problem.place for problem in raised.value.problems] == [("cooldown",), ("zones", 0, "count")]
    assert len(str(raised.value).splitlines()) == 2


def test_a_setting_without_default_must_be_given() -> None:
    with pytest.raises(SettingsError, match="setting 'label' is missing: it has no default"):
        validate(Alarm, {"count": 2})


@dataclass(frozen=True)
class Hysteresis:
    enter: float = 0.7
    leave: float = 0.5

    def __post_init__(self) -> None:
        if self.leave > self.enter:
            raise SettingsError(f"leave ({self.leave}) must not be above enter ({self.enter})")


def test_what_the_dataclass_itself_refuses_is_told_in_its_words() -> None:
    with pytest.raises(SettingsError, match=r"^leave \(0.9\) must not be above enter \(0.7\)$"):
        validate(Hysteresis, {"leave": "0.9"})


def test_the_description_holds_what_flags_and_forms_need() -> None:
    fields = {found.name: found for found in describe(Settings)}
    assert fields["cooldown"] == Field("cooldown", "float", 2.0, help="Pause after it.", unit="s", min=0.0, max=60.0)
    assert fields["levels"].type == "list of float"
    assert fields["mode"].choices == ("fast", "good")
    assert fields["rate"].choices == (25, 30)
    assert fields["rate"].type == "int"
    assert fields["classes"].choices == ("person", "car")
    assert fields["limit"].optional
    assert not fields["cooldown"].optional
    assert fields["alarm.count"].min == 1
    assert fields["alarm.label"].default == "down"
    assert [found.required for found in describe(Alarm)] == [True, False]


def test_what_is_described_as_default_can_be_typed() -> None:
    """A form that sends every field as it was shown changes nothing."""
    shown = {found.name: found.text() for found in describe(Settings) if found.type in ("bool", "int", "float", "str")}
    lists = {found.name: found.text() for found in describe(Settings) if found.type in ("list of float", "list of int")}
    shown = {name: text for name, text in shown.items() if not name.startswith("second.")}
    assert shown["sure"] == "no"
    assert shown["limit"] == "none"
    assert lists["levels"] == "0.1,0.9"
    assert validate(Settings, {**shown, **lists}) == Settings()


NUMBERS = st.builds(
    Settings,
    cooldown=st.floats(0, 60),
    count=st.integers(1, 10**9),
    sure=st.booleans(),
    levels=st.lists(st.floats(0, 1), max_size=5).map(tuple),
    size=st.tuples(st.integers(), st.integers()),
    mode=st.sampled_from(Mode),
    look=st.sampled_from(["plain", "neon"]),
    rate=st.sampled_from([25, 30]),
    limit=st.none() | st.floats(0, 1e300),
    classes=st.lists(st.sampled_from(["person", "car"])).map(tuple),
)


@hypothesis_settings(deadline=None, max_examples=50)
@given(NUMBERS)
def test_every_instance_can_be_typed_and_read_back(settings: Settings) -> None:
    names = ("cooldown", "count", "sure", "levels", "size", "mode", "look", "rate", "limit", "classes")
    typed = {name: Field(name, "", getattr(settings, name)).text() for name in names}
    assert validate(Settings, typed) == settings


@hypothesis_settings(deadline=None, max_examples=50)
@given(st.floats(allow_nan=True, allow_infinity=True), st.text())
def test_whatever_is_given_comes_out_within_the_limits_or_is_refused(number: float, text: str) -> None:
    for value in (number, text, str(number)):
        try:
            made = validate(Settings, {"cooldown": value})
        except SettingsError as error:
            assert "must be a number from 0 to 60 (s)" in str(error)
        else:
            assert 0 <= made.cooldown <= 60


def test_the_schema_says_the_same() -> None:
    said = schema(Settings)
    assert said["additionalProperties"] is False
    assert said["properties"]["cooldown"] == {
        "default": 2.0, "description": "Pause after it.", "maximum": 60.0, "minimum": 0.0, "title": "Cooldown",
        "type": "number", "unit": "s",
    }  # fmt: skip
    assert said["properties"]["look"]["enum"] == ["plain", "neon"]
    assert said["properties"]["size"]["minItems"] == 2
    assert schema(Alarm)["required"] == ["label"]


@pytest.mark.parametrize(
    ("name", "valid", "words"),
    [
        ("cooldwon", ["hold", "cooldown"], "did you mean 'cooldown'? Valid: cooldown, hold"),
        ("X-Arms", ["x_arms", "wave"], "did you mean 'x_arms'? Valid: wave, x_arms"),
        ("zzz", ["hold"], "Valid: hold"),
        ("zzz", [], "nothing can be given here"),
    ],
)
def test_near_miss(name: str, valid: list[str], words: str) -> None:
    assert near_miss(name, valid) == words


def test_flags_are_made_without_pydantic() -> None:
    code = "import sys, footlights.wire.fields, footlights.wire.near_miss; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
