"""Charts: how a training went, and how often answers of each certainty are right."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

_INK, _LINE = "#b9acbd", "#ffe9cf1c"
_NAMES = {
    "loss": "loss", "valid_loss": "loss on valid", "valid_accuracy": "right on valid", "valid_map50": "mAP50 on valid",
}  # fmt: skip
_COLOURS = {"loss": "#ffb65c", "valid_loss": "#ff8fab", "valid_accuracy": "#7fe3b4", "valid_map50": "#7fe3b4"}
_SHARES = ("valid_accuracy", "valid_map50")


def curves() -> ui.echart:
    """An empty chart of a training."""
    return ui.echart(of_epochs([])).classes("curve")


def of_epochs(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The chart of these epochs: losses at the left, shares of right answers at the right."""
    series = []
    for key, name in _NAMES.items():
        points = [[line["epoch"], line[key]] for line in epochs if line.get(key) is not None]
        if points:
            series.append({
                "type": "line", "name": name, "data": points, "yAxisIndex": int(key in _SHARES),
                "showSymbol": len(points) < 3, "lineStyle": {"width": 3}, "color": _COLOURS[key],
                "areaStyle": {"opacity": 0.08} if key in _SHARES else None,
            })  # fmt: skip
    last = int(epochs[-1].get("epochs", epochs[-1]["epoch"])) if epochs else 1
    return {
        "animation": False, "textStyle": {"fontFamily": "Figtree, sans-serif"},
        "grid": {"left": 44, "right": 52, "top": 44, "bottom": 30},
        "legend": {"top": 4, "textStyle": {"color": _INK}, "icon": "roundRect", "itemHeight": 5},
        "tooltip": {"trigger": "axis", "backgroundColor": "#2b2134", "borderWidth": 0,
                    "textStyle": {"color": "#f8f0e5"}},
        "xAxis": {"type": "value", "min": 1, "max": max(2, last), "minInterval": 1, "axisLabel": {"color": _INK},
                  "splitLine": {"show": False}, "axisLine": {"lineStyle": {"color": _LINE}}},
        "yAxis": [
            {"type": "value", "min": 0, "axisLabel": {"color": _INK}, "splitLine": {"lineStyle": {"color": _LINE}}},
            {"type": "value", "min": 0, "max": 1, "axisLabel": {"color": _INK, ":formatter": _PERCENT},
             "splitLine": {"show": False}},
        ],
        "series": series,
    }  # fmt: skip


_PERCENT = "value => `${Math.round(100 * value)} %`"


def calibration(told: Mapping[str, Any]) -> ui.echart:
    """How often answers of each certainty are right; on the line they would be as sure as they should."""
    bins = told["bins"]
    most = max((row["count"] for row in bins), default=1)
    points = [
        {"value": [row["certainty"], row["right"]], "symbolSize": 9 + 26 * (row["count"] / most) ** 0.5} for row in bins
    ]
    axis = {
        "type": "value", "min": 0, "max": 1, "axisLabel": {"color": _INK, ":formatter": _PERCENT},
        "splitLine": {"lineStyle": {"color": _LINE}}, "nameLocation": "middle", "nameTextStyle": {"color": _INK},
    }  # fmt: skip
    return ui.echart({
        "animation": False, "textStyle": {"fontFamily": "Figtree, sans-serif"},
        "grid": {"left": 62, "right": 26, "top": 24, "bottom": 48},
        "xAxis": {**axis, "name": "how sure it was", "nameGap": 30},
        "yAxis": {**axis, "name": "how often it was right", "nameGap": 46},
        "series": [
            {"type": "line", "data": [[0, 0], [1, 1]], "showSymbol": False, "silent": True,
             "lineStyle": {"type": "dashed", "color": "#ffffff50", "width": 1.5}},
            {"type": "scatter", "data": points, "color": "#ffb65c", "clip": False},
        ],
    }).classes("curve")  # fmt: skip
