"""Enrolment: a device shows that it knows a key, and gets a certificate for a key that it made itself."""

import hashlib
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from footlights.agent.identity import Hub, Identity
from footlights.core.errors import SettingsError, SinkError
from footlights.wire import keys

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
    with httpx.Client(base_url=invitation.url, timeout=TIMEOUT, verify=_context(invitation)) as client:
        answer = _ask(client, invitation, key, request)
        while "certificate" not in answer:
            waiting()
            if time.monotonic() >= until:
                raise SettingsError("the hub waits until somebody says yes to this device; then enrol again")
            time.sleep(min(ASK_AGAIN, max(0.1, until - time.monotonic())))
            answer = _ask(client, invitation, key, request)
    try:
        hub = Hub(invitation.url, invitation.device, str(answer["broker"]["host"]), int(answer["broker"]["port"]))
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


def _context(invitation: Invitation) -> ssl.SSLContext | bool:
    """How the hub is known: by a public certificate, or by the pin of its own authority."""
    if invitation.pin is None or not invitation.url.startswith("https://"):
        return True
    return ssl.create_default_context(cadata=_pinned_authority(invitation.url, invitation.pin))


def _pinned_authority(url: str, pin: str) -> str:
    """The certificate of the hub's authority, which it shows to everybody, if it is the one that the pin names."""
    try:
        # Nothing secret is sent here, and what comes is believed only where its hash is the pin.
        text = httpx.get(f"{url}/api/authority.crt", timeout=TIMEOUT, verify=False).text
        found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()
    except httpx.HTTPError as error:
        raise SinkError(f"{urlsplit(url).netloc} does not answer: {type(error).__name__}") from None
    except ValueError:
        raise SinkError(f"{urlsplit(url).netloc} answers, and not as a hub does: is this its address?") from None
    if found != pin.lower().replace(":", ""):
        raise SinkError("this is not the hub that the pin names: somebody may be in between, or the hub was made anew")
    return text
