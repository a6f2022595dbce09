"""Shows: kept by the hub, changed and run by operators."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from footlights.hub import shows as kept
from footlights.hub.api.access import Operator, Viewer
from footlights.hub.shows import CLOSED, RunsError, Shows
from footlights.hub.stage.shelf import LARGEST_SHOW
from footlights.media.page.asked import body_of

router = APIRouter(prefix="/api", tags=["shows"])


class KnownShow(BaseModel):
    """A show, and how it runs."""

    name: str
    title: str
    plays: str = Field(description="the song or film along which it runs; empty: none")
    files: tuple[str, ...] = Field(description="songs and films")
    replays: tuple[str, ...] = Field(description="the oldest first")
    runs: bool
    state: str = Field(description="closed, waiting, playing, paused or ended")
    present: int = Field(description="members who are there")


class Addresses(BaseModel):
    """Where a show that runs is found. Those of artist and producer hold a key."""

    audience: str
    artist: str
    producer: str


def _shows(request: Request) -> Shows:
    shows: Shows = request.app.state.shows
    return shows


@contextmanager
def _runs() -> Iterator[None]:
    """What a running show does not allow is a conflict."""
    try:
        yield
    except RunsError as error:
        raise HTTPException(409, str(error)) from None


@router.get("/shows")
def shows(request: Request, user: Viewer) -> list[KnownShow]:
    """Every show, and how it runs."""
    return [_described(known) for known in _shows(request).all()]


@router.get("/shows/{name}", response_class=PlainTextResponse)
def show(request: Request, user: Operator, name: str) -> str:
    """A show as YAML. Effects may hold addresses with passwords, so that operators see it only."""
    return _shows(request).shelf.text(name)


@router.put("/shows/{name}", status_code=204)
async def put_show(request: Request, user: Operator, name: str) -> None:
    """Keep a show: the body is its YAML. One that runs is changed on its own pages, or ended first."""
    text = (await body_of(request, LARGEST_SHOW)).decode("utf-8", "replace")
    with _runs():
        await run_in_threadpool(_shows(request).put, name, text, user.name)


@router.delete("/shows/{name}", status_code=204)
def remove_show(request: Request, user: Operator, name: str) -> None:
    """Forget a show, what it plays and its replays."""
    with _runs():
        _shows(request).remove(name, user.name)


@router.put("/shows/{name}/files/{file}", status_code=204)
async def put_file(request: Request, user: Operator, name: str, file: str) -> None:
    """Upload a song or film of a show: the body is the file."""
    upload = await run_in_threadpool(_shows(request).upload, name, file)
    try:
        async for piece in request.stream():
            await run_in_threadpool(upload.write, piece)
        await run_in_threadpool(upload.keep)
    finally:
        upload.close()


@router.delete("/shows/{name}/files/{file}", status_code=204)
def remove_file(request: Request, user: Operator, name: str, file: str) -> None:
    """Forget a song or film of a show."""
    if not _shows(request).shelf.remove_file(name, file):
        raise HTTPException(404, "there is no such file")


@router.get("/shows/{name}/replays/{file}")
def replay(request: Request, user: Viewer, name: str, file: str) -> dict[str, Any]:
    """What stayed of a show: numbers on its timeline."""
    content: dict[str, Any] = json.loads(_shows(request).shelf.replay(name, file).read_text(encoding="utf-8"))
    return content


@router.post("/shows/{name}/run", status_code=201)
async def run(request: Request, user: Operator, name: str) -> Addresses:
    """Open the doors of a show; the artist starts it. Where it runs already, its addresses."""
    found = await _shows(request).open(name, str(request.base_url).rstrip("/"), user.name)
    return Addresses(**asdict(found))


@router.delete("/shows/{name}/run", status_code=204)
async def end(request: Request, user: Operator, name: str) -> None:
    """End a show and close its doors."""
    await _shows(request).end(name, user.name)


def _described(known: kept.KnownShow) -> KnownShow:
    runs = known.state != CLOSED
    return KnownShow(**asdict(known.kept), runs=runs, state=known.state, present=known.present)
