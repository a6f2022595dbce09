"""Roll-outs: how far each is, who has it, who failed and why; and the way to stop it, go on, or take it back."""

from typing import Any

import yaml
from fastapi import FastAPI, Request
from nicegui import run, ui

from footlights.core.errors import SettingsError
from footlights.hub.hub import Hub
from footlights.hub.pages.session import Sessions
from footlights.hub.pages.shell import ago, page
from footlights.hub.people import User
from footlights.hub.rollouts import DONE, MEMBER_STATES, RUNNING, STOPPED, Rollout
from footlights.media.page.forms import button, markup, note, telling, text

REFRESH = 1.0  # seconds
LOOKS = {RUNNING: "away", STOPPED: "blocked", DONE: "online", "back": ""}
STATES = {RUNNING: "under way", STOPPED: "stopped", DONE: "done", "back": "taken back"}
MEMBERS = {"good": "good", "failed": "bad", "left": "bad", "taken": "busy", "sent": "busy"}
MOST = 500  # devices that are listed


def add(app: FastAPI, hub: Hub, sessions: Sessions) -> None:
    """The pages at /rollouts and /rollouts/NUMBER."""

    @ui.page("/rollouts")
    def rollouts(request: Request) -> None:
        user = sessions.inside(request)
        with page("Roll-outs", user, "/rollouts"):
            with ui.element("div").classes("heading"):
                markup('<h1 class="title">Roll-outs</h1>')
                if user.may("operator"):
                    button("Change many devices", look="primary", to="/change")
            listed = markup("")

            def refresh() -> None:
                listed.set_content("".join(map(_line, hub.rollouts.all())) or '<p class="empty">None yet.</p>')

            refresh()
            ui.timer(REFRESH, refresh)

    @ui.page("/rollouts/{number}")
    def rollout(request: Request, number: int) -> None:
        user = sessions.inside(request)
        with page(f"Roll-out {number}", user, "/rollouts"):
            try:
                found = hub.rollouts.one(number)
            except SettingsError as error:
                note(str(error), "bad")
                return
            head = markup("")
            acts = ui.element("div").classes("row")
            with ui.element("div").classes("device"):
                with ui.element("section").classes("panel"):
                    markup("<h2>Devices</h2>")
                    members = markup("")
                with ui.element("section").classes("panel"):
                    markup("<h2>What changes</h2>")
                    markup(_plan(found))
            _follow(hub, user, number, (head, members, acts))


def _follow(hub: Hub, user: User, number: int, places: tuple[ui.html, ui.html, ui.element]) -> None:
    """Show how it stands, again and again."""
    head, members, acts = places
    shown: list[str] = []

    def refresh() -> None:
        found = hub.rollouts.one(number)
        head.set_content(_head(found))
        members.set_content(_members(hub, number))
        if shown != [found.state]:
            shown[:] = [found.state]
            acts.clear()
            with acts:
                _acts(hub, user, found, refresh)

    refresh()
    ui.timer(REFRESH, refresh)


def _acts(hub: Hub, user: User, found: Rollout, refresh: Any) -> None:
    """What can be done with it as it is."""
    if not user.may("operator"):
        return

    async def act(deed: str, *arguments: Any) -> None:
        with telling():
            await run.io_bound(getattr(hub.rollouts, deed), found.id, *arguments)
            hub.people.note(user.name, {"stop": "stopped a roll-out", "resume": "resumed a roll-out"}.get(
                deed, "took a roll-out back"
            ), f"{found.id} {found.title}")  # fmt: skip
            hub.rollout_steps.wake()
            refresh()

    if found.state == RUNNING:
        button("Stop it", lambda: act("stop", user.name), look="primary")
    if found.state == STOPPED:
        button("Go on without those that failed", lambda: act("resume"), look="primary")
    if found.state in (RUNNING, STOPPED, DONE):
        button("Take it back everywhere", lambda: act("roll_back", user.name), look="quiet")


def _line(found: Rollout) -> str:
    """Markup of one in the list."""
    return (
        f'<a class="rule" href="/rollouts/{found.id}"><span><b>{text(found.title)}</b>'
        f"<small>{text(found.by)}, {ago(found.created)}: {text(_counted(found))}</small></span>"
        f'<span class="state" data-look="{LOOKS[found.state]}">{STATES[found.state]}</span></a>'
    )


def _head(found: Rollout) -> str:
    total = max(1, sum(found.counts.values()))
    bars = "".join(
        f'<i data-state="{MEMBERS.get(state, state)}" style="flex-grow:{found.counts[state] / total:.4f}" '
        f'title="{found.counts[state]} {text(words)}"></i>'
        for state, words in MEMBER_STATES.items()
        if found.counts.get(state)
    )
    why = f'<p class="note bad">{text(found.why)}</p>' if found.why and found.state == STOPPED else ""
    stage = f"stage {found.stage} of {len(found.plan.stages)}" if found.state == RUNNING else STATES[found.state]
    return (
        f'<div class="heading"><h1 class="title">{text(found.title)}</h1>'
        f'<span class="state" data-look="{LOOKS[found.state]}">{stage}</span></div>'
        f'<p class="help">{text(found.by)}, {ago(found.created)}: {text(_counted(found))}</p>'
        f'<div class="progress">{bars}</div>{why}'
    )


def _counted(found: Rollout) -> str:
    counts = found.counts
    return ", ".join(f"{counts[state]} {words}" for state, words in MEMBER_STATES.items() if counts.get(state))


def _members(hub: Hub, number: int) -> str:
    members = hub.rollouts.members(number)
    lines = "".join(
        f'<li data-state="{MEMBERS.get(member.state, member.state)}"><a href="/devices/{text(member.device)}">'
        f"{text(member.device)}</a> <small>stage {member.stage}</small> {text(MEMBER_STATES[member.state])}"
        f"{f': {text(member.said)}' if member.said else ''}</li>"
        for member in sorted(members, key=lambda member: member.state not in ("failed", "left"))[:MOST]
    )
    more = f"<p class='empty'>and {len(members) - MOST} more</p>" if len(members) > MOST else ""
    return f'<ul class="members">{lines}</ul>{more}'


def _plan(found: Rollout) -> str:
    plan, shown = found.plan, yaml.safe_dump(dict(found.patch), sort_keys=False, allow_unicode=True)
    stages = ", then ".join(f"{share} %" for share in plan.stages)
    return (
        f'<div class="difference"><pre>{text(shown)}</pre></div><p class="help">{stages}. A device must take it in '
        f"{plan.patience:g} s and stay healthy for {plan.settle:g} s; it may be away for {plan.grace:g} s. "
        f"More than {plan.threshold:g} % failed: it stops.</p>"
    )
