"""How a hub is known that made its own authority: by the hash of that authority's certificate, its pin."""

import hashlib
import ssl
from urllib.parse import urlsplit

import httpx

from footlights.core.errors import SinkError

TIMEOUT = 10.0  # seconds


def authority_context(url: str, pin: str | None) -> ssl.SSLContext | bool:
    """How to know the hub at `url`: by its pin, or where there is none by a public certificate.

    Raises:
        SinkError: it does not answer, or is not the one that the pin names.
    """
    if pin is None or not url.startswith("https://"):
        return True
    return ssl.create_default_context(cadata=_pinned_authority(url, pin))


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
