"""A finished dance: where every joint is at every moment, which feet bear weight, and what music it belongs to.

Whatever makes a dance (planner, learned model, motion capture) gives a `Dance`; whatever shows, measures or writes one
reads nothing else. Stage coordinates: metres, x to the dancer's left when it faces the audience, y up, z towards the
audience, the floor at 0; travels and turns are in the joints.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footlights.core.errors import SettingsError
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.body import MODEL_STATURE, Body
from footlights.media.rehearsal.posture import rest
from footlights.media.rehearsal.skeleton import SIDE, Joints, solve
from footlights.recognition.dance.song import Song

FPS = 60.0
SMPL = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
_FORMAT = "footlights-dance-1"
_COLLAR = 0.3  # of the way from the root of the neck to the shoulder
_MIDDLE_FINGER = 9  # of the 21 points of a hand: the knuckle of the middle finger
_TOE = np.array([0.060, 0.150])  # toes from the ankle: metres down and forward along the foot, before the scale
_HEEL = np.array([0.050, -0.050])  # the heel


@dataclass(frozen=True)
class PhraseSpan:
    """When a phrase is danced, seconds."""

    name: str
    style: str
    begin: float
    end: float
    mirror: bool = False


@dataclass(frozen=True, eq=False)
class Dance:
    """One dancer's dance. T moments, the first at second 0 of the song's clock."""

    fps: float
    joints: Joints  # arrays of (T, ...)
    body: Body
    contacts: NDArray[np.bool_]  # (T, 2) whether the left and the right foot bear weight
    song: Song
    face: Reals | None = None  # (T, 5) smile, open, brow, eye, frown, as `posture.FACE`
    phrases: tuple[PhraseSpan, ...] = ()  # in the order of time

    def __len__(self) -> int:
        return len(self.joints.pelvis)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self) / self.fps

    @property
    def times(self) -> Reals:
        """(T,) seconds."""
        return np.arange(len(self)) / self.fps

    def json(self) -> dict[str, Any]:
        """The dance as a table that JSON can hold; places to a tenth of a millimetre."""
        return {
            "format": _FORMAT, "fps": self.fps, "body": asdict(self.body),
            "joints": {f.name: np.round(getattr(self.joints, f.name), 4).tolist() for f in fields(Joints)},
            "contacts": self.contacts.astype(int).tolist(),
            "face": None if self.face is None else np.round(self.face, 3).tolist(),
            "phrases": [asdict(span) for span in self.phrases], "song": self.song.json(),
        }  # fmt: skip

    @staticmethod
    def from_json(table: Mapping[str, Any]) -> "Dance":
        """The dance of such a table. Raises SettingsError where it is none."""
        if table.get("format") != _FORMAT:
            raise SettingsError(f"not a dance: its format must be {_FORMAT!r}, got {table.get('format')!r}")
        try:
            return Dance(
                fps=float(table["fps"]),
                joints=Joints(**{f.name: np.asarray(table["joints"][f.name], np.float64) for f in fields(Joints)}),
                body=Body(**table["body"]), contacts=np.asarray(table["contacts"], bool),
                song=Song.from_json(table["song"]),
                face=None if table["face"] is None else np.asarray(table["face"], np.float64),
                phrases=tuple(PhraseSpan(**span) for span in table["phrases"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as fault:
            raise SettingsError(f"not a dance: {fault!r}") from fault


def joints24(dance: Dance) -> Reals:
    """(T, 24, 3) joints in the order of the SMPL body model (`SMPL`), stage coordinates."""
    j = dance.joints
    out = np.empty((len(dance), 24, 3))
    for index, place in {0: j.pelvis, 6: j.waist, 12: j.neck, 15: j.head}.items():
        out[:, index] = place
    out[:, 3], out[:, 9] = (j.pelvis + j.waist) / 2, (j.waist + j.neck) / 2
    hands = j.hands[:, :, _MIDDLE_FINGER]
    collars = j.neck[:, None] + _COLLAR * (j.shoulders - j.neck[:, None])
    for index, pair in {
        1: j.hips, 4: j.knees, 7: j.ankles, 10: j.toes, 13: collars, 16: j.shoulders, 18: j.elbows, 20: j.wrists,
        22: hands,
    }.items():  # fmt: skip
        out[:, index : index + 2] = pair
    return out


def from_joints24(
    positions: Reals,
    fps: float,
    song: Song,
    body: Body | None = None,
    contacts: NDArray[np.bool_] | None = None,
    face: Reals | None = None,
    phrases: tuple[PhraseSpan, ...] = (),
) -> Dance:
    """A dance from (T, 24, 3) joints in SMPL order, metres, y up, the floor at 0.

    Without `body` the bones are measured; without `contacts` a foot bears weight where it is low and slow. Axes follow
    from the places: the head looks where the chest does, the hands lie along the forearm with the palms inwards.
    """
    body = measured(positions) if body is None else body
    contacts = standing(positions, fps) if contacts is None else contacts
    p = np.asarray(positions, np.float64)
    pairs = {
        name: p[:, index : index + 2]
        for name, index in {
            "hips": 1, "knees": 4, "ankles": 7, "toes": 10, "shoulders": 16, "elbows": 18, "wrists": 20,
        }.items()
    }  # fmt: skip
    pelvis_axes = _axes(p[:, 1] - p[:, 2], p[:, 6] - p[:, 0])
    chest_axes = _axes(p[:, 16] - p[:, 17], p[:, 12] - p[:, 6])
    head_axes = _axes(chest_axes[..., 0], p[:, 15] - p[:, 12] - 0.022 * body.scale * chest_axes[..., 2])
    heels = _heels(pairs["knees"], pairs["ankles"], pairs["toes"])
    hand_axes, hands = _hands(pairs["elbows"], pairs["wrists"], p[:, 22:24], chest_axes, body)
    joints = Joints(
        pelvis=p[:, 0], waist=p[:, 6], neck=p[:, 12], head=p[:, 15], heels=heels, hands=hands,
        pelvis_axes=pelvis_axes, chest_axes=chest_axes, head_axes=head_axes, hand_axes=hand_axes, **pairs,
    )  # fmt: skip
    return Dance(fps, joints, body, contacts, song, face, phrases)


def measured(positions: Reals) -> Body:
    """The build of whoever moved (T, 24, 3) joints: median lengths of the bones."""

    def length(*bones: tuple[int, int]) -> float:
        return float(np.median([np.linalg.norm(positions[:, a] - positions[:, b], axis=-1) for a, b in bones]))

    thigh, shank = length((1, 4), (2, 5)), length((4, 7), (5, 8))
    spine = length((0, 6)) + length((6, 12))
    scale = (0.993 * (thigh + shank) + spine + 0.0001) / (MODEL_STATURE - 0.38)  # head and foot grow with the rest
    return Body(
        scale=scale, shoulder=length((16, 17)) / 2, hip=length((1, 2)) / 2, upper_arm=length((16, 18), (17, 19)),
        forearm=length((18, 20), (19, 21)), thigh=thigh, shank=shank, spine=spine, waist=length((0, 6)),
    )  # fmt: skip


def standing(positions: Reals, fps: float, height: float = 0.05, speed: float = 0.25) -> NDArray[np.bool_]:
    """(T, 2) which feet bear weight: the toes within `height` metres of the lowest they go, and slower than `speed`."""
    toes = positions[:, 10:12]
    moved = np.gradient(toes, 1 / fps, axis=0) if len(toes) > 1 else np.zeros_like(toes)
    low = toes[..., 1] < np.quantile(toes[..., 1], 0.05) + height
    return np.asarray(low & (np.linalg.norm(moved, axis=-1) < speed))


def _unit(vectors: Reals) -> Reals:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def _axes(left: Reals, up: Reals) -> Reals:
    """(T, 3, 3) axes of a part, columns left, up, forward; `up` is kept exactly."""
    up = _unit(up)
    left = _unit(left - up * (left * up).sum(-1, keepdims=True))
    return np.stack([left, up, np.cross(left, up)], -1)


def _heels(knees: Reals, ankles: Reals, toes: Reals) -> Reals:
    """(T, 2, 3) heels: the foot is a stiff triangle that stands in the plane of shin and toes."""
    ray = toes - ankles
    shin = ankles - knees
    size = np.linalg.norm(ray, axis=-1, keepdims=True) / np.linalg.norm(_TOE)
    along = _unit(ray)
    down = _unit(shin - along * (shin * along).sum(-1, keepdims=True))
    sin, cos = _TOE / np.linalg.norm(_TOE)
    forward, sole = along * cos - down * sin, along * sin + down * cos
    return np.asarray(ankles + size * (sole * _HEEL[0] + forward * _HEEL[1]))


def _hands(elbows: Reals, wrists: Reals, knuckles: Reals, chest_axes: Reals, body: Body) -> tuple[Reals, Reals]:
    """(T, 2, 3, 3) axes and (T, 2, 21, 3) points of hands that are held loosely, the palms inwards."""
    along = knuckles - wrists
    along = _unit(np.where(np.linalg.norm(along, axis=-1, keepdims=True) > 1e-4, along, wrists - elbows))
    palm = -SIDE[:, None] * chest_axes[:, None, :, 0] + 0.15 * chest_axes[:, None, :, 2]
    palm = _unit(palm - along * (palm * along).sum(-1, keepdims=True))
    axes = np.stack([np.cross(palm, along) * SIDE[:, None], along, palm], -1)
    return axes, wrists[..., None, :] + _loose_hand() * body.scale @ np.swapaxes(axes, -1, -2)


@lru_cache(maxsize=1)
def _loose_hand() -> Reals:
    """(21, 3) points of a hand at rest in its own axes, metres of a model body."""
    joints = solve(rest()[None], Body())
    return np.asarray((joints.hands - joints.wrists[:, :, None])[0, 0] @ joints.hand_axes[0, 0])
