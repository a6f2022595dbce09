"""Settings at the border: text, YAML and JSON in, the frozen dataclass that describes them out.

A dataclass is the only description of the settings of an app. Its fields may carry `metadata` with "help", "unit",
"min", "max", "choices" and "numbers" (a text that may be written as a whole number):

    @dataclass(frozen=True)
    class Settings:
        cooldown: float = field(default=2.0, metadata={"help": "Pause after an effect.", "unit": "s", "min": 0.0})

Text is understood wherever a value is: "2.5", "yes", "none", "a,b,c" for lists, "label=down,count=1" for a dataclass
inside. The settings of a dataclass inside may also be given by their dotted names.
"""

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, is_dataclass, replace
from functools import lru_cache, partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, Optional, Required, TypeVar, get_args, get_origin

import pydantic
from pydantic import AfterValidator, BeforeValidator, WrapValidator
from pydantic_core import PydanticCustomError, to_jsonable_python
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from footlights.core.errors import SettingsError
from footlights.wire.fields import LISTS, Field, annotated_fields, choices, describe, expected, union_parts
from footlights.wire.near_miss import near_miss

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["Field", "InvalidError", "Problem", "describe", "schema", "validate"]

T = TypeVar("T")
Metadata = Mapping[str, Any]
TYPED_DICT: Any = TypedDict  # made at run time, which the type checker does not follow
_CLOCK = re.compile(r"(?:\d{1,2}:)?\d{1,3}:[0-5]\d(?:\.\d+)?")
NONE = ("none", "null", "")  # what stands for None where a setting is optional


@dataclass(frozen=True)
class Problem:
    """One thing that is not valid."""

    place: tuple[str | int, ...]  # names and positions from the outside to the inside
    line: str  # what is wrong, with the value, and what would be right


class InvalidError(SettingsError):
    """Settings that are not valid, with the place of each problem; the message is one line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.line for problem in problems))
        self.problems = problems


def validate(settings_class: type[T], values: Mapping[str, object]) -> T:
    """An instance made of these values; whatever is not given has its default.

    Raises:
        InvalidError: a SettingsError: settings are unknown, missing, of the wrong type or out of range.
    """
    try:
        made: T = _adapter(settings_class).validate_python(_nested(values))  # type: ignore[arg-type]
    except pydantic.ValidationError as error:
        raise InvalidError([_problem(found) for found in error.errors()]) from None
    return made


def schema(settings_class: type[Any]) -> dict[str, Any]:
    """The JSON schema of these settings."""
    return _adapter(settings_class).json_schema()  # type: ignore[arg-type]


@lru_cache(maxsize=64)  # making one costs a hundred times what using it does
def _adapter(settings_class: type[Any]) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(_mapping(settings_class))


def _problem(error: "ErrorDetails") -> Problem:
    unknown, absent = error["type"] == "unknown", error["type"] == "absent"
    place = (*error["loc"], error["ctx"]["key"]) if unknown or absent else error["loc"]
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    message = error["msg"].removeprefix("Value error, ")
    if unknown:
        return Problem(place, f"unknown setting '{name}': {message}")
    return Problem(place, f"setting '{name}' {message}" if name else message)


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    """Dotted names as mappings inside mappings."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        *outer, last = str(name).split(".")
        place = out
        for part in outer:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"setting '{name}' cannot be given together with '{part}'")
            place = inner
        place[last] = value
    return out


def _mapping(settings_class: type[Any], base: Any = None) -> Any:
    """A type that takes a mapping and gives the dataclass; what is not given is as in `base`, where there is one."""
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}  # of the fields by their keys
    required, plural = set(), set()
    for field, annotation in annotated_fields(settings_class):
        key = field.metadata.get("written", field.name)
        names[key] = field.name
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        default = getattr(base, field.name, default)
        if is_dataclass(annotation) and isinstance(annotation, type):
            taken = _mapping(annotation, None if default is MISSING else default)
        else:
            taken = _border(annotation, field.metadata)
        extra = {} if default is MISSING else {"default": to_jsonable_python(default)}
        extra |= {"unit": field.metadata["unit"]} if "unit" in field.metadata else {}
        taken = Annotated[taken, pydantic.Field(description=field.metadata.get("help"), json_schema_extra=extra)]
        fields[key] = Required[taken] if default is MISSING else NotRequired[taken]
        required |= {key} if default is MISSING else set()
        plural |= {key} if get_origin(annotation) in (*LISTS, dict) or is_dataclass(annotation) else set()
    mapping = TYPED_DICT(settings_class.__name__, fields)
    mapping.__pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    make = settings_class if base is None else partial(replace, base)
    check = partial(_keys, tuple(fields), frozenset(required), frozenset(plural))
    made = AfterValidator(lambda values: make(**{names[key]: value for key, value in values.items()}))
    return Annotated[mapping, made, BeforeValidator(check)]


def _keys(known: tuple[str, ...], required: frozenset[str], plural: frozenset[str], value: object) -> object:
    """Text as a mapping, and only keys that exist. Nothing at all where several things may stand is as not given:
    in YAML that is a key whose entries are commented out.
    """
    if isinstance(value, str) and "=" in value:
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        value = {name.strip(): text.strip() for name, _, text in pairs}
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of {', '.join(known)}, got {value!r}")
    for name in value:
        if name not in known:
            hint = near_miss(str(name), known)
            raise PydanticCustomError("unknown", "{hint}", {"key": str(name), "hint": hint})
    if absent := sorted(required - value.keys()):
        raise PydanticCustomError("absent", "is missing: it has no default", {"key": absent[0]})
    return {name: inner for name, inner in value.items() if inner is not None or name not in plural}


def _border(annotation: Any, metadata: Metadata) -> Any:
    """The type for pydantic: it also takes text, and says in one line what would be right."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return _mapping(annotation)
    if type(None) in union_parts(annotation):
        inner = reduce(or_, (part for part in arguments if part is not type(None)))
        return Annotated[Optional[_border(inner, metadata)], BeforeValidator(_none)]  # noqa: UP045 (made at run time)
    if origin in LISTS:
        items = tuple(part if part is Ellipsis else _border(part, metadata) for part in arguments)
        length = len(arguments) if origin is tuple and arguments[-1] is not Ellipsis else None
        return Annotated[origin[items], BeforeValidator(partial(_list, length, expected(annotation, metadata)))]
    if annotation is Any:
        return Any
    if origin is dict:
        return Annotated[origin[arguments[0], _border(arguments[1], metadata)], BeforeValidator(_dictionary)]
    return _leaf(annotation, metadata)


def _leaf(annotation: Any, metadata: Metadata) -> Any:
    taken, parts = annotation, union_parts(annotation)
    if {int, float} & set(parts):
        limits = pydantic.Field(ge=metadata.get("min"), le=metadata.get("max"))
        taken = Annotated[taken, limits, pydantic.AllowInfNan(False)] if float in parts else Annotated[taken, limits]
    if metadata.get("numbers"):
        taken = Annotated[taken, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
    if metadata.get("clock"):
        taken = Annotated[taken, BeforeValidator(_seconds)]
    allowed = choices(annotation, metadata)
    check = _checked(parts, allowed, expected(annotation, metadata))
    return Annotated[taken, WrapValidator(check)]


def _checked(parts: tuple[Any, ...], allowed: tuple[Any, ...], right: str) -> Callable[[Any, Any], Any]:
    """Let pydantic read a value and say in our words what would be right."""

    def check(value: Any, read: Callable[[Any], Any]) -> Any:
        matching = [choice for choice in allowed if isinstance(value, str) and str(choice) == value.strip()]
        try:
            if isinstance(value, bool) and bool not in parts and value not in allowed:
                raise TypeError
            made = read(matching[0] if matching else value)
            if allowed and (made.value if isinstance(made, enum.Enum) else made) not in allowed:
                raise TypeError
        except (pydantic.ValidationError, TypeError):
            hint = f": {near_miss(value, map(str, allowed))}" if allowed and isinstance(value, str) else ""
            raise ValueError(f"must be {right}, got {value!r}{hint}") from None
        return made

    return check


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in NONE else value


def _seconds(value: object) -> object:
    """m:ss and h:mm:ss as seconds. YAML itself reads some of them as numbers to the base of 60."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value.strip()):
        return value
    places = reversed(value.strip().split(":"))
    return round(sum(float(part) * 60**place for place, part in enumerate(places)), 6)


def _dictionary(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of names to values, got {value!r}")
    return value


def _list(length: int | None, right: str, value: object) -> object:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, LISTS) or (length is not None and len(value) != length):
        raise ValueError(f"must be {right}, got {value!r}")
    return value
