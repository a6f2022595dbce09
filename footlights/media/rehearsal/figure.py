"""Draws one person: every limb as a tube, the hands in detail, the head with its face."""

from dataclasses import dataclass

import numpy as np

from footlights.media.rehearsal.arrays import Float, Reals
from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.face import Expression, Face
from footlights.media.rehearsal.head import Headdress, draw_head
from footlights.media.rehearsal.looks import Look
from footlights.media.rehearsal.raster import Raster, Section, profile
from footlights.media.rehearsal.skeleton import Joints
from footlights.media.rehearsal.wardrobe import Wardrobe, wardrobe

_SMALL_HAND = 300.0  # pixels per metre: below, hands are drawn with fewer parts

_UPPER_ARM = profile((0, 0.050), (0.15, 0.054), (0.5, 0.046), (0.9, 0.040), (1, 0.041))
_FOREARM = profile((0, 0.0405), (0.25, 0.043), (0.6, 0.034), (0.9, 0.0265), (1, 0.0250))
_SLEEVE = profile((0, 0.054), (0.2, 0.058), (0.6, 0.054), (1, 0.053))
_LOWER_SLEEVE = profile((0, 0.046), (0.3, 0.047), (1, 0.034))
_THIGH = profile((0, 0.078), (0.2, 0.086), (0.6, 0.070), (1, 0.056))
_SHANK = profile((0, 0.056), (0.3, 0.058), (0.65, 0.046), (1, 0.040))
_BARE_SHANK = profile((0, 0.050), (0.3, 0.056), (0.65, 0.042), (1, 0.034))
_SHORTS = profile((0, 0.082), (0.3, 0.092), (1, 0.084))
_CUFF = profile((0, 0.058), (1, 0.062))
_SHOE = profile((0, 0.040), (0.45, 0.042), (1, 0.033))
_SOLE = profile((0, 0.041), (0.4, 0.040), (1, 0.036))
_NECK = profile((0, 0.066), (0.35, 0.054), (1, 0.052))
_SLOPE = profile((0, 0.036), (0.5, 0.046), (1, 0.054))

_META = profile((0, 0.014), (1, 0.0115))
_ROW = profile((0, 0.0115), (1, 0.0105))
_WEB = profile((0, 0.010), (1, 0.011))
_WRIST = profile((0, 0.0240), (1, 0.0185))
_THUMB = (
    profile((0, 0.0185), (1, 0.0130)), profile((0, 0.0128), (1, 0.0116)),
    profile((0, 0.0116), (0.4, 0.0120), (1, 0.0092)),
)  # fmt: skip
_FINGER_RADII = (0.0093, 0.0095, 0.0091, 0.0081)
_FINGERS = tuple(
    tuple(
        profile((0, r * a), (0.5, r * (a + b) * 0.49), (1, r * b))
        for a, b in ((1.16, 1.03), (1.03, 0.95), (0.95, 0.82))
    )
    for r in _FINGER_RADII
)


def _trunk(body: Body) -> tuple[Float, Float, Float]:
    """Half widths of hips, belly and chest."""
    waist, hem = 0.140 * body.girth - 0.012 * body.bust, 0.168 * body.girth * body.pelvis
    wide = body.shoulder / body.scale - 0.172
    chest = profile(
        (0, waist), (0.22, waist + 0.010), (0.52, 0.163 * (0.5 + 0.5 * body.girth) + wide), (0.72, 0.166 + wide),
        (0.86, 0.146 + wide), (0.95, 0.100 + wide / 2), (1, 0.060),
    )  # fmt: skip
    belly = profile((0, hem + 0.004), (0.4, hem * 0.6 + waist * 0.4), (1, waist))
    hips = profile((0, 0.118 * body.pelvis), (0.45, hem - 0.006), (1, hem - 0.004))
    return hips, belly, chest


@dataclass(frozen=True, eq=False)
class Figure:
    """One person, ready to be drawn."""

    look: Look
    body: Body
    face: Face
    clothes: Wardrobe
    hips: Float  # half widths along the trunk, before the body's scale
    belly: Float
    chest: Float

    def draw(self, raster: Raster, joints: Joints, expression: Expression, down: Reals) -> None:
        """Draw one moment; `joints` and `down`, the direction in which things fall, in camera coordinates."""
        raster.next_figure()
        self._trunk(raster, joints)
        for side in (0, 1):
            self._leg(raster, joints, side)
            self._arm(raster, joints, side)
        self._head(raster, joints, expression, down)

    def _thick(self, radii: Float) -> Float:
        """Radii of arms and legs on this body."""
        return np.asarray(radii * np.float32(self.body.scale * self.body.limb), np.float32)

    def _sized(self, radii: Float) -> Float:
        return np.asarray(radii * np.float32(self.body.scale), np.float32)

    def _trunk(self, raster: Raster, joints: Joints) -> None:
        low, high, size, clothes = joints.pelvis_axes, joints.chest_axes, self.body.scale, self.clothes
        depth = 0.66 + 0.22 * (self.body.girth - 1)
        below = Section(low[:, 0], low[:, 2], depth + 0.06)
        above = Section(high[:, 0], high[:, 2], depth)
        pelvis, waist, neck = joints.pelvis, joints.waist, joints.neck
        raster.tube(
            pelvis - low[:, 1] * 0.045 * size,
            pelvis + low[:, 1] * 0.04 * size,
            self._sized(self.hips),
            clothes.hips,
            section=below,
            cut=(False, True),
        )
        raster.tube(
            pelvis + low[:, 1] * 0.015 * size,
            waist,
            self._sized(self.belly),
            clothes.belly,
            section=below,
            cut=(True, False),
        )
        raster.tube(waist, neck - high[:, 1] * 0.012 * size, self._sized(self.chest), clothes.chest, section=above)
        for side in (0, 1):
            slope = neck + (joints.shoulders[side] - neck) * 0.20 + high[:, 1] * 0.004 * size
            raster.tube(slope, joints.shoulders[side], self._sized(_SLOPE), clothes.shoulder)

    def _leg(self, raster: Raster, joints: Joints, side: int) -> None:
        hip, knee, ankle = joints.hips[side], joints.knees[side], joints.ankles[side]
        heel, toe = joints.heels[side], joints.toes[side]
        clothes, size, covered = self.clothes, self.body.scale, self.look.trousers
        if covered < 0.9:
            raster.tube(hip, knee, self._thick(_THIGH), clothes.skin)
            raster.tube(hip, hip + (knee - hip) * covered * 1.7, self._thick(_SHORTS), clothes.thigh, cut=(False, True))
            raster.tube(knee, ankle, self._thick(_BARE_SHANK), clothes.skin)
            raster.tube(
                knee + (ankle - knee) * 0.86,
                ankle,
                self._thick(_BARE_SHANK[-40:].repeat(7)[:256]) * np.float32(1.12),
                clothes.sole,
            )
        else:
            raster.tube(hip, knee, self._thick(_THIGH), clothes.thigh)
            raster.tube(knee, ankle + (ankle - knee) * 0.06, self._thick(_SHANK), clothes.shank, cut=(False, True))
        foot = toe - heel
        upward = ankle - (heel + foot * 0.25)
        upward = upward / np.linalg.norm(upward)
        raster.tube(heel + upward * 0.018 * size, toe + upward * 0.004 * size, self._sized(_SHOE), clothes.shoe)
        raster.tube(ankle, heel + foot * 0.35 + upward * 0.02 * size, self._sized(_SHOE), clothes.shoe)
        raster.tube(
            heel + foot * 0.02 - upward * 0.006 * size,
            toe + foot * 0.01 - upward * 0.008 * size,
            self._sized(_SOLE),
            clothes.sole,
        )

    def _arm(self, raster: Raster, joints: Joints, side: int) -> None:
        shoulder, elbow, wrist = joints.shoulders[side], joints.elbows[side], joints.wrists[side]
        clothes, sleeves = self.clothes, self.look.sleeves
        raster.tube(shoulder, elbow, self._thick(_UPPER_ARM), clothes.skin)
        raster.tube(elbow, wrist, self._thick(_FOREARM), clothes.skin)
        if sleeves > 0:
            reach = min(1.0, sleeves * 1.05)
            raster.tube(
                shoulder,
                shoulder + (elbow - shoulder) * reach,
                self._thick(_SLEEVE),
                clothes.sleeve,
                cut=(False, reach < 1),
            )
        if sleeves > 1:
            raster.tube(
                elbow,
                elbow + (wrist - elbow) * (sleeves - 1),
                self._thick(_LOWER_SLEEVE),
                clothes.cuff,
                cut=(False, True),
            )
        self._hand(raster, joints.hands[side], joints.hand_axes[side])

    def _hand(self, raster: Raster, points: Reals, axes: Reals) -> None:
        """A hand from its 21 points."""
        size, skin = self.body.scale, self.clothes.hand
        thumb_side, along, palm = axes[:, 0], axes[:, 1], axes[:, 2]
        wrist = points[0]
        detailed = raster.focal / max(wrist[2], 1e-3) > _SMALL_HAND
        raster.ellipsoid(
            wrist + (along * 0.052 - thumb_side * 0.005 + palm * 0.001) * size, axes,
            np.array([0.041, 0.056, 0.0185]) * size, skin.palm,
        )  # fmt: skip
        raster.tube(wrist - along * 0.014 * size, wrist + along * 0.028 * size, self._sized(_WRIST), skin.bone)
        self._thumb(raster, points, axes)
        if detailed:
            for knuckle in (5, 9, 13, 17):
                back = palm * 0.002 * size
                raster.tube(
                    wrist + (points[knuckle] - wrist) * 0.35 - back,
                    points[knuckle] - back / 2,
                    self._sized(_META),
                    (skin.palm[1], skin.bone),
                    facing=-palm,
                )
            raster.tube(points[5] + palm * 0.003 * size, points[17] + palm * 0.003 * size, self._sized(_ROW), skin.bone)
            raster.tube(
                points[1] * 0.35 + points[2] * 0.65, points[5] * 0.55 + wrist * 0.45, self._sized(_WEB), skin.bone
            )
            raster.tube(
                points[2] * 0.2 + points[1] * 0.8, points[5] * 0.35 + wrist * 0.65, self._sized(_WEB), skin.bone
            )
        lateral = np.cross(along, palm)  # the axis of the finger joints
        for finger, radii in enumerate(_FINGERS):
            first = 5 + 4 * finger
            if not detailed:
                raster.tube(points[first], points[first + 1], self._sized(radii[0]), skin.bone)
                raster.tube(
                    points[first + 1],
                    points[first + 3] * 0.8 + points[first + 2] * 0.2,
                    self._sized(radii[1]),
                    skin.bone,
                )
                continue
            for bone in range(3):
                start, end = points[first + bone], points[first + bone + 1]
                way = (end - start) / np.linalg.norm(end - start)
                raster.tube(
                    start,
                    end,
                    self._sized(radii[bone]),
                    skin.tip if bone == 2 else skin.finger,
                    facing=-np.cross(lateral, way),
                )

    def _thumb(self, raster: Raster, points: Reals, axes: Reals) -> None:
        skin = self.clothes.hand
        raster.tube(points[1], points[2], self._sized(_THUMB[0]), skin.bone)
        flesh = axes[:, 2] * 0.6 - axes[:, 0] * 0.8
        for bone in (1, 2):
            start, end = points[1 + bone], points[2 + bone]
            way = (end - start) / np.linalg.norm(end - start)
            back = flesh - way * (flesh @ way)
            raster.tube(
                start,
                end,
                self._sized(_THUMB[bone]),
                skin.tip if bone == 2 else skin.finger,
                facing=-back / max(np.linalg.norm(back), 1e-6),
            )

    def _head(self, raster: Raster, joints: Joints, expression: Expression, down: Reals) -> None:
        axes, size = joints.head_axes, self.body.scale * self.body.head
        headdress = Headdress(raster, joints.head, axes, size, self.clothes)
        up = joints.chest_axes[:, 1]
        raster.tube(
            joints.neck - up * 0.03 * size, headdress.at(0.0, -0.45, -0.25), self._sized(_NECK), self.clothes.neck
        )
        headdress.ears()
        draw_head(raster, joints.head, axes, size, self.face, self.face.texture(expression), self.clothes.scalp)
        headdress.nose()
        headdress.hair(self.look.style, down)


def figure(look: Look, body: Body, seed: int, head_pixels: float) -> Figure:
    """A person. `head_pixels`: how tall its head is in the picture at most; the face is painted as finely as that
    needs.
    """
    wanted = head_pixels * 1.2
    size = next((size for size in (64, 128, 256) if size >= wanted), 512)
    face = Face(
        look.skin, look.hair, look.iris, size=size, bald=look.style == "bald", beard=look.beard, make_up=look.make_up
    )
    return Figure(look, body, face, wardrobe(look, seed), *_trunk(body))
