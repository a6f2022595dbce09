"""Requests that a device signs with the key of its certificate, for what it fetches over HTTPS.

The port of pages and programs asks nobody for a client certificate. So the device shows its certificate in a header,
and with it a signature of what it asks for and when: nothing secret travels, there is no link that could be passed on,
what is revoked is refused at once, and a device that was away for weeks can still fetch what its document names.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from footlights.core.errors import SettingsError

VALID = 120.0  # seconds by which the clocks of both may differ
LARGEST = 8192  # bytes of the header
_FORM = re.compile(r"DeviceSignature certificate=([A-Za-z0-9+/=]+),time=(\d{1,12}),signature=([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Claim:
    """Who a request says it is from."""

    certificate: x509.Certificate
    time: int  # seconds since 1970
    signature: bytes


def sign(key: bytes, certificate: bytes, method: str, path: str, now: float) -> str:
    """The header `Authorization` of a request, from key and certificate in PEM. Raises SettingsError: they are not."""
    try:
        own = serialization.load_pem_private_key(key, None)
        shown = x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)
    except ValueError:
        raise SettingsError("key or certificate of this device cannot be read: enrol it again") from None
    text = _text(method, path, int(now))
    if isinstance(own, ec.EllipticCurvePrivateKey):
        signature = own.sign(text, ec.ECDSA(hashes.SHA256()))
    elif isinstance(own, rsa.RSAPrivateKey):
        signature = own.sign(text, padding.PKCS1v15(), hashes.SHA256())
    else:
        raise SettingsError("the key of this device is neither an elliptic curve key nor RSA")
    parts = (base64.b64encode(shown).decode(), int(now), base64.b64encode(signature).decode())
    return "DeviceSignature certificate={},time={},signature={}".format(*parts)


def read(header: str) -> Claim:
    """The parts of a header. Raises SettingsError: it is not written like one."""
    found = _FORM.fullmatch(header) if len(header) <= LARGEST else None
    try:
        if found is None:
            raise ValueError
        certificate = x509.load_der_x509_certificate(base64.b64decode(found[1], validate=True))
        return Claim(certificate, int(found[2]), base64.b64decode(found[3], validate=True))
    except (ValueError, binascii.Error):
        raise SettingsError("the request is not signed by a device") from None


def holds(claim: Claim, method: str, path: str, now: float) -> bool:
    """Whether the key of the certificate signed this, lately. Whose certificate it is must be looked at besides."""
    key, text = claim.certificate.public_key(), _text(method, path, claim.time)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(claim.signature, text, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(claim.signature, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return abs(now - claim.time) <= VALID


def _text(method: str, path: str, time: int) -> bytes:
    return f"footlights device request\n{method} {path}\n{time}\n".encode()
