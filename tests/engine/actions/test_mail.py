"""Mail against a real SMTP server on loopback, with and without TLS."""

import email
import email.policy
import socket
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from footlights.core.errors import SettingsError, SinkError
from footlights.core.event import Event
from footlights.engine.actions.mail import Mail
from tests.engine.actions.conftest import Certificate
from tests.ports import free_port


class Postbox:
    """What the server has taken, and what it says to the next mail."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.logins: list[tuple[str, str]] = []
        self.answer = "250 taken"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user nobody@example.com"
        envelope.rcpt_tos.append(address)
        return "250 known"

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"hush", handled=False)

    def mail(self) -> EmailMessage:
        content = self.envelopes[-1].content
        assert isinstance(content, bytes)
        made = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(made, EmailMessage)
        return made


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def serve(postbox: Postbox) -> Iterator[Callable[..., int]]:
    """Starts a server; its port."""
    made: list[Controller] = []

    def start(**options: Any) -> int:
        controller = Controller(postbox, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        made.append(controller)
        return int(controller.port)

    yield start
    for controller in made:
        controller.stop()


Serve = Callable[..., int]


def test_the_mail_says_what_happened(serve: Serve, postbox: Postbox, event: Event) -> None:
    port = serve()
    Mail.from_text(f"smtp://127.0.0.1:{port}/a@example.com,b@example.com?from=stage@example.com").fire(event)
    assert postbox.envelopes[0].rcpt_tos == ["a@example.com", "b@example.com"]
    assert postbox.envelopes[0].mail_from == "stage@example.com"
    mail = postbox.mail()
    assert mail["Subject"] == "footlights: x_arms on line 1"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Date"]
    assert mail.get_content().splitlines()[0] == "x_arms on line 1 at 12.50 s, track 3."
    assert '"confidence": 0.93' in mail.get_content()


def test_a_line_break_in_a_name_makes_no_new_header(serve: Serve, postbox: Postbox) -> None:
    port = serve()
    event = Event("trigger", "a\r\nBcc: c@example.com", 1.0)
    Mail.from_text(f"smtp://127.0.0.1:{port}/a@example.com").fire(event)
    assert postbox.mail()["Subject"] == "footlights: trigger on a Bcc: c@example.com"
    assert postbox.mail()["Bcc"] is None


def test_starttls_and_login(
    serve: Serve, postbox: Postbox, certificate: Certificate, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    port = serve(tls_context=certificate.server_context(), authenticator=postbox.check, auth_required=True)
    Mail.from_text(f"smtp://stage%40example.com:hush@localhost:{port}/a@example.com").fire(event)
    assert postbox.logins == [("stage@example.com", "hush")]
    assert postbox.envelopes[0].mail_from == "stage@example.com"


def test_the_password_may_come_from_the_environment(
    serve: Serve, postbox: Postbox, certificate: Certificate, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    monkeypatch.setenv("FOOTLIGHTS_MAIL_PASSWORD", "hush")
    port = serve(tls_context=certificate.server_context(), authenticator=postbox.check, auth_required=True)
    Mail.from_text(f"smtp://stage@localhost:{port}/a@example.com").fire(event)
    assert postbox.logins == [("stage", "hush")]


def test_a_wrong_password_is_not_to_be_tried_again_and_is_not_told(
    serve: Serve, postbox: Postbox, certificate: Certificate, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    port = serve(tls_context=certificate.server_context(), authenticator=postbox.check, auth_required=True)
    action = Mail.from_text(f"smtp://stage:wrong@localhost:{port}/a@example.com")
    with pytest.raises(SettingsError, match="answered 535: check user and password") as raised:
        action.fire(event)
    assert "wrong" not in str(raised.value)


def test_tls_from_the_beginning(
    serve: Serve, postbox: Postbox, certificate: Certificate, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    port = serve(ssl_context=certificate.server_context())
    Mail.from_text(f"smtps://localhost:{port}/a@example.com").fire(event)
    assert len(postbox.envelopes) == 1


def test_a_certificate_that_nobody_knows_is_refused(
    serve: Serve, postbox: Postbox, certificate: Certificate, event: Event
) -> None:
    port = serve(tls_context=certificate.server_context())
    with pytest.raises(ssl.SSLCertVerificationError):
        Mail.from_text(f"smtp://localhost:{port}/a@example.com").fire(event)
    assert postbox.envelopes == []


def test_a_password_is_not_sent_in_clear(serve: Serve, postbox: Postbox, event: Event) -> None:
    port = serve(authenticator=postbox.check, auth_require_tls=False)
    with pytest.raises(SettingsError, match="offers no encryption, and a password is not sent in clear"):
        Mail.from_text(f"smtp://stage:hush@localhost:{port}/a@example.com?starttls=no").fire(event)
    assert postbox.logins == []


def test_starttls_is_demanded_of_other_machines(
    serve: Serve, postbox: Postbox, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker who takes STARTTLS out of the greeting must not get the mail."""
    port = serve()
    find = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **kw: find("127.0.0.1", *more, **kw))
    with pytest.raises(SettingsError, match=r"offers no STARTTLS: use smtps://, or say \?starttls=no"):
        Mail.from_text(f"smtp://mail.example.com:{port}/a@example.com").fire(event)
    Mail.from_text(f"smtp://mail.example.com:{port}/a@example.com?starttls=no").fire(event)
    assert len(postbox.envelopes) == 1


def test_refused_recipients_are_not_told(serve: Serve, event: Event) -> None:
    port = serve()
    with pytest.raises(SettingsError, match="refused every recipient, answer 550") as raised:
        Mail.from_text(f"smtp://127.0.0.1:{port}/nobody@example.com").fire(event)
    assert "nobody" not in str(raised.value)


def test_a_passing_trouble_is_tried_again_with_the_same_message_id(
    serve: Serve, postbox: Postbox, event: Event
) -> None:
    action = Mail.from_text(f"smtp://127.0.0.1:{serve()}/a@example.com")
    postbox.answer = "451 try again"
    with pytest.raises(SinkError, match="answered 451"):
        action.fire(event)
    postbox.answer = "250 taken"
    action.fire(event)
    first = postbox.mail()["Message-ID"]
    action.fire(event)
    action.fire(Event("trigger", "line 1", 13.0))
    ids = [email.message_from_bytes(bytes(envelope.content or b""))["Message-ID"] for envelope in postbox.envelopes]
    assert ids[0] == ids[1] == first
    assert ids[2] != first


def test_nobody_there_is_a_passing_trouble(event: Event) -> None:
    with pytest.raises(ConnectionRefusedError):
        Mail.from_text(f"smtp://127.0.0.1:{free_port()}/a@example.com").fire(event)


def test_a_picture_goes_with_the_mail_and_is_asked_for_once(serve: Serve, postbox: Postbox) -> None:
    asked: list[Event] = []

    def picture(event: Event) -> bytes | None:
        asked.append(event)
        return b"\xff\xd8 a picture \xff\xd9" if event.kind == "anomaly.raised" else None

    action = Mail.from_text(f"smtp://127.0.0.1:{serve()}/a@example.com")
    action.picture = picture
    alarm = Event("anomaly.raised", "line 1", 12.5, 3, {"alert": "person > 3 in hall"})
    action.fire(alarm)
    action.fire(alarm)
    mail = postbox.mail()
    assert mail["Subject"] == "footlights: person > 3 in hall on line 1"
    (attached,) = mail.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("image/jpeg", "12.50.jpg")
    assert attached.get_content() == b"\xff\xd8 a picture \xff\xd9"
    body = mail.get_body()
    assert body is not None
    assert body.get_content().startswith("person > 3 in hall on line 1 at 12.50 s, track 3.")
    assert asked == [alarm]
    action.fire(Event("anomaly.cleared", "line 1", 13.0, 3, {"alert": "person > 3 in hall"}))
    assert list(postbox.mail().iter_attachments()) == []
    assert postbox.mail()["Subject"] == "footlights: anomaly.cleared on line 1"
