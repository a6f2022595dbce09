import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from footlights.core.errors import SettingsError
from footlights.hub.authority import LARGEST_REQUEST, Authority

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def request(name: str = "jetson-07", key: object = None) -> bytes:
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(own, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(own, algorithm)
    return made.public_bytes(serialization.Encoding.PEM)


def name_in(pem: str) -> str:
    subject = x509.load_pem_x509_certificate(pem.encode()).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def test_a_device_gets_a_certificate_in_the_name_that_the_hub_knows(authority: Authority) -> None:
    signed = authority.sign(request("hub.server"), "jetson-07", NOW)
    assert name_in(signed.pem) == "jetson-07"
    certificate = x509.load_pem_x509_certificate(signed.pem.encode())
    assert f"{certificate.serial_number:x}" == signed.serial
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pem.encode()))


def test_browsers_and_devices_believe_the_servers_certificate(authority: Authority) -> None:
    _, signed = authority.server(["localhost", "127.0.0.1", "hub.example.com"], NOW)
    store = Store([x509.load_pem_x509_certificate(authority.pem.encode())])
    leaf = x509.load_pem_x509_certificate(signed.pem.encode())
    for name in ("localhost", "hub.example.com"):
        verifier = PolicyBuilder().store(store).time(NOW + timedelta(days=1)).build_server_verifier(x509.DNSName(name))
        assert verifier.verify(leaf, [])
    with pytest.raises(x509.verification.VerificationError):
        PolicyBuilder().store(store).time(NOW).build_server_verifier(x509.DNSName("example.com")).verify(leaf, [])


def test_the_key_is_for_its_owner_alone_and_stays(tmp_path: Path) -> None:
    first = Authority(tmp_path / "a")
    assert stat.S_IMODE((tmp_path / "a/authority.key").stat().st_mode) == 0o600
    assert Authority(tmp_path / "a").fingerprint == first.fingerprint
    assert Authority(tmp_path / "b").fingerprint != first.fingerprint


def test_a_damaged_authority_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    Authority(tmp_path)
    (tmp_path / "authority.key").write_text("nothing")
    with pytest.raises(SettingsError, match="no usable certificate authority"):
        Authority(tmp_path)


@pytest.mark.parametrize("text", [b"", b"nothing", b"\xff", request()[:-40], b"x" * (LARGEST_REQUEST + 1)])
def test_what_is_no_signing_request_is_refused(authority: Authority, text: bytes) -> None:
    with pytest.raises(SettingsError, match="signing request"):
        authority.sign(text, "jetson-07", NOW)


def test_a_request_that_somebody_changed_is_refused(authority: Authority) -> None:
    der = x509.load_pem_x509_csr(request("jetson-07")).public_bytes(serialization.Encoding.DER)
    changed = x509.load_der_x509_csr(der.replace(b"jetson-07", b"jetson-08"))
    with pytest.raises(SettingsError, match="does not hold"):
        authority.sign(changed.public_bytes(serialization.Encoding.PEM), "jetson-08", NOW)


def test_weak_keys_are_refused(authority: Authority) -> None:
    with pytest.raises(SettingsError, match="256 bits"):
        authority.sign(request(key=rsa.generate_private_key(65537, 1024)), "jetson-07", NOW)
    with pytest.raises(SettingsError, match="256 bits"):
        authority.sign(request(key=ed25519.Ed25519PrivateKey.generate()), "jetson-07", NOW)


def test_the_revocation_list_names_what_was_revoked(authority: Authority) -> None:
    one, other = (authority.sign(request(), "jetson-07", NOW) for _ in range(2))
    made = x509.load_pem_x509_crl(authority.revocation_list([one.serial], 5, NOW).encode())
    assert made.get_revoked_certificate_by_serial_number(int(one.serial, 16)) is not None
    assert made.get_revoked_certificate_by_serial_number(int(other.serial, 16)) is None
    assert made.next_update_utc is not None and made.next_update_utc > NOW + timedelta(days=6)
    assert made.is_signature_valid(x509.load_pem_x509_certificate(authority.pem.encode()).public_key())
