"""A webhook that the hub really sends: read by the SDK of CloudEvents, and known for the hub's by its signature."""

import hashlib
import hmac
import time

import pytest
from cloudevents.http import from_http

from footlights.hub.consequences import Consequences
from tests.engine.actions.conftest import WAIT, Answer, Receiver, make_receiver, receiver
from tests.hub.test_rules import Fleet, consequences, fleet

__all__ = ["consequences", "fleet", "make_receiver", "receiver"]
SECRET = "sesame"


def signed(secret: str, body: bytes) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def test_the_sdk_reads_it_and_nobody_forges_it(
    fleet: Fleet, consequences: Consequences, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTLIGHTS_WEBHOOK_SECRET", SECRET)
    fleet.add({"name": "n", "value": 1}, {"webhook": [f"http://127.0.0.1:{receiver.port}/hook"]})
    receiver.answers.put(Answer(503))
    consequences.start()
    fleet.say(time.time(), n=2)
    consequences.wake()
    first, second = (receiver.requests.get(timeout=WAIT) for _ in range(2))
    read = from_http(second.headers, second.body)
    assert (read["specversion"], read["type"], read["source"]) == ("1.0", "dev.footlights.rule", "/footlights/a")
    firing = fleet.rules.history()[0]["id"]
    assert read.data["by"] == "a rule" and read.data["text"] == "n is 2 (> 1)" and read.data["firing"] == firing
    assert from_http(first.headers, first.body).data["firing"] == firing  # tried again: whoever counts knows it

    shown = second.headers["x-hub-signature-256"]
    assert hmac.compare_digest(shown, signed(SECRET, second.body))
    for secret, body in (
        ("open", second.body),
        (SECRET, second.body + b" "),
        (SECRET, second.body.replace(b"2", b"3")),
    ):
        assert not hmac.compare_digest(shown, signed(secret, body))
