"""What effects do: the actions of the engine, each with its own thread and bounded queue; films go to the wall."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from footlights.core.errors import SettingsError
from footlights.core.event import Event, Value
from footlights.engine.actions import read
from footlights.engine.actions.dispatch import Dispatcher
from footlights.hub.stage.room import Fired
from footlights.wire.show import Effect, Show
from footlights.wire.stage import FiredPart

MOST = 32  # different actions of a show
REMOTE = ("osc", "webhook", "mqtt")  # what somebody else's show may do on this machine


class Doing:
    """The actions of a show. `kinds`: those that are allowed besides `play`; None: all."""

    def __init__(self, folder: Path, kinds: Sequence[str] | None = None) -> None:
        self._folder = folder
        self._kinds = kinds
        self._dispatchers: dict[tuple[str, str], Dispatcher] = {}

    def prepare(self, show: Show) -> None:
        """Understand every action of a show, and start those that are new. Raises SettingsError."""
        wanted = {pair for cue in show.cues for effect in cue.effects for pair in _pairs(effect)}
        for flag, text in wanted:
            if flag == "play":
                self.film(text)
            elif self._kinds is not None and flag not in self._kinds:
                raise SettingsError(
                    f"the action '{flag}' is not possible here; {', '.join(('play', *self._kinds))} are"
                )
        machines = {pair for pair in wanted if pair[0] != "play"}
        if len(machines) > MOST:
            raise SettingsError(f"a show has at most {MOST} different actions, not {len(machines)}")
        actions = {pair: read({pair[0]: pair[1]}) for pair in machines - self._dispatchers.keys()}
        self._dispatchers |= {pair: Dispatcher(made) for pair, made in actions.items()}

    def film(self, text: str) -> Path | None:
        """The file that `play` means; None: it is an address. Raises SettingsError."""
        return None if "://" in text else beside(self._folder, text)

    def do(self, fired: Fired, show: str) -> FiredPart:
        """Set it off, and say so. Never waits."""
        play = ""
        data: dict[str, Value] = {
            "by": fired.cue.expect,
            "cue": fired.cue.id,
            "effect": fired.effect.name,
            "answered": fired.answered,
            "present": fired.present,
        }
        event = Event("trigger", show, round(fired.at, 3), None, data)
        for flag, text in _pairs(fired.effect):
            if flag == "play":
                play = text if "://" in text else f"/stage/{show}/effect/{quote(text)}"
            else:
                self._dispatchers[flag, text].handle(event)
        name = fired.effect.name or fired.effect.at
        return FiredPart(fired.cue.id, name, round(fired.at, 3), fired.answered, fired.present, play)

    def close(self) -> None:
        """Try once what waits, and let go."""
        for dispatcher in self._dispatchers.values():
            dispatcher.close()
        self._dispatchers.clear()


def films(show: Show) -> set[str]:
    """Everything that the effects of a show play from files."""
    pairs = (pair for cue in show.cues for effect in cue.effects for pair in _pairs(effect))
    return {text for flag, text in pairs if flag == "play" and "://" not in text}


def beside(folder: Path, name: str) -> Path:
    """A file beside the show. Raises SettingsError: it lies somewhere else, or nowhere."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise SettingsError(f"'{name[:80]}' does not lie beside the show: copy it there")
    if not path.is_file():
        raise SettingsError(f"there is no file '{name[:80]}' beside the show")
    return path


def _pairs(effect: Effect) -> list[tuple[str, str]]:
    return [
        (flag, text)
        for flag, texts in effect.actions.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    ]
