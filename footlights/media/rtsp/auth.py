"""Who may look: user and password, as Digest (RFC 2617) or Basic."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable

REALM = "footlights"
LIFETIME = 300.0  # seconds for which a nonce is good
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


class Gate:
    """Checks the Authorization header of requests."""

    def __init__(self, user: str, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._user = user
        self._password = password
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def passes(self, method: str, header: str) -> bool:
        """True where the header of a request with this method proves that the sender knows the password."""
        kind, _, rest = header.partition(" ")
        if kind.lower() == "basic":
            return self._basic(rest.strip())
        if kind.lower() == "digest":
            return self._digest(method, rest)
        return False

    def challenge(self) -> str:
        """What the answer 401 asks for: the value of one WWW-Authenticate header, and of a second one."""
        return (
            f'Digest realm="{REALM}", nonce="{self._nonce()}", algorithm=MD5\r\nWWW-Authenticate: Basic realm="{REALM}"'
        )

    def _basic(self, value: str) -> bool:
        try:
            given = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self._user}:{self._password}".encode())

    def _digest(self, method: str, rest: str) -> bool:
        given = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
        if given.get("username") != self._user or not self._fresh(given.get("nonce", "")):
            return False
        secret = _md5(f"{self._user}:{given.get('realm', '')}:{self._password}")
        what = _md5(f"{method}:{given.get('uri', '')}")
        if given.get("qop") == "auth":
            middle = f"{given['nonce']}:{given.get('nc', '')}:{given.get('cnonce', '')}:auth"
        else:
            middle = given["nonce"]
        wanted = _md5(f"{secret}:{middle}:{what}")
        return given.get("realm") == REALM and hmac.compare_digest(
            given.get("response", "").lower().encode(), wanted.encode()
        )

    def _nonce(self) -> str:
        moment = f"{int(self._clock() * 1000):x}"
        return f"{moment}.{self._seal(moment)}"

    def _fresh(self, nonce: str) -> bool:
        moment, _, seal = nonce.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(moment).encode()):
            return False
        return 0 <= self._clock() - int(moment, 16) / 1000 <= LIFETIME

    def _seal(self, moment: str) -> str:
        return hmac.new(self._secret, moment.encode(), hashlib.sha256).hexdigest()[:32]


def credentials(challenges: list[str], method: str, url: str, user: str, password: str) -> str:
    """The value of an Authorization header that answers a server's challenges, Digest before Basic."""
    digest = next((text for text in challenges if text.lower().startswith("digest ")), None)
    if digest is None:
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    given = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(digest[7:])}
    realm, nonce = given.get("realm", ""), given.get("nonce", "")
    secret, what = _md5(f"{user}:{realm}:{password}"), _md5(f"{method}:{url}")
    middle, extra = nonce, ""
    if "auth" in given.get("qop", "").split(","):
        own = secrets.token_hex(8)
        middle, extra = f"{nonce}:00000001:{own}:auth", f', qop=auth, nc=00000001, cnonce="{own}"'
    answer = _md5(f"{secret}:{middle}:{what}")
    return f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{url}", response="{answer}"{extra}'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
