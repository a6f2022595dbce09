"""From checked options to a running performance, and from its end to an exit code."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import click

from footlights.cli.console import set_up_logging, without_secrets
from footlights.core.app import App
from footlights.core.event import Event

log = logging.getLogger(__name__)
REPORT_EVERY = 0.5  # seconds


def perform(
    name: str,
    app: type[App],
    *,
    settings: Mapping[str, object],
    actions: Mapping[str, Sequence[str]],
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **given: Any,
) -> None:
    """Run one app until it ends. Raises FootlightsError before the first frame; afterwards it exits with a code."""
    set_up_logging(verbose=verbose, quiet=quiet or as_json)
    from footlights.cli.build import Performance
    from footlights.cli.wish import make_wish
    from footlights.cli.workout import Leavings

    wish = make_wish(name, app, settings=settings, actions=actions, **given)
    leavings = Leavings(wish.settings)

    def watch(event: Event) -> None:
        leavings.watch(event)
        if as_json:
            _print_event(event)

    performance = Performance(wish, watch=watch)
    _announce(performance)
    _stop_on_signals(performance)
    reporter = Reporter(performance, progress=not (quiet or as_json))
    reporter.start()
    try:
        performance.run()
    finally:
        reporter.close()
    leavings.write(table=not (quiet or as_json))
    failures = performance.engine.failures()
    if failures:
        sys.exit(failures[0].exit_code)


def _announce(performance: Any) -> None:
    if performance.page is not None:
        log.info("the page: %s", performance.page.url)
    if performance.live is not None and performance.wish.broadcast.rtsp is not None:
        log.info("RTSP: %s", performance.live.url())
    for source, address in performance.addresses.items():
        log.info("source %s: %s", source, without_secrets(address))
    log.info("Ctrl+C ends it.")


def _print_event(event: Event) -> None:
    line = {"kind": event.kind, "stream": event.stream, "time": round(event.time, 3), "track": event.track}
    click.echo(json.dumps({**line, **event.data}))


def _stop_on_signals(performance: Any) -> None:
    """The first signal ends it in good order, the second at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        performance.engine.stop()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)


class Reporter:
    """Tells the page how the streams are doing, shows the progress of files, and sums up at the end."""

    def __init__(self, performance: Any, *, progress: bool) -> None:
        from footlights.cli.desk import Desk

        self._performance = performance
        self._desk = Desk(performance)
        self._progress = progress
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def close(self) -> None:
        """Stop reporting and say how it went."""
        self._closing.set()
        self._thread.join()
        if self._progress:
            for report in self._performance.report():
                dropped = f", {report.dropped} dropped" if report.dropped else ""
                log.info("%s: %d frames, %.1f s%s", report.stream, report.frames, report.media_time, dropped)

    def _run(self) -> None:
        wish = self._performance.wish
        if self._progress and not wish.paced and sys.stderr.isatty():
            self._run_with_bars()
            return
        while not self._closing.wait(REPORT_EVERY):
            self._tell()

    def _tell(self) -> None:
        """How the streams are doing, to all who show it."""
        showing = [one for one in (self._performance.page, self._performance.live) if one is not None]
        if showing:
            stats = self._desk.stats()
            for one in showing:
                one.report(stats)

    def _run_with_bars(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]:.0f} fps"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, Any] = {}
            while not self._closing.wait(REPORT_EVERY):
                self._tell()
                for report in self._performance.report():
                    if report.stream not in tasks:
                        total = self._performance.wish.seconds or report.duration
                        tasks[report.stream] = bars.add_task(report.stream, total=total, rate=0.0)
                    bars.update(tasks[report.stream], completed=report.media_time, rate=report.fps)
