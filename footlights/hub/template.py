"""Device templates in the Digital Twins Definition Language, version 3: ours, from the settings, and others', read.

https://azure.github.io/opendigitaltwins-dtdl/DTDL/v3/DTDL.v3.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app
from footlights.hub.switchboard import COMMANDS
from footlights.wire import well_known
from footlights.wire.document import Document
from footlights.wire.fields import Field, describe

CONTEXT = "dtmi:dtdl:context;3"
PREFIX = "dtmi:footlights"
SCHEMAS = {"bool": "boolean", "int": "integer", "float": "double", "str": "string", "path": "string"}
MEASURED = {"fps": "double", "frames": "integer", "dropped": "integer", "people": "integer", "raised": "integer"}
LARGEST = 2**20  # bytes of a template that is read
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]")
Json = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """What somebody's template holds, by kind, and how far it is understood here."""

    telemetry: tuple[str, ...]
    properties: tuple[str, ...]
    writable: tuple[str, ...]
    commands: tuple[str, ...]

    def unknown(self) -> tuple[str, ...]:
        """What a device of ours does not have."""
        known = {*well_known.TELEMETRY, *well_known.STATES, *well_known.EVENTS, *well_known.WRITABLE}
        known |= {*well_known.REPORTED, *well_known.COMMANDS, *COMMANDS, *MEASURED}
        mine = (*self.telemetry, *self.properties, *self.writable, *self.commands)
        return tuple(name for name in mine if name not in known)


def interface(app: str | None = None) -> Json:
    """The interface of a device, with the settings of one app or of none. Raises SettingsError: no such app."""
    contents = [_telemetry(name, schema) for name, schema in MEASURED.items()]
    contents += [_property(field) for field in _plain(describe(Document))]
    if app is not None:
        if app not in app_names():
            raise SettingsError(f"there is no app '{app[:40]}'")
        fields = [
            {"name": _name(field.name), "schema": _schema(field), **_described(field)}
            for field in describe(load_app(app).Settings)
        ]
        schema = {"@type": "Object", "fields": fields}
        contents.append({"@type": "Property", "name": "settings", "writable": True, "schema": schema})
    contents += [
        {"@type": "Command", "name": _name(name), "displayName": name, "description": text}
        for name, text in COMMANDS.items()
    ]
    return {
        "@context": CONTEXT,
        "@id": f"{PREFIX}:{app or 'device'};1",
        "@type": "Interface",
        "displayName": f"footlights {app or 'device'}",
        "contents": contents,
    }


def read(text: str) -> Template:
    """A template that somebody exported: an interface, a list of them, or a capability model that holds some.

    Raises:
        SettingsError: it is no such thing.
    """
    if len(text) > LARGEST:
        raise SettingsError(f"a template of {len(text)} bytes; at most {LARGEST} are taken")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError("this template is no JSON") from None
    parts = list(_contents(content, 0))
    if not parts:
        raise SettingsError("this template has no contents: is it a DTDL interface?")
    names: dict[str, list[str]] = {"Telemetry": [], "Property": [], "Command": [], "writable": []}
    for part in parts:
        kinds = part.get("@type", ())
        kinds = [kinds] if isinstance(kinds, str) else kinds
        for kind in ("Telemetry", "Property", "Command"):
            if kind in kinds:
                writable = kind == "Property" and part.get("writable") is True
                names["writable" if writable else kind].append(str(part["name"])[:64])
    return Template(
        tuple(names["Telemetry"]), tuple(names["Property"]), tuple(names["writable"]), tuple(names["Command"])
    )


def _contents(content: Any, level: int) -> Iterable[Mapping[str, Any]]:
    """Every named part, wherever the template keeps it."""
    if level > 12:
        return
    if isinstance(content, list):
        for entry in content:
            yield from _contents(entry, level + 1)
    elif isinstance(content, Mapping):
        if "@type" in content and isinstance(content.get("name"), str):
            yield content
        for key in ("contents", "implements", "schema", "capabilityModel", "interfaces"):
            if isinstance(content.get(key), list | Mapping):
                yield from _contents(content[key], level + 1)


def _telemetry(name: str, schema: str) -> Json:
    return {"@type": "Telemetry", "name": name, "schema": schema}


def _property(field: Field) -> Json:
    return {
        "@type": "Property", "name": _name(field.name), "writable": True, "schema": _schema(field), **_described(field)
    }  # fmt: skip


def _plain(fields: Iterable[Field]) -> Iterable[Field]:
    """Those whose type can be written down; sources and settings are objects of their own."""
    return (field for field in fields if field.type in SCHEMAS)


def _schema(field: Field) -> Any:
    if field.choices and not field.type.startswith("list of"):
        values = [{"name": _name(str(choice)), "enumValue": str(choice)} for choice in field.choices]
        return {"@type": "Enum", "valueSchema": "string", "enumValues": values}
    if field.type.startswith("list of"):
        return {"@type": "Array", "elementSchema": SCHEMAS.get(field.type.removeprefix("list of "), "string")}
    return SCHEMAS.get(field.type, "string")


def _described(field: Field) -> Json:
    words = field.help + (f" ({field.unit})" if field.unit else "")
    return {"description": words[:512]} if words else {}


def _name(text: str) -> str:
    """A name as the language wants it: letters, digits and _, a letter first, no _ last."""
    plain = _NOT_A_NAME.sub("_", text).strip("_")
    return plain if plain[:1].isalpha() else f"v{plain}"
