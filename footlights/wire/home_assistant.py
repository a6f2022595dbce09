"""How Home Assistant is told what there is: MQTT device discovery, and the topics of every state.

One retained message on `homeassistant/device/DEVICE/config` holds the device (`dev`), the program that says so (`o`)
and everything that it has (`cmps`), as https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
describes it. States are retained on topics below `footlights/DEVICE/`.
"""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "homeassistant"  # of the discovery topic, Home Assistant's default
ONLINE, OFFLINE = "online", "offline"
ON, OFF = "ON", "OFF"
Component = dict[str, Any]


@dataclass(frozen=True)
class Device:
    """One installation of footlights."""

    id: str  # letters, digits, - and _
    name: str
    version: str  # of footlights
    page: str | None = None  # address of the page, without a token


@dataclass(frozen=True)
class StreamEntities:
    """What Home Assistant sees of one stream."""

    name: str
    classes: tuple[str, ...] = ()  # that are counted
    alerts: tuple[str, ...] = ()  # their texts


@dataclass(frozen=True)
class Command:
    """What somebody has switched."""

    stream: str | None  # as a key; None: the motion gate
    on: bool


def key(text: str) -> str:
    """A text as part of a topic and of an identity, another one for every text: small letters, digits, - and one _."""
    plain = re.sub(r"[^a-z0-9-]+", "_", text.lower()).strip("_")[:40].rstrip("_")
    return plain if plain == text else f"{plain}_{zlib.crc32(text.encode()):08x}".strip("_")


def discovery_topic(device: str) -> str:
    """Where the one message about the device lies."""
    return f"{PREFIX}/device/{device}/config"


def status_topic(device: str) -> str:
    """Where `online` lies, and `offline` after the last will."""
    return f"footlights/{device}/status"


def picture_topic(device: str, stream: str) -> str:
    """Where the last picture of a stream lies, as JPEG."""
    return f"footlights/{device}/{key(stream)}/picture"


def counts_topic(device: str, stream: str) -> str:
    """Where the counts of a stream lie, as JSON: a number for the key of each class."""
    return f"footlights/{device}/{key(stream)}/counts"


def health_topic(device: str, stream: str) -> str:
    """Where it lies how a stream is doing, as JSON: state, fps, dropped."""
    return f"footlights/{device}/{key(stream)}/health"


def alert_topic(device: str, stream: str, alert: str) -> str:
    """Where ON lies while an alert is raised, otherwise OFF."""
    return f"footlights/{device}/{key(stream)}/alert/{key(alert)}"


def enabled_topic(device: str, stream: str) -> str:
    """Where ON lies while a stream runs, otherwise OFF; `/set` behind it takes the same as a command."""
    return f"footlights/{device}/{key(stream)}/enabled"


def gate_topic(device: str) -> str:
    """Where ON lies while only motion makes the detector look, otherwise OFF; `/set` behind it takes commands."""
    return f"footlights/{device}/gate"


def command_topics(device: str) -> tuple[str, ...]:
    """What is subscribed to."""
    return (f"footlights/{device}/+/enabled/set", f"{gate_topic(device)}/set")


def command(device: str, topic: str, payload: bytes) -> Command | None:
    """What a message on a command topic means; None where it means nothing."""
    on = {ON.encode(): True, OFF.encode(): False}.get(payload)
    if on is None:
        return None
    if topic == f"{gate_topic(device)}/set":
        return Command(None, on)
    found = re.fullmatch(rf"footlights/{re.escape(device)}/([^/]+)/enabled/set", topic)
    return Command(found[1], on) if found else None


def stream_topics(device: str, stream: StreamEntities) -> tuple[str, ...]:
    """Every topic on which states of a stream lie: what is to be cleared when it is gone."""
    places = (picture_topic, counts_topic, health_topic, enabled_topic)
    return (*(place(device, stream.name) for place in places),
            *(alert_topic(device, stream.name, alert) for alert in stream.alerts))  # fmt: skip


def discovery(
    device: Device, streams: Iterable[StreamEntities], *, gate: bool, before: Mapping[str, Component] | None = None
) -> dict[str, Any]:
    """The discovery message. `before`: the components of the last one: those that are gone are taken back."""
    components: dict[str, Component] = {}
    for stream in streams:
        components |= _components(device.id, stream)
    if gate:
        topic = gate_topic(device.id)
        components["gate"] = _switch("Look only at motion", topic, "mdi:motion-sensor") | {"entity_category": "config"}
    for name, component in components.items():
        component["unique_id"] = f"{device.id}__{name}"
    for name, component in (before or {}).items():
        components.setdefault(name, {"p": component["p"]})
    about: dict[str, Any] = {
        "ids": [f"footlights_{device.id}"],
        "name": device.name,
        "mf": "footlights",
        "mdl": "camera watch",
        "sw": device.version,
    }
    if device.page is not None:
        about["cu"] = device.page
    return {
        "dev": about,
        "o": {"name": "footlights", "sw": device.version},
        "cmps": components,
        "availability_topic": status_topic(device.id),
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "qos": 1,
    }


def components_of(payload: bytes) -> dict[str, Component]:
    """The components of a discovery message that was said earlier; none where it is something else."""
    try:
        components = json.loads(payload)["cmps"].items()
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}
    return {str(name): part for name, part in components if isinstance(part, dict) and isinstance(part.get("p"), str)}


def _components(device: str, stream: StreamEntities) -> dict[str, Component]:
    name, own = stream.name, key(stream.name)
    made: dict[str, Component] = {
        f"{own}__camera": {"p": "camera", "name": name, "topic": picture_topic(device, name)},
        f"{own}__enabled": _switch(f"{name} watched", enabled_topic(device, name), "mdi:cctv"),
    }
    for label in stream.classes:
        made[f"{own}__count__{key(label)}"] = {
            "p": "sensor",
            "name": f"{name} {label}",
            "state_topic": counts_topic(device, name),
            "value_template": f"{{{{ value_json['{key(label)}'] | default(0) }}}}",
            "state_class": "measurement",
            "icon": "mdi:counter",
        }
    for alert in stream.alerts:
        made[f"{own}__alert__{key(alert)}"] = {
            "p": "binary_sensor",
            "name": f"{name} {alert}",
            "state_topic": alert_topic(device, name, alert),
            "device_class": "problem",
        }
    return made | {
        f"{own}__{what}": {
            "p": "sensor",
            "name": f"{name} {words}",
            "state_topic": health_topic(device, name),
            "value_template": f"{{{{ value_json.{what} }}}}",
            "entity_category": "diagnostic",
            **more,
        }
        for what, words, more in _HEALTH
    }


_HEALTH: tuple[tuple[str, str, Component], ...] = (
    ("state", "state", {"icon": "mdi:heart-pulse"}),
    ("fps", "frames a second", {"unit_of_measurement": "fps", "state_class": "measurement"}),
    ("dropped", "dropped frames", {"unit_of_measurement": "frames", "state_class": "total_increasing"}),
)


def _switch(name: str, topic: str, icon: str) -> Component:
    return {"p": "switch", "name": name, "state_topic": topic, "command_topic": f"{topic}/set", "icon": icon}
