"""The names of a well-known template for cameras that detect things (NVIDIA DeepStream on Azure IoT Central).

Who comes from there finds the telemetry, properties and commands under their old names: devices say their counts under
both, and a hub takes the old writable properties as a change of the desired document.
"""

import re
from collections.abc import Mapping
from typing import Any

from footlights.core.errors import SettingsError
from footlights.wire.near_miss import near_miss

TELEMETRY = {  # name: what it is
    "tlSystemHeartbeat": "1, as often as telemetry is sent",
    "tlPrimaryDetectionCount": "things of the primary class now, on all streams",
    "tlSecondaryDetectionCount": "things of the secondary class now, on all streams",
    "tlInference": "looks of the detector so far, on all streams",
    "tlFreeMemory": "kibibytes",
    "tlInferenceRate": "frames a second, on all streams",
    "tlPrimaryDetectionClass": "name of the primary class",
    "tlSecondaryDetectionClass": "name of the secondary class",
}
COUNTED = tuple(name for name in TELEMETRY if not name.endswith("Class"))  # those that are numbers
STATES = {"stModuleState": "of the agent", "stPipelineState": "of the streams"}
EVENTS = {
    "evVideoStreamProcessingStarted": "a stream has begun",
    "evVideoStreamProcessingStopped": "a stream has ended",
    "evChangeVideoModel": "another model looks",
    "evDeviceRestart": "the agent starts",
}
INPUTS = tuple(f"wpVideoStreamInput{number}" for number in range(1, 5))
WRITABLE = (
    "wpDemoMode", "wpAIModelProvider", "wpCustomVisionModelUrl", "wpPrimaryDetectionClass",
    "wpSecondaryDetectionClass", *INPUTS,
)  # fmt: skip
REPORTED = (
    "rpRtspVideoUrl", "manufacturer", "model", "swVersion", "osName", "processorArchitecture", "totalStorage",
    "totalMemory",
)  # fmt: skip
COMMANDS = {"cmRestartDeepStream": "restart-pipeline", "cmRestartDevice": "restart-agent"}
PROVIDERS = {"DeepStream": "yolox-nano", "CustomVision": None}  # the model of each; none: the address says it
DEMO = ({"url": "rehearsal:line?fallen=0.2", "name": "demo"},)


def words(name: str) -> str:
    """A name of the template as people say it, and any other name as it is.

    >>> words("tlSecondaryDetectionCount")
    'Secondary detection count'
    """
    if name not in TELEMETRY:
        return name
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", name.removeprefix("tl"))


def as_patch(properties: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch of a desired document that these writable properties mean.

    Raises:
        SettingsError: a property that is not known, or a value that is not of its type.
    """
    for name in properties:
        if name not in WRITABLE:
            raise SettingsError(f"there is no writable property '{name[:40]}'; {near_miss(name[:40], WRITABLE)}")
    patch: dict[str, Any] = {"app": "inspect"}
    settings: dict[str, Any] = {}
    classes = _classes(properties, document)
    if classes is not None:
        settings["label"] = classes or None
    if model := _model(properties):
        settings["model"] = model
    if settings:
        patch["settings"] = settings
    sources = _sources(properties, document)
    if sources is not None:
        patch["sources"] = sources
    return patch


def as_properties(document: Mapping[str, Any]) -> dict[str, Any]:
    """A desired document under the old names, as far as they go."""
    settings, sources = document.get("settings", {}), document.get("sources", ())
    labels, model = list(settings.get("label", ())), str(settings.get("model", "yolox-nano"))
    own = "://" in model
    properties: dict[str, Any] = {
        "wpDemoMode": list(sources) == list(DEMO),
        "wpAIModelProvider": "CustomVision" if own else "DeepStream",
        "wpCustomVisionModelUrl": model if own else "",
        "wpPrimaryDetectionClass": labels[0] if labels else "",
        "wpSecondaryDetectionClass": labels[1] if len(labels) > 1 else "",
    }
    for name, source in zip(INPUTS, sources, strict=False):
        properties[name] = {"cameraId": source.get("name", ""), "videoStreamUrl": source.get("url", "")}
    return properties


def _classes(properties: Mapping[str, Any], document: Mapping[str, Any]) -> list[str] | None:
    """The primary and the secondary class; None where neither is named."""
    names = ("wpPrimaryDetectionClass", "wpSecondaryDetectionClass")
    if not any(name in properties for name in names):
        return None
    before = [*document.get("settings", {}).get("label", ()), "", ""]
    both = [_text(properties, name, before[place]) for place, name in enumerate(names)]
    return [label for label in both if label]


def _model(properties: Mapping[str, Any]) -> str | None:
    if address := _text(properties, "wpCustomVisionModelUrl", ""):
        return address
    provider = _text(properties, "wpAIModelProvider", "")
    if provider and provider not in PROVIDERS:
        raise SettingsError(f"wpAIModelProvider: '{provider[:40]}'; {near_miss(provider[:40], PROVIDERS)}")
    return PROVIDERS.get(provider)


def _sources(properties: Mapping[str, Any], document: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The streams; None where they stay as they are."""
    demo = properties.get("wpDemoMode")
    if demo is not None and not isinstance(demo, bool):
        raise SettingsError("wpDemoMode is true or false")
    if demo:
        return [dict(entry) for entry in DEMO]
    if not any(name in properties for name in INPUTS):
        return None
    places: list[Mapping[str, Any] | None] = [*document.get("sources", ())][: len(INPUTS)]
    places += [None] * (len(INPUTS) - len(places))
    for place, name in enumerate(INPUTS):
        if name in properties:
            places[place] = _source(name, properties[name])
    return [dict(entry) for entry in places if entry is not None and entry != DEMO[0]]


def _source(name: str, value: object) -> dict[str, Any] | None:
    """One stream; None where it has no address."""
    if not isinstance(value, Mapping):
        raise SettingsError(f"{name} has cameraId and videoStreamUrl")
    address = _text(value, "videoStreamUrl", "")
    camera = _text(value, "cameraId", "")
    return {"url": address, **({"name": camera} if camera else {})} if address else None


def _text(values: Mapping[str, Any], name: str, default: str) -> str:
    value = values.get(name, default)
    if not isinstance(value, str):
        raise SettingsError(f"{name} is text")
    return value.strip()
