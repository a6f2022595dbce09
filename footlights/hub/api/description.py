"""The description of the interface at /api/openapi.json: what FastAPI makes, and what is the same for every route."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as PlainHTTPException

from footlights.core.errors import FootlightsError, SettingsError
from footlights.media.page.asked import TooLongError

DESCRIPTION = """
Everything that a hub knows and does. Ask with a token: `Authorization: Bearer fl_...`. Roles are viewer, operator and
admin; each may do what those before it may. Moments are seconds since 1970, UTC. What cannot be done is said in words,
as `{"error": "..."}`.
""".strip()
REFUSED = {"4XX": "What was asked for cannot be done; why, in words.", "5XX": "Something the hub needs is away."}
VERBS = ("get", "post", "put", "patch", "delete")


class Problem(BaseModel):
    """Why something was not done."""

    error: str


def describe(app: FastAPI) -> None:
    """Answer every error in the same form, and describe the interface of `app` completely."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]

    @app.exception_handler(FootlightsError)
    def refuse(request: Request, error: FootlightsError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 422 if isinstance(error, SettingsError) else 503)

    @app.exception_handler(TooLongError)
    def refuse_long(request: Request, error: TooLongError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 413)

    @app.exception_handler(RequestValidationError)
    def explain_request(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": "; ".join(map(_line, error.errors()[:5]))}, 422)

    @app.exception_handler(PlainHTTPException)
    @app.exception_handler(HTTPException)
    def explain(request: Request, error: PlainHTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _line(problem: Any) -> str:
    """One thing that is wrong with a request; what was sent is not repeated."""
    place = ".".join(str(part) for part in problem["loc"][1:])
    return f"{place or 'the body'}: {str(problem['msg'])[:200]}"


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """A summary for every route, its first sentence, and the form of errors."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in document["paths"].values():
        for verb in VERBS:
            if (route := methods.get(verb)) is None:
                continue
            route["summary"] = route.get("description", "").partition(". ")[0].partition("\n")[0].rstrip(".")
            route["responses"].pop("422", None)
            route["responses"] |= {code: {"description": text, "content": content} for code, text in REFUSED.items()}
    return document
