"""The lengths and girths of one person."""

from dataclasses import dataclass, replace

import numpy as np

MODEL_STATURE = 1.715  # metres; every length below is of a body as tall as this


@dataclass(frozen=True)
class Body:
    """One person's build. Lengths between joints in metres, after Drillis and Contini (1966); girths as ratios.

    `shoulder`, `hip` are half the width between the joints; `spine` reaches from the hip centre to the root of the
    neck.
    """

    scale: float = 1.0  # stature / MODEL_STATURE; hands, head and feet follow it
    shoulder: float = 0.172
    hip: float = 0.092
    upper_arm: float = 0.285
    forearm: float = 0.255
    thigh: float = 0.43
    shank: float = 0.42
    spine: float = 0.50
    waist: float = 0.20  # from the hip centre to where the spine bends
    head: float = 1.0  # ratio, against a head that fits the stature
    girth: float = 1.0  # ratio: trunk
    limb: float = 1.0  # ratio: arms and legs
    bust: float = 0.0  # 0..1
    pelvis: float = 1.0  # ratio: width of the hips in the flesh

    @property
    def arm(self) -> float:
        """Shoulder to wrist, straight, metres."""
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        """Hip to ankle, straight, metres."""
        return self.thigh + self.shank

    @property
    def ankle(self) -> float:
        """Height of the ankle above the floor when the foot stands flat, metres."""
        return 0.08 * self.scale

    @property
    def hip_height(self) -> float:
        """Height of the hip centre when standing at ease, knees not quite straight, metres."""
        return 0.993 * self.leg + self.ankle

    @property
    def stature(self) -> float:
        """Floor to the top of the head, metres."""
        return self.hip_height + self.spine + 0.30 * self.scale


def build(
    stature: float = MODEL_STATURE, legs: float = 1.0, shoulders: float = 1.0, girth: float = 1.0, bust: float = 0.0
) -> Body:
    """A body of a stature in metres; `legs`, `shoulders` and `girth` are ratios against the average."""
    scale = stature / MODEL_STATURE
    trunk = scale * (1 - (legs - 1) * 0.85 / 0.5)  # what the legs gain, the trunk loses
    return Body(
        scale=scale,
        shoulder=0.172 * scale * shoulders,
        hip=0.092 * scale * (1 + 0.12 * bust),
        upper_arm=0.285 * scale,
        forearm=0.255 * scale,
        thigh=0.43 * scale * legs,
        shank=0.42 * scale * legs,
        spine=0.50 * trunk,
        waist=0.20 * trunk,
        girth=girth,
        limb=1 + 0.5 * (girth - 1) - 0.08 * bust,
        bust=bust,
        pelvis=1 + 0.10 * bust,
    )


def varied(body: Body, rng: np.random.Generator) -> Body:
    """Somebody of nearly the same build: limbs a few per cent longer or shorter."""
    arm, leg, girth = 1 + rng.uniform(-0.03, 0.03, 3)
    return replace(
        body,
        upper_arm=body.upper_arm * arm,
        forearm=body.forearm * arm,
        thigh=body.thigh * leg,
        shank=body.shank * leg,
        girth=body.girth * girth,
    )
