"""What pages ask about trainings: how the one that runs goes, and the files of those that ended."""

import shutil
from typing import Any

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from footlights.core.errors import SourceError
from footlights.studio.web.api import media
from footlights.studio.web.exporting import FORMS, packed
from footlights.studio.web.training import Trainings, describe
from footlights.studio.web.workshop import Workshop


def api(workshop: Workshop) -> APIRouter:
    """The routes of trainings."""
    routes = APIRouter(prefix="/api/projects/{name}")

    @routes.get("/training")
    def training(name: str) -> dict[str, Any]:
        return _told(workshop.trainings, str(workshop.project(name).folder))

    @routes.post("/training", status_code=201)
    def start(name: str) -> dict[str, Any]:
        project = workshop.project(name)
        workshop.trainings.start(project)
        return _told(workshop.trainings, str(project.folder))

    @routes.delete("/training")
    def stop(name: str) -> dict[str, Any]:
        project = workshop.project(name)
        if workshop.trainings.progress.project == str(project.folder):
            workshop.trainings.stop()
        return _told(workshop.trainings, str(project.folder))

    @routes.get("/runs")
    def runs(name: str) -> list[dict[str, Any]]:
        return [
            {"name": run.name, "ended": run.model is not None, "line": describe(run)}
            for run in workshop.project(name).runs()
        ]

    @routes.get("/runs/{run}/model")
    def model(name: str, run: str, form: str = "onnx") -> Response:
        project = workshop.project(name)
        wanted = next((each for each in FORMS if each.key == form), None)
        found = next((each for each in project.runs() if each.name == run), None)
        if wanted is None or found is None or not wanted.path(found).exists():
            raise SourceError(f"there is no {form[:20]!r} file of training {run[:20]!r}")
        path, folder = packed(wanted.path(found))
        forget = BackgroundTask(shutil.rmtree, folder, ignore_errors=True) if folder else None
        return FileResponse(path, filename=f"{project.folder.name}-{run}-{path.name}", background=forget)

    @routes.get("/runs/{run}/files/{path:path}")
    def file(name: str, run: str, path: str) -> Response:
        folder = next((each.folder for each in workshop.project(name).runs() if each.name == run), None)
        if folder is None:
            raise SourceError(f"there is no training {run[:20]!r}")
        place = (folder / path).resolve()
        if not place.is_relative_to(folder.resolve()) or not place.is_file():
            raise SourceError(f"training {run} has no file {path[:80]!r}")
        return media(str(place))

    return routes


def _told(trainings: Trainings, folder: str) -> dict[str, Any]:
    progress = trainings.progress
    if progress.project != folder:
        return {"phase": "idle", "busy": trainings.running()}
    return {
        "phase": progress.phase, "busy": trainings.running(), "doing": progress.doing, "left": progress.left,
        "share": round(progress.share, 4), "epochs": progress.epochs, "problem": progress.problem,
        "lines": list(progress.lines)[-20:],
    }  # fmt: skip
