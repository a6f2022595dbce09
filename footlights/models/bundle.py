"""A model of a user's own: from a card's name, a path, an address or an archive to a file, and what came with it.

An archive (`.zip`) holds one model and, beside it, where they are known: labels (`labels.txt` or `classes.txt`, one a
line), `card.toml`, `anchors.npy`. Azure Custom Vision exports such archives. Archives come from anywhere, so they are
looked at before anything is written: nothing outside of the cache, no links, no more than the limits below.
"""

import contextlib
import difflib
import hashlib
import lzma
import os
import re
import shutil
import stat
import tempfile
import threading
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.models.cache import cache_folder, digest_path, find
from footlights.models.cards import Card, cards
from footlights.models.from_hub import SCHEME, find_kept, read_reference

LARGEST = 512 << 20  # bytes of one model, wherever it comes from
MEMBERS = 1000  # files in an archive
RATIO = 200  # uncompressed to compressed, from which a large member is no model
MODELS = (".onnx", ".tflite")
LABELS = ("labels.txt", "classes.txt")
NOTES = ("card.toml", "anchors.npy", *LABELS)
PATIENCE = 60  # seconds without an answer
KEYS = ("head", "labels", "first", "input", "recogniser")  # of card.toml


@dataclass(frozen=True)
class Bundle:
    """A model file, and what is known of it."""

    name: str  # short, for people
    path: Path
    labels: tuple[str, ...] = ()
    card: Card | None = None  # where the model came by its card
    head: str = ""  # as card.toml says
    first: int | None = None  # the number of the first class, as card.toml says
    input: dict[str, Any] = field(default_factory=dict)  # as card.toml says
    anchors: Path | None = None
    recogniser: dict[str, Any] = field(default_factory=dict)  # as card.toml says: what a recogniser must know besides


def open_bundle(model: str | Path) -> Bundle:
    """A model by the name of a card, by path (`.onnx`, `.tflite`, `.zip`, a folder), by http(s) address, or of a hub.

    Raises SettingsError (no such name, notes that are wrong), ModelMissingError (not there, cannot be fetched) or
    ModelCorruptError (something else than a model), each with one line.
    """
    text = str(model)
    if re.match(r"https?://", text):
        return open_path(fetched(text), text.rpartition("/")[2].partition("?")[0] or text)
    if text.startswith(SCHEME):
        kept = read_reference(text)
        return open_path(find_kept(kept), kept.name)
    if text in cards():
        item = cards()[text]
        return Bundle(text, find(item), item.labels, item)
    path = Path(text).expanduser()
    if not path.exists():
        if path.suffix or len(path.parts) > 1:
            raise ModelMissingError(f"there is no model file {path}")
        near = difflib.get_close_matches(text, cards(), n=1)
        hint = f"did you mean {near[0]}" if near else f"known are: {', '.join(cards())}"
        raise SettingsError(f"no model is named {text!r}; {hint}; a file ends in {', '.join(MODELS)} or .zip")
    return open_path(path, path.name)


def open_path(path: Path, name: str, root: Path | None = None) -> Bundle:
    """The model in a file or a folder, which is called `name`; archives are unpacked below `root`. Raises as above."""
    if path.is_dir():
        return _read_folder(path, name)
    if path.stat().st_size > LARGEST:
        raise ModelCorruptError(f"{name} has {path.stat().st_size >> 20} MB; a model may have {LARGEST >> 20} MB")
    if path.suffix.lower() == ".zip":
        return _read_folder(unpacked(path, name, root), name)
    if path.suffix.lower() not in MODELS:
        raise SettingsError(f"{name} is no model file: its name must end in {', '.join(MODELS)} or .zip")
    return _described(path, name)


def _read_folder(folder: Path, name: str) -> Bundle:
    """The one model of a folder; `model.onnx` where there are several."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in MODELS and path.is_file())
    first = [path for path in found if path.stem == "model"] or found
    if len(first) != 1:
        names = ", ".join(path.name for path in found[:5]) or "none"
        raise ModelCorruptError(f"{name} must hold one {' or '.join(MODELS)} file; it holds: {names}")
    return _described(first[0], name)


def _described(path: Path, name: str) -> Bundle:
    """With the notes that stand beside a model."""
    notes = _read_notes(path.parent / "card.toml", name)
    labels = tuple(str(label) for label in notes.get("labels", ())) or _read_labels(path)
    anchors = path.parent / "anchors.npy"
    return Bundle(
        name, path, labels, None, notes.get("head", ""), notes.get("first"), notes.get("input", {}),
        anchors if anchors.is_file() else None, notes.get("recogniser", {}),
    )  # fmt: skip


def _read_labels(model: Path) -> tuple[str, ...]:
    """From `<model>.txt`, `labels.txt` or `classes.txt` beside a model; one a line, empty lines at the end ignored."""
    for path in (model.with_suffix(".txt"), *(model.parent / name for name in LABELS)):
        with contextlib.suppress(FileNotFoundError):
            try:
                lines = path.read_text(encoding="utf-8-sig").rstrip().splitlines()
            except UnicodeDecodeError as error:
                raise ModelCorruptError(f"{path.name} beside {model.name} is not UTF-8 text") from error
            return tuple(line.strip() for line in lines)
    return ()


def _read_notes(path: Path, name: str) -> dict[str, Any]:
    """What card.toml says. Raises SettingsError where it says something that is not known."""
    try:
        notes = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the card.toml of {name} is not TOML: {error}") from error
    kinds = {"head": str, "labels": list, "first": int, "input": dict, "recogniser": dict}
    for key, value in notes.items():
        if key not in kinds:
            raise SettingsError(f"the card.toml of {name} has the unknown key {key!r}; known are: {', '.join(KEYS)}")
        if not isinstance(value, kinds[key]):
            raise SettingsError(f"the card.toml of {name} says {key} = {value!r}; it must be a {kinds[key].__name__}")
    return notes


def unpacked(archive: Path, name: str, root: Path | None = None) -> Path:
    """The folder in the cache, or below `root`, with the model and the notes of an archive. Unpacked once; nothing else
    is kept.

    Raises ModelCorruptError, before anything is written, for an archive that is not what it should be.
    """
    folder = (root or cache_folder() / "bundles") / _digest(archive)
    if folder.is_dir():
        return folder
    try:
        with zipfile.ZipFile(archive) as file:
            members = list(_checked(file, name))
            folder.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
            try:
                for member in members:
                    _unpack(file, member, draft)
                with contextlib.suppress(OSError):  # another process was quicker
                    draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelCorruptError(f"{name} is not an archive that can be read: {error}") from error
    except OSError as error:
        raise ModelMissingError(f"{name} cannot be unpacked into {folder.parent}: {error.strerror}") from error
    return folder


def _checked(file: zipfile.ZipFile, name: str) -> Iterator[zipfile.ZipInfo]:
    """The members that are wanted, after every member was looked at."""
    members = file.infolist()
    if len(members) > MEMBERS:
        raise ModelCorruptError(f"the archive {name} holds {len(members)} files; at most {MEMBERS} are taken")
    if sum(member.file_size for member in members) > 2 * LARGEST:
        raise ModelCorruptError(f"the archive {name} would unpack to more than {2 * LARGEST >> 20} MB")
    wanted = []
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member.filename):
            raise ModelCorruptError(f"the archive {name} holds a path outside of itself: {member.filename[:80]!r}")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ModelCorruptError(f"the archive {name} holds a link: {member.filename[:80]!r}")
        if member.file_size > LARGEST:
            size = member.file_size >> 20
            raise ModelCorruptError(
                f"the archive {name} holds {path.name[:80]!r} of {size} MB; {LARGEST >> 20} MB is the most"
            )
        if member.file_size > 10 << 20 and member.file_size > RATIO * member.compress_size:
            raise ModelCorruptError(
                f"the archive {name} holds {path.name[:80]!r}, which unpacks to {RATIO} times its size"
            )
        if path.suffix.lower() in MODELS or path.name in NOTES:
            wanted.append(member)
    return iter(wanted)


def _unpack(file: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    with file.open(member) as source, target.open("wb") as kept:
        shutil.copyfileobj(source, kept, 1 << 20)


def fetched(address: str) -> Path:
    """The file at an address, from the cache where it was fetched before; its sha256 stands beside it.

    Raises ModelMissingError or ModelCorruptError, each with one line.
    """
    name = re.sub(r"[^\w.-]", "_", address.rpartition("/")[2].partition("?")[0]) or "model"
    path = cache_folder() / "fetched" / hashlib.sha256(address.encode()).hexdigest()[:16] / name
    with contextlib.suppress(OSError, IndexError, UnicodeDecodeError):
        if digest_path(path).read_text(encoding="ascii").split()[0] == _digest(path):
            return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{os.getpid()}-{threading.get_ident()}")
        try:
            digest = _download(address, draft)
            digest_path(path).unlink(missing_ok=True)
            draft.replace(path)
            digest_path(path).write_text(f"{digest}  {name}\n", encoding="ascii")
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ModelMissingError(f"{address} cannot be kept in {path.parent}: {error.strerror}") from error
    return path


def _download(address: str, target: Path) -> str:
    """The answer's body into a file; its sha256."""
    import httpx

    digest, length = hashlib.sha256(), 0
    try:
        with httpx.stream("GET", address, follow_redirects=True, timeout=PATIENCE) as answer, target.open("wb") as file:
            if answer.is_error:
                raise ModelMissingError(f"{address} answers {answer.status_code} {answer.reason_phrase}")
            for part in answer.iter_bytes():
                if not length:
                    _check_beginning(address, part)
                length += len(part)
                if length > LARGEST:
                    raise ModelCorruptError(f"{address} is longer than the {LARGEST >> 20} MB that a model may have")
                digest.update(part)
                file.write(part)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ModelMissingError(f"cannot get {address}: {reason}; check the address and the network") from error
    if not length:
        raise ModelCorruptError(f"{address} answers with an empty file")
    return digest.hexdigest()


def _check_beginning(address: str, content: bytes) -> None:
    """Raises ModelCorruptError for the usual things that come instead of a model."""

    def refuse(what: str, advice: str) -> NoReturn:
        raise ModelCorruptError(f"{address} answers with {what} instead of a model; {advice}")

    start = content[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        refuse("a web page", "use the address of the file itself (on GitHub: the one behind 'Raw')")
    if start.startswith(b"version https://git-lfs"):
        refuse("a Git LFS pointer", "use the address of the file itself (on GitHub: the one behind 'Raw')")
    if start.startswith((b"{", b"[")):
        refuse("JSON", "look at the address in a browser")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
