"""What is around every page of the hub."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from footlights.hub.people import User
from footlights.media.page.forms import frame, markup, text

PLACES = (
    ("/", "Fleet"), ("/now", "Now"), ("/map", "Map"), ("/rollouts", "Roll-outs"), ("/models", "Models"),
    ("/rules", "Rules"), ("/shows", "Shows"), ("/people", "People"), ("/settings", "Settings"),
)  # fmt: skip
FOR_ADMINISTRATORS = ("/people", "/settings")


@contextmanager
def page(title: str, user: User, here: str) -> Iterator[None]:
    """A page with its bar; what is made inside stands below it."""
    with frame(f"{title} · footlights hub", "hub.css"):
        with ui.element("header").classes("bar"):
            markup(
                '<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="30" height="30">'
                "footlights <small>hub</small></a>"
            )
            links = "".join(
                f'<a href="{place}"{" aria-current=page" if place == here else ""}>{name}</a>'
                for place, name in PLACES
                if place not in FOR_ADMINISTRATORS or user.may("admin")
            )
            markup(f'<nav class="steps" aria-label="Places">{links}</nav>')
            markup(
                f'<form class="who" method="post" action="/sign-out"><span>{text(user.name)} · {user.role}</span>'
                '<button class="quiet">Sign out</button></form>'
            )
        with ui.element("main").classes("page"):
            yield


def ago(moment: float | None) -> str:
    """How long ago something was, in words."""
    if moment is None:
        return "never"
    seconds = max(0.0, time.time() - moment)
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 15 else f"{int(seconds)} seconds ago"
