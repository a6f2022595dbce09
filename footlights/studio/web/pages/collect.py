"""What a project holds: its labels, its files, how they are divided."""

import json
from collections import Counter
from pathlib import Path
from typing import get_args
from urllib.parse import quote

from nicegui import run, ui

from footlights.core.errors import FootlightsError
from footlights.media.page.forms import button, complain, markup, note, telling, text
from footlights.studio.boxes.exchange import Form, import_boxes
from footlights.studio.intake import LARGEST
from footlights.studio.project import Project
from footlights.studio.web.boxes import boxes_in, notes_of
from footlights.studio.web.pages.shell import gone, page, swatch, tone
from footlights.studio.web.workshop import Workshop, page_of

_LEADS = {
    "photos": "Take or import photos of each label. 50 of each are a good start; 200, in different light and places, "
    "are better.",
    "clips": "Record or import clips of each label: two to five are enough. Or record at length and tag the moments.",
    "boxes": "Grab frames from a camera or a video, and draw a box around every thing. 70 frames are a good start.",
}


def add(workshop: Workshop) -> None:
    """The page at /p/NAME."""

    @ui.page("/p/{name}")
    def collect(name: str) -> None:
        try:
            project = workshop.project(name)
        except FootlightsError as error:
            gone(error)
            return
        ui.add_head_html('<script type="module" src="/static/gallery.js"></script>')
        with page(project.title, name, project, ""):
            _lead(name, project)
            with ui.element("div").classes("two"):
                with ui.element("section").classes("panel").props('aria-label="Files"'):
                    gallery = _part("studio-gallery", project)
                with ui.element("aside").classes("stack"):
                    _Side(name, project, gallery)


def _lead(name: str, project: Project) -> None:
    with ui.element("div").classes("row"):
        if project.kind == "photos":
            button("Take photos", look="primary large", icon="o_photo_camera", to=page_of(name, "capture"))
        elif project.kind == "clips":
            button("Record clips", look="primary large", icon="o_videocam", to=page_of(name, "record"))
            button("Tag a recording", icon="o_sell", to=page_of(name, "tag"))
        else:
            button("Draw boxes", look="primary large", icon="o_crop_free", to=page_of(name, "draw"))
        markup(f'<p class="lead" style="margin: 0; flex: 1 1 18rem">{_LEADS[project.kind]}</p>')


def _part(tag: str, project: Project) -> ui.element:
    """One of the elements of gallery.js."""
    made = ui.element(tag)
    made.props["data-kind"] = project.kind
    made.props["data-most"] = LARGEST[project.medium]
    made.props["data-labels"] = json.dumps(list(project.labels))
    return made


class _Side:
    """Labels, import, division: drawn anew when something changes."""

    def __init__(self, name: str, project: Project, gallery: ui.element) -> None:
        self.project = project
        with ui.element("section").classes("panel"):
            markup("<h2>Labels</h2>")
            self.labels = ui.element("div")
        with ui.element("section").classes("panel"):
            markup("<h2>Import</h2>")
            importer = _part("studio-import", project)
        with ui.element("section").classes("panel"):
            markup("<h2>Train and valid</h2>")
            self.division = ui.element("div").classes("stack")
        if project.kind == "boxes":
            with ui.element("section").classes("panel stack"):
                markup("<h2>From and to label tools</h2>")
                self._exchange(name)
        self.parts = (gallery, importer)
        for part in self.parts:
            part.on("changed", self.draw)
        self.draw()

    def draw(self) -> None:
        for place in (self.labels, self.division):
            place.clear()
        with self.labels:
            self._labels()
        with self.division:
            self._division()

    def changed(self) -> None:
        """The labels are others now: every part that shows them is told."""
        ui.navigate.reload()

    def _exchange(self, name: str) -> None:
        """YOLO, COCO and Pascal VOC, in and out."""
        folder = ui.input("A folder on this computer").props("outlined dense").style("width: 100%")

        async def take() -> None:
            try:
                place = Path(folder.value or "").expanduser()
                added, lines = await run.io_bound(import_boxes, self.project, place) or ([], [])
            except FootlightsError as error:
                complain(error)
                return
            ui.notify(f"{len(added)} frames taken in, {len(lines)} left out", position="bottom")
            self.changed()

        with ui.element("div").classes("row"):
            button("Import", take, look="small")
            for form in get_args(Form):
                place = f"/api/projects/{quote(name)}/boxes.zip?form={form}"
                button(f"{form.upper()} zip", look="small", icon="o_download", to=place)

    def _labels(self) -> None:
        examples = self.project.examples()
        counts = Counter((item.label, item.split) for item in examples)
        if self.project.kind == "boxes":
            found = [boxes_in(notes_of(self.project, item), self.project.labels) or () for item in examples]
            counts = Counter((str(box.label), "train") for boxes in found for box in boxes)
        most = max((counts[label, "train"] + counts[label, "valid"] for label in self.project.labels), default=0)
        with ui.element("div").classes("classes"):
            for index, label in enumerate(self.project.labels):
                train, valid = counts[label, "train"], counts[label, "valid"]
                with ui.element("div"):
                    markup(f"{swatch(index)}<strong>{text(label)}</strong>")
                    markup(f"<small>{train + valid}</small>")
                    button("", lambda label=label: self._rename(label), look="quiet small", icon="o_edit").props(
                        f'aria-label="Rename {text(label)}"'
                    )
                    button("", lambda label=label: self._remove(label), look="quiet small", icon="o_delete").props(
                        f'aria-label="Delete {text(label)}"'
                    )
                    if most:
                        share = f"--train: {train / most:.3f}; --all: {(train + valid) / most:.3f}"
                        markup(f'<div class="balance" style="--tone: {tone(index)}; {share}"></div>')
        with ui.element("form").classes("row").style("flex-wrap: nowrap; margin-top: .8rem") as form:
            name = ui.input(placeholder="Another label").props("outlined dense maxlength=60").style("flex: 1")
            button("Add").props('type="submit"')

        def add_label() -> None:
            with telling():
                self.project.add_label(name.value or "")
                self.changed()

        form.on("submit.prevent", add_label)

    def _rename(self, label: str) -> None:
        with ui.dialog(value=True) as dialog, ui.card():
            markup(f"<h2>Rename “{text(label)}”</h2>")
            name = ui.input("New name", value=label).props("outlined autofocus maxlength=60").style("width: 100%")

            def rename() -> None:
                with telling():
                    self.project.rename_label(label, name.value or "")
                    self.changed()

            with ui.element("div").classes("row"):
                button("Rename", rename, look="primary")
                button("Cancel", dialog.close, look="quiet")

    def _remove(self, label: str) -> None:
        count = len(self.project.items(label))

        def remove() -> None:
            with telling():
                self.project.remove_label(label)
                self.changed()

        with ui.dialog(value=True) as dialog, ui.card():
            markup(f"<h2>Delete “{text(label)}”?</h2>")
            what = (
                f"Its {count} files go to the project's trash; undo brings them back." if count else "It has no files."
            )
            markup(f'<p class="help">{what}</p>')
            with ui.element("div").classes("row"):
                button("Delete", remove, look="primary")
                button("Cancel", dialog.close, look="quiet")

    def _division(self) -> None:
        examples = self.project.examples()
        valid = sum(item.split == "valid" for item in examples)
        if not valid:
            markup(
                '<p class="help">A fifth is kept to judge the model with: whole recordings, never single pictures of '
                "one. It is divided when the first training begins.</p>"
            )
        else:
            markup(
                f'<p class="help"><b>{len(examples) - valid}</b> to learn from, <b>{valid}</b> kept to judge with. '
                "Whole recordings lie on one side.</p>"
            )
        self.told = ui.element("div").classes("stack")
        if examples:
            with ui.element("div").classes("row"):
                button("Divide anew", self._split, look="small")
                button("Look for leaks", self._leaks, look="small")

    async def _split(self) -> None:
        try:
            lines = await run.io_bound(self.project.split) or []
        except FootlightsError as error:
            complain(error)
            return
        self.draw()
        self._tell(lines, "Divided by recording.")
        ui.run_javascript('dispatchEvent(new CustomEvent("studio-items"))')

    async def _leaks(self) -> None:
        try:
            self._tell(await run.io_bound(self.project.leaks) or [], "Nothing stands on both sides.")
        except FootlightsError as error:
            complain(error)

    def _tell(self, lines: list[str], good: str) -> None:
        self.told.clear()
        with self.told:
            for line in lines:
                note(line)
            if not lines:
                note(good, "good")
