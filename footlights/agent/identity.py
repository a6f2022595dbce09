"""Who this device is: a folder with its key, its certificate, the hub's authority and where the hub is."""

import json
import ssl
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from footlights.core.errors import SettingsError
from footlights.wire.secret_file import write_secret

RENEW_BEFORE = 1 / 3  # share of a certificate's life that is left when a new one is asked for
FILES = ("hub.json", "device.key", "device.key.next", "device.crt", "authority.crt")


@dataclass(frozen=True)
class Hub:
    """Where the hub is, and what it calls this device."""

    url: str
    device: str
    broker: str  # host
    port: int
    public: bool = False  # its pages have a certificate of a public authority


class Identity:
    """The folder of an enrolled device. Nobody else on the machine can read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def enrolled(self) -> bool:
        """Whether there is everything that is needed to connect."""
        return all((self.folder / name).exists() for name in FILES if not name.endswith(".next"))

    def hub(self) -> Hub:
        """Raises SettingsError where this device is not enrolled."""
        try:
            return Hub(**json.loads((self.folder / "hub.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise SettingsError(
                f"this device is not enrolled ({self.folder} has no hub.json): footlights agent enrol https://HUB ..."
            ) from None

    def request(self, device: str) -> bytes:
        """A certificate signing request with a new key, which becomes the device's when the answer is kept."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
        form = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(self.folder / "device.key.next", text.decode())
        made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM)

    def keep(self, certificate: str) -> None:
        """Take the certificate that was granted for the last request. Raises SettingsError: it is for another key."""
        waiting = self.folder / "device.key.next"
        try:
            key = serialization.load_pem_private_key(waiting.read_bytes(), None)
            granted = x509.load_pem_x509_certificate(certificate.encode())
        except (OSError, ValueError):
            raise SettingsError("what the hub granted is no certificate for a request of this device") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or granted.public_key() != key.public_key():
            raise SettingsError("the certificate that the hub granted is for another key")
        write_secret(self.folder / "device.crt", certificate)
        waiting.replace(self.folder / "device.key")

    def settle(self, hub: Hub, authority: str) -> None:
        """Write down where the hub is, and by what it is known."""
        write_secret(self.folder / "authority.crt", authority)
        write_secret(self.folder / "hub.json", json.dumps(asdict(hub), indent=1))

    def wants_renewal(self) -> bool:
        """Whether it is time to ask for a new certificate."""
        certificate = x509.load_pem_x509_certificate((self.folder / "device.crt").read_bytes())
        since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return datetime.now(UTC) > until - (until - since) * RENEW_BEFORE

    def context(self) -> ssl.SSLContext:
        """How this device shows who it is, and knows the hub."""
        context = ssl.create_default_context(cafile=str(self.folder / "authority.crt"))
        self.show_in(context)
        return context

    def web_context(self) -> ssl.SSLContext | None:
        """How the hub's web server is known, which wants no certificate; None: it speaks in clear."""
        hub = self.hub()
        if not hub.url.startswith("https://"):
            return None
        return ssl.create_default_context(cafile=None if hub.public else str(self.folder / "authority.crt"))

    def show_in(self, context: ssl.SSLContext) -> None:
        """Show the certificate as it is now: connections that are made from here on do."""
        context.load_cert_chain(str(self.folder / "device.crt"), str(self.folder / "device.key"))

    def remove(self) -> None:
        """Forget who this device is."""
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
