"""Enrolment: a device shows that it knows a key, and gets a certificate for a key that it made itself."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from footlights.agent.identity import Hub, Identity
from footlights.core.errors import SettingsError, SinkError
from footlights.wire import keys
from footlights.wire.pinned import authority_context

TIMEOUT = 10.0  # seconds
VALID = 300  # seconds for which a signed request holds
ASK_AGAIN = 5.0  # seconds between two questions whether somebody has said yes


@dataclass(frozen=True)
class Invitation:
    """What somebody who sets up a device has in hand."""

    url: str  # of the hub
    scope: str
    device: str
    key: str  # base64: the group's, or the device's own
    individual: bool = False  # the key is the device's own
    pin: str | None = None  # SHA-256 of the hub's authority, hexadecimal; None: the hub has a public certificate


def enrol(
    invitation: Invitation,
    identity: Identity,
    waiting: Callable[[], None] = lambda: None,
    patience: float = 0.0,
) -> Hub:
    """Ask the hub for a certificate and keep what it answers; where the hub is, and what it calls this device.

    `waiting` is called whenever somebody at the hub must say yes first, and it is asked again for `patience` seconds.

    Raises:
        SettingsError: the hub refuses; SinkError: it does not answer, or is not the one that the pin names.
    """
    keys.check_registration(invitation.device)
    key = invitation.key if invitation.individual else keys.derived_key(invitation.key, invitation.device)
    request = identity.request(invitation.device)
    until = time.monotonic() + patience
    with httpx.Client(
        base_url=invitation.url, timeout=TIMEOUT, verify=authority_context(invitation.url, invitation.pin)
    ) as client:
        answer = _ask(client, invitation, key, request)
        while "certificate" not in answer:
            waiting()
            if time.monotonic() >= until:
                raise SettingsError("the hub waits until somebody says yes to this device; then enrol again")
            time.sleep(min(ASK_AGAIN, max(0.1, until - time.monotonic())))
            answer = _ask(client, invitation, key, request)
    try:
        broker, public = answer["broker"], invitation.pin is None and invitation.url.startswith("https://")
        hub = Hub(invitation.url, invitation.device, str(broker["host"]), int(broker["port"]), public)
        identity.keep(str(answer["certificate"]))
        identity.settle(hub, str(answer["authority"]))
    except (KeyError, TypeError, ValueError):
        raise SinkError(f"{invitation.url} answers, and not as a hub does: is this its address?") from None
    return hub


def _ask(client: httpx.Client, invitation: Invitation, key: str, request: bytes) -> dict[str, Any]:
    body = json.dumps({"request": request.decode(), "time": time.time_ns()}).encode()
    what = keys.resource(invitation.scope, invitation.device)
    header = keys.sign(key, what, int(time.time()) + VALID, body)
    try:
        answer = client.post(
            f"/api/enrolment/{invitation.scope}/{invitation.device}",
            content=body,
            headers={"authorization": header, "content-type": "application/json"},
        )
        content = answer.json()
    except httpx.HTTPError as error:
        raise SinkError(f"{invitation.url} does not answer: {type(error).__name__}") from None
    except ValueError:
        raise SinkError(f"{invitation.url} answers, and not as a hub does: is this its address?") from None
    if answer.is_success and isinstance(content, dict):
        return content
    said = content.get("error") if isinstance(content, dict) else None
    raise SettingsError(f"{invitation.url} answered {answer.status_code}: {str(said)[:300]}")
