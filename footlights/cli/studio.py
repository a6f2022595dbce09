"""`footlights studio`: recognisers of one's own, in a browser; every step is also a command."""

import importlib.util
from pathlib import Path

import click

from footlights.cli.studio_project import COMMANDS
from footlights.core.errors import InstallError

PAGE = "in-browser"  # the command that is meant where none is named


class Studio(click.Group):
    """Its first word is one of the steps, or else the project that the browser shows."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != PAGE]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [PAGE, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[PROJECT] [--port N] [--host ADDRESS] [--no-browser]")
        formatter.write_usage(ctx.command_path, "STEP …")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [parameter for parameter in page.params if isinstance(parameter, click.Option)]
        rows = [row for option in options if (row := option.get_help_record(ctx)) is not None]
        with formatter.section("Options"):
            formatter.write_dl(rows)
        self.format_commands(ctx, formatter)


@click.group(name="studio", cls=Studio, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make a recogniser of your own from photos, clips or pictures with boxes.

    Opens the studio in a browser. PROJECT is the folder of a project, or a folder that holds several; without it, the
    projects of the current folder are shown. The steps below do the same on the command line.
    """


@command.command(name=PAGE, hidden=True)
@click.argument("project", required=False, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="Port of the studio.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen at; beyond this machine it wants a token."
)
@click.option(
    "--tls",
    nargs=2,
    type=click.Path(path_type=Path),
    metavar="CERTIFICATE KEY",
    help="Serve https: other machines' browsers give their camera to nothing else.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser.")
def page(project: Path | None, port: int, host: str, tls: tuple[Path, Path] | None, no_browser: bool) -> None:
    """Open the studio in a browser."""
    if importlib.util.find_spec("nicegui") is None:
        raise InstallError("nicegui is not installed; type: pip install 'footlights[studio]'")
    from footlights.studio.web.workshop import Workshop

    workshop, path = Workshop.at(project or Path())
    from footlights.studio.web.server import serve

    serve(workshop, host, port, tls=tls, browser=not no_browser, path=path, say=click.echo)


for step in COMMANDS:
    command.add_command(step)
