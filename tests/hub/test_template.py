import json
import re

import pytest

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names
from footlights.hub.template import interface, read
from footlights.wire.well_known import COMMANDS, REPORTED, TELEMETRY, WRITABLE

NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]{0,510}[A-Za-z0-9])?")  # DTDL v3
DTMI = re.compile(r"dtmi:[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?(?::[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?)*;[1-9][0-9]*")
PRIMITIVES = {"boolean", "date", "dateTime", "double", "duration", "float", "integer", "long", "string", "time"}


def check_schema(schema: object) -> None:
    if isinstance(schema, str):
        assert schema in PRIMITIVES
        return
    assert isinstance(schema, dict)
    if schema["@type"] == "Object":
        names = [field["name"] for field in schema["fields"]]
        assert len(set(names)) == len(names)
        for field in schema["fields"]:
            assert NAME.fullmatch(field["name"])
            check_schema(field["schema"])
    elif schema["@type"] == "Array":
        check_schema(schema["elementSchema"])
    else:
        assert schema["@type"] == "Enum" and schema["valueSchema"] == "string"
        for value in schema["enumValues"]:
            assert NAME.fullmatch(value["name"]) and isinstance(value["enumValue"], str)


@pytest.mark.parametrize("app", [None, *app_names()])
def test_ours_follows_the_rules_of_the_language(app: str | None) -> None:
    made = json.loads(json.dumps(interface(app)))
    assert made["@context"] == "dtmi:dtdl:context;3" and made["@type"] == "Interface"
    assert DTMI.fullmatch(made["@id"]) and len(made["@id"]) <= 128
    names = [part["name"] for part in made["contents"]]
    assert len(set(names)) == len(names) and all(NAME.fullmatch(name) for name in names)
    for part in made["contents"]:
        assert part["@type"] in ("Telemetry", "Property", "Command")
        if part["@type"] != "Command":
            check_schema(part["schema"])


def exported() -> dict:
    """As IoT Central exports a capability model: interfaces within `implements`."""
    contents = [{"@type": ["Telemetry", "Temperature"], "name": name, "schema": "integer"} for name in TELEMETRY]
    contents += [{"@type": "Property", "name": name, "writable": True, "schema": "string"} for name in WRITABLE]
    contents += [{"@type": "Property", "name": name, "schema": "string"} for name in REPORTED]
    contents += [{"@type": "Command", "commandType": "synchronous", "name": name} for name in COMMANDS]
    return {
        "@type": "CapabilityModel",
        "implements": [{"name": "x", "schema": {"@type": "Interface", "contents": contents}}],
    }


def test_the_well_known_template_is_understood_whole() -> None:
    template = read(json.dumps(exported()))
    assert template.telemetry == tuple(TELEMETRY) and template.writable == tuple(WRITABLE)
    assert template.properties == tuple(REPORTED) and template.commands == tuple(COMMANDS)
    assert template.unknown() == ()


def test_what_is_not_understood_is_named() -> None:
    other = {"@type": "Interface", "contents": [{"@type": "Telemetry", "name": "humidity", "schema": "double"}]}
    assert read(json.dumps([other])).unknown() == ("humidity",)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"contents": 5}', "[" * 100_000, "1", '{"a": {"b": {}}}'])
def test_what_is_no_template(text: str) -> None:
    with pytest.raises(SettingsError, match="template"):
        read(text)
