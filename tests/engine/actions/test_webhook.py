"""Webhooks against a real HTTP server, read with the CloudEvents SDK."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from cloudevents.http import from_http

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions.webhook import Webhook
from tests.engine.actions.conftest import WAIT, Answer, Certificate, Receiver
from tests.ports import free_port


@pytest.fixture
def webhook(receiver: Receiver) -> Iterator[Webhook]:
    made = Webhook.from_text(f"http://127.0.0.1:{receiver.port}/hooks/secret-path")
    yield made
    made.close()


def test_the_cloudevents_sdk_reads_what_arrives(webhook: Webhook, receiver: Receiver, event: Event) -> None:
    webhook.fire(event)
    request = receiver.requests.get(timeout=WAIT)
    assert request.path == "/hooks/secret-path"
    read = from_http(request.headers, request.body)
    assert read["specversion"] == "1.0"
    assert read["source"] == "/footlights/line%201"
    assert read["type"] == "dev.footlights.trigger"
    assert read["time"].endswith("Z")
    assert read.data == {"time": 12.5, "track": 3, "by": "x_arms", "confidence": 0.93}
    assert "x-hub-signature-256" not in request.headers


def test_the_signature_is_the_hmac_of_the_body(
    receiver: Receiver, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTLIGHTS_WEBHOOK_SECRET", "sesame")
    webhook = Webhook.from_text(f"http://127.0.0.1:{receiver.port}/")
    webhook.fire(event)
    webhook.close()
    request = receiver.requests.get(timeout=WAIT)
    right = hmac.new(b"sesame", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={right}"


def test_a_repeated_attempt_sends_the_same_id_and_another_event_another(
    webhook: Webhook, receiver: Receiver, event: Event
) -> None:
    receiver.answers.put(Answer(503))
    with pytest.raises(SinkError, match="answered 503 Service Unavailable"):
        webhook.fire(event)
    webhook.fire(event)
    webhook.fire(Event("trigger", "line 1", 12.5, 3, {"by": "x_arms", "confidence": 0.93}))
    first, second, third = (receiver.requests.get(timeout=WAIT).body for _ in range(3))
    assert first == second
    assert json.loads(third)["id"] != json.loads(first)["id"]


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_not_to_be_tried_again(webhook: Webhook, receiver: Receiver, event: Event, status: int) -> None:
    receiver.answers.put(Answer(status))
    with pytest.raises(SettingsError, match=f"answered {status} .*check the address") as raised:
        webhook.fire(event)
    assert "secret-path" not in str(raised.value)


@pytest.mark.parametrize("status", [408, 429, 500, 502])
def test_a_passing_trouble_is_to_be_tried_again(
    webhook: Webhook, receiver: Receiver, event: Event, status: int
) -> None:
    receiver.answers.put(Answer(status))
    with pytest.raises(SinkError, match=f"answered {status}"):
        webhook.fire(event)
    webhook.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_gets_the_same_post(
    webhook: Webhook, receiver: Receiver, event: Event, status: int
) -> None:
    receiver.answers.put(Answer(status, {"Location": "/moved"}))
    webhook.fire(event)
    first, second = (receiver.requests.get(timeout=WAIT) for _ in range(2))
    assert (second.path, second.body) == ("/moved", first.body)


@pytest.mark.parametrize("target", ["http://localhost:{port}/x", "file:///etc/passwd", "//localhost:{port}/x"])
def test_a_redirect_to_another_host_is_not_followed(
    webhook: Webhook, receiver: Receiver, event: Event, target: str
) -> None:
    receiver.answers.put(Answer(307, {"Location": target.format(port=receiver.port)}))
    with pytest.raises(SettingsError, match=r"redirects to .*, which is not followed"):
        webhook.fire(event)
    receiver.requests.get(timeout=WAIT)
    assert receiver.requests.empty()


def test_redirects_in_a_circle_end(webhook: Webhook, receiver: Receiver, event: Event) -> None:
    for _ in range(10):
        receiver.answers.put(Answer(308, {"Location": "/again"}))
    with pytest.raises(SettingsError, match="redirects more than 3 times"):
        webhook.fire(event)
    webhook.close()


def test_nobody_there_is_a_passing_trouble_and_the_line_keeps_the_secret(event: Event) -> None:
    port = free_port()
    webhook = Webhook.from_text(f"http://127.0.0.1:{port}/hooks/secret-path?token=secret")
    with pytest.raises(SinkError, match=f"127.0.0.1:{port} does not answer: ConnectError") as raised:
        webhook.fire(event)
    webhook.close()
    assert "secret" not in str(raised.value)


def test_addresses_do_not_get_into_the_log(webhook: Webhook, event: Event, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        webhook.fire(event)
    assert "secret-path" not in caplog.text


def test_certificates_are_verified(
    make_receiver: Callable[..., Receiver], certificate: Certificate, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = make_receiver(tls=certificate.server_context())
    address = f"https://localhost:{receiver.port}/"
    stranger = Webhook.from_text(address)
    with pytest.raises(SinkError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.fire(event)
    stranger.close()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    known = Webhook.from_text(address)
    known.fire(event)
    known.close()
    assert receiver.requests.qsize() == 1


def test_https_is_never_left_for_http(
    make_receiver: Callable[..., Receiver], certificate: Certificate, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    clear, safe = make_receiver(), make_receiver(tls=certificate.server_context())
    safe.answers.put(Answer(308, {"Location": f"http://localhost:{clear.port}/"}))
    webhook = Webhook.from_text(f"https://localhost:{safe.port}/")
    with pytest.raises(SettingsError, match="redirects to http://localhost, which is not followed"):
        webhook.fire(event)
    webhook.close()
    assert clear.requests.empty()


def test_a_long_answer_is_not_read(webhook: Webhook, receiver: Receiver, event: Event) -> None:
    """The server says that it will send a gigabyte and sends nothing of it: the status is enough."""
    receiver.answers.put(Answer(200, {"Content-Length": str(10**9)}))
    webhook.fire(event)
    assert receiver.requests.qsize() == 1


def test_a_picture_stands_in_the_data_and_the_signature_covers_it(
    receiver: Receiver, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTLIGHTS_WEBHOOK_SECRET", "sesame")
    action = Webhook.from_text(f"http://127.0.0.1:{receiver.port}/")
    action.picture = lambda event: b"\xff\xd8 a picture \xff\xd9"
    action.fire(event)
    action.close()
    request = receiver.requests.get(timeout=WAIT)
    told = from_http(request.headers, request.body)
    assert told.data["picture"]["media_type"] == "image/jpeg"
    assert base64.b64decode(told.data["picture"]["base64"]) == b"\xff\xd8 a picture \xff\xd9"
    assert told.data["by"] == "x_arms"
    signature = hmac.new(b"sesame", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={signature}"
