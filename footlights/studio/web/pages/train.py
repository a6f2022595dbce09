"""Training: settings, progress, curves, stop and resume."""

from pathlib import Path
from typing import Any

from nicegui import ui

from footlights.core.errors import FootlightsError
from footlights.media.page.forms import button, complain, markup, note, telling, text
from footlights.studio.project import Project
from footlights.studio.web.pages.charts import curves, of_epochs
from footlights.studio.web.pages.fields import FIELDS, Field
from footlights.studio.web.pages.shell import gone, page
from footlights.studio.web.training import Progress
from footlights.studio.web.workshop import Workshop, page_of

EVERY = 0.4  # seconds between two looks at the progress


def add(workshop: Workshop) -> None:
    """The page at /p/NAME/train."""

    @ui.page("/p/{name}/train")
    def train(name: str) -> None:
        try:
            project = workshop.project(name)
        except FootlightsError as error:
            gone(error)
            return
        with page(project.title, name, project, "train"):
            _Training(workshop, name, project)


class _Training:
    """The page of one project, kept up to date while it is open."""

    def __init__(self, workshop: Workshop, name: str, project: Project) -> None:
        self.workshop, self.name, self.project = workshop, name, project
        self.drawn: tuple[str, int, int] | None = None  # what of the progress is shown
        with ui.element("div").classes("two"):
            with ui.element("section").classes("panel stack"):
                self.progress = ui.element("div").classes("meter")
                self.chart = curves()
                with ui.expansion("What it says").style("width: 100%"):
                    self.lines = ui.label().classes("said")
            with ui.element("aside").classes("stack"):
                with ui.element("section").classes("panel stack"):
                    markup("<h2>Settings</h2>")
                    self.inputs = _inputs(project)
                with ui.element("section").classes("panel stack"):
                    markup("<h2>On the command line</h2>")
                    markup(f'<div class="command">footlights studio train {text(_short(project.folder))}</div>')
        self._look()
        ui.timer(EVERY, self._look)

    def _mine(self) -> Progress:
        """The progress, where it is of this project."""
        progress = self.workshop.trainings.progress
        return progress if progress.project == str(self.project.folder) else Progress()

    def _look(self) -> None:
        progress = self._mine()
        new = (progress.phase, len(progress.epochs), round(400 * progress.share))
        if new == self.drawn:
            return
        self.drawn = new
        self.progress.clear()
        with self.progress:
            self._draw(progress)
        self.lines.text = "\n".join(progress.lines)
        lines = progress.epochs or _past(self.project)
        self.chart.options.update(of_epochs(lines))
        self.chart.visible = bool(lines)
        self.chart.update()

    def _draw(self, progress: Progress) -> None:
        busy = self.workshop.trainings.running()
        if progress.phase in ("running", "stopping"):
            share = progress.share
            left = "" if progress.left is None else f", {_duration(progress.left)} left"
            markup(
                f'<div class="row"><span class="big">{share:.0%}</span><span>{text(progress.doing)}{left}</span></div>'
            )
            ui.linear_progress(share, show_value=False, size=".7rem").props("rounded")
            with ui.element("div").classes("row"):
                button("Stop", self._stop, icon="o_stop").set_enabled(progress.phase == "running")
            return
        unfinished = self.project.unfinished()
        with ui.element("div").classes("row"):
            go_on = unfinished is not None
            look = "primary large"
            start = button("Go on" if go_on else "Start training", self._start, look=look, icon="o_play_arrow")
            start.set_enabled(not busy)
            if progress.phase == "ended":
                button("See the results", look="large", icon="o_insights", to=page_of(self.name, "results"))
        if progress.phase == "failed":
            note(progress.problem, "bad")
        elif progress.phase == "ended":
            note("It has learned. What it can and cannot do is under Results.", "good")
        elif go_on and unfinished is not None:
            note(f"Training {unfinished.name} was stopped; it goes on where it was.")
        elif busy:
            note("Another project trains now; one at a time.")
        else:
            self._advise()

    def _advise(self) -> None:
        """What stands in the way, or what to expect."""
        try:
            self.project.check(both=False)
        except FootlightsError as error:
            note(str(error))
        else:
            examples = self.project.examples()
            what = {"photos": "photos", "clips": "clips", "boxes": "frames"}[self.project.kind]
            markup(
                f'<p class="help">{len(examples)} {what}, {len(self.project.labels)} labels. It can be stopped at any '
                "time and goes on later where it was.</p>"
            )

    def _start(self) -> None:
        try:
            if self.project.unfinished() is None:  # an interrupted one goes on with its own settings
                self.project.set_training({key: field.read(made.value) for key, (field, made) in self.inputs.items()})
            self.workshop.trainings.start(self.project)
        except (FootlightsError, ValueError) as error:
            complain(error if isinstance(error, FootlightsError) else FootlightsError(str(error)))
        self._look()

    def _stop(self) -> None:
        with telling():
            self.workshop.trainings.stop()
        self._look()


def _inputs(project: Project) -> dict[str, tuple[Field, Any]]:
    made = {}
    with ui.element("div").classes("settings"):
        for field in FIELDS[project.kind]:
            if not field.rare:
                made[field.name] = (field, field.make(project.training.get(field.name, field.default)))
    with ui.expansion("More").style("width: 100%"), ui.element("div").classes("settings"):
        for field in FIELDS[project.kind]:
            if field.rare:
                made[field.name] = (field, field.make(project.training.get(field.name, field.default)))
    return made


def _past(project: Project) -> list[dict[str, Any]]:
    """The epochs of the newest training that has ended."""
    report = next((run.report for run in reversed(project.runs()) if run.report is not None), None)
    return list(report["training"].get("epochs", [])) if report else []


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


def _short(folder: Path) -> str:
    """The folder as one would type it here."""
    try:
        return str(folder.relative_to(Path.cwd())) or "."
    except ValueError:
        return str(folder)
