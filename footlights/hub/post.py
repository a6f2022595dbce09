"""The hub's own mail server: said once, so that a rule needs nothing but an address."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import select, update

from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions import read
from footlights.engine.actions.mail import Mail
from footlights.hub import schema
from footlights.hub.database import Database, about
from footlights.hub.safe import LostKeyError, Safe
from footlights.wire.settings import validate

KEPT_AS = "mail"  # in the table `about`
Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over. The password is kept beside it, sealed, and shown to nobody."""

    host: str = field(metadata={"help": "Its name, for example mail.example.com."})
    port: int = field(default=587, metadata={"min": 1, "max": 65535})
    security: str = field(default="starttls", metadata={"choices": ("starttls", "tls", "none")})
    user: str = ""
    sender: str = field(default="", metadata={"help": "Address that mails come from; none: the user."})
    recipient: str = field(default="", metadata={"help": "Who is meant where a rule names nobody."})


class Post:
    """The mail server in the hub's database, its password sealed, and mails by it."""

    def __init__(self, database: Database, safe: Safe | None = None) -> None:
        self._database = database
        self.safe = safe or Safe()

    def server(self) -> MailServer | None:
        """Where mails go, without the password; None where nobody said so yet."""
        content = self._content()
        return validate(MailServer, content["server"]) if content else None

    @property
    def has_password(self) -> bool:
        """Whether a password is kept, and can be read."""
        return not self.lost and bool(self._password(self._content()))

    @property
    def lost(self) -> bool:
        """Whether the password that is kept cannot be read any more."""
        try:
            self._password(self._content())
        except LostKeyError:
            return True
        return False

    def change(self, values: Mapping[str, Any], password: str | None = None) -> MailServer:
        """Say where mails go. A password of None stays as it is, an empty one is forgotten.

        Raises SettingsError: it cannot be so; nothing has changed.
        """
        server = validate(MailServer, values)
        if password is None:
            password = "" if self.lost else self._password(self._content())
        if not server.host:
            raise SettingsError("the mail server needs a host, for example mail.example.com")
        if server.user and server.security == "none":
            raise SettingsError("a password is never sent in clear: take starttls or tls, or no user")
        if server.user and not password:
            raise SettingsError(f"the mail server wants a password for {server.user}")
        Mail.from_text(_address(server, password, server.recipient or "somebody@example.com")).close()
        self._keep(asdict(server), password if server.user else "")
        return server

    def seal(self) -> None:
        """Seal the password where an earlier version kept it as it is."""
        content = self._content()
        if content.get("password"):
            self._keep(content["server"], self._password(content))

    def expanded(self, texts: Texts) -> dict[str, list[str]]:
        """Actions by kind, in which whoever is named by mail address alone gets it by this server.

        Raises SettingsError: there is no server yet, or an address is none.
        """
        return {
            kind: [text if kind != Mail.flag or "://" in text else self._by_own_server(text) for text in given]
            for kind, given in texts.items()
        }

    def described(self, texts: Texts) -> dict[str, list[str]]:
        """Actions by kind, as anybody may read them: no password, no address of a webhook."""
        return {
            kind: [
                text if kind == Mail.flag and "://" not in text else read({kind: text})[0].describe() for text in given
            ]
            for kind, given in texts.items()
        }

    def test(self, recipient: str = "") -> str:
        """Send a mail now; to whom it went. Raises FootlightsError with what the server said."""
        server = self.server()
        to = recipient or (server.recipient if server else "")
        if not to:
            raise SettingsError("say who the mail is for")
        action = Mail.from_text(self._by_own_server(to))
        try:
            action.fire(Event("test", "the hub", time.time(), None, {"text": "This is how mails of this hub look."}))
        finally:
            action.close()
        return to

    def _by_own_server(self, recipient: str) -> str:
        content = self._content()
        if not content:
            raise SettingsError("the hub has no mail server yet: say which, under Settings")
        server = validate(MailServer, content["server"])
        try:
            password = self._password(content)
        except LostKeyError as error:
            raise SettingsError(f"the password of the mail server: {error}, under Settings") from None
        return _address(server, password, recipient or server.recipient)

    def _keep(self, server: Mapping[str, Any], password: str) -> None:
        text = json.dumps({"server": dict(server), "sealed": self.safe.seal(password)})
        table = schema.about
        with self._database.write() as connection:
            self._database.overwrite(connection)
            about(connection, KEPT_AS, text)
            connection.execute(update(table).where(table.c.name == KEPT_AS), {"value": text})

    def _password(self, content: Mapping[str, Any]) -> str:
        """Raises LostKeyError."""
        return self.safe.open(content["sealed"]) if "sealed" in content else str(content.get("password", ""))

    def _content(self) -> dict[str, Any]:
        with self._database.read() as connection:
            text = connection.scalar(select(schema.about.c.value).where(schema.about.c.name == KEPT_AS))
        return dict(json.loads(text)) if text else {}


def _address(server: MailServer, password: str, recipient: str) -> str:
    """The text of the action `mail`. Raises SettingsError by whoever reads it."""
    who = f"{quote(server.user, safe='')}:{quote(password, safe='')}@" if server.user else ""
    host = f"[{server.host}]" if ":" in server.host else server.host
    options = {"from": server.sender} if server.sender else {}
    if server.security == "none":
        options["starttls"] = "no"
    scheme = "smtps" if server.security == "tls" else "smtp"
    query = f"?{urlencode(options)}" if options else ""
    return f"{scheme}://{who}{host}:{server.port}/{quote(recipient, safe='@,+.')}{query}"
