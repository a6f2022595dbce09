"""Requests that a device signs with the key of its certificate."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.errors import SettingsError
from footlights.wire.signed_request import VALID, holds, read, sign

NOW = 1_700_000_000.0
PATH = "/api/device/models/abc"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def identity(key: Key) -> tuple[bytes, bytes]:
    """Key and certificate in PEM."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jetson-07")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, serialization.NoEncryption()), certificate.public_bytes(pem)


ELLIPTIC = identity(ec.generate_private_key(ec.SECP256R1()))
RSA = identity(rsa.generate_private_key(65537, 2048))


@pytest.mark.parametrize("own", [ELLIPTIC, RSA])
def test_what_a_device_signed_holds_for_that_and_for_a_while(own: tuple[bytes, bytes]) -> None:
    claim = read(sign(*own, "GET", PATH, NOW))
    assert claim.certificate.serial_number == 7
    assert holds(claim, "GET", PATH, NOW) and holds(claim, "GET", PATH, NOW + VALID)
    assert not holds(claim, "GET", PATH, NOW + VALID + 2) and not holds(claim, "GET", PATH, NOW - VALID - 2)
    assert not holds(claim, "PUT", PATH, NOW) and not holds(claim, "GET", PATH + "d", NOW)


def test_another_key_does_not_hold() -> None:
    other = identity(ec.generate_private_key(ec.SECP256R1()))
    for key, certificate in ((other[0], ELLIPTIC[1]), (RSA[0], ELLIPTIC[1]), (ELLIPTIC[0], RSA[1])):
        assert not holds(read(sign(key, certificate, "GET", PATH, NOW)), "GET", PATH, NOW)


def test_a_time_that_was_changed_does_not_hold() -> None:
    header = sign(*ELLIPTIC, "GET", PATH, NOW).replace("1700000000", "1700000001")
    assert not holds(read(header), "GET", PATH, NOW)


def test_keys_that_cannot_sign_are_said() -> None:
    with pytest.raises(SettingsError, match="neither"):
        sign(*identity(ed25519.Ed25519PrivateKey.generate()), "GET", PATH, NOW)
    with pytest.raises(SettingsError, match="enrol it again"):
        sign(b"x", ELLIPTIC[1], "GET", PATH, NOW)


@given(
    st.one_of(st.text(), st.text(alphabet="DeviceSgnatur =,+/0123456789").map("DeviceSignature certificate=".__add__))
)
@settings(max_examples=200, deadline=None)
def test_nonsense_is_refused(header: str) -> None:
    with pytest.raises(SettingsError, match="not signed by a device"):
        read(header)


def test_a_header_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(SettingsError):
        read("DeviceSignature certificate=" + "A" * 100_000 + ",time=1,signature=AA")
