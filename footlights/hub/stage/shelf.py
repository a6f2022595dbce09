"""Shows that a hub keeps: a folder for each, with its show.yaml, what it plays, and its replays."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from footlights.core.errors import SettingsError
from footlights.hub.stage.replay import replays
from footlights.hub.stage.running import RESERVED, check, write_show
from footlights.media.page.shows import media_file
from footlights.recognition.definitions import Definition
from footlights.wire.show import load, parse, to_yaml

MOST = 200  # shows
MOST_FILES = 50  # of a show
LARGEST_FILE = 2 * 1024**3  # bytes of a song or film
LARGEST_SHOW = 256 * 1024  # bytes of a show.yaml
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,79}")


@dataclass(frozen=True)
class KeptShow:
    """What a list of shows says."""

    name: str
    title: str
    plays: str  # the song or film along which it runs; empty: none
    files: tuple[str, ...]  # songs and films
    replays: tuple[str, ...]  # the oldest first


class Shelf:
    """The shows in a folder."""

    def __init__(self, folder: Path, gestures: Mapping[str, Definition]) -> None:
        self._folder = folder
        self._gestures = gestures

    def all(self) -> list[KeptShow]:
        """Every show, by name."""
        found = sorted(path.parent.name for path in self._folder.glob("*/show.yaml"))
        return [self._kept(name) for name in found if _NAME.fullmatch(name)]

    def one(self, name: str) -> KeptShow:
        """A show. Raises SettingsError: there is none of this name."""
        self.path(name)
        return self._kept(name)

    def __contains__(self, name: str) -> bool:
        return self._place(name).is_file()

    def path(self, name: str) -> Path:
        """The show.yaml of a show. Raises SettingsError: there is none of this name."""
        path = self._place(name)
        if not path.is_file():
            raise SettingsError(f"there is no show '{name}'")
        return path

    def text(self, name: str) -> str:
        """A show as YAML. Raises SettingsError."""
        return to_yaml(load(self.path(name)))

    def put(self, name: str, text: str) -> None:
        """Keep a show, new or in the place of the one of this name. Raises SettingsError: it is not valid."""
        path = self._place(name)
        show = parse(text)
        check(show, self._gestures)
        if not path.is_file() and len(self.all()) >= MOST:
            raise SettingsError(f"a hub keeps {MOST} shows: remove one first")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_show(path, show)

    def new_file(self, name: str, file: str) -> Path:
        """Where a song or film of a show is to lie. Raises SettingsError: the name or its kind is not possible."""
        path = self.path(name).with_name(_checked(file, _FILE, "file"))
        media_file(path)
        if not path.exists() and len(self._files(path.parent)) >= MOST_FILES:
            raise SettingsError(f"a show has at most {MOST_FILES} files")
        return path

    def remove_file(self, name: str, file: str) -> bool:
        """Forget a song or film; whether there was one. Raises SettingsError."""
        path = self.new_file(name, file)
        if there := path.is_file():
            path.unlink()
        return there

    def replay(self, name: str, file: str) -> Path:
        """A replay of a show. Raises SettingsError."""
        for path in replays(self.path(name)):
            if path.name == file:
                return path
        raise SettingsError(f"there is no replay '{file[:80]}'")

    def remove(self, name: str) -> None:
        """Forget a show, what it plays and its replays. Raises SettingsError."""
        shutil.rmtree(self.path(name).parent)

    def _kept(self, name: str) -> KeptShow:
        path = self._place(name)
        title, plays = _facts(path, path.stat().st_mtime_ns)
        return KeptShow(name, title, plays, self._files(path.parent), tuple(each.name for each in replays(path)))

    def _files(self, folder: Path) -> tuple[str, ...]:
        return tuple(sorted(file.name for file in folder.iterdir() if _is_media(file)))

    def _place(self, name: str) -> Path:
        if name in RESERVED:
            raise SettingsError(f"a show cannot be called '{name}'")
        return self._folder / _checked(name, _NAME, "show") / "show.yaml"


@lru_cache(2 * MOST)
def _facts(path: Path, changed: int) -> tuple[str, str]:
    """Title of a show that was changed at a moment, and what it plays: lists are asked for often."""
    try:
        show = load(path)
    except SettingsError:
        return "(not valid)", ""
    return show.title, show.media or ""


def _is_media(file: Path) -> bool:
    try:
        media_file(file)
    except SettingsError:
        return False
    return True


def _checked(name: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(name) or ".." in name:
        raise SettingsError(f"a {what} cannot be called {name[:60]!r}: letters, digits and - are taken")
    return name
