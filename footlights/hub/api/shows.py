"""Shows: kept by the hub, changed and run by operators."""

import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from footlights.core.errors import SettingsError
from footlights.hub.api.access import Operator, Viewer
from footlights.hub.hub import Hub
from footlights.hub.stage.doing import REMOTE
from footlights.hub.stage.running import Running
from footlights.hub.stage.server import Stage
from footlights.hub.stage.serving import get_runtime
from footlights.hub.stage.shelf import LARGEST_FILE, LARGEST_SHOW, Shelf
from footlights.media.page.asked import TooLongError, body_of
from footlights.recognition.definitions import library
from footlights.wire.show import load

MOST_RUNNING = 20
router = APIRouter(prefix="/api", tags=["shows"])


class KnownShow(BaseModel):
    """A show, and whether it runs."""

    name: str
    title: str
    files: tuple[str, ...] = Field(description="songs and films")
    replays: tuple[str, ...] = Field(description="the oldest first")
    runs: bool


class Addresses(BaseModel):
    """Where a show that runs is found. Those of artist and producer hold a key."""

    audience: str
    artist: str
    producer: str


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


def _stage(request: Request) -> Stage:
    stage: Stage = request.app.state.stage
    return stage


@router.get("/shows")
def shows(request: Request, user: Viewer) -> list[KnownShow]:
    """Every show, and whether it runs."""
    running = _stage(request).shows
    return [KnownShow(**asdict(kept), runs=kept.name in running) for kept in _shelf(request).all()]


@router.get("/shows/{name}", response_class=PlainTextResponse)
def show(request: Request, user: Operator, name: str) -> str:
    """A show as YAML. Effects may hold addresses with passwords, so that operators see it only."""
    return _shelf(request).text(name)


@router.put("/shows/{name}", status_code=204)
async def put_show(request: Request, user: Operator, name: str) -> None:
    """Keep a show: the body is its YAML. One that runs is changed on its own pages, or ended first."""
    if name in _stage(request).shows:
        raise HTTPException(409, "the show runs: end it first, or change it on the producer's page")
    text = (await body_of(request, LARGEST_SHOW)).decode("utf-8", "replace")
    await run_in_threadpool(_shelf(request).put, name, text)
    await run_in_threadpool(_hub(request).people.note, user.name, "put a show", name)


@router.delete("/shows/{name}", status_code=204)
def remove_show(request: Request, user: Operator, name: str) -> None:
    """Forget a show, what it plays and its replays."""
    if name in _stage(request).shows:
        raise HTTPException(409, "the show runs: end it first")
    _shelf(request).remove(name)
    _hub(request).people.note(user.name, "removed a show", name)


@router.put("/shows/{name}/files/{file}", status_code=204)
async def put_file(request: Request, user: Operator, name: str, file: str) -> None:
    """Upload a song or film of a show: the body is the file."""
    path = await run_in_threadpool(_shelf(request).new_file, name, file)
    fresh, size = path.with_suffix(f"{path.suffix}.new"), 0
    opened = await run_in_threadpool(fresh.open, "wb")
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > LARGEST_FILE:
                raise TooLongError(f"a file may have {LARGEST_FILE} bytes")
            await run_in_threadpool(opened.write, piece)
        opened.close()
        fresh.replace(path)
    finally:
        opened.close()
        fresh.unlink(missing_ok=True)


@router.delete("/shows/{name}/files/{file}", status_code=204)
def remove_file(request: Request, user: Operator, name: str, file: str) -> None:
    """Forget a song or film of a show."""
    path = _shelf(request).new_file(name, file)
    if not path.is_file():
        raise HTTPException(404, "there is no such file")
    path.unlink()


@router.get("/shows/{name}/replays/{file}")
def replay(request: Request, user: Viewer, name: str, file: str) -> dict[str, Any]:
    """What stayed of a show: numbers on its timeline."""
    content: dict[str, Any] = json.loads(_shelf(request).replay(name, file).read_text(encoding="utf-8"))
    return content


@router.post("/shows/{name}/run", status_code=201)
async def run(request: Request, user: Operator, name: str) -> Addresses:
    """Open the doors of a show; the artist starts it. Where it runs already, its addresses."""
    stage, shelf = _stage(request), _shelf(request)
    if name not in stage.shows:
        if len(stage.shows) >= MOST_RUNNING:
            raise SettingsError(f"{MOST_RUNNING} shows run already: end one first")
        path = shelf.path(name)
        running = await run_in_threadpool(lambda: Running(path, load(path), library(), kinds=REMOTE))
        stage.shows.setdefault(name, running).start()
        get_runtime()
        await run_in_threadpool(_hub(request).people.note, user.name, "opened a show", name)
    running = stage.shows[name]
    running.join = f"{str(request.base_url).rstrip('/')}/stage/{name}/"
    keys = running.keys
    return Addresses(
        audience=running.join,
        artist=f"{running.join}artist?key={keys.artist}",
        producer=f"{running.join}producer?key={keys.producer}",
    )


@router.delete("/shows/{name}/run", status_code=204)
async def end(request: Request, user: Operator, name: str) -> None:
    """End a show and close its doors."""
    await _stage(request).end(name)
    await run_in_threadpool(_hub(request).people.note, user.name, "ended a show", name)
