"""`footlights data dance`: a folder of videos, or of motion capture, becomes data to learn from.

Of each video: the sound is heard, poses are found in every frame, the main dancer of each shot is followed, short gaps
are filled, and what cannot be used is refused with its reason. Videos are taken by several processes, or on Ray.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from footlights.core.errors import FootlightsError, InstallError, SourceError
from footlights.core.frame import Image
from footlights.core.scene import Floats
from footlights.recognition.dance.bvh import read_bvh
from footlights.recognition.dance.dance import Dance, from_joints24
from footlights.recognition.dance.hearing import hear
from footlights.recognition.dance.music import RATE, Sound, read_sound
from footlights.recognition.dance.song import Section, Song
from footlights.studio.dance.corpus import Writer
from footlights.studio.dance.lifting import FPS, even, lifted
from footlights.studio.dance.watching import GAP, Person, Shot, main_dancer, watch

VIDEOS = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg"}
MUSIC = {".mp3", ".wav", ".ogg", ".flac", ".m4a", ".opus", ".aac"}
SHORTEST = 4.0  # seconds of dance that are worth keeping
SMALLEST = 0.25  # of the picture's height: who is smaller is seen too badly
SEEN = 0.4  # visibility from which ankles and wrists count as seen
_LIMBS = [15, 16, 27, 28]
_WHOLE = 0.6  # share of the moments at which a limb must be seen


@dataclass(eq=False)
class Clip:
    """A dance that can be learned from."""

    name: str
    dance: Dance
    sound: Sound
    begin: float  # seconds, in its video
    end: float
    picture: Image | None
    landmarks: Floats | None  # (33, 2) of the dancer at the picture, in its pixels


@dataclass(eq=False)
class Take:
    """What became of one file."""

    name: str
    clips: list[Clip] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # reasons, each with the time it is about
    seconds: float = 0.0  # of the video
    shots: int = 0
    people: int = 0  # besides the dancers


def take_video(path: Path) -> Take:
    """Everything of one video that can be learned from. Never raises: what is wrong is in `refused`."""
    take = Take(path.stem)
    try:
        song, sound = hear(path), read_sound(path)
        shots = watch(path)
    except FootlightsError as fault:
        take.refused.append(str(fault))
        return take
    take.seconds, take.shots = max((shot.end for shot in shots), default=0.0), len(shots)
    for number, shot in enumerate(shots):
        dancer = main_dancer(shot)
        if dancer is None:
            take.refused.append(f"{_span(shot.begin, shot.end)}: nobody is to be seen")
            continue
        take.people += len(shot.people) - 1
        for part, (begin, end) in enumerate(unbroken(dancer)):
            reason = unusable(dancer, begin, end, shot)
            if not reason:
                try:
                    take.clips.append(_clip(f"{path.stem}-{number}-{part}", dancer, begin, end, shot, song, sound))
                except SourceError as fault:
                    reason = str(fault).partition(": ")[2]
            if reason:
                take.refused.append(f"{_span(begin, end)}: {reason}")
    return take


def unbroken(person: Person) -> list[tuple[float, float]]:
    """Stretches in which somebody is never lost for longer than can be filled in, seconds."""
    times = np.array(person.times)
    cuts = np.flatnonzero(np.diff(times) > GAP)
    return [(float(times[a]), float(times[b])) for a, b in zip([0, *(cuts + 1)], [*cuts, len(times) - 1], strict=True)]


def unusable(person: Person, begin: float, end: float, shot: Shot) -> str:
    """Why a stretch of somebody's dance cannot be learned from; empty: it can."""
    if end - begin < SHORTEST:
        return f"only {end - begin:.1f} s of one dancer, at least {SHORTEST:g} are needed"
    tall = person.height() / shot.height
    if tall < SMALLEST:
        return f"the dancer is {tall:.0%} of the picture's height, at least {SMALLEST:.0%} are needed"
    inside = [index for index, time in enumerate(person.times) if begin <= time <= end]
    seen = (np.stack(person.visibility)[inside][:, _LIMBS] > SEEN).mean(0)
    if seen.min() < _WHOLE:
        limb = ("the left hand", "the right hand", "the left foot", "the right foot")[int(seen.argmin())]
        return f"{limb} is out of sight for {1 - seen.min():.0%} of the time"
    return ""


def _clip(name: str, person: Person, begin: float, end: float, shot: Shot, song: Song, sound: Sound) -> Clip:
    xy, world = even(person, begin, end)
    joints = lifted(xy, world, shot.width)
    part = cut(song, begin, end)
    picture, landmarks = None, None
    if shot.picture is not None and begin <= shot.pictured <= end:
        picture = shot.picture
        at = int(np.abs(np.array(person.times) - shot.pictured).argmin())
        landmarks = (person.xy[at] * (picture.shape[1] / shot.width)).astype(np.float32)
    heard = sound[:, round(begin * RATE) : round(end * RATE)]
    return Clip(name, from_joints24(joints, FPS, part), heard, begin, end, picture, landmarks)


def cut(song: Song, begin: float, end: float) -> Song:
    """The part of a song between two moments, as a song of its own that begins at second 0.

    Raises SourceError where fewer than four beats lie in it.
    """
    inside = np.flatnonzero((song.beats >= begin - 1e-6) & (song.beats < end))
    if len(inside) < 4:
        raise SourceError(f"{_span(begin, end)}: fewer than four beats of the music lie in it")
    first, last = int(inside[0]), int(inside[-1]) + 1
    sections = [
        Section(max(s.begin, first) - first, min(s.end, last) - first, s.label, s.energy)
        for s in song.sections
        if s.begin < last and s.end > first
    ]
    downbeats = song.downbeats[(song.downbeats >= first) & (song.downbeats < last)] - first
    return replace(
        song, path=None, seconds=end - begin, beats=song.beats[first:last] - begin, downbeats=downbeats,
        sections=tuple(sections), accents=song.accents[first:last], energy=song.energy[first:last],
    )  # fmt: skip


def take_capture(path: Path) -> Take:
    """A BVH file, with the music of the same name beside it where there is one. Never raises."""
    take = Take(path.stem)
    try:
        beside = sorted(path.parent.glob(f"{path.stem}.*"))
        music = next((other for other in beside if other.suffix.lower() in MUSIC), None)
        if music is None:
            dance, sound = read_bvh(path), np.zeros((2, 0), np.float32)
        else:
            song = hear(music)
            sound = read_sound(music)
            dance = read_bvh(path, song)
    except FootlightsError as fault:
        take.refused.append(str(fault))
        return take
    take.seconds, take.shots = dance.seconds, 1
    if dance.seconds < SHORTEST:
        take.refused.append(f"only {dance.seconds:.1f} s, at least {SHORTEST:g} are needed")
    else:
        take.clips.append(Clip(path.stem, dance, sound, 0.0, dance.seconds, None, None))
    return take


def videos_of(folder: Path) -> list[Path]:
    """The videos of a folder and its folders, in order. Raises SourceError where there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEOS)
    if not found:
        raise SourceError(f"{folder} holds no video; give a folder with {', '.join(sorted(VIDEOS))}")
    return found


def captures_of(folder: Path) -> list[Path]:
    """The BVH files of a folder and its folders. Raises SourceError where there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".bvh")
    if not found:
        raise SourceError(f"{folder} holds no BVH file")
    return found


def taken(
    paths: Iterable[Path], take: Callable[[Path], Take], workers: int = 1, ray: str | None = None
) -> Iterator[Take]:
    """Every file taken, in order: in this process, in several, or on a Ray cluster at this address."""
    if ray is not None:
        yield from _on_ray(list(paths), take, ray)
    elif workers == 1:
        yield from map(take, paths)
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            yield from pool.map(take, paths)


def keep(take: Take, writer: Writer) -> None:
    """Write what a file gave; a clip that turns out to be no use joins what was refused."""
    for clip in [clip for clip in take.clips if clip.name not in writer]:
        try:
            writer.add(clip.name, clip.dance, clip.sound, RATE, key=take.name)
        except SourceError as fault:
            take.clips.remove(clip)
            take.refused.append(str(fault))


def distinct(takes: Iterable[Take]) -> Iterator[Take]:
    """The same with names that differ: of files of one name in several folders the later ones get a number."""
    seen: Counter[str] = Counter()
    for take in takes:
        seen[take.name] += 1
        if seen[take.name] > 1:
            old, take.name = take.name, f"{take.name}.{seen[take.name]}"
            for clip in take.clips:
                clip.name = take.name + clip.name.removeprefix(old)
        yield take


def _on_ray(paths: list[Path], take: Callable[[Path], Take], address: str) -> Iterator[Take]:
    """The cluster's machines must see the files under the same paths, and have footlights and its models."""
    try:
        import ray  # type: ignore[import-not-found]
    except ImportError:
        raise InstallError("ray is not installed; type: pip install 'footlights[ray]'") from None
    ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
    try:
        remote = ray.remote(take)
        waiting = [remote.remote(path) for path in paths]
        for reference in waiting:
            yield ray.get(reference)
    finally:
        ray.shutdown()


def _span(begin: float, end: float) -> str:
    return f"{begin:.1f} to {end:.1f} s"
