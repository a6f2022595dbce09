"""Reads a rehearsal's address and puts its people on the stage, without drawing anything."""

from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import Body, varied
from footlights.media.rehearsal.camera import FRAMINGS, Camera, placed
from footlights.media.rehearsal.looks import Look, looks
from footlights.media.rehearsal.motion import CAMERAS, Span, motion, names
from footlights.media.rehearsal.posture import TRUNK, known
from footlights.media.rehearsal.room import ROOMS
from footlights.media.rehearsal.score import Score, compose
from footlights.media.rehearsal.skeleton import Joints, rotation, solve

SHOW = ("x_arms", "idle", "arms_up", "wave", "x_arms", "clap", "idle")
_LIMITS: dict[str, tuple[float, float]] = {
    "people": (1, 12), "seed": (0, 2**31), "width": (64, 7680), "height": (64, 4320), "fps": (1, 240),
    "seconds": (0.1, 86400), "yaw": (-180, 180), "pitch": (-5, 60), "pace": (0.2, 4), "reps": (1, 100),
    "distance": (0.4, 12),
}  # fmt: skip


@dataclass(frozen=True)
class Rehearsal:
    """What an address asks for; None: drawn from the seed or chosen to fit."""

    motions: tuple[str, ...]
    people: int = 1
    seed: int = 0
    camera: str | None = None  # full, knees, upper, head
    room: str | None = None
    width: int = 640  # pixels
    height: int = 480  # pixels
    fps: float = 30.0
    seconds: float | None = None  # None: without end
    yaw: float | None = None  # degrees to the people's left
    pitch: float = 0.0  # degrees: the camera looks down
    distance: float | None = None  # metres
    pace: float | None = None  # 1: as written
    reps: int | None = None
    mirror: bool | None = None
    look: int | None = None  # of the first person; the others follow
    shuffled: bool = False


def rehearsal(address: str) -> Rehearsal:
    """Read "<motion>[+<motion>...][?key=value&...]". Raises SettingsError that says what is known instead."""
    what, _, query = address.partition("?")
    found = tuple(part.strip() for part in what.replace(",", "+").split("+") if part.strip())
    show = found in ((), ("show",))
    for name in () if show else found:
        known(name, names(), "motion", "rehearsal")
    settings = Rehearsal(SHOW, people=3, shuffled=True) if show else Rehearsal(found)
    keys = tuple(field.name for field in fields(Rehearsal) if field.name not in ("motions", "shuffled"))
    for key, text in parse_qsl(query, keep_blank_values=True):
        chosen: dict[str, Any] = {known(key, keys, "setting", "rehearsal"): _value(key, text)}
        settings = replace(settings, **chosen)
    return settings


def _value(key: str, text: str) -> Any:
    if key == "camera":
        return known(text, CAMERAS, "camera", "rehearsal")
    if key == "room":
        return known(text, ROOMS, "room", "rehearsal")
    if key == "mirror":
        return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[
            known(text, ("yes", "no", "true", "false", "1", "0"), "answer", "rehearsal: mirror")
        ]
    low, high = (0, len(looks()) - 1) if key == "look" else _LIMITS[key]
    whole = key in ("people", "seed", "width", "height", "reps", "look")
    try:
        value: float = int(text) if whole else float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"rehearsal: {key} must be {kind} from {low:g} to {high:g}, got {text!r}")
    return value


@dataclass(frozen=True, eq=False)
class Performer:
    """Somebody on the stage."""

    id: int
    look: Look
    body: Body
    score: Score
    spot: Reals  # (3,) where on the floor, stage coordinates
    yaw: float  # degrees to the person's left; 0 faces the camera

    def joints(self, times: Reals) -> tuple[Joints, Reals]:
        """Joints in stage coordinates and (T, 5) numbers of the face, at (T,) seconds."""
        postures = self.score.postures(times)
        joints = solve(postures, self.body)
        none = np.zeros(())
        return joints.moved(rotation(np.array(self.yaw), none, none), self.spot), postures[:, TRUNK["face"]]


@dataclass(frozen=True)
class Scripted:
    """What one person is meant to be seen doing."""

    person: int
    span: Span


def performers(settings: Rehearsal) -> list[Performer]:
    """Everybody, the same for the same settings."""
    yaw = _view(settings)
    rng = np.random.default_rng([settings.seed, 1])
    order = list(rng.permutation(len(looks())))
    if settings.look is not None:
        order.remove(settings.look)
        order.insert(0, settings.look)
    found = []
    for person in range(settings.people):
        own = np.random.default_rng([settings.seed, 2, person])
        look = looks()[order[person % len(order)]]
        score = compose(
            tuple(motion(name) for name in settings.motions), own, pace=settings.pace, repeats=settings.reps,
            mirror=settings.mirror, shuffled=settings.shuffled,
        )  # fmt: skip
        body = varied(look.body(), own) if settings.people > 1 else look.body()
        turned = float(own.uniform(-10, 10)) if settings.people > 1 else 0.0
        spot = _spot(person, settings.people)
        facing = -np.degrees(np.arctan2(spot[0], 6.0)) if settings.people > 1 else 0.0
        found.append(Performer(person, look, body, score, spot, yaw + turned + float(facing)))
    return found


def _view(settings: Rehearsal) -> float:
    """Degrees to the people's left: towards the camera where that shows every motion, else as the first asks for."""
    low, high = motion(settings.motions[0]).yaw
    return settings.yaw if settings.yaw is not None else 0.0 if low <= 0 <= high else (low + high) / 2


def _spot(person: int, people: int) -> Reals:
    """(3,) a place in a loose group: two rows, the second one in the gaps of the first."""
    across = (person - (people - 1) / 2) * (1.05 if people < 4 else 0.80)
    return np.array([across, 0.0, -0.75 * (person % 2)])


def camera(settings: Rehearsal, people: list[Performer]) -> Camera:
    """The camera that the settings ask for; else the widest that one of the motions wants."""
    wanted = [motion(name).camera for name in settings.motions]
    framing = settings.camera or min(wanted, key=list(FRAMINGS).index)
    spots = np.stack([person.spot for person in people])
    bodies = [person.body for person in people]
    return placed(
        settings.width, settings.height, framing, bodies, spots, distance=settings.distance, pitch=settings.pitch
    )


def script(settings: Rehearsal | str, until: float | None = None) -> tuple[Scripted, ...]:
    """What everybody is meant to be seen doing, in the order of time, without drawing anything.

    `until` in seconds; where it is not given, up to the end, or one round of a rehearsal without end. Spans that the
    end cuts off are left out, and so is what has no label.
    """
    if isinstance(settings, str):
        settings = rehearsal(settings)
    found = []
    for person in performers(settings):
        end = until or settings.seconds or person.score.length
        found += [Scripted(person.id, span) for span in person.score.until(end) if span.label and span.end <= end]
    return tuple(sorted(found, key=lambda scripted: (scripted.span.begin, scripted.person)))
