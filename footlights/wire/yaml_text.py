"""A YAML text at the border: the dataclass that describes it, or one line for each thing in it that is not valid."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import yaml

from footlights.core.errors import SettingsError
from footlights.wire.settings import InvalidError, validate

T = TypeVar("T")


def text_of(path: Path, what: str) -> str:
    """What stands in this file, which is `what` ("configuration").

    Raises:
        SettingsError: no such file, or not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"the {what} {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not text in UTF-8 (byte {error.start}): is it the {what}?") from None


def read(described: type[T], text: str, name: str, *, what: str, keys: tuple[str, str]) -> T:
    """An instance made of this text. `name` stands in errors; `what` it is ("configuration"), and `keys` are
    two that it has.

    Raises:
        SettingsError: no YAML, or one line ("file:line: ...") for everything in it that is not valid.
    """
    try:
        tree = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{name}{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # a control character; a date that does not exist
        raise SettingsError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None
    if half := next(_halves(text), None):
        raise SettingsError(f"{name}:{half}: half a character, written as \\u and a number; write the character itself")
    if tree is None:
        raise SettingsError(f"{name} is empty: it needs at least '{keys[0]}' and '{keys[1]}'")
    if not isinstance(content, dict):
        raise SettingsError(f"{name}:1: a {what} begins with keys, such as '{keys[0]}:' and '{keys[1]}:'")
    if twice := next(_keys_given_twice(tree, set()), None):
        raise SettingsError(f"{name}:{_line(twice)}: '{twice.value}' is given for the second time; which one holds?")
    try:
        return validate(described, content)
    except InvalidError as error:
        lines = [f"{name}:{_line(_find(tree, problem.place))}: {problem.line}" for problem in error.problems]
        raise SettingsError("\n".join(lines)) from None


def _halves(text: str) -> Iterator[int]:
    """Lines with a surrogate, which YAML makes of an escape and no file can hold."""
    for token in yaml.scan(text, yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken) and any("\ud800" <= letter <= "\udfff" for letter in token.value):
            yield int(token.start_mark.line) + 1


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _find(node: yaml.Node, place: tuple[str | int, ...]) -> yaml.Node:
    """The node at a place, the key's where there is one; the nearest outside it where the place is not in the text."""
    found = node
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node = node.value[part]
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        inner = [(key, value) for key, value in pairs if key.value == part]
        if not inner:
            break
        found, node = inner[0]
    return found


def _keys_given_twice(node: yaml.Node, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """Keys that stand in a mapping already: YAML would silently take the last one."""
    if id(node) in seen:  # an alias, which may even stand inside what it names
        return
    seen.add(id(node))
    known: set[str] = set()
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        key, value = child if isinstance(node, yaml.MappingNode) else (None, child)
        if isinstance(key, yaml.ScalarNode):
            if key.value in known:
                yield key
            known.add(key.value)
        yield from _keys_given_twice(value, seen)
