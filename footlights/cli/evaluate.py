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
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--run", "name", help="Which training.  [default: the newest]")
def project(project: Path, name: str | None) -> None:
    """Say how good the newest model of PROJECT, a project of the studio, is on the examples kept for valid.

    What it takes for what, precision and recall of every class, calibration, time on this device, the worst mistakes.
    """
    from footlights.studio.project import Project
    from footlights.studio.report import told
    from footlights.studio.train import trained

    run = trained(Project.open(project), name)
    assert run.report is not None
    click.echo(f"{run.folder}\n{told(run.report)}")


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


@command.command()
@click.option(
    "--model", "models", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A learned model, besides the planner.",
)  # fmt: skip
@click.option("--music", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A folder of songs.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the dances.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default="dance-score", show_default=True, help="Folder."
)
def dance(models: tuple[Path, ...], music: Path | None, seed: int, out: Path) -> None:
    """Score the planner's dances, and those of learned models, to --music or to songs made to order.

    Writes evaluation.md, evaluation.json and evaluation.png: beat alignment by both definitions beside the same figure
    for shifted beats, foot skate, peak speed, PFC, FID and diversity.
    """
    from footlights.studio.extra import check_extra

    check_extra("matplotlib")
    from footlights.studio.dance.evaluation import evaluate, write_evaluation

    found = evaluate(music, models, seed, lambda line: click.echo(line, err=True))
    click.echo(f"{write_evaluation(found, out)}\nsee {out}")
