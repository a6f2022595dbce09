"""Symmetric keys for enrolment, derived and used as the Device Provisioning Service does.

A group of devices shares one key that never leaves the hub; the key of a device is made of it and of the device's
registration id, so that a device that is opened gives away nothing but itself. A request is signed with that key.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from footlights.core.errors import SettingsError

KEY_BYTES = 32
POLICY = "registration"  # what the signature is for: `skn`
LONGEST = 600  # seconds for which a signed request may be valid
_REGISTRATION = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_FORM = "SharedAccessSignature "


@dataclass(frozen=True)
class Signature:
    """What a signed request says about itself."""

    resource: str  # SCOPE/registrations/ID
    expires: int  # seconds since 1970, UTC
    digest: str  # base64


def new_key() -> str:
    """A new random key, base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def derived_key(group_key: str, registration: str) -> str:
    """The key of a device: base64 of the HMAC-SHA256 of its registration id under the group's key.

    Source: "Symmetric key attestation", Azure IoT Hub Device Provisioning Service. Raises SettingsError: no base64.
    """
    return _hmac(group_key, registration)


def check_registration(name: str) -> str:
    """A device id as it may stand in topics, certificates and file names: small letters, digits, - and _, up to 64.

    Raises SettingsError.
    """
    if not _REGISTRATION.fullmatch(name):
        raise SettingsError(
            f"'{name[:80]}' cannot be a device id: small letters, digits, - and _, up to 64, for example jetson-07"
        )
    return name


def resource(scope: str, registration: str) -> str:
    """What a device signs a request for."""
    return f"{scope}/registrations/{registration}"


def sign(key: str, what: str, expires: int, body: bytes) -> str:
    """The header `Authorization` of a request: a shared access signature that covers the body as well.

    The text under the signature is the resource (percent-encoded), the end of validity and the SHA-256 of the body,
    a line each. Raises SettingsError: the key is no base64.
    """
    digest = _hmac(key, _signed_text(what, expires, body))
    return f"{_FORM}sr={quote(what, safe='')}&sig={quote(digest, safe='')}&se={expires}&skn={POLICY}"


def read(header: str) -> Signature:
    """The parts of a signature. Raises SettingsError where it is not written like one."""
    if not header.startswith(_FORM) or len(header) > 1024:
        raise SettingsError("the request is not signed: no SharedAccessSignature")
    try:
        parts = {name: values[0] for name, values in parse_qs(header[len(_FORM) :], strict_parsing=True).items()}
        return Signature(parts["sr"], int(parts["se"]), parts["sig"])
    except (KeyError, ValueError):
        raise SettingsError("the SharedAccessSignature lacks sr, se or sig") from None


def holds(signature: Signature, key: str, body: bytes, now: float) -> bool:
    """True where this key signed this body, and the signature is valid now and not for longer than `LONGEST`."""
    expected = _hmac(key, _signed_text(signature.resource, signature.expires, body))
    right = hmac.compare_digest(expected.encode(), signature.digest.encode())
    return right and now <= signature.expires <= now + LONGEST + 60


def _signed_text(what: str, expires: int, body: bytes) -> str:
    return f"{quote(what, safe='')}\n{expires}\n{hashlib.sha256(body).hexdigest()}"


def _hmac(key: str, text: str) -> str:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError("a key is base64 text, as the hub shows it") from None
    if len(raw) < 16:
        raise SettingsError(f"a key has at least 16 bytes, this one has {len(raw)}")
    return base64.b64encode(hmac.digest(raw, text.encode(), "sha256")).decode()
