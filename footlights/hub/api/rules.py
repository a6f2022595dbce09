"""Rules and what they did."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from footlights.hub.api import answers
from footlights.hub.api.access import Operator, Viewer
from footlights.hub.hub import Hub
from footlights.hub.rules import Kept

router = APIRouter(prefix="/api", tags=["rules"])


class NewRule(BaseModel):
    """A rule: `when` is the condition, `then` what follows."""

    title: str
    definition: dict[str, Any] = Field(
        examples=[
            {
                "when": {"name": "tlSecondaryDetectionCount", "operator": ">", "value": 1},
                "then": {"mail": ["smtp://mail.example.com/operator@example.com"]},
            }
        ]
    )


class ChangedRule(BaseModel):
    """What is to be another way; the rest stays."""

    title: str | None = None
    definition: dict[str, Any] | None = None
    enabled: bool | None = None
    muted_until: float | None = None


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.get("/rules")
def rules(request: Request, user: Viewer) -> list[answers.ShownRule]:
    """Every rule; where its actions go is described, for addresses may hold passwords."""
    return [answers.ShownRule(**_shown(kept, _hub(request))) for kept in _hub(request).rules.all()]


@router.post("/rules", status_code=201)
def add_rule(request: Request, user: Operator, new: NewRule) -> answers.NewNumber:
    """A new rule; it is checked first."""
    number = _hub(request).rules.add(new.title, new.definition)
    _hub(request).people.note(user.name, "made a rule", new.title)
    return answers.NewNumber(id=number)


@router.patch("/rules/{number}", status_code=204)
def change_rule(request: Request, user: Operator, number: int, change: ChangedRule) -> None:
    """Change, mute or disable a rule."""
    values = {name: value for name, value in change.model_dump().items() if name in change.model_fields_set}
    _hub(request).rules.change(number, **values)
    _hub(request).people.note(user.name, "changed a rule", str(number))


@router.delete("/rules/{number}", status_code=204)
def remove_rule(request: Request, user: Operator, number: int) -> None:
    """Forget a rule and what it did."""
    _hub(request).rules.remove(number)
    _hub(request).people.note(user.name, "removed a rule", str(number))


@router.get("/firings")
def firings(
    request: Request, user: Viewer, most: Annotated[int, Query(ge=1, le=1000)] = 100, open_only: bool = False
) -> list[answers.Firing]:
    """What rules did, the newest first."""
    return [answers.Firing(**row) for row in _hub(request).rules.history(most, open_only=open_only)]


@router.post("/firings/{number}/acknowledge", status_code=204)
def acknowledge(request: Request, user: Operator, number: int) -> None:
    """Somebody has seen it."""
    _hub(request).rules.acknowledge(number, user.name)


def _shown(kept: Kept, hub: Hub) -> dict[str, Any]:
    """A rule as anybody may see it: addresses may hold passwords, so that they are described."""
    shown = asdict(kept)
    shown["rule"]["then"].update(hub.rules.described(kept.rule))
    return shown
