"""The hub's pages: the fleet, a device, rules, people."""

from fastapi import FastAPI

from footlights.hub.hub import Hub
from footlights.hub.pages import dashboard, device, fleet, happenings, people, rules
from footlights.hub.pages.session import Sessions


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """Every page."""
    for page in (fleet, dashboard, device, rules, people):
        page.add(app, hub, sessions)
    happenings.add(app, hub)
