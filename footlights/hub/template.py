"""Device templates in the Digital Twins Definition Language, version 3: ours, from the settings, and others', read.

https://azure.github.io/opendigitaltwins-dtdl/DTDL/v3/DTDL.v3.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app
from footlights.hub.switchboard import COMMANDS
from footlights.wire import well_known
from footlights.wire.document import Document, SourceEntry
from footlights.wire.fields import Field, describe

Json = dict[str, Any]
CONTEXT = "dtmi:dtdl:context;3"
PREFIX = "dtmi:footlights"
SCHEMAS = {"bool": "boolean", "int": "integer", "float": "double", "str": "string", "path": "string"}
MEASURED = {"fps": "double", "frames": "integer", "dropped": "integer", "people": "integer", "raised": "integer"}
WELL_KNOWN = {
    "tlSystemHeartbeat": "integer", "tlPrimaryDetectionCount": "integer", "tlSecondaryDetectionCount": "integer",
    "tlInference": "integer", "tlInferenceRate": "double", "tlFreeMemory": "long", "tlPrimaryDetectionClass": "string",
    "tlSecondaryDetectionClass": "string", "stModuleState": "string", "stPipelineState": "string",
    "freeStorage": "long", "forgotten": "long", "state": "string",
}  # fmt: skip
_DEGREES = [{"name": name, "schema": "double"} for name in ("latitude", "longitude")]
REPORTED: Json = {
    "manufacturer": "string", "model": "string", "swVersion": "string", "osName": "string",
    "processorArchitecture": "string", "totalStorage": "long", "totalMemory": "long", "desiredVersion": "integer",
    "private": "boolean", "place": {"@type": "Object", "fields": _DEGREES},
}  # fmt: skip
EVENT: Json = {
    "@type": "Object",
    "fields": [
        {"name": "kind", "schema": "string"},
        {"name": "stream", "schema": "string"},
        {"name": "time", "schema": "double", "description": "Seconds of the stream."},
        {"name": "track", "schema": "integer"},
        {"name": "data", "schema": {
            "@type": "Map",
            "mapKey": {"name": "name", "schema": "string"},
            "mapValue": {"name": "value", "schema": "string"},
        }},
    ],
}  # fmt: skip
ACTIONS: Json = {
    "@type": "Map",
    "mapKey": {"name": "kind", "schema": "string"},
    "mapValue": {"name": "addresses", "schema": {"@type": "Array", "elementSchema": "string"}},
}
_STREAM = {"name": "stream", "schema": "string", "description": "Its name; where it is missing, the only one."}
REQUESTS: Mapping[str, tuple[Json, ...]] = {  # of commands that anybody may give
    "ping": (),
    "restart-pipeline": (),
    "restart-agent": (),
    "snapshot": (_STREAM,),
    "start-recording": (
        _STREAM, {"name": "seconds", "schema": "double"}, {"name": "megabytes", "schema": "integer"},
    ),
    "stop-recording": (_STREAM,),
    "pull-model": ({"name": "model", "schema": "string", "description": "As a document names it."},),
}  # fmt: skip
LARGEST = 2**20  # bytes of a template that is read
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_]")


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
        known |= {*well_known.REPORTED, *well_known.COMMANDS, *COMMANDS, *map(_name, COMMANDS), *MEASURED, *WELL_KNOWN}
        known |= {*REPORTED, "event", *(field["name"] for field in _fields(describe(Document)))}
        known |= {"sources", "actions", "settings"}
        mine = (*self.telemetry, *self.properties, *self.writable, *self.commands)
        return tuple(name for name in mine if name not in known)


def interface(app: str | None = None) -> Json:
    """The interface of a device, with the settings of one app or of none. Raises SettingsError: no such app."""
    contents: list[Json] = [_telemetry(name, schema) for name, schema in (MEASURED | WELL_KNOWN).items()]
    contents.append(_telemetry("event", EVENT))
    contents += [_property(field["name"], field["schema"], field) for field in _fields(describe(Document))]
    contents += [
        _property("sources", {"@type": "Array", "elementSchema": _object(describe(SourceEntry))}, {}),
        _property("actions", ACTIONS, {"description": "What an event sets off, by its kind: addresses."}),
    ]
    if app is not None:
        if app not in app_names():
            raise SettingsError(f"there is no app '{app[:40]}'")
        contents.append(_property("settings", _object(describe(load_app(app).Settings)), {}))
    contents += [
        {"@type": "Property", "name": name, "writable": False, "schema": schema} for name, schema in REPORTED.items()
    ]
    contents += [_command(name, text) for name, text in COMMANDS.items() if name in REQUESTS]
    return {
        "@context": CONTEXT,
        "@id": f"{PREFIX}:{_name(app or 'device')};1",
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


def _telemetry(name: str, schema: Any) -> Json:
    return {"@type": "Telemetry", "name": name, "schema": schema}


def _property(name: str, schema: Any, described: Mapping[str, Any]) -> Json:
    words = {"description": described["description"]} if "description" in described else {}
    return {"@type": "Property", "name": name, "writable": True, "schema": schema, **words}


def _command(name: str, text: str) -> Json:
    request = {"name": "arguments", "schema": {"@type": "Object", "fields": list(REQUESTS[name])}}
    made: Json = {"@type": "Command", "name": _name(name), "displayName": name, "description": text}
    return {**made, "request": request} if REQUESTS[name] else made


def _object(fields: Iterable[Field]) -> Json:
    return {"@type": "Object", "fields": _fields(fields)}


def _fields(fields: Iterable[Field]) -> list[Json]:
    """Fields of an object; dotted names become objects within it, and what has no type of its own is left out."""
    inner: dict[str, list[Field]] = {}
    made: dict[str, Json] = {}
    for field in fields:
        first, _, rest = field.name.partition(".")
        if rest:
            inner.setdefault(first, []).append(replace(field, name=rest))
            made.setdefault(first, {})
        elif field.type in SCHEMAS or field.type.removeprefix("list of ") in SCHEMAS:
            made[first] = {"name": _name(first), "schema": _schema(field), **_described(field)}
    for first, deeper in inner.items():
        made[first] = {"name": _name(first), "schema": _object(deeper)}
    return list(made.values())


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
