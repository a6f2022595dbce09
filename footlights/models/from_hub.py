"""Models that a hub keeps for its devices: how settings name them, and where they lie on a device.

`hub:NAME@sha256:HEX` names one file for ever: who has the file can tell that it is the right one, and a document that
names it means the same thing on every device.
"""

import contextlib
import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footlights.core.errors import ModelCorruptError, ModelMissingError, SettingsError
from footlights.models.cache import cache_folder

SCHEME = "hub:"
EXAMPLE = f"{SCHEME}defects@sha256:{'0' * 8}..."
MOST_KEPT = 4 << 30  # bytes of models that nothing wants any more, kept for a way back
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_REFERENCE = re.compile(rf"{SCHEME}({NAME.pattern})@sha256:([0-9a-f]{{64}})")


@dataclass(frozen=True)
class HubModel:
    """One model of a hub."""

    name: str
    digest: str  # SHA-256 of the file, hexadecimal

    def __str__(self) -> str:
        return f"{SCHEME}{self.name}@sha256:{self.digest}"


def read_reference(text: str) -> HubModel:
    """The model that a text names. Raises SettingsError: it names none."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        raise SettingsError(
            f"'{text[:120]}' is no model of a hub; one is written {EXAMPLE}, as the hub's page shows it"
        )
    return HubModel(found[1], found[2])


def references(content: Any) -> set[HubModel]:
    """Every model of a hub that a document names, wherever it does."""
    return {HubModel(*found) for text in _texts(content) for found in _REFERENCE.findall(text)}


def kind_of(beginning: bytes) -> str:
    """What a file is, by its first bytes: zip, tflite, else onnx, which has no mark of its own."""
    if beginning.startswith(b"PK\x03\x04"):
        return "zip"
    return "tflite" if beginning[4:8] == b"TFL3" else "onnx"


def find_kept(model: HubModel) -> Path:
    """The file of a model on this machine, checked. Raises ModelMissingError or ModelCorruptError."""
    files = [path for path in _folder(model).glob(f"{model.name}.*") if path.suffix != ".part"]
    if not files:
        raise ModelMissingError(f"{model} is not on this device: its agent gets it when the hub wants it to be used")
    with files[0].open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != model.digest:
            raise ModelCorruptError(f"the file of {model} is damaged: {files[0]}; remove it, and it is got anew")
    return files[0]


def part_of(model: HubModel, device: str = "") -> Path:
    """Where a device gathers a model while it comes; what is there already need not come again. Devices that share a
    cache do not write into one file.
    """
    folder = _folder(model)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / ".".join(part for part in (model.name, device, "part") if part)


def keep_part(model: HubModel, device: str = "") -> Path:
    """Take what was gathered as the model. Raises ModelCorruptError: it is something else, and is thrown away."""
    part = part_of(model, device)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        kind = kind_of(file.read(16))
    if digest != model.digest:
        part.unlink()
        raise ModelCorruptError(f"what came as {model} has the hash {digest[:16]}…; nothing was kept")
    return part.replace(part.with_name(f"{model.name}.{kind}"))


def forget_unwanted(wanted: Iterable[HubModel], most: int = MOST_KEPT) -> None:
    """Remove models that nothing wants, the oldest first, until the rest of them has `most` bytes at most."""
    digests, room = {model.digest for model in wanted}, most
    with contextlib.suppress(FileNotFoundError):
        folders = [path for path in _root().iterdir() if path.is_dir() and path.name not in digests]
        for folder in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True):
            room -= sum(path.stat().st_size for path in folder.iterdir())
            if room < 0:
                shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return cache_folder() / "hub"


def _folder(model: HubModel) -> Path:
    return _root() / model.digest


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _texts(value)
