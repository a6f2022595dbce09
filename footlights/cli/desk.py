"""What the page may ask of a running performance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import to_jsonable_python

from footlights.cli.build import AT_START
from footlights.cli.keep import as_document, keep
from footlights.core.errors import SettingsError
from footlights.media.page.control import Setting, SourceState, State, StreamStats
from footlights.models.cards import cards
from footlights.wire.fields import Field, describe

if TYPE_CHECKING:
    from footlights.cli.build import Performance

DETECTORS = ("yolox", "ssd")  # heads of the cards of models that find things
ONCE = "is settled when footlights starts; start it again to change it"
PATH = "names a file of this machine, and is given when footlights starts"


class Desk:
    """Sources come and go from the page, and settings change there."""

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

    def settings(self) -> list[Setting]:
        """The settings of the running app."""
        return [self._setting(field) for field in describe(self._performance.wish.app.Settings)]

    def values(self) -> dict[str, Any]:
        """Their values now."""
        return cast(dict[str, Any], to_jsonable_python(self._performance.values()))

    def change(self, values: Mapping[str, object]) -> None:
        """Change some. Raises FootlightsError with one line for the reader; then nothing changed."""
        kinds = {field.name: field.type for field in describe(self._performance.wish.app.Settings)}
        now = self.values()
        for name in values:
            if "path" in kinds.get(name, "") and values[name] != now[name]:
                raise SettingsError(f"'{name}' {PATH}")
        self._performance.change(values)

    def file(self) -> str:
        """The name of the configuration file; empty: it was started without one."""
        config = self._performance.wish.config
        return config.name if config is not None else ""

    def save(self) -> None:
        """Write what was changed into the configuration file. Raises SettingsError."""
        config = self._performance.wish.config
        if config is None:
            raise SettingsError("footlights was started without --config: there is no file to save into; download it")
        keep(config, self._performance.settings)

    def document(self) -> str:
        """A configuration with these settings, as YAML."""
        return as_document(self._performance.wish.name, self._performance.settings)

    def _setting(self, field: Field) -> Setting:
        words: Mapping[str, tuple[str, ...]] = {}
        if labels := self._performance.labels():
            models = tuple(name for name, card in cards().items() if card.head.kind in DETECTORS and card.labels)
            words = {"label": labels, "blur": labels, "model": models}
        fixed = PATH if "path" in field.type else ONCE if field.name in AT_START else ""
        return Setting(
            name=field.name,
            type=field.type,
            default=to_jsonable_python(field.default),
            optional=field.optional,
            help=field.help,
            unit=field.unit,
            min=field.min,
            max=field.max,
            choices=field.choices,
            suggestions=words.get(field.name, ()),
            fixed=fixed,
        )

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
                skipped=report.skipped,
                raised=report.raised,
                events=report.events,
                waiting=report.waiting,
                frames=report.frames,
                looks=report.looks,
                media_time=report.media_time,
            )
            for report in self._performance.report()
        }
