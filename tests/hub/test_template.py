import json
import re

import pytest

from footlights.core.errors import SettingsError
from footlights.engine.registry import app_names, load_app
from footlights.hub.template import interface, read
from footlights.wire.fields import describe
from footlights.wire.well_known import COMMANDS, REPORTED, STATES, TELEMETRY, WRITABLE

NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]{0,510}[A-Za-z0-9])?")  # DTDL v3
DTMI = re.compile(r"dtmi:[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?(?::[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?)*;[1-9][0-9]*")
PRIMITIVES = {"boolean", "date", "dateTime", "double", "duration", "float", "integer", "long", "string", "time"}


DEEPEST = 5  # levels of schemas that hold others, DTDL v3


def check_schema(schema: object, level: int = 1) -> None:
    if isinstance(schema, str):
        assert schema in PRIMITIVES
        return
    assert isinstance(schema, dict) and level <= DEEPEST
    if schema["@type"] == "Object":
        names = [field["name"] for field in schema["fields"]]
        assert len(set(names)) == len(names) and names
        for field in schema["fields"]:
            assert NAME.fullmatch(field["name"]) and len(field.get("description", "")) <= 512
            check_schema(field["schema"], level + 1)
    elif schema["@type"] == "Array":
        check_schema(schema["elementSchema"], level + 1)
    elif schema["@type"] == "Map":
        assert schema["mapKey"]["schema"] == "string" and NAME.fullmatch(schema["mapKey"]["name"])
        check_schema(schema["mapValue"]["schema"], level + 1)
    else:
        assert schema["@type"] == "Enum" and schema["valueSchema"] == "string"
        names = [value["name"] for value in schema["enumValues"]]
        assert len(set(names)) == len(names) and names
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
        assert len(part.get("description", "")) <= 512
        if part["@type"] != "Command":
            check_schema(part["schema"])
        elif "request" in part:
            check_schema(part["request"]["schema"])
    assert read(json.dumps(made)).unknown() == ()  # what we say, we understand


def leaves(schema: object, before: str = "") -> set[str]:
    if isinstance(schema, dict) and schema["@type"] == "Object":
        return {leaf for field in schema["fields"] for leaf in leaves(field["schema"], f"{before}.{field['name']}")}
    return {before[1:]}


@pytest.mark.parametrize("app", app_names())
def test_every_setting_of_an_app_is_there(app: str) -> None:
    (settings,) = [part for part in interface(app)["contents"] if part["name"] == "settings"]
    assert settings["writable"] is True
    assert leaves(settings["schema"]) == {field.name for field in describe(load_app(app).Settings)}


def test_the_rest_of_the_document_and_what_a_device_says_is_there() -> None:
    parts = {part["name"]: part for part in interface()["contents"]}
    writable = {name for name, part in parts.items() if part["@type"] == "Property" and part["writable"]}
    assert {"app", "sources", "outputs", "actions", "quiet", "cooldown"} <= writable and "settings" not in parts
    assert leaves(parts["sources"]["schema"]["elementSchema"]) >= {"url", "name", "loop"}
    assert "page" in leaves(parts["outputs"]["schema"])
    assert set(TELEMETRY) | set(STATES) <= parts.keys() and {"manufacturer", "totalMemory", "private"} <= parts.keys()
    assert parts["snapshot"]["request"]["schema"]["fields"][0]["name"] == "stream"
    assert "live" not in parts  # only the hub has its tickets


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
