"""The web application of a hub."""

from fastapi import FastAPI

from footlights import __version__
from footlights.hub.api import (
    enrolment,
    export,
    fleet,
    health,
    live,
    models,
    people,
    places,
    rollouts,
    rules,
    settings,
    shows,
    telemetry,
)
from footlights.hub.api.bodies import Bounded
from footlights.hub.api.description import describe
from footlights.hub.hub import Hub
from footlights.hub.patience import Patience
from footlights.hub.shows import Shows


def application(hub: Hub) -> FastAPI:
    """Everything that the hub answers over HTTP."""
    app = FastAPI(
        title="footlights hub", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.hub = hub
    app.state.patience = Patience()
    app.state.shows = Shows(hub, app.state.patience)
    app.state.readiness = health.Readiness(hub)
    for part in (
        enrolment,
        fleet,
        export,
        live,
        models,
        rollouts,
        rules,
        settings,
        people,
        places,
        shows,
        telemetry,
        health,
    ):
        app.include_router(part.router)
    app.add_middleware(Bounded)
    describe(app)
    return app
