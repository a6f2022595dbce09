"""`--mail smtp://SERVER/RECIPIENT`: a message by mail."""

import json
import os
import socket
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import SplitResult, parse_qs, unquote

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions import message
from footlights.engine.actions.action import Action, Picture, no_picture
from footlights.engine.actions.address import host_and_port, parse
from footlights.wire.near_miss import near_miss

if TYPE_CHECKING:
    import smtplib
    from email.message import EmailMessage

PASSWORD = "FOOTLIGHTS_MAIL_PASSWORD"  # name of the environment variable
EXAMPLE = "smtp://user:password@mail.example.com/operator@example.com"
TIMEOUT = 10.0  # seconds for each step of the conversation
OPTIONS = ("from", "starttls")


class Mail(Action):
    """Sends one mail for each event, with its picture where there is one: `picture` is put there by the builder.

    smtp:// is port 587 and STARTTLS, which is demanded except of a server on this machine and where the address ends in
    ?starttls=no; smtps:// is port 465 and TLS from the beginning. A password never travels in clear. Recipients stand
    behind the host, separated by commas; ?from= names the sender.
    """

    flag: ClassVar[str] = "mail"
    help: ClassVar[str] = "Send a mail: STARTTLS, or TLS with smtps://."
    metavar: ClassVar[str] = "smtp://[USER:PASSWORD@]SERVER/RECIPIENT[,RECIPIENT]"

    def __init__(
        self, server: SplitResult, recipients: tuple[str, ...], sender: str, password: str | None, *, starttls: bool
    ) -> None:
        self.server = server
        self.recipients = recipients
        self.sender = sender
        self.starttls = starttls
        self._password = password
        self.picture: Picture = no_picture
        self._last: tuple[Event, EmailMessage] | None = None

    @classmethod
    def from_text(cls, text: str) -> Self:
        server = parse(cls.flag, text, ("smtps", "smtp"), EXAMPLE)
        recipients = tuple(part for part in unquote(server.path[1:]).split(",") if part)
        if not recipients:
            raise SettingsError(f"--mail names no recipient behind the server; for example {EXAMPLE}")
        options = {key: values[-1] for key, values in parse_qs(server.query, keep_blank_values=True).items()}
        for key in options:
            if key not in OPTIONS:
                raise SettingsError(f"--mail: unknown option '{key}': {near_miss(key, OPTIONS)}")
        if options.get("starttls", "no") != "no":
            raise SettingsError("--mail: starttls is demanded anyway; only ?starttls=no can be said")
        user = unquote(server.username or "")
        sender = options.get("from") or (user if "@" in user else f"footlights@{socket.gethostname()}")
        for address in (*recipients, sender):
            _check(address)
        password = unquote(server.password) if server.password is not None else os.environ.get(PASSWORD)
        if user and password is None:
            raise SettingsError(f"--mail: there is no password for the user: put it into the variable {PASSWORD}")
        local = server.hostname in ("localhost", "127.0.0.1", "::1")
        starttls = server.scheme == "smtp" and not local and "starttls" not in options
        return cls(server, recipients, sender, password, starttls=starttls)

    def prepare(self) -> None:
        import smtplib  # noqa: F401

    def fire(self, event: Event) -> None:
        import smtplib

        mail = self._mail(event)
        try:
            with self._connect() as connection:
                self._secure(connection)
                connection.send_message(mail)
        except smtplib.SMTPResponseException as error:
            said = f"{self._place()} answered {error.smtp_code}"
            if error.smtp_code >= 500:
                hint = "check user and password" if isinstance(error, smtplib.SMTPAuthenticationError) else "it refuses"
                raise SettingsError(f"{said}: {hint}") from None  # its own words may hold addresses
            raise SinkError(said) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted(code for code, _ in error.recipients.values())
            refusal = SettingsError if codes[0] >= 500 else SinkError
            raise refusal(f"{self._place()} refused every recipient, answer {codes[0]}") from None

    def describe(self) -> str:
        people = "1 recipient" if len(self.recipients) == 1 else f"{len(self.recipients)} recipients"
        return f"mail to {people} by {self._place()}"

    def _place(self) -> str:
        return host_and_port(self.server, self._port())

    def _port(self) -> int:
        return self.server.port or (465 if self.server.scheme == "smtps" else 587)

    def _connect(self) -> "smtplib.SMTP":
        import smtplib
        import ssl

        host = self.server.hostname or ""
        if self.server.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self._port(), timeout=TIMEOUT, context=ssl.create_default_context())
        return smtplib.SMTP(host, self._port(), timeout=TIMEOUT)

    def _secure(self, connection: "smtplib.SMTP") -> None:
        """Encrypt, then log in."""
        import ssl

        encrypted = self.server.scheme == "smtps"
        connection.ehlo()
        if not encrypted and (self.starttls or connection.has_extn("starttls")):
            if not connection.has_extn("starttls"):
                raise SettingsError(f"{self._place()} offers no STARTTLS: use smtps://, or say ?starttls=no")
            connection.starttls(context=ssl.create_default_context())
            encrypted = True
        if self.server.username:
            if not encrypted:
                raise SettingsError(f"{self._place()} offers no encryption, and a password is not sent in clear")
            connection.login(unquote(self.server.username), self._password or "")

    def _mail(self, event: Event) -> "EmailMessage":
        """The same mail, with the same Message-ID, whenever the same event is sent again."""
        if self._last is None or self._last[0] is not event:
            self._last = (event, self._write(event))
        return self._last[1]

    def _write(self, event: Event) -> "EmailMessage":
        from email.message import EmailMessage
        from email.utils import localtime, make_msgid

        mail = EmailMessage()
        mail["Subject"] = " ".join(f"footlights: {message.name(event)} on {event.stream}".split())
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.recipients)
        mail["Date"] = localtime()
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        who = "" if event.track is None else f", track {event.track}"
        document = json.dumps(message.plain(event), indent=2, ensure_ascii=False, allow_nan=False)
        mail.set_content(f"{message.name(event)} on {event.stream} at {event.time:.2f} s{who}.\n\n{document}\n")
        if (picture := self.picture(event)) is not None:
            mail.add_attachment(picture, maintype="image", subtype="jpeg", filename=f"{event.time:.2f}.jpg")
        return mail


def _check(address: str) -> None:
    from email.headerregistry import Address

    try:
        good = bool(Address(addr_spec=address).domain)
    except (ValueError, IndexError):
        good = False
    if not good:
        raise SettingsError(f"--mail: '{address}' is not a mail address; for example {EXAMPLE}")
