"""The hub's pages: the fleet, a device, rules, shows, people."""

from fastapi import FastAPI

from footlights.hub.hub import Hub
from footlights.hub.pages import (
    change,
    dashboard,
    device,
    export,
    fleet,
    happenings,
    live,
    models,
    people,
    rollouts,
    rules,
    settings,
    show,
    shows,
    whereabouts,
)
from footlights.hub.pages.session import Sessions


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """Every page."""
    for page in (fleet, dashboard, whereabouts, device, change, rollouts, models, rules, shows, show, people, settings):
        page.add(app, hub, sessions)
    happenings.add(app, hub)
    export.add(app, hub)
    live.add(app, hub, sessions)
