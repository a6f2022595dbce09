"""The steps of a project as commands: `footlights studio new`, `add`, `tags`, `boxes`, `train`, `export` and more."""

import contextlib
import json
import signal
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from footlights.cli.evaluate import project as judge
from footlights.core.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from footlights.studio.watching import Watcher

PROJECT = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(["photos", "clips", "boxes"]), required=True, help="What it is made of.")
@click.option("--title", default="", help="What people call it.  [default: the folder's name]")
@click.option("--label", "labels", multiple=True, help="A class; repeat it.")
def new(folder: Path, kind: Any, title: str, labels: tuple[str, ...]) -> None:
    """Make a project in a new FOLDER."""
    from footlights.studio.project import Project

    project = Project.create(folder, kind, title, labels)
    click.echo(f"{project.folder}: a project of {kind}, {', '.join(project.labels) or 'no labels yet'}")


@click.command()
@click.argument("project", type=PROJECT)
@click.argument("files", nargs=-1, metavar="[FILE…]", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--label", default="", help="Of all of them; without it a folder in FILE names the label of what is in it."
)
@click.option("--recording", default="", help="What they were taken with; it stays on one side of a split.")
@click.option("--split", type=click.Choice(["train", "valid"]), help="Else as the others of their recording.")
def add(project: Path, files: tuple[Path, ...], label: str, recording: str, split: Any) -> None:
    """Take copies of FILEs into PROJECT; of a folder, everything that is in it.

    Clips without a label are recordings, which `tags --cut` makes clips of. Without FILE the frames that a running
    device was unsure of, see `run inspect --unsure PROJECT`, move in.
    """
    from footlights.media.unsure import unsure_folder
    from footlights.studio.project import Project

    opened, count = Project.open(project), 0
    moving = not files
    files = files or (unsure_folder(project),)
    for path, told in _files(files, label, opened.kind == "boxes"):
        if told and told not in opened.labels and not label:
            opened.add_label(told)
        try:
            opened.add(path, told, recording=recording, split=split)
            count += 1
            if moving:
                path.unlink()
        except SourceError as error:
            click.echo(f"left out: {error}", err=True)
    click.echo(f"{count} added; {len(opened.examples())} examples in all")


def _files(given: tuple[Path, ...], label: str, plain: bool) -> Iterator[tuple[Path, str]]:
    """Each file with its label."""
    for path in given:
        if path.is_file():
            yield path, label
        for inner in sorted(path.rglob("*")) if path.is_dir() else ():
            if inner.is_file() and not inner.name.startswith("."):
                folder = inner.relative_to(path).parts[0] if inner.parent != path else ""
                yield inner, "" if plain else label or folder


@click.command()
@click.argument("project", type=PROJECT)
@click.argument("source")
@click.option("--count", type=click.IntRange(1), default=50, show_default=True, help="Frames at most.")
@click.option(
    "--every", type=click.FloatRange(0.02), default=1.0, show_default=True, help="Seconds between two frames."
)
@click.option("--label", default="", help="Of the photos; frames with boxes have none.")
def grab(project: Path, source: str, count: int, every: float, label: str) -> None:
    """Take frames of SOURCE, anything that can be run, into PROJECT."""
    from footlights.studio.grabbing import grab as grabbed
    from footlights.studio.project import Project

    taken = 0
    for item in grabbed(Project.open(project), source, count, every, label):
        taken += not isinstance(item, str)
        if isinstance(item, str):
            click.echo(f"left out: {item}", err=True)
    click.echo(f"{taken} frames taken")


@click.command()
@click.argument("project", type=PROJECT)
@click.argument("recording")
@click.option(
    "--import", "given", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Take tags from it."
)
@click.option("--export", "wanted", type=click.Path(dir_okay=False, path_type=Path), help="Write the tags there.")
@click.option("--form", type=click.Choice(["csv", "label-studio", "cvat"]), default="csv", show_default=True)
@click.option("--cut", is_flag=True, help="Make a clip of every tag.")
@click.option("--mirror", is_flag=True, help="Add the mirror image of each of these clips, too.")
def tags(
    project: Path, recording: str, given: Path | None, wanted: Path | None, form: Any, cut: bool, mirror: bool
) -> None:
    """Show, take in, give out or cut the tags of a RECORDING of PROJECT; it is named as in recordings/."""
    from footlights.studio.clips.cutting import cut_tagged, frame_rate, mirrored
    from footlights.studio.clips.tags import read_form, read_tags, to_csv, to_form, write_tags
    from footlights.studio.project import Project

    opened = Project.open(project)
    name = recording.rpartition("/")[2]
    item = next((known for known in opened.items() if known.path == f"recordings/{name}"), None)
    if item is None:
        there = ", ".join(known.name for known in opened.items() if known.path.startswith("recordings/")) or "none"
        raise SettingsError(f"the project has no recording {name!r}; there are: {there}")
    path = opened.file(item)
    if given is not None:
        write_tags(path, read_form(given, form, frame_rate(path)))
    segments = read_tags(path)
    if wanted is not None:
        wanted.write_text(to_form(segments, form, frame_rate(path), path.name), encoding="utf-8")
    if cut:
        made = cut_tagged(opened, item)
        made += [mirrored(opened, clip) for clip in made] if mirror else []
        click.echo(f"{len(made)} clips made")
    elif wanted is None:
        click.echo(to_csv(segments), nl=False)


@click.command()
@click.argument("project", type=PROJECT)
@click.option(
    "--import", "given", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Take them from it."
)
@click.option("--export", "wanted", type=click.Path(file_okay=False, path_type=Path), help="Write them there.")
@click.option("--form", type=click.Choice(["yolo", "coco", "voc"]), default="yolo", show_default=True, help="To write.")
def boxes(project: Path, given: Path | None, wanted: Path | None, form: Any) -> None:
    """Take pictures with boxes, in YOLO, COCO or Pascal VOC form, into PROJECT, or give them out."""
    from footlights.studio.boxes.exchange import export_boxes, import_boxes
    from footlights.studio.project import Project

    opened = Project.open(project)
    if given is not None:
        added, lines = import_boxes(opened, given)
        for line in lines[:20]:
            click.echo(f"left out: {line}", err=True)
        click.echo(f"{len(added)} pictures with boxes added")
    if wanted is not None:
        click.echo(f"{export_boxes(opened, wanted, form)} pictures with boxes written to {wanted}")


@click.command()
@click.argument("project", type=PROJECT)
@click.option("--share", type=click.FloatRange(0.05, 0.5), default=0.2, show_default=True, help="For valid.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the draw.")
def split(project: Path, share: float, seed: int) -> None:
    """Divide the examples of PROJECT into train and valid, whole recordings to one side."""
    from footlights.studio.project import Project

    opened = Project.open(project)
    for line in [*opened.split(seed, share), *opened.leaks()]:
        click.echo(line, err=True)
    sides = [item.split for item in opened.examples()]
    click.echo(f"{sides.count('train')} in train, {sides.count('valid')} in valid")


@click.command()
@click.argument("project", type=PROJECT)
@click.option("--epochs", type=click.IntRange(1), help="Times through everything.")
@click.option("--seed", type=click.IntRange(0), help="Of every draw.")
@click.option("--layers-to-finetune", type=click.IntRange(0), help="Of clips: last blocks of the pretrained nets.")
@click.option("--set", "more", multiple=True, metavar="NAME=VALUE", help="Another setting of this kind of training.")
@click.option("--resume/--fresh", default=True, help="Go on where one was interrupted.  [default: resume]")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Cores to use.")
@click.option("--json", "as_json", is_flag=True, help="Tell of the progress as lines of JSON.")
def train(project: Path, more: tuple[str, ...], resume: bool, threads: int, as_json: bool, **given: Any) -> None:
    """Train PROJECT; Ctrl-C stops it, and the same command goes on.

    Writes into models/ the model, its card, curves and a report.
    """
    settings = {name: value for name, value in given.items() if value is not None} | _named(more)
    on_project(project, settings, resume, threads, as_json)


def on_project(project: Path, settings: Mapping[str, Any], resume: bool, threads: int, as_json: bool = False) -> None:
    """Train a project, told of on the way; Ctrl-C stops it after the step it is at."""
    from footlights.studio.project import Project
    from footlights.studio.report import told
    from footlights.studio.train import train as learn

    with _watched(as_json) as watcher:
        run = learn(Project.open(project), watcher, resume=resume, threads=threads, **settings)
    if not as_json:
        assert run.report is not None
        click.echo(told(run.report))
    click.echo(f"see {run.folder}")


def on_clips(folder: Path, out: Path, settings: Mapping[str, Any], resume: bool, threads: int) -> None:
    """Train on the clips of a folder that is no project."""
    from footlights.studio.clips.dataset import read_clips
    from footlights.studio.clips.recipe import train as learn
    from footlights.studio.report import told
    from footlights.studio.train import settings_for, settings_of

    if not resume:
        (out / "checkpoint.pt").unlink(missing_ok=True)
    sides = (read_clips(folder / "videos_train"), read_clips(folder / "videos_valid"))
    with _watched(False) as watcher:
        report = learn(*sides, out, out / "cache", settings_of(settings_for("clips"), settings), watcher, (), threads)
    click.echo(f"{told(asdict(report))}\nsee {out / 'model.zip'}")


@contextlib.contextmanager
def _watched(as_json: bool) -> "Iterator[Watcher]":
    """Somebody who tells of a training, and stops it at Ctrl-C."""
    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: stopped.append(number))
    try:
        yield _watcher(as_json, stopped)
    finally:
        signal.signal(signal.SIGINT, before)


def _named(texts: tuple[str, ...]) -> dict[str, Any]:
    """Settings from "rate=0.001", "crop=person", "mirror=false"."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set takes NAME=VALUE, not {text!r}")
        try:
            found[name.replace("-", "_")] = json.loads(value)
        except ValueError:
            found[name.replace("-", "_")] = value
    return found


def _watcher(as_json: bool, stopped: list[int]) -> "Watcher":
    from footlights.studio.watching import Watcher

    def stop() -> bool:
        return bool(stopped)

    if as_json:
        return Watcher(
            look=lambda done, count: click.echo(json.dumps({"look": [done, count]})),
            step=lambda done, steps: click.echo(json.dumps({"step": [done, steps]})),
            epoch=lambda line: click.echo(json.dumps(line)),
            say=lambda line: click.echo(json.dumps({"say": line}, ensure_ascii=False)),
            stop=stop,
        )

    def look(done: int, count: int) -> None:
        if done == count or done % 20 == 0:
            click.echo(f"looked at {done} of {count}", err=True)

    def epoch(line: dict[str, Any]) -> None:
        score = line.get("valid_accuracy", line.get("valid_map50", 0.0))
        click.echo(
            f"epoch {line['epoch']} of {line['epochs']}: loss {line['loss']:.3f}, on valid {score:.1%}, about "
            f"{line['left']:.0f} s left",
            err=True,
        )

    return Watcher(look=look, epoch=epoch, say=lambda line: click.echo(line, err=True), stop=stop)


@click.command()
@click.argument("project", type=PROJECT)
@click.argument("form", type=click.Choice(["onnx", "coreml", "tflite"]))
@click.option("--run", "name", help="Which training.  [default: the newest]")
@click.option("--out", type=click.Path(path_type=Path), help="Where to.  [default: beside the model]")
def export(project: Path, form: str, name: str | None, out: Path | None) -> None:
    """Write the newest model of PROJECT in another form; it is compared with the trained net on real inputs."""
    from footlights.studio.export import export as write
    from footlights.studio.project import Project
    from footlights.studio.train import trained

    opened = Project.open(project)
    path, difference = write(opened, trained(opened, name), form, out)
    click.echo(f"{path}, differs from the net by {difference:.1e} at most")


evaluate = click.Command("evaluate", params=judge.params, callback=judge.callback, help=judge.help)
COMMANDS = (new, add, grab, tags, boxes, split, train, evaluate, export)
