"""Devices, groups, twins and commands."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from footlights.hub import template
from footlights.hub.api import answers
from footlights.hub.api.access import Admin, Operator, Viewer
from footlights.hub.hub import Hub
from footlights.hub.registry import Device, Group
from footlights.hub.switchboard import COMMANDS
from footlights.hub.twins import Edition, Twin
from footlights.media.page.asked import body_of
from footlights.wire import well_known
from footlights.wire.fleet import Desired

router = APIRouter(prefix="/api")


class NewGroup(BaseModel):
    """A group of devices that enrol with one key."""

    id: str
    title: str = ""
    by_hand: bool = Field(default=False, description="somebody must say yes to each device")


class NewDevice(BaseModel):
    """A device with a key of its own."""

    id: str
    title: str = ""


class ChangedGroup(BaseModel):
    """What is to be another way; the rest stays."""

    title: str | None = None
    by_hand: bool | None = None
    open: bool | None = Field(default=None, description="takes new devices")
    new_key: bool = Field(default=False, description="the old key enrols nobody any more")


class ChangedDevice(BaseModel):
    """What is to be another way; an empty group takes the device out of its own."""

    title: str | None = None
    group: str | None = None


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
def groups(request: Request, user: Admin) -> answers.Groups:
    """Every group with its key, and the scope id that all of them have."""
    hub = _hub(request)
    return answers.Groups(scope=hub.registry.scope, pin=hub.authority.fingerprint, groups=hub.registry.groups())


@router.post("/groups", tags=["groups"], status_code=201)
def make_group(request: Request, user: Admin, new: NewGroup) -> Group:
    """A new group; the answer holds its key."""
    group = _hub(request).registry.make_group(new.id, new.title, by_hand=new.by_hand)
    _hub(request).people.note(user.name, "made a group", new.id)
    return group


@router.patch("/groups/{group}", tags=["groups"], status_code=204)
def change_group(request: Request, user: Admin, group: str, change: ChangedGroup) -> None:
    """Change a group."""
    _hub(request).registry.change_group(
        group, title=change.title, by_hand=change.by_hand, opened=change.open, new_key=change.new_key
    )
    _hub(request).people.note(user.name, "changed a group", group)


@router.get("/devices", tags=["devices"])
def devices(request: Request, user: Viewer) -> list[Device]:
    """Every device of the fleet."""
    return _hub(request).registry.devices()


@router.post("/devices", tags=["devices"], status_code=201)
def add_device(request: Request, user: Admin, new: NewDevice) -> answers.NewKey:
    """A device with a key of its own, which the answer holds."""
    key = _hub(request).registry.add(new.id, new.title)
    _hub(request).people.note(user.name, "added a device", new.id)
    return answers.NewKey(id=new.id, key=key)


@router.patch("/devices/{device}", tags=["devices"], status_code=204)
def change_device(request: Request, user: Admin, device: str, change: ChangedDevice) -> None:
    """Change the title of a device, or its group."""
    _hub(request).registry.change_device(device, title=change.title, group=change.group)
    _hub(request).people.note(user.name, "changed a device", device)


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
def twin(request: Request, user: Viewer, device: str) -> Twin:
    """What a device is to be, and what it says it is."""
    return _hub(request).twins.twin(device)


@router.patch("/devices/{device}/twin", tags=["twins"])
def edit_twin(request: Request, user: Operator, device: str, edit: Edit) -> Desired:
    """Change the desired document; it is checked first, as the device would."""
    hub = _hub(request)
    return _announce(request, user.name, device, hub.twins.patch(device, edit.patch, user.name, edit.why))


@router.get("/devices/{device}/twin/history", tags=["twins"])
def twin_history(request: Request, user: Viewer, device: str) -> list[Edition]:
    """Every version of the desired document, the newest first."""
    return list(_hub(request).twins.history(device))


@router.post("/devices/{device}/twin/roll-back", tags=["twins"])
def roll_back(request: Request, user: Operator, device: str, version: int) -> Desired:
    """Make an earlier document the desired one again."""
    return _announce(request, user.name, device, _hub(request).twins.roll_back(device, version, user.name))


@router.get("/devices/{device}/properties", tags=["templates"])
def properties(request: Request, user: Viewer, device: str) -> dict[str, Any]:
    """The desired document under the names of the well-known template."""
    return well_known.as_properties(_hub(request).twins.twin(device).desired.document)


@router.patch("/devices/{device}/properties", tags=["templates"])
def edit_properties(request: Request, user: Operator, device: str, change: dict[str, Any]) -> Desired:
    """Change the desired document by the writable properties of the well-known template."""
    hub = _hub(request)
    patch = well_known.as_patch(change, hub.twins.twin(device).desired.document)
    return _announce(request, user.name, device, hub.twins.patch(device, patch, user.name, "by its properties"))


@router.get("/template", tags=["templates"])
def own_template(user: Viewer, app: str | None = None) -> dict[str, Any]:
    """The device template in DTDL version 3, with the settings of one app."""
    return template.interface(app)


@router.post("/template", tags=["templates"])
async def read_template(request: Request, user: Operator) -> answers.Template:
    """Read somebody's template: what it holds, and what is not understood here."""
    body = await body_of(request, template.LARGEST)
    found = template.read(body.decode("utf-8", "replace"))
    return answers.Template(**asdict(found), unknown=list(found.unknown()))


@router.get("/commands", tags=["commands"])
def command_names(user: Viewer) -> dict[str, str]:
    """What devices can be told to do; there is no other way to make them do something."""
    return COMMANDS


@router.post("/devices/{device}/commands", tags=["commands"])
def command(request: Request, user: Operator, device: str, new: NewCommand) -> answers.Command:
    """Tell a device to do something, and wait a while for its answer."""
    hub = _hub(request)
    said = hub.switchboard.command(device, new.name, new.arguments, user.name)
    hub.people.note(user.name, f"command {new.name}", device)
    return answers.Command(**hub.switchboard.answer(said.id, new.wait))


def _announce(request: Request, by: str, device: str, desired: Desired) -> Desired:
    hub = _hub(request)
    hub.switchboard.say_desired(device, desired)
    hub.people.note(by, f"twin version {desired.version}", device)
    return desired
