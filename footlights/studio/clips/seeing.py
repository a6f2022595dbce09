"""What the engine sees in a clip, as the running app would see it; kept on disk, for it takes longest."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np

from footlights.core.app import Stage
from footlights.core.frame import Frame
from footlights.core.scene import Floats, Scene
from footlights.engine.stream import Pace as Search
from footlights.engine.stream import Slots
from footlights.media.video import VideoFile
from footlights.perception.hands import HandStage
from footlights.perception.image_features import ImageFeatures
from footlights.perception.people import PeopleDetector
from footlights.perception.pose import PoseStage
from footlights.perception.track import BoxTracker
from footlights.recognition.clip_classes import Ticks, picture_features
from footlights.recognition.movement.sight import Sight, joined, sight
from footlights.studio.clips.variants import steps_of

SPARE = 1 / 31  # seconds: frames that follow sooner are left out, for nothing moves so fast
RECIPE = "1"  # another one when what is seen changes: what was kept is made anew


def frames(path: Path) -> Iterator[Frame]:
    """The frames of a clip, at most about thirty a second. Raises SourceError."""
    last = -1.0
    for frame in VideoFile(str(path), path.stem, path.name).frames():
        if frame.time - last >= SPARE - 1e-6 or last < 0:
            last = frame.time
            yield frame


class PeopleEye:
    """Sees the one person that matters in each clip: whoever is largest longest. Used by one thread."""

    name = "people"

    def __init__(self) -> None:
        self._detector = PeopleDetector()

    def scenes(self, path: Path) -> Iterator[Scene]:
        """What is known of every frame."""
        tracker, slots, following = BoxTracker(), Slots(Search()), False
        stages: tuple[Stage, ...] = (PoseStage(), HandStage())
        for frame in frames(path):
            scene = Scene(frame)
            if slots.due(frame, following=following):
                self._detector.run([scene])
            tracker.update(scene)
            for stage in stages:
                stage.run(scene)
            following = bool(scene.tracks)
            yield scene

    def look(self, path: Path) -> dict[str, np.ndarray]:
        """The person's landmarks at every frame, as the fields of a `Sight`; of no frame where nobody is seen."""
        times, seen, sizes = [], [], defaultdict[int, float](float)
        for scene in self.scenes(path):
            people = {track.id: track for track in scene.tracks if track.pose is not None}
            for track in people.values():
                sizes[track.id] += float(np.prod(track.box[2:] - track.box[:2]))
            times.append(scene.frame.time)
            seen.append({id_: (track.pose, dict(track.hands)) for id_, track in people.items()})
        if not sizes:
            return {}
        main = max(sizes, key=lambda id_: sizes[id_])
        parts = [sight(time, *people.get(main, (None, {}))) for time, people in zip(times, seen, strict=True)]
        whole = joined(parts)
        return {field.name: getattr(whole, field.name) for field in fields(Sight)}


class PictureEye:
    """Sees whole pictures as features of the backbone. Used by one thread."""

    name = "picture"

    def __init__(self) -> None:
        self._features = ImageFeatures()

    def rows(self, path: Path) -> Iterator[Floats]:
        """(2, PICTURE_WIDTH) features of every picture that the running app looks at, and of its mirror image."""
        ticks = Ticks()
        for frame in frames(path):
            if ticks.due(frame.time)[0]:
                picture = self._features.look(frame)
                sides = (picture, np.ascontiguousarray(picture[:, ::-1]))
                yield np.stack([picture_features(self._features.maps(side)) for side in sides])

    def look(self, path: Path) -> dict[str, np.ndarray]:
        """(T, 2, PICTURE_WIDTH) features of a clip and of its mirror image."""
        return {"rows": np.stack(list(self.rows(path))).astype(np.float16)}


Eye = PeopleEye | PictureEye


def seen(eye: Eye, path: Path, digest: str, cache: Path) -> dict[str, np.ndarray]:
    """What the eye sees in a clip, from the cache where it has seen this content before. Raises SourceError."""
    kept = cache / eye.name / f"{digest[:24]}-{RECIPE}.npz"
    if kept.is_file():
        try:
            with np.load(kept) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except (OSError, ValueError, EOFError):
            kept.unlink()
    found = eye.look(path)
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(suffix=".npz", dir=kept.parent)
    with os.fdopen(handle, "wb") as file:
        np.savez(file, allow_pickle=False, **found)
    Path(draft).replace(kept)
    return found


def rows_of(found: dict[str, np.ndarray], backbone: str) -> Floats:
    """(T, D) features of a clip as it is: what the net sees when it runs."""
    return steps_of(as_sight(found)) if backbone == "people" else as_rows(found, False)


def as_sight(found: dict[str, np.ndarray]) -> Sight:
    """The landmarks that `PeopleEye` saw."""
    return Sight(*(found[field.name] for field in fields(Sight)))


def as_rows(found: dict[str, np.ndarray], mirror: bool) -> Floats:
    """The features that `PictureEye` saw."""
    return np.asarray(found["rows"][:, int(mirror)], np.float32)
