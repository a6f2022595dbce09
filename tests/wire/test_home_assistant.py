"""The discovery message against what Home Assistant documents.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload and the pages of the MQTT camera, sensor,
binary sensor and switch: every key has to be known there, those that are required have to be there, and values have to
be of the kind that its schemas (homeassistant/components/mqtt/schemas.py) take.
"""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.wire import home_assistant as layout
from footlights.wire.home_assistant import Command, Device, StreamEntities

DEVICE = Device("hall", "hall", "0.1.0", "http://192.168.0.9:8000/")
STREAMS = (
    StreamEntities("line-1", ("can", "down"), ("down", "person > 3 in hall for 10 s")),
    StreamEntities("Gate ä/#+", ("it's",), ("down",)),
)
ROOT = {
    "dev", "o", "cmps", "availability", "availability_mode", "availability_topic", "availability_template",
    "payload_available", "payload_not_available", "command_topic", "state_topic", "qos", "encoding",
}  # fmt: skip
ABOUT = {"ids", "cns", "cu", "hw", "mf", "mdl", "mdl_id", "name", "sa", "sn", "sw", "via_device"}
ORIGIN = {"name", "sw", "url"}
SHARED = {
    "p", "unique_id", "name", "icon", "entity_category", "enabled_by_default", "availability", "availability_mode",
    "availability_topic", "availability_template", "payload_available", "payload_not_available", "qos", "encoding",
    "json_attributes_topic", "json_attributes_template", "object_id", "default_entity_id", "entity_picture",
}  # fmt: skip
KNOWN = {
    "camera": {"topic", "image_encoding"},
    "sensor": {
        "state_topic", "value_template", "state_class", "unit_of_measurement", "device_class", "expire_after",
        "force_update", "suggested_display_precision", "last_reset_value_template", "options",
    },
    "binary_sensor": {
        "state_topic", "value_template", "device_class", "expire_after", "force_update", "off_delay", "payload_on",
        "payload_off",
    },
    "switch": {
        "command_topic", "command_template", "state_topic", "value_template", "device_class", "optimistic",
        "payload_on", "payload_off", "retain", "state_on", "state_off",
    },
}  # fmt: skip
REQUIRED = {
    "camera": {"topic"}, "sensor": {"state_topic"}, "binary_sensor": {"state_topic"}, "switch": {"command_topic"},
}  # fmt: skip
STATE_CLASSES = {"measurement", "measurement_angle", "total", "total_increasing"}
TOPIC = re.compile(r"[^+#\0]{1,200}")


def check(message: dict[str, Any]) -> None:
    """Raises AssertionError where Home Assistant would refuse the message, or leave a part of it out."""
    assert message.keys() <= ROOT
    assert {"dev", "o", "cmps"} <= message.keys()
    assert message["dev"].keys() <= ABOUT
    assert message["dev"].get("ids") or message["dev"].get("cns")
    assert message["o"].keys() <= ORIGIN
    assert message["o"]["name"]
    assert len({"availability", "availability_topic"} & message.keys()) == 1, "one excludes the other"
    assert all(isinstance(one, str) for one in (*message["dev"].get("ids", ()), *message["o"].values()))
    assert all(isinstance(value, str) for name, value in message["dev"].items() if name not in ("ids", "cns"))
    assert re.match(r"https?://[^/]+|homeassistant://", message["dev"].get("cu", "http://x"))
    assert TOPIC.fullmatch(message["availability_topic"])
    assert message.get("qos", 0) in (0, 1, 2)
    entities = {name: part for name, part in message["cmps"].items() if part.keys() != {"p"}}
    for name, part in entities.items():
        kind = part["p"]
        assert part.keys() <= SHARED | KNOWN[kind], name
        assert all(isinstance(value, str) for value in part.values()), name
        template = part.get("value_template", "{{}}")
        assert template.startswith("{{") and template.endswith("}}") and template.count("{{") == 1
        assert REQUIRED[kind] | {"unique_id"} <= part.keys(), name
        assert part.get("entity_category", "diagnostic") in ("diagnostic", "config")
        assert part.get("state_class", "total") in STATE_CLASSES
        assert part.get("device_class", "problem") == "problem"
        assert part.get("icon", "mdi:x").startswith("mdi:")
        for key in part.keys() & {"topic", "state_topic", "command_topic"}:
            assert TOPIC.fullmatch(part[key]), part[key]
    unique = [part["unique_id"] for part in entities.values()]
    assert len(set(unique)) == len(unique)


def test_the_message_is_what_home_assistant_documents() -> None:
    message = layout.discovery(DEVICE, STREAMS, gate=True)
    check(json.loads(json.dumps(message)))
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", layout.discovery_topic(DEVICE.id))
    kinds = [part["p"] for part in message["cmps"].values()]
    assert {kind: kinds.count(kind) for kind in kinds} == {"camera": 2, "switch": 3, "sensor": 9, "binary_sensor": 3}
    assert message["availability_topic"] == "footlights/hall/status"


def test_every_entity_reads_the_topic_on_which_its_state_is_said() -> None:
    parts = layout.discovery(DEVICE, STREAMS, gate=True)["cmps"]
    own = layout.key("line-1")
    assert parts[f"{own}__camera"]["topic"] == layout.picture_topic("hall", "line-1")
    assert parts[f"{own}__count__can"]["state_topic"] == layout.counts_topic("hall", "line-1")
    assert parts[f"{own}__count__can"]["value_template"] == "{{ value_json['can'] | default(0) }}"
    assert parts[f"{own}__alert__down"]["state_topic"] == layout.alert_topic("hall", "line-1", "down")
    assert parts[f"{own}__enabled"]["state_topic"] == layout.enabled_topic("hall", "line-1")
    assert parts["gate"]["state_topic"] == layout.gate_topic("hall")
    topics = {part[key] for part in parts.values() for key in ("topic", "state_topic") if key in part}
    assert topics == {layout.gate_topic("hall"), *(t for s in STREAMS for t in layout.stream_topics("hall", s))}


def test_what_is_gone_is_taken_back() -> None:
    before = layout.discovery(DEVICE, STREAMS, gate=True)["cmps"]
    message = layout.discovery(DEVICE, STREAMS[:1], gate=False, before=before)
    check(message)
    gone = {name: part for name, part in message["cmps"].items() if part.keys() == {"p"}}
    assert gone["gate"] == {"p": "switch"}
    assert len(gone) == 1 + 2 + 1 + 1 + 3
    again = layout.discovery(DEVICE, STREAMS[:1], gate=False, before=message["cmps"])
    assert again == message, "Home Assistant may be away now: what is gone stays in the retained message"
    back = layout.discovery(DEVICE, STREAMS, gate=True, before=message["cmps"])["cmps"]
    assert back == before


def test_an_earlier_message_is_read_back_and_anything_else_is_not() -> None:
    message = layout.discovery(DEVICE, STREAMS, gate=True)
    assert layout.components_of(json.dumps(message).encode()) == message["cmps"]
    for other in (b"", b"{", b"[1]", b"{}", b'{"cmps": 3}', b'{"cmps": {"a": 1, "b": {}}}', b"\xff"):
        assert layout.components_of(other) == {}


@pytest.mark.parametrize(
    ("topic", "payload", "meant"),
    [
        ("footlights/hall/line_1/enabled/set", b"OFF", Command("line_1", False)),
        ("footlights/hall/line_1/enabled/set", b"ON", Command("line_1", True)),
        ("footlights/hall/gate/set", b"ON", Command(None, True)),
        ("footlights/hall/gate/set", b"on", None),
        ("footlights/hall/line_1/enabled/set", b"", None),
        ("footlights/other/line_1/enabled/set", b"ON", None),
        ("footlights/hall/a/b/enabled/set", b"ON", None),
    ],
)
def test_commands_are_understood(topic: str, payload: bytes, meant: Command | None) -> None:
    assert layout.command("hall", topic, payload) == meant


@given(st.lists(st.text(min_size=1, max_size=60), unique=True, min_size=2, max_size=6))
def test_different_names_never_share_a_topic(names: list[str]) -> None:
    keys = [layout.key(name) for name in names]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9_-]+", key) for key in keys)
    check(layout.discovery(DEVICE, [StreamEntities(name, tuple(names), tuple(names)) for name in names], gate=True))
