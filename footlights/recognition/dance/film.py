"""From a dance to a film: dancers on a stage, with lights and camera, and the music.

A `Show` knows every frame; `film` draws them all and writes an MP4 file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.core.errors import SettingsError
from footlights.core.frame import Image
from footlights.media.rehearsal.looks import Look
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.show.crew import Crew, Scenery
from footlights.recognition.dance.show.drawing import Moment
from footlights.recognition.dance.show.lights import PALETTES, LightPlan
from footlights.recognition.dance.show.movie import Movie
from footlights.recognition.dance.show.shots import CameraPath, Subjects, camera_path
from footlights.recognition.dance.show.troupe import Troupe, outline, troupe

ASPECTS = {"16:9": (16, 9, 720), "9:16": (9, 16, 1280), "1:1": (1, 1, 960)}  # and the height that each has by itself
HEIGHTS = (64, 2160)  # pixels
RATES = (1.0, 120.0)  # frames a second
_AHEAD = 32  # frames whose joints are worked out in one go

Progress = Callable[[float], None]  # 0..1


@dataclass(frozen=True)
class FilmSettings:
    """How a dance is shown."""

    aspect: str = "16:9"
    height: int | None = None  # pixels; None: as the aspect wants
    fps: float = 30.0
    dancers: int = 1
    together: str = "mixed"  # of `troupe.TOGETHER`
    cast: tuple[Look, ...] = ()  # who dances, the first one in front; the rest is drawn from the seed
    colours: str = "club"  # of `lights.PALETTES`
    seed: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, both even. Raises SettingsError for what cannot be."""
        if self.aspect not in ASPECTS:
            raise SettingsError(f"a film is {', '.join(ASPECTS)}; not {self.aspect!r}")
        wide, high, usual = ASPECTS[self.aspect]
        height = usual if self.height is None else self.height
        if not HEIGHTS[0] <= height <= HEIGHTS[1]:
            raise SettingsError(f"a film is {HEIGHTS[0]} to {HEIGHTS[1]} pixels high, not {height}")
        return round(height * wide / high / 2) * 2, round(height / 2) * 2


class Show:
    """A dance with everything around it; any frame of it can be drawn. Raises SettingsError for wrong settings."""

    def __init__(self, dance: Dance, settings: FilmSettings) -> None:
        if not RATES[0] <= settings.fps <= RATES[1]:
            raise SettingsError(f"a film has {RATES[0]:g} to {RATES[1]:g} frames a second, not {settings.fps:g}")
        if settings.colours not in PALETTES:
            raise SettingsError(f"there are no lights {settings.colours!r}; there are {', '.join(PALETTES)}")
        self.dance, self.settings = dance, settings
        self.width, self.height = settings.size
        aspect = self.width / self.height
        self.troupe: Troupe = troupe(dance, settings.dancers, settings.together, settings.cast, aspect, settings.seed)
        self.lights = LightPlan(dance.song, dance.seconds, settings.seed, settings.colours)
        self.camera: CameraPath = camera_path(self._subjects(), dance.song, settings.fps, aspect, settings.seed)

    def __len__(self) -> int:
        return max(1, round(self.dance.seconds * self.settings.fps))

    @property
    def scenery(self) -> Scenery:
        """What an artist needs to draw it."""
        return Scenery(self.troupe.dancers, self.width, self.height, self.settings.seed)

    def moments(self, first: int = 0, last: int | None = None) -> Iterator[Moment]:
        """Frames from `first` up to `last`, which is not among them."""
        last = len(self) if last is None else last
        for begin in range(first, last, _AHEAD):
            times = np.arange(begin, min(begin + _AHEAD, last)) / self.settings.fps
            moving = self.troupe.moving(times)
            for at, time in enumerate(times):
                yield Moment(
                    begin + at, [joints.at(at) for joints, _ in moving], [faces[at] for _, faces in moving],
                    self.camera.at(begin + at, self.width, self.height), self.lights.at(float(time)),
                )  # fmt: skip

    def stills(self, times: list[float]) -> list[Image]:
        """(H, W, 3) RGB pictures of some moments, seconds."""
        artist = self.scenery.artist()
        frames = [int(np.clip(round(time * self.settings.fps), 0, len(self) - 1)) for time in times]
        return [artist.draw(next(self.moments(frame, frame + 1))) for frame in frames]

    def _subjects(self) -> Subjects:
        """What the camera must see, frame by frame."""
        whole, upper, centre = [], [], []
        for begin in range(0, len(self), 1024):
            times = np.arange(begin, min(begin + 1024, len(self))) / self.settings.fps
            moving = [joints for joints, _ in self.troupe.moving(times)]
            outlines = [
                outline(joints, dancer.body) for joints, dancer in zip(moving, self.troupe.dancers, strict=True)
            ]
            whole.append(np.concatenate([one for one, _ in outlines], axis=1))
            upper.append(np.concatenate([one for _, one in outlines], axis=1))
            centre.append(np.mean([joints.pelvis for joints in moving], axis=0))
        return Subjects(np.concatenate(whole), np.concatenate(upper), np.concatenate(centre))


def film(
    dance: Dance, path: Path, settings: FilmSettings | None = None, *, workers: int | None = None,
    progress: Progress | None = None,
) -> Show:  # fmt: skip
    """Write the film of a dance as MP4, with the music of `dance.song.path` where there is one.

    `workers`: processes that draw; None: as many as there are processors. They import the program that calls this, as
    `multiprocessing` does: begin it with `if __name__ == "__main__":`, or give 1.

    Raises SettingsError for wrong settings, SinkError where it cannot be written, SourceError where the music is gone.
    """
    show = Show(dance, settings or FilmSettings())
    music = None if dance.song.path is None else Path(dance.song.path)
    count = len(show)
    with (
        Movie(path, show.width, show.height, show.settings.fps, count / show.settings.fps, music) as movie,
        Crew(show.scenery, workers) as crew,
    ):
        for index, planes in enumerate(crew.planes(show.moments())):
            movie.add(planes)
            if progress is not None:
                progress((index + 1) / count)
    return show
