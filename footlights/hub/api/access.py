"""Who asks, and may they: bearer tokens, roles, and patience with those who guess."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from footlights.hub.people import People, User

TRIES = 10  # wrong tokens or enrolments of one address in `WINDOW`
WINDOW = 60.0  # seconds
MOST_ADDRESSES = 10_000  # that are remembered
TOKEN = HTTPBearer(auto_error=False, scheme_name="token", description="of a user: fl_...")  # only described here


class Patience:
    """Counts what went wrong by address, and says when it is enough. Bounded: the oldest address is forgotten."""

    def __init__(self, tries: int = TRIES, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries, self._window, self._clock = tries, window, clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def exhausted(self, address: str) -> bool:
        """Whether this address has to wait."""
        since = self._clock() - self._window
        recent = [moment for moment in self._wrong.get(address, ()) if moment > since]
        return len(recent) >= self._tries

    def wrong(self, address: str) -> None:
        """Something went wrong."""
        moments = self._wrong.pop(address, [])
        self._wrong[address] = [*moments[1 - self._tries :], self._clock()] if self._tries > 1 else [self._clock()]
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)


def address_of(request: HTTPConnection) -> str:
    """Whom patience is kept for."""
    return request.client.host if request.client is not None else "unknown"


def check_patience(request: Request) -> Patience:
    """Raises HTTPException 429 where this address has guessed too often."""
    patience: Patience = request.app.state.patience
    if patience.exhausted(address_of(request)):
        raise HTTPException(429, "too many wrong tries from this address: wait a minute")
    return patience


def user_of(request: Request, shown: Annotated[object, Depends(TOKEN)]) -> User:
    """Who asks, by the bearer token. Raises HTTPException 401 or 429."""
    patience = check_patience(request)
    people: People = request.app.state.hub.people
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    user = people.who(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        patience.wrong(address_of(request))
        raise HTTPException(401, "a token is needed: Authorization: Bearer ...", {"www-authenticate": "Bearer"})
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
