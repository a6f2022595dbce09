"""What happens now, in the whole fleet or in a group: counts, rates, who is away, the newest events."""

from fastapi import FastAPI, Request
from nicegui import ui

from footlights.hub.hub import Hub
from footlights.hub.overview import SUMMED
from footlights.hub.pages.charts import Charts
from footlights.hub.pages.export import export_button
from footlights.hub.pages.happenings import event_list
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.registry import ACTIVE, Device
from footlights.media.page.forms import markup, text

REFRESH = 0.5  # seconds
EVENTS = 12  # that are listed
MOST_AWAY = 24  # that are listed
EVERYTHING = "the whole fleet"
TOTALS = ("online", "away", "events", *SUMMED)
FIGURES = (  # a total, and what stands below it
    ("people", "people in view"), ("fps", "pictures a second"), ("raised", "anomalies raised"),
    ("events", "events in the last minute"),
)  # fmt: skip


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The page at /now."""

    @ui.page("/now")
    def now(request: Request, group: str = "") -> None:
        user = sessions.inside(request)
        known = {found.id: found.title for found in hub.registry.groups()}
        chosen = group if group in known else ""
        with page("Now", user, "/now"):
            with ui.element("div").classes("heading"):
                markup('<h1 class="title">Now</h1>')
                ui.select(
                    {"": EVERYTHING, **known}, value=chosen, label="Devices of",
                    on_change=lambda e: ui.navigate.to(f"/now?group={e.value}" if e.value else "/now"),
                ).props('outlined dense aria-label="Devices of"').classes("of-group")  # fmt: skip
                export_button(group=chosen)
            _live(hub, chosen or None, known.get(chosen, EVERYTHING))


def _live(hub: Hub, group: str | None, title: str) -> None:
    """Everything that changes while somebody looks."""
    figures = markup("")
    with ui.element("div").classes("device"):
        with ui.element("section").classes("panel"):
            markup("<h2>Over time</h2>")
            charts = Charts(
                lambda: list(TOTALS),
                lambda what, span: {title: hub.measurements.totals(group, what, span)},
                ("online", "people"),
            )
        with ui.element("section").classes("panel"):
            markup("<h2>What happened</h2>")
            events = markup("")
        with ui.element("section").classes("panel"):
            markup("<h2>Away</h2>")
            away = markup("")

    def refresh() -> None:
        devices = hub.overview.devices(group)
        figures.set_content(_figures(hub, group, devices))
        away.set_content(_away(devices))
        newest = hub.overview.events(EVENTS, {device.id for device in devices} if group else None)
        events.set_content(event_list(newest, named=True))
        charts.refresh()

    refresh()
    ui.timer(REFRESH, refresh)


def _figures(hub: Hub, group: str | None, devices: list[Device]) -> str:
    """Markup of the live counts."""
    totals, alarms = hub.overview.totals(group), hub.overview.alarms()
    active = sum(device.state == ACTIVE for device in devices)
    rows = [(f"{totals['online']:.0f} of {active}", "devices online", "bad" if totals["away"] else "")]
    rows += [
        (f"{totals[name]:.0f}", title, "bad" if name == "raised" and totals[name] else "") for name, title in FIGURES
    ]
    if group is None:
        rows.append((str(alarms), "open alarms", "bad" if alarms else ""))
    inner = "".join(f'<div class="figure {look}"><b>{value}</b><span>{name}</span></div>' for value, name, look in rows)
    return f'<section class="figures">{inner}</section>'


def _away(devices: list[Device]) -> str:
    """Markup of who should be there and is not, the longest gone last."""
    gone = [device for device in devices if device.state == ACTIVE and not device.online]
    if not gone:
        return '<p class="empty">Everybody is there.</p>'
    gone.sort(key=lambda device: -(device.seen or 0.0))
    lines = "".join(
        f'<li data-look="away"><a href="/devices/{text(device.id)}"><b>{text(device.title)}</b></a> '
        f"<i>{'never seen' if device.seen is None else f'last seen {ago(device.seen)}'}</i></li>"
        for device in gone[:MOST_AWAY]
    )
    more = f"<p>and {len(gone) - MOST_AWAY} more</p>" if len(gone) > MOST_AWAY else ""
    return f'<ul class="modules">{lines}</ul>{more}'
