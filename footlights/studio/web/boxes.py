"""Boxes on frames: reading and writing them, frames from any source, suggestions of a model."""

import asyncio
import functools
import json
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, StreamingResponse

from footlights.core.errors import FootlightsError, ModelError, SettingsError
from footlights.core.frame import Frame
from footlights.media.images import load
from footlights.media.picture import ArrayPicture
from footlights.models.cache import find
from footlights.models.cards import card
from footlights.perception.objects import ObjectDetector
from footlights.studio.boxes.exchange import Form, export_boxes, write_boxes
from footlights.studio.grabbing import frames_of, opened_for
from footlights.studio.manifest import Item
from footlights.studio.project import Project
from footlights.studio.web.api import Asked, facts, row
from footlights.studio.web.workshop import Workshop

GENERAL = "yolox-nano"  # card of the detector that suggests before there is a model of one's own
SURE = 0.35  # score from which a box is suggested
MOST_BOXES = 1000  # of one frame
MOST_FRAMES = 500  # of one grab
PATIENCE = 600.0  # seconds that a grab may last

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Box(BaseModel):
    """A box in shares of the picture; `label` is a name of the project's."""

    model_config = ConfigDict(extra="forbid")
    label: str | None
    left: Share
    top: Share
    right: Share
    bottom: Share

    @model_validator(mode="after")
    def _has_area(self) -> "Box":
        if self.right - self.left < 1e-4 or self.bottom - self.top < 1e-4:
            raise ValueError("a box needs a width and a height")
        return self


class Drawn(Asked):
    """All boxes of a frame."""

    boxes: Annotated[list[Box], Field(max_length=MOST_BOXES)]


class Grab(Asked):
    """Frames to take from a source."""

    source: Annotated[str, Field(min_length=1, max_length=500)]
    count: Annotated[int, Field(ge=1, le=MOST_FRAMES)] = 20
    every: Annotated[float, Field(ge=0.02, le=600, allow_inf_nan=False)] = 1.0


def api(workshop: Workshop) -> APIRouter:
    """The routes of projects of boxes."""
    routes = APIRouter(prefix="/api/projects/{name}")

    def opened(name: str) -> Project:
        project = workshop.project(name)
        if project.kind != "boxes":
            raise SettingsError(f"'{project.title}' is a project of {project.kind}; boxes belong to one of boxes")
        return project

    @routes.get("/frames")
    def frames(name: str) -> dict[str, Any]:
        project = opened(name)
        rows = [{**row(item), "boxes": _told(notes_of(project, item), project)} for item in project.examples()]
        return {**facts(name, project), "frames": rows}

    @routes.get("/boxes/{path:path}")
    def get(name: str, path: str) -> dict[str, Any]:
        project = opened(name)
        return {"boxes": _told(project.boxes_file(path), project)}

    @routes.put("/boxes/{path:path}")
    def put(name: str, path: str, drawn: Drawn) -> dict[str, Any]:
        project = opened(name)
        write(project, path, drawn.boxes)
        return {"boxes": _told(project.boxes_file(path), project)}

    @routes.post("/suggest/{path:path}")
    def suggest(name: str, path: str) -> dict[str, Any]:
        project = opened(name)
        model, by = _suggester(project)
        found = suggested(model, project.file(path), project.labels)
        return {"by": by, "boxes": [box.model_dump() for box in found]}

    @routes.get("/boxes.zip")
    def exported(name: str, form: Form) -> FileResponse:
        project = opened(name)
        folder = Path(tempfile.mkdtemp(prefix="footlights-boxes-"))
        forget = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        try:
            export_boxes(project, folder / form, form)
            archive = shutil.make_archive(str(folder / "boxes"), "zip", folder / form)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return FileResponse(archive, filename=f"{project.folder.name}-{form}.zip", background=forget)

    @routes.post("/grab")
    async def grab(name: str, asked: Grab) -> StreamingResponse:
        grabbing = await asyncio.to_thread(lambda: Grabbing(opened(name), asked))
        return StreamingResponse(_lines(grabbing), media_type="application/x-ndjson")

    return routes


def boxes_in(notes: Path, labels: Sequence[str]) -> list[Box] | None:
    """The boxes that a file of notes holds; None where there is none, because nobody has looked at the frame yet.
    Lines that name no known class are left out.
    """
    try:
        text = notes.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) != 5 or not words[0].isdecimal() or int(words[0]) >= len(labels):
            continue
        x, y, width, height = (float(word) for word in words[1:])
        edges = (max(0.0, x - width / 2), max(0.0, y - height / 2), min(1.0, x + width / 2), min(1.0, y + height / 2))
        if edges[2] > edges[0] and edges[3] > edges[1]:
            left, top, right, bottom = edges
            label = labels[int(words[0])]
            found.append(Box.model_construct(label=label, left=left, top=top, right=right, bottom=bottom))
    return found


def write(project: Project, path: str, boxes: list[Box]) -> None:
    """Keep the boxes of a frame. Raises SettingsError for a label that the project has not."""
    for box in boxes:
        if box.label not in project.labels:
            raise SettingsError(f"the project has no label {box.label!r}; there are: {', '.join(project.labels)}")
    edges = np.array([[box.left, box.top, box.right, box.bottom] for box in boxes], np.float32).reshape(-1, 4)
    write_boxes(project, path, edges, [project.labels.index(str(box.label)) for box in boxes])


def suggested(model: str, picture: Path, labels: tuple[str, ...]) -> list[Box]:
    """What a model finds on a picture. A label that the project does not know is None: the user chooses."""
    image = load(picture)
    height, width = image.shape[:2]
    found = _detector(model).find(Frame(ArrayPicture(image), 0.0, "frame", 0))
    boxes = []
    for edges, score, label in zip(found.boxes.tolist(), found.scores.tolist(), found.labels, strict=True):
        left, top, right, bottom = edges[0] / width, edges[1] / height, edges[2] / width, edges[3] / height
        if score >= SURE and right - left > 1e-3 and bottom - top > 1e-3:
            known = label if label in labels else None
            boxes.append(Box.model_construct(label=known, left=left, top=top, right=right, bottom=bottom))
    return boxes


class Grabbing:
    """Frames that come from a source into a project, as lines for the page.

    Raises SourceError where the source cannot be opened.
    """

    def __init__(self, project: Project, asked: Grab) -> None:
        if asked.source.startswith("browser:"):
            raise SettingsError("a browser's camera cannot be grabbed from here; open the studio in that browser")
        self._source = opened_for(project, asked.source)
        self._found = frames_of(project, self._source, asked.source, asked.count, asked.every)
        self._watch = threading.Timer(PATIENCE, self._source.close)
        self._watch.daemon = True
        self._watch.start()

    def next(self) -> dict[str, str] | None:
        """The next frame, or why it was left out; None where it is over."""
        found = next(self._found, None)
        return {"left_out": found} if isinstance(found, str) else None if found is None else row(found)

    def close(self) -> None:
        """Let go of the source."""
        self._watch.cancel()
        self._source.close()


async def _lines(grabbing: Grabbing) -> AsyncIterator[str]:
    """One line of JSON for each frame as it is taken. Whoever hangs up ends the grab."""
    try:
        while (line := await asyncio.to_thread(grabbing.next)) is not None:
            yield json.dumps(line) + "\n"
    except FootlightsError as error:
        yield json.dumps({"error": str(error).splitlines()[0]}) + "\n"
    finally:
        grabbing.close()


def notes_of(project: Project, item: Item) -> Path:
    """Where the boxes of a frame of the manifest are, without looking it up there again."""
    return project.folder / "labels" / f"{Path(item.path).stem}.txt"


def _told(notes: Path, project: Project) -> list[dict[str, Any]] | None:
    boxes = boxes_in(notes, project.labels)
    return None if boxes is None else [box.model_dump() for box in boxes]


def _suggester(project: Project) -> tuple[str, str]:
    """The model that suggests, and who it is: the project's newest one, or else a general one."""
    newest = next((run.model for run in reversed(project.runs()) if run.model is not None), None)
    if newest is not None:
        return str(newest), f"your model {newest.parent.name}"
    try:
        find(card(GENERAL))
    except ModelError as error:
        raise SettingsError(
            f"there is no model yet that could suggest boxes: train one, or type footlights models pull {GENERAL}"
        ) from error
    return GENERAL, "a general model, which knows 80 everyday things"


@functools.lru_cache(maxsize=2)
def _detector(model: str) -> ObjectDetector:
    return ObjectDetector(model, threads=1)
