"""Charts of measurements over time."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from footlights.hub.measurements import RANGES, Points, Range
from footlights.media.page.forms import markup

MOST = 8  # charts at once
Read = Callable[[str, Range], Mapping[str, Points]]  # a measurement over a range, by the name of the line


class Charts:
    """A chart for each chosen measurement, over a chosen range. `names`: what there is; `read`: the lines of one."""

    def __init__(self, names: Callable[[], list[str]], read: Read, usual: tuple[str, ...], span: str = "hour") -> None:
        self._names, self._read = names, read
        known = names()
        chosen = [name for name in usual if name in known]
        with ui.element("div").classes("row chosen"):
            self._chosen = ui.select(
                self._options(chosen), value=chosen, label="Measurements", multiple=True, on_change=self._lay_out
            ).props('outlined dense use-chips options-dense aria-label="Measurements"')
            self._span = ui.toggle(list(RANGES), value=span, on_change=self.refresh).props("no-caps unelevated dense")
        self._place = ui.element("div").classes("charts")
        self._empty = markup("")
        self._charts: dict[str, Any] = {}
        self._drawn: dict[str, Any] = {}
        self._lines: dict[str, Mapping[str, Points]] = {}
        self._usual = usual
        self._lay_out()

    def refresh(self) -> None:
        """Draw what is new."""
        if not self._chosen.value and not self._drawn:
            known = self._names()
            if chosen := [name for name in self._usual if name in known]:
                self._chosen.set_options(self._options(chosen), value=chosen)  # the first measurements have come
        span = RANGES[str(self._span.value)]
        for name, chart in list(self._charts.items()):
            lines = self._read(name, span)
            if self._lines.get(name) == lines:  # it is drawn already
                continue
            self._lines[name] = lines
            series = [
                {
                    "name": line or "device", "type": "line", "showSymbol": len(points) < 3,
                    "data": [[round(moment * 1000), round(value, 3)] for moment, value in points],
                }
                for line, points in sorted(lines.items())
            ]  # fmt: skip
            if (span, series) != self._drawn.get(name):
                self._drawn[name] = (span, series)
                chart.options["series"] = series
                chart.options["xAxis"]["min"] = round(1000 * (time.time() - span.seconds))
                chart.update()

    def _options(self, chosen: list[str]) -> list[str]:
        return sorted({*self._names(), *chosen})

    def _lay_out(self) -> None:
        """The charts of what is chosen."""
        chosen = list(self._chosen.value or ())[:MOST]
        self._place.clear()
        self._charts, self._drawn, self._lines = {}, {}, {}
        with self._place:
            for name in chosen:
                self._charts[name] = ui.echart(_options(name)).classes("chart").props(f'data-name="{name}"')
        self._empty.set_content("" if chosen else '<p class="empty">Choose what is to be shown.</p>')
        self.refresh()


def _options(title: str) -> dict[str, Any]:
    line = {"lineStyle": {"color": "#ffffff22"}}
    return {
        "title": {"text": title, "left": 0, "top": 0, "textStyle": {"color": "#cbb9c9", "fontSize": 13}},
        "legend": {
            "right": 0,
            "top": 0,
            "type": "scroll",
            "left": "35%",
            "icon": "roundRect",
            "textStyle": {"color": "#cbb9c9"},
        },
        "grid": {"left": 44, "right": 12, "top": 34, "bottom": 24},
        "xAxis": {"type": "time", "axisLine": line, "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "value", "scale": False, "splitLine": line},
        "tooltip": {"trigger": "axis"},
        "color": ["#ffb65c", "#7fe3b4", "#9cc7ff", "#ff8fab", "#d7e36b", "#c9a6ff", "#7fd8e3"],
        "series": [],
        "animation": False,
    }
