"""The socket through which a browser tries a model: one JPEG in a message, one answer for each."""

import asyncio
import json
import logging

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from footlights.core.errors import FootlightsError, SettingsError
from footlights.studio.project import ModelRun, Project
from footlights.studio.web.trial import Trial
from footlights.studio.web.workshop import Workshop

log = logging.getLogger(__name__)
REFUSED = 4400  # closing code: trying again would change nothing


def api(workshop: Workshop) -> APIRouter:
    """The route of the socket."""
    routes = APIRouter(prefix="/api/projects/{name}")

    @routes.websocket("/live")
    async def live(socket: WebSocket, name: str, run: str = "") -> None:
        await socket.accept()
        try:
            trial = await asyncio.to_thread(_begin, workshop, name, run)
        except FootlightsError as error:
            await _refuse(socket, error)
            return
        try:
            await socket.send_text(json.dumps({"type": "ready", "labels": list(trial.model.labels)}))
            await _answer(socket, trial)
        except WebSocketDisconnect:
            log.debug("the page was closed")
        except FootlightsError as error:
            await _refuse(socket, error)
        finally:
            workshop.trials.end()

    return routes


async def _answer(socket: WebSocket, trial: Trial) -> None:
    """Until the browser leaves."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            told = await asyncio.to_thread(trial.look, message.get("bytes") or b"")
        except FootlightsError as error:
            told = {"problem": str(error).splitlines()[0]}
        await socket.send_text(json.dumps({"type": "answer", **told}))


async def _refuse(socket: WebSocket, error: FootlightsError) -> None:
    await socket.send_text(json.dumps({"type": "refused", "problem": str(error).splitlines()[0]}))
    await socket.close(REFUSED)


def _begin(workshop: Workshop, name: str, run: str) -> Trial:
    project = workshop.project(name)
    return workshop.trials.begin(project, chosen(project, run))


def chosen(project: Project, name: str) -> ModelRun:
    """A training by its name, or the newest that has ended. Raises SettingsError where there is none."""
    runs = [run for run in project.runs() if run.model is not None and name in ("", run.name)]
    if not runs:
        raise SettingsError("there is no model to try yet; train one first" if not name else f"no training is {name!r}")
    return runs[-1]
