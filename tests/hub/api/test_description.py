"""The description of the interface is valid OpenAPI 3.1, and complete."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from footlights.hub.api.application import application
from footlights.hub.hub import Place

VERBS = ("get", "post", "put", "patch", "delete")
OPEN = {"/healthz", "/readyz", "/api/authority.crt", "/api/authority.crl", "/api/enrolment/{scope}/{device}",
        "/api/device/models/{digest}"}  # fmt: skip
# Answers whose form is somebody else's: a template, properties by other names, tables of names, a replay.
FREE = {
    "/api/template", "/api/devices/{device}/properties", "/api/commands", "/api/totals",
    "/api/shows/{name}/replays/{file}",
}  # fmt: skip


@dataclass
class NoHub:
    """A description needs none."""

    place: Place


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return application(NoHub(Place(tmp_path_factory.mktemp("none")))).openapi()  # type: ignore[arg-type]


def routes(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for verb, route in methods.items():
            assert verb in VERBS
            yield path, verb, route


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_it_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1") and document["info"]["title"] and document["info"]["version"]
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert isinstance(place, dict)
    names = [route["operationId"] for _, _, route in routes(document)]
    assert len(set(names)) == len(names)
    for path, verb, route in routes(document):
        wanted = set(re.findall(r"{(\w+)}", path))
        given = {one["name"] for one in route.get("parameters", ()) if one["in"] == "path" and one["required"]}
        assert given == wanted, (verb, path)
        for parameter in route.get("parameters", ()):
            assert parameter["in"] in ("path", "query", "header") and parameter["schema"]


def test_every_route_says_what_it_does_and_what_it_answers(document: dict[str, Any]) -> None:
    for path, verb, route in routes(document):
        where = (verb, path)
        assert route["summary"] and route["description"].startswith(route["summary"]) and route["tags"], where
        good = {code: answer for code, answer in route["responses"].items() if code.startswith("2")}
        assert good and {"4XX", "5XX"} <= route["responses"].keys(), where
        for code in ("4XX", "5XX"):
            schema = route["responses"][code]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, where
        for code, answer in good.items():
            assert code == "204" or answer.get("content"), where
            for kind, content in answer.get("content", {}).items():
                if kind == "application/json" and path not in FREE:
                    assert list(references(content)), where
        assert ("security" in route) == (path not in OPEN), where
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["components"]["schemas"]["Problem"]["required"] == ["error"]
