"""What a device can be told to do. There is no other way to make it do something, and none of these runs a program."""

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from footlights import __version__
from footlights.agent.model_pull import Job, ModelPull
from footlights.agent.sight import PrivateError, Sight
from footlights.core.errors import FootlightsError, ModelError, SettingsError
from footlights.models.from_hub import find_kept, read_reference
from footlights.wire import fleet, well_known
from footlights.wire.near_miss import near_miss

DONE, NOT_VALID, FORBIDDEN, UNKNOWN, LATE, FAILED = 200, 400, 403, 404, 408, 500
LONGEST_FILM = 3600.0  # seconds
LONGEST_LIVE = 3600.0  # seconds
LARGEST_FILM = 1024  # megabytes
Say = Callable[[fleet.Kind, dict[str, object]], None]
Outcome = tuple[int, object]


class Stage(Protocol):
    """What of a stage commands need."""

    def restart(self) -> None:
        """End everything that runs and start it again. Raises FootlightsError."""

    def picture(self, stream: str) -> bytes:
        """What a stream shows now, as JPEG. Raises FootlightsError: there is no such stream, or no picture yet."""

    def record(self, stream: str, seconds: float, megabytes: int) -> str:
        """Begin a film of a stream, which ends by itself; its file. Raises FootlightsError: it cannot be."""

    def stop_recording(self, stream: str) -> Mapping[str, Any]:
        """End the film of a stream: its file, seconds and bytes. Raises FootlightsError: none is made."""


class Commands:
    """Does commands, and says what became of each: a code as in HTTP, and words or facts."""

    def __init__(self, say: Say, models: ModelPull, sight: Sight, end: Callable[[], None]) -> None:
        self._say = say
        self._models = models
        self._sight = sight
        self._end = end
        self._known: dict[str, tuple[Callable[..., Outcome | None], tuple[str, ...]]] = {
            "ping": (lambda stage, command: (DONE, {"version": __version__}), ()),
            "restart-pipeline": (self._restart, ()),
            "restart-agent": (self._restart_agent, ()),
            "snapshot": (self._snapshot, ("stream",)),
            "live": (self._live, ("stream", "ticket", "seconds")),
            "start-recording": (self._start_recording, ("stream", "seconds", "megabytes")),
            "stop-recording": (self._stop_recording, ("stream",)),
            "pull-model": (self._pull_model, ("model",)),
        }

    def obey(self, stage: Stage, command: fleet.Command) -> None:
        """Do one command; one that comes too late is not done."""
        try:
            outcome = self._outcome(stage, command)
        except PrivateError as error:
            outcome = FORBIDDEN, str(error)
        except SettingsError as error:
            outcome = NOT_VALID, str(error)
        except FootlightsError as error:
            outcome = FAILED, str(error)
        if outcome is not None:  # else it is answered later
            self._answer(command, *outcome)

    def _outcome(self, stage: Stage, command: fleet.Command) -> Outcome | None:
        name = well_known.COMMANDS.get(command.name, command.name)
        if name not in self._known:
            return UNKNOWN, f"this version ({__version__}) knows no command '{name}'; {near_miss(name, self._known)}"
        if time.time() > command.expires:
            return LATE, "too late"
        act, arguments = self._known[name]
        for given in command.arguments:
            if given not in arguments and arguments:  # what takes none is also a rule's, which names the stream
                raise SettingsError(f"{name} takes no '{given[:40]}'; {near_miss(given[:40], arguments)}")
        return act(stage, command)

    def _answer(self, command: fleet.Command, code: int, answer: object) -> None:
        self._say("answer", {"id": command.id, "code": code, "answer": answer})

    def _restart(self, stage: Stage, command: fleet.Command) -> Outcome:
        stage.restart()
        return DONE, None

    def _restart_agent(self, stage: Stage, command: fleet.Command) -> Outcome:
        self._end()
        return DONE, None

    def _snapshot(self, stage: Stage, command: fleet.Command) -> Outcome:
        stream = _stream(command)
        jpeg = self._sight.picture(stream)
        self._say("picture", {"about": stream, "jpeg": base64.b64encode(jpeg).decode()})
        return DONE, {"bytes": len(jpeg)}

    def _live(self, stage: Stage, command: fleet.Command) -> Outcome:
        ticket, seconds = command.arguments.get("ticket"), _number(command, "seconds", 60.0, LONGEST_LIVE)
        if not isinstance(ticket, str):
            raise SettingsError("a live stream needs the ticket that the hub gives")
        self._sight.live(_stream(command), ticket, seconds)
        return DONE, None

    def _start_recording(self, stage: Stage, command: fleet.Command) -> Outcome:
        seconds = _number(command, "seconds", 60.0, LONGEST_FILM)
        megabytes = _number(command, "megabytes", 256.0, LARGEST_FILM)
        return DONE, {"file": stage.record(_stream(command), seconds, int(megabytes)), "seconds": seconds}

    def _stop_recording(self, stage: Stage, command: fleet.Command) -> Outcome:
        return DONE, dict(stage.stop_recording(_stream(command)))

    def _pull_model(self, stage: Stage, command: fleet.Command) -> None:
        model = read_reference(str(command.arguments.get("model", "")))

        def done(error: FootlightsError | None) -> None:
            if error is not None:
                self._answer(command, FAILED, str(error))
                return
            try:
                self._answer(command, DONE, {"bytes": find_kept(model).stat().st_size})
            except ModelError as fault:
                self._answer(command, FAILED, str(fault))

        self._models.get(Job((model,), done))


def _stream(command: fleet.Command) -> str:
    """The stream that a command is about; empty: the only one."""
    stream = command.arguments.get("stream", "")
    if not isinstance(stream, str):
        raise SettingsError("stream is the name of one")
    return stream[: fleet.LONGEST_NAME]


def _number(command: fleet.Command, name: str, default: float, most: float) -> float:
    value = command.arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= most:
        raise SettingsError(f"{name} is a number from 1 to {most:g}")
    return float(value)
