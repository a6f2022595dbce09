"""A plain body around the bones of a `Rig`: rounded solids, each of which follows one joint."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.looks import Look
from footlights.media.rehearsal.skeleton import HEAD_AXES
from footlights.recognition.dance.rig import Rig

_AROUND, _ALONG = 14, 9  # corners of a solid
MATERIALS = ("skin", "hair", "top", "bottoms", "shoes", "dark")


@dataclass(frozen=True, eq=False)
class Mesh:
    """The surface of all solids of one material, in the pose of rest."""

    material: str  # of `MATERIALS`
    points: Reals  # (V, 3) metres
    normals: Reals  # (V, 3)
    joints: Reals  # (V,) the joint that each follows
    faces: Reals  # (F, 3) counterclockwise from outside


@dataclass(frozen=True, eq=False)
class _Solid:
    material: str
    joint: int
    points: Reals
    normals: Reals
    faces: Reals


def rest_places(bones: Rig) -> Reals:
    """(J, 3) where the joints are at rest, the root at the height at which the feet stand on the floor."""
    places = np.zeros((len(bones.names), 3))
    for index, parent in enumerate(bones.parents):
        places[index] = bones.offsets[index] + (places[parent] if parent >= 0 else 0)
    places[:, 1] -= places[:, 1].min() - 0.02
    return places


def colours(look: Look) -> dict[str, tuple[float, float, float]]:
    """Linear RGB of each material."""
    tones = {
        "skin": look.skin, "hair": look.hair, "top": look.top, "bottoms": look.bottoms, "shoes": look.shoes,
        "dark": (24, 20, 20),
    }  # fmt: skip
    return {name: _linear(tone) for name, tone in tones.items()}


def _linear(tone: tuple[int, int, int]) -> tuple[float, float, float]:
    """From sRGB 0..255 (IEC 61966-2-1)."""
    share = np.array(tone) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear[0]), float(linear[1]), float(linear[2])


def meshes(bones: Rig, look: Look, scale: float) -> list[Mesh]:
    """The body. `scale`: its stature against the model's."""
    solids = list(_Tailor(bones, look, scale).solids())
    found = []
    for material in MATERIALS:
        own = [solid for solid in solids if solid.material == material]
        if not own:
            continue
        starts = np.cumsum([0] + [len(solid.points) for solid in own])
        found.append(Mesh(
            material, np.concatenate([solid.points for solid in own]),
            np.concatenate([solid.normals for solid in own]),
            np.concatenate([np.full(len(solid.points), solid.joint) for solid in own]),
            np.concatenate([solid.faces + start for solid, start in zip(own, starts[:-1], strict=True)]),
        ))  # fmt: skip
    return found


class _Tailor:
    """Makes the solids of one body, in the pose of rest."""

    def __init__(self, bones: Rig, look: Look, scale: float) -> None:
        self._look, self._size = look, scale
        self._at = dict(zip(bones.names, rest_places(bones), strict=True))
        self._index = {name: number for number, name in enumerate(bones.names)}

    def solids(self) -> Iterator[_Solid]:
        """All of them."""
        yield from self._trunk()
        yield from self._head()
        for side, name in ((1.0, "Left"), (-1.0, "Right")):
            yield from self._arm(name)
            yield from self._hand(name, side)
            yield from self._leg(name)

    def _tube(
        self, material: str, joint: str, a: Reals, b: Reals, *radii: float, flat: float = 1.0, cap: float = 1.0
    ) -> _Solid:
        """From a to b; radii in metres of a model body."""
        return _tube(material, self._index[joint], a, b, np.array(radii) * self._size, flat, cap)

    def _ball(self, material: str, joint: str, centre: Reals, half: Reals) -> _Solid:
        return _ball(material, self._index[joint], centre, half * self._size)

    def _moved(self, joint: str, left: float, up: float, forward: float) -> Reals:
        """A place so many metres of a model body from a joint."""
        return np.asarray(self._at[joint] + np.array([left, up, forward]) * self._size)

    def _trunk(self) -> Iterator[_Solid]:
        girth = self._look.girth
        wide = float(abs(self._at["LeftArm"][0] - self._at["RightArm"][0]) / 2 / self._size)
        low, high = self._moved("Hips", 0, -0.07, 0), self._moved("Hips", 0, 0.07, 0)
        yield self._tube("bottoms", "Hips", low, high, 0.13 * girth, 0.158 * girth, flat=0.72, cap=0.35)
        low, high = self._moved("Hips", 0, 0.06, 0), self._moved("Spine", 0, 0.03, 0)
        yield self._tube("top", "Hips", low, high, 0.150 * girth, 0.130 * girth, flat=0.70, cap=0.1)
        low, high = self._at["Spine"], self._moved("Neck", 0, -0.03, 0)
        yield self._tube(
            "top", "Spine", low, high, 0.126 * girth, 0.150 * girth, wide * 0.92, wide * 0.55, flat=0.66, cap=0.5
        )
        low, high = self._moved("Neck", 0, -0.04, 0), self._moved("Head", 0, -0.05, 0)
        yield self._tube("skin", "Neck", low, high, 0.056, 0.050)

    def _head(self) -> Iterator[_Solid]:
        style, half = self._look.style, HEAD_AXES
        yield self._ball("skin", "Head", self._at["Head"], half)
        if style != "bald":
            yield self._ball("hair", "Head", self._moved("Head", 0, 0.034, -0.018), half * [1.06, 0.94, 1.0])
        if style in ("long", "bob", "ponytail"):
            yield self._ball("hair", "Head", self._moved("Head", 0, -0.05, -0.075), half * [0.9, 1.15, 0.45])
        if style == "bun":
            yield self._ball("hair", "Head", self._moved("Head", 0, 0.10, -0.09), half * 0.45)
        yield self._ball("skin", "Head", self._moved("Head", 0, -0.028, 0.098), np.array([0.013, 0.022, 0.016]))
        yield self._ball("dark", "Head", self._moved("Head", 0, -0.062, 0.088), np.array([0.022, 0.005, 0.006]))
        for side in (-1, 1):
            yield self._ball("dark", "Head", self._moved("Head", side * 0.032, -0.004, 0.093), np.full(3, 0.011))

    def _arm(self, name: str) -> Iterator[_Solid]:
        shoulder, elbow, wrist = (self._at[f"{name}{part}"] for part in ("Arm", "ForeArm", "Hand"))
        sleeves = self._look.sleeves
        bare = "skin" if sleeves < 1.5 else "top"
        yield self._tube("top", f"{name}Shoulder", self._at[f"{name}Shoulder"], shoulder, 0.050, 0.058)
        yield self._tube(bare, f"{name}Arm", shoulder, elbow, 0.048, 0.047, 0.041)
        if 0 < sleeves < 1.5:
            end = shoulder + (elbow - shoulder) * min(1.0, sleeves)
            yield self._tube("top", f"{name}Arm", shoulder, end, 0.057, 0.056, 0.054)
        yield self._tube(bare, f"{name}ForeArm", elbow, wrist, 0.041, 0.040, 0.027)

    def _hand(self, name: str, side: float) -> Iterator[_Solid]:
        hand = f"{name}Hand"
        knuckles = self._moved(hand, side * 0.09, 0, 0)
        yield self._tube("skin", hand, self._at[hand], knuckles, 0.026, 0.042, 0.036, flat=0.45)
        for finger, reach in enumerate((0.070, 0.078, 0.072, 0.055)):
            ahead = 0.026 - 0.018 * finger
            root, tip = self._moved(hand, side * 0.085, 0, ahead), self._moved(hand, side * (0.085 + reach), 0, ahead)
            yield self._tube("skin", hand, root, tip, 0.0095, 0.0080)
        root, tip = self._moved(hand, side * 0.025, -0.004, 0.028), self._moved(hand, side * 0.080, -0.012, 0.064)
        yield self._tube("skin", hand, root, tip, 0.0125, 0.0095)

    def _leg(self, name: str) -> Iterator[_Solid]:
        hip, knee, ankle = (self._at[f"{name}{part}"] for part in ("UpLeg", "Leg", "Foot"))
        short, thick = self._look.trousers < 0.9, 0.5 + 0.5 * self._look.girth
        end = hip + (knee - hip) * 0.75 if short else knee
        yield self._tube("bottoms", f"{name}UpLeg", hip, end, 0.082 * thick, 0.074 * thick, 0.060 * thick)
        if short:
            yield self._tube("skin", f"{name}UpLeg", hip, knee, 0.070 * thick, 0.064 * thick, 0.050 * thick)
        shank = "skin" if short else "bottoms"
        yield self._tube(shank, f"{name}Leg", knee, ankle, 0.056 * thick, 0.055 * thick, 0.040 * thick)
        heel, toes = self._moved(f"{name}Foot", 0, -0.030, -0.030), self._moved(f"{name}ToeBase", 0, 0.020, 0.020)
        yield self._tube("shoes", f"{name}Foot", heel, toes, 0.040, 0.044, 0.038, flat=0.85)
        yield self._tube("shoes", f"{name}Foot", ankle, self._moved(f"{name}Foot", 0, -0.030, 0.0), 0.042, 0.040)


def _tube(material: str, joint: int, start: Reals, end: Reals, radii: Reals, flat: float, cap: float) -> _Solid:
    """A tube with round ends from start to end. `flat`: its depth against its width; `cap`: how round the ends are."""
    along = end - start
    length = float(np.linalg.norm(along))
    along = along / length
    front = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    side = np.cross(front, along)
    side /= np.linalg.norm(side)
    front = np.cross(along, side)
    if abs(along[0]) > 0.9:  # a hand is flat from above
        side, front = front, side
    turn = np.linspace(-np.pi / 2, 0, 4)
    body = np.linspace(0, 1, _ALONG)
    size = np.interp(body, np.linspace(0, 1, len(radii)), radii)
    places = np.concatenate(
        [cap * radii[0] * np.sin(turn[:-1]), body * length, length + cap * radii[-1] * np.sin(-turn[::-1][1:])]
    )
    rings = np.concatenate([radii[0] * np.cos(turn[:-1]), size, radii[-1] * np.cos(turn[::-1][1:])])
    angle = np.arange(_AROUND) / _AROUND * 2 * np.pi
    across = np.cos(angle)[:, None] * side + flat * np.sin(angle)[:, None] * front
    points = start + places[:, None, None] * along + np.maximum(rings, 1e-4)[:, None, None] * across
    return _solid(material, joint, points)


def _ball(material: str, joint: int, centre: Reals, half: Reals) -> _Solid:
    turn, angle = np.linspace(-np.pi / 2, np.pi / 2, 11), np.arange(_AROUND + 4) / (_AROUND + 4) * 2 * np.pi
    wide = np.maximum(np.cos(turn), 1e-4)
    points = np.stack([
        wide[:, None] * np.cos(angle), np.broadcast_to(np.sin(turn)[:, None], (len(turn), len(angle))),
        -wide[:, None] * np.sin(angle),
    ], -1)  # fmt: skip
    return _solid(material, joint, centre + points * half)


def _solid(material: str, joint: int, points: Reals) -> _Solid:
    """From (R, A, 3) rings of points; the faces are turned outwards."""
    rings, around = points.shape[:2]
    here = np.arange(rings - 1)[:, None] * around + np.arange(around)
    beside = np.arange(rings - 1)[:, None] * around + (np.arange(around) + 1) % around
    faces = np.stack(
        [np.stack([here, beside, beside + around], -1), np.stack([here, beside + around, here + around], -1)]
    )
    faces = faces.reshape(-1, 3)
    flat = points.reshape(-1, 3)
    cross = np.cross(flat[faces[:, 1]] - flat[faces[:, 0]], flat[faces[:, 2]] - flat[faces[:, 0]])
    if (cross * (flat[faces].mean(1) - flat.mean(0))).sum() < 0:
        faces, cross = faces[:, ::-1], -cross
    normals = np.zeros_like(flat)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], cross)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return _Solid(material, joint, flat, normals, faces)
