"""What may enter a project: files that decode, of a bearable size, under names that cannot leave the folder.

What a file is, is read from its content; the name that somebody gave it says nothing. Containers are opened as what
their first bytes say, never as playlists or scripts that name other files.
"""

import re
import unicodedata
from pathlib import Path
from typing import Literal

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from footlights.core.errors import SettingsError, SourceError
from footlights.media.container import Container, Shot
from footlights.media.images import load

Medium = Literal["picture", "clip"]
PICTURES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}
LARGEST: dict[Medium, int] = {"picture": 32 << 20, "clip": 1 << 30}  # bytes
LONGEST = 4 * 3600.0  # seconds of a clip or a recording
WIDEST = 8192  # pixels of a side of a clip
NAME = 80  # characters of a name, its ending aside
LABEL = 60  # characters of a label
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # names that Windows keeps for itself
_CONTAINERS = (  # first bytes, where they stand, the demuxer, the ending
    (b"ftyp", 4, "mov", ".mp4"),
    (b"\x1a\x45\xdf\xa3", 0, "matroska", ".webm"),
    (b"AVI ", 8, "avi", ".avi"),
    (b"OggS", 0, "ogg", ".ogv"),
)


def safe_stem(name: str) -> str:
    """A name for a file, without ending, made of what somebody called it: no folders, no signs with a meaning."""
    plain = unicodedata.normalize("NFKC", name).replace("\\", "/").rpartition("/")[2]
    stem = plain.rpartition(".")[0] if "." in plain.lstrip(".") else plain
    stem = re.sub(r"[^\w.+-]+", "_", stem).strip("._-")[:NAME].rstrip("._-")
    return f"_{stem}" if not stem or _RESERVED.fullmatch(stem) else stem


def check_label(label: str) -> str:
    """The label, without spaces around it; it is the name of a folder, too. Raises SettingsError."""
    clean = unicodedata.normalize("NFC", label).strip()
    wrong = [sign for sign in clean if sign in '/\\:*?"<>|,;' or not sign.isprintable()]
    if not clean or len(clean) > LABEL or clean.startswith(".") or clean.endswith(".") or wrong:
        raise SettingsError(
            f"{label[:80]!r} cannot be a label: up to {LABEL} letters, digits, spaces or - _ + . within, as thumb_up"
        )
    if _RESERVED.fullmatch(clean):
        raise SettingsError(f"{clean!r} cannot be a label: some systems have no folder of this name")
    return clean


def ending(path: Path, medium: Medium, name: str) -> str:
    """The ending that belongs to a file's content. Raises SourceError, naming the file as `name`, where it is too
    large or no such medium, or cannot be decoded.
    """
    size, most = path.stat().st_size, LARGEST[medium]
    if size > most:
        raise SourceError(f"{name} has {size / 2**20:.0f} MB; a {medium} may have {most >> 20} MB")
    return _picture(path, name) if medium == "picture" else _clip(path, name)


def _picture(path: Path, name: str) -> str:
    try:
        with Pillow.open(path, formats=tuple(PICTURES)) as opened:
            form = opened.format or ""
        load(path)
    except (UnidentifiedImageError, Pillow.DecompressionBombError, SourceError, OSError, ValueError):
        raise SourceError(f"{name} is no picture that can be decoded (JPEG, PNG, WebP, BMP, TIFF)") from None
    return PICTURES[form]


def _clip(path: Path, name: str) -> str:
    form, suffix = _container(path, name)
    with Container(str(path), name, form=form) as container:
        first = next((shot for shot in container.read() if isinstance(shot, Shot)), None)
        length = container.length
    if first is None:
        raise SourceError(f"{name} holds no picture that can be decoded")
    if max(first.picture.width, first.picture.height) > WIDEST:
        raise SourceError(f"{name} is {first.picture.width} pixels wide; {WIDEST} are the most")
    if length is not None and length > LONGEST:
        raise SourceError(f"{name} lasts {length / 3600:.1f} hours; cut it into parts of at most {LONGEST / 3600:.0f}")
    return suffix


def _container(path: Path, name: str) -> tuple[str, str]:
    with path.open("rb") as file:
        start = file.read(16)
    for sign, place, form, suffix in _CONTAINERS:
        if start[place : place + len(sign)] == sign:
            return form, suffix
    raise SourceError(f"{name} is no video that can be decoded (MP4, MOV, WebM, MKV, AVI, Ogg)")
