"""Models for devices: in by people, out to devices that sign for themselves."""

from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from footlights.core.errors import ModelError
from footlights.hub.api.access import Operator, Viewer, check_patience
from footlights.hub.hub import Hub
from footlights.hub.patience import address_of
from footlights.hub.registry import RefusedError

router = APIRouter(prefix="/api", tags=["models"])


class Reference(BaseModel):
    """How a document names a model."""

    reference: str


class KeptModel(Reference):
    """A model, which devices are to run it, and which say that they do."""

    name: str
    digest: str
    kind: str
    size: int = Field(description="bytes")
    labels: tuple[str, ...]
    by: str
    time: float
    note: str
    wanted: tuple[str, ...]
    runs: tuple[str, ...]


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.get("/models")
def models(request: Request, user: Viewer) -> list[KeptModel]:
    """Every model, which devices are to run it, and which say that they do."""
    return [KeptModel(**vars(kept), reference=kept.reference) for kept in _hub(request).models.all()]


@router.post("/models/{name}", status_code=201)
async def upload(request: Request, user: Operator, name: str, note: str = "") -> Reference:
    """Take a model: the body is an ONNX or TFLite file, or an archive of one with labels and card.toml."""
    hub = _hub(request)
    upload = await run_in_threadpool(hub.models.upload)
    try:
        async for piece in request.stream():
            await run_in_threadpool(upload.write, piece)
        model = await run_in_threadpool(hub.models.take, name, upload, user.name, note)
    except ModelError as error:
        raise HTTPException(422, str(error)) from None
    finally:
        upload.close()
    await run_in_threadpool(hub.people.note, user.name, "uploaded a model", str(model))
    return Reference(reference=str(model))


@router.delete("/models/{name}/{digest}", status_code=204)
def remove(request: Request, user: Operator, name: str, digest: str) -> None:
    """Forget a model that no device is to run."""
    _hub(request).models.remove(name, digest)
    _hub(request).people.note(user.name, "removed a model", f"{name} {digest[:12]}")


FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", "content": {"application/octet-stream": {}}}}


@router.get("/device/models/{digest}", response_class=FileResponse, responses=FILE)
def fetch(request: Request, digest: str) -> FileResponse:
    """A model for a device, in parts where it asks for a range. It signs with the key of its certificate."""
    hub, patience = _hub(request), check_patience(request)
    try:
        device = hub.registry.recognise(request.headers.get("authorization", ""), "GET", request.url.path)
    except RefusedError as error:
        patience.wrong(address_of(request))
        raise HTTPException(401, str(error)) from None
    path = hub.models.file(device, digest)
    if path is None:
        raise HTTPException(404, "the hub has no such model for this device")
    return FileResponse(path, media_type="application/octet-stream", headers={"cache-control": "no-store"})
