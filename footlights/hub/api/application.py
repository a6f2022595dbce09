"""The web application of a hub."""

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from footlights import __version__
from footlights.core.errors import FootlightsError, SettingsError
from footlights.hub.api import enrolment, fleet, metrics, people, rules
from footlights.hub.api.access import Patience
from footlights.hub.hub import Hub
from footlights.media.page.asked import TooLongError


def application(hub: Hub) -> FastAPI:
    """Everything that the hub answers over HTTP."""
    app = FastAPI(
        title="footlights hub", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.hub = hub
    app.state.patience = Patience()
    for part in (enrolment, fleet, rules, people, metrics):
        app.include_router(part.router)

    @app.get("/healthz", tags=["health"])
    def health() -> dict[str, bool]:
        """Whether the hub and its broker run."""
        return {"broker": hub.mosquitto.runs()}

    @app.exception_handler(FootlightsError)
    def refuse(request: Request, error: FootlightsError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 422 if isinstance(error, SettingsError) else 503)

    @app.exception_handler(TooLongError)
    def refuse_long(request: Request, error: TooLongError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 413)

    @app.exception_handler(HTTPException)
    def explain(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    return app
