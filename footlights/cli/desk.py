"""What the page may ask of a running performance."""

from typing import TYPE_CHECKING, cast

from footlights.media.page.control import SourceState, State, StreamStats

if TYPE_CHECKING:
    from footlights.cli.build import Performance


class Desk:
    """Sources come and go from the page."""

    def __init__(self, performance: "Performance") -> None:
        self._performance = performance

    def sources(self) -> list[SourceState]:
        """Every source there is or was lately."""
        return [
            SourceState(
                name=report.stream,
                url=self._performance.addresses.get(report.stream, report.stream),
                state=cast(State, report.state),
                message=report.message,
            )
            for report in self._performance.report()
        ]

    def add(self, url: str) -> str:
        """Add a source. Raises FootlightsError with one line for the reader."""
        return self._performance.add(url)

    def remove(self, name: str) -> None:
        """Remove a source. Raises SettingsError where there is none of this name."""
        self._performance.engine.remove(name)

    def choices(self) -> list[str]:
        """What the running app lets people choose from, such as face detectors; empty: nothing."""
        return self._performance.choices()

    def chosen(self) -> str:
        """What is chosen now; empty where there is nothing to choose."""
        return self._performance.chosen()

    def choose(self, name: str) -> None:
        """Choose by name. Raises FootlightsError with one line for the reader."""
        self._performance.choose(name)

    def stats(self) -> dict[str, StreamStats]:
        """How every stream is doing."""
        return {
            report.stream: StreamStats(
                stream=report.stream,
                fps=report.fps,
                dropped=report.dropped,
                latency_ms=None if report.latency_p95 is None else 1000 * report.latency_p95,
                people=report.people,
                state=cast(State, report.state),
                message=report.message,
                spent_ms=report.spent,
            )
            for report in self._performance.report()
        }
