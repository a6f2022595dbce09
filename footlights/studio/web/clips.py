"""Recordings: the strip of pictures under the timeline, tags, and clips that are cut from them."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from footlights.core.errors import SettingsError
from footlights.studio.clips.cutting import cut_tagged, frame_rate, mirrored
from footlights.studio.clips.tags import Form, Segment, read_form, read_tags, to_form, write_tags
from footlights.studio.project import Project
from footlights.studio.web.api import FOREVER, FRESH, Asked, row
from footlights.studio.web.previews import STRIP, length, strip
from footlights.studio.web.uploads import received
from footlights.studio.web.workshop import Workshop

HEIGHT = 74  # pixels of the strip
MOST_SEGMENTS = 2000

Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class Tag(BaseModel):
    """A segment of a recording."""

    model_config = ConfigDict(extra="forbid")
    begin: Seconds
    end: Seconds
    label: str


class Tags(Asked):
    """All segments of a recording."""

    segments: Annotated[list[Tag], Field(max_length=MOST_SEGMENTS)]


class Cut(Asked):
    """How clips are made of the tags of a recording."""

    mirror: bool = False  # the mirror image of each, too


def api(workshop: Workshop) -> APIRouter:
    """The routes of projects of clips."""
    routes = APIRouter(prefix="/api/projects/{name}")

    def opened(name: str, path: str) -> Project:
        project = workshop.project(name)
        if project.kind != "clips" or not path.startswith("recordings/"):
            raise SettingsError(f"{path[:80]!r} is no recording of a project of clips")
        return project

    @routes.get("/strip/{path:path}")
    def pictures(name: str, path: str, count: Annotated[int, Query(ge=1, le=STRIP)] = 60) -> Response:
        project = opened(name, path)
        place = project.file(path)
        digest = next(item.sha256 for item in project.items() if item.path == path)
        return Response(strip(place, digest, count, HEIGHT), headers=FOREVER, media_type="image/jpeg")

    @routes.get("/tags/{path:path}")
    def tags(name: str, path: str) -> dict[str, Any]:
        place = opened(name, path).file(path)
        return {"seconds": length(place), "segments": [asdict(segment) for segment in read_tags(place)]}

    @routes.put("/tags/{path:path}")
    def put(name: str, path: str, told: Tags) -> dict[str, int]:
        write_tags(opened(name, path).file(path), [Segment(tag.begin, tag.end, tag.label) for tag in told.segments])
        return {"kept": len(told.segments)}

    @routes.get("/tags-file/{path:path}")
    def given(name: str, path: str, form: Form = "csv") -> Response:
        place = opened(name, path).file(path)
        text = to_form(read_tags(place), form, frame_rate(place), place.name)
        called = f"{place.stem}.{'csv' if form == 'csv' else f'{form}.json'}"
        headers = {**FRESH, "content-disposition": f"attachment; filename*=utf-8''{quote(called)}"}
        return Response(text, headers=headers, media_type="text/csv" if form == "csv" else "application/json")

    @routes.post("/tags-file/{path:path}")
    async def taken(name: str, path: str, request: Request, form: Form = "csv") -> dict[str, int]:
        project = await asyncio.to_thread(opened, name, path)
        async with received(request, "picture", project.folder) as draft:
            return {"kept": await asyncio.to_thread(_take, project, path, draft, form)}

    @routes.post("/split/{path:path}")
    def split(name: str, path: str, asked: Cut) -> dict[str, Any]:
        project = opened(name, path)
        item = next(item for item in project.items() if item.path == path)
        made = cut_tagged(project, item)
        if asked.mirror:
            made += [mirrored(project, clip) for clip in made]
        return {"clips": [row(clip) for clip in made]}

    return routes


def _take(project: Project, path: str, draft: Path, form: Form) -> int:
    """The tags of a label tool's file take the place of those that were there; how many."""
    place = project.file(path)
    segments = read_form(draft, form, frame_rate(place))
    for label in dict.fromkeys(segment.label for segment in segments):
        if label not in project.labels:
            project.add_label(label)
    write_tags(place, segments)
    return len(segments)
