"""The shows of a hub: kept on its shelf, run on its stage by operators. What they do is written down."""

import re
import threading
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from footlights.core.errors import SettingsError
from footlights.hub.hub import Hub
from footlights.hub.patience import Patience
from footlights.hub.stage.doing import REMOTE
from footlights.hub.stage.running import Running
from footlights.hub.stage.server import Stage
from footlights.hub.stage.serving import get_runtime
from footlights.hub.stage.shelf import LARGEST_FILE, KeptShow, Shelf
from footlights.media.page.asked import TooLongError
from footlights.media.page.shows import media_file
from footlights.recognition.definitions import library
from footlights.wire.show import load, to_yaml

MOST_RUNNING = 20
PLAYED = ("audio", "video")  # kinds of files that a show runs along
CLOSED = "closed"  # the state of a show whose doors are not open


class RunsError(SettingsError):
    """What a show that runs does not allow."""


@dataclass(frozen=True)
class KnownShow:
    """A show, and how it runs."""

    kept: KeptShow
    state: str  # closed, waiting, playing, paused, ended
    present: int  # members


@dataclass(frozen=True)
class Addresses:
    """Where a show that runs is found. Those of artist and producer hold a key."""

    audience: str
    artist: str
    producer: str


class Upload:
    """A song or film on its way in, piece by piece: whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path, self._fresh = path, path.with_suffix(f"{path.suffix}.new")
        self._opened, self._size = self._fresh.open("wb"), 0

    def write(self, piece: bytes) -> None:
        """Raises TooLongError: it is longer than `LARGEST_FILE`."""
        self._size += len(piece)
        if self._size > LARGEST_FILE:
            raise TooLongError(f"a file may have {LARGEST_FILE} bytes")
        self._opened.write(piece)

    def keep(self) -> None:
        """That was all of it."""
        self._opened.close()
        self._fresh.replace(self._path)

    def close(self) -> None:
        """Forget what was not kept."""
        self._opened.close()
        self._fresh.unlink(missing_ok=True)


class Shows:
    """What operators do with shows; `by` is who does it. What is async belongs into the event loop of the stage."""

    def __init__(self, hub: Hub, patience: Patience) -> None:
        gestures = library()
        self.stage, self.shelf = Stage(gestures, patience), Shelf(hub.place.folder / "shows", gestures)
        self._hub = hub
        self._making = threading.Lock()

    def all(self) -> list[KnownShow]:
        """Every show, by name."""
        return [self._known(kept) for kept in self.shelf.all()]

    def one(self, name: str) -> KnownShow:
        """A show. Raises SettingsError: there is none of this name."""
        return self._known(self.shelf.one(name))

    def put(self, name: str, text: str, by: str, *, new: bool = False) -> None:
        """Keep a show that is written as YAML. Raises SettingsError: not valid, or it is not new; RunsError."""
        if name in self.stage.shows:
            raise RunsError("the show runs: end it first, or change it on the producer's page")
        with self._making:
            if new and name in self.shelf:
                raise SettingsError(f"there is a show '{name}' already: take another name")
            self.shelf.put(name, text)
        self._note(by, "put a show", name)

    def remove(self, name: str, by: str) -> None:
        """Forget a show, what it plays and its replays. Raises SettingsError: there is none; RunsError."""
        if name in self.stage.shows:
            raise RunsError("the show runs: end it first")
        self.shelf.remove(name)
        self._note(by, "removed a show", name)

    def upload(self, name: str, file: str) -> Upload:
        """Begin with a song or film of a show. Raises SettingsError: the show or the file's name is not possible."""
        return Upload(self.shelf.new_file(name, file))

    def take(self, name: str, file: str, by: str) -> None:
        """What was uploaded is there: a show that plays nothing yet, and does not run, plays it from now on."""
        show, kind = load(self.shelf.path(name)), media_file(Path(file)).kind
        if show.media is None and kind in PLAYED and name not in self.stage.shows:
            playing = replace(show, song=file) if kind == "audio" else replace(show, video=file)
            self.put(name, to_yaml(playing), by)

    async def open(self, name: str, base: str, by: str) -> Addresses:
        """Open the doors of a show; the artist starts it. Where it runs already, its addresses.

        `base` is how whoever asks calls the hub: https://hub.example.com:8700. Raises SettingsError.
        """
        running_now = self.stage.shows
        if name not in running_now:
            if len(running_now) >= MOST_RUNNING:
                raise SettingsError(f"{MOST_RUNNING} shows run already: end one first")
            path = self.shelf.path(name)
            made = await run_in_threadpool(lambda: Running(path, load(path), self.stage.gestures, kinds=REMOTE))
            running_now.setdefault(name, made).start()
            get_runtime()
            await run_in_threadpool(self._note, by, "opened a show", name)
        running_now[name].join = f"{base}/stage/{name}/"
        return self.addresses(name)

    def addresses(self, name: str) -> Addresses:
        """Where a show is found. Raises SettingsError: it does not run."""
        running = self.stage.shows.get(name)
        if running is None:
            raise SettingsError(f"the show '{name[:60]}' does not run")
        join, keys = running.join, running.keys
        return Addresses(join, f"{join}artist?key={keys.artist}", f"{join}producer?key={keys.producer}")

    async def end(self, name: str, by: str) -> None:
        """End a show and close its doors. Raises SettingsError: it does not run."""
        await self.stage.end(name)
        await run_in_threadpool(self._note, by, "ended a show", name)

    def _note(self, by: str, deed: str, name: str) -> None:
        self._hub.people.note(by, deed, name)

    def _known(self, kept: KeptShow) -> KnownShow:
        running = self.stage.shows.get(kept.name)
        if running is None:
            return KnownShow(kept, CLOSED, 0)
        return KnownShow(kept, running.room.timeline.playing.state, running.room.present)


def short_name(title: str) -> str:
    """What stands for a title in addresses: small letters, digits and -; empty where nothing of it is left."""
    plain = re.sub(r"[^a-z0-9]+", "-", _ascii(title).lower())
    return plain[:40].strip("-")


def file_name(given: str) -> str:
    """What a file that somebody has may be called on the shelf."""
    stem, dot, suffix = re.sub(r"[^A-Za-z0-9._ -]+", "-", _ascii(given)).rpartition(".")
    return f"{re.sub(r'[.]+', '.', stem).strip('-._ ')[:70] or 'file'}{dot}{suffix}"


def _ascii(text: str) -> str:
    """Letters without their accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
