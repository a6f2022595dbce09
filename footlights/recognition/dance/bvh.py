"""BVH files (Biovision Hierarchy): written for other programs, and read from motion capture.

Written in centimetres and degrees, y up, channels Z X Y, with the names that Mixamo uses. Read in whatever unit and
whichever way up: the body says what is up and how long a metre is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from footlights.core.errors import SettingsError, SinkError, SourceError
from footlights.media.faults import place_fault
from footlights.media.rehearsal.arrays import Reals
from footlights.recognition.dance.dance import SMPL, Dance, from_joints24
from footlights.recognition.dance.rig import Rig, rig
from footlights.recognition.dance.song import Song, steady

_CM = 100.0  # units of the file in a metre
_ORDER = "ZXY"
_UNITS = (1.0, 0.01, 0.0254, 0.001)  # metres: what files are written in
_STATURES = (1.2, 2.2)  # metres: a unit that gives one of these is believed
_MODEL = 1.715  # metres: everybody else
_MOST_BYTES = 400_000_000
_TEMPO = 120.0  # beats a minute of the song that nobody plays

_ROLES: dict[str, tuple[str, ...]] = {  # SMPL joint without its side: names it goes by, lower case, the likeliest first
    "hip": ("upleg", "thigh", "hip", "upperleg"), "knee": ("leg", "shin", "calf", "knee", "lowerleg"),
    "ankle": ("foot", "ankle"), "foot": ("toebase", "toe", "toes", "ball"),
    "collar": ("shoulder", "collar", "clavicle"), "shoulder": ("arm", "upperarm", "shldr", "uparm"),
    "elbow": ("forearm", "lowerarm", "elbow", "lowarm"), "wrist": ("hand", "wrist"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Clip:
    """What a BVH file holds. J joints and ends of chains, T moments."""

    names: tuple[str, ...]  # an end of a chain is called "NAME end"
    parents: tuple[int, ...]
    places: Reals  # (T, J, 3) in the file's own unit and axes
    fps: float

    def __len__(self) -> int:
        return len(self.places)


def write_bvh(dance: Dance, path: Path) -> None:
    """Write the motion of a dance. Raises SinkError where the place cannot be written."""
    try:
        with path.open("w", encoding="ascii") as file:
            file.writelines(lines(rig(dance), dance.fps))
    except OSError as fault:
        raise SinkError(f"{path} cannot be written: {place_fault(fault)}") from None


def lines(bones: Rig, fps: float) -> Iterator[str]:
    """The text of the file, line by line."""
    order: list[int] = []
    yield "HIERARCHY\n"
    yield from _tree(bones, 0, 0, order)
    yield f"MOTION\nFrames: {len(bones.root)}\nFrame Time: {1 / fps:.8f}\n"
    degrees = np.degrees(_angles(bones.turns[:, order])).reshape(len(bones.root), -1)
    numbers = np.concatenate([bones.root * _CM, degrees], axis=1)
    for row in numbers:
        yield " ".join(f"{number:.5f}" for number in row) + "\n"


def _tree(bones: Rig, joint: int, depth: int, order: list[int]) -> Iterator[str]:
    """The hierarchy from a joint on; `order` takes the joints as they come."""
    order.append(joint)
    indent, inside = "\t" * depth, "\t" * (depth + 1)
    x, y, z = bones.offsets[joint] * _CM
    places = "6 Xposition Yposition Zposition " if depth == 0 else "3 "
    yield f"{indent}{'ROOT' if depth == 0 else 'JOINT'} {bones.names[joint]}\n{indent}{{\n"
    yield f"{inside}OFFSET {x:.5f} {y:.5f} {z:.5f}\n"
    yield f"{inside}CHANNELS {places}{' '.join(f'{axis}rotation' for axis in _ORDER)}\n"
    for child, parent in enumerate(bones.parents):
        if parent == joint:
            yield from _tree(bones, child, depth + 1, order)
    tip = bones.tips[joint]
    if tip is not None:
        x, y, z = np.array(tip) * _CM
        yield f"{inside}End Site\n{inside}{{\n{inside}\tOFFSET {x:.5f} {y:.5f} {z:.5f}\n{inside}}}\n"
    yield f"{indent}}}\n"


def _angles(turns: Reals) -> Reals:
    """(..., 3) radians about z, x, y of (..., 3, 3) turns = Rz Rx Ry."""
    sin = np.clip(turns[..., 2, 1], -1, 1)
    level = np.abs(sin) < 1 - 1e-9
    z = np.where(level, np.arctan2(-turns[..., 0, 1], turns[..., 1, 1]), np.arctan2(turns[..., 1, 0], turns[..., 0, 0]))
    y = np.where(level, np.arctan2(-turns[..., 2, 0], turns[..., 2, 2]), 0.0)
    return np.stack([z, np.arcsin(sin), y], -1)


def read_bvh(path: Path, song: Song | None = None) -> Dance:
    """A dance from motion capture; `song` is what it was danced to.

    Raises SourceError where the file cannot be read or is damaged, and where no human body is found in it.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SourceError(f"{path}: larger than {_MOST_BYTES // 1_000_000} MB; cut it into pieces")
        clip = parse(path.read_text(encoding="utf-8", errors="replace"), str(path))
    except OSError as fault:
        raise SourceError(f"{path} cannot be read: {fault.strerror or fault}") from None
    places = on_stage(joints24_of(clip, str(path)))
    seconds = len(clip) / clip.fps
    return from_joints24(places, clip.fps, song or steady(_TEMPO, seconds, title=path.stem))


def parse(text: str, label: str = "BVH") -> Clip:
    """The clip in the text of a BVH file. Raises SourceError that says where it is wrong."""
    words = iter(text.split())
    try:
        if next(words).upper() != "HIERARCHY":
            raise SourceError(f"{label} is not a BVH file: it does not begin with HIERARCHY")
        joints = _joints(words, label)
        numbers = _motion(words, sum(len(joint.channels) for joint in joints), label)
    except StopIteration:
        raise SourceError(f"{label} ends too early: it is damaged, or was not copied to its end") from None
    except ValueError as fault:
        raise SourceError(f"{label} is damaged: {fault}") from None
    frames, step = numbers
    return Clip(
        tuple(joint.name for joint in joints), tuple(joint.parent for joint in joints), _placed(joints, frames),
        1.0 / step,
    )  # fmt: skip


@dataclass(frozen=True)
class _Joint:
    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...]  # such as "Xposition", lower case


def _joints(words: Iterator[str], label: str) -> list[_Joint]:
    """The hierarchy, up to the word MOTION."""
    found: list[_Joint] = []
    open_ones: list[int] = []
    name = ""
    while (word := next(words).upper()) != "MOTION":
        if word in ("ROOT", "JOINT"):
            name = next(words)
        elif word == "END":
            next(words)
            name = f"{found[open_ones[-1]].name} end"
        elif word == "{":
            parent = open_ones[-1] if open_ones else -1
            open_ones.append(len(found))
            found.append(_Joint(name, parent, (0.0, 0.0, 0.0), ()))
        elif word == "}":
            if not open_ones:
                raise SourceError(f"{label} is damaged: a bracket too many in its hierarchy")
            open_ones.pop()
        elif word == "OFFSET" and open_ones:
            one = found[open_ones[-1]]
            offset = float(next(words)), float(next(words)), float(next(words))
            found[open_ones[-1]] = _Joint(one.name, one.parent, offset, one.channels)
        elif word == "CHANNELS" and open_ones:
            one = found[open_ones[-1]]
            channels = [next(words).lower() for _ in range(int(next(words)))]
            found[open_ones[-1]] = _Joint(one.name, one.parent, one.offset, tuple(channels))
        elif not found:
            name = f"{name} {word}"
        else:
            raise SourceError(f"{label} is damaged: {word[:40]!r} in its hierarchy")
    if not found:
        raise SourceError(f"{label} holds no joint")
    return found


def _motion(words: Iterator[str], width: int, label: str) -> tuple[Reals, float]:
    """(T, C) numbers of the channels, and the seconds of a frame."""
    if next(words).upper() != "FRAMES:":
        raise SourceError(f"{label} is damaged: no number of frames")
    count = int(next(words))
    if next(words).upper() != "FRAME" or next(words).upper() != "TIME:":
        raise SourceError(f"{label} is damaged: no frame time")
    step = float(next(words))
    numbers = np.array(list(words), np.float64)
    whole = len(numbers) // max(1, width)
    if not 0 < step < 10 or count < 1 or whole < 1 or not np.isfinite(numbers).all():
        raise SourceError(f"{label} holds no motion: {count} frames of {step:g} s, {len(numbers)} numbers")
    whole = min(whole, count)  # a file that was cut off is read as far as it goes
    return numbers[: whole * width].reshape(whole, width), step


def _placed(joints: list[_Joint], frames: Reals) -> Reals:
    """(T, J, 3) places of all joints."""
    places = np.empty((len(frames), len(joints), 3))
    axes = np.empty((len(frames), len(joints), 3, 3))
    column = 0
    for index, joint in enumerate(joints):
        shift = np.tile(np.array(joint.offset), (len(frames), 1))
        turn = np.tile(np.eye(3), (len(frames), 1, 1))
        moved = [name for name in joint.channels if name.endswith("position")]
        if moved:
            shift[:, ["xyz".index(name[0]) for name in moved]] = 0.0  # the channels say it instead of the offset
        for name in joint.channels:
            values = frames[:, column]
            column += 1
            axis = "xyz".index(name[0])
            if name.endswith("position"):
                shift[:, axis] = values
            else:
                turn = turn @ _about(axis, np.radians(values))
        if joint.parent < 0:
            places[:, index], axes[:, index] = shift, turn
        else:
            parent = axes[:, joint.parent]
            places[:, index] = places[:, joint.parent] + np.einsum("tij,tj->ti", parent, shift)
            axes[:, index] = parent @ turn
    return places


def _about(axis: int, angles: Reals) -> Reals:
    cos, sin = np.cos(angles), np.sin(angles)
    out = np.zeros((len(angles), 3, 3))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    out[:, axis, axis] = 1
    out[:, a, a] = out[:, b, b] = cos
    out[:, a, b], out[:, b, a] = -sin, sin
    return out


def joints24_of(clip: Clip, label: str = "BVH") -> Reals:
    """(T, 24, 3) joints in the order of SMPL, found by their names, in the file's own unit and axes.

    Raises SourceError that names what was not found.
    """
    names = [
        name.split(":")[-1].lower().replace("_", "").replace(" ", "").replace("mixamorig", "") for name in clip.names
    ]
    found = {joint: _limb(names, joint) for joint in SMPL if "_" in joint and not joint.endswith("_hand")}
    missing = [joint for joint, index in found.items() if index is None and not joint.endswith(("_collar", "_foot"))]
    if missing:
        raise SourceError(
            f"{label}: no joint is called like {', '.join(missing)}; it has {', '.join(clip.names[:12])} …"
        )
    places = {joint: clip.places[:, index] for joint, index in found.items() if index is not None}
    hips = (places["left_hip"] + places["right_hip"]) / 2
    neck = next((i for i, name in enumerate(names) if name.startswith("neck")), None)
    shoulders = (places["left_shoulder"] + places["right_shoulder"]) / 2
    top = shoulders if neck is None else clip.places[:, neck]
    head = next((i for i, name in enumerate(names) if name.startswith("head")), None)
    places |= {"pelvis": hips, "neck": top}
    for name, share in (("spine1", 0.2), ("spine2", 0.4), ("spine3", 0.7)):
        places[name] = hips + (top - hips) * share
    places["head"] = top + (top - hips) * 0.36 if head is None else clip.places[:, head]
    for side in ("left", "right"):
        ankle, wrist, knee = places[f"{side}_ankle"], places[f"{side}_wrist"], places[f"{side}_knee"]
        if f"{side}_foot" not in places:
            places[f"{side}_foot"] = ankle + (ankle - knee) * 0.1
        if f"{side}_collar" not in places:
            places[f"{side}_collar"] = top + (places[f"{side}_shoulder"] - top) * 0.3
        places[f"{side}_hand"] = wrist + (wrist - places[f"{side}_elbow"]) * 0.35
    return np.stack([places[joint] for joint in SMPL], axis=1)


def _limb(names: list[str], joint: str) -> int | None:
    """The joint of a file that plays the role of an SMPL joint of one side."""
    side, _, role = joint.partition("_")
    forms = [
        form for word in _ROLES[role]
        for form in (f"{side}{word}", f"{word}{side}", f"{side[0]}{word}", f"{word}{side[0]}", f"{word}.{side[0]}")
    ]  # fmt: skip
    return next((names.index(form) for form in forms if form in names), None)


def on_stage(places: Reals) -> Reals:
    """(T, 24, 3) joints of any unit and axes in stage coordinates: metres, y up, facing the audience, floor at 0."""
    up = np.median(places[:, 15] - (places[:, 7] + places[:, 8]) / 2, axis=0)
    axis = int(np.abs(up).argmax())
    turn = np.zeros((3, 3))  # rows: the axes of the stage, in those of the file
    turn[1, axis] = np.sign(up[axis])
    turn[0, (axis + 1) % 3] = 1.0
    turn[2] = np.cross(turn[0], turn[1])
    places = places @ turn.T
    places = places * _metres(places)
    left = (places[:, 1] - places[:, 2] + places[:, 16] - places[:, 17])[: max(1, len(places) // 20)].mean(0)
    yaw = np.arctan2(left[2], left[0])
    cos, sin = np.cos(yaw), np.sin(yaw)
    places = places @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    spot = np.median(places[:, 0], axis=0)
    floor = float(np.quantile(places[:, 10:12, 1].min(-1), 0.02)) - 0.02
    return np.asarray(places - [spot[0], floor, spot[2]])


def _metres(places: Reals) -> float:
    """How many metres a unit is: one of the usual ones where that gives a person's height."""

    def bone(a: int, b: int) -> float:
        return float(np.median(np.linalg.norm(places[:, a] - places[:, b], axis=-1)))

    height = (bone(2, 5) + bone(5, 8)) / 0.85 * _MODEL
    if height <= 0:
        raise SettingsError("the legs of this body have no length")
    return next((unit for unit in _UNITS if _STATURES[0] < height * unit < _STATURES[1]), _MODEL / height)
