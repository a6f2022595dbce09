"""What an event can set off. The folder is the registry: a file with a class derived from `Action` is an action.

Importing this package, and asking for `kinds()`, imports no heavy library: an action imports its own when it is used.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from footlights.core.errors import SettingsError
from footlights.engine.actions.action import Action
from footlights.wire.near_miss import near_miss


def kinds() -> dict[str, type[Action]]:
    """Every kind of action by its flag ("open", "webhook" ...), in the order of the alphabet."""
    stems = sorted(file.stem for folder in __path__ for file in Path(folder).glob("*.py"))
    modules = [importlib.import_module(f"{__name__}.{stem}") for stem in stems if not stem.startswith("_")]
    return {
        thing.flag: thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Action)
        and thing is not Action
        and thing.__module__ == module.__name__
    }


def read(entries: Mapping[str, str | Sequence[str]]) -> list[Action]:
    """The actions of a configuration: {flag: text} or {flag: [text, text]}.

    Raises:
        SettingsError: an unknown flag, or a text that the action does not understand.
    """
    known = kinds()
    actions = []
    for flag, texts in entries.items():
        if flag not in known:
            raise SettingsError(f"unknown action '{flag}': {near_miss(flag, known)}")
        actions += [known[flag].from_text(text) for text in ([texts] if isinstance(texts, str) else texts)]
    return actions
