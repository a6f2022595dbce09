"""Where devices stand."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import HTTPException
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from footlights.hub import places
from footlights.hub.api.access import Operator, Viewer
from footlights.hub.hub import Hub
from footlights.hub.places import Plan
from footlights.media.page.asked import body_of

router = APIRouter(prefix="/api", tags=["places"])
JPEG: dict[int | str, dict[str, Any]] = {200: {"description": "The picture.", "content": {"image/jpeg": {}}}}


class Place(BaseModel):
    """On the earth in degrees, or on a plan from 0 to 1 from its left top corner, or both. Nothing: nowhere."""

    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    plan: int | None = None
    x: float | None = Field(default=None, ge=0, le=1)
    y: float | None = Field(default=None, ge=0, le=1)
    by: str | None = Field(default=None, description="who put it there; only in answers")


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.put("/devices/{device}/place")
def put(request: Request, user: Operator, device: str, place: Place) -> Place:
    """Put a device somewhere; what is not named stays."""
    wanted: dict[str, Any] = place.model_dump(exclude_none=True, exclude={"by"})
    found = _hub(request).places.place(device, wanted, user.name)
    _hub(request).people.note(user.name, "placed", device)
    return Place(**found)


@router.get("/plans")
def plans(request: Request, user: Viewer) -> list[Plan]:
    """Every plan."""
    return _hub(request).places.plans()


@router.post("/plans", status_code=201)
async def add_plan(request: Request, user: Operator, title: str = "") -> Plan:
    """A new plan; the body is a PNG or JPEG picture."""
    content = await body_of(request, places.LARGEST)
    plan = await run_in_threadpool(_hub(request).places.add, title, content)
    await run_in_threadpool(_hub(request).people.note, user.name, "added a plan", plan.title)
    return plan


@router.get("/plans/{plan}.jpg", response_class=Response, responses=JPEG)
def picture(request: Request, user: Viewer, plan: int) -> Response:
    """The picture of a plan."""
    return answer(_hub(request), plan)


@router.delete("/plans/{plan}", status_code=204)
def remove_plan(request: Request, user: Operator, plan: int) -> None:
    """Forget a plan; devices stand on it no more."""
    _hub(request).places.remove(plan)
    _hub(request).people.note(user.name, "removed a plan", str(plan))


def answer(hub: Hub, plan: int) -> Response:
    """The picture of a plan. Raises HTTPException 404."""
    jpeg = hub.places.picture(plan)
    if jpeg is None:
        raise HTTPException(404, f"there is no plan {plan}")
    return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})
