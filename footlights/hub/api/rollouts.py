"""Changes of many devices: what they would do, and roll-outs from stage to stage."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from footlights.hub.api import answers
from footlights.hub.api.access import Operator, Viewer
from footlights.hub.hub import Hub
from footlights.hub.rollouts import Change, Member, Rollout, Selection

router = APIRouter(prefix="/api/rollouts", tags=["rollouts"])


class Chosen(BaseModel):
    """Devices by name, those of a group, or both; and a JSON merge patch (RFC 7396) of their documents."""

    devices: list[str] = []
    group: str | None = None
    patch: dict[str, Any]

    def selection(self) -> Selection:
        """Who is meant."""
        return Selection(tuple(self.devices), self.group)


class NewRollout(Chosen):
    """A change for many devices."""

    title: str = ""
    plan: dict[str, Any] = Field(
        default={}, examples=[{"stages": [10, 100], "settle": 60, "threshold": 0}, {"stages": [100]}]
    )
    leave_out: bool = Field(default=False, description="leave out devices that would refuse it, and begin anyway")


@dataclass(frozen=True)
class WholeRollout(Rollout):
    """A roll-out with all of its devices."""

    devices: tuple[Member, ...]


class Kept(BaseModel):
    """Devices that somebody changed meanwhile: they keep what they have."""

    kept: list[str]


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.post("/preview")
def preview(request: Request, user: Viewer, chosen: Chosen) -> list[Change]:
    """What a change would do to every device, and who would refuse it and why. Nothing is changed."""
    return list(_hub(request).rollouts.preview(chosen.selection(), chosen.patch))


@router.get("")
def rollouts(request: Request, user: Viewer) -> list[Rollout]:
    """Every roll-out, the newest first."""
    return list(_hub(request).rollouts.all())


@router.post("", status_code=201)
def start(request: Request, user: Operator, new: NewRollout) -> answers.NewNumber:
    """Begin a roll-out."""
    hub = _hub(request)
    number = hub.rollouts.start(new.title, new.selection(), new.patch, user.name, new.plan, leave_out=new.leave_out)
    hub.people.note(user.name, "began a roll-out", f"{number} {new.title}")
    hub.rollout_steps.wake()
    return answers.NewNumber(id=number)


@router.get("/{number}")
def rollout(request: Request, user: Viewer, number: int) -> WholeRollout:
    """One roll-out with all of its devices."""
    found = _hub(request).rollouts.one(number)
    return WholeRollout(**vars(found), devices=tuple(_hub(request).rollouts.members(number)))


@router.post("/{number}/stop", status_code=204)
def stop(request: Request, user: Operator, number: int) -> None:
    """Send it to no more devices."""
    _hub(request).rollouts.stop(number, user.name)
    _hub(request).people.note(user.name, "stopped a roll-out", str(number))


@router.post("/{number}/resume", status_code=204)
def resume(request: Request, user: Operator, number: int) -> None:
    """Go on, without the devices that failed."""
    _hub(request).rollouts.resume(number)
    _hub(request).people.note(user.name, "resumed a roll-out", str(number))
    _hub(request).rollout_steps.wake()


@router.post("/{number}/roll-back")
def roll_back(request: Request, user: Operator, number: int) -> Kept:
    """Give every device its old document again; `kept` are those that somebody changed meanwhile."""
    kept = _hub(request).rollouts.roll_back(number, user.name)
    _hub(request).people.note(user.name, "took a roll-out back", str(number))
    return Kept(kept=kept)
