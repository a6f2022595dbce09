"""`footlights apps`: what can be run."""

import json

import click

from footlights.engine.registry import app_names, load_app


@click.command(name="apps")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the apps: `footlights run NAME --help` says what each can do."""
    rows = [(name, load_app(name).title) for name in app_names()]
    if as_json:
        click.echo(json.dumps([{"name": name, "title": title} for name, title in rows], indent=2))
        return
    width = max((len(name) for name, _ in rows), default=0)
    for name, title in rows:
        click.echo(f"{name:<{width}}  {title}")
    click.echo("\nAn own app: footlights run ./mine.py")
