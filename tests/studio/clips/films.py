"""Clips of puppets that do what no net of the package has a name for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from footlights.core.frame import Frame
from footlights.core.scene import Scene
from footlights.media.picture import ArrayPicture
from footlights.media.recorder import Recorder
from footlights.media.rehearsal.cast import Performer, camera, performers, rehearsal
from footlights.media.rehearsal.motion import Motion, parse
from footlights.media.rehearsal.room import ROOMS
from footlights.media.rehearsal.score import compose
from footlights.media.rehearsal.skeleton import landmarks as body_landmarks
from footlights.media.rehearsal.stage import Stage, viewed

MOTIONS = Path(__file__).parent / "motions"
LABELS = tuple(sorted(path.stem for path in MOTIONS.glob("*.toml")))


def own_motion(label: str) -> Motion:
    """One of this folder."""
    return parse(label, (MOTIONS / f"{label}.toml").read_text(encoding="utf-8"))


def performer(label: str, seed: int, look: int | None = None, framing: str = "upper") -> tuple[Performer, str, float]:
    """Somebody who does it once, the rest of an address for room and camera, and how long it takes in seconds."""
    rng = np.random.default_rng((seed, 77))
    yaw = float(rng.uniform(-35, 35))
    chosen = "" if look is None else f"&look={look}"
    address = f"idle?seed={seed}&camera={framing}&yaw={yaw:.0f}&width=480&height=360{chosen}"
    person = performers(rehearsal(address))[0]
    score = compose((own_motion(label),), rng)
    return replace(person, score=score), address, score.spans[0].end + 0.4


def frames(
    label: str, seed: int, look: int | None = None, framing: str = "upper", fps: float = 20.0
) -> Iterator[Frame]:
    """The pictures of one clip."""
    person, address, seconds = performer(label, seed, look, framing)
    settings = rehearsal(address)
    rooms = list(ROOMS)
    stage = Stage([person], ROOMS[rooms[seed % len(rooms)]](seed), camera(settings, [person]), seed)
    times = np.arange(round(seconds * fps)) / fps
    joints, faces = person.joints(times)
    joints = viewed(joints, stage.camera)
    for index, time in enumerate(times.tolist()):
        picture = stage.draw(index, [joints.at(index)], [faces[index]])
        yield Frame(ArrayPicture(picture), time, label, index)


def film(path: Path, label: str, seed: int, look: int | None = None, framing: str = "upper") -> Path:
    """Write a clip as MP4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(path)
    for frame in frames(label, seed, look, framing):
        recorder.write(Scene(frame))
    recorder.close()
    return path


def landmarks(label: str, seed: int, framing: str = "knees") -> dict[str, np.ndarray]:
    """What perfect eyes would see in such a clip, without drawing it."""
    person, address, seconds = performer(label, seed, None, framing)
    view = camera(rehearsal(address), [person])
    times = np.arange(round(seconds * 20)) / 20
    joints, _ = person.joints(times)
    body, hands = view.view(body_landmarks(joints, person.body)), view.view(joints.hands)
    xy = view.project(body)
    inside = np.asarray(((xy >= 0) & (xy < [view.width, view.height])).all(-1))
    count = len(times)
    return {
        "times": times, "points": np.where(inside[..., None], xy, 0).astype(np.float32),
        "depths": (body[..., 2] - body[:, [23, 24], 2].mean(1, keepdims=True)).astype(np.float32), "seen": inside,
        "deep": np.ones(count, bool), "hands": view.project(hands).astype(np.float32),
        "shapes": (hands - hands.mean(2, keepdims=True)).astype(np.float32), "held": np.ones((count, 2), bool),
    }  # fmt: skip
