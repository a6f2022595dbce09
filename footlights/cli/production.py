"""What an agent keeps running: a performance as the desired document says, changed while it runs."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import yaml

from footlights.cli.build import Performance, Wish
from footlights.cli.wish import make_wish
from footlights.core.errors import FootlightsError, SettingsError, SourceError
from footlights.core.event import Event
from footlights.core.scene import Scene
from footlights.engine.outlet import Outlet
from footlights.engine.registry import app_names, load_app
from footlights.engine.watch import StreamReport
from footlights.media.films import Films
from footlights.media.painter import Painter
from footlights.media.snapshot import travelling
from footlights.wire.document import Document, SourceEntry
from footlights.wire.near_miss import near_miss
from footlights.wire.settings import validate

log = logging.getLogger(__name__)
PATIENCE = 30.0  # seconds for a performance to end


class Production:
    """Runs at most one performance, and changes as little of it as it must."""

    def __init__(self, folder: Path, on_event: Callable[[Event], None]) -> None:
        self._path = folder / "footlights.yaml"
        self._on_event = on_event
        self._document = Document()
        self._content: Mapping[str, Any] = {}  # the same, as it came
        self._performance: Performance | None = None
        self._thread: threading.Thread | None = None
        self._last = LastPictures()
        self._films = Films()

    def apply(self, document: Mapping[str, Any]) -> None:
        """Become what the document says. Raises FootlightsError: then everything stays as it was."""
        wanted = validate(Document, document)
        if wanted.app is not None and wanted.app not in app_names():  # never a path: a hub brings no code
            raise SettingsError(f"there is no app '{wanted.app}'; {near_miss(wanted.app, app_names())}")
        running = self._performance
        if running is None or not self._changed_on_the_way(running, wanted):
            self._begin(document)
        self._document, self._content = wanted, document
        self._write(self._path, document)

    def report(self) -> list[StreamReport]:
        """How every stream is doing."""
        return self._performance.report() if self._performance is not None else []

    def restart(self) -> None:
        """End everything that runs and start it again."""
        self._begin(self._content)

    def picture(self, stream: str) -> bytes:
        """What a stream shows now, as JPEG; of the only one where the name is empty."""
        return self._last.picture(stream)

    def record(self, stream: str, seconds: float, megabytes: int) -> str:
        """Begin a film of a stream in this device's folder; of the only one where the name is empty."""
        name = self._last.name_of(stream)
        path = (
            self._path.with_name("recordings") / f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)}-{time.time_ns() // 10**6}.mp4"
        )
        self._films.start(name, path, seconds, megabytes << 20)
        return path.name

    def stop_recording(self, stream: str) -> Mapping[str, Any]:
        """End the film of a stream."""
        return asdict(self._films.stop(stream))

    def close(self) -> None:
        """End what runs."""
        performance, thread = self._performance, self._thread
        self._performance = self._thread = None
        if performance is not None and thread is not None:
            performance.engine.stop()
            thread.join(PATIENCE)

    def _changed_on_the_way(self, running: Performance, wanted: Document) -> bool:
        """Change settings and sources of what runs; False where that is not enough."""
        before = self._document
        if replace(wanted, settings=before.settings, sources=before.sources) != before or not wanted.sources:
            return False
        if wanted.settings != before.settings:
            dropped = {name: value for name, value in self._defaults().items() if name in before.settings}
            try:
                running.change({**dropped, **wanted.settings})
            except SettingsError:
                validate(running.wish.app.Settings, wanted.settings)  # what is not valid changes nothing at all
                return False
        try:
            self._change_sources(running, before.sources, wanted.sources)
        except FootlightsError:
            self._begin(self._content)
            raise
        return True

    def _change_sources(
        self, running: Performance, before: Sequence[SourceEntry], wanted: Sequence[SourceEntry]
    ) -> None:
        """End what is no longer wanted, then begin what is new, which may have the name of one that ended."""
        gone = {
            name
            for entry in before
            if entry not in wanted
            for name, url in running.addresses.items()
            if name == entry.name or (entry.name is None and url == entry.url)
        }
        for name in gone & running.engine.names():
            running.engine.remove(name)
        deadline = time.monotonic() + PATIENCE
        while gone & running.engine.names():
            if time.monotonic() > deadline:
                raise SourceError(f"{', '.join(sorted(gone))} did not let go in {PATIENCE:.0f} s")
            time.sleep(0.02)
        self._last.forget(gone)
        for entry in wanted:
            if entry not in before:
                running.add(entry)

    def _defaults(self) -> dict[str, Any]:
        if self._document.app is None:
            return {}
        return dict(vars(validate(load_app(self._document.app).Settings, {})))

    def _begin(self, content: Mapping[str, Any]) -> None:
        """Start a performance in the place of the one that runs; where that fails the old one is started again."""
        wish = self._wish(content)  # what can be refused is refused before anything ends
        before = self._content if self._performance is not None else None
        self.close()
        if wish is None:
            return
        try:
            self._start(wish)
        except FootlightsError:
            if before is not None and before != content and (old := self._wish(before)) is not None:
                self._start(old)
            raise

    def _wish(self, content: Mapping[str, Any]) -> Wish | None:
        """What the command line would make of a document; None where nothing is to run."""
        app = content.get("app")
        if app is None:
            return None
        draft = self._path.with_name("wanted.yaml")
        self._write(draft, content)
        nothing: dict[str, Any] = dict.fromkeys(
            ("page", "host", "tls", "record", "save_pictures", "journal", "seconds")
        )
        return make_wish(
            app, load_app(app), settings={}, actions={}, sources=(), more=(), config=draft,
            no_page=False, loop=False, realtime=True, on=None, **nothing,
        )  # fmt: skip

    def _write(self, path: Path, content: Mapping[str, Any]) -> None:
        path.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True), encoding="utf-8")

    def _start(self, wish: Wish) -> None:
        performance = Performance(wish, watch=self._on_event)
        performance.engine.stay = True
        self._last = LastPictures()
        performance.engine.outlets.append(Outlet(self._last, "newest", wants=lambda scene: not scene.closing))
        self._films = Films()
        performance.engine.outlets.append(Outlet(self._films, "drop", wants=self._films.wants))
        self._thread = threading.Thread(target=self._run, args=(performance,), name="performance", daemon=True)
        self._performance = performance
        self._thread.start()

    def _run(self, performance: Performance) -> None:
        try:
            performance.run()
        except FootlightsError as error:
            log.error("%s", error)


class LastPictures:
    """A sink that keeps the last scene of each stream, and draws it when somebody asks."""

    def __init__(self) -> None:
        self._scenes: dict[str, Scene] = {}
        self._painter = Painter()
        self._lock = threading.Lock()

    def write(self, scene: Scene) -> None:
        """Keep a scene."""
        with self._lock:
            self._scenes[scene.frame.stream] = scene

    def forget(self, streams: Iterable[str]) -> None:
        """Forget the pictures of streams that ended: another one may come under the same name."""
        with self._lock:
            for stream in streams:
                self._scenes.pop(stream, None)

    def close(self) -> None:
        """Forget all pictures."""
        with self._lock:
            self._scenes.clear()

    def picture(self, stream: str) -> bytes:
        """What a stream shows now, as JPEG. Raises SettingsError: there is no such stream, or no picture of it yet."""
        return travelling(self._found(stream)[1], self._painter)

    def name_of(self, stream: str) -> str:
        """The stream that is meant: the only one where the name is empty. Raises SettingsError: it shows nothing."""
        return self._found(stream)[0]

    def _found(self, stream: str) -> tuple[str, Scene]:
        with self._lock:
            names = list(self._scenes)
            name = stream or (names[0] if len(names) == 1 else "")
            if name in self._scenes:
                return name, self._scenes[name]
        raise SettingsError(f"there is no picture of '{stream[:80]}'; there are some of {', '.join(names) or 'none'}")
