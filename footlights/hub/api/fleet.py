"""Devices, groups, twins, commands and measurements."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import select

from footlights.hub import schema, template
from footlights.hub.api.access import Admin, Operator, Viewer
from footlights.hub.hub import Hub
from footlights.hub.switchboard import COMMANDS
from footlights.media.page.asked import body_of
from footlights.wire import well_known
from footlights.wire.fleet import Desired

router = APIRouter(prefix="/api")
MOST = 1000  # rows of one answer


class NewGroup(BaseModel):
    """A group of devices that enrol with one key."""

    id: str
    title: str = ""
    by_hand: bool = Field(default=False, description="somebody must say yes to each device")


class NewDevice(BaseModel):
    """A device with a key of its own."""

    id: str
    title: str = ""


class NewCommand(BaseModel):
    """Something to do, once."""

    name: str
    arguments: dict[str, Any] = {}
    wait: float = Field(default=0.0, ge=0, le=60, description="seconds in which the answer is waited for")


class Edit(BaseModel):
    """A change of a desired document: a JSON merge patch (RFC 7396)."""

    patch: dict[str, Any]
    why: str = ""


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.get("/groups", tags=["groups"])
def groups(request: Request, user: Admin) -> dict[str, Any]:
    """Every group with its key, and the scope id that all of them have."""
    hub = _hub(request)
    found = [asdict(group) for group in hub.registry.groups()]
    return {"scope": hub.registry.scope, "pin": hub.authority.fingerprint, "groups": found}


@router.post("/groups", tags=["groups"], status_code=201)
def make_group(request: Request, user: Admin, new: NewGroup) -> dict[str, Any]:
    """A new group; the answer holds its key."""
    group = _hub(request).registry.make_group(new.id, new.title, by_hand=new.by_hand)
    _hub(request).people.note(user.name, "made a group", new.id)
    return asdict(group)


@router.get("/devices", tags=["devices"])
def devices(request: Request, user: Viewer) -> list[dict[str, Any]]:
    """Every device of the fleet."""
    return [asdict(device) for device in _hub(request).registry.devices()]


@router.post("/devices", tags=["devices"], status_code=201)
def add_device(request: Request, user: Admin, new: NewDevice) -> dict[str, str]:
    """A device with a key of its own, which the answer holds."""
    key = _hub(request).registry.add(new.id, new.title)
    _hub(request).people.note(user.name, "added a device", new.id)
    return {"id": new.id, "key": key}


@router.post("/devices/{device}/approve", tags=["devices"], status_code=204)
def approve(request: Request, user: Operator, device: str) -> None:
    """Say yes to a device that waits."""
    _hub(request).registry.approve(device)
    _hub(request).people.note(user.name, "approved", device)


@router.post("/devices/{device}/block", tags=["devices"], status_code=204)
def block(request: Request, user: Admin, device: str) -> None:
    """Let a device in no more."""
    _hub(request).block(device)
    _hub(request).people.note(user.name, "blocked", device)


@router.get("/devices/{device}/twin", tags=["twins"])
def twin(request: Request, user: Viewer, device: str) -> dict[str, Any]:
    """What a device is to be, and what it says it is."""
    return asdict(_hub(request).twins.twin(device))


@router.patch("/devices/{device}/twin", tags=["twins"])
def edit_twin(request: Request, user: Operator, device: str, edit: Edit) -> dict[str, Any]:
    """Change the desired document; it is checked first, as the device would."""
    hub = _hub(request)
    return _announce(request, user.name, device, hub.twins.patch(device, edit.patch, user.name, edit.why))


@router.get("/devices/{device}/twin/history", tags=["twins"])
def twin_history(request: Request, user: Viewer, device: str) -> list[dict[str, Any]]:
    """Every version of the desired document, the newest first."""
    return [asdict(edition) for edition in _hub(request).twins.history(device)]


@router.post("/devices/{device}/twin/roll-back", tags=["twins"])
def roll_back(request: Request, user: Operator, device: str, version: int) -> dict[str, Any]:
    """Make an earlier document the desired one again."""
    return _announce(request, user.name, device, _hub(request).twins.roll_back(device, version, user.name))


@router.get("/devices/{device}/properties", tags=["templates"])
def properties(request: Request, user: Viewer, device: str) -> dict[str, Any]:
    """The desired document under the names of the well-known template."""
    return well_known.as_properties(_hub(request).twins.twin(device).desired.document)


@router.patch("/devices/{device}/properties", tags=["templates"])
def edit_properties(request: Request, user: Operator, device: str, change: dict[str, Any]) -> dict[str, Any]:
    """Change the desired document by the writable properties of the well-known template."""
    hub = _hub(request)
    patch = well_known.as_patch(change, hub.twins.twin(device).desired.document)
    return _announce(request, user.name, device, hub.twins.patch(device, patch, user.name, "by its properties"))


@router.get("/template", tags=["templates"])
def own_template(user: Viewer, app: str | None = None) -> dict[str, Any]:
    """The device template in DTDL version 3, with the settings of one app."""
    return template.interface(app)


@router.post("/template", tags=["templates"])
async def read_template(request: Request, user: Operator) -> dict[str, Any]:
    """Read somebody's template: what it holds, and what is not understood here."""
    body = await body_of(request, template.LARGEST)
    found = template.read(body.decode("utf-8", "replace"))
    return {**asdict(found), "unknown": found.unknown()}


@router.get("/commands", tags=["commands"])
def command_names(user: Viewer) -> dict[str, str]:
    """What devices can be told to do; there is no other way to make them do something."""
    return COMMANDS


@router.post("/devices/{device}/commands", tags=["commands"])
def command(request: Request, user: Operator, device: str, new: NewCommand) -> dict[str, Any]:
    """Tell a device to do something, and wait a while for its answer."""
    hub = _hub(request)
    said = hub.switchboard.command(device, new.name, new.arguments, user.name)
    hub.people.note(user.name, f"command {new.name}", device)
    return dict(hub.switchboard.answer(said.id, new.wait))


@router.get("/devices/{device}/telemetry", tags=["telemetry"])
def telemetry(
    request: Request,
    user: Viewer,
    device: str,
    name: str,
    stream: str = "",
    seconds: Annotated[int, Query(description="60 or 3600")] = 60,
    most: Annotated[int, Query(ge=1, le=MOST)] = 60,
) -> list[dict[str, Any]]:
    """One measurement by minute or hour, the newest last."""
    table = schema.rollups.c
    mine = (table.device == device, table.stream == stream, table.name == name, table.seconds == seconds)
    with _hub(request).database.read() as connection:
        wanted = select(schema.rollups).where(*mine).order_by(table.start.desc()).limit(most)
        return [dict(row) for row in reversed(connection.execute(wanted).mappings().all())]


@router.get("/devices/{device}/messages", tags=["telemetry"])
def messages(
    request: Request,
    user: Viewer,
    device: str,
    kind: str | None = None,
    before: int | None = None,
    most: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> list[dict[str, Any]]:
    """What a device said, the newest first; `before` takes the id of the last row of the answer before."""
    table = schema.messages.c
    wanted = select(schema.messages).where(table.device == device).order_by(table.id.desc()).limit(most)
    if kind is not None:
        wanted = wanted.where(table.kind == kind)
    if before is not None:
        wanted = wanted.where(table.id < before)
    with _hub(request).database.read() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]


def _announce(request: Request, by: str, device: str, desired: Desired) -> dict[str, Any]:
    hub = _hub(request)
    hub.switchboard.say_desired(device, desired)
    hub.people.note(by, f"twin version {desired.version}", device)
    return asdict(desired)
