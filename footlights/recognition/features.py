"""Named features of a body: what the definitions of gestures are written in.

Every feature is one small function; its name is the name to write in a definition and its docstring the explanation
that the documentation prints. Lengths are in units of the trunk (see `body`), angles in degrees. NaN: cannot be seen.

A feature of a half is written with the side in front: "left.wrist_height", "both.wrist_height" (a condition must hold
on both sides), "any.wrist_height" (on one at least), "one.wrist_height" and "other.wrist_height" (the whole definition
is tried with either side as the "one"). "learned.drinking" is what the movement net says about a label that it knows.
"""

import cmath
import math
from collections.abc import Callable, Mapping

import numpy as np

from footlights.core.scene import Hand, Side
from footlights.core.skeleton import HAND_INDEX
from footlights.recognition.body import UNSEEN, Body, Half
from footlights.recognition.hand_shapes import SHAPES

SIDES: tuple[Side, Side] = ("left", "right")
FINGERS = ("index", "middle", "ring", "pinky")
LEARNED = "learned"


def wrist_height(half: Half) -> float:
    """How far the wrist is above the line of the shoulders."""
    return half.point("wrist").imag


def wrist_out(half: Half) -> float:
    """How far the wrist is from the middle of the body, outwards; below 0 on the other side."""
    return half.point("wrist").real


def wrist_sway(half: Half) -> float:
    """How far the wrist is outwards of the elbow; below 0 inwards. Swings from side to side when waving."""
    return half.point("wrist").real - half.point("elbow").real


def wrist_above_elbow(half: Half) -> float:
    """How far the wrist is above the elbow."""
    return half.point("wrist").imag - half.point("elbow").imag


def wrist_above_nose(half: Half) -> float:
    """How far the wrist is above the nose."""
    return half.point("wrist").imag - half.point("nose").imag


def wrist_to_nose(half: Half) -> float:
    """Distance from the wrist to the nose."""
    return abs(half.point("wrist") - half.point("nose"))


def wrist_to_shoulder(half: Half) -> float:
    """Distance from the wrist to the shoulder of the same side."""
    return abs(half.point("wrist") - half.point("shoulder"))


def wrist_to_other_shoulder(half: Half) -> float:
    """Distance from the wrist to the shoulder of the other side."""
    return abs(half.point("wrist") - half.other("shoulder"))


def wrist_to_hip(half: Half) -> float:
    """Distance from the wrist to the hip of the same side."""
    return abs(half.point("wrist") - half.point("hip"))


def elbow_height(half: Half) -> float:
    """How far the elbow is above the line of the shoulders."""
    return half.point("elbow").imag


def elbow_out(half: Half) -> float:
    """How far the elbow is from the middle of the body, outwards."""
    return half.point("elbow").real


def elbow_angle(half: Half) -> float:
    """The angle in the elbow: 180 is a straight arm."""
    return _angle(half.point("shoulder"), half.point("elbow"), half.point("wrist"))


def forearm_rise(half: Half) -> float:
    """The slope of the forearm: 90 with the hand straight above the elbow, 0 level, -90 hanging."""
    forearm = half.point("wrist") - half.point("elbow")
    return math.degrees(math.atan2(forearm.imag, abs(forearm.real)))


def arm_raise(half: Half) -> float:
    """How far the upper arm is raised: 0 hanging, 90 level, 180 straight up."""
    upper_arm = half.point("elbow") - half.point("shoulder")
    return math.degrees(math.atan2(abs(upper_arm.real), -upper_arm.imag))


def knee_angle(half: Half) -> float:
    """The angle in the knee: 180 is a straight leg."""
    return _angle(half.point("hip"), half.point("knee"), half.point("ankle"))


def knee_height(half: Half) -> float:
    """How far the knee is above the hip; about -0.9 when standing."""
    return half.point("knee").imag - half.point("hip").imag


def hand_open(half: Half) -> float:
    """How far the four fingers are stretched: 0 is a fist, 1 an open hand. Needs the landmarks of hands."""
    return math.nan if half.hand is None else _stretch(half.hand)


def hand_rise(half: Half) -> float:
    """The slope of the hand from wrist to knuckles: 90 with the fingers' side up, -90 down. Needs hands."""
    knuckles = half.finger(HAND_INDEX["index_mcp"]) + half.finger(HAND_INDEX["pinky_mcp"])
    return _slope(knuckles / 2 - half.finger(HAND_INDEX["wrist"]))


def thumb_rise(half: Half) -> float:
    """The slope of the thumb: 90 points up, -90 down. Needs hands."""
    return _slope(half.finger(HAND_INDEX["thumb_tip"]) - half.finger(HAND_INDEX["thumb_mcp"]))


def index_rise(half: Half) -> float:
    """The slope of the index finger: 90 points up, -90 down. Needs hands."""
    return _slope(half.finger(HAND_INDEX["index_tip"]) - half.finger(HAND_INDEX["index_mcp"]))


def index_left(half: Half) -> float:
    """How far the index finger of this hand points to the person's left: 1 left, -1 right, 0 neither. Needs hands."""
    way = half.finger(HAND_INDEX["index_tip"]) - half.finger(HAND_INDEX["index_mcp"])
    return (way.real if half.side == "left" else -way.real) / max(abs(way), 1e-9)


def index_to_mouth(half: Half) -> float:
    """Distance from the tip of the index finger to the mouth. Needs hands."""
    return abs(half.finger(HAND_INDEX["index_tip"]) - half.point("mouth"))


def hand_to_mouth(half: Half) -> float:
    """Distance from the palm to the mouth."""
    return abs(_palm(half) - half.point("mouth"))


def hand_to_eye(half: Half) -> float:
    """Distance from the palm to the eye of the same side."""
    return abs(_palm(half) - half.point("eye"))


def hand_to_ear(half: Half) -> float:
    """Distance from the palm to the ear of the same side."""
    return abs(_palm(half) - half.point("ear"))


def wrists_apart(body: Body) -> float:
    """Distance from wrist to wrist."""
    return abs(body.left.point("wrist") - body.left.other("wrist"))


def hands_apart(body: Body) -> float:
    """Distance from hand to hand, knuckles included: smaller than from wrist to wrist when palms meet."""
    return abs(_knuckles(body.left) + _knuckles(body.right).conjugate())


def wrists_crossed(body: Body) -> float:
    """How far each wrist has passed the other across the body; below 0 they are not crossed."""
    return -(body.left.point("wrist").real + body.right.point("wrist").real)


def hands_height(body: Body) -> float:
    """How far the middle between the wrists is above the line of the shoulders."""
    return (body.left.point("wrist").imag + body.right.point("wrist").imag) / 2


def hands_across(body: Body) -> float:
    """How far the middle between the wrists is from the middle of the body, towards the left hand."""
    return (body.left.point("wrist").real - body.right.point("wrist").real) / 2


def forearms_rise(body: Body) -> float:
    """The mean slope of both forearms: about 30 and more where they cross to an X, 0 where they lie on each other."""
    return (forearm_rise(body.left) + forearm_rise(body.right)) / 2


def head_pitch(body: Body) -> float:
    """How far the nose is above the line of the ears, in widths of the head: falls when nodding."""
    return _in_head(body).imag


def head_turn(body: Body) -> float:
    """How far the nose is from the middle of the ears, in widths of the head, towards the left: turns when shaking."""
    return _in_head(body).real


def palms_apart(body: Body) -> float:
    """Distance from palm to palm, from the landmarks of hands."""
    left, right = (_hand_middle(half) for half in (body.left, body.right))
    return abs(left + right.conjugate())


def tips_apart(body: Body) -> float:
    """Distance between the tips of the index fingers. Needs hands."""
    left, right = (half.finger(HAND_INDEX["index_tip"]) for half in (body.left, body.right))
    return abs(left + right.conjugate())


def thumbs_apart(body: Body) -> float:
    """Distance between the tips of the thumbs. Needs hands."""
    left, right = (half.finger(HAND_INDEX["thumb_tip"]) for half in (body.left, body.right))
    return abs(left + right.conjugate())


def tips_above_thumbs(body: Body) -> float:
    """How far the tips of the index fingers are above those of the thumbs. Needs hands."""
    index, thumb = HAND_INDEX["index_tip"], HAND_INDEX["thumb_tip"]
    return sum((half.finger(index) - half.finger(thumb)).imag for half in (body.left, body.right)) / 2


def facing(body: Body) -> float:
    """Signed shoulder width: about 0.65 facing the camera, 0 from the side, below 0 from behind."""
    return body.facing


def lean(body: Body) -> float:
    """How far the trunk leans in the picture, degrees: above 0 to the right of the picture."""
    return body.lean


def _shape(name: str) -> Callable[[Half], float]:
    def shape(half: Half) -> float:
        return half.shape(name)

    shape.__name__ = name
    shape.__doc__ = f"How sure it is that the hand has the shape {name.replace('_', ' ')}, 0 to 1. Needs hands."
    return shape


def _slope(way: complex) -> float:
    return math.degrees(math.atan2(way.imag, abs(way.real)))


def _palm(half: Half) -> complex:
    """The middle of the palm: of the hand's landmarks where it is seen, else of the pose's."""
    middle = _hand_middle(half)
    return _knuckles(half) if cmath.isnan(middle) else middle


def _hand_middle(half: Half) -> complex:
    return (
        half.finger(HAND_INDEX["wrist"]) + half.finger(HAND_INDEX["index_mcp"]) + half.finger(HAND_INDEX["pinky_mcp"])
    ) / 3


def _in_head(body: Body) -> complex:
    """The nose from the middle of the ears, in widths of the head."""
    left, right = body.left.point("ear"), body.left.other("ear")
    eyes = body.left.point("eye") - body.left.other("eye")
    across = left - right
    width = max(abs(across), 1.6 * abs(eyes), 0.1)
    if not abs(across) > 1e-6:
        return UNSEEN
    return (body.left.point("nose") - (left + right) / 2) / width


def _angle(a: complex, b: complex, c: complex) -> float:
    """The angle at b, degrees 0..180; 180 where two points coincide."""
    upper, lower = a - b, c - b
    if not (abs(upper) > 1e-9 and abs(lower) > 1e-9):
        return math.nan if cmath.isnan(upper) or cmath.isnan(lower) else 180.0
    return math.degrees(abs(cmath.phase(upper / lower)))


def _knuckles(half: Half) -> complex:
    return (half.point("wrist") + half.point("index") + half.point("pinky")) / 3


def _stretch(hand: Hand) -> float:
    """A finger is stretched where its tip is further from the wrist than its middle joint by half its own length."""
    wrist = hand.xy[HAND_INDEX["wrist"]]
    total = 0.0
    for finger in FINGERS:
        knuckle, middle, tip = (hand.xy[HAND_INDEX[f"{finger}_{joint}"]] for joint in ("mcp", "pip", "tip"))
        length = float(np.linalg.norm(knuckle - middle)) + 1e-6
        total += min(1.0, max(0.0, float(np.linalg.norm(tip - wrist) - np.linalg.norm(middle - wrist)) / length + 0.3))
    return total / len(FINGERS)


HALF_FEATURES: Mapping[str, Callable[[Half], float]] = {
    function.__name__: function
    for function in (
        wrist_height, wrist_out, wrist_sway, wrist_above_elbow, wrist_above_nose, wrist_to_nose, wrist_to_shoulder,
        wrist_to_other_shoulder, wrist_to_hip, elbow_height, elbow_out, elbow_angle, forearm_rise, arm_raise,
        knee_angle, knee_height, hand_to_mouth, hand_to_eye, hand_to_ear, hand_open, hand_rise, thumb_rise, index_rise,
        index_left, index_to_mouth, *(_shape(name) for name in SHAPES[1:]),
    )
}  # fmt: skip
BODY_FEATURES: Mapping[str, Callable[[Body], float]] = {
    function.__name__: function
    for function in (
        wrists_apart, hands_apart, wrists_crossed, hands_height, hands_across, forearms_rise, head_pitch, head_turn,
        palms_apart, tips_apart, thumbs_apart, tips_above_thumbs, facing, lean,
    )
}  # fmt: skip
OF_HANDS = frozenset({
    "hand_open", "hand_rise", "thumb_rise", "index_rise", "index_left", "index_to_mouth", "palms_apart", "tips_apart",
    "thumbs_apart", "tips_above_thumbs", *SHAPES[1:],
})  # fmt: skip


def feature(name: str, body: Body) -> float:
    """The value of "wrists_apart" or "left.wrist_height"; NaN where it cannot be seen. The name must be known."""
    side, _, rest = name.rpartition(".")
    if side == LEARNED:
        return body.learned.get(rest, math.nan)
    if not side:
        return BODY_FEATURES[name](body)
    return HALF_FEATURES[rest](body.left if side == "left" else body.right)
