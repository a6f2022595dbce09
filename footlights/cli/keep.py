"""Keeps settings that were changed while running: in the configuration file, or as a new one."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from footlights.core.errors import SettingsError
from footlights.wire.document import load
from footlights.wire.settings import validate


def keep(path: Path, settings: Any) -> None:
    """Write settings that are not as the file gives them into the file, whole or not at all.

    Raises:
        SettingsError: the file is no valid configuration any more, or cannot be written.
    """
    path = path.resolve()
    kind = type(settings)
    before = validate(kind, load(path).settings)
    changed = {name: value for name, value in vars(settings).items() if value != getattr(before, name)}
    if changed:
        _replace(path, amended(path.read_text(encoding="utf-8"), to_jsonable_python(changed)))


def as_document(app: str, settings: Any) -> str:
    """A configuration for this app with the settings that are not as they are without any."""
    default = validate(type(settings), {})
    changed = {name: value for name, value in vars(settings).items() if value != getattr(default, name)}
    return _dump({"app": app, "settings": to_jsonable_python(changed)})


def amended(text: str, settings: Mapping[str, Any]) -> str:
    """A configuration with these settings in the place of its own; what else is written there stays, comments too."""
    wanted = yaml.safe_load(text)
    wanted["settings"] = {**(wanted.get("settings") or {}), **settings}
    with suppress(yaml.YAMLError):
        out = text
        for name, value in settings.items():
            out = _with(out, name, value)
        if yaml.safe_load(out) == wanted:
            return out
    return _dump(wanted)  # written in a way that cannot be changed in its place, such as with aliases


def _with(text: str, name: str, value: Any) -> str:
    tree = yaml.compose(text, yaml.SafeLoader)
    block = _value(tree, "settings")
    if not isinstance(block, yaml.MappingNode) or not block.value:
        line = f"settings:\n  {name}:{_written(value, '  ')}\n"
        if block is None:
            return f"{text.rstrip()}\n\n{line}"
        start = text.rindex("settings", 0, block.start_mark.index)
        return text[:start] + line.rstrip("\n") + text[block.end_mark.index :]
    indent = None if block.flow_style else " " * block.value[0][0].start_mark.column
    old = _value(block, name)
    if old is None:
        end = _end(block) - (indent is None)  # inside the closing brace
        added = f", {name}: {_flow(value)}" if indent is None else f"\n{indent}{name}:{_written(value, indent)}"
        return text[:end] + added + text[end:]
    start, end = old.start_mark.index, _end(old)
    made = _flow(value) if indent is None else _written(value, indent)
    return text[:start].rstrip(" \n" if made.startswith("\n") else "\n") + made.removeprefix(" ") + text[end:]


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)


def _end(node: yaml.Node) -> int:
    """Where the node's text ends. PyYAML lets a block end where the next thing begins, behind comments."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _written(value: Any, indent: str) -> str:
    """A value behind its key: lists with one entry a line."""
    if isinstance(value, list) and value:
        return "".join(f"\n{indent}  - {_flow(entry)}" for entry in value)
    return f" {_flow(value)}"


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _dump(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120)


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename: a reader finds the old one or the new one."""
    beside = None
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        beside = Path(name)
        with os.fdopen(number, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise SettingsError(f"the configuration {path} cannot be written: {error.strerror}") from None
