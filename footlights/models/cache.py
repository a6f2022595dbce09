"""Where pulled models lie on this machine, and whether they are still what was put there.

Beside each model stands `<file>.sha256`, in the format of `sha256sum`: the digest of the file as stored. It is written
last, so a model without it is one whose pull did not end.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from footlights.core.errors import ModelCorruptError, ModelMissingError
from footlights.models.cards import Card

WEIGHTS = Path(__file__).parent / "weights"
State = Literal["present", "missing", "corrupt"]


@dataclass(frozen=True)
class Stored:
    """A model in the cache, or the place where it would be."""

    name: str
    state: State
    size: int  # bytes on disk, 0 where missing
    path: Path
    licence: str


def cache_folder() -> Path:
    """`$FOOTLIGHTS_CACHE/models`, else `$XDG_CACHE_HOME/footlights/models`, else `~/.cache/footlights/models`."""
    own = os.environ.get("FOOTLIGHTS_CACHE")
    if own:
        return Path(own).expanduser() / "models"
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "footlights" / "models"


def digest_path(path: Path) -> Path:
    """The file that holds the digest of a stored model."""
    return path.with_name(path.name + ".sha256")


def find(card: Card) -> Path:
    """The stored file of a card, checked. Raises ModelMissingError or ModelCorruptError."""
    stored = look(card)
    if card.shipped and stored.state != "present":
        raise ModelCorruptError(f"the model {card.name}, a part of footlights, is {stored.state}; install it again")
    if stored.state == "missing":
        raise ModelMissingError(
            f"the model {card.name} is not on this machine; run: footlights models pull {card.name}"
        )
    if stored.state == "corrupt":
        raise ModelCorruptError(
            f"the model file {stored.path} is damaged; run: footlights models pull {card.name}, which replaces it"
        )
    return stored.path


def look(card: Card) -> Stored:
    """What the cache holds for a card."""
    if card.shipped:
        return _look_at_shipped(card)
    path = cache_folder() / card.stored
    try:
        expected = digest_path(path).read_text(encoding="ascii").split()[0]
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Stored(card.name, "missing", 0, path, card.licence)
    except (OSError, UnicodeDecodeError, IndexError):
        return Stored(card.name, "corrupt", 0, path, card.licence)
    good = hashlib.sha256(content).hexdigest() == expected
    return Stored(card.name, "present" if good else "corrupt", len(content), path, card.licence)


def _look_at_shipped(card: Card) -> Stored:
    path = WEIGHTS / card.path
    if not path.is_file():
        return Stored(card.name, "missing", 0, path, card.licence)
    content = path.read_bytes()
    good = hashlib.sha256(content).hexdigest() == card.sha256
    return Stored(card.name, "present" if good else "corrupt", len(content), path, card.licence)


def store(card: Card, content: bytes) -> Path:
    """Put a model into the cache, so that no reader ever sees half of it. Raises OSError where that cannot be done."""
    path = cache_folder() / card.stored
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    digest_path(path).unlink(missing_ok=True)
    _replace(path, content)
    _replace(digest_path(path), f"{digest}  {path.name}\n".encode())
    return path


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
