"""Who asks, and may they: bearer tokens and roles."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPBearer

from footlights.hub.patience import WAIT, Patience, address_of
from footlights.hub.people import People, User

TOKEN = HTTPBearer(auto_error=False, scheme_name="token", description="of a user: fl_...")  # only described here


def check_patience(request: Request, shown: str | None = None) -> Patience:
    """Raises HTTPException 429 where this address has guessed too often."""
    patience: Patience = request.app.state.patience
    if patience.exhausted(address_of(request), shown):
        raise HTTPException(429, WAIT)
    return patience


def user_of(request: Request, shown: Annotated[object, Depends(TOKEN)]) -> User:
    """Who asks, by the bearer token. Raises HTTPException 401 or 429."""
    people: People = request.app.state.hub.people
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    patience = check_patience(request, token.strip())
    user = people.who(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        patience.wrong(address_of(request))
        raise HTTPException(401, "a token is needed: Authorization: Bearer ...", {"www-authenticate": "Bearer"})
    patience.right(address_of(request), token.strip())
    return user


def needs(role: str) -> Callable[[User], User]:
    """A dependency: somebody of this role at least."""

    def check(user: Annotated[User, Depends(user_of)]) -> User:
        if not user.may(role):
            raise HTTPException(403, f"this needs the role {role}, and '{user.name}' is {user.role}")
        return user

    return check


Viewer = Annotated[User, Depends(needs("viewer"))]
Operator = Annotated[User, Depends(needs("operator"))]
Admin = Annotated[User, Depends(needs("admin"))]
