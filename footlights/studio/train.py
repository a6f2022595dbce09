"""Trains a project, whatever it is of: one way in for the command and for the browser."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from footlights.core.errors import SettingsError
from footlights.studio.project import ModelRun, Project
from footlights.studio.watching import Watcher


def train(
    project: Project, watcher: Watcher | None = None, *, resume: bool = True, threads: int = 2, **settings: Any
) -> ModelRun:
    """One training of a project into a folder of models/; with `resume` an interrupted one goes on with its settings.

    Settings are those of the recipe of this kind; else what [training] of project.toml says; else the recipe's own.
    Divides the examples by recording where valid is empty, and says what leaks.

    Raises:
        SettingsError: nothing to learn from, or an unknown setting. StoppedError: the watcher stopped it.
        InstallError: the extra `train` is missing. SinkError, ModelError.
    """
    from footlights.studio.extra import check_extra

    check_extra("torch", "onnx", "onnxscript")
    watcher = watcher or Watcher()
    for line in prepared(project):
        watcher.say(line)
    run = project.unfinished() if resume else None
    run = run or project.new_run()
    _recipes()[project.kind](project, run.folder, {**project.training, **settings}, watcher, threads)
    return run


def prepared(project: Project) -> list[str]:
    """Take in what was put into the folders, divide what is not divided, look for leaks; lines worth saying."""
    _, _, lines = project.refresh()
    project.check(both=False)
    if not any(item.split == "valid" for item in project.examples()):
        lines += project.split()
    project.check()
    return [*lines, *(f"careful: {line}" for line in project.leaks())]


def settings_of(kind: type[Any], told: Mapping[str, Any]) -> Any:
    """A recipe's settings. Raises SettingsError, naming the known ones, for one that it has not."""
    from footlights.wire.near_miss import near_miss

    known = {field.name: field for field in fields(kind)}
    for name, value in told.items():
        if name not in known:
            raise SettingsError(f"there is no setting '{name}' of a training; {near_miss(name, known)}")
        wanted = type(known[name].default)
        if not isinstance(value, wanted) and not (wanted is float and isinstance(value, int)):
            raise SettingsError(f"the setting {name} of a training is {value!r}; it must be {wanted.__name__}")
    return kind(**told)


def settings_for(kind: str) -> type[Any]:
    """The dataclass with the settings of a recipe, and their values where nothing is said."""
    if kind == "photos":
        from footlights.studio.photos.training import Settings as OfPhotos

        return OfPhotos
    if kind == "clips":
        from footlights.studio.clips.training import Settings as OfClips

        return OfClips
    from footlights.studio.boxes.training import Settings as OfBoxes

    return OfBoxes


Recipe = Callable[[Project, Path, dict[str, Any], Watcher, int], None]


def _recipes() -> Mapping[str, Recipe]:
    return {"photos": _photos, "clips": _clips, "boxes": _boxes}


def _clips(project: Project, out: Path, told: dict[str, Any], watcher: Watcher, threads: int) -> None:
    from footlights.studio.clips.dataset import Clip
    from footlights.studio.clips.recipe import train as learn

    settings = settings_of(settings_for("clips"), told)
    parts = [
        [
            Clip(project.folder / item.path, item.label, item.sha256, item.path)
            for item in project.examples()
            if item.split == side
        ]
        for side in ("train", "valid")
    ]
    learn(parts[0], parts[1], out, project.folder / "cache", settings, watcher, project.labels, threads)


def _photos(project: Project, out: Path, told: dict[str, Any], watcher: Watcher, threads: int) -> None:
    from footlights.studio.photos.dataset import of_items
    from footlights.studio.photos.recipe import learn

    settings = settings_of(settings_for("photos"), told)
    parts = [of_items(project, side) for side in ("train", "valid")]
    learn(parts[0], parts[1], out, settings, watcher, threads)


def _boxes(project: Project, out: Path, told: dict[str, Any], watcher: Watcher, threads: int) -> None:
    from footlights.studio.boxes.dataset import of_items
    from footlights.studio.boxes.recipe import learn

    settings = settings_of(settings_for("boxes"), told)
    parts = [of_items(project, side) for side in ("train", "valid")]
    learn(parts[0], parts[1], out, settings, watcher, threads)


def trained(project: Project, name: str | None = None) -> ModelRun:
    """A training that has ended, the newest without a name. Raises SettingsError where there is none."""
    ended = [run for run in project.runs() if run.model is not None and run.report is not None]
    chosen = [run for run in ended if name in (None, run.name)]
    if not chosen:
        known = ", ".join(run.name for run in ended) or "none: footlights studio train makes one"
        raise SettingsError(
            f"the project '{project.title}' has no trained model{f' {name}' if name else ''}; there is {known}"
        )
    return chosen[-1]
