"""Finding apps: a file in the folder `apps`, or a file of one's own. The file's name is the app's name."""

import difflib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from footlights import apps
from footlights.core.app import App
from footlights.core.errors import FootlightsError, SettingsError


def app_names() -> list[str]:
    """The names of the apps in the package, found without importing any."""
    folders = [Path(folder) for folder in apps.__path__]
    return sorted(file.stem for folder in folders for file in folder.glob("*.py") if not file.stem.startswith("_"))


def load_app(name: str) -> type[App]:
    """The app of this name, or the one in this Python file ("./mine.py").

    Raises:
        SettingsError: no such app, no such file, or the file holds no app or more than one.
    """
    if name.endswith(".py") or "/" in name:
        return _only_app(_load_file(Path(name).expanduser()), name)
    if name not in app_names():
        near = difflib.get_close_matches(name, app_names(), 1)
        hint = f"did you mean '{near[0]}'?" if near else "an own app is given by its path: ./mine.py"
        raise SettingsError(f"there is no app '{name}'; {hint} The apps: {', '.join(app_names())}")
    return _only_app(importlib.import_module(f"{apps.__name__}.{name}"), name)


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise SettingsError(f"there is no file {path} to load an app from")
    spec = importlib.util.spec_from_file_location(f"footlights_app_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SettingsError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except FootlightsError:
        raise
    except Exception as error:  # whatever the user's file raises
        raise SettingsError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def _only_app(module: ModuleType, name: str) -> type[App]:
    found = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, App) and thing.__module__ == module.__name__
    ]
    if len(found) != 1:
        listed = ", ".join(thing.__name__ for thing in found) or "none"
        raise SettingsError(f"{name} must hold exactly one class derived from footlights.core.app.App; found: {listed}")
    return found[0]
