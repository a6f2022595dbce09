"""Settings of the hub itself: its mail server."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from footlights.hub.api.access import Admin
from footlights.hub.hub import Hub

router = APIRouter(prefix="/api/mail-server", tags=["settings"])


class NewMailServer(BaseModel):
    """Where mails are handed over. Without a password the one that is kept stays."""

    host: str
    port: int = 587
    security: str = Field(default="starttls", description="starttls, tls or none")
    user: str = ""
    sender: str = ""
    recipient: str = ""
    password: str | None = Field(default=None, repr=False)


class TestMail(BaseModel):
    """Who a mail is for; empty: the recipient of the settings."""

    recipient: str = ""


class KeptMailServer(BaseModel):
    """Where mails are handed over."""

    host: str
    port: int
    security: str
    user: str
    sender: str
    recipient: str
    password: bool = Field(description="whether one is kept")


class Sent(BaseModel):
    """Who a mail went to."""

    sent: str


def _shown(hub: Hub) -> KeptMailServer | None:
    server = hub.post.server()
    return None if server is None else KeptMailServer(**asdict(server), password=hub.post.has_password)


@router.get("")
def mail_server(request: Request, user: Admin) -> KeptMailServer | None:
    """Where mails go; `password` says whether one is kept."""
    hub: Hub = request.app.state.hub
    return _shown(hub)


@router.put("")
def change_mail_server(request: Request, user: Admin, new: NewMailServer) -> KeptMailServer | None:
    """Say where mails go."""
    hub: Hub = request.app.state.hub
    hub.post.change(new.model_dump(exclude={"password"}), new.password)
    hub.people.note(user.name, "changed the mail server", new.host)
    return _shown(hub)


@router.post("/test")
def send_test_mail(request: Request, user: Admin, test: TestMail) -> Sent:
    """Send a mail now."""
    hub: Hub = request.app.state.hub
    to = hub.post.test(test.recipient)
    hub.people.note(user.name, "sent a test mail", to)
    return Sent(sent=to)
