"""The command `footlights`. Commands are imported when they are called: `--help` is quick."""

import importlib
import sys
from typing import Any

import click

from footlights import __version__
from footlights.core.errors import FootlightsError

COMMANDS = {  # name: module, and its one line for `--help`
    "run": ("footlights.cli.run", "Run an app on cameras, files, streams or the rehearsal."),
    "dance": ("footlights.cli.dance", "Let any song become a dance: film, BVH, glTF, or live on a page."),
    "apps": ("footlights.cli.apps", "List the apps."),
    "data": ("footlights.cli.data", "Make data sets out of what others publish."),
    "studio": ("footlights.cli.studio", "Make a recogniser of your own, in a browser or step by step."),
    "train": ("footlights.cli.train", "Train a model of your own."),
    "evaluate": ("footlights.cli.evaluate", "Score a model on a data set."),
    "hub": ("footlights.cli.hub", "Look after a fleet of devices."),
    "stage": ("footlights.cli.stage", "Run a show whose audience answers with gestures."),
    "agent": ("footlights.cli.agent", "Make this device one of a fleet."),
    "models": ("footlights.cli.models", "List, pull and verify the models."),
    "doctor": ("footlights.cli.doctor", "Say what is installed and what is missing, and what to do about it."),
    "completion": ("footlights.cli.completion", "Print the shell completion for bash, zsh or fish."),
}

Resolved = tuple[str | None, click.Command | None, list[str]]


class LazyGroup(click.Group):
    """A group that knows the names and the one-line help of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(COMMANDS)}."
            raise click.UsageError(f"there is no command '{args[0]}'; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="footlights")
def cli() -> None:
    """Cameras and music into live interaction, on the device at the edge of the stage.

    \b
    footlights run interact                     camera 0, or the rehearsal where there is none
    footlights run interact rehearsal:x_arms    a puppet crosses its arms to an X
    footlights run interact 0 --when x_arms --open https://example.org
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line. Errors of ours become one line and an exit code, never a traceback."""
    try:
        cli.main(args=arguments, prog_name="footlights", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except FootlightsError as error:
        click.echo(f"footlights: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
