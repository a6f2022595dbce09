"""What a device is called, and the group that it belongs to."""

from nicegui import ui

from footlights.hub.hub import Hub
from footlights.hub.people import User
from footlights.hub.registry import Device
from footlights.media.page.forms import button, telling


def belonging(hub: Hub, user: User, device: Device) -> None:
    """A form of both."""
    groups = {"": "no group", **{group.id: group.title for group in hub.registry.groups()}}
    with ui.element("div").classes("row"):
        title = ui.input("Title", value=device.title).props("outlined")
        group = ui.select(groups, value=device.group or "", label="Group").props("outlined")

        def save() -> None:
            with telling():
                hub.registry.change_device(device.id, title=title.value or "", group=group.value or "")
                hub.people.note(user.name, "changed a device", device.id)
                ui.notify("kept", position="bottom")

        button("Keep these", save, look="small")
