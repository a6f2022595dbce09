"""Who may use the hub: users with a role, tokens of which only a hash is kept, and a book of what was done."""

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select

from footlights.core.errors import SettingsError
from footlights.hub import schema
from footlights.hub.database import Database
from footlights.wire.keys import check_registration

ROLES = ("viewer", "operator", "admin")  # each may do what those before it may
PREFIX = "fl_"  # so that a token is known for one where it turns up in the wrong place


@dataclass(frozen=True)
class User:
    """Somebody who uses the hub."""

    name: str
    role: str  # of `ROLES`

    def may(self, role: str) -> bool:
        """Whether this user may do what somebody of this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class People:
    """Users and their tokens, in the hub's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_admin(self) -> str | None:
        """The token of a new administrator where there are no users yet; it is never shown again."""
        with self._database.read() as connection:
            if connection.scalar(select(func.count()).select_from(schema.users)):
                return None
        self.add("admin", "admin")
        return self.make_token("admin", "first")

    def add(self, name: str, role: str) -> User:
        """Raises SettingsError: a bad name or role, or a name that is taken."""
        check_registration(name)
        if role not in ROLES:
            raise SettingsError(f"a role is one of {', '.join(ROLES)}, not '{role[:40]}'")
        with self._database.write() as connection:
            if connection.scalar(select(schema.users.c.name).where(schema.users.c.name == name)):
                raise SettingsError(f"there is a user '{name}' already")
            connection.execute(insert(schema.users), {"name": name, "role": role, "created": time.time()})
        return User(name, role)

    def users(self) -> list[User]:
        """Every user, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.users.c.name, schema.users.c.role).order_by(schema.users.c.name))
            return [User(name, role) for name, role in rows]

    def remove(self, name: str) -> None:
        """Raises SettingsError: no such user, or the last administrator."""
        if [user.name for user in self.users() if user.role == "admin"] == [name]:
            raise SettingsError(f"'{name}' is the last administrator: make another one first")
        with self._database.write() as connection:
            connection.execute(delete(schema.tokens).where(schema.tokens.c.user == name))
            if connection.execute(delete(schema.users).where(schema.users.c.name == name)).rowcount == 0:
                raise SettingsError(f"there is no user '{name[:80]}'")

    def make_token(self, user: str, title: str = "", until: float | None = None) -> str:
        """A new token of a user; only its hash is kept. Raises SettingsError: no such user."""
        token = PREFIX + secrets.token_urlsafe(32)
        row = {"digest": _digest(token), "user": user, "title": title[:200], "created": time.time(), "until": until}
        with self._database.write() as connection:
            if connection.scalar(select(schema.users.c.name).where(schema.users.c.name == user)) is None:
                raise SettingsError(f"there is no user '{user[:80]}'")
            connection.execute(insert(schema.tokens), row)
        return token

    def who(self, token: str) -> User | None:
        """Whose token this is; None where it is nobody's, or its time is over."""
        users, tokens = schema.users.c, schema.tokens.c
        wanted = (
            select(users.name, users.role, tokens.until)
            .join_from(schema.tokens, schema.users)
            .where(tokens.digest == _digest(token))
        )
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None or (row.until is not None and row.until < time.time()):
            return None
        return User(row.name, row.role)

    def note(self, user: str, deed: str, what: str = "") -> None:
        """Write into the book that somebody did something."""
        row = {"time": time.time(), "user": user, "deed": deed[:80], "what": what[:200]}
        with self._database.write() as connection:
            connection.execute(insert(schema.audit), row)

    def book(self, most: int = 200) -> list[Mapping[Any, Any]]:
        """What was done, the newest first."""
        wanted = select(schema.audit).order_by(schema.audit.c.id.desc()).limit(most)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]


def _digest(token: str) -> str:
    # A token has 256 random bits: nothing can be tried out, so that a quick hash is enough.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
