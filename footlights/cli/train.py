"""`footlights train`: models of one's own."""

from pathlib import Path
from typing import Any

import click

DATA = click.Path(exists=True, path_type=Path)


@click.group(name="train")
def command() -> None:
    """Train models of your own. Needs the extra `train`: pip install 'footlights[train]'."""


@command.command()
@click.argument("data", type=DATA)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="emotion",
    show_default=True,
    help="Folder for what is written.",
)
@click.option("--epochs", type=click.IntRange(1), default=40, show_default=True, help="At most so many.")
@click.option("--patience", type=click.IntRange(1), default=15, show_default=True, help="Epochs without a better one.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
@click.option("--batch", type=click.IntRange(4), default=128, show_default=True, help="Pictures in one step.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=0.08, show_default=True, help="At its peak.")
@click.option("--warm", type=click.FloatRange(0), default=2.0, show_default=True, help="Epochs until that peak.")
@click.option(
    "--average", type=click.FloatRange(0, 1, max_open=True), default=0.999, show_default=True, help="Of the weights."
)
@click.option(
    "--balance",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="How much more rare emotions count: by their frequency to the power of minus this.",
)
@click.option("--start", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A best.pt to begin with.")
@click.option("--threads", type=click.IntRange(1, 2), default=2, show_default=True, help="Cores to use.")
def emotion(data: Path, out: Path, start: Path | None, threads: int, **settings: Any) -> None:
    """Train the emotion model on DATA, which `footlights data fer2013` writes.

    Writes into --out the model (emotion.onnx), its card, plots and scores. Started again, it goes on where it was
    interrupted.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from footlights.studio.emotion import check_extra
    from footlights.studio.emotion.settings import Settings

    check_extra()
    from footlights.studio.emotion.recipe import Watcher, train

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading", total=None)

        def step(done: int, steps: int) -> None:
            bars.update(task, description="this epoch", completed=done, total=steps)

        def epoch(line: dict[str, Any]) -> None:
            mark = ", the best so far" if line["best"] else ""
            bars.print(
                f"epoch {line['epoch']}: loss {line['loss']:.3f}, on valid {line['valid_loss']:.3f}, "
                f"accuracy {line['valid_accuracy']:.1%}, {line['seconds']:.0f} s{mark}",
                highlight=False,
            )

        text = train(data, out, Settings(**settings), Watcher(step, epoch), start, threads)
    click.echo(f"{text}\nsee {out}")
