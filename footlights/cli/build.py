"""Puts the parts together. Nowhere else do sources, models, stages, apps, sinks and actions meet."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from footlights.core.app import App, Detector, Source, Stage, Tracker
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions import read
from footlights.engine.actions.action import Action
from footlights.engine.actions.dispatch import Dispatcher
from footlights.engine.actions.play import Play
from footlights.engine.handover import HandOver
from footlights.engine.loop import Engine
from footlights.engine.outlet import Outlet, Policy
from footlights.engine.plan import Offer, plan
from footlights.engine.stream import Pace, Slots, Stream
from footlights.engine.watch import StreamReport
from footlights.media.album import Album
from footlights.media.images import Stills
from footlights.media.journal import Journal
from footlights.media.open import open_source
from footlights.media.recorder import Recorder
from footlights.perception.face_detectors import FIRST, NAMES, FaceDetectors
from footlights.perception.faces import FaceStage
from footlights.perception.hands import HandStage
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.second_look import SecondLook
from footlights.wire.document import SourceEntry

FACES = Pace(1 / 15, 1 / 15)  # faces have no landmarks that carry them from one detection to the next


@dataclass(frozen=True)
class Wish:
    """What is to run, with every text already checked for its form."""

    name: str  # of the app
    app: type[App]
    settings: Any  # an instance of the app's Settings
    sources: tuple[SourceEntry, ...]
    page: int | None = 8000  # port; None: no page
    host: str = "127.0.0.1"
    tls: tuple[Path, Path] | None = None  # certificate and key of the page
    record: Path | None = None
    journal: Path | None = None
    pictures: Path | None = None  # folder
    paced: bool = False
    seconds: float | None = None
    actions: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    on: str = "trigger"  # kind of the events that set off actions


class Performance:
    """Everything that runs, from the first source to the last thread."""

    def __init__(self, wish: Wish, watch: Callable[[Event], None] | None = None) -> None:
        self.wish = wish
        self._watch = watch
        self._several = len(wish.sources) > 1
        self._offer = offer(threads_for(len(wish.sources)), wish.settings)
        self._plan = plan([wish.app], self._offer)
        self._check_writable()
        actions = read(wish.actions)
        self._detector: Detector | None = self._offer.detectors[self._plan.finds]() if self._plan.finds else None
        self.addresses: dict[str, str] = {}  # of each stream, as the user gave it
        self._states: dict[str, tuple[str, str]] = {}  # of live sources: state, and why
        sources = [self._open(entry) for entry in wish.sources]
        outlets = []
        if wish.journal is not None:
            outlets.append(Outlet(Journal(wish.journal), "wait", wants=lambda scene: bool(scene.events)))
        if wish.pictures is not None:
            outlets.append(Outlet(Album(wish.pictures), "wait"))
        self.engine = Engine(
            self._make_stream, self._detector, outlets=outlets, on_event=self._on_event, stay=wish.page is not None
        )
        self.page = self._open_page()
        self.dispatcher = Dispatcher(self._stage_actions(actions), kind=wish.on)
        for source in sources:
            self.engine.add(source)

    def run(self) -> None:
        """Run until every source has ended or the engine is stopped, then close everything."""
        try:
            self.engine.run()
        finally:
            self.dispatcher.close()

    def add(self, address: str) -> str:
        """Add a source while running; the name of its stream. Raises SettingsError or SourceError."""
        for gone in self.addresses.keys() - self.engine.names():
            del self.addresses[gone]
            self._states.pop(gone, None)
        return self.engine.add(self._open(SourceEntry(url=address)))

    def choices(self) -> list[str]:
        """The detectors that can be chosen while it runs; empty where there is no choice."""
        return list(NAMES) if isinstance(self._detector, FaceDetectors) else []

    def chosen(self) -> str:
        """The detector that runs, where there is a choice."""
        return self._detector.chosen if isinstance(self._detector, FaceDetectors) else ""

    def choose(self, name: str) -> None:
        """Take another detector. Raises SettingsError where there is none of this name, ModelMissingError."""
        if not isinstance(self._detector, FaceDetectors):
            raise SettingsError(f"the app {self.wish.name} has no detectors to choose from")
        self._detector.choose(name)

    def report(self) -> list[StreamReport]:
        """How every stream is doing, the tries of live sources to connect included."""
        reports = []
        for report in self.engine.report():
            state, message = self._states.get(report.stream, ("running", ""))
            reports.append(replace(report, state=state, message=message) if report.state == "running" else report)
        return reports

    def _open(self, entry: SourceEntry) -> Source:
        """A source under the name given, or under its default one, with a number behind it where that is taken."""

        def on_state(name: str, state: str, message: str) -> None:
            self._states[name] = (state, message)

        source = open_source(entry.url, name=entry.name, loop=entry.loop, on_state=on_state)
        if source.name in self.addresses:
            source.close()
            if entry.name is not None:
                raise SettingsError(f"two sources are named '{entry.name}'; give each its own name")
            name = free_name(source.name, self.addresses)
            source = open_source(entry.url, name=name, loop=entry.loop, on_state=on_state)
        self.addresses[source.name] = entry.url
        return source

    def _make_stream(self, source: Source, changed: threading.Condition) -> Stream:
        tracker, stages = self._make_perception(1)
        handover = HandOver(source, changed, paced=self.wish.paced, until=self.wish.seconds)
        stream = Stream(
            handover=handover,
            tracker=tracker,
            stages=stages,
            apps=[self.wish.app(self.wish.settings)],
            attention=Slots(FACES if self._plan.finds == "faces" else Pace()),
            renew=self._make_perception if isinstance(source, Stills) else None,
        )
        if self.wish.record is not None:
            path = recording_path(self.wish.record, source.name, several=self._several)
            policy: Policy = "drop" if handover.newest_wins else "wait"
            stream.outlets.append(Outlet(Recorder(path, source), policy, wants=lambda scene: not scene.closing))
        return stream

    def _make_perception(self, first: int) -> tuple[Tracker | None, list[Stage]]:
        """Tracker and stages of one stream; identities begin with `first`."""
        stages = [self._offer.stages[stage]() for stage in self._plan.stages]
        return BoxTracker(first=first) if self._plan.finds else None, stages

    def _open_page(self) -> Any:
        if self.wish.page is None:
            return None
        from footlights.cli.desk import Desk
        from footlights.media.page.server import Page

        page = Page(
            self.wish.host,
            self.wish.page,
            title=self.wish.name,
            tls=self.wish.tls,
            control=Desk(self),
            layout=self.wish.app.layout,
            raw=not getattr(self.wish.settings, "privacy", False),
        )
        self.engine.outlets.append(Outlet(page, "newest"))
        return page

    def _stage_actions(self, actions: list[Action]) -> list[Action]:
        """With a page, things play there; without any action, the built-in show does."""
        if self.page is None:
            return actions
        from footlights.media.page.shows import ENCORE

        if not actions:
            actions = [Play(urlsplit(ENCORE))]
        for action in actions:
            if isinstance(action, Play):
                if action.path is not None:
                    self.page.serve(action.path)
                action.show = lambda show: self.page.show(show.url)
        return actions

    def _on_event(self, event: Event) -> None:
        self.dispatcher.handle(event)
        if self._watch is not None:
            self._watch(event)

    def _check_writable(self) -> None:
        for path in (self.wish.record, self.wish.journal):
            if path is not None and not path.parent.is_dir():
                raise SettingsError(f"there is no folder {path.parent} to write {path.name} into; make it first")


def offer(threads: int, settings: Any) -> Offer:
    """What this installation can do. An app that lets its face detector be chosen has it as the setting `detector`."""
    return Offer(
        detectors={
            "people": lambda: PeopleDetector(threads=threads),
            "faces": lambda: FaceDetectors(getattr(settings, "detector", FIRST), threads),
        },
        stages={
            PoseStage: lambda: PoseStage(threads=threads),
            HandStage: lambda: HandStage(threads=threads),
            FaceStage: lambda: FaceStage(threads=threads),
            SecondLook: lambda: SecondLook(threads=threads),
        },
    )


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name with the first number behind it that makes it a new one."""
    used = set(taken)
    return next(f"{name}-{n}" for n in range(2, len(used) + 3) if f"{name}-{n}" not in used)


def threads_for(streams: int) -> int:
    """Threads of one model call: the processors shared out among the streams, which run in parallel themselves."""
    return max(1, (os.cpu_count() or 1) // max(1, streams))


def recording_path(path: Path, stream: str, *, several: bool) -> Path:
    """One file for each stream: `out.mp4`, or `out.NAME.mp4` where there are several."""
    return path.with_name(f"{path.stem}.{stream}{path.suffix}") if several else path
