"""All projects of a folder."""

from nicegui import ui
from starlette.requests import Request

from footlights.core.errors import FootlightsError
from footlights.media.page.forms import button, markup, note, text
from footlights.studio.project import Project
from footlights.studio.web.pages.shell import kind_mark, page
from footlights.studio.web.workshop import Workshop, page_of

THINGS = {"photos": ("photo", "photos"), "clips": ("clip", "clips"), "boxes": ("frame", "frames")}
SHOWN = 5  # pictures on a card


def add(workshop: Workshop) -> None:
    """The page at /."""

    @ui.page("/")
    def home(request: Request) -> None:
        names = workshop.names()
        with page("Projects"):
            if not names:
                _welcome()
                return
            markup('<h1 class="title">Your projects</h1>')
            with ui.element("div").classes("cards"):
                for name in names:
                    try:
                        markup(card(name, workshop.project(name)))
                    except FootlightsError as error:
                        note(f"{name}: {error}", "bad")
                markup('<a class="card new" href="/new"><b aria-hidden="true">+</b>New project</a>')
            markup(f'<p class="help">In {text(workshop.folder)}</p>')


def _welcome() -> None:
    with ui.element("section").classes("hero"):
        markup(
            '<h1 class="title">Teach it what to see</h1><p class="lead">Show a handful of photos, clips or frames, and '
            "a model learns to tell them apart: on this computer, without code, in minutes. What it then sees sets off "
            "the show.</p>"
        )
        button("Make the first project", look="primary large", to="/new")
    markup('<div class="lamps" aria-hidden="true"></div>')


def card(name: str, project: Project) -> str:
    """Markup of a project: what it holds, and how good its newest model is."""
    examples = project.examples()
    shown = examples[:: max(1, len(examples) // SHOWN)][:SHOWN]
    pictures = "".join(
        f'<img src="/api/projects/{text(name)}/files/{text(item.path)}?side=240&amp;v={item.sha256[:12]}" alt="" '
        'loading="lazy">'
        for item in shown
    )
    report = next((run.report for run in reversed(project.runs()) if run.report is not None), None)
    valid = report["valid"] if report else {}
    best = valid.get("accuracy", valid.get("map50"))
    score = f'<span class="score">{best:.0%}</span>' if isinstance(best, float) else ""
    one, many = THINGS[project.kind]
    count = f"{len(examples)} {one if len(examples) == 1 else many}, {len(project.labels)} labels"
    return (
        f'<a class="card" href="{text(page_of(name))}"><div class="collage" data-count="{len(shown)}">{pictures}</div>'
        f'<div class="facts"><strong>{text(project.title)}</strong>{kind_mark(project)}<p>{count}</p>{score}</div></a>'
    )
