"""What the page may play: files the operator registered, YouTube, media and pages at any web address."""

import mimetypes
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from footlights.core.errors import SettingsError

Kind = Literal["video", "audio", "picture", "youtube", "page", "encore"]

LONGEST_URL = 2000  # characters
ENCORE = "encore"  # the show that the page has built in: lights and confetti
MOST_SHOWS = 256  # addresses that are remembered

_MEDIA_TYPES: dict[str, tuple[Kind, str]] = {
    ".mp4": ("video", "video/mp4"),
    ".m4v": ("video", "video/mp4"),
    ".mov": ("video", "video/quicktime"),
    ".webm": ("video", "video/webm"),
    ".ogv": ("video", "video/ogg"),
    ".mkv": ("video", "video/x-matroska"),
    ".mp3": ("audio", "audio/mpeg"),
    ".m4a": ("audio", "audio/mp4"),
    ".ogg": ("audio", "audio/ogg"),
    ".oga": ("audio", "audio/ogg"),
    ".opus": ("audio", "audio/ogg"),
    ".wav": ("audio", "audio/wav"),
    ".flac": ("audio", "audio/flac"),
    ".jpg": ("picture", "image/jpeg"),
    ".jpeg": ("picture", "image/jpeg"),
    ".png": ("picture", "image/png"),
    ".gif": ("picture", "image/gif"),
    ".webp": ("picture", "image/webp"),
    ".avif": ("picture", "image/avif"),
}
_YOUTUBE_HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "www.youtube-nocookie.com"}
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_SECONDS = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?")
YOUTUBE = "https://www.youtube-nocookie.com"


@dataclass(frozen=True, slots=True)
class Show:
    """Something to play and how the browser is to play it."""

    kind: Kind
    src: str  # what the player loads
    link: str  # what a person opens in a tab of its own; empty for files of this machine
    title: str
    origin: str  # the one foreign origin that the player may load from; empty for files of this machine


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file that the operator registered."""

    path: Path
    kind: Kind
    media_type: str


class Shows:
    """Everything that may be played, by token. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, MediaFile] = {}  # by token
        self._tokens: dict[Path, str] = {}
        self._shows: OrderedDict[str, Show] = OrderedDict()  # by token

    def serve(self, path: str | Path) -> str:
        """Register a file; its address on this page. The same file keeps its address.

        Raises:
            SettingsError: there is no such file, or a browser cannot play its kind.
        """
        file = Path(path).expanduser().resolve()
        if not file.is_file():
            raise SettingsError(f"there is no file {path} to show")
        registered = media_file(file)
        with self._lock:
            if file not in self._tokens:
                token = secrets.token_urlsafe(12)
                self._files[token] = registered
                self._tokens[file] = token
            return f"/media/{self._tokens[file]}"

    def file(self, token: str) -> MediaFile | None:
        """The registered file of this token."""
        return self._files.get(token)

    def open(self, url: str) -> str:
        """The token under which the page plays this address: http(s), a registered file, or "encore".

        Raises:
            SettingsError: the file was not registered, or the address is none that a browser may open.
        """
        show = self._show(url)
        with self._lock:
            for token, known in self._shows.items():
                if known == show:
                    return token
            token = secrets.token_urlsafe(12)
            self._shows[token] = show
            if len(self._shows) > MOST_SHOWS:
                self._shows.popitem(last=False)
            return token

    def get(self, token: str) -> Show | None:
        """The show of this token."""
        return self._shows.get(token)

    def _show(self, url: str) -> Show:
        if url == ENCORE:
            return Show("encore", "", "", "Encore", "")
        if url.startswith("/media/") and (file := self._files.get(url.removeprefix("/media/"))) is not None:
            return Show(file.kind, url, "", file.path.stem, "")
        if urlsplit(url).scheme in ("http", "https"):
            return web_show(url)
        path = Path(unquote(urlsplit(url).path) if url.startswith("file:") else url).expanduser().resolve()
        token = self._tokens.get(path)
        if token is None:
            raise SettingsError(f"cannot show '{_short(url)}': give an http(s) address, or a file named when starting")
        file = self._files[token]
        return Show(file.kind, f"/media/{token}", "", path.stem, "")


def web_show(url: str) -> Show:
    """How to play an http(s) address.

    Raises:
        SettingsError: the address is too long or has no host.
    """
    if len(url) > LONGEST_URL:
        raise SettingsError(f"an address may have {LONGEST_URL} characters, this has {len(url)}")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as error:
        raise SettingsError(f"'{_short(url)}' is not a web address: {error}") from error
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:]+", host):
        raise SettingsError(f"'{_short(url)}' is not a web address; one looks like https://example.org/video.mp4")
    if (video := youtube_video(url)) is not None:
        source = f"{YOUTUBE}/embed/{video[0]}?autoplay=1&playsinline=1&rel=0&enablejsapi=1&start={video[1]}"
        return Show("youtube", source, f"https://www.youtube.com/watch?v={video[0]}", "YouTube", YOUTUBE)
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    origin = f"{parts.scheme}://{place}"
    rest = urlunsplit(("", "", parts.path, parts.query, parts.fragment))
    address = origin + quote(rest, safe="%/:=&?~#+!$,;'@()*[]")
    path = Path(unquote(parts.path))
    kind = _MEDIA_TYPES.get(path.suffix.lower(), ("page", ""))[0]
    return Show(kind, address, address, path.stem if kind != "page" else host, origin)


def youtube_video(url: str) -> tuple[str, int] | None:
    """The eleven characters of a YouTube video and the second to begin at; None for any other address.

    Knows watch?v=, youtu.be/, /shorts/, /live/ and /embed/.
    """
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), parts.path.strip("/").split("/")
    query = parse_qs(parts.query)
    if host == "youtu.be":
        candidate = path[0]
    elif host in _YOUTUBE_HOSTS and path[0] == "watch":
        candidate = query.get("v", [""])[0]
    elif host in _YOUTUBE_HOSTS and len(path) == 2 and path[0] in ("shorts", "live", "embed", "v"):
        candidate = path[1]
    else:
        return None
    if _YOUTUBE_ID.fullmatch(candidate) is None:
        return None
    start = query.get("t", query.get("start", [""]))[0]
    return candidate, _seconds(start)


def _seconds(text: str) -> int:
    """Seconds of "90", "90s", "1m30s"; 0 where it is none of these."""
    found = _SECONDS.fullmatch(text)
    if found is None:
        return 0
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def media_file(file: Path) -> MediaFile:
    """The file as a browser plays it. Raises SettingsError: no browser plays its kind."""
    known = _MEDIA_TYPES.get(file.suffix.lower())
    if known is None:
        guessed = mimetypes.guess_type(file.name)[0] or "unknown"
        raise SettingsError(
            f"{file.name} ({guessed}) is nothing a browser plays; use {', '.join(sorted(_MEDIA_TYPES))}"
        )
    return MediaFile(file, *known)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
