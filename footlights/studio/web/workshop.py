"""The projects of a folder, and what runs for them: one training at a time, and models being tried out."""

import threading
from pathlib import Path
from typing import Self
from urllib.parse import quote

from footlights.core.errors import SettingsError, SourceError
from footlights.studio.intake import safe_stem
from footlights.studio.project import Kind, Project
from footlights.studio.web.training import Trainings
from footlights.studio.web.trial import Trials

FILE = "project.toml"


class Workshop:
    """Every project that lies directly in a folder, by the name of its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.trainings = Trainings()
        self.trials = Trials()
        self._opened: dict[str, tuple[float, Project]] = {}  # when project.toml was written, and what it said
        self._lock = threading.Lock()

    @classmethod
    def at(cls, place: Path) -> tuple[Self, str]:
        """The workshop for what a user names, and the address of the page to begin with: of the project, of all
        projects of a folder, or of the form for a new one where nothing is there yet.

        Raises SettingsError where the place can hold no project.
        """
        place = place.expanduser().resolve()
        if (place / FILE).is_file():
            return cls(place.parent), page_of(place.name)
        if place.is_dir():
            return cls(place), "/"
        if place.exists() or not place.parent.is_dir():
            raise SettingsError(f"{place} cannot be a project: give a folder, or a new name in a folder that is there")
        return cls(place.parent), f"/new/{quote(place.name)}"

    def names(self) -> list[str]:
        """The projects, the one that was changed last first."""
        found = [path.parent for path in self.folder.glob(f"*/{FILE}") if not path.parent.name.startswith(".")]
        return [folder.name for folder in sorted(found, key=_changed, reverse=True)]

    def project(self, name: str) -> Project:
        """A project by name; read again where somebody else has changed its settings.

        Raises SourceError where there is none of this name, SettingsError where its settings are wrong.
        """
        folder = self.folder / name
        if "/" in name or "\\" in name or name.startswith(".") or not (folder / FILE).is_file():
            raise SourceError(f"there is no project {name[:80]!r} here")
        with self._lock:
            written = (folder / FILE).stat().st_mtime_ns
            known = self._opened.get(name)
            if known is not None and known[0] == written:
                return known[1]
            project = Project.open(folder)
            if known is not None:  # the same object, because its lock guards the files
                before = known[1]
                before.title, before.labels, before.training = project.title, project.labels, project.training
                project = before
            self._opened[name] = (written, project)
            return project

    def create(self, kind: Kind, title: str, labels: list[str]) -> str:
        """A new project, its folder named after its title; gives the name. Raises SettingsError, SinkError."""
        if not title.strip():
            raise SettingsError("give the project a title")
        stem = safe_stem(title.replace("/", " ").replace(".", " ")).lower()
        taken = {path.name.casefold() for path in self.folder.iterdir()}
        name = next(name for n in range(1, len(taken) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)
        Project.create(self.folder / name, kind, title, labels)
        return name

    def close(self) -> None:
        """Stop the training that runs; it can be resumed."""
        self.trainings.close()


def page_of(name: str, step: str = "") -> str:
    """The address of a project's page."""
    return f"/p/{quote(name)}{f'/{step}' if step else ''}"


def _changed(folder: Path) -> float:
    return max((folder / name).stat().st_mtime for name in (FILE, "manifest.csv") if (folder / name).exists())
