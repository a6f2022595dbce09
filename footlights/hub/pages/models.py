"""Models for devices: in by a file, on their way by a roll-out, and who runs which."""

from fastapi import FastAPI, Request
from nicegui import run, ui
from nicegui.events import UploadEventArguments

from footlights.hub.hub import Hub
from footlights.hub.model_library import Kept
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.media.page.forms import button, markup, telling, text
from footlights.models.bundle import LARGEST

NAMED = 8  # devices and labels that are named


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /models."""

    @ui.page("/models")
    def models(request: Request) -> None:
        user = sessions.inside(request)
        with page("Models", user, "/models"):
            markup('<h1 class="title">Models</h1>')
            listed = ui.element("section").classes("rules")
            if user.may("operator"):
                _new(hub, user, listed)
            _list(hub, user, listed)


def _new(hub: Hub, user: User, listed: ui.element) -> None:
    with ui.element("section").classes("panel"):
        markup(
            "<h2>A new one</h2><p class='help'>An ONNX or TFLite file, or a zip that holds one with labels.txt and "
            "card.toml. It is opened before it is kept. Devices get it by its hash when their document names it.</p>"
        )
        with ui.element("div").classes("row"):
            name = ui.input("Name", placeholder="defects").props("outlined")
            about = ui.input("Note", placeholder="trained on line 3").props("outlined").classes("wide")

        async def take(e: UploadEventArguments) -> None:
            upload = await run.io_bound(hub.models.upload)
            assert upload is not None
            try:
                with telling():
                    async for piece in e.file.iterate():
                        upload.write(piece)
                    called = (name.value or e.file.name.rpartition(".")[0].lower()).strip()
                    model = await run.io_bound(hub.models.take, called, upload, user.name, about.value or "")
                    hub.people.note(user.name, "uploaded a model", str(model))
                    name.value = about.value = ""
                    _list(hub, user, listed)
            finally:
                upload.close()
                chooser.reset()

        chooser = ui.upload(label="Choose a file, or drop it here", auto_upload=True, max_file_size=LARGEST)
        chooser.on_upload(take).props("flat bordered color=dark").classes("chooser")


def _list(hub: Hub, user: User, listed: ui.element) -> None:
    listed.clear()
    with listed:
        kept = hub.models.all()
        if not kept:
            markup('<p class="empty">No model yet.</p>')
        for model in kept:
            _model(hub, user, model, listed)


def _model(hub: Hub, user: User, model: Kept, listed: ui.element) -> None:
    def remove() -> None:
        with telling():
            hub.models.remove(model.name, model.digest)
            hub.people.note(user.name, "removed a model", model.reference)
            _list(hub, user, listed)

    labels = f"{len(model.labels)} labels: {_few(model.labels)}" if model.labels else "no labels of its own"
    late = sorted(set(model.wanted) - set(model.runs))
    who = f"runs on {_few(model.runs)}" if model.runs else "runs nowhere"
    who += f"; on its way to {_few(late)}" if late else ""
    with ui.element("div").classes("rule"):
        markup(
            f"<span><b>{text(model.name)}</b> {text(model.note)}"
            f"<small>{model.kind}, {_size(model.size)}, {text(labels)}; {text(model.by)}, {ago(model.time)}</small>"
            f"<small>{text(who)}</small><small><code>{text(model.reference)}</code></small></span>"
        )
        if user.may("operator"):
            button("Send ahead", _ahead(hub, user, model).open, look="small")
            button("Roll out", look="small", to=f"/change?model={model.reference}")
            button("Remove", remove, look="quiet small")


def _ahead(hub: Hub, user: User, model: Kept) -> ui.dialog:
    """Let devices get a model before a roll-out names it: then that takes seconds."""
    with ui.dialog() as dialog, ui.card():
        markup(f"<h2>Send {text(model.name)} ahead</h2><p class='help'>Devices that are there get the file now.</p>")
        groups = {group.id: group.title for group in hub.registry.groups()}
        group = ui.select({"": "every device", **groups}, value="", label="To").props("outlined")

        async def send() -> None:
            dialog.close()
            with telling():
                count = await run.io_bound(_tell, hub, user, model, group.value)
                ui.notify(f"{count} devices get it", position="bottom")

        button("Send", send, look="primary")
    return dialog


def _tell(hub: Hub, user: User, model: Kept, group: str) -> int:
    devices = [device.id for device in hub.registry.devices() if device.online and group in ("", device.group)]
    for device in devices:
        hub.switchboard.command(device, "pull-model", {"model": model.reference}, user.name)
    hub.people.note(user.name, "sent a model ahead", f"{model.name} to {len(devices)} devices")
    return len(devices)


def _few(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
