"""The configuration document, footlights.yaml: what runs, from which sources, with which settings, to where.

The same document is the desired state that a hub keeps for a device. It is described as settings are, by dataclasses.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from footlights.core.errors import SettingsError
from footlights.wire.settings import InvalidError, validate

PORT = {"min": 1, "max": 65535}


@dataclass(frozen=True)
class SourceEntry:
    """One source, as `footlights run` takes it."""

    url: str = field(metadata={"numbers": True})  # address, path, or the number of a camera
    name: str | None = None
    loop: bool = False


@dataclass(frozen=True)
class Outputs:
    """What is served and written; None: it is not."""

    page: int | None = field(default=8000, metadata={"min": 0, "max": 65535})  # 0: any free port
    rtsp: int | None = field(default=None, metadata=PORT)
    publish: tuple[str, ...] = ()  # addresses of media servers that the wall is sent to
    webrtc: bool = False  # browsers may call the page for live video
    wall: str | None = None  # rows and columns: "2x3"
    record: str | None = None  # path of the video
    journal: str | None = None  # path of the events
    evidence: str | None = None  # folder of the pictures and clips of what happened
    home_assistant: str | None = None  # address of the MQTT broker


@dataclass(frozen=True)
class HubEntry:
    """The hub that looks after this device."""

    url: str
    device: str


@dataclass(frozen=True)
class Document:
    """The whole configuration. `settings` are those of the app, which are checked when the app is known."""

    sources: tuple[SourceEntry, ...] = ()
    app: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    decode: str = "cpu"  # where videos are decoded: "auto", "cuda", "vaapi", "videotoolbox"
    outputs: Outputs = field(default_factory=Outputs)
    actions: dict[str, str | tuple[str, ...]] = field(default_factory=dict)  # by flag: "open", "webhook" ...
    quiet: str | None = None  # hours without actions: "22:00-06:00"
    cooldown: float = field(default=0.0, metadata={"min": 0.0})  # seconds between two actions for one stream
    hub: HubEntry | None = None


def load(path: Path | str) -> Document:
    """The document in this file.

    Raises:
        SettingsError: no such file, no YAML, or one line ("file:line: ...") for everything in it that is not valid.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"the configuration {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not text in UTF-8 (byte {error.start}): is it the configuration?") from None
    return parse(text, str(path))


def parse(text: str, name: str = "footlights.yaml") -> Document:
    """The document in this text; `name` stands in errors.

    Raises:
        SettingsError: as `load`.
    """
    try:
        tree = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{name}{line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:  # a control character; a date that does not exist
        raise SettingsError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from None
    if tree is None:
        raise SettingsError(f"{name} is empty: it needs at least 'sources' and 'app'")
    if not isinstance(content, dict):
        raise SettingsError(f"{name}:1: a configuration begins with keys, such as 'sources:' and 'app:'")
    if twice := next(_keys_given_twice(tree, set()), None):
        raise SettingsError(f"{name}:{_line(twice)}: '{twice.value}' is given for the second time; which one holds?")
    try:
        return validate(Document, content)
    except InvalidError as error:
        lines = [f"{name}:{_line(_find(tree, problem.place))}: {problem.line}" for problem in error.problems]
        raise SettingsError("\n".join(lines)) from None


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
