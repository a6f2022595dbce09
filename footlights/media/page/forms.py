"""Parts of pages of forms that are made with NiceGUI. Only what needs its extra imports this."""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import ui

from footlights.core.errors import FootlightsError

_HEAD = """
<meta name="theme-color" content="#0c0911">
<style>@import url("/static/base.css") layer(base);</style>
<link rel="stylesheet" href="/static/frame.css">
<link rel="stylesheet" href="/static/forms.css">
<link rel="stylesheet" href="/static/{own}">
"""


@contextmanager
def frame(title: str, own: str) -> Iterator[None]:
    """A page in the colours of all the others. `own`: the style sheet that is its own."""
    ui.add_head_html(_HEAD.format(own=own))
    ui.colors(primary="#ffb65c", accent="#ffb65c", dark="#1a1421", positive="#7fe3b4", negative="#2b2134")
    ui.page_title(title)
    yield


def markup(content: str) -> ui.html:
    """Markup of ours, in which everything that came from elsewhere has gone through `text`."""
    return ui.html(content, sanitize=False).style("display: contents")


def text(content: object) -> str:
    """Text inside of markup."""
    return html.escape(str(content))


def button(
    label: str, act: Callable[..., Any] | None = None, *, look: str = "", icon: str | None = None, to: str | None = None
) -> ui.button:
    """A button, or a link that looks like one."""
    made = ui.button(label, on_click=act, icon=icon, color=None).props("unelevated no-caps").classes(f"b {look}")
    if to is not None:
        made.props(f'href="{text(to)}"')
    return made


def note(line: str, look: str = "") -> None:
    """A line that should be read."""
    markup(f'<p class="note {look}">{text(line[:1].upper() + line[1:])}</p>')


def complain(error: FootlightsError) -> None:
    """Say what went wrong."""
    ui.notify(str(error).splitlines()[0], type="negative", position="bottom", timeout=8000, icon="")


@contextmanager
def telling() -> Iterator[None]:
    """What goes wrong inside is said at the bottom of the page."""
    try:
        yield
    except FootlightsError as error:
        complain(error)
