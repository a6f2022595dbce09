"""Users, tokens and the book of what was done."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from footlights.hub.api import answers
from footlights.hub.api.access import Admin, Viewer
from footlights.hub.people import People, User

router = APIRouter(prefix="/api", tags=["people"])


class NewUser(BaseModel):
    """Somebody who is to use the hub."""

    name: str
    role: str


class NewToken(BaseModel):
    """A token for a user; `until` in seconds since 1970."""

    user: str
    title: str = ""
    until: float | None = None


def _people(request: Request) -> People:
    people: People = request.app.state.hub.people
    return people


@router.get("/me")
def me(user: Viewer) -> User:
    """Who asks."""
    return user


@router.get("/users")
def users(request: Request, user: Admin) -> list[User]:
    """Everybody who uses the hub."""
    return _people(request).users()


@router.post("/users", status_code=201)
def add_user(request: Request, user: Admin, new: NewUser) -> answers.NewUserToken:
    """A new user with a token, which is shown this once."""
    _people(request).add(new.name, new.role)
    _people(request).note(user.name, "added a user", new.name)
    return answers.NewUserToken(name=new.name, token=_people(request).make_token(new.name, "first"))


@router.delete("/users/{name}", status_code=204)
def remove_user(request: Request, user: Admin, name: str) -> None:
    """Let somebody in no more."""
    _people(request).remove(name)
    _people(request).note(user.name, "removed a user", name)


@router.post("/tokens", status_code=201)
def make_token(request: Request, user: Admin, new: NewToken) -> answers.Shown:
    """Another token of a user, which is shown this once."""
    token = _people(request).make_token(new.user, new.title, new.until)
    _people(request).note(user.name, "made a token", new.user)
    return answers.Shown(token=token)


@router.get("/audit")
def audit(request: Request, user: Admin, most: int = 200) -> list[answers.Deed]:
    """What was done, the newest first."""
    return [answers.Deed(**row) for row in _people(request).book(min(most, 1000))]
