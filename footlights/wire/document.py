"""The configuration document, footlights.yaml: what runs, from which sources, with which settings, to where.

The same document is the desired state that a hub keeps for a device. It is described as settings are, by dataclasses.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footlights.wire.yaml_text import read, text_of

PORT = {"min": 1, "max": 65535}


@dataclass(frozen=True)
class SourceEntry:
    """One source, as `footlights run` takes it."""

    url: str = field(metadata={"numbers": True})  # address, path, or the number of a camera
    name: str | None = None
    loop: bool = False


@dataclass(frozen=True)
class Outputs:
    """What is served and written; None: it is not."""

    page: int | None = field(default=8000, metadata={"min": 0, "max": 65535})  # 0: any free port
    rtsp: int | None = field(default=None, metadata=PORT)
    publish: tuple[str, ...] = ()  # addresses of media servers that the wall is sent to
    webrtc: bool = False  # browsers may call the page for live video
    wall: str | None = None  # rows and columns: "2x3"
    record: str | None = None  # path of the video
    journal: str | None = None  # path of the events
    evidence: str | None = None  # folder of the pictures and clips of what happened
    home_assistant: str | None = None  # address of the MQTT broker


@dataclass(frozen=True)
class HubEntry:
    """The hub that looks after this device."""

    url: str
    device: str


@dataclass(frozen=True)
class Document:
    """The whole configuration. `settings` are those of the app, which are checked when the app is known."""

    sources: tuple[SourceEntry, ...] = ()
    app: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    decode: str = "cpu"  # where videos are decoded: "auto", "cuda", "vaapi", "videotoolbox"
    outputs: Outputs = field(default_factory=Outputs)
    actions: dict[str, str | tuple[str, ...]] = field(default_factory=dict)  # by flag: "open", "webhook" ...
    quiet: str | None = None  # hours without actions: "22:00-06:00"
    cooldown: float = field(default=0.0, metadata={"min": 0.0})  # seconds between two actions for one stream
    hub: HubEntry | None = None


def load(path: Path | str) -> Document:
    """The document in this file.

    Raises:
        SettingsError: no such file, no YAML, or one line ("file:line: ...") for everything in it that is not valid.
    """
    return parse(text_of(Path(path), "configuration"), str(path))


def parse(text: str, name: str = "footlights.yaml") -> Document:
    """The document in this text; `name` stands in errors.

    Raises:
        SettingsError: as `load`.
    """
    return read(Document, text, name, what="configuration", keys=("sources", "app"))
