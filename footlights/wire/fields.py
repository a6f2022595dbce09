"""What a settings dataclass says about itself, for command-line flags, forms and error lines. Needs no pydantic."""

import dataclasses
import enum
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

NAMES: dict[Any, str] = {bool: "bool", int: "int", float: "float", str: "str", Path: "path"}
WORDS: dict[Any, str] = {bool: "yes or no", int: "a whole number", float: "a number", str: "text", Path: "a path"}
LISTS = (tuple, list, set, frozenset)


@dataclass(frozen=True)
class Field:
    """One setting. Those of a dataclass inside a dataclass have dotted names ("alert_when.label")."""

    name: str
    type: str  # "bool", "int", "float", "str", "path", "list of float" ...
    default: Any = None  # as the dataclass gives it
    required: bool = False  # there is no default
    optional: bool = False  # may be None
    help: str = ""
    unit: str = ""
    min: float | None = None
    max: float | None = None
    choices: tuple[Any, ...] = ()  # what may be written; empty: anything of the type

    def text(self) -> str:
        """The default as it would be typed; `validate` reads it back."""
        return _typed(self.default)


def describe(settings_class: type[Any]) -> list[Field]:
    """Every setting of a dataclass, in its order."""
    found: list[Field] = []
    for field, annotation in annotated_fields(settings_class):
        inner = only(annotation)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if dataclasses.is_dataclass(inner) and isinstance(inner, type):
            found += [_inside(field.name, default, deeper) for deeper in describe(inner)]
            continue
        found.append(
            Field(
                name=field.metadata.get("written", field.name),
                type=type_name(inner),
                default=None if default is MISSING else default,
                required=default is MISSING,
                optional=inner is not annotation,
                help=field.metadata.get("help", ""),
                unit=field.metadata.get("unit", ""),
                min=field.metadata.get("min"),
                max=field.metadata.get("max"),
                choices=choices(inner, field.metadata),
            )
        )
    return found


def annotated_fields(settings_class: type[Any]) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The fields that can be given, each with its type."""
    hints = get_type_hints(settings_class)
    return [(field, hints[field.name]) for field in dataclasses.fields(settings_class) if field.init]


def only(annotation: Any) -> Any:
    """The type itself where it is given as `X | None`."""
    inner = [part for part in union_parts(annotation) if part is not type(None)]
    return inner[0] if len(inner) == 1 else annotation


def union_parts(annotation: Any) -> tuple[Any, ...]:
    """The members of a union; the type alone where it is none."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def choices(annotation: Any, metadata: Mapping[str, Any]) -> tuple[Any, ...]:
    """What may be written, where that is a short list: from the metadata, a Literal or an Enum."""
    if "choices" in metadata:
        return tuple(metadata["choices"])
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return tuple(member.value for member in annotation)
    if get_origin(annotation) in LISTS:
        return choices(get_args(annotation)[0], metadata)
    return ()


def type_name(annotation: Any) -> str:
    """A short name of a type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in NAMES:
        return NAMES[annotation]
    if origin is Annotated:
        return type_name(arguments[0])
    if origin in LISTS:
        return f"list of {type_name(arguments[0])}"
    if allowed := choices(annotation, {}):
        return NAMES.get(type(allowed[0]), "str")
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(part) for part in arguments if part is not type(None))
    return "mapping"


def expected(annotation: Any, metadata: Mapping[str, Any]) -> str:
    """What would be right, in words: "a number from 0 to 10 (s)"."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return expected(arguments[0], metadata)
    if type(None) in arguments and origin is not Literal:
        return f"{expected(only(annotation), metadata)} or none"
    if origin in LISTS:
        fixed = origin is tuple and arguments[-1] is not Ellipsis
        return f"{f'{len(arguments)} values' if fixed else 'a list'}, each {expected(arguments[0], metadata)}"
    if allowed := choices(annotation, metadata):
        return f"one of {', '.join(str(choice) for choice in allowed)}"
    if origin in (Union, types.UnionType):
        return " or ".join(expected(part, metadata) for part in arguments)
    words = "seconds or m:ss" if metadata.get("clock") else WORDS.get(annotation, "a mapping of names to values")
    unit = f" ({metadata['unit']})" if metadata.get("unit") else ""
    return f"{words}{_range(metadata.get('min'), metadata.get('max'))}{unit}"


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    if low is not None:
        return f" of at least {low:g}"
    return f" of at most {high:g}" if high is not None else ""


def _inside(prefix: str, outer: Any, field: Field) -> Field:
    """A field of a dataclass inside a dataclass; the outer one's default has the last word."""
    name = f"{prefix}.{field.name}"
    if outer is MISSING:
        return dataclasses.replace(field, name=name)
    default = outer
    for part in field.name.split("."):
        default = getattr(default, part, None)
    return dataclasses.replace(field, name=name, default=default, required=False)


def _typed(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return _typed(value.value)
    if isinstance(value, LISTS):
        return ",".join(_typed(part) for part in value)
    return str(value)
