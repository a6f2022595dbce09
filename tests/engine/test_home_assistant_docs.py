"""What the documentation of Home Assistant shows is what is sent and understood."""

import re
from pathlib import Path

from footlights.engine.home_assistant import read_address
from footlights.wire import home_assistant as layout
from footlights.wire.document import parse

PAGE = (Path(__file__).parents[2] / "docs" / "home-assistant.md").read_text("utf-8")


def test_the_documented_topics_are_those_that_are_used() -> None:
    shown = set(re.findall(r"`((?:homeassistant|footlights)/[A-Za-z/]+)`", PAGE))
    names = {"a-device": "DEVICE", "a-stream": "STREAM", "an-alert": "ALERT"}
    stream = layout.StreamEntities("a-stream", (), ("an-alert",))
    used = {
        layout.discovery_topic("a-device"), layout.status_topic("a-device"), layout.gate_topic("a-device"),
        *layout.stream_topics("a-device", stream),
    }  # fmt: skip
    for plain, placeholder in names.items():
        used = {topic.replace(plain, placeholder) for topic in used}
    assert shown == used


def test_the_documented_configuration_is_valid() -> None:
    document = parse(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert document.outputs.home_assistant is not None
    address, name = read_address(document.outputs.home_assistant)
    assert (address.hostname, name) == ("homeassistant.local", "hall")


def test_the_access_list_covers_every_topic() -> None:
    rules = re.findall(r"topic (read|write) (\S+)", PAGE)
    read = {topic for way, topic in rules if way == "read"}
    assert read == {*layout.command_topics("hall"), layout.discovery_topic("hall")}
