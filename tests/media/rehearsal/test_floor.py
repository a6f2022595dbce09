"""On the floor: nobody sinks into it, and hands that carry weight stay where they are."""

import numpy as np
import pytest

from footlights.media.rehearsal.looks import looks
from footlights.media.rehearsal.motion import Key, Variation, curve, motion, names, perform
from footlights.media.rehearsal.posture import ARM, arms, rest
from footlights.media.rehearsal.skeleton import SIDE, solve

LYING = [name for name in names() if motion(name).posture in ("all_fours", "prone", "supine", "side", "kneeling")]
FLESH = {  # metres between the middle of a joint and the skin below it
    "head": 0.10, "neck": 0.07, "waist": 0.09, "pelvis": 0.11, "shoulders": 0.05, "elbows": 0.04, "wrists": 0.02,
    "knees": 0.05, "ankles": 0.03, "heels": 0.0, "toes": 0.0, "hands": 0.0,
}  # fmt: skip
SOFT = 0.035  # metres by which flesh and floor may overlap: mats and muscles give way


@pytest.mark.parametrize("name", LYING)
@pytest.mark.parametrize("look", [3, 4, 7])
def test_bodies_stay_above_the_floor_and_hands_that_carry_weight_stay_put(name: str, look: int) -> None:
    chosen, body = motion(name), looks()[look].body()
    for amplitude in chosen.amplitude:
        keys, _ = perform(chosen, Variation(amplitude=amplitude, repeats=2, hold=0.3))
        whole = curve([Key(0.0, rest()), *keys])
        postures = whole.at(np.arange(0, whole.times[-1], 1 / 20))
        joints = solve(postures, body)
        for part, flesh in FLESH.items():
            lowest = getattr(joints, part)[..., 1].min() - flesh * body.scale
            assert lowest > -SOFT, f"{part} in the floor"
        on_floor = arms(postures)[..., ARM["floor"]]
        wanted = on_floor[..., :3] * body.scale
        wanted[..., 0] *= SIDE
        missed = np.linalg.norm(joints.wrists - wanted, axis=-1)[on_floor[..., 3] > 0.999]
        assert missed.size == 0 or missed.max() < 0.03, "a hand on the floor is dragged along"
