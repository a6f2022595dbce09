"""One door for every source: what the user types becomes a Source."""

from pathlib import Path

from footlights.core.app import Source
from footlights.core.errors import SourceError
from footlights.media.address import near_miss, parse_address
from footlights.media.camera import open_camera
from footlights.media.decoding import Decoding
from footlights.media.images import SUFFIXES, Stills
from footlights.media.network import open_http, open_rtsp
from footlights.media.reconnect import OnState
from footlights.media.video import VideoFile


def open_source(
    url: str,
    *,
    name: str | None = None,
    loop: bool = False,
    on_state: OnState | None = None,
    decoding: Decoding = Decoding(),  # noqa: B008  it never changes
) -> Source:
    """The source of an address.

    `0`, `/dev/video0`, a file, a folder of pictures, `rtsp://…`, `rtsps://…`, `http(s)://…` (video, HLS, MJPEG),
    `rehearsal:MOTION?…`, `browser:NAME`. `name` is the stream's name, made of the address where none is given. `loop`
    plays what has an end again and again. `on_state` hears what becomes of a live source (see `reconnect.OnState`).

    Raises SourceError, with one line that says what to do, where the address can never give pictures. A live source
    that does not answer is no error: it is tried again for as long as it is open.
    """
    address = parse_address(url)
    name = name or address.name
    match address.kind:
        case "camera":
            return open_camera(address.target, name, on_state)
        case "rtsp":
            return open_rtsp(address.target, name, on_state, decoding)
        case "http":
            return open_http(address.target, name, loop, on_state, decoding)
        case "file":
            return _open_file(Path(address.target), name, loop, decoding)
        case "rehearsal" if address.target.partition("?")[0] == "line":
            from footlights.media.rehearsal.line.source import open_line

            return open_line(address.target.partition("?")[2], name)
        case "rehearsal" if address.target.partition("?")[0] == "street":
            from footlights.media.rehearsal.street.source import open_street

            return open_street(address.target.partition("?")[2], name)
        case "rehearsal":
            from footlights.media.rehearsal.source import open_rehearsal

            return open_rehearsal(address.target, name)
        case "browser":
            from footlights.media.page.browser import BrowserCamera

            return BrowserCamera(address.target, stream=name)


def _open_file(path: Path, name: str, loop: bool, decoding: Decoding) -> Source:
    if path.is_dir():
        return Stills(path, name, loop=loop)
    if not path.exists():
        siblings = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(f"{path} does not exist; correct the path.{near_miss(path.name, siblings)}")
    if not path.is_file():
        raise SourceError(f"{path} is neither a file nor a folder; give a video, a picture or a folder of pictures")
    if path.stat().st_size == 0:
        raise SourceError(f"{path} is empty (0 bytes); copy or record it again")
    if path.suffix.lower() in SUFFIXES:
        return Stills(path, name, loop=loop)
    return VideoFile(f"file:{path.resolve()}", name, str(path), loop=loop, decoding=decoding)
