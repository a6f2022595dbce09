"""Puts the parts together. Nowhere else do sources, models, stages, apps, sinks and actions meet."""

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2

from footlights.cli.alarm import Alarm, House, photographed, pictured
from footlights.cli.broadcast import Broadcast
from footlights.core.app import App, Detector, Source, Stage, Tracker
from footlights.core.errors import SettingsError
from footlights.core.event import Event
from footlights.engine.actions import read
from footlights.engine.actions.action import Action
from footlights.engine.actions.dispatch import Dispatcher
from footlights.engine.actions.play import Play
from footlights.engine.audience import Audience
from footlights.engine.handover import HandOver
from footlights.engine.home_assistant import HomeAssistant
from footlights.engine.loop import Engine
from footlights.engine.outlet import Outlet, Policy
from footlights.engine.plan import Offer, plan
from footlights.engine.stream import Attention, Pace, Slots, Stream
from footlights.engine.watch import StreamReport
from footlights.media.album import Album
from footlights.media.decoding import Decoding
from footlights.media.evidence import RAISED, Evidence
from footlights.media.images import Stills
from footlights.media.journal import Journal
from footlights.media.open import open_source
from footlights.media.recorder import Recorder
from footlights.media.snapshot import PastPictures
from footlights.media.unsure import UnsureFrames
from footlights.media.veil import CurtainedSource
from footlights.models.session import providers_of
from footlights.perception.attention import EveryNth, MotionGate
from footlights.perception.byte_track import ByteTracker
from footlights.perception.detector_choice import DetectorChoice, read_choice
from footlights.perception.face_detectors import FIRST, NAMES, FaceDetectors
from footlights.perception.faces import FaceStage
from footlights.perception.hands import HandStage
from footlights.perception.objects import ObjectDetector
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.anomalies.alerts import alerts
from footlights.recognition.anomalies.places import places, zones
from footlights.recognition.second_look import SecondLook
from footlights.wire.document import SourceEntry
from footlights.wire.fields import describe
from footlights.wire.near_miss import near_miss
from footlights.wire.settings import validate

AT_START = frozenset({"detector", "picture", "privacy", "summary"})  # settings that are read here, once
MODEL_SETTINGS = ("model", "model_for", "head", "provider")  # what a detector of objects is made of
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
    config: Path | None = None  # the file that it was read from
    alarm: Alarm = field(default_factory=Alarm)
    broadcast: Broadcast = field(default_factory=Broadcast)
    decode: str = "cpu"  # one of `decoding.CHOICES`


class Performance:
    """Everything that runs, from the first source to the last thread."""

    def __init__(self, wish: Wish, watch: Callable[[Event], None] | None = None) -> None:
        self.wish = wish
        self.settings = wish.settings  # of the app, as they are now
        self._watch = watch
        self._several = len(wish.sources) > 1
        self._offer = offer(threads_for(len(wish.sources)), wish.settings)
        self._plan = plan([wish.app(wish.settings)], self._offer)
        self._check_writable()
        actions = read(wish.actions)
        self._evidence = self._open_evidence()
        self._snapshots = photographed(actions)
        self._detector: Detector | None = self._offer.detectors[self._plan.finds]() if self._plan.finds else None
        self._check_words(self.settings, self._detector)
        self._curtained: dict[str, CurtainedSource] = {}
        self._trackers: weakref.WeakSet[ByteTracker] = weakref.WeakSet()
        self._stills: set[str] = set()  # streams whose pictures have nothing to do with each other
        self.addresses: dict[str, str] = {}  # of each stream, as the user gave it
        self._states: dict[str, tuple[str, str]] = {}  # of live sources: state, and why
        sources = [self._open(entry) for entry in wish.sources]
        outlets = []
        if wish.journal is not None:
            outlets.append(Outlet(Journal(wish.journal), "wait", wants=lambda scene: bool(scene.events)))
        if wish.pictures is not None:
            outlets.append(Outlet(Album(wish.pictures), "wait"))
        if self._snapshots is not None:
            outlets.append(Outlet(self._snapshots, "drop", wants=self._snapshots.wants))
        self.engine = Engine(
            self._make_stream, self._detector, outlets=outlets, on_event=self._on_event, stay=wish.page is not None
        )
        self.live = wish.broadcast.open(wish.host, [source.name for source in sources])
        if self.live is not None:
            self.engine.outlets.append(Outlet(self.live, "newest"))
        if (feed := wish.broadcast.feed()) is not None:
            live = any(source.live for source in sources)
            self.engine.outlets.append(Outlet(feed, "drop" if live else "wait", wants=lambda scene: not scene.closing))
        self.page = self._open_page()
        if self.page is not None:
            self.page.live.past = past = PastPictures()
            self.engine.outlets.append(Outlet(past, "drop", wants=past.wants))
        if self.page is not None and self.live is not None:
            self.page.live.hls = self.live.hls
            if wish.broadcast.webrtc:
                from footlights.media.webrtc import WebRtc

                self.page.live.webrtc = WebRtc(self.live.encoder)
        self.dispatcher = Dispatcher(
            self._stage_actions(actions), kind=wish.on, cooldown=wish.alarm.cooldown, quiet=wish.alarm.quiet
        )
        for source in sources:
            self.engine.add(source)
        if wish.alarm.home_assistant is not None:
            home_assistant = HomeAssistant.from_text(wish.alarm.home_assistant, House(self))
            self.engine.outlets.append(Outlet(home_assistant, "newest"))
        if wish.broadcast.stage is not None:
            audience = Audience.from_text(wish.broadcast.stage)
            self.engine.outlets.append(Outlet(audience, "drop", wants=lambda scene: bool(scene.events)))

    def run(self) -> None:
        """Run until every source has ended or the engine is stopped, then close everything."""
        cv2.setNumThreads(1)  # streams run in parallel: more threads for each of them only wait for each other
        try:
            self.engine.run()
        finally:
            self.dispatcher.close()

    def add(self, address: str | SourceEntry) -> str:
        """Add a source while running; the name of its stream. Raises SettingsError or SourceError."""
        for gone in self.addresses.keys() - self.engine.names():
            del self.addresses[gone]
            self._states.pop(gone, None)
        return self.engine.add(self._open(SourceEntry(url=address) if isinstance(address, str) else address))

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

    def change(self, values: Mapping[str, object]) -> None:
        """Change settings of the app while it runs. Only what depends on them is made anew: a model is loaded when
        another one is named, sources and recordings go on.

        Raises:
            SettingsError: settings that are not valid; ModelError: a model that cannot be used. Nothing has changed.
        """
        before = self.settings
        now = validate(self.wish.app.Settings, {**self.values(), **values})
        self._check_change(before, now)
        detector = self._changed_detector(before, now)
        self._check_words(now, detector or self._detector)
        self.settings = now
        if detector is not None:
            self._detector = detector
            self.engine.exchange(detector)
        self._draw_curtains()
        for tracker in list(self._trackers):
            tracker.sure = getattr(now, "score", tracker.sure)
        self.engine.change(lambda name: ([self.wish.app(now)], self._make_attention()))

    def values(self) -> dict[str, Any]:
        """Every setting by its name; those of a dataclass inside have dotted names."""
        names = (field.name for field in describe(self.wish.app.Settings))
        return {name: attrgetter(name)(self.settings) for name in names}

    def labels(self) -> tuple[str, ...]:
        """The classes that the detector knows; none where it finds one kind of thing."""
        return self._detector.labels if isinstance(self._detector, ObjectDetector | DetectorChoice) else ()

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

        decoding = Decoding(self.wish.decode, threads=threads_for(len(self.wish.sources)))
        source = open_source(entry.url, name=entry.name, loop=entry.loop, on_state=on_state, decoding=decoding)
        if source.name in self.addresses:
            source.close()
            if entry.name is not None:
                raise SettingsError(f"two sources are named '{entry.name}'; give each its own name")
            name = free_name(source.name, self.addresses)
            source = open_source(entry.url, name=name, loop=entry.loop, on_state=on_state, decoding=decoding)
        self.addresses[source.name] = entry.url
        if isinstance(source, Stills):
            self._stills.add(source.name)
        if not hasattr(self.settings, "curtain"):
            return source
        self._curtained[source.name] = CurtainedSource(source)
        self._draw_curtains()
        return self._curtained[source.name]

    def _make_stream(self, source: Source, changed: threading.Condition) -> Stream:
        tracker, stages = self._make_perception(1)
        handover = HandOver(source, changed, paced=self.wish.paced, until=self.wish.seconds)
        stream = Stream(
            handover=handover,
            tracker=tracker,
            stages=stages,
            apps=[self.wish.app(self.settings)],
            attention=self._make_attention(),
            renew=self._make_perception if source.name in self._stills else None,
        )
        if self.wish.record is not None:
            path = recording_path(self.wish.record, source.name, several=self._several)
            policy: Policy = "drop" if handover.newest_wins else "wait"
            stream.outlets.append(Outlet(Recorder(path, source), policy, wants=lambda scene: not scene.closing))
        if self._evidence is not None:
            stream.outlets.append(Outlet(self._evidence.witness(), "newest" if handover.newest_wins else "wait"))
        if self.wish.alarm.unsure is not None:
            doubts = UnsureFrames(self.wish.alarm.unsure)
            stream.outlets.append(Outlet(doubts, "drop", wants=lambda scene: scene.detections is not None))
        return stream

    def _make_perception(self, first: int) -> tuple[Tracker | None, list[Stage]]:
        """Tracker and stages of one stream; identities begin with `first`."""
        stages = [self._offer.stages[stage]() for stage in self._plan.stages]
        if self._plan.finds == "objects":
            sure = getattr(self.settings, "score", 0.5)
            tracker = ByteTracker(sure=sure, first=first, mixed=True)
            self._trackers.add(tracker)
            return tracker, stages
        return BoxTracker(first=first) if self._plan.finds else None, stages

    def _make_attention(self) -> Attention:
        """When the detector looks. An app for fixed cameras says so by its settings `interval` and `gate`."""
        if self._plan.finds != "objects":
            return Slots(FACES if self._plan.finds == "faces" else Pace())
        interval = getattr(self.settings, "interval", 0)
        return MotionGate(interval) if getattr(self.settings, "gate", False) else EveryNth(interval)

    def _changed_detector(self, before: Any, now: Any) -> Detector | None:
        """The detector that other settings ask for; None where it is the one that runs."""
        if self._plan.finds != "objects" or all(
            getattr(before, name, None) == getattr(now, name, None) for name in MODEL_SETTINGS
        ):
            return None
        return offer(threads_for(len(self.addresses)), now).detectors["objects"]()

    def _check_change(self, before: Any, now: Any) -> None:
        """Refuse what the app refuses, and what was settled when everything began."""
        for name in sorted(AT_START & vars(now).keys()):
            if getattr(before, name) != getattr(now, name):
                raise SettingsError(f"'{name}' is settled when footlights starts; start it again to change it")
        needed = plan([self.wish.app(now)], self._offer)
        more = [stage.__name__ for stage in needed.stages if stage not in self._plan.stages]
        if needed.finds not in (None, self._plan.finds):
            more.append(f"a detector of {needed.finds}")
        if more:
            raise SettingsError(
                f"this also needs {', '.join(more)}, which does not run; start footlights again with it"
            )

    def _check_words(self, now: Any, detector: Detector | None) -> None:
        """Refuse classes that the detector does not know, where the app has settings that name some."""
        if not isinstance(detector, ObjectDetector | DetectorChoice):
            return
        alerts(getattr(now, "alert", ()), places(getattr(now, "place", ())), detector.labels)
        for name in ("label", "blur"):
            for word in getattr(now, name, ()):
                if word not in detector.labels:
                    raise SettingsError(f"{name}: the model knows no '{word}'; {near_miss(word, detector.labels)}")

    def _draw_curtains(self) -> None:
        """Zones that no one looks at, on every source."""
        for source in self._curtained.values():
            source.zones = [zone.corners for zone in zones(self.settings.curtain)]

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
        """With a page, things play there; without any action, the built-in show does, but never over a wall."""
        if self.page is None:
            return actions
        from footlights.media.page.shows import ENCORE

        if not actions and self.wish.app.layout != "wall":
            actions = [Play(urlsplit(ENCORE))]
        for action in actions:
            if isinstance(action, Play):
                if action.path is not None:
                    self.page.serve(action.path)
                action.show = lambda show: self.page.show(show.url)
        return actions

    def _open_evidence(self) -> Evidence | None:
        """Evidence of anomalies, and of whatever sets off actions."""
        if self.wish.alarm.evidence is None:
            return None
        raw = not getattr(self.wish.settings, "privacy", False)
        return Evidence(self.wish.alarm.evidence, kinds={RAISED, self.wish.on}, raw=raw)

    def _on_event(self, event: Event) -> None:
        if self._snapshots is not None and pictured(event) and self.dispatcher.wants(event):
            self._snapshots.expect(event)
        self.dispatcher.handle(event)
        if self._watch is not None:
            self._watch(event)

    def _check_writable(self) -> None:
        own = (getattr(self.wish.settings, name, None) for name in ("summary", "picture"))
        for path in (self.wish.record, self.wish.journal, *own):
            if path is not None and not path.parent.is_dir():
                raise SettingsError(f"there is no folder {path.parent} to write {path.name} into; make it first")


def offer(threads: int, settings: Any) -> Offer:
    """What this installation can do. An app that lets its face detector be chosen has it as the setting `detector`."""
    return Offer(
        detectors={
            "people": lambda: PeopleDetector(threads=threads),
            "objects": lambda: _object_detector(settings, threads),
            "faces": lambda: FaceDetectors(getattr(settings, "detector", FIRST), threads),
        },
        stages={
            PoseStage: lambda: PoseStage(threads=threads),
            HandStage: lambda: HandStage(threads=threads),
            FaceStage: lambda: FaceStage(threads=threads),
            SecondLook: lambda: SecondLook(threads=threads),
        },
    )


def _object_detector(settings: Any, threads: int) -> Detector:
    """The model, or the models, that an app's settings name."""
    providers = providers_of(getattr(settings, "provider", ()))
    usual = ObjectDetector(settings.model, threads=threads, head=settings.head or "", providers=providers)
    chosen = read_choice(getattr(settings, "model_for", ()))
    if not chosen:
        return usual
    own = {stream: ObjectDetector(model, threads=threads, providers=providers) for stream, model in chosen.items()}
    return DetectorChoice(usual, own)


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
