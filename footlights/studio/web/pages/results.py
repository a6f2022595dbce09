"""How good a trained model is: figures, what it takes for what, its worst mistakes, how sure it is, how fast."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from nicegui import ui

from footlights.core.errors import FootlightsError
from footlights.media.page.forms import button, markup, note, text
from footlights.studio.project import ModelRun, Project
from footlights.studio.report import NOTHING
from footlights.studio.web.pages.charts import calibration
from footlights.studio.web.pages.shell import gone, page, swatch
from footlights.studio.web.training import describe
from footlights.studio.web.workshop import Workshop, page_of

VIDEOS = (".mp4", ".webm")
FEW = 4  # columns up to which the cells of the table are large
NAMES = {"onnx": "ONNX", "coreml": "Core ML", "tflite": "LiteRT"}


def add(workshop: Workshop) -> None:
    """The page at /p/NAME/results."""

    @ui.page("/p/{name}/results")
    def results(name: str, run: str = "") -> None:
        try:
            project = workshop.project(name)
        except FootlightsError as error:
            gone(error)
            return
        with page(project.title, name, project, "results"):
            _results(name, project, run)


def _results(name: str, project: Project, wanted: str) -> None:
    runs = [run for run in project.runs() if run.report is not None]
    chosen = next((run for run in runs if run.name == wanted), runs[-1] if runs else None)
    if chosen is None:
        markup('<h1 class="title">Nothing to see yet</h1><p class="lead">Results come with the first training.</p>')
        with ui.element("div").classes("row"):
            button("Train", look="primary large", to=page_of(name, "train"))
        return
    report = chosen.report
    assert report is not None
    with ui.element("div").classes("row"):
        choices = {run.name: describe(run) for run in reversed(runs)}
        ui.select(
            choices,
            value=chosen.name,
            on_change=lambda event: ui.navigate.to(f"{page_of(name, 'results')}?run={quote(event.value)}"),
        ).props("outlined dense").style("min-width: 20rem")
        button("Try it live", look="primary", icon="o_play_arrow", to=f"{page_of(name, 'live')}?run={chosen.name}")
    _figures(project, report)
    with ui.element("div").classes("two even"):
        with ui.element("section").classes("panel"):
            markup("<h2>What it takes for what</h2>")
            markup(_confusion(report["confusion"], project.labels))
        with ui.element("section").classes("panel"):
            markup("<h2>Is it as sure as it should be?</h2>")
            calibration(report["calibration"]).style("height: 15rem")
            markup(f'<p class="help">Off by {report["calibration"]["error"]:.1%} on average.</p>')
    with ui.element("section").classes("panel"):
        markup("<h2>Each label</h2>")
        _table(report["classes"])
    _mistakes(name, chosen, report["mistakes"])


def _figures(project: Project, report: Mapping[str, Any]) -> None:
    valid, speed = report["valid"], report["speed"]
    boxes = "map50" in valid
    main = valid["map50"] if boxes else valid["accuracy"]
    what = "mean average precision" if boxes else f"right of {valid['examples']} that it had never seen"
    seconds = report["training"].get("seconds")
    rows = [(f"{main:.1%}", what, "lit")]
    rows.append((f"{speed['ms']:.1f} ms", f"{speed['what']}, on {speed['device']}", ""))
    rows.append((str(len(report["training"].get("epochs", ()))), _taken(seconds), ""))
    for form, value in report["parity"].items():
        rows.append((f"{value:.0e}", f"is the most by which the {NAMES.get(form, form)} file differs from the net", ""))
    figures = "".join(
        f'<div class="figure {look}"><b>{text(big)}</b><span>{text(line)}</span></div>' for big, line, look in rows
    )
    markup(f'<div class="figures">{figures}</div>')


def _taken(seconds: float | None) -> str:
    if seconds is None:
        return "epochs"
    return f"epochs, in {seconds:.0f} s" if seconds < 120 else f"epochs, in {seconds / 60:.0f} min"


def _confusion(told: Mapping[str, Any], labels: tuple[str, ...]) -> str:
    """Markup of the table: rows what it is, columns what was answered."""
    heads = "".join(f"<th scope='col'>{_name(column, labels)}</th>" for column in told["columns"])
    few = " few" if len(told["columns"]) <= FEW else ""
    rows = []
    for name, counts in zip(told["rows"], told["counts"], strict=True):
        cells, total = [], max(1, sum(counts))
        for column, count in zip(told["columns"], counts, strict=True):
            if name == NOTHING == column:
                cells.append('<td class="none"></td>')
                continue
            look = "none" if not count else "right" if name == column else "wrong"
            cells.append(f'<td class="{look}" style="--share: {count / total:.3f}">{count}</td>')
        rows.append(f"<tr><th scope='row'>{_name(name, labels)}</th>{''.join(cells)}</tr>")
    return (
        f'<div class="confusion{few}"><table><thead><tr><th>is ↓ · answered →</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _name(name: str, labels: tuple[str, ...]) -> str:
    mark = f"{swatch(labels.index(name))} " if name in labels else ""
    return f"{mark}{text(name)}"


def _table(classes: Mapping[str, Mapping[str, Any]]) -> None:
    area = any("average_precision" in row for row in classes.values())
    columns = [
        ("label", "Label", "left"), ("examples", "There are", "right"), ("answers", "Answered", "right"),
        ("right", "Right", "right"), ("precision", "Precision: answers that are right", "right"),
        ("recall", "Recall: found of what is there", "right"),
        *([("average_precision", "Average precision", "right")] if area else []),
    ]  # fmt: skip
    rows = []
    for label, row in classes.items():
        shares = {key: _percent(row.get(key)) for key in ("precision", "recall", "average_precision")}
        rows.append({"label": label, **{key: row[key] for key in ("examples", "answers", "right")}, **shares})
    heads = [
        {"name": key, "label": label, "field": key, "align": side, "sortable": True} for key, label, side in columns
    ]
    made = ui.table(columns=heads, rows=rows, row_key="label").style("width: 100%")
    made.props("flat hide-pagination :rows-per-page-options='[0]'")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _mistakes(name: str, run: ModelRun, mistakes: list[dict[str, Any]]) -> None:
    with ui.element("section").classes("panel"):
        markup("<h2>Its worst mistakes</h2>")
        if not mistakes:
            note("None on what it was judged with. Try it live: new light, new people, new places.", "good")
            return
        markup(
            '<p class="help">The surest first. Wrongly labelled? Correct it under Collect. Not seen before? Take more '
            "like it.</p>"
        )
        cards = "".join(_mistake(name, run, mistake) for mistake in mistakes)
        markup(f'<div class="mistakes">{cards}</div>')


def _mistake(name: str, run: ModelRun, mistake: Mapping[str, Any]) -> str:
    place = f"/api/projects/{quote(name)}/runs/{quote(run.name)}/files/{quote(str(mistake['picture']))}"
    shown = f'<img src="{text(place)}" alt="" loading="lazy">' if mistake["picture"] else ""
    if shown and place.endswith(VIDEOS):
        shown = f'<video src="{text(place)}" muted loop autoplay playsinline></video>'
    file = text(mistake["file"])
    when = "" if mistake["time"] is None else f", at {mistake['time']:.1f} s"
    truth, answer = f"<b>{text(mistake['truth'])}</b>", f"<b>{text(mistake['answer'])}</b>"
    words = f"{truth}, taken for {answer} <i>{mistake['certainty']:.0%}</i>"
    if mistake["answer"] == NOTHING:
        words = f"{truth}, not found"
    elif mistake["truth"] == NOTHING:
        words = f"{answer}, where there is none <i>{mistake['certainty']:.0%}</i>"
    small = f'<small title="{file}">{file}{when}</small>'
    return f'<figure class="mistake">{shown}<div>{words}{small}</div></figure>'
