"""Tickets: the number of a member, signed, so that nobody makes one up."""

import hashlib
import hmac
import secrets

DIGITS = 32  # hexadecimal digits of the signature: 128 bits


class Tickets:
    """Signs and checks. The key is made at the start and lives no longer than the show."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def ticket(self, number: int) -> str:
        """The ticket of a member."""
        return f"{number}.{self._signature(str(number))}"

    def number(self, ticket: str) -> int | None:
        """Whose ticket this is; None: it is not from here."""
        number, _, signature = ticket.partition(".")
        good = hmac.compare_digest(self._signature(number).encode(), signature.encode("utf-8", "replace"))
        return int(number) if good else None

    def _signature(self, number: str) -> str:
        return hmac.new(self._key, number.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:DIGITS]
