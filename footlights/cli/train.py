"""`footlights train`: models of one's own."""

from dataclasses import asdict
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

    from footlights.studio.emotion.settings import Settings
    from footlights.studio.extra import check_extra

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


@command.command()
@click.argument("net", type=click.Choice(["gestures", "exercises"]))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--steps", type=click.IntRange(1), default=20000, show_default=True, help="Batches to learn from.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
@click.option("--batch", type=click.IntRange(1), default=24, show_default=True, help="Sequences in one step.")
@click.option("--fresh", type=click.IntRange(1), default=2, show_default=True, help="New sequences for each step.")
@click.option("--pool", type=click.IntRange(1), default=1200, show_default=True, help="Sequences to draw from.")
@click.option("--channels", type=click.IntRange(4, 256), default=96, show_default=True, help="Width of the net.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=3e-3, show_default=True, help="At its peak.")
@click.option("--start", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An earlier checkpoint.pt.")
@click.option("--scored", type=click.IntRange(1), default=600, show_default=True, help="Sequences to score it on.")
def movement(net: str, out: Path, start: Path | None, scored: int, **settings: Any) -> None:
    """Train a movement net, `gestures` or `exercises`, on sequences that the motion library generates.

    Writes into OUT the model, its card and its scores. Started again, it goes on where it was interrupted.
    """
    import time

    from footlights.studio.extra import check_extra
    from footlights.studio.movement.settings import Settings

    check_extra()
    from footlights.studio.movement.recipe import Line, Size, train

    def told(line: Line) -> None:
        left = time.strftime("%H:%M:%S", time.gmtime(line.left))
        click.echo(f"step {line.step} of {line.steps}: loss {line.loss:.3f}, {left} left", err=True)

    click.echo("making the first sequences", err=True)
    size = (scored, max(1, scored * 3 // 4))
    click.echo(f"{train(net, out, Settings(**settings), told, start, Size(size, size))}\nsee {out}")


@command.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default="boxes", show_default=True, help="Folder."
)
@click.option("--label", "labels", multiple=True, help="Names of the classes, in order; without it, as the data says.")
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True, help="Times through all pictures.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True, help="Pictures in one step.")
@click.option("--size", type=click.IntRange(64), default=416, show_default=True, help="Pixels of the input's sides.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=1.5e-3, show_default=True, help="At its peak.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Cores to use.")
def boxes(data: Path, out: Path, labels: tuple[str, ...], threads: int, **settings: Any) -> None:
    """Train a detector on DATA: pictures with boxes in YOLO, COCO or Pascal VOC form.

    DATA holds the folders `train` and `valid`, or pictures of which one in five is kept for valid. Writes into --out
    model.zip, which `footlights run inspect --model` takes. Started again, it goes on where it was interrupted.
    """
    from footlights.studio.extra import check_extra

    check_extra()
    from footlights.studio.boxes.recipe import train
    from footlights.studio.boxes.training import Settings
    from footlights.studio.report import told
    from footlights.studio.watching import Watcher

    def epoch(line: dict[str, Any]) -> None:
        left = line["left"] / 60
        mark = ", the best so far" if line["best"] else ""
        click.echo(
            f"epoch {line['epoch']}: loss {line['loss']:.2f}, mAP50 on valid {line['valid_map50']:.1%}{mark}, "
            f"about {left:.0f} min left",
            err=True,
        )

    watcher = Watcher(epoch=epoch, say=lambda line: click.echo(line, err=True))
    report = train(data, out, Settings(**settings), watcher, labels, threads)
    click.echo(f"{told(asdict(report))}\nsee {out / 'model.zip'}")


@command.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default="photos", show_default=True, help="Folder."
)
@click.option(
    "--crop",
    type=click.Choice(["none", "person", "face", "body"]),
    default="none",
    show_default=True,
    help="What counts of a picture: the largest person or face in it, the posture of the largest body, or everything.",
)
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Times through all pictures.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
@click.option("--batch", type=click.IntRange(2), default=32, show_default=True, help="Pictures in one step.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=2e-3, show_default=True, help="At its peak.")
@click.option(
    "--variants", type=click.IntRange(0, 50), default=9, show_default=True, help="Of each picture, seen differently."
)
@click.option("--mirror/--no-mirror", default=True, show_default=True, help="Some of them mirrored.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Cores to use.")
def photos(data: Path, out: Path, threads: int, **settings: Any) -> None:
    """Train a classifier on DATA: a folder of pictures for each class, or such folders in `train` and `valid`.

    Writes into --out model.zip, which `footlights run custom` takes, report.json and the worst mistakes as pictures.
    Started again, it goes on where it was interrupted.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from footlights.studio.extra import check_extra

    check_extra("torch", "onnx", "onnxscript")
    from footlights.studio.photos.recipe import train
    from footlights.studio.photos.training import Settings
    from footlights.studio.report import told
    from footlights.studio.watching import Watcher

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("reading", total=None)

        def epoch(line: dict[str, Any]) -> None:
            bars.print(
                f"epoch {line['epoch']}: loss {line['loss']:.3f}, on valid {line['valid_loss']:.3f}, "
                f"accuracy {line['valid_accuracy']:.1%}, about {line['left']} s left",
                highlight=False,
            )

        watcher = Watcher(
            look=lambda done, count: bars.update(task, description="looking", completed=done, total=count),
            epoch=epoch,
            say=lambda line: bars.print(line, highlight=False),
        )
        report = train(data, out, Settings(**settings), watcher, threads)
    click.echo(f"{told(asdict(report))}\nsee {out / 'model.zip'}")


@command.command()
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder.  [default: models/ of the project, or clips]",
)
@click.option(
    "--backbone",
    type=click.Choice(["people", "picture"]),
    default="people",
    show_default=True,
    help="What it looks at: people's bodies and hands, or the whole picture, for what is no person.",
)
@click.option(
    "--layers-to-finetune",
    type=click.IntRange(0, 6),
    default=1,
    show_default=True,
    help="Last blocks of the pretrained movement nets that learn, too.",
)
@click.option("--epochs", type=click.IntRange(1), default=25, show_default=True, help="Times through all clips.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
@click.option("--mirror/--no-mirror", default=True, show_default=True, help="Learn from mirror images, too.")
@click.option(
    "--everyday/--no-everyday", default=True, show_default=True, help="Tell generated everyday movements apart."
)
@click.option("--resume/--fresh", default=True, show_default=True, help="Go on where a training was interrupted.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Cores to use.")
def clips(project: Path, out: Path | None, resume: bool, threads: int, **settings: Any) -> None:
    """Train a recogniser of movements on the clips of PROJECT: videos_train/LABEL/*.mp4 and videos_valid/LABEL/*.mp4.

    Two to five clips a class are enough, 16 frames a second or more. Writes the model, which `footlights run custom`
    takes, its card, curves and a report. Started again, it goes on where it was interrupted.
    """
    from footlights.cli.studio_project import on_clips, on_project
    from footlights.studio.extra import check_extra

    check_extra("torch", "onnx", "onnxscript")
    if (project / "project.toml").is_file() and out is None:
        on_project(project, settings, resume, threads)
    else:
        on_clips(project, out or Path("clips"), settings, resume, threads)


@command.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP…")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default="normal.zip", show_default=True, help="The file."
)
@click.option("--every", type=click.FloatRange(0.02, 60), default=0.5, show_default=True, help="Seconds to a picture.")
@click.option("--seconds", type=click.FloatRange(1), default=300.0, show_default=True, help="Of each clip, at most.")
@click.option("--spots", type=click.IntRange(50, 5000), default=1500, show_default=True, help="Kept as normal.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
def normal(clips: tuple[str, ...], out: Path, **settings: Any) -> None:
    """Learn what is normal for a camera, from CLIPs, or any other source, in which nothing is wrong.

    Writes --out, which `footlights run inspect --normal` takes: whatever looks otherwise is told. The camera must stay
    where it is. Faults need not be known beforehand. The extra `train` is not needed.
    """
    from footlights.studio.normal import Settings, learn

    def looked(done: int) -> None:
        if done % 50 == 0:
            click.echo(f"{done} pictures", err=True)

    learned = learn(clips, Settings(**settings), looked)
    learned.bank.write(out)
    click.echo(
        f"{len(learned.bank.spots)} spots of {learned.pictures} pictures; the threshold is from {learned.held} others\n"
        f"see {out}, {out.stat().st_size / 1e6:.1f} MB"
    )


@command.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default="dancer", show_default=True, help="Folder."
)
@click.option("--codec-steps", type=click.IntRange(1), default=9000, show_default=True, help="Batches, of the codec.")
@click.option("--composer-steps", type=click.IntRange(1), default=4000, show_default=True, help="And of the composer.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
@click.option("--codec-batch", type=click.IntRange(1), default=24, show_default=True, help="Windows of four counts.")
@click.option("--composer-batch", type=click.IntRange(1), default=8, show_default=True, help="Stretches of forty.")
@click.option(
    "--codec-rate", type=click.FloatRange(0, min_open=True), default=2e-3, show_default=True, help="At its peak."
)
@click.option(
    "--composer-rate", type=click.FloatRange(0, min_open=True), default=1e-3, show_default=True, help="At its peak."
)
@click.option("--channels", type=click.IntRange(8), default=128, show_default=True, help="Width of the codec.")
@click.option("--width", type=click.IntRange(32), default=192, show_default=True, help="Of the composer.")
@click.option("--layers", type=click.IntRange(1), default=4, show_default=True, help="Of the composer.")
@click.option("--heads", type=click.IntRange(1), default=6, show_default=True, help="Of the composer.")
@click.option("--device", default="cpu", show_default=True, help="cpu, or cuda where there is a GPU.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Cores to use.")
def dance(data: Path, out: Path, device: str, threads: int, **settings: Any) -> None:
    """Train a dancer on DATA, which `footlights data dance` writes.

    Writes into --out dancer.onnx, which `footlights dance --model` takes, and its scores on songs that it never heard.
    About half an hour on one quiet core. Started again, it goes on where it was interrupted.
    """
    import time

    from footlights.core.errors import SettingsError
    from footlights.studio.extra import check_extra

    check_extra("torch", "onnx", "onnxscript")
    from footlights.studio.dance.recipe import Line, train
    from footlights.studio.dance.settings import Settings

    if settings["width"] % (2 * settings["heads"]):
        raise SettingsError("--width must be a multiple of twice --heads")

    def told(line: Line) -> None:
        left = time.strftime("%H:%M:%S", time.gmtime(line.left))
        click.echo(f"{line.net}, step {line.step} of {line.steps}: loss {line.loss:.3f}, {left} left", err=True)

    click.echo(f"{train(data, out, Settings(**settings), told, threads, device)}\nsee {out / 'dancer.onnx'}")
