"""The pages of forms and tables."""

from footlights.studio.web.pages import collect, home, new, results, train, use
from footlights.studio.web.workshop import Workshop


def add(workshop: Workshop) -> None:
    """Every page."""
    for page in (home, new, collect, train, results, use):
        page.add(workshop)
