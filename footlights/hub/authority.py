"""The hub's own small certificate authority: it signs what devices, workers and the broker show each other."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from footlights.core.errors import SettingsError
from footlights.wire.secret_file import write_secret

YEARS = 20  # for which the authority holds
SERVER_DAYS = 397  # the longest that browsers take
DEVICE_DAYS = 90
LIST_DAYS = 7  # a revocation list that is past its date makes the broker refuse everybody: renew it in time
BACKDATED = timedelta(minutes=10)  # clocks of devices are not exact
LARGEST_REQUEST = 16 * 1024  # bytes


@dataclass(frozen=True)
class Certificate:
    """A certificate that was signed here."""

    pem: str
    serial: str  # hexadecimal
    since: float  # seconds since 1970
    until: float  # seconds since 1970


class Authority:
    """The authority in a folder, made there where there is none. The key never leaves the folder.

    Raises:
        SettingsError: what lies in the folder is not readable, or not an authority.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / "authority.crt"
        key_path = folder / "authority.key"
        try:
            if not key_path.exists():
                _found(key_path, self.path)
            loaded = serialization.load_pem_private_key(key_path.read_bytes(), None)
            self._certificate = x509.load_pem_x509_certificate(self.path.read_bytes())
        except (OSError, ValueError) as error:
            raise SettingsError(f"{folder} holds no usable certificate authority: {error}") from None
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise SettingsError(f"{key_path} is no key of this authority")
        self._key = loaded

    @property
    def pem(self) -> str:
        """The certificate of the authority, which everybody may know."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of that certificate, hexadecimal: by it a device knows that it speaks to the right hub."""
        return self._certificate.fingerprint(hashes.SHA256()).hex()

    def sign(self, request: bytes, device: str, now: datetime, days: float = DEVICE_DAYS) -> Certificate:
        """A client certificate for a device that made its own key; whatever else the request asks for is left out.

        Raises:
            SettingsError: it is no signing request, its signature does not hold, or its key is a weak one.
        """
        return self._client(_public_key(request), device, now, days)

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether this authority signed a certificate."""
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def client(self, name: str, now: datetime, days: float = DEVICE_DAYS) -> tuple[str, Certificate]:
        """A key and a client certificate for a part of the hub itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _text(key), self._client(key.public_key(), name, now, days)

    def server(self, hosts: Sequence[str], now: datetime) -> tuple[str, Certificate]:
        """A key and a certificate for a server of these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = self._leaf(key.public_key(), hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, now, SERVER_DAYS)
        return _text(key), _signed(builder.add_extension(names, critical=False), self._key)

    def revocation_list(self, serials: Iterable[str], number: int, now: datetime) -> str:
        """The list of certificates that hold no more, as PEM; it is valid for `LIST_DAYS`."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - BACKDATED)
            .next_update(now + timedelta(days=LIST_DAYS))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(now - BACKDATED)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _client(
        self, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, name: str, now: datetime, days: float
    ) -> Certificate:
        return _signed(self._leaf(key, name, ExtendedKeyUsageOID.CLIENT_AUTH, now, days), self._key)

    def _leaf(
        self,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        name: str,
        use: x509.ObjectIdentifier,
        now: datetime,
        days: float,
    ) -> x509.CertificateBuilder:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            _builder(name, now, timedelta(days=days))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(authority, critical=False)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        )


def _found(key_path: Path, certificate_path: Path) -> None:
    """Make a new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    uses = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    name = f"footlights hub {now:%Y-%m-%d}"
    certificate = (
        _builder(name, now, timedelta(days=365 * YEARS))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(uses, critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    write_secret(key_path, _text(key))


def _public_key(request: bytes) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    if len(request) > LARGEST_REQUEST:
        raise SettingsError(f"a signing request of {len(request)} bytes; at most {LARGEST_REQUEST} are taken")
    try:
        parsed = x509.load_pem_x509_csr(request)
        key = parsed.public_key()
        holds = parsed.is_signature_valid
    except (ValueError, TypeError, InvalidSignature, x509.InvalidVersion):
        raise SettingsError("this is no certificate signing request in PEM") from None
    if not holds:
        raise SettingsError("the signature of the signing request does not hold")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= 256:
        return key
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 4096:
        return key
    raise SettingsError("the key of a device is an elliptic curve key of 256 bits, or RSA with 2048 to 4096")


def _builder(name: str, now: datetime, valid: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + valid)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> Certificate:
    signed = builder.sign(key, hashes.SHA256())
    return Certificate(
        pem=signed.public_bytes(serialization.Encoding.PEM).decode(),
        serial=f"{signed.serial_number:x}",
        since=signed.not_valid_before_utc.timestamp(),
        until=signed.not_valid_after_utc.timestamp(),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _text(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
