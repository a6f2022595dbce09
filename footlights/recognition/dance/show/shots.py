"""Where the camera is at every moment: shots that change on bars, move gently, and never lose the dancers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.camera import Camera
from footlights.recognition.dance.song import Song

_LONGEST = 12.0  # seconds of one shot, about; a section's end cuts it in any case
_SHORTEST = 3.0
_FOLLOW = 0.9  # seconds over which the camera follows the dancers
_BREATH = 1.7  # seconds before and after for which the camera is far enough away already
_NEAREST, _FARTHEST = 1.9, 30.0  # metres
_LOWEST = 0.22  # metres: the camera stays above the floor


@dataclass(frozen=True)
class Shot:
    """How a shot begins and how it ends; between them it glides."""

    name: str
    yaw: tuple[float, float]  # degrees round the dancers, to the right of the picture
    pitch: tuple[float, float]  # degrees: looks down from above
    size: tuple[float, float]  # 1: the dancers just fit, with a margin; smaller: from farther away
    focal: float = 1.35  # picture heights
    close: bool = False  # heads, arms and hips must be seen, the legs need not


SHOTS = (
    Shot("wide", (-7, 7), (4, 5), (0.70, 0.76)),
    Shot("push in", (4, -3), (3, 2), (0.66, 0.98)),
    Shot("full", (-10, 4), (2, 3), (0.94, 0.94)),
    Shot("low", (16, 6), (-6, -5), (0.90, 0.96), 1.0),
    Shot("from the left", (34, 20), (4, 4), (0.86, 0.90)),
    Shot("from the right", (-34, -20), (4, 4), (0.86, 0.90)),
    Shot("close", (9, -5), (1, 2), (0.92, 0.98), 1.7, close=True),
    Shot("crane", (-12, 10), (19, 7), (0.74, 0.86)),
)
_FIRST, _LAST = SHOTS[1], SHOTS[0]


@dataclass(frozen=True, eq=False)
class Subjects:
    """What the camera must keep in the picture, T moments."""

    whole: Reals  # (T, P, 3) points around everybody
    upper: Reals  # (T, Q, 3) those from the hips up
    centre: Reals  # (T, 3) the middle of everybody


@dataclass(frozen=True, eq=False)
class CameraPath:
    """The camera of every frame: position, what it looks at, and its focal length."""

    position: Reals  # (T, 3) metres
    target: Reals  # (T, 3)
    focal: Reals  # (T,) picture heights
    shots: tuple[tuple[int, str], ...]  # first frame and name of each shot

    def at(self, index: int, width: int, height: int) -> Camera:
        """The camera of a frame, for a picture of this many pixels."""
        forward = self.target[index] - self.position[index]
        axes = _looking(forward[None])[0]
        return Camera(width, height, float(self.focal[index] * height), self.position[index], axes)


def camera_path(subjects: Subjects, song: Song, fps: float, aspect: float, seed: int = 0) -> CameraPath:
    """Plan the camera for T frames. `aspect`: width / height of the picture."""
    count = len(subjects.centre)
    rng = np.random.default_rng([seed, 72])
    cuts = cut_frames(song, fps, count, rng)
    position, target, focal = np.empty((count, 3)), np.empty((count, 3)), np.empty(count)
    named: list[tuple[int, str]] = []
    shot = _FIRST
    for number, (begin, end) in enumerate(zip(cuts, [*cuts[1:], count], strict=True)):
        shot = _FIRST if number == 0 else _LAST if end == count else _next(shot, named, rng)
        part = slice(begin, end)
        position[part], target[part] = _framed(subjects, part, shot, fps, aspect)
        focal[part] = shot.focal
        named.append((begin, shot.name))
    return CameraPath(position, target, focal, tuple(named))


def cut_frames(song: Song, fps: float, count: int, rng: np.random.Generator) -> list[int]:
    """The first frame of each shot: where sections begin, and on bars between where they are long."""
    edges = [float(song.time(np.array(float(section.begin)))) for section in song.sections]
    edges = [0.0, *[edge for edge in edges if edge > _SHORTEST], count / fps]
    bars = song.beats[song.downbeats]
    cuts: list[float] = []
    for begin, end in pairwise(edges):
        if cuts and begin - cuts[-1] < _SHORTEST:
            continue
        cuts.append(begin)
        while end - cuts[-1] > _LONGEST * 1.3:
            wish = cuts[-1] + _LONGEST * rng.uniform(0.6, 1.0)
            near = bars[(bars > cuts[-1] + _SHORTEST) & (bars < end - _SHORTEST)]
            cuts.append(float(near[np.argmin(np.abs(near - wish))]) if len(near) else wish)
    return sorted({min(count - 1, round(cut * fps)) for cut in cuts})


def _next(before: Shot, named: list[tuple[int, str]], rng: np.random.Generator) -> Shot:
    """Another shot than the last two; a close one is rare."""
    recent = {before.name, *(name for _, name in named[-2:])}
    choice = [shot for shot in SHOTS if shot.name not in recent]
    weights = np.array([0.5 if shot.close else 1.0 for shot in choice])
    return choice[int(rng.choice(len(choice), p=weights / weights.sum()))]


def _framed(subjects: Subjects, part: slice, shot: Shot, fps: float, aspect: float) -> tuple[Reals, Reals]:
    """Positions and targets of one shot: so far away that what must be seen is seen in every one of its frames."""
    points = (subjects.upper if shot.close else subjects.whole)[part]
    count = len(points)
    share = np.linspace(0, 1, count)
    glide = share * share * (3 - 2 * share)
    seconds = (part.start + np.arange(count)) / fps
    target = np.empty((count, 3))
    target[:] = _smoothed(subjects.centre[part], _FOLLOW * fps)
    low, high = points[..., 1].min(), points[..., 1].max()
    target[:, 1] = (np.median(points[..., 1].min(-1)) + np.median(points[..., 1].max(-1))) / 2
    target[:, 1] = np.clip(target[:, 1], low, high)
    yaw = np.radians(shot.yaw[0] + (shot.yaw[1] - shot.yaw[0]) * glide + 0.7 * np.sin(seconds * 0.9))
    pitch = np.radians(shot.pitch[0] + (shot.pitch[1] - shot.pitch[0]) * glide + 0.35 * np.sin(seconds * 0.7 + 1))
    size = shot.size[0] + (shot.size[1] - shot.size[0]) * glide
    for _ in range(2):  # the second time with a pitch that keeps the camera above the floor
        away = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], -1)
        needed = _needed(points - target[:, None], _looking(-away), shot.focal, aspect)
        distance = np.clip(_held(needed, fps) / size, _NEAREST, _FARTHEST)
        pitch = np.maximum(pitch, np.arcsin(np.clip((_LOWEST - target[:, 1]) / distance, -1, 1)))
    return target + away * distance[:, None], target


def _held(needed: Reals, fps: float) -> Reals:
    """(T,) a smooth curve that never lies below (T,) needs: the most of some seconds around, evened out."""
    reach = max(1, int(_BREATH * fps))
    padded = np.pad(needed, reach, mode="edge")
    most = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(-1)
    return _smoothed(most[:, None], reach / 2.6)[:, 0]


def _needed(points: Reals, axes: Reals, focal: float, aspect: float) -> Reals:
    """(T,) metres from the target at which all (T, P, 3) points, counted from it, are in the picture."""
    seen = np.einsum("tij,tpj->tpi", axes, points)
    margin = 0.95
    across = np.abs(seen[..., 0]) * focal / (aspect / 2 * margin) - seen[..., 2]
    down = np.abs(seen[..., 1]) * focal / (0.5 * margin) - seen[..., 2]
    return np.asarray(np.maximum(across, down).max(-1))


def _looking(forward: Reals) -> Reals:
    """(T, 3, 3) axes of cameras that look along (T, 3) directions: rows right, down, forward."""
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.stack([right, np.cross(forward, right), forward], -2)


def _smoothed(values: Reals, sigma: float) -> Reals:
    """(T, N) values, each the mean of those around it; the ends are held."""
    reach = max(1, int(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    weights /= weights.sum()
    return np.stack([np.convolve(column, weights, "valid") for column in padded.T], -1)
