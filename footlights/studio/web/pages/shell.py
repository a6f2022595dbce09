"""What is around every page of forms: the bar with the steps, links, buttons, words about what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from footlights.core.errors import FootlightsError
from footlights.media.page.forms import button, frame, markup, note, text
from footlights.studio.project import Project
from footlights.studio.web.workshop import page_of

STEPS = (("", "Collect"), ("train", "Train"), ("results", "Results"), ("use", "Use"))
TONES = (  # of labels, in order: the same as in studio.js
    "#ffb65c", "#7fe3b4", "#9cc7ff", "#ff8fab", "#d7e36b", "#b98bff", "#3fd0e6", "#ff7a6b", "#f7d6a0", "#86c94a",
)  # fmt: skip


@contextmanager
def page(title: str, name: str = "", project: Project | None = None, step: str | None = None) -> Iterator[None]:
    """A page with its bar; what is made inside stands below it."""
    with frame(f"{title} · footlights studio", "studio.css"), ui.element("header").classes("bar"):
        markup(
            '<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="30" height="30">'
            "footlights <small>studio</small></a>"
        )
        if project is not None:
            markup(f'<div class="whose"><strong>{text(project.title)}</strong>{kind_mark(project)}</div>')
            markup(f'<nav class="steps" aria-label="Steps">{_steps(name, step)}</nav>').classes("end")
    with ui.element("main").classes("page"):
        yield


def kind_mark(project: Project) -> str:
    """Markup that says what a project is of."""
    return f'<span class="kind" data-kind="{project.kind}">{project.kind}</span>'


def swatch(index: int) -> str:
    """Markup of a label's colour."""
    return f'<span class="swatch" style="--tone: {tone(index)}"></span>'


def tone(index: int) -> str:
    """The colour of the label with this number."""
    return TONES[index % len(TONES)]


def gone(error: FootlightsError) -> None:
    """The page of a project that cannot be opened."""
    with page("Not here"):
        markup('<h1 class="title">This project cannot be opened</h1>')
        note(str(error).splitlines()[0], "bad")
        button("All projects", to="/")


def _steps(name: str, current: str | None) -> str:
    rows = []
    for number, (step, title) in enumerate(STEPS, start=1):
        here = ' aria-current="step"' if step == current else ""
        rows.append(f'<a href="{text(page_of(name, step))}"{here}><i>{number}</i>{title}</a>')
    return "".join(rows)
