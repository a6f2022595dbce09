"""What to do with a trained model: try it, take it away, run it, let it set off the show."""

from pathlib import Path
from shlex import quote as quoted
from typing import Any
from urllib.parse import quote

from nicegui import run, ui

from footlights.core.errors import FootlightsError
from footlights.media.page.forms import button, complain, markup, text
from footlights.studio.project import ModelRun, Project
from footlights.studio.web.exporting import FORMS, Form, exported
from footlights.studio.web.pages.shell import gone, page
from footlights.studio.web.training import describe
from footlights.studio.web.workshop import Workshop, page_of


def add(workshop: Workshop) -> None:
    """The page at /p/NAME/use."""

    @ui.page("/p/{name}/use")
    def use(name: str) -> None:
        try:
            project = workshop.project(name)
        except FootlightsError as error:
            gone(error)
            return
        with page(project.title, name, project, "use"):
            runs = [each for each in project.runs() if each.model is not None]
            if not runs:
                markup('<h1 class="title">Nothing to use yet</h1><p class="lead">Train a model first.</p>')
                with ui.element("div").classes("row"):
                    button("Train", look="primary large", to=page_of(name, "train"))
                return
            _Use(name, project, runs)


class _Use:
    """The page of one project."""

    def __init__(self, name: str, project: Project, runs: list[ModelRun]) -> None:
        self.name, self.project, self.run = name, project, runs[-1]
        with ui.element("div").classes("row"):
            self.live = button("Try it live", look="primary large", icon="o_play_arrow", to=page_of(name, "live"))
            ui.select(
                {each.name: describe(each) for each in reversed(runs)},
                value=self.run.name,
                on_change=lambda event: self._choose(next(each for each in runs if each.name == event.value)),
            ).props("outlined dense").style("min-width: 20rem")
        with ui.element("div").classes("two").style("grid-template-columns: minmax(0, 1fr) minmax(0, 1fr)"):
            with ui.element("section").classes("panel stack"):
                markup("<h2>Run it</h2>")
                self.commands = ui.element("div").classes("stack")
            with ui.element("section").classes("panel stack"):
                markup("<h2>Take it away</h2>")
                self.exports = ui.element("div").classes("exports")
        self._draw()

    def _choose(self, chosen: ModelRun) -> None:
        self.run = chosen
        self.live.props(f'href="{page_of(self.name, "live")}?run={quote(chosen.name)}"')
        self._draw()

    def _draw(self) -> None:
        self.commands.clear()
        with self.commands:
            for words, command in commands(self.project, self.run):
                markup(f'<p class="help">{words}</p><div class="command">{text(command)}</div>')
        self.exports.clear()
        with self.exports:
            for form in FORMS:
                self._export(form)

    def _export(self, form: Form) -> None:
        path = form.path(self.run)
        parity = (self.run.report or {}).get("parity", {}).get(form.key)
        with ui.element("div"):
            markup(f"<strong>{form.title}</strong>")
            if path.exists():
                place = f"/api/projects/{quote(self.name)}/runs/{quote(self.run.name)}/model?form={form.key}"
                button(f"Download, {_size(path) / 1e6:.1f} MB", look="small", icon="o_download", to=place)
            else:
                button("Make it", lambda: self._make(form), look="small", icon="o_build")
            told = "" if parity is None else f" It differs from the trained net by {parity:.0e} at most."
            markup(f"<small>{form.help}{told}</small>")

    async def _make(self, form: Form) -> None:
        wait = ui.notification(f"Making the {form.title} file …", spinner=True, timeout=None, position="bottom")
        try:
            said = await run.io_bound(exported, self.project, self.run, form)
        except FootlightsError as error:
            complain(error)
            return
        finally:
            wait.dismiss()
        self._draw()
        ui.notify(said, position="bottom", timeout=8000)


def _size(path: Path) -> int:
    """Bytes of a file or of everything in a folder."""
    return sum(each.stat().st_size for each in (path, *path.rglob("*")) if each.is_file())


def commands(project: Project, chosen: ModelRun) -> list[tuple[str, str]]:
    """What a model is for, and what to type."""
    model = quoted(str(_short(chosen.model)))
    label = project.labels[0] if project.labels else "x"
    if project.kind == "boxes":
        return [
            ("What the camera sees, with boxes, counts and alerts:", f"footlights run inspect --model {model} 0"),
            ("Tell when one is seen:", f"footlights run inspect --model {model} --alert {quoted(label)} 0"),
        ]
    return [
        ("What the camera sees:", f"footlights run custom {model} 0"),
        ("A label sets off whatever an action can: a page, a sound, a light, a web hook:",
         f"footlights run custom {model} --when {quoted(label)} --open https://example.org 0"),
    ]  # fmt: skip


def _short(path: Path | None) -> Any:
    assert path is not None
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
