"""`footlights completion`: what the shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from footlights.core.errors import SettingsError


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion for a SHELL.

    \b
    bash   footlights completion bash >> ~/.bashrc
    zsh    footlights completion zsh  >> ~/.zshrc
    fish   footlights completion fish > ~/.config/fish/completions/footlights.fish
    """
    from footlights.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise SettingsError(f"there is no completion for '{shell}'")
    completion = kind(cli, {}, "footlights", "_FOOTLIGHTS_COMPLETE")
    click.echo(completion.source_template % completion.source_vars())
