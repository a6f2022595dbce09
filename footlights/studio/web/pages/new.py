"""The form for a new project."""

from nicegui import ui

from footlights.media.page.forms import button, markup, telling
from footlights.studio.project import Kind
from footlights.studio.web.pages.shell import page
from footlights.studio.web.workshop import Workshop, page_of

_ART: dict[Kind, tuple[str, str, str]] = {
    "photos": (
        "Photos",
        "What is it? A pose, a hand sign, a thing: one answer for a whole picture.",
        '<rect x="14" y="14" width="56" height="46" rx="7" fill="#ffb65c" opacity=".28" transform="rotate(-8 42 37)"/>'
        '<rect x="34" y="18" width="56" height="46" rx="7" fill="#3a2a3f" stroke="#ffb65c" stroke-width="2"/>'
        '<circle cx="62" cy="34" r="7" fill="#ffcf8d"/><path d="M46 60c2-14 8-18 16-18s14 4 16 18" fill="#ffcf8d"/>'
        '<path d="M50 40l24 18M74 40L50 58" stroke="#3a2a3f" stroke-width="5" stroke-linecap="round"/>'
        '<rect x="104" y="26" width="44" height="9" rx="4.5" fill="#ffb65c"/>'
        '<rect x="104" y="44" width="26" height="9" rx="4.5" fill="#ffffff22"/>',
    ),
    "clips": (
        "Clips",
        "What is happening? A gesture, an exercise, a sign: movements that take a moment.",
        '<rect x="10" y="14" width="140" height="50" rx="7" fill="#203329" stroke="#7fe3b4" stroke-width="2"/>'
        '<g fill="#7fe3b4"><circle cx="34" cy="29" r="4.5"/><circle cx="80" cy="29" r="4.5"/>'
        '<circle cx="126" cy="29" r="4.5"/></g>'
        '<g stroke="#7fe3b4" stroke-width="4" stroke-linecap="round" fill="none"><path d="M34 36v12M34 39l-10 8M34 39'
        'l10 8M34 48l-5 10M34 48l5 10"/><path d="M80 36v12M80 39l-12 1M80 39l12-5M80 48l-5 10M80 48l5 10"/>'
        '<path d="M126 36v12M126 39l-10-10M126 39l10-10M126 48l-5 10M126 48l5 10"/></g>'
        '<path d="M57 14v50M103 14v50" stroke="#7fe3b4" opacity=".4"/>',
    ),
    "boxes": (
        "Boxes",
        "Where is it, and how many? Things in a picture: cans that stand and cans that lie.",
        '<rect x="10" y="14" width="140" height="50" rx="7" fill="#1f2735"/>'
        '<g fill="#9cc7ff" opacity=".75"><rect x="30" y="27" width="16" height="28" rx="4"/>'
        '<rect x="64" y="27" width="16" height="28" rx="4"/><rect x="104" y="38" width="30" height="16" rx="4"/></g>'
        '<g fill="none" stroke-width="2"><path d="M25 22h26v38H25zM59 22h26v38H59z" stroke="#9cc7ff"/>'
        '<path d="M99 33h40v26H99z" stroke="#ff8fab"/></g>',
    ),
}


def add(workshop: Workshop) -> None:
    """The pages at /new and /new/TITLE."""

    @ui.page("/new")
    def empty() -> None:
        _form(workshop, "")

    @ui.page("/new/{title}")
    def titled(title: str) -> None:
        _form(workshop, title)


def _form(workshop: Workshop, title: str) -> None:
    chosen: dict[str, Kind] = {"kind": "photos"}
    with page("New project"), ui.element("section").classes("form"):
        markup('<h1 class="title">What shall it learn?</h1>')
        with ui.element("div").classes("kinds").props('role="group" aria-label="Kind"'):
            buttons = {kind: _choice(kind) for kind in _ART}
        name = ui.input("Title", value=title, placeholder="Crossed arms").props("outlined autofocus maxlength=80")
        labels = ui.input("Labels, with commas between them", placeholder="x, not x").props("outlined maxlength=1000")
        markup(
            '<p class="help">Such as <b>x</b> and <b>not x</b>. One label for what is nothing of all this makes the '
            "others surer. Labels can be added and renamed later.</p>"
        )

        def choose(kind: Kind) -> None:
            chosen["kind"] = kind
            for other, made in buttons.items():
                made.props(f'aria-pressed="{str(other == kind).lower()}"')

        def create() -> None:
            with telling():
                made = workshop.create(chosen["kind"], name.value or "", _words(labels.value or ""))
                ui.navigate.to(page_of(made))

        for kind, made in buttons.items():
            made.on("click", lambda kind=kind: choose(kind))
        choose("photos")
        with ui.element("div").classes("row"):
            button("Make the project", create, look="primary large")
            button("Cancel", look="quiet", to="/")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _choice(kind: Kind) -> ui.element:
    title, words, art = _ART[kind]
    with ui.element("button").props(f'type="button" data-kind="{kind}"') as made:
        markup(f'<svg viewBox="0 0 160 78" aria-hidden="true">{art}</svg><strong>{title}</strong><span>{words}</span>')
    return made
