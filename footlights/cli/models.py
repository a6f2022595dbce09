"""`footlights models`: what weights there are, and getting them onto this machine."""

import json
from collections.abc import Sequence

import click

from footlights.cli.console import without_secrets
from footlights.core.errors import FootlightsError, ModelCorruptError, ModelError
from footlights.models.cache import Stored
from footlights.models.cards import Card, card, cards
from footlights.models.pull import pull, required, verify

BETTER_WITH = (
    "yolox-nano",  # its person boxes find people who are far away, and crowds
    "yunet",  # a face detector that finds small faces too
    "pose_landmark_heavy",  # tells crossed arms from others in dark clothes, far away
)


@click.group(name="models")
def command() -> None:
    """List, pull and verify the models.

    Models come from the packages and addresses that their cards name, are checked against the hash in the card, and
    are kept in ~/.cache/footlights/models (FOOTLIGHTS_CACHE puts them elsewhere; FOOTLIGHTS_MODEL_MIRROR names a
    folder or an address to take them from instead).
    """


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_models(as_json: bool) -> None:
    """Every model that has a card, and whether it is here."""
    _print(verify(), as_json)


@command.command(name="verify")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify_models(names: Sequence[str], as_json: bool) -> None:
    """Check the files of these models, or of all that are needed. Fails where one is missing or damaged."""
    rows = verify(names or [item.name for item in required()])
    _print(rows, as_json)
    bad = [row.name for row in rows if row.state != "present"]
    if bad:
        raise ModelCorruptError(f"not in order: {', '.join(bad)}; run: footlights models pull {' '.join(bad)}")


@command.command(name="pull")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every model that has a card.")
def pull_models(names: Sequence[str], everything: bool) -> None:
    """Get these models, or all that are needed. What is here already is not got again.

    Without names, models that only make something better are tried too, and their absence is no failure.
    """
    if names:
        _pull([card(name) for name in names])
        return
    _pull(list(cards().values()) if everything else required())
    if not everything:
        _try_optional([card(name) for name in BETTER_WITH])


def _try_optional(wanted: list[Card]) -> None:
    for item in wanted:
        try:
            _pull([item])
        except ModelError as error:
            click.echo(f"{item.name} ({item.title}) could not be got and is left out: {_plain(error)}", err=True)


def _pull(wanted: list[Card]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from footlights.models.fetch import Progress as Step

    before = {row.name for row in verify([item.name for item in wanted]) if row.state == "present"}
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(step: Step) -> None:
            if step.what not in tasks:
                tasks[step.what] = bars.add_task("", total=None)
            bars.update(
                tasks[step.what], description=f"{step.what}: {step.phase}", completed=step.done, total=step.total
            )

        pull([item.name for item in wanted], show)
    for item in wanted:
        click.echo(f"{item.name}: {'was here' if item.name in before else 'ready'}")


def _print(rows: Sequence[Stored], as_json: bool) -> None:
    if as_json:
        fields = ("name", "state", "size", "licence")
        listed = [{**{key: getattr(row, key) for key in fields}, "path": str(row.path)} for row in rows]
        click.echo(json.dumps(listed, indent=2))
        return
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        note = " (optional)" if card(row.name).optional else ""
        size = f"{row.size / 1e6:6.1f} MB" if row.size else " " * 9
        click.echo(f"{row.name:<{width}}  {row.state:<8} {size}  {row.licence:<12} {card(row.name).title}{note}")


def _plain(error: FootlightsError) -> str:
    return without_secrets(str(error))
