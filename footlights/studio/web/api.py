"""What the pages ask the server for: projects, their files and labels, as JSON."""

import asyncio
import mimetypes
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, JSONResponse, Response

from footlights.core.errors import FootlightsError, SettingsError, SourceError
from footlights.studio.manifest import Item, Split
from footlights.studio.project import Kind, Project
from footlights.studio.web.previews import SIDES, preview
from footlights.studio.web.uploads import received
from footlights.studio.web.workshop import Workshop

FOREVER = {"cache-control": "private, max-age=31536000, immutable"}  # of what is asked for with its hash
FRESH = {"cache-control": "no-store"}
NO_SCRIPTS = {"content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff"}
MOST_AT_ONCE = 5000  # files that may be named in one request


class Asked(BaseModel):
    """A body; what is not named here is refused."""

    model_config = ConfigDict(extra="forbid")


class NewProject(Asked):
    """A project to be made."""

    kind: Kind
    title: Annotated[str, Field(max_length=200)]
    labels: Annotated[list[str], Field(max_length=200)] = []


class Paths(Asked):
    """Files of a project."""

    paths: Annotated[list[str], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Move(Paths):
    """Files that get another label or another side of the split."""

    label: str | None = None
    split: Split | None = None


def api(workshop: Workshop) -> APIRouter:
    """The routes under /api/projects that all kinds of projects share."""
    routes = APIRouter(prefix="/api/projects")

    @routes.get("")
    def projects() -> list[dict[str, Any]]:
        return [_facts_or_problem(workshop, name) for name in workshop.names()]

    @routes.post("", status_code=201)
    def create(asked: NewProject) -> dict[str, Any]:
        name = workshop.create(asked.kind, asked.title, asked.labels)
        return facts(name, workshop.project(name))

    @routes.get("/{name}")
    def project(name: str) -> dict[str, Any]:
        return facts(name, workshop.project(name))

    @routes.post("/{name}/labels", status_code=201)
    def add_label(name: str, label: Annotated[str, Body(embed=True, max_length=200)]) -> dict[str, str]:
        return {"label": workshop.project(name).add_label(label)}

    _add_files(routes, workshop)
    return routes


def _add_files(routes: APIRouter, workshop: Workshop) -> None:
    """What a project holds: taken in, given out, taken away and brought back."""

    @routes.get("/{name}/items")
    def items(name: str, label: str | None = None) -> list[dict[str, Any]]:
        return [row(item) for item in workshop.project(name).items(label)]

    @routes.post("/{name}/items")
    async def add(name: str, request: Request, label: str = "", called: str = "", recording: str = "") -> Any:
        opened = await asyncio.to_thread(workshop.project, name)
        called = called[-200:] or "unnamed"
        try:
            async with received(request, opened.medium, opened.folder) as path:
                item = await asyncio.to_thread(opened.add, path, label, name=called, recording=recording[-200:])
        except SourceError as error:
            return problem(str(error), 422)
        return JSONResponse(row(item), 201)

    @routes.post("/{name}/remove")
    def remove(name: str, asked: Paths) -> dict[str, int]:
        return {"removed": workshop.project(name).remove(asked.paths)}

    @routes.post("/{name}/move")
    def move(name: str, asked: Move) -> list[dict[str, Any]]:
        opened = workshop.project(name)
        opened.move(asked.paths, asked.label, asked.split)
        return [row(item) for item in opened.items()]

    @routes.post("/{name}/undo")
    def undo(name: str) -> list[dict[str, Any]]:
        return [row(item) for item in workshop.project(name).undo()]

    @routes.get("/{name}/files/{path:path}")
    def file(name: str, path: str, side: Annotated[int | None, Query()] = None) -> Response:
        opened = workshop.project(name)
        place, item = opened.file(path), next(item for item in opened.items() if item.path == path)
        if side is not None:
            if side not in SIDES:
                raise SettingsError(f"previews have {', '.join(map(str, SIDES))} pixels, not {side}")
            return Response(preview(place, item.sha256, side), headers=FOREVER, media_type="image/jpeg")
        return media(str(place))


def media(path: str) -> Response:
    """A file of a project, read by ranges; whatever it holds, a browser runs nothing of it."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return FileResponse(path, media_type=kind, headers={**NO_SCRIPTS, "cache-control": "private, no-cache"})


def facts(name: str, project: Project) -> dict[str, Any]:
    """What a page needs to know of a project."""
    items = project.items()
    examples = project.examples()
    counts = {label: sum(item.label == label for item in items) for label in (*project.labels, "")}
    newest = next((run for run in reversed(project.runs()) if run.model is not None), None)
    return {
        "name": name, "kind": project.kind, "title": project.title, "labels": list(project.labels), "counts": counts,
        "examples": len(examples), "valid": sum(item.split == "valid" for item in examples),
        "newest": newest.name if newest else None,
    }  # fmt: skip


def _facts_or_problem(workshop: Workshop, name: str) -> dict[str, Any]:
    try:
        return facts(name, workshop.project(name))
    except FootlightsError as error:  # the others are there all the same
        return {"name": name, "problem": str(error).splitlines()[0]}


def row(item: Item) -> dict[str, str]:
    """A file, as pages know it; `v` marks its content in addresses."""
    return {
        "path": item.path, "label": item.label, "split": item.split, "recording": item.recording, "added": item.added,
        "v": item.sha256[:12],
    }  # fmt: skip


def problem(message: str, status: int) -> Response:
    """What went wrong, in one line."""
    return JSONResponse({"error": message}, status, headers=FRESH)
