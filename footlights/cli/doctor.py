"""`footlights doctor`: what is installed, what is missing, and what to do about it."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

from footlights import __version__

ROOM = 500_000_000  # bytes of free disk under which recordings and models become a risk
LIBRARIES = ("numpy", "opencv-python-headless", "av", "ai-edge-litert", "onnxruntime", "starlette", "uvicorn")
PROGRAMS = {
    "mosquitto": "a broker for MQTT actions on this machine: sudo apt install mosquitto",
    "ffmpeg": "handy to look at recordings: sudo apt install ffmpeg",
}


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    subject: str
    state: Literal["good", "note", "fault"]
    found: str
    remedy: str = ""


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Say what is installed and what is missing, and what to do about each fault. Fails where there is a fault."""
    findings = [finding for examine in EXAMINATIONS for finding in examine()]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    if any(finding.state == "fault" for finding in findings):
        sys.exit(1)


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    width = max(len(finding.subject) for finding in findings)
    marks = {"good": ("ok   ", "green"), "note": ("note ", "yellow"), "fault": ("FAULT", "bold red")}
    for finding in findings:
        mark, style = marks[finding.state]
        line = Text.assemble((mark, style), f"  {finding.subject:<{width}}  {finding.found}")
        if finding.remedy:
            line.append(f"\n{'':{width + 9}}→ {finding.remedy}", "italic")
        console.print(line)


def machine() -> Iterator[Finding]:
    """Python, system and processor."""
    yield Finding("footlights", "good", __version__)
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    remedy = "" if good else "use Python 3.11, 3.12 or 3.13"
    yield Finding("python", "good" if good else "fault", platform.python_version(), remedy)
    yield Finding("system", "good", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors")


def libraries() -> Iterator[Finding]:
    """The libraries that the core needs, by version."""
    for name in LIBRARIES:
        try:
            yield Finding(name, "good", importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "fault", "not installed", f"pip install {name}")


def runtimes() -> Iterator[Finding]:
    """Whether the runtimes load, and which accelerators they offer."""
    try:
        import onnxruntime

        providers = [name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers()]
        yield Finding("ONNX Runtime", "good", f"providers: {', '.join(providers)}")
    except ImportError as error:
        yield Finding("ONNX Runtime", "fault", f"does not load: {error}", "pip install --force-reinstall onnxruntime")
    try:
        importlib.import_module("ai_edge_litert.interpreter")
        yield Finding("LiteRT", "good", "loads")
    except ImportError as error:
        yield Finding("LiteRT", "fault", f"does not load: {error}", "pip install --force-reinstall ai-edge-litert")


def video() -> Iterator[Finding]:
    """Whether H.264 can be written."""
    try:
        import av

        av.codec.Codec("libx264", "w")
        yield Finding("H.264 encoder", "good", "libx264 in PyAV")
    except ImportError as error:
        yield Finding("PyAV", "fault", f"does not load: {error}", "pip install --force-reinstall av")
    except ValueError:
        remedy = "install PyAV from its wheels: pip install --force-reinstall --only-binary=:all: av"
        yield Finding("H.264 encoder", "fault", "this PyAV has no libx264: no recordings", remedy)


def cameras() -> Iterator[Finding]:
    """The cameras of this machine."""
    devices = sorted(Path("/dev").glob("video*"))
    if not devices:
        remedy = "plug one in, use a browser's camera (the page's /camera), or: footlights run interact rehearsal:"
        yield Finding("camera", "note", "none", remedy)
    for device in devices:
        readable = os.access(device, os.R_OK | os.W_OK)
        remedy = "" if readable else f"sudo usermod -aG video {os.environ.get('USER', '$USER')}, then log in again"
        yield Finding("camera", "good" if readable else "fault", f"{device}{'' if readable else ': no right'}", remedy)


def weights() -> Iterator[Finding]:
    """The model cache."""
    from footlights.models.cache import cache_folder
    from footlights.models.cards import card
    from footlights.models.pull import verify

    rows = verify()
    bad = [row.name for row in rows if row.state == "corrupt"]
    missing = [row.name for row in rows if row.state == "missing" and not card(row.name).optional]
    here = [row for row in rows if row.state == "present"]
    size = sum(row.size for row in here) / 1e6
    if bad or missing:
        found = f"missing: {', '.join(missing) or 'none'}; damaged: {', '.join(bad) or 'none'}"
        yield Finding("models", "fault", found, "footlights models pull")
    else:
        yield Finding("models", "good", f"{len(here)} in {cache_folder()} and the package, {size:.0f} MB")


def room() -> Iterator[Finding]:
    """Free disk where models and recordings go."""
    from footlights.models.cache import cache_folder

    for subject, place in (("disk of the models", cache_folder()), ("disk of this folder", Path.cwd())):
        existing = next(folder for folder in (place, *place.parents) if folder.exists())
        free = shutil.disk_usage(existing).free
        good = free > ROOM
        remedy = "" if good else "free some room; a recording takes about 1 GB an hour"
        yield Finding(subject, "good" if good else "fault", f"{free / 1e9:.1f} GB free", remedy)


def programs() -> Iterator[Finding]:
    """Programs that are not needed, but good to have."""
    for name, remedy in PROGRAMS.items():
        found = shutil.which(name)
        yield Finding(name, "good" if found else "note", found or "not installed", "" if found else remedy)


EXAMINATIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    machine,
    libraries,
    runtimes,
    video,
    cameras,
    weights,
    room,
    programs,
)
