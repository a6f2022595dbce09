"""Pictures as files: every still, and one a second of what moves, with everything drawn on it."""

import errno
from pathlib import Path

import cv2

from footlights.core.errors import SinkError
from footlights.core.scene import Scene
from footlights.media.painter import Painter

APART = 1.0  # seconds of media time between two pictures of one stream
QUALITY = 92  # of JPEG, 0..100


class Album:
    """Writes `NAME-000042.jpg` into a folder; the number is the frame's. A folder that is not there is made.

    Raises SinkError where the folder cannot be made.
    """

    def __init__(self, folder: Path, painter: Painter | None = None) -> None:
        self.folder = folder
        self.pictures = 0
        self._painter = painter or Painter()
        self._next: dict[str, float] = {}  # seconds, by stream
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"pictures cannot be saved in {folder}: {error.strerror}; choose another folder") from error

    def write(self, scene: Scene) -> None:
        """Save the picture where its time has come. Raises SinkError where it cannot be written."""
        frame = scene.frame
        if scene.closing or frame.time < self._next.get(frame.stream, 0.0) - 1e-6:
            return
        self._next[frame.stream] = frame.time + APART
        picture = cv2.cvtColor(self._painter.paint(scene), cv2.COLOR_RGB2BGR)
        good, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not good:
            raise SinkError(f"a picture of {frame.width}x{frame.height} cannot be saved as JPEG")
        path = self.folder / f"{frame.stream}-{frame.index:06d}.jpg"
        try:
            path.write_bytes(content.tobytes())
        except OSError as error:
            path.unlink(missing_ok=True)
            full = "the disk is full; free some space" if error.errno == errno.ENOSPC else f"{error.strerror}"
            raise SinkError(f"{path} cannot be written: {full}") from error
        self.pictures += 1

    def close(self) -> None:
        """Every picture is finished already."""
