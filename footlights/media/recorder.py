"""Records a stream as an MP4 file: H.264 pictures with everything painted on them, and the source's sound."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, Interpolation, VideoReformatter

from footlights.core.app import Source
from footlights.core.errors import SinkError
from footlights.core.frame import Image
from footlights.core.scene import Scene
from footlights.media.faults import place_fault
from footlights.media.painter import Painter
from footlights.media.picture import SPACES, AvPicture, Matrix, from_planes, joined
from footlights.media.sound import Sound
from footlights.media.soundtrack import BIT_RATE, Soundtrack

TICKS = 90_000  # of the film's clock in a second: every source's own rhythm is kept
KEYFRAME_EVERY = 2.0  # seconds
FRAGMENT = 500_000  # microseconds of film, what a sudden end may cost
QUALITY = 23  # constant rate factor of x264: smaller is better and larger
Preset = Literal["ultrafast", "veryfast"]  # of x264: what must keep up with cameras, and what may be half as large
_SUFFIXES = (".mp4", ".m4v", ".mov")


class Recorder:
    """A sink that records one stream. The film begins with the first scene and keeps the moment of each.

    The file is written in fragments: whatever happens (full disk, power cut, kill), it plays up to the last half second
    before. Pictures of another size than the first are fitted into it. `source` gives the sound, where it has any.
    `preset` is how much work is put into a small file; without it, what suits the source: cameras do not wait.

    Raises SinkError: at once where the place cannot be written to, later where the disk is full.
    """

    def __init__(
        self,
        path: Path | str,
        source: Source | None = None,
        painter: Painter | None = None,
        preset: Preset | None = None,
    ) -> None:
        self.path = Path(path)
        self.frames = 0  # recorded so far
        self._painter = painter or Painter()
        self._preset = preset
        self._stream = ""  # name of the stream that is recorded
        self._film: Film | None = None
        if self.path.suffix.lower() not in _SUFFIXES:
            raise SinkError(f"a recording is an MP4 file, not {self.path.name!r}; name it {self.path.stem}.mp4")
        try:
            self.path.open("wb").close()
        except OSError as fault:
            raise SinkError(f"{self.path} cannot be written: {place_fault(fault)}") from None
        listen = getattr(source, "listen", None)
        self._sound: Sound | None = listen() if listen is not None else None

    def write(self, scene: Scene) -> None:
        """Record one scene. Raises SinkError where the file cannot be written, or the scene is of another stream."""
        self._stream = self._stream or scene.frame.stream
        if scene.frame.stream != self._stream:
            raise SinkError(f"{self.path} records {self._stream!r}; give {scene.frame.stream!r} a file of its own")
        plain = scene.frame.picture if not scene.tracks and not scene.cues else None
        picture = plain if isinstance(plain, AvPicture) and not plain.turns else self._painter.paint(scene)
        try:
            if self._film is None:
                matrix = picture.matrix if isinstance(picture, AvPicture) else "bt709"
                suited: Preset = "veryfast" if scene.frame.arrived is None else "ultrafast"
                self._film = Film(self.path, scene, self._sound, matrix, self._preset or suited)
            self._film.add(picture, scene.frame.time)
        except (av.FFmpegError, OSError) as fault:
            self._abandon()
            raise SinkError(self._ending(fault)) from None
        self.frames += 1

    def close(self) -> None:
        """Write what waits in the encoders and the end of the file. A recording of nothing leaves no file."""
        film, self._film = self._film, None
        try:
            if film is not None:
                film.finish()
            elif not self.frames:
                self.path.unlink(missing_ok=True)
        except (av.FFmpegError, OSError) as fault:
            raise SinkError(self._ending(fault)) from None
        finally:
            if self._sound is not None:
                self._sound.close()

    def _abandon(self) -> None:
        """Let go of a file that cannot be written any more; what it holds plays."""
        film, self._film = self._film, None
        if film is not None:
            with suppress(av.FFmpegError, OSError):
                film.finish()

    def _ending(self, fault: OSError | av.FFmpegError) -> str:
        return f"the recording {self.path} ends after {self.frames} frames: {place_fault(fault)}"


class Film:
    """One MP4 file that is being written, of the size and from the moment of its first scene."""

    def __init__(
        self, path: Path, first: Scene, sound: Sound | None, matrix: Matrix = "bt709", preset: Preset = "veryfast"
    ) -> None:
        self._start = self._last = first.frame.time  # media time, seconds
        self._size = (max(2, first.frame.width // 2 * 2), max(2, first.frame.height // 2 * 2))  # 4:2:0 is even
        self._matrix: Matrix = matrix
        self._pts = -1
        self._next_key = self._start
        fragments = {"movflags": "frag_keyframe+delay_moov+default_base_moof", "frag_duration": str(FRAGMENT)}
        self._file = av.open(f"file:{path}", "w", format="mp4", container_options={**fragments, "flush_packets": "1"})
        self._video = self._add_video(preset)
        self._soundtrack = None
        if sound is not None and sound.rate is not None:
            audio = self._file.add_stream("aac", rate=sound.rate, layout="stereo")
            audio.bit_rate = BIT_RATE
            self._soundtrack = Soundtrack(audio, sound, self._start)

    def add(self, picture: Image | AvPicture, time: float) -> None:
        """Add a picture at a media time. Raises av.FFmpegError where the file cannot take it."""
        frame = self._encodable(picture)
        self._pts = frame.pts = max(self._pts + 1, round((time - self._start) * TICKS))
        frame.time_base = Fraction(1, TICKS)
        if time >= self._next_key:
            frame.pict_type = PictureType.I
            self._next_key = time + KEYFRAME_EVERY
        self._last = time
        if self._soundtrack is not None:
            self._file.mux(list(self._soundtrack.until(time)))
        self._file.mux(self._video.encode(frame))

    def _encodable(self, picture: Image | AvPicture) -> av.VideoFrame:
        """A frame of its own for the encoder. A decoder's picture of the film's size stays in YUV all the way."""
        if isinstance(picture, AvPicture) and (picture.width, picture.height) == self._size:
            return from_planes(joined(picture.planes(*self._size, self._matrix)), self._matrix).frame
        image = picture if isinstance(picture, np.ndarray) else picture.rgb(picture.width, picture.height)
        return _encodable(_fitted(image, self._size), self._size, self._matrix)

    def finish(self) -> None:
        """Write all that waits and close the file."""
        try:
            if self._soundtrack is not None:
                self._file.mux(list(self._soundtrack.until(self._last, last=True)))
            self._file.mux(self._video.encode(None))
        finally:
            self._file.close()

    def _add_video(self, preset: Preset) -> av.VideoStream:
        options = {"preset": preset, "crf": str(QUALITY), "forced-idr": "1"}
        video = self._file.add_stream("libx264", rate=30, options=options)
        context = video.codec_context
        video.width, video.height, video.pix_fmt = *self._size, "yuv420p"
        context.time_base = Fraction(1, TICKS)
        context.thread_count = 1 if preset == "ultrafast" else 2
        context.colorspace, context.color_range = SPACES[self._matrix], ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        return video


def _encodable(picture: Image, size: tuple[int, int], matrix: Matrix) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return VideoReformatter().reformat(
        frame,
        *size,
        "yuv420p",
        dst_colorspace=SPACES[matrix],
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.AREA,
        threads=1,
    )


def _fitted(picture: Image, size: tuple[int, int]) -> Image:
    """The picture itself where it has the film's shape, else fitted into it with black at the sides."""
    height, width = picture.shape[:2]
    if abs(width - size[0]) <= 1 and abs(height - size[1]) <= 1:
        return picture
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    flag = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    whole[top : top + inner[1], left : left + inner[0]] = cv2.resize(picture, inner, interpolation=flag)
    return whole
