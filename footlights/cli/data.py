"""`footlights data`: data sets as others publish them, made ready for training."""

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(name="data")
def command() -> None:
    """Make published data sets ready for training."""


@command.command()
@click.argument("csv", type=FILE)
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--votes", type=FILE, help="fer2013new.csv: the votes of FER+, which then give the labels.")
@click.option(
    "--filter",
    "which",
    type=click.Choice(["haar", "blazeface", "none"]),
    default="blazeface",
    show_default=True,
    help="Keep only pictures in which this detector finds a face.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["npz", "folders"]),
    default="npz",
    show_default=True,
    help="One file for all, or a folder for each split and class.",
)
def fer2013(csv: Path, out: Path, votes: Path | None, which: str, form: str) -> None:
    """Faces with emotions, from FER2013 in its original form: the columns emotion, pixels, Usage.

    Writes into OUT the data set, duplicates.tsv and report.html. Pictures of valid and test that also stand in train
    are marked in the file, and left out of the folders.
    """
    from rich.console import Console
    from rich.progress import Progress

    from footlights.core.errors import SinkError
    from footlights.studio.data import fer2013 as fer
    from footlights.studio.data.fer2013_report import write_report

    finds = fer.face_filter(which)
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as bars:
        reading = bars.add_task("reading", total=None)
        faces = fer.read(csv, votes, lambda count: bars.update(reading, completed=count))
        bars.update(reading, total=len(faces))
        looking = bars.add_task("looking for faces", total=len(faces))
        kept = fer.with_faces(faces, finds, lambda count: bars.update(looking, completed=count))
    groups = fer.duplicates(faces)
    repeated = fer.also_in_train(faces, groups)
    try:
        out.mkdir(parents=True, exist_ok=True)
        rows = [f"{faces.names[i]}\t{faces.splits[i]}\n" for i in repeated.nonzero()[0]]
        (out / "duplicates.tsv").write_text("".join(rows), encoding="utf-8")
    except OSError as error:
        raise SinkError(f"{out} cannot be written to: {error.strerror or error}") from error
    stay = faces.where(kept)
    if form == "npz":
        fer.write_npz(stay, repeated[kept], out / "fer2013.npz")
    else:
        fer.write_folders(stay, repeated[kept], out)
    write_report(out / "report.html", faces, kept, groups, which)
    click.echo(f"{len(stay)} of {len(faces)} pictures kept; see {out / 'report.html'}")


@command.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--train", type=click.IntRange(1), default=240, show_default=True, help="Pictures to learn from.")
@click.option("--valid", type=click.IntRange(1), default=80, show_default=True, help="Pictures to judge by.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of every draw.")
def line(out: Path, train: int, valid: int, seed: int) -> None:
    """Pictures with boxes of the rehearsal's production line: cans that stand (up) or have fallen (down).

    Writes into OUT the folders `train` and `valid` in YOLO form, which `footlights train boxes` takes.
    """
    from rich.console import Console
    from rich.progress import Progress

    from footlights.studio.data.line import write_line

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("drawing", total=train + valid)
        write_line(out, train, valid, seed, lambda done: bars.update(task, completed=done))
    click.echo(f"{train + valid} pictures; train with: footlights train boxes {out}")


@command.command()
@click.argument("places", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER…] OUT")
@click.option(
    "--bvh", type=FOLDER, multiple=True, help="A folder of motion capture, with music of the same names or none."
)
@click.option("--planned", type=click.FloatRange(0.1), metavar="MINUTES", help="Fill up with dances of the planner.")
@click.option("--music", type=FOLDER, help="Music for the planner's dances, besides what is made to order.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the planner's dances.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that look at videos.")
@click.option("--ray", metavar="ADDRESS", help="Use a Ray cluster instead; `local` starts one here.")
def dance(
    places: tuple[Path, ...], bvh: tuple[Path, ...], planned: float | None, music: Path | None, seed: int, workers: int,
    ray: str | None,
) -> None:  # fmt: skip
    """Dances from videos (FOLDER), motion capture or the planner, ready for `footlights train dance`.

    Of a video are taken its music and its main dancer, shot by shot. Writes into OUT the data and report.html, which
    says what was refused, and why.
    """
    from rich.console import Console
    from rich.progress import Progress

    from footlights.core.errors import SettingsError
    from footlights.recognition.dance.phrase import styles
    from footlights.studio.dance.corpus import Writer
    from footlights.studio.dance.planned import write_planned
    from footlights.studio.dance.report import write_report
    from footlights.studio.dance.videos import (
        MUSIC,
        captures_of,
        distinct,
        keep,
        take_capture,
        take_video,
        taken,
        videos_of,
    )

    if not places or not (places[1:] or bvh or planned):
        raise SettingsError("say where the dances come from and where the data go: footlights data dance FOLDER OUT")
    *folders, out = places
    jobs = [(take_video, [path for folder in folders for path in videos_of(folder)])] if folders else []
    jobs += [(take_capture, [path for folder in bvh for path in captures_of(folder)])] if bvh else []
    writer = Writer(out, styles())
    takes = []
    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("looking at videos", total=sum(len(paths) for _, paths in jobs) or None)
        for one in distinct(one for take, paths in jobs for one in taken(paths, take, workers, ray)):
            keep(one, writer)
            takes.append(one)
            bars.update(task, advance=1)
        if planned:
            bars.update(task, description="dancing", total=planned, completed=0)
            songs = sorted(path for path in music.iterdir() if path.suffix.lower() in MUSIC) if music else []
            write_planned(out, planned, songs, seed, lambda done: bars.update(task, completed=done))
    kept = sum(len(take.clips) for take in takes)
    if takes:
        write_report(out / "report.html", takes)
        refused = sum(len(take.refused) for take in takes)
        click.echo(f"{kept} dances of {len(takes)} files kept, {refused} refused; see {out / 'report.html'}")
    click.echo(f"train with: footlights train dance {out}")
