"""`footlights evaluate`: how good a model is."""

from pathlib import Path

import click


@click.group(name="evaluate")
def command() -> None:
    """Score models. Needs the extra `train`: pip install 'footlights[train]'."""


@command.command()
@click.argument("model")
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default="emotion-score",
    show_default=True,
    help="Folder for what is written.",
)
@click.option("--split", type=click.Choice(["train", "valid", "test"]), default="test", show_default=True)
def emotion(model: str, data: Path, out: Path, split: str) -> None:
    """Score MODEL, an ONNX file or `emotion` for the one in this package, on DATA.

    DATA is what `footlights data fer2013` writes. Pictures of valid and test that also stand in train are left out.
    Writes score.json, score.txt, confusion.png and calibration.png.
    """
    from footlights.studio.extra import check_extra

    check_extra("matplotlib")
    from footlights.studio.emotion.faces import load
    from footlights.studio.emotion.scores import score, write_scores

    click.echo(write_scores(score(model, load(data, split)), out))
    click.echo(f"see {out}")


@command.command()
@click.argument("model")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the sequences.")
@click.option("--sequences", type=click.IntRange(1), default=300, show_default=True, help="Of 20 seconds each.")
def movement(model: str, seed: int, sequences: int) -> None:
    """Score MODEL, a card's path or `gestures` or `exercises` of this package, on generated sequences.

    Says how many of the performed spans are found, and how often it cries in everyday movements, label by label.
    """
    from footlights.studio.extra import check_extra

    check_extra("torch")
    from footlights.studio.movement.recipe import evaluate

    click.echo(evaluate(model, seed, (sequences, sequences)))
