"""Cards: what is known about each tracked thing, with a crop of it and a picture for it, as JSON for a browser."""

import base64
import logging
import math
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from footlights.core.cue import Card
from footlights.core.frame import Image
from footlights.core.scene import Scene, Track
from footlights.media.page.feed import as_json
from footlights.media.page.pictures import encode_jpeg

log = logging.getLogger(__name__)

MOST_FPS = 5.0  # times a second that cards are made anew
MOST_CARDS = 12
CROP_SIDE = 160  # pixels at most
ROOM = 0.25  # of the box's longer side, left around it
MOST_PICTURES = 64  # files that cards may name
MOST_BYTES = 2_000_000  # of one of them

# Opened by itself, a picture of the user's own must not do more than be a picture.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"
_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class CardPicture:
    """One file that a card has named."""

    body: bytes
    media_type: str


class CardPictures:
    """The files that cards have named, and no others, by token. Read once and kept. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: dict[str, str] = {}  # by the name on the card; empty where it cannot be shown
        self._files: dict[str, CardPicture] = {}  # by token

    def address(self, name: str) -> str:
        """Where the page serves the file; empty where it is none that a browser shows."""
        with self._lock:
            if name not in self._addresses and len(self._addresses) < MOST_PICTURES:
                self._addresses[name] = self._register(name)
            return self._addresses.get(name, "")

    def file(self, token: str) -> CardPicture | None:
        """The file under a token."""
        with self._lock:
            return self._files.get(token)

    def _register(self, name: str) -> str:
        if not name:
            return ""
        path = Path(name)
        media_type = _TYPES.get(path.suffix.lower())
        if media_type is None:
            log.warning("a card cannot show %s; use %s", name, ", ".join(_TYPES))
            return ""
        try:
            with path.open("rb") as opened:
                body = opened.read(MOST_BYTES + 1)
        except OSError as error:
            log.warning("a card cannot show %s: %s", name, error.strerror)
            return ""
        if len(body) > MOST_BYTES:
            log.warning("a card cannot show %s: it has more than %d bytes", name, MOST_BYTES)
            return ""
        token = secrets.token_urlsafe(12)
        self._files[token] = CardPicture(body, media_type)
        return f"/cards/{token}"


class Cards:
    """Renders the cards of a scene, the largest things first. Without `crops`, nothing of the picture is in them."""

    def __init__(self, pictures: CardPictures, *, crops: bool) -> None:
        self._pictures = pictures
        self._crops = crops

    def __call__(self, scene: Scene) -> bytes:
        """`{"cards": [{"track", "title", "picture", "crop", "bars": [[label, value], ...]}, ...], "all": count}`."""
        tracks = {track.id: track for track in scene.tracks}
        cards = list({cue.track: cue for cue in scene.cues if isinstance(cue, Card)}.values())
        cards.sort(key=lambda card: (-_area(tracks.get(card.track)), card.track))
        shown = [
            {
                "track": card.track,
                "title": card.title,
                "picture": self._pictures.address(card.picture),
                "crop": self._crop(scene, tracks.get(card.track)),
                "bars": [[label, round(float(value), 3)] for label, value in card.bars],
            }
            for card in cards[:MOST_CARDS]
        ]
        return as_json({"cards": shown, "all": len(cards)}).encode()

    def _crop(self, scene: Scene, track: Track | None) -> str:
        """A data address of the crop; empty where there is none to show."""
        part = crop(scene.frame.rgb(), track) if self._crops and track is not None else None
        if part is None:
            return ""
        return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(part, CROP_SIDE)).decode()


def crop(image: Image, track: Track) -> Image | None:
    """The square around the track's box with some room, clipped to the (H, W, 3) picture; None: it lies outside."""
    left, top, right, bottom = (float(value) for value in track.box)
    if not math.isfinite(left + top + right + bottom):
        return None
    half = (0.5 + ROOM) * max(right - left, bottom - top)
    x, y = (left + right) / 2, (top + bottom) / 2
    height, width = image.shape[:2]
    x0, x1 = (round(min(max(edge, 0), width)) for edge in (x - half, x + half))
    y0, y1 = (round(min(max(edge, 0), height)) for edge in (y - half, y + half))
    return image[y0:y1, x0:x1] if x1 > x0 and y1 > y0 else None


def _area(track: Track | None) -> float:
    """Pixels of a track's box; 0 where there is none."""
    if track is None:
        return 0.0
    left, top, right, bottom = (float(value) for value in track.box)
    area = (right - left) * (bottom - top)
    return area if math.isfinite(area) else 0.0
