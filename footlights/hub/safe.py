"""Secrets in the database, sealed with a key that lies elsewhere: a copy of the database alone gives none of them."""

from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from footlights.core.errors import SettingsError
from footlights.wire.secret_file import write_secret

FILE = "secrets.key"
PREFIX = "sealed:"  # no action begins so


class LostKeyError(SettingsError):
    """It was sealed with a key that is not here any more."""


class Safe:
    """Seals and opens texts.

    Args:
        folder: where the key is, made where there is none; None: a key that lives as long as this.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._box = Fernet(Fernet.generate_key()) if folder is None else _box(folder / FILE)

    def seal(self, text: str) -> str:
        """A text that says nothing without the key."""
        return PREFIX + self._box.encrypt(text.encode()).decode()

    def open(self, text: str) -> str:
        """What was sealed; a text that was not is as it was. Raises LostKeyError."""
        if not is_sealed(text):
            return text
        try:
            return self._box.decrypt(text.removeprefix(PREFIX).encode()).decode()
        except InvalidToken:
            raise LostKeyError("it cannot be read any more, for the hub's key is another one: enter it again") from None


def is_sealed(text: str) -> bool:
    """Whether a text was sealed."""
    return text.startswith(PREFIX)


def _box(path: Path) -> Fernet:
    try:
        return Fernet(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):  # there is none, or what is there is no key
        key = Fernet.generate_key().decode()
        write_secret(path, key)
        return Fernet(key)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
