"""`--webhook URL`: a CloudEvent by HTTP POST."""

import hashlib
import hmac
import json
import logging
import os
import uuid
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import SplitResult

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions.action import Action, Picture, no_picture
from footlights.engine.actions.address import host_and_port, parse
from footlights.engine.actions.message import cloud_event

if TYPE_CHECKING:
    import httpx

SECRET = "FOOTLIGHTS_WEBHOOK_SECRET"  # name of the environment variable that holds the key of the signature
SIGNATURE = "X-Hub-Signature-256"  # as GitHub and WebSub write it, so that receivers know it
TIMEOUT = 5.0  # seconds for the connection, and again for the answer
REDIRECTS = 3
RETRY = {408, 425, 429}  # of the 4xx answers those that may become better by waiting


class Webhook(Action):
    """POSTs every event as a CloudEvents 1.0 JSON document in structured mode. Where the event has a picture, it stands
    in the data as `picture`, base64: `picture` is put there by the builder.

    Where the environment variable FOOTLIGHTS_WEBHOOK_SECRET is set, the header X-Hub-Signature-256 holds
    "sha256=" and the hexadecimal HMAC-SHA256 of the body. TLS certificates are verified, against SSL_CERT_FILE where
    that is set. A redirect is followed on the same host only, and never from https to http.
    """

    flag: ClassVar[str] = "webhook"
    help: ClassVar[str] = f"POST a CloudEvents 1.0 JSON document to this address, signed where {SECRET} is set."
    metavar: ClassVar[str] = "URL"

    def __init__(self, address: SplitResult, secret: str = "") -> None:
        self.address = address
        self._secret = secret.encode()
        self._client: httpx.Client | None = None
        self.picture: Picture = no_picture
        self._last: tuple[Event, bytes] | None = None

    @classmethod
    def from_text(cls, text: str) -> Self:
        address = parse(cls.flag, text, ("https", "http"), "https://example.com/hooks/stage")
        return cls(address, os.environ.get(SECRET, ""))

    def prepare(self) -> None:
        self._connect()

    def fire(self, event: Event) -> None:
        import httpx

        body = self._body(event)
        headers = {"Content-Type": "application/cloudevents+json; charset=utf-8", "User-Agent": "footlights"}
        if self._secret:
            headers[SIGNATURE] = f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"
        url = httpx.URL(self.address.geturl())
        try:
            for _ in range(REDIRECTS + 1):
                answer = self._post(url, body, headers)
                if not answer.has_redirect_location:
                    return self._judge(answer)
                url = self._redirected(url, url.join(answer.headers["location"]))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SinkError(f"{self._place()} does not answer: {type(error).__name__}: {error}") from error
        raise SettingsError(f"{self._place()} redirects more than {REDIRECTS} times: give the final address")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def describe(self) -> str:
        return f"webhook {self._place()}"  # what follows the host often is a token

    def _place(self) -> str:
        return host_and_port(self.address, 443 if self.address.scheme == "https" else 80)

    def _connect(self) -> "httpx.Client":
        if self._client is None:
            import httpx

            logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO lines hold whole addresses
            self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        return self._client

    def _body(self, event: Event) -> bytes:
        """The same bytes, with the same id, whenever the same event is sent again."""
        if self._last is None or self._last[0] is not event:
            document = cloud_event(event, str(uuid.uuid4()), datetime.now(UTC))
            if (picture := self.picture(event)) is not None:
                document["data"]["picture"] = {"media_type": "image/jpeg", "base64": b64encode(picture).decode()}
            self._last = (event, json.dumps(document, ensure_ascii=False, allow_nan=False).encode())
        return self._last[1]

    def _post(self, url: "httpx.URL", body: bytes, headers: dict[str, str]) -> "httpx.Response":
        with self._connect().stream("POST", url, content=body, headers=headers) as answer:
            return answer  # what it says besides the status is not of interest, and may be endless

    def _judge(self, answer: "httpx.Response") -> None:
        if answer.is_success:
            return
        said = f"{self._place()} answered {answer.status_code} {answer.reason_phrase}".rstrip()
        if answer.is_client_error and answer.status_code not in RETRY:
            raise SettingsError(f"{said}: check the address and what it expects")
        raise SinkError(said)

    def _redirected(self, old: "httpx.URL", new: "httpx.URL") -> "httpx.URL":
        if new.host != old.host or new.scheme not in ("https", old.scheme):
            raise SettingsError(
                f"{self._place()} redirects to {new.scheme}://{new.host}, which is not followed: give that address"
            )
        return new
